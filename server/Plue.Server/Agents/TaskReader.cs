using System.Collections.Concurrent;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Providers.Connections;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Agents;

/// <summary>Reads tasks from their journals. Figures of unchanged journals are cached.</summary>
/// <param name="approvals">Pending approvals; their tasks wait for the user.</param>
internal sealed class TaskReader(
    Conversations conversations,
    ProviderRegistry providers,
    Approvals approvals,
    Worktrees.Worktrees worktrees
)
{
    private const int MaxCached = 2000;

    private readonly ConcurrentDictionary<string, (long Version, Figures Figures)> known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (long Version, string? Call)> returned = new(StringComparer.Ordinal); // see ReturnedBy
    private readonly ConcurrentDictionary<string, int> waiting = new(StringComparer.Ordinal); // the number of children that a task waits for

    /// <param name="IsUndecided">See <see cref="Undecided"/>.</param>
    private sealed record Figures(
        Spend Own,
        AgentBudget Limits,
        AgentBudget Reserved,
        int Answers,
        string? Note,
        string? ToolUseId,
        bool IsUndecided,
        string? WorktreeOwner
    );

    /// <summary>Gets the summaries of all tasks, newest first.</summary>
    public IReadOnlyList<ChatSummary> Summaries => conversations.ListTasks(includeArchived: true);

    public TaskTree Tree => TreeOf(Summaries);

    public static string UriOf(ChatSummary summary) => CodexUri.OfChannel(summary.Id).ToString();

    /// <exception cref="FailureException">NotFound.</exception>
    public StoredChat Read(string uri) => conversations.Read(uri);

    /// <returns>Null if the task does not exist.</returns>
    public StoredChat? Find(string uri)
    {
        try
        {
            return Read(uri);
        }
        catch (FailureException fault) when (fault.Failure.Kind == FailureKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>Gets the agent settings of a task, from its template and its own fields.</summary>
    public AgentSpec SpecOf(StoredChat task) =>
        conversations.TemplateOf(task.TemplateId) is { } template ? SpecOf(task, template) : AgentSpec.Of(ChatValues.Own(task));

    /// <summary>
    /// True if a task is not done with its last response alone: a parent waits for its result, its template requires one, or a subtask has not returned its result.
    /// </summary>
    public bool HasResultCheck(StoredChat task) =>
        task.Text(TaskFields.Call) is not null
        || TaskRouting.Of(task) is not null
        || SpecOf(task) is { Outputs: not null } or { Checks.Count: > 0 }
        || Unread(task).Count > 0;

    /// <summary>Gets the subtasks that the task or chat did not wait for and whose results it has not received, oldest first.</summary>
    public IReadOnlyList<string> Unread(StoredChat parent)
    {
        var uri = CodexUri.OfChannel(parent.Id).ToString();
        var children = Summaries.Where(summary => summary.SpawnedBy == uri).ToList();
        if (children.Count == 0)
        {
            return [];
        }

        // A call that failed or was interrupted has returned nothing.
        var failed = parent
            .Messages.SelectMany(message => message.Parts.OfType<MessagePart.ToolResult>())
            .Where(result => result.Error is not null)
            .Select(result => result.ToolUseId)
            .ToHashSet(StringComparer.Ordinal);
        return
        [
            .. children
                .Where(child => ReturnedBy(child) is { } call && (call == TaskFields.Unread || failed.Contains(call)))
                .Select(UriOf)
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>Gets the call that returned the result of a task to its parent. The journal is read only if it changed.</summary>
    private string? ReturnedBy(ChatSummary summary)
    {
        if (returned.TryGetValue(summary.Id, out var kept) && kept.Version == summary.Version)
        {
            return kept.Call;
        }

        var call = Find(UriOf(summary))?.Text(TaskFields.ReturnedBy);
        if (returned.Count > MaxCached)
        {
            returned.Clear();
        }
        returned[summary.Id] = (summary.Version, call);
        return call;
    }

    /// <summary>The last response of a task whose process ended before it stored the result; otherwise null.</summary>
    public Message? Undecided(StoredChat task) =>
        task.Text(TaskStates.Field) == TaskStates.Done
        && task.Queue.Count == 0
        && task.Messages is [.., { Role: MessageRole.Assistant } last]
        && TaskStates.After(last) == TaskStates.Done
        && TaskResult.Of(task) is null
        && HasResultCheck(task)
            ? last
            : null;

    /// <param name="root">Limits the result to this task and its subtasks; null returns all tasks.</param>
    public IReadOnlyList<TaskRow> Rows(string? root, bool includeArchived)
    {
        var summaries = Summaries;
        var tree = TreeOf(summaries);
        var under = root is null ? null : tree.Under(root).Append(root).ToHashSet(StringComparer.Ordinal);
        return RowsOf(
            summaries.Where(summary => (includeArchived || !summary.Archived) && (under is null || under.Contains(UriOf(summary)))),
            summaries,
            tree
        );
    }

    /// <returns>Null if the task was deleted.</returns>
    public TaskRow? Row(string uri)
    {
        var summaries = Summaries;
        return RowsOf(summaries.Where(summary => UriOf(summary) == uri), summaries, TreeOf(summaries)).FirstOrDefault();
    }

    /// <summary>Gets the rows of these tasks and of all their parents from one snapshot. Deleted tasks have no row.</summary>
    public IReadOnlyDictionary<string, TaskRow> RowsWithAbove(IReadOnlyCollection<string> uris)
    {
        var summaries = Summaries;
        var tree = TreeOf(summaries);
        var wanted = uris.Concat(uris.SelectMany(tree.Above)).ToHashSet(StringComparer.Ordinal);
        return RowsOf(summaries.Where(summary => wanted.Contains(UriOf(summary))), summaries, tree)
            .ToDictionary(row => row.Uri, StringComparer.Ordinal);
    }

    /// <summary>Gets all tasks of the tree that contains this one, as budget nodes.</summary>
    public IReadOnlyList<BudgetNode> Nodes(string uri)
    {
        var summaries = Summaries;
        return Nodes(uri, summaries.ToDictionary(UriOf, StringComparer.Ordinal), TreeOf(summaries));
    }

    /// <summary>Records that a task starts or stops waiting for a child.</summary>
    public void WaitsForChild(string uri, bool isWaiting) =>
        waiting.AddOrUpdate(uri, isWaiting ? 1 : 0, (_, count) => Math.Max(0, count + (isWaiting ? 1 : -1)));

    /// <summary>True if the task waits for a child.</summary>
    public bool IsWaitingForChild(string uri) => waiting.GetValueOrDefault(uri) > 0;

    private static TaskTree TreeOf(IReadOnlyList<ChatSummary> summaries) =>
        new(summaries.Select(summary => (UriOf(summary), summary.SpawnedBy)));

    private List<BudgetNode> Nodes(string uri, Dictionary<string, ChatSummary> byUri, TaskTree tree)
    {
        var top = tree.Above(uri).LastOrDefault(byUri.ContainsKey) ?? uri;
        List<BudgetNode> nodes = [];
        foreach (var one in tree.Under(top).Prepend(top))
        {
            if (!byUri.TryGetValue(one, out var summary))
            {
                continue;
            }

            var figures = TotalsOf(summary);
            nodes.Add(
                new BudgetNode(
                    one,
                    tree.ParentOf(one) is { } parent && byUri.ContainsKey(parent) ? parent : null,
                    summary.Title,
                    figures.Limits,
                    figures.Reserved,
                    figures.Own,
                    figures.Answers,
                    summary.TaskStatus is TaskStates.Done or TaskStates.Failed or TaskStates.Stopped
                )
            );
        }

        return nodes;
    }

    private List<TaskRow> RowsOf(IEnumerable<ChatSummary> wanted, IReadOnlyList<ChatSummary> summaries, TaskTree tree)
    {
        var byUri = summaries.ToDictionary(UriOf, StringComparer.Ordinal);
        var pending = approvals.Pending.ToLookup(one => one.Request.CodexId, StringComparer.Ordinal);
        // Values that tasks share are looked up once.
        Dictionary<string, Spend> total = new(StringComparer.Ordinal);
        Dictionary<string, (string Name, bool IsFree)> answering = new(StringComparer.Ordinal);
        Dictionary<string, string> templates = new(StringComparer.Ordinal);
        List<TaskRow> rows = [];
        foreach (var summary in wanted)
        {
            var uri = UriOf(summary);
            if (!total.ContainsKey(uri))
            {
                foreach (var (one, used) in BudgetTree.Used(Nodes(uri, byUri, tree)))
                {
                    total[one] = used;
                }
            }

            (string? Name, bool IsFree) answers = default;
            if (summary.ProviderId is { } id)
            {
                if (!answering.TryGetValue(id, out var known))
                {
                    answering[id] = known = (providers.NameOf(id), providers.Find(id)?.Settings.IsFree == true);
                }
                answers = known;
            }

            if (!templates.TryGetValue(summary.TemplateId, out var template))
            {
                templates[summary.TemplateId] = template = conversations.TemplateOf(summary.TemplateId)?.Name ?? summary.TemplateId;
            }

            var (figures, asked) = (TotalsOf(summary), pending[uri].Count());
            rows.Add(
                new TaskRow(
                    uri,
                    summary,
                    template,
                    StatusOf(summary, uri, asked, figures.IsUndecided),
                    figures.Own,
                    total.GetValueOrDefault(uri, Spend.None),
                    figures.Limits,
                    answers.IsFree,
                    answers.Name,
                    asked,
                    figures.Note,
                    figures.ToolUseId,
                    figures.WorktreeOwner is { } owner ? WorktreeOf(owner) : null
                )
            );
        }

        return rows;
    }

    private string StatusOf(ChatSummary summary, string uri, int asked, bool isUndecided) =>
        summary.TaskStatus switch
        {
            TaskStates.Running or TaskStates.Queued when asked > 0 => TaskStates.WaitingForApproval,
            TaskStates.Running or TaskStates.Interrupted when IsWaitingForChild(uri) => TaskStates.WaitingForChild,
            TaskStates.Done when isUndecided && IsWaitingForChild(uri) => TaskStates.WaitingForChild,
            TaskStates.Done when isUndecided => TaskStates.Interrupted,
            null => TaskStates.Interrupted,
            var status => status,
        };

    private Figures TotalsOf(ChatSummary summary)
    {
        if (known.TryGetValue(summary.Id, out var kept) && kept.Version == summary.Version)
        {
            return kept.Figures;
        }

        Figures figures;
        try
        {
            var task = Read(UriOf(summary));
            figures = new Figures(
                Spend.Of(task),
                SpecOf(task).Budget,
                TaskFields.BudgetOf(task, TaskFields.Reserved),
                Spend.Answers(task).Count,
                NoteOf(task),
                task.Text(TaskFields.Call),
                Undecided(task) is not null,
                WorkingPlace.OwnerOf(task)
            );
        }
        catch (FailureException fault)
        {
            return new Figures(
                new Spend(summary.TotalCost ?? 0, false, 0, 0, 0),
                new AgentBudget(null, null, null, null),
                new AgentBudget(null, null, null, null),
                0,
                fault.Message,
                null,
                false,
                null
            );
        }

        if (known.Count > MaxCached)
        {
            known.Clear();
        }
        known[summary.Id] = (summary.Version, figures);
        return figures;
    }

    private Worktrees.StoredWorktree? WorktreeOf(string owner)
    {
        try
        {
            return worktrees.Find(owner);
        }
        catch (FailureException)
        {
            // The row is shown without it; Health names records that cannot be read.
            return null;
        }
    }

    private static string? NoteOf(StoredChat task) =>
        task.Text(TaskStates.Field) switch
        {
            TaskStates.Failed or TaskStates.OverBudget or TaskStates.Stopped => TaskResult.Of(task)?.Reason
                ?? task.Messages.LastOrDefault()?.Error?.Message
                ?? task.HookFailures.FirstOrDefault()?.Message,
            TaskStates.Done => TaskResult.Of(task)?.Reason,
            _ => null,
        };

    private static AgentSpec SpecOf(StoredChat task, Template template) => AgentSpec.Of(template.WithDefaults(ChatValues.Own(task)));
}
