using System.Security.Cryptography;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Providers.Programs;

/// <summary>
/// A chat for a program that keeps its own session: the text of each message with its role. Reasoning and tool calls of earlier responses are omitted, because
/// they belong to the session that created them.
/// </summary>
internal sealed record ProgramHistory(IReadOnlyList<ProgramHistory.Entry> Past, ProgramHistory.Entry Question)
{
    public static readonly string EmptyFingerprint = Hash([]);

    /// <summary>Equal for histories with the same content.</summary>
    public string Fingerprint { get; } = Hash(Past);

    public static ProgramHistory Of(IReadOnlyList<Message> messages)
    {
        var entries = messages
            .Where(message => message.Role != MessageRole.System)
            .Select(EntryOf)
            .Where(entry => entry.SentText.Length > 0 || entry.Images.Count > 0)
            .ToList();
        return entries is [.. var past, { IsResponse: false } question]
            ? new ProgramHistory(past, question)
            : throw new FailureException(FailureKind.BadRequest, "There is no message to respond to. Write one, then try again.");
    }

    /// <summary>Returns the fingerprint of this history with its question and a response added.</summary>
    public string FingerprintWith(string answer)
    {
        List<Entry> all = [.. Past, Question];
        if (answer.Trim().Length > 0)
        {
            all.Add(new Entry(true, answer.Trim()));
        }

        return Hash(all);
    }

    private static Entry EntryOf(Message message)
    {
        var kept = message.Parts.Where(part => part is not MessagePart.File { IsPinned: true }).ToList();
        var text = TextOf(kept);
        return new Entry(message.Role == MessageRole.Assistant, text)
        {
            SentText = kept.Count == message.Parts.Count ? text : TextOf(message.Parts),
            Images =
                message.Role == MessageRole.User
                    ? [.. message.Parts.OfType<MessagePart.File>().Where(file => file is { IsImage: true, Data: not null })]
                    : [],
        };
    }

    private static string TextOf(IReadOnlyList<MessagePart> parts)
    {
        var text = new StringBuilder();
        foreach (var part in parts)
        {
            if (part is MessagePart.Text textPart)
            {
                text.Append(textPart.Content);
            }
            else if (part is MessagePart.File file && RequestMessages.Text(file) is { } tag)
            {
                text.Append(text.Length > 0 ? "\n\n" : "").Append(tag).Append('\n');
            }
        }

        return text.ToString().Trim();
    }

    private static string Hash(IReadOnlyList<Entry> entries)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var entry in entries)
        {
            var text = Encoding.UTF8.GetBytes(entry.Text);
            hash.AppendData([(byte)(entry.IsResponse ? 'a' : 'u'), .. BitConverter.GetBytes(text.Length)]);
            hash.AppendData(text);
            foreach (var image in entry.Images.Where(image => !image.IsPinned))
            {
                hash.AppendData(Encoding.UTF8.GetBytes($"i{image.Blob}"));
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <param name="Text">The text without pinned files, which are sent again with every message and are not part of the history.</param>
    public sealed record Entry(bool IsResponse, string Text)
    {
        /// <summary>The text for the program.</summary>
        public string SentText { get; init; } = Text;
        public IReadOnlyList<MessagePart.File> Images { get; init; } = [];
    }
}
