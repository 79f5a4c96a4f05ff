using System.Globalization;

namespace Plue.Server.Transfer;

/// <summary>Counts what an import does not carry over, for a report with one sentence a kind.</summary>
internal sealed class OmittedContent
{
    public static readonly Kind Unreadable = new("entry could not be read", "entries could not be read");
    public static readonly Kind TooLong = new("line was longer than 64 MiB and was passed over", "lines were longer than 64 MiB and were passed over");
    public static readonly Kind UnknownPart = new("part of a kind that Plue does not know was left out", "parts of a kind that Plue does not know were left out");
    public static readonly Kind Content = new("file or image came without its content; its name is kept", "files or images came without their content; their names are kept");
    public static readonly Kind SideConversation = new("message of an agent's side conversation was left out", "messages of agents' side conversations were left out");
    public static readonly Kind Environment = new("message that the program added for the model was left out", "messages that the program added for the model were left out");
    public static readonly Kind Metadata = new("entry of the program's own bookkeeping was left out", "entries of the program's own bookkeeping were left out");
    public static readonly Kind LocalCommand = new("command that was typed to the program was left out", "commands that were typed to the program were left out");
    public static readonly Kind EncryptedReasoning = new("thinking block can be used only by its vendor; what is readable of it is kept", "thinking blocks can be used only by their vendor; what is readable of them is kept");
    public static readonly Kind Document = new("document that was attached was left out", "documents that were attached were left out");
    public static readonly Kind ToolImage = new("image in a tool's result was left out", "images in tools' results were left out");
    public static readonly Kind OtherFile = new("file in the folders is no chat that Plue knows", "files in the folders are no chats that Plue knows");
    public static readonly Kind OverLimit = new("folder has more than Plue looks through; import a folder inside it", "folders have more than Plue looks through; import folders inside them");

    private readonly Dictionary<Kind, int> counts = [];

    public IReadOnlyList<string> Sentences => [.. counts.Select(pair => pair.Key.Sentence(pair.Value))];

    public void Add(Kind kind, int count = 1)
    {
        if (count > 0) { counts[kind] = counts.GetValueOrDefault(kind) + count; }
    }

    /// <summary>Takes over what was counted apart, because it might have come to nothing.</summary>
    public void Add(OmittedContent other)
    {
        foreach (var (kind, count) in other.counts) { Add(kind, count); }
    }

    internal sealed record Kind(string One, string Many)
    {
        public string Sentence(int count) => count == 1 ? $"1 {One}." : string.Create(CultureInfo.InvariantCulture, $"{count:N0} {Many}.");
    }
}
