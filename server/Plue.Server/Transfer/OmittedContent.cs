using System.Globalization;

namespace Plue.Server.Transfer;

/// <summary>Counts the content that an import omits, for a report with one sentence per kind.</summary>
internal sealed class OmittedContent
{
    public static readonly Kind Unreadable = new("entry could not be read", "entries could not be read");
    public static readonly Kind TooLong = new(
        "line was longer than 64 MiB and was skipped",
        "lines were longer than 64 MiB and were skipped"
    );
    public static readonly Kind UnknownPart = new("part of an unknown type was omitted", "parts of unknown types were omitted");
    public static readonly Kind UnknownPartAsText = new(
        "part of an unknown type was imported as text",
        "parts of unknown types were imported as text"
    );
    public static readonly Kind Content = new(
        "file or image had no content; only its name was imported",
        "files or images had no content; only their names were imported"
    );
    public static readonly Kind SideConversation = new(
        "message of a subagent conversation was omitted",
        "messages of subagent conversations were omitted"
    );
    public static readonly Kind Environment = new(
        "message that the program added for the model was omitted",
        "messages that the program added for the model were omitted"
    );
    public static readonly Kind Metadata = new("metadata entry was omitted", "metadata entries were omitted");
    public static readonly Kind LocalCommand = new("local command was omitted", "local commands were omitted");
    public static readonly Kind EncryptedReasoning = new(
        "encrypted reasoning block can be used only by its vendor; its readable part was imported",
        "encrypted reasoning blocks can be used only by their vendor; their readable parts were imported"
    );
    public static readonly Kind Document = new("attached document was omitted", "attached documents were omitted");
    public static readonly Kind ToolImage = new("image in a tool result was omitted", "images in tool results were omitted");
    public static readonly Kind OtherFile = new(
        "file in the folders is not a supported chat",
        "files in the folders are not supported chats"
    );
    public static readonly Kind OverLimit = new(
        "folder has too many files; import one of its subfolders",
        "folders have too many files; import their subfolders"
    );

    private readonly Dictionary<Kind, int> counts = [];

    public IReadOnlyList<string> Sentences => [.. counts.Select(pair => pair.Key.Sentence(pair.Value))];

    public void Add(Kind kind, int count = 1)
    {
        if (count > 0)
        {
            counts[kind] = counts.GetValueOrDefault(kind) + count;
        }
    }

    /// <summary>Adds counts that were kept separate until it was known whether they apply.</summary>
    public void Add(OmittedContent other)
    {
        foreach (var (kind, count) in other.counts)
        {
            Add(kind, count);
        }
    }

    internal sealed record Kind(string One, string Many)
    {
        public string Sentence(int count) => count == 1 ? $"1 {One}." : string.Create(CultureInfo.InvariantCulture, $"{count:N0} {Many}.");
    }
}
