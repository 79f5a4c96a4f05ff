using Plue.Server.Messages;

namespace Plue.Server.Providers.Requests;

/// <summary>
/// The parts at which a vendor is asked to cache the start of a request for the next one. Vendors accept four marks, one of which is at the end of the system
/// prompt (tools precede it), so at most three are here: at the end of the last user message; before pinned files, whose position changes in the next turn;
/// and, after a round with many calls, where the previous request ended.
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

    /// <summary>Tool results are sent before the text of their message, and reasoning cannot have a mark.</summary>
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
