namespace Plue.Server.Agents;

/// <summary>The parent of each task, by address. Links in a cycle are followed once.</summary>
internal sealed class TaskTree
{
    private readonly Dictionary<string, string> parents = new(StringComparer.Ordinal);
    private readonly ILookup<string, string> children;

    /// <param name="links">Each task with the address of its parent; null if the user started it.</param>
    public TaskTree(IEnumerable<(string Uri, string? Parent)> links)
    {
        foreach (var (uri, parent) in links)
        {
            if (!string.IsNullOrEmpty(parent))
            {
                parents[uri] = parent;
            }
        }

        children = parents.ToLookup(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);
    }

    /// <summary>Gets the parent task or chat; null for a top-level task.</summary>
    public string? ParentOf(string uri) => parents.GetValueOrDefault(uri);

    /// <summary>Gets the children, oldest first: addresses sort by creation time.</summary>
    public IReadOnlyList<string> ChildrenOf(string uri) => [.. children[uri].Order(StringComparer.Ordinal)];

    /// <summary>Gets all parents including chats, nearest first.</summary>
    public IReadOnlyList<string> Above(string uri)
    {
        List<string> above = [];
        for (var next = ParentOf(uri); next is not null && next != uri && !above.Contains(next); next = ParentOf(next))
        {
            above.Add(next);
        }

        return above;
    }

    /// <summary>Gets all subtasks, each before its own subtasks.</summary>
    public IReadOnlyList<string> Under(string uri)
    {
        List<string> under = [];
        HashSet<string> seen = new([uri], StringComparer.Ordinal);
        void Add(string one)
        {
            foreach (var child in ChildrenOf(one).Where(seen.Add))
            {
                under.Add(child);
                Add(child);
            }
        }

        Add(uri);
        return under;
    }
}
