using Plue.Server.Chat;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Agents.Compares;

/// <summary>
/// Gives the same goal to several models or templates, each in its own git worktree. Their tasks share the budget of the task above them, which only holds
/// the record and never responds.
/// </summary>
internal sealed class CompareRunner(AgentServices services, AgentTasks tasks)
{
    public const int MinContestants = 2;
    public const int MaxContestants = 6;

    private const string TemplateId = "task";
    private const int MaxTitleLength = 80;

    /// <param name="budget">What all of them can use together.</param>
    /// <returns>The address of the compare.</returns>
    /// <exception cref="FailureException">Nothing was created, with the reason.</exception>
    public async Task<string> StartAsync(
        string goal,
        IReadOnlyList<Contestant> contestants,
        AgentBudget budget,
        CancellationToken cancellationToken
    )
    {
        if (string.IsNullOrWhiteSpace(goal))
        {
            throw new FailureException(FailureKind.MissingField, "Enter the goal.");
        }
        if (contestants.Count is < MinContestants or > MaxContestants)
        {
            throw new FailureException(FailureKind.BadRequest, $"Select {MinContestants} to {MaxContestants} models or templates.");
        }

        foreach (var one in contestants)
        {
            tasks.Spawner.CheckStep(one.TemplateId, (one.ProviderId, one.Model), parentId: null);
        }
        await new WorkingPlace(services.Chat, services.Conversations).CheckAsync(parent: null, cancellationToken);

        var compare = new Compare(contestants, []);
        var title = TextCut.Head(HiddenCharacters.VisibleLine(goal.Trim()), MaxTitleLength);
        var parent = await services.Conversations.SpawnAsync(
            TemplateId,
            new ChatFields($"Compare: {title}", null, contestants[0].ProviderId, contestants[0].Model),
            AgentTasks.Values(
                (StoredChat.GoalField, Json5Conversion.Of(new Json5String(goal))),
                // For templates without a mode: each edits its own worktree, and the user reviews the result.
                (PermissionModes.Field, Json5Conversion.Of(new Json5String(PermissionModes.NameOf(PermissionMode.EditFreely))))
            ),
            spawnedBy: null,
            AgentTasks.Values((Narrowing.Budget, Json5Conversion.Of(TaskFields.ToJson5(budget))), (TaskFields.Compare, compare.ToValue())),
            depth: 0,
            cancellationToken
        );
        await tasks.SettleAsync(parent, TaskStates.Done, null);
        List<Contestant> started = [];
        foreach (var one in contestants)
        {
            started.Add(await StartAsync(parent.CodexId, goal, title, one, cancellationToken));
        }
        if (started.Exists(one => one.Problem is not null))
        {
            await StoreAsync(parent, compare with { Contestants = started });
        }

        return parent.CodexId;
    }

    /// <exception cref="FailureException">NotFound: there is no such compare.</exception>
    public (StoredChat Task, Compare Compare) Read(string uri) =>
        tasks.Reader.Find(uri) is { } task && Compare.Of(task) is { } compare
            ? (task, compare)
            : throw new FailureException(FailureKind.NotFound, "There is no such compare.");

    /// <summary>Gets the addresses of all compares, newest first.</summary>
    public IReadOnlyList<StoredChat> List() =>
        [
            .. tasks
                .Reader.Summaries.Where(summary => summary.SpawnedBy is null)
                .Select(summary => tasks.Reader.Find(TaskReader.UriOf(summary)))
                .OfType<StoredChat>()
                .Where(task => Compare.Of(task) is not null),
        ];

    /// <summary>Gets the task of a contestant; null if it did not start.</summary>
    public string? TaskOf(string uri, Contestant one) =>
        tasks.Reader.Tree.ChildrenOf(uri).FirstOrDefault(child => tasks.Reader.Find(child)?.Text(TaskFields.PlanRun) == one.Run);

    /// <summary>Records that the branch of a contestant was merged.</summary>
    /// <exception cref="FailureException">NotFound. Conflict: the branch is not merged.</exception>
    public async Task ChooseAsync(string uri, string task, CancellationToken cancellationToken)
    {
        var (_, compare) = Read(uri);
        if (!compare.Contestants.Any(one => TaskOf(uri, one) == task))
        {
            throw new FailureException(FailureKind.NotFound, "This task is not part of the compare.");
        }

        var row = await services.Chat.Worktrees.RowAsync(tasks.Reader.Read(task).Id, cancellationToken);
        if (!row.Contents.IsEmpty)
        {
            throw new FailureException(
                FailureKind.Conflict,
                $"The branch is not merged: its worktree holds {row.Contents.Description}. Merge it, then choose it again."
            );
        }

        var conversation = await services.Conversations.GetAsync(uri, cancellationToken);
        await StoreAsync(conversation, compare with { Chosen = [.. compare.Chosen.Append(task).Distinct(StringComparer.Ordinal)] });
    }

    private async Task<Contestant> StartAsync(string parent, string goal, string title, Contestant one, CancellationToken cancellationToken)
    {
        try
        {
            await tasks.Spawner.SpawnStepAsync(
                one.TemplateId,
                goal,
                title,
                [],
                (one.ProviderId, one.Model),
                new AgentBudget(null, null, null, null),
                parent,
                one.Run,
                cancellationToken,
                isIsolated: true
            );
            return one;
        }
        catch (FailureException fault)
        {
            return one with { Problem = fault.Message };
        }
    }

    private static Task StoreAsync(Conversation parent, Compare compare) =>
        parent.SetTaskValuesAsync(AgentTasks.Values((TaskFields.Compare, compare.ToValue())), CancellationToken.None);
}
