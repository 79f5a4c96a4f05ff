using Plue.Server.Messages;
using Plue.Server.Templates;

namespace Plue.Server.Agents;

/// <summary>
/// Checks each request of a task against its own budget and the budgets of all its parents before it is sent. Usage is read from the journals; only the
/// reservations of requests in flight are held in memory. Thread-safe: two requests never get the same budget.
/// </summary>
/// <param name="treeOf">Gets all current tasks of the tree that contains a task.</param>
internal sealed class BudgetTree(Func<string, IReadOnlyList<BudgetNode>> treeOf)
{
    private static readonly AgentBudget NoLimit = new(null, null, null, null);

    private readonly Lock sync = new();
    private readonly Dictionary<string, (Spend Estimate, int Answers)> inFlight = new(StringComparer.Ordinal);

    /// <summary>Reserves the estimated usage of a request until its response is stored. A task has one request at a time.</summary>
    /// <exception cref="FailureException">BudgetExceeded, with the name of the task and the figures.</exception>
    public void Reserve(string id, Spend estimate)
    {
        lock (sync)
        {
            inFlight.Remove(id);
            var nodes = Nodes(id);
            if (!nodes.TryGetValue(id, out var own))
            {
                return;
            }

            inFlight[id] = (estimate, own.Answers);
            var promised = UsedAndReserved(nodes);
            foreach (var node in Path(nodes, id))
            {
                if (promised[node.Id].Over(node.Limits, estimate) is not { } why)
                {
                    continue;
                }

                inFlight.Remove(id);
                throw new FailureException(
                    FailureKind.BudgetExceeded,
                    node.Id == id
                        ? $"This task has reached its budget. {why} Increase the budget of the task, then resume it."
                        : $"The budget of \"{node.Title}\", which this task is part of, is used up. {why} Increase that budget, then resume this task."
                );
            }
        }
    }

    /// <summary>Gets the budget that a task can still use or give to subtasks: the lowest remaining limits of the task and its parents.</summary>
    public AgentBudget Remaining(string id)
    {
        lock (sync)
        {
            var nodes = Nodes(id);
            var promised = UsedAndReserved(nodes);
            return Path(nodes, id).Select(node => promised[node.Id].RemainingOf(node.Limits)).Aggregate(NoLimit, Least);
        }
    }

    /// <summary>Gets the usage of a task and its subtasks.</summary>
    public Spend TotalOf(string id)
    {
        var nodes = Nodes(id);
        return nodes.Count == 0 ? Spend.None : Used(nodes).GetValueOrDefault(id, Spend.None);
    }

    /// <summary>Gets the usage of each task including its subtasks.</summary>
    public static IReadOnlyDictionary<string, Spend> Used(IReadOnlyList<BudgetNode> nodes) =>
        Used(nodes.ToDictionary(node => node.Id, StringComparer.Ordinal));

    /// <summary>Gets the budget of a child: the requested limits or those of its template, at most what is left.</summary>
    /// <param name="asked">The requested limits, which are reserved for the child; null parts are not.</param>
    /// <returns>The limits of the child, and what is reserved for it.</returns>
    /// <exception cref="FailureException">BudgetExceeded: nothing is left.</exception>
    public static (AgentBudget Limits, AgentBudget Reserved) Share(AgentBudget left, AgentBudget asked, AgentBudget template)
    {
        if (left is { Usd: 0 } or { Tokens: 0 } or { Rounds: 0 } or { Seconds: 0 })
        {
            throw new FailureException(
                FailureKind.BudgetExceeded,
                "No budget is left to give to a subtask. Do the rest yourself, or finish with what you have."
            );
        }

        var reserved = new AgentBudget(
            Least(asked.Usd, asked.Usd is null ? null : left.Usd),
            Least(asked.Tokens, asked.Tokens is null ? null : left.Tokens),
            (int?)Least(asked.Rounds, asked.Rounds is null ? null : left.Rounds),
            Least(asked.Seconds, asked.Seconds is null ? null : left.Seconds)
        );
        var wanted = new AgentBudget(
            asked.Usd ?? template.Usd,
            asked.Tokens ?? template.Tokens,
            asked.Rounds ?? template.Rounds,
            asked.Seconds ?? template.Seconds
        );
        return (Least(wanted, left), reserved);
    }

    private static AgentBudget Least(AgentBudget one, AgentBudget other) =>
        new(
            Least(one.Usd, other.Usd),
            Least(one.Tokens, other.Tokens),
            (int?)Least(one.Rounds, other.Rounds),
            Least(one.Seconds, other.Seconds)
        );

    private static decimal? Least(decimal? one, decimal? other) => one is { } a && other is { } b ? Math.Min(a, b) : one ?? other;

    private static long? Least(long? one, long? other) => one is { } a && other is { } b ? Math.Min(a, b) : one ?? other;

    private Dictionary<string, BudgetNode> Nodes(string id) => treeOf(id).ToDictionary(node => node.Id, StringComparer.Ordinal);

    /// <summary>Gets the task and all its parents, nearest first.</summary>
    private static List<BudgetNode> Path(Dictionary<string, BudgetNode> nodes, string id)
    {
        List<BudgetNode> path = [];
        for (
            var node = nodes.GetValueOrDefault(id);
            node is not null && !path.Contains(node);
            node = node.ParentId is { } parent ? nodes.GetValueOrDefault(parent) : null
        )
        {
            path.Add(node);
        }

        return path;
    }

    private static Dictionary<string, Spend> Used(Dictionary<string, BudgetNode> nodes) =>
        Fold(nodes, node => node.Own, (_, total) => total);

    /// <summary>Gets the usage including requests in flight and reservations of tasks that have not ended.</summary>
    private Dictionary<string, Spend> UsedAndReserved(Dictionary<string, BudgetNode> nodes) =>
        Fold(
            nodes,
            node =>
                inFlight.TryGetValue(node.Id, out var request) && request.Answers == node.Answers ? node.Own + request.Estimate : node.Own,
            (node, total) => node.HasEnded ? total : Spend.Max(total, node.Reserved)
        );

    /// <param name="own">Gets the usage of a task itself.</param>
    /// <param name="forParent">Gets the share that counts for the parent, from the task's total.</param>
    private static Dictionary<string, Spend> Fold(
        Dictionary<string, BudgetNode> nodes,
        Func<BudgetNode, Spend> own,
        Func<BudgetNode, Spend, Spend> forParent
    )
    {
        var children = nodes
            .Values.Where(node => node.ParentId is { } parent && nodes.ContainsKey(parent))
            .ToLookup(node => node.ParentId!, StringComparer.Ordinal);
        Dictionary<string, Spend> sums = new(StringComparer.Ordinal);
        foreach (var node in nodes.Values)
        {
            Sum(node, []);
        }

        return sums;

        // The path guards against cycles of parents in journals edited by hand.
        Spend Sum(BudgetNode node, HashSet<string> path)
        {
            if (sums.TryGetValue(node.Id, out var known))
            {
                return known;
            }
            if (!path.Add(node.Id))
            {
                return Spend.None;
            }

            return sums[node.Id] = children[node.Id].Aggregate(own(node), (sum, child) => sum + forParent(child, Sum(child, path)));
        }
    }
}
