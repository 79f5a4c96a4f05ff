using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Plue.Server.Agents.Triggers;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Templates;
using Plue.Server.Tools;

namespace Plue.Server.Agents;

/// <summary>Creates tasks for users, hooks, and agents that delegate work to a child.</summary>
internal sealed class TaskSpawner(AgentServices services, AgentTasks tasks) : ITaskSpawner
{
    /// <summary>The maximum nesting of tasks.</summary>
    public const int MaxDepth = 4;

    /// <summary>The number of tasks in one tree, including ended ones, at which agents can no longer spawn tasks.</summary>
    public const int MaxTasksInTree = 50;

    /// <summary>Values that an agent cannot set for its child: its model, permissions and limits.</summary>
    private static readonly HashSet<string> NotGiven =
    [
        .. AgentSpec.Keys,
        TaskStates.Field,
        StoredChat.SpawnedByField,
        StoredChat.GoalField,
        PermissionModes.Field,
        StoredChat.WorktreeOfField,
    ];

    private const string Checks = "checks";

    private readonly CandidateFinder candidates = new(services.Providers);
    private readonly ProviderSlots slots = new(id =>
        services.Providers.Find(id)?.Settings.IsFree == true ? ProviderSlots.Local : ProviderSlots.Hosted
    );
    private readonly ConcurrentDictionary<string, Held> held = new(StringComparer.Ordinal); // by the address of the running child
    private readonly ConcurrentDictionary<string, bool> working = new(StringComparer.Ordinal); // children that no call of their parent waits for
    private readonly ConcurrentDictionary<string, bool> committed = new(StringComparer.Ordinal); // by parent: whether a worktree had everything when its first subtask started
    private readonly SemaphoreSlim making = new(1, 1); // so that two tasks never get the same part of a budget

    /// <summary>A slot at a provider, which other tasks can use while this task waits for its children.</summary>
    private sealed class Held(string providerId)
    {
        public string ProviderId => providerId;
        public SemaphoreSlim Turn { get; } = new(1, 1);
        public IDisposable? Place { get; set; }
        public int Children { get; set; }
    }

    /// <summary>A task that can be created.</summary>
    /// <param name="IsAllowedBefore">True if the user already allowed the parent to use this model without a price.</param>
    private sealed record Plan(Template Template, Route Route, AgentBudget Limits, AgentBudget Reserved, bool IsAllowedBefore)
    {
        public string Shown => Route.InOrder[0].Shown;

        /// <summary>Gets the reason why the user has to approve the task; null if there is none.</summary>
        public string? Doubt =>
            Route.InOrder[0].Price is null && Limits.Usd is { } usd && !IsAllowedBefore
                ? $"No price is known for {Route.InOrder[0].Name}, so the budget of {Spend.Money(usd)} cannot be enforced."
                : null;
    }

    /// <summary>Creates and starts a task for the user.</summary>
    /// <param name="providerId">Null uses the template's.</param>
    /// <param name="budget">Overrides the template's budget; null parts keep it.</param>
    /// <param name="parentId">The chat or task that it belongs to; null creates a top-level task.</param>
    /// <param name="files">Attached to the goal.</param>
    /// <param name="from">The chat whose messages the task continues.</param>
    /// <exception cref="FailureException">The task cannot be created; nothing is stored.</exception>
    public async Task<Conversation> SpawnAsync(
        string templateId,
        string goal,
        IReadOnlyDictionary<string, JsonElement> values,
        string? providerId,
        string? model,
        AgentBudget budget,
        string? parentId,
        CancellationToken cancellationToken,
        IReadOnlyList<MessagePart.File>? files = null,
        string? from = null
    )
    {
        if (string.IsNullOrWhiteSpace(goal))
        {
            throw new FailureException(FailureKind.MissingField, "Enter the goal of the task.");
        }

        var history = from is null ? [] : (await services.Conversations.GetAsync(from, cancellationToken)).BranchTo(null);
        var first = files is { Count: > 0 } || history.Count > 0 ? new Draft(goal) { Files = files } : null;
        Conversation conversation;
        await making.WaitAsync(cancellationToken);
        try
        {
            var all = new Dictionary<string, JsonElement>(values, StringComparer.Ordinal)
            {
                [StoredChat.GoalField] = Json5Conversion.Of(new Json5String(goal)),
            };
            var plan = PlanFor(templateId, all, providerId, model, budget, parentId);
            await CheckWorktreeAsync(plan, all, parentId, cancellationToken);
            conversation = await MakeAsync(plan, all, parentId, toolUseId: null, depth: 0, cancellationToken, history, first);
        }
        finally
        {
            making.Release();
        }

        _ = BeginAsync(conversation, depth: 0);
        return conversation;
    }

    /// <summary>Creates and starts a task for an approved step of a plan, or for a contestant of a compare.</summary>
    /// <param name="checks">Commands that must succeed, in addition to the checks of the template.</param>
    /// <param name="model">The provider and model; null parts leave them to the template.</param>
    /// <param name="budget">Its share, which is reserved for it.</param>
    /// <param name="parentId">The chat or task of the plan; null creates a top-level task.</param>
    /// <param name="run">The id by which the plan finds the task again.</param>
    /// <param name="isIsolated">True for a separate worktree; false leaves the place to the template.</param>
    /// <exception cref="FailureException">The task cannot be created; nothing is stored.</exception>
    public async Task<Conversation> SpawnStepAsync(
        string templateId,
        string goal,
        string title,
        IReadOnlyList<string> checks,
        (string? ProviderId, string? Model) model,
        AgentBudget budget,
        string? parentId,
        string run,
        CancellationToken cancellationToken,
        bool isIsolated = false
    )
    {
        Conversation conversation;
        await making.WaitAsync(cancellationToken);
        try
        {
            var all = AgentTasks.Values(
                (StoredChat.GoalField, Json5Conversion.Of(new Json5String(goal))),
                ("title", Json5Conversion.Of(new Json5String(title)))
            );
            if (isIsolated)
            {
                all[StoredChat.IsolationField] = Json5Conversion.Of(new Json5String(StoredChat.Worktree));
            }
            if (checks.Count > 0)
            {
                var own = (services.Templates.Find(templateId)?.Default(Checks) as Json5Array)?.Items ?? [];
                all[Checks] = Json5Conversion.Of(
                    Json5Array.Of(own.Concat(checks.Select(check => Json5Object.Of(("command", new Json5String(check))))))
                );
            }
            var plan = PlanFor(templateId, all, model.ProviderId, model.Model, budget, parentId);
            await CheckWorktreeAsync(plan, all, parentId, cancellationToken);
            conversation = await MakeAsync(
                plan,
                all,
                parentId,
                toolUseId: null,
                depth: 0,
                cancellationToken,
                origin: (TaskFields.PlanRun, Json5Conversion.Of(new Json5String(run)))
            );
        }
        finally
        {
            making.Release();
        }

        _ = BeginAsync(conversation, depth: 0);
        return conversation;
    }

    /// <summary>Creates and starts a top-level task for a trigger.</summary>
    /// <param name="budget">Overrides the template's budget; null parts keep it.</param>
    /// <exception cref="FailureException">The task cannot be created; nothing is stored.</exception>
    public async Task<Conversation> SpawnForTriggerAsync(
        string templateId,
        string goal,
        string title,
        AgentBudget budget,
        TriggerOrigin origin,
        CancellationToken cancellationToken
    )
    {
        Conversation conversation;
        await making.WaitAsync(cancellationToken);
        try
        {
            var all = AgentTasks.Values(
                (StoredChat.GoalField, Json5Conversion.Of(new Json5String(goal))),
                ("title", Json5Conversion.Of(new Json5String(title)))
            );
            var plan = PlanFor(templateId, all, providerId: null, model: null, budget, parentId: null);
            await CheckWorktreeAsync(plan, all, parentId: null, cancellationToken);
            conversation = await MakeAsync(
                plan,
                all,
                parentId: null,
                toolUseId: null,
                depth: 0,
                cancellationToken,
                origin: (TaskFields.TriggerRun, origin.ToValue())
            );
        }
        finally
        {
            making.Release();
        }

        _ = BeginAsync(conversation, depth: 0);
        return conversation;
    }

    /// <summary>Checks whether a step of a plan, or the task of a trigger, could run: its template, model, and place. Changes nothing.</summary>
    /// <exception cref="FailureException">It could not.</exception>
    public void CheckStep(string templateId, (string? ProviderId, string? Model) model, string? parentId) =>
        PlanFor(templateId, [], model.ProviderId, model.Model, new AgentBudget(null, null, null, null), parentId);

    /// <summary>Turns a chat into a task and starts it. The address, messages, and everything else of the chat stay.</summary>
    /// <param name="providerId">Null uses the template's.</param>
    /// <param name="budget">Overrides the template's budget; null parts keep it. Earlier messages do not count.</param>
    /// <param name="files">Attached to the goal.</param>
    /// <exception cref="FailureException">The chat cannot become a task; nothing is changed.</exception>
    public async Task<Conversation> ConvertAsync(
        string uri,
        string templateId,
        string goal,
        IReadOnlyDictionary<string, JsonElement> values,
        string? providerId,
        string? model,
        AgentBudget budget,
        IReadOnlyList<MessagePart.File> files,
        CancellationToken cancellationToken
    )
    {
        if (string.IsNullOrWhiteSpace(goal))
        {
            throw new FailureException(FailureKind.MissingField, "Enter the goal of the task.");
        }

        var all = new Dictionary<string, JsonElement>(values, StringComparer.Ordinal)
        {
            [StoredChat.GoalField] = Json5Conversion.Of(new Json5String(goal)),
        };
        if (tasks.Reader.Read(uri).Values.TryGetValue(PermissionModes.Field, out var mode))
        {
            all.TryAdd(PermissionModes.Field, mode);
        }

        var plan = PlanFor(templateId, all, providerId, model, budget, parentId: null);
        await CheckWorktreeAsync(plan, all, parentId: null, cancellationToken);
        all.Remove("provider_ref");
        all.Remove("model");
        var conversation = await services.Conversations.ConvertAsync(
            uri,
            plan.Template.Id,
            GivenOf(plan),
            all,
            KeptOf(plan, parentId: null, toolUseId: null),
            new Draft(goal) { Files = files },
            cancellationToken
        );
        _ = BeginAsync(conversation, depth: 0);
        return conversation;
    }

    /// <summary>Starts a task for a hook. No call waits for it.</summary>
    /// <param name="depth">The number of hooks in the chain that led to it.</param>
    /// <returns>The address of the task.</returns>
    public async Task<string> SpawnForHookAsync(
        string templateId,
        Json5Object values,
        string spawnedBy,
        int depth,
        CancellationToken cancellationToken
    )
    {
        Conversation conversation;
        await making.WaitAsync(cancellationToken);
        try
        {
            var all = new Dictionary<string, JsonElement>(Json5Conversion.Members(values), StringComparer.Ordinal);
            all.Remove(StoredChat.SpawnedByField);
            var plan = PlanFor(
                templateId,
                all,
                ProviderIn(all),
                ModelIn(all),
                new AgentBudget(null, null, null, null),
                spawnedBy,
                isHook: true
            );
            conversation = await MakeAsync(plan, all, spawnedBy, toolUseId: null, depth, cancellationToken);
        }
        finally
        {
            making.Release();
        }

        _ = BeginAsync(conversation, depth);
        return conversation.CodexId;
    }

    /// <inheritdoc/>
    public async Task<SpawnCheck> CheckAsync(SpawnRequest request, CancellationToken cancellationToken)
    {
        try
        {
            // A child created before a restart is awaited again.
            if (ChildOf(request) is { } child)
            {
                return new SpawnCheck($"{tasks.Reader.Read(child).Title}, which already exists", null);
            }

            var plan = PlanFor(request);
            await CheckWorktreeAsync(plan, ValuesOf(request), request.ParentId, cancellationToken);
            return new SpawnCheck(plan.Shown, plan.Doubt);
        }
        catch (FailureException fault)
        {
            throw new ToolFailureException(fault.Message, fault);
        }
    }

    /// <inheritdoc/>
    public async Task<string> RunAsync(SpawnRequest request, IToolProgress progress, CancellationToken cancellationToken)
    {
        // Without a user, a chat ends with its response, and its subtasks would end with it.
        var waits = request.Waits || (services.Chat.IsUnattended && !tasks.Reader.Read(request.ParentId).IsTask);
        var (uri, isNew) = await ChildAsync(request, waits, cancellationToken);
        if (!waits)
        {
            Work(uri, isNew);
            return StartedJson(uri);
        }

        var parent = await services.Conversations.GetAsync(request.ParentId, cancellationToken);
        return await WhileWaitingAsync(
            request.ParentId,
            parent,
            async () =>
            {
                try
                {
                    return (await WorkAsync(uri, isNew, progress, cancellationToken)).ToJson();
                }
                catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested && !parent.IsClosing)
                {
                    await tasks.StopAsync(uri, under: true, StopCause.TaskEnded, CancellationToken.None);
                    throw;
                }
            },
            cancellationToken
        );
    }

    /// <summary>Waits for children. Meanwhile the parent counts as waiting, and other tasks can use its slot at the provider.</summary>
    /// <param name="turn">The parent if its turn waits; null if it waits after its turn.</param>
    internal async Task<T> WhileWaitingAsync<T>(
        string parentId,
        Conversation? turn,
        Func<Task<T>> wait,
        CancellationToken cancellationToken
    )
    {
        async Task SetAsync(bool isWaiting)
        {
            tasks.Reader.WaitsForChild(parentId, isWaiting);
            if (turn is not null)
            {
                await turn.WaitAsync(TaskStates.WaitingForChild, isWaiting);
            }
            tasks.Changed(parentId);
        }

        await ReleaseSlotAsync(parentId, cancellationToken);
        await SetAsync(true);
        try
        {
            return await wait();
        }
        finally
        {
            await SetAsync(false);
            await TakeBackAsync(parentId, cancellationToken);
        }
    }

    /// <summary>Lets a child work that no call of its parent waits for. Does nothing if it works already.</summary>
    internal void Work(string uri, bool isNew)
    {
        if (working.TryAdd(uri, true))
        {
            _ = RunInBackgroundAsync(uri, isNew);
        }
    }

    private async Task RunInBackgroundAsync(string uri, bool isNew)
    {
        try
        {
            await WorkAsync(uri, isNew, null, CancellationToken.None);
        }
        catch (Exception fault)
        {
            services.Logger.LogWarning("{Task} could not work: {Why}", uri, fault.Message);
        }
        finally
        {
            working.TryRemove(uri, out _);
        }
    }

    /// <summary>Gets the result of a call that does not wait for its child.</summary>
    private string StartedJson(string uri)
    {
        var task = tasks.Reader.Read(uri);
        return Json5Conversion
            .Of(
                Json5Object.Of(
                    ("task", new Json5String(uri)),
                    ("title", new Json5String(task.Title)),
                    ("status", new Json5String(task.Text(TaskStates.Field) ?? TaskStates.Queued)),
                    (
                        "note",
                        new Json5String("It works beside you. task_wait returns its result; otherwise you get it when you end your work.")
                    )
                )
            )
            .GetRawText();
    }

    /// <summary>Gets the children that a task was waiting for when its process ended, oldest first.</summary>
    internal IReadOnlyList<CutOffCall> CutOff(StoredChat task, string uri)
    {
        if (task.Messages is not [.., { Status: MessageStatus.Interrupted } last])
        {
            return [];
        }

        var answered = last
            .Parts.OfType<MessagePart.ToolResult>()
            .Where(result => result.Error is null)
            .Select(result => result.ToolUseId)
            .ToHashSet(StringComparer.Ordinal);
        var calls = last
            .Parts.OfType<MessagePart.ToolUse>()
            .Select(call => call.ToolUseId)
            .Where(id => !answered.Contains(id))
            .ToHashSet(StringComparer.Ordinal);
        return
        [
            .. tasks
                .Reader.Tree.ChildrenOf(uri)
                .Select(child => new CutOffCall(Find(child)?.Text(TaskFields.Call) ?? "", child))
                .Where(one => calls.Contains(one.ToolUseId)),
        ];
    }

    /// <summary>Resumes the children that have not ended, and waits for all.</summary>
    /// <returns>The result of each call as JSON. A call that does not wait gets its result at once.</returns>
    internal async Task<IReadOnlyList<(string ToolUseId, string Result)>> WaitAgainAsync(
        string parentId,
        IReadOnlyList<CutOffCall> children
    )
    {
        tasks.Reader.WaitsForChild(parentId, true);
        tasks.Changed(parentId);
        try
        {
            return await Task.WhenAll(
                children.Select(async one =>
                    (
                        one.ToolUseId,
                        Find(one.Child)?.Text(TaskFields.ReturnedBy) is not null
                            ? StartedJson(one.Child)
                            : (await WorkAsync(one.Child, isNew: false, null, CancellationToken.None)).ToJson()
                    )
                )
            );
        }
        finally
        {
            tasks.Reader.WaitsForChild(parentId, false);
            tasks.Changed(parentId);
        }
    }

    private async Task<TaskResult> WorkAsync(string uri, bool isNew, IToolProgress? progress, CancellationToken cancellationToken)
    {
        var task = tasks.Reader.Read(uri);
        if (TaskResult.Of(task) is { } known)
        {
            return known;
        }

        var provider = task.ProviderId ?? "";
        using var place = new Leaving(this, uri, new Held(provider));
        place.Held.Place = await slots.EnterAsync(provider, cancellationToken);
        held[uri] = place.Held;
        var conversation = await services.Conversations.GetAsync(uri, cancellationToken);
        if (isNew)
        {
            _ = BeginAsync(conversation, depth: 0);
        }
        else if (task.Text(TaskStates.Field) == TaskStates.Done && Spend.Answers(task) is [.., var last])
        {
            await tasks.TurnEndedAsync(conversation, last, cancellationToken);
        }
        else if (task.Text(TaskStates.Field) is TaskStates.Interrupted or TaskStates.Stopped or TaskStates.Failed or TaskStates.Queued)
        {
            await tasks.ResumeAsync(uri, cancellationToken);
        }

        return await EndOfAsync(uri, progress, cancellationToken);
    }

    /// <summary>Waits until a task has ended. A task that is paused or has reached its budget has not ended.</summary>
    public async Task<TaskResult> EndOfAsync(string uri, IToolProgress? progress, CancellationToken cancellationToken)
    {
        string? reported = null;
        while (true)
        {
            var next = tasks.NextChangeAsync(uri);
            if (Find(uri) is not { } task)
            {
                return TaskResult.Deleted(uri);
            }
            if (TaskResult.Of(task) is { } result)
            {
                return result;
            }

            var status = task.Text(TaskStates.Field) ?? TaskStates.Queued;
            if (status != reported)
            {
                progress?.Report($"{task.Title}: {status.Replace('_', ' ')}\n");
            }
            reported = status;
            await next.WaitAsync(cancellationToken);
        }
    }

    private StoredChat? Find(string uri) => tasks.Reader.Find(uri);

    /// <summary>Starts a task. A failure before its first response ends the task, because no turn will.</summary>
    private async Task BeginAsync(Conversation conversation, int depth)
    {
        try
        {
            await conversation.StartAsync(depth);
            var now = await conversation.SnapshotAsync();
            if (
                now.TurnId is null
                && conversation.Stored is { Tree.Count: 0 } task
                && task.Text(TaskStates.Field) is TaskStates.Failed or TaskStates.Stopped
            )
            {
                await tasks.SettleAsync(
                    conversation,
                    task.Text(TaskStates.Field)!,
                    task.HookFailures.FirstOrDefault()?.Message ?? "It could not start."
                );
            }
        }
        catch (FailureException fault)
        {
            if (fault.Failure.Kind != FailureKind.BudgetExceeded)
            {
                var isStopped = fault.InnerException is OperationCanceledException;
                await tasks.SettleAsync(conversation, isStopped ? TaskStates.Stopped : TaskStates.Failed, fault.Message);
            }
        }
        catch (Exception fault)
        {
            services.Logger.LogError(fault, "{Task} could not start", conversation.CodexId);
            await tasks.SettleAsync(
                conversation,
                TaskStates.Failed,
                "It could not start because of an internal error. The log has the details."
            );
        }
    }

    private async Task<(string Uri, bool IsNew)> ChildAsync(SpawnRequest request, bool waits, CancellationToken cancellationToken)
    {
        await making.WaitAsync(cancellationToken);
        try
        {
            if (ChildOf(request) is { } child)
            {
                return (child, false);
            }

            var plan = PlanFor(request);
            var values = ValuesOf(request);
            if (await IsParallelWriterAsync(plan, values, request.ParentId, cancellationToken))
            {
                values[StoredChat.IsolationField] = Json5Conversion.Of(new Json5String(StoredChat.Worktree));
            }

            return (
                (await MakeAsync(plan, values, request.ParentId, request.ToolUseId, depth: 0, cancellationToken, isAwaited: waits)).CodexId,
                true
            );
        }
        catch (FailureException fault)
        {
            throw new ToolFailureException(fault.Message, fault);
        }
        finally
        {
            making.Release();
        }
    }

    /// <summary>Refuses a task that needs a worktree where none can be made, before it is stored.</summary>
    private async Task CheckWorktreeAsync(
        Plan plan,
        Dictionary<string, JsonElement> values,
        string? parentId,
        CancellationToken cancellationToken
    )
    {
        if (IsIsolated(plan, values))
        {
            await new WorkingPlace(services.Chat, services.Conversations).CheckAsync(ParentOf(parentId), cancellationToken);
        }
    }

    /// <summary>
    /// True if a subtask that can change files would work beside another one in the same folder, and nothing chose its place. It then gets a worktree, if
    /// everything was committed when the first of them started. Called in <see cref="making"/>.
    /// </summary>
    private async Task<bool> IsParallelWriterAsync(
        Plan plan,
        Dictionary<string, JsonElement> values,
        string parentId,
        CancellationToken cancellationToken
    )
    {
        if (
            services.Chat.Config.Flag(UserConfig.ParallelWorktreesKey) == false
            || values.ContainsKey(StoredChat.IsolationField)
            || plan.Template.Default(StoredChat.IsolationField) is not null and not Json5Null
            || !CanWrite(AgentSpec.Of(plan.Template.WithDefaults(Json5Object.Of([]))))
        )
        {
            return false;
        }

        var parent = Find(parentId);
        var isBeside = tasks
            .Reader.Tree.ChildrenOf(parentId)
            .Select(Find)
            .Any(sibling =>
                sibling is not null
                && AgentTasks.IsActive(sibling.Text(TaskStates.Field))
                && WorkingPlace.OwnerOf(sibling) == WorkingPlace.OwnerOf(parent)
                && CanWrite(tasks.Reader.SpecOf(sibling))
            );
        if (!isBeside)
        {
            committed[parentId] = await new WorkingPlace(services.Chat, services.Conversations).CanCopyAsync(parent, cancellationToken);
        }

        // Not known after a restart: the folder can have changes that a copy would not.
        return isBeside && committed.GetValueOrDefault(parentId);
    }

    private static bool CanWrite(AgentSpec spec) => spec.AvailableTools.Any(ToolNames.ChangesFiles);

    private static bool IsIsolated(Plan plan, Dictionary<string, JsonElement> values) =>
        (
            values.TryGetValue(StoredChat.IsolationField, out var given)
                ? Json5Conversion.ToJson5(given)
                : plan.Template.Default(StoredChat.IsolationField)
        )
            is Json5String { Value: StoredChat.Worktree };

    private StoredChat? ParentOf(string? parentId) => parentId is null ? null : Find(parentId);

    private string? ChildOf(SpawnRequest request) =>
        tasks.Reader.Tree.ChildrenOf(request.ParentId).FirstOrDefault(child => Find(child)?.Text(TaskFields.Call) == request.ToolUseId);

    private Plan PlanFor(SpawnRequest request)
    {
        if (
            request.Values is { } values
            && values.EnumerateObject().Select(value => value.Name).FirstOrDefault(NotGiven.Contains) is { } name
        )
        {
            throw new ToolFailureException(
                $"`values` cannot have `{name}`: only its template and the user set what an agent may do and use."
            );
        }

        if (Find(request.ParentId) is { IsTask: true })
        {
            var most = tasks.Reader.SpecOf(tasks.Reader.Read(request.ParentId)).MaxSpawnedTasks;
            var made =
                services.Conversations.ListDeleted(ChannelKind.Task).Count(gone => gone.SpawnedBy == request.ParentId)
                + tasks.Reader.Tree.ChildrenOf(request.ParentId).Count;
            if (made >= most)
            {
                throw new ToolFailureException(
                    most == 0
                        ? "This agent may not start subtasks."
                        : $"You have started {made} agents, which is the limit. Do the rest yourself, or finish with what you have."
                );
            }
        }

        return PlanFor(request.TemplateId, ValuesOf(request), null, request.Model, request.Budget, request.ParentId, isAgent: true);
    }

    private static Dictionary<string, JsonElement> ValuesOf(SpawnRequest request)
    {
        var values = request.Values is { } given
            ? given.EnumerateObject().ToDictionary(value => value.Name, value => value.Value, StringComparer.Ordinal)
            : new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        values[StoredChat.GoalField] = Json5Conversion.Of(new Json5String(request.Goal));
        if (request.IsIsolated is { } isIsolated)
        {
            values[StoredChat.IsolationField] = Json5Conversion.Of(
                new Json5String(isIsolated ? StoredChat.Worktree : StoredChat.NoIsolation)
            );
        }

        return values;
    }

    /// <exception cref="FailureException">The task cannot be created.</exception>
    private Plan PlanFor(
        string templateId,
        Dictionary<string, JsonElement> values,
        string? providerId,
        string? model,
        AgentBudget asked,
        string? parentId,
        bool isHook = false,
        bool isAgent = false
    )
    {
        var template =
            services.Templates.Find(templateId)
            ?? throw new FailureException(
                FailureKind.NotFound,
                $"There is no template {templateId}.{NearestName.Hint(templateId, services.Templates.List().Select(entry => entry.Id))}"
            );
        if (template.Collection != TemplateCollection.Tasks)
        {
            throw new FailureException(FailureKind.MissingField, $"{templateId} is not a task template.");
        }

        // Hooks have separate limits.
        if (parentId is not null && !isHook)
        {
            CheckPlace(parentId, isAgent);
        }

        var spec = AgentSpec.Of(
            template.WithDefaults(Json5Object.Of(values.Select(pair => (pair.Key, Json5Conversion.ToJson5(pair.Value) ?? new Json5Null()))))
        );
        var route = Routing.Choose(providerId is null ? candidates.Find(spec, model) : [candidates.Of(new(providerId, model), [])]);
        if (route.InOrder.Count == 0)
        {
            throw new FailureException(
                FailureKind.NotFound,
                $"No model can work on this. {string.Join(" ", route.Rejected.Select(one => route.Rejected.Count == 1 ? one.Reason : $"{one.Candidate}: {one.Reason}"))}"
            );
        }

        var left = parentId is null ? new AgentBudget(null, null, null, null) : tasks.Budgets.Remaining(parentId);
        var (limits, reserved) = BudgetTree.Share(left, asked, spec.Budget);
        return new Plan(
            template,
            route,
            limits,
            parentId is null ? new AgentBudget(null, null, null, null) : reserved,
            WasAllowed(parentId, route.InOrder[0].Choice)
        );
    }

    /// <summary>
    /// True if the user allowed a child of the same parent to use this model without a price: under a cost limit, such a child exists only with an approval.
    /// </summary>
    private bool WasAllowed(string? parentId, ModelChoice choice) =>
        parentId is not null
        && tasks
            .Reader.Tree.ChildrenOf(parentId)
            .Any(child =>
                Find(child) is { } task
                && task.Text(TaskFields.Call) is not null
                && (task.ProviderId, task.Model) == (choice.ProviderId, choice.Model)
                && tasks.Reader.SpecOf(task).Budget.Usd is not null
            );

    /// <param name="isAgent">False for the user, who can start any number of tasks.</param>
    private void CheckPlace(string parentId, bool isAgent)
    {
        var tree = tasks.Reader.Tree;
        var above = tree.Above(parentId).Prepend(parentId).ToList();
        if (above.Count(uri => Find(uri) is { IsTask: true }) >= MaxDepth)
        {
            throw new FailureException(
                FailureKind.PermissionDenied,
                $"Subtasks can be nested {MaxDepth} levels deep, and this is the last level. Do it yourself."
            );
        }
        if (isAgent && tree.Under(above[^1]).Count >= MaxTasksInTree)
        {
            throw new FailureException(
                FailureKind.PermissionDenied,
                $"There are {MaxTasksInTree} tasks under \"{Find(above[^1])?.Title ?? above[^1]}\", which is the limit. Do the rest yourself."
            );
        }
    }

    private async Task<Conversation> MakeAsync(
        Plan plan,
        Dictionary<string, JsonElement> values,
        string? parentId,
        string? toolUseId,
        int depth,
        CancellationToken cancellationToken,
        IReadOnlyList<Message>? history = null,
        Draft? first = null,
        bool isAwaited = true,
        (string Field, JsonElement Value)? origin = null
    )
    {
        values.Remove("provider_ref");
        values.Remove("model");
        var kept = KeptOf(plan, parentId, toolUseId, isAwaited);
        if (!IsIsolated(plan, values) && WorkingPlace.OwnerOf(ParentOf(parentId)) is { } owner)
        {
            kept[StoredChat.WorktreeOfField] = Json5Conversion.Of(new Json5String(owner));
        }

        if (origin is var (field, value))
        {
            kept[field] = value;
        }

        return await services.Conversations.SpawnAsync(
            plan.Template.Id,
            GivenOf(plan),
            values,
            parentId,
            kept,
            depth,
            cancellationToken,
            history,
            first
        );
    }

    private static ChatFields GivenOf(Plan plan)
    {
        var (providerId, model) = plan.Route.InOrder[0].Choice;
        return new ChatFields(null, null, providerId, model);
    }

    /// <param name="isAwaited">False if the call returns while the task runs.</param>
    private static Dictionary<string, JsonElement> KeptOf(Plan plan, string? parentId, string? toolUseId, bool isAwaited = true)
    {
        List<(string, JsonElement)> kept = [(Narrowing.Budget, Json5Conversion.Of(TaskFields.ToJson5(plan.Limits)))];
        if (TaskFields.ToJson5(plan.Reserved) is { Members.Count: > 0 } reserved)
        {
            kept.Add((TaskFields.Reserved, Json5Conversion.Of(reserved)));
        }
        if (parentId is not null)
        {
            kept.Add((StoredChat.SpawnedByField, Json5Conversion.Of(new Json5String(parentId))));
        }
        if (toolUseId is not null)
        {
            kept.Add((TaskFields.Call, Json5Conversion.Of(new Json5String(toolUseId))));
        }
        if (!isAwaited)
        {
            kept.Add((TaskFields.ReturnedBy, Json5Conversion.Of(new Json5String(TaskFields.Unread))));
        }
        if (plan.Route.InOrder.Count + plan.Route.Rejected.Count > 1)
        {
            kept.Add((TaskFields.Routing, TaskRouting.Of(plan.Route).ToValue()));
        }

        return AgentTasks.Values(kept);
    }

    private static string? ProviderIn(Dictionary<string, JsonElement> values) =>
        values.TryGetValue("provider_ref", out var value)
        && value.ValueKind == JsonValueKind.String
        && CodexUri.TryParse(value.GetString() ?? "", out var uri)
            ? uri.Name
            : null;

    private static string? ModelIn(Dictionary<string, JsonElement> values) =>
        values.TryGetValue("model", out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>Releases the slot of a task that waits for its children, because it uses no provider.</summary>
    private async Task ReleaseSlotAsync(string uri, CancellationToken cancellationToken)
    {
        if (!held.TryGetValue(uri, out var mine))
        {
            return;
        }

        await mine.Turn.WaitAsync(cancellationToken);
        if (mine.Children++ == 0)
        {
            mine.Place?.Dispose();
            mine.Place = null;
        }

        mine.Turn.Release();
    }

    private async Task TakeBackAsync(string uri, CancellationToken cancellationToken)
    {
        if (!held.TryGetValue(uri, out var mine))
        {
            return;
        }

        await mine.Turn.WaitAsync(CancellationToken.None);
        try
        {
            if (--mine.Children == 0 && !cancellationToken.IsCancellationRequested)
            {
                mine.Place = await slots.EnterAsync(mine.ProviderId, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            services.Logger.LogDebug("{Task} was stopped while it was queued", uri);
        }
        finally
        {
            mine.Turn.Release();
        }
    }

    private sealed class Leaving(TaskSpawner spawner, string uri, Held mine) : IDisposable
    {
        public Held Held => mine;

        public void Dispose()
        {
            spawner.held.TryRemove(uri, out _);
            mine.Place?.Dispose();
        }
    }
}

/// <summary>An interrupted spawn_task call and the task that it created.</summary>
internal sealed record CutOffCall(string ToolUseId, string Child);
