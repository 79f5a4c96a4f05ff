using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>
/// The messages of a chat as the tree that they form: each follows another, and the branch that is shown leads from a first message to the
/// head. An edited question or a second response is a new branch; nothing is rewritten. Immutable.
/// </summary>
public sealed class MessageTree
{
    // The messages of all branches, in the order of the journal.
    private readonly Message[] messages;

    // The current branch; the same array if there is one branch.
    private readonly Message[] path;
    private readonly IReadOnlyList<string> undone;

    // Created on demand, because most chats have one branch and are read sequentially.
    private Index? index;

    private sealed record Index(Dictionary<string, Message> ById, Dictionary<string, List<string>> Children);

    /// <param name="messages">Visible ones in the order of the journal, <see cref="Message.ParentId"/> set; empty is a first message.</param>
    /// <param name="head">The last message of the branch that is shown; empty before the first.</param>
    /// <param name="undone">Former heads, the one to be redone next at the end.</param>
    public MessageTree(IEnumerable<Message> messages, string head, IReadOnlyList<string> undone)
    {
        this.messages = [.. messages];
        this.undone = undone;
        Head = IsOneBranch(this.messages, head) || ById.ContainsKey(head) ? head : "";
        path = IsOneBranch(this.messages, Head) ? this.messages : BranchTo(Head);
    }

    private MessageTree(Message[] messages, Message[] path, IReadOnlyList<string> undone) =>
        (this.messages, this.path, this.undone, Head) = (messages, path, undone, path[^1].Id);

    public static MessageTree Empty { get; } = new([], "", []);

    /// <summary>The last message of the branch that is shown; empty before the first.</summary>
    public string Head { get; }

    /// <summary>The branch that is shown, oldest first.</summary>
    public IReadOnlyList<Message> Path => path;

    /// <summary>The messages of all branches, in the order of the journal.</summary>
    public IReadOnlyList<Message> All => messages;

    /// <summary>The number of messages in all branches.</summary>
    public int Count => messages.Length;

    /// <summary>Returns the tree with the message after its head, or in place of its head; null if the message belongs elsewhere.</summary>
    internal MessageTree? With(Message message)
    {
        if (path.Length == 0)
        {
            return null;
        }
        if (message.Id == Head)
        {
            var changed = Replaced(messages, message);
            return new(changed, path == messages ? changed : Replaced(path, message), undone);
        }

        if (message.ParentId != Head)
        {
            return null;
        }

        Message[] longer = [.. messages, message];
        return new(longer, path == messages ? longer : [.. path, message], []);
    }

    public Message? Find(string id) => id == Head && path.Length > 0 ? path[^1] : ById.GetValueOrDefault(id);

    /// <summary>Gets the branch that ends with this message, oldest first; empty if the message does not exist.</summary>
    public IReadOnlyList<Message> PathTo(string id) => id == Head ? path : BranchTo(id);

    /// <summary>Gets the messages with the same parent, including this one, oldest first.</summary>
    public IReadOnlyList<string> AlternativesOf(Message message) =>
        path == messages ? [message.Id] : Children.GetValueOrDefault(message.ParentId ?? "") ?? [];

    /// <summary>Gets the newest leaf of the branches that contain this message.</summary>
    public string LeafOf(string id)
    {
        var end = id;
        for (var steps = 0; steps <= messages.Length && Children.TryGetValue(end, out var next); steps++)
        {
            end = next[^1];
        }

        return end;
    }

    /// <summary>Gets this message and all its descendants.</summary>
    public IReadOnlyList<string> DescendantsOf(string id)
    {
        List<string> found = [id];
        var seen = found.ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < found.Count; i++)
        {
            if (Children.TryGetValue(found[i], out var next))
            {
                found.AddRange(next.Where(seen.Add));
            }
        }

        return found;
    }

    /// <summary>The response that a message belongs to: all of its rounds, oldest first.</summary>
    public IReadOnlyList<string> ResponsesTo(Message message)
    {
        var first = message;
        for (
            var steps = 0;
            steps < messages.Length && Find(first.ParentId ?? "") is { Role: MessageRole.Assistant, IsContinued: true } before;
            steps++
        )
        {
            first = before;
        }

        List<string> rounds = [first.Id];
        var seen = rounds.ToHashSet(StringComparer.Ordinal);
        for (var at = 0; at < rounds.Count; at++)
        {
            if (Find(rounds[at]) is { IsContinued: true } && Children.TryGetValue(rounds[at], out var next))
            {
                rounds.AddRange(next.Where(id => Find(id)!.Role == MessageRole.Assistant && seen.Add(id)));
            }
        }

        return rounds;
    }

    /// <summary>The head without the last question and what came after it; null when there is none.</summary>
    public string? UndoTarget
    {
        get
        {
            for (var i = Path.Count - 1; i >= 0; i--)
            {
                if (Path[i].Role == MessageRole.User)
                {
                    return Path[i].ParentId ?? "";
                }
            }

            return null;
        }
    }

    /// <summary>The head before the last undo; null when there is none.</summary>
    public string? RedoTarget => undone is [.., var last] && ById.ContainsKey(last) ? last : null;

    private Dictionary<string, Message> ById => (index ??= NewIndex()).ById;

    private Dictionary<string, List<string>> Children => (index ??= NewIndex()).Children;

    private Index NewIndex()
    {
        Index made = new(new(messages.Length, StringComparer.Ordinal), new(messages.Length, StringComparer.Ordinal));
        foreach (var message in messages)
        {
            made.ById.Add(message.Id, message);
            if (!made.Children.TryGetValue(message.ParentId ?? "", out var siblings))
            {
                made.Children.Add(message.ParentId ?? "", siblings = []);
            }
            siblings.Add(message.Id);
        }

        return made;
    }

    private static bool IsOneBranch(Message[] messages, string head)
    {
        var before = "";
        foreach (var message in messages)
        {
            if ((message.ParentId ?? "") != before)
            {
                return false;
            }
            before = message.Id;
        }

        return head == before;
    }

    private Message[] BranchTo(string head)
    {
        var found = new List<Message>();
        for (
            var at = ById.GetValueOrDefault(head);
            at is not null && found.Count <= messages.Length;
            at = ById.GetValueOrDefault(at.ParentId ?? "")
        )
        {
            found.Add(at);
        }

        found.Reverse();
        return [.. found];
    }

    private static Message[] Replaced(Message[] messages, Message message)
    {
        Message[] changed = [.. messages];
        changed[Array.FindLastIndex(changed, other => other.Id == message.Id)] = message;
        return changed;
    }
}
