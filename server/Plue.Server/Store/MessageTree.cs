using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>
/// The messages of a chat as the tree that they form: each follows another, and the branch that is shown leads from a first message to the
/// head. An edited question or a second answer is a new branch; nothing is rewritten. Immutable.
/// </summary>
public sealed class MessageTree
{
    private readonly Dictionary<string, Message> byId = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> children = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<string> undone;

    /// <param name="messages">Visible ones in the order of the journal, <see cref="Message.ParentId"/> set; empty is a first message.</param>
    /// <param name="head">The last message of the branch that is shown; empty before the first.</param>
    /// <param name="undone">Former heads, the one to be redone next at the end.</param>
    public MessageTree(IEnumerable<Message> messages, string head, IReadOnlyList<string> undone)
    {
        this.undone = undone;
        foreach (var message in messages)
        {
            byId.Add(message.Id, message);
            if (!children.TryGetValue(message.ParentId ?? "", out var siblings)) { children.Add(message.ParentId ?? "", siblings = []); }
            siblings.Add(message.Id);
        }

        Head = byId.ContainsKey(head) ? head : "";
        Path = PathTo(Head);
    }

    public static MessageTree Empty { get; } = new([], "", []);

    /// <summary>The last message of the branch that is shown; empty before the first.</summary>
    public string Head { get; }

    /// <summary>The branch that is shown, oldest first.</summary>
    public IReadOnlyList<Message> Path { get; }

    /// <summary>How many messages all branches have together.</summary>
    public int Count => byId.Count;

    public Message? Find(string id) => byId.GetValueOrDefault(id);

    /// <summary>The branch that ends with this message, oldest first; empty where there is no such message.</summary>
    public IReadOnlyList<Message> PathTo(string id)
    {
        var path = new List<Message>();
        for (var at = Find(id); at is not null && path.Count <= byId.Count; at = Find(at.ParentId ?? "")) { path.Add(at); }

        path.Reverse();
        return path;
    }

    /// <summary>The messages that follow the same one, itself included, oldest first.</summary>
    public IReadOnlyList<string> AlternativesOf(Message message) => children.GetValueOrDefault(message.ParentId ?? "") ?? [];

    /// <summary>The newest end of the branches that go through this message.</summary>
    public string EndOf(string id)
    {
        var end = id;
        for (var steps = 0; steps <= byId.Count && children.TryGetValue(end, out var next); steps++) { end = next[^1]; }

        return end;
    }

    /// <summary>What all branches through this message hold, itself included.</summary>
    public IReadOnlyList<string> Under(string id)
    {
        List<string> found = [id];
        for (var i = 0; i < found.Count; i++)
        {
            if (children.TryGetValue(found[i], out var next)) { found.AddRange(next); }
        }

        return found;
    }

    /// <summary>The head without the last question and what came after it; null when there is none.</summary>
    public string? Undone
    {
        get
        {
            for (var i = Path.Count - 1; i >= 0; i--)
            {
                if (Path[i].Role == MessageRole.User) { return Path[i].ParentId ?? ""; }
            }

            return null;
        }
    }

    /// <summary>The head before the last undo; null when there is none.</summary>
    public string? Redone => undone is [.., var last] && byId.ContainsKey(last) ? last : null;
}
