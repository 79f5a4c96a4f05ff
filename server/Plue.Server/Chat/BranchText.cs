using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Chat;

/// <param name="Index">The position in the branch, from 0.</param>
/// <param name="Count">The number of occurrences in the message.</param>
internal sealed record FoundText(Message Message, int Index, int Count);

/// <summary>The outline and text search of the displayed branch.</summary>
internal static class BranchText
{
    private const int OutlineLength = 120;

    /// <summary>Gets the user's messages with their positions in the branch.</summary>
    public static IEnumerable<(Message Question, int Index)> Questions(IReadOnlyList<Message> branch) =>
        branch.Select((message, index) => (message, index)).Where(place => place.message.Role == MessageRole.User);

    /// <summary>Gets the beginning of a message as one line, for a list.</summary>
    public static string Beginning(Message message)
    {
        var text = message.Text.AsSpan().Trim();
        if (text.IsEmpty)
        {
            return string.Join(", ", message.Parts.OfType<MessagePart.File>().Select(file => file.Path));
        }

        var line = OneLine.Of(text[..Math.Min(text.Length, OutlineLength * 2)].ToString());
        if (line.Length <= OutlineLength && text.Length <= OutlineLength * 2)
        {
            return line;
        }

        var cut = Math.Min(line.Length, OutlineLength);
        if (char.IsHighSurrogate(line[cut - 1]))
        {
            cut--;
        }
        return $"{line[..cut].TrimEnd()}…";
    }

    /// <summary>
    /// Finds messages that contain the text, ignoring case. Reasoning and tool calls are not searched, because they are collapsed on the page. Occurrences do
    /// not overlap.
    /// </summary>
    public static IEnumerable<FoundText> Find(IReadOnlyList<Message> branch, string text)
    {
        if (text.Length == 0)
        {
            yield break;
        }

        for (var index = 0; index < branch.Count; index++)
        {
            var count = branch[index].Parts.OfType<MessagePart.Text>().Sum(part => Count(part.Content, text));
            if (count > 0)
            {
                yield return new FoundText(branch[index], index, count);
            }
        }
    }

    private static int Count(string content, string text)
    {
        var count = 0;
        for (var at = 0; (at = content.IndexOf(text, at, StringComparison.OrdinalIgnoreCase)) >= 0; at += text.Length)
        {
            count++;
        }

        return count;
    }
}
