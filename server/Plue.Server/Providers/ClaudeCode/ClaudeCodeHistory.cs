using System.Security.Cryptography;
using System.Text;
using Plue.Server.Messages;

namespace Plue.Server.Providers.ClaudeCode;

/// <summary>
/// A chat as the CLI is told it: who said which text. Reasoning and tool calls of earlier answers stay out, for they belong to the
/// session that made them.
/// </summary>
internal sealed record ClaudeCodeHistory(IReadOnlyList<ClaudeCodeHistory.Entry> Past, string Question)
{
    public static readonly string EmptyFingerprint = Hash([]);

    /// <summary>Two histories with the same fingerprint say the same.</summary>
    public string Fingerprint { get; } = Hash(Past);

    public static ClaudeCodeHistory Of(IReadOnlyList<Message> messages)
    {
        var entries = messages.Where(message => message.Role != MessageRole.System)
            .Select(message => new Entry(message.Role == MessageRole.Assistant, TextOf(message)))
            .Where(entry => entry.Text.Length > 0)
            .ToList();
        return entries is [.. var past, { IsAnswer: false } question]
            ? new ClaudeCodeHistory(past, question.Text)
            : throw new FailureException(FailureKind.BadRequest, "There is no question to answer. Write one, then try again.");
    }

    /// <summary>The fingerprint of this history with its question and an answer added.</summary>
    public string FingerprintWith(string answer)
    {
        List<Entry> all = [.. Past, new Entry(false, Question)];
        if (answer.Trim().Length > 0) { all.Add(new Entry(true, answer.Trim())); }

        return Hash(all);
    }

    private static string TextOf(Message message)
    {
        var text = new StringBuilder();
        foreach (var part in message.Parts)
        {
            if (part is MessagePart.Text said) { text.Append(said.Content); }
            else if (part is MessagePart.File file)
            {
                text.Append(text.Length > 0 ? "\n\n" : "").Append("<file path=\"").Append(file.Path).Append("\">\n").Append(file.Content ?? "(not available)").Append("\n</file>\n");
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
            hash.AppendData([(byte)(entry.IsAnswer ? 'a' : 'u'), .. BitConverter.GetBytes(text.Length)]);
            hash.AppendData(text);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public sealed record Entry(bool IsAnswer, string Text);
}
