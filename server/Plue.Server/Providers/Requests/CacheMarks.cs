using Plue.Server.Messages;

namespace Plue.Server.Providers.Requests;

/// <summary>
/// The parts after which a vendor is asked to keep the beginning of a request for the next one. Vendors take four marks; one is for the end of the
/// system prompt (tools come before it), so at most three are here: at the end of the last user message; before pinned files, which are at another
/// place in the next turn; and after a round of many calls where the request before it ended.
/// </summary>
internal sealed class CacheMarks
{
    private const int LookBack = 18; // blocks; vendors look back over twenty
    private readonly HashSet<MessagePart> parts = new(ReferenceEqualityComparer.Instance);

    private CacheMarks() { }

    public static CacheMarks None { get; } = new();

    public static CacheMarks Of(IReadOnlyList<Message> messages)
    {
        var marks = new CacheMarks();
        var last = LastUser(messages, messages.Count);
        marks.AddEnd(messages, last);
        marks.AddEnd(
            messages,
            messages.ToList().FindIndex(message => message.Parts.Any(part => part is MessagePart.File { IsPinned: true })) - 1
        );
        if (last > 0 && messages[last].Parts.Any(part => part is MessagePart.ToolResult))
        {
            var before = LastUser(messages, last);
            if (messages.Take(last + 1).Skip(before + 1).Sum(message => message.Parts.Count) >= LookBack)
            {
                marks.AddEnd(messages, before);
            }
        }

        return marks;
    }

    public bool Contains(MessagePart part) => parts.Contains(part);

    private static int LastUser(IReadOnlyList<Message> messages, int end)
    {
        do
        {
            end--;
        } while (end >= 0 && messages[end].Role != MessageRole.User);
        return end;
    }

    /// <summary>Results are sent before the texts of their message, and reasoning takes no mark.</summary>
    private void AddEnd(IReadOnlyList<Message> messages, int at)
    {
        if (at < 0)
        {
            return;
        }
        var sent = messages[at].Parts.Where(part => part is not MessagePart.Reasoning).ToList();
        if ((sent.FindLast(part => part is not MessagePart.ToolResult) ?? sent.LastOrDefault()) is { } end)
        {
            parts.Add(end);
        }
    }
}
