using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Plue.Server.Agents.Compares;
using Plue.Server.Agents.Plans;
using Plue.Server.Agents.Triggers;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Store;
using Plue.Server.Templates;
using Plue.Server.Tools;

namespace Plue.Server.Agents;

/// <summary>Starts, steers, stops and resumes tasks, and stores their results.</summary>
internal sealed class AgentTasks : ITaskSupervisor, IBudget
{
    private const string Stopped = "It was stopped.";

    private readonly AgentServices services;
    private readonly TaskChanges changes;
    private readonly Lazy<IReadOnlyList<ITool>> delegation; // created at the first use, because its prompts are files
    private readonly ConcurrentDictionary<string, bool> reattaching = new(StringComparer.Ordinal); // tasks that wait for their children again after a restart

    internal AgentTasks(AgentServices services)
    {
        this.services = services;
        Reader = new TaskReader(services.Conversations, services.Providers, services.Approvals, services.Chat.Worktrees.Worktrees);
        Budgets = new BudgetTree(Reader.Nodes);
        changes = new TaskChanges(Reader, services.Changed, services.Time, services.Logger);
        Spawner = new TaskSpawner(services, this);
        Children = new ChildTasks(services, this);
        Board = new TaskBoard(services, Reader);
        Plans = new PlanDocuments(services, Spawner);
        PlanRunner = new PlanRunner(services, this, Plans);
        Triggers = new AgentTriggers(services, this);
        Compares = new CompareRunner(services, this);
        string Prompt(string tool) => services.Chat.PromptOf($"tool-{tool}");
        delegation = new(() =>
            [
                new SpawnTaskTool(Spawner, Prompt(SpawnTaskTool.ToolName)),
                new TaskStatusTool(Children, Prompt(TaskStatusTool.ToolName)),
                new TaskWaitTool(Children, Prompt(TaskWaitTool.ToolName)),
                new SendMessageTool(Children, Prompt(SendMessageTool.ToolName)),
                new BoardPostTool(Board.PostAsync, Prompt(BoardPostTool.ToolName)),
                new BoardReadTool(Board.Read, Prompt(BoardReadTool.ToolName)),
                new WritePlanTool(Plans.Check, Plans.WriteAsync, Prompt(WritePlanTool.ToolName)),
            ]
        );
        services.Approvals.Changed += PublishWaitingTasks;
        services.Conversations.Supervise(this, this);
    }

    public TaskReader Reader { get; }

    public BudgetTree Budgets { get; }

    public TaskBoard Board { get; }

    public PlanDocuments Plans { get; }

    public PlanRunner PlanRunner { get; }

    public AgentTriggers Triggers { get; }

    public CompareRunner Compares { get; }

    internal TaskSpawner Spawner { get; }

    internal ChildTasks Children { get; }

    public Task<string> SpawnForHookAsync(
        string templateId,
        Json5Object values,
        string spawnedBy,
        int depth,
        CancellationToken cancellationToken
    ) => Spawner.SpawnForHookAsync(templateId, values, spawnedBy, depth, cancellationToken);

    /// <summary>Publishes a changed row of the tree.</summary>
    /// <param name="codexId">The address of a task; chats are ignored.</param>
    /// <param name="summary">Null if it was deleted.</param>
    public void Changed(string codexId, ChatSummary? summary)
    {
        if (summary?.IsTask != false)
        {
            changes.Changed(codexId);
        }
    }

    /// <summary>Publishes a row that changed for a reason outside of the task's journal.</summary>
    internal void Changed(string uri) => changes.Changed(uri);

    /// <summary>Completes at the next change of a task. Call it before reading the state.</summary>
    internal Task NextChangeAsync(string uri) => changes.NextAsync(uri);

    /// <summary>Completes at the next change of any task. Call it before reading the state.</summary>
    public Task NextChangeAsync() => changes.NextAsync(TaskChanges.Any);

    /// <summary>Gets the result of a task; null if it has not ended.</summary>
    public TaskResult? ResultOf(string uri) => TaskResult.Of(Reader.Read(uri));

    /// <summary>True if a call of the task or a subtask was denied because no user was available.</summary>
    public bool WasRefused(string uri) =>
        Reader
            .Tree.Under(uri)
            .Prepend(uri)
            .Select(Find)
            .Any(task =>
                task is not null
                && OwnMessages(task)
                    .SelectMany(message => message.Parts.OfType<MessagePart.ToolResult>())
                    .Any(result => result.Error?.Contains(ToolRunner.NoUserAvailable, StringComparison.Ordinal) == true)
            );

    /// <inheritdoc/>
    public bool HasResultCheck(StoredChat task) => Reader.HasResultCheck(task);

    /// <summary>
    /// Handles the end of a task's turn. Subtasks that it did not wait for end first. Then the result is checked against the schema and checks of the
    /// template. A missing result is requested once; a failed check is reported once, then another candidate continues. Otherwise, the result is stored.
    /// </summary>
    /// <returns>True if the task continues.</returns>
    public async Task<bool> TurnEndedAsync(Conversation conversation, Message answer, CancellationToken cancellationToken)
    {
        var isContinued = await DecideTurnEndAsync(conversation, answer, cancellationToken);
        if (!isContinued && conversation.Stored is { IsTask: true, Queue.Count: 0 } && Reader.Row(conversation.CodexId) is { } row)
        {
            services.Ended(row);
            Triggers.Ended(row);
        }

        return isContinued;
    }

    private async Task<bool> DecideTurnEndAsync(Conversation conversation, Message answer, CancellationToken cancellationToken)
    {
        var task = conversation.Stored;
        if (!task.IsTask || TaskResult.Of(task) is not null)
        {
            return false;
        }

        switch (task.Text(TaskStates.Field))
        {
            // Queued messages follow a successful response.
            case TaskStates.Done when task.Queue.Count > 0:
                return false;
            case TaskStates.Stopped:
                await SettleAsync(conversation, TaskStates.Stopped, Stopped);
                return false;
            case TaskStates.Failed when IsStuckAtFinish(task, answer):
                return await CheckResultAsync(conversation, task, answer, cancellationToken);
            case TaskStates.Failed
                when await TryNextCandidateAsync(conversation, task, answer.Error?.Message ?? "It failed.", cancellationToken):
                return true;
            case TaskStates.Failed:
                await SettleAsync(conversation, TaskStates.Failed, answer.Error?.Message ?? "It failed.");
                return false;
            case TaskStates.Done
                when answer.StopReason != StopReason.Refusal && await Children.SendRemainingResultsAsync(conversation, cancellationToken):
                return true;
            case TaskStates.Done when TaskResult.Of(conversation.Stored) is not null:
                return false; // stopped in the meantime
            case TaskStates.Done:
                return await CheckResultAsync(conversation, conversation.Stored, answer, cancellationToken);
            default:
                return false;
        }
    }

    /// <summary>Gets the tools that a task has in addition to those of its template: finish, and those for subtasks that the template lists.</summary>
    public IReadOnlyList<ITool> ToolsFor(StoredChat chat)
    {
        var spec = Reader.SpecOf(chat);
        List<ITool> tools = [.. delegation.Value.Where(tool => spec.AvailableTools.Contains(tool.Name))];
        if (chat.IsTask && (spec.Outputs is not null || chat.Text(StoredChat.SpawnedByField) is not null))
        {
            tools.Add(new FinishTool(spec.Outputs, SubmitResultAsync));
        }

        return tools;
    }

    /// <summary>Checks a request against the budgets of the task and of all its parents.</summary>
    /// <param name="price">Null if unknown or free.</param>
    /// <exception cref="FailureException">BudgetExceeded.</exception>
    public void Reserve(StoredChat task, ProviderRequest request, Price? price)
    {
        if (!task.IsTask)
        {
            return;
        }

        var tokens = TokenEstimate.Of(request.System ?? "") + request.Messages.Sum(TokenEstimate.Of);
        var usd = price is null ? 0 : ((tokens * price.InputPerMillion) + ((request.MaxTokens ?? 0) * price.OutputPerMillion)) / 1_000_000m;
        Budgets.Reserve(CodexUri.OfChannel(task.Id).ToString(), new Spend(usd, true, tokens, 1, 0));
    }

    /// <summary>Checks the running response of a program that runs its own rounds, including the next round, against the budgets.</summary>
    /// <param name="cost">USD so far; null if no price is known.</param>
    /// <exception cref="FailureException">BudgetExceeded.</exception>
    public void CheckRunning(StoredChat task, Usage usage, int rounds, decimal? cost)
    {
        if (task.IsTask)
        {
            Budgets.Reserve(CodexUri.OfChannel(task.Id).ToString(), new Spend(cost ?? 0, true, usage.TotalTokens, rounds + 1, 0));
        }
    }

    /// <summary>Stores the arguments of the finish tool.</summary>
    /// <returns>What does not match the schema, if the agent may retry once; otherwise null.</returns>
    public async Task<string?> SubmitResultAsync(string uri, JsonElement outputs, CancellationToken cancellationToken)
    {
        var conversation = await services.Conversations.GetAsync(uri, cancellationToken);
        var task = conversation.Stored;
        var asked = Reader.SpecOf(task).Outputs;
        var isSecond = FinishResult.Of(task)?.Problem is not null;
        // The first call is checked strictly, without unknown arguments; the second only against the template's schema.
        var problem = isSecond
            ? asked is null
                ? null
                : OutputSchema.Check(outputs, asked)
            : OutputSchema.Check(outputs, FinishTool.SchemaOf(asked));
        var result = new FinishResult(FinishResult.QuestionOf(task), outputs, problem);
        await conversation.SetTaskValuesAsync(Values((TaskFields.SubmittedResult, result.ToValue())), cancellationToken);
        return isSecond ? null : problem;
    }

    /// <exception cref="FailureException">NotFound; Conflict: another window works on it.</exception>
    public async Task StopAsync(string uri, bool under, StopCause cause, CancellationToken cancellationToken)
    {
        // Parents first: a parent that sees a stopped child would continue with the next one.
        foreach (var one in under ? Reader.Tree.Under(uri).Prepend(uri) : [uri])
        {
            await EndAsync(one, cause, Stopped, cancellationToken);
        }
    }

    /// <summary>Stops all tasks of this home, for the user.</summary>
    public async Task StopAllAsync(CancellationToken cancellationToken)
    {
        var tree = Reader.Tree;
        foreach (
            var uri in Reader
                .Summaries.Where(summary => IsActive(summary.TaskStatus) || Reader.IsWaitingForChild(TaskReader.UriOf(summary)))
                .Select(TaskReader.UriOf)
                .OrderBy(uri => tree.Above(uri).Count)
        )
        {
            try
            {
                await EndAsync(uri, StopCause.User, Stopped, cancellationToken);
            }
            catch (FailureException fault)
            {
                services.Logger.LogInformation("{Task} was not stopped: {Why}", uri, fault.Message);
            }
        }
    }

    /// <summary>Pauses a task after its current step. Does nothing if the task is not running.</summary>
    public async Task PauseAsync(string uri, CancellationToken cancellationToken)
    {
        var conversation = await services.Conversations.GetAsync(uri, cancellationToken);
        if (!await services.Conversations.ForwardAsync(conversation, new ChatCommand(uri, ChatAction.Pause), cancellationToken))
        {
            await conversation.PauseAsync();
        }
    }

    /// <summary>
    /// Continues a task from its last stored step. Children of an interrupted call continue first; their results become the results of that call.
    /// </summary>
    /// <exception cref="FailureException">Conflict: it is done.</exception>
    public async Task ResumeAsync(string uri, CancellationToken cancellationToken)
    {
        var conversation = await services.Conversations.GetAsync(uri, cancellationToken);
        if (await services.Conversations.ForwardAsync(conversation, new ChatCommand(uri, ChatAction.Resume), cancellationToken))
        {
            return;
        }

        var now = await conversation.SnapshotAsync();
        if (now.TurnId is not null)
        {
            await conversation.ResumeAsync();
            return;
        }

        var hasUnread = Children.Continue(conversation.Stored);
        if (Reader.Undecided(conversation.Stored) is { } response)
        {
            if (!hasUnread)
            {
                await TurnEndedAsync(conversation, response, cancellationToken);
            }
            else if (reattaching.TryAdd(uri, true))
            {
                _ = RecoverTurnEndAsync(conversation, response);
            }
            return;
        }
        if (conversation.Stored.Text(TaskStates.Field) == TaskStates.Done)
        {
            throw new FailureException(FailureKind.Conflict, "This task is done. Send it a message to continue it.");
        }

        if (Spawner.CutOff(conversation.Stored, uri) is { Count: > 0 } children)
        {
            if (reattaching.TryAdd(uri, true))
            {
                try
                {
                    var hold = await conversation.TakeUpAsync(cancellationToken);
                    _ = ReattachAsync(conversation, children, hold);
                }
                catch
                {
                    reattaching.TryRemove(uri, out _);
                    throw;
                }
            }
        }
        else
        {
            await SendNextRequestAsync(conversation, cancellationToken);
        }
    }

    /// <summary>Sends the next request, based on the stored messages.</summary>
    internal static async Task SendNextRequestAsync(Conversation conversation, CancellationToken cancellationToken)
    {
        var messages = conversation.Stored.Messages;
        if (messages is not [.., var last])
        {
            await conversation.SendAsync(new Draft(""), mayWait: false, cancellationToken);
        }
        else
        {
            await conversation.RetryAsync(last.Id, null, null, isContinuation: last.Role != MessageRole.User, cancellationToken);
        }
    }

    /// <summary>Handles the end of a turn that an earlier process did not complete.</summary>
    private async Task RecoverTurnEndAsync(Conversation conversation, Message response)
    {
        try
        {
            await conversation.RecoverTurnEndAsync(response);
        }
        finally
        {
            reattaching.TryRemove(conversation.CodexId, out _);
        }
    }

    /// <param name="hold">Of <see cref="Conversation.TakeUpAsync"/>.</param>
    private async Task ReattachAsync(Conversation conversation, IReadOnlyList<CutOffCall> children, IDisposable hold)
    {
        using var held = hold;
        try
        {
            var results = await Spawner.WaitAgainAsync(conversation.CodexId, children);
            var task = conversation.Stored;
            if (TaskResult.Of(task) is not null)
            {
                return;
            } // ended in the meantime

            if (task.Messages is [.., { HasToolRound: true }])
            {
                await conversation.SettleRoundAsync(
                    results.ToDictionary(one => one.ToolUseId, one => one.Result, StringComparer.Ordinal),
                    CancellationToken.None
                );
                await SendNextRequestAsync(conversation, CancellationToken.None);
                return;
            }

            // A program with its own tool loop also has its own history, which cannot be changed afterwards.
            var text = string.Join("\n\n", results.Select(one => one.Result));
            await conversation.SendAsync(
                new Draft($"Plue was restarted while you waited for spawn_task. This is its result:\n\n{text}\n\nContinue."),
                mayWait: false,
                CancellationToken.None
            );
        }
        catch (FailureException fault)
        {
            services.Logger.LogWarning("{Task} could not be resumed: {Why}", conversation.CodexId, fault.Message);
        }
        finally
        {
            await conversation.LeaveAsync();
            reattaching.TryRemove(conversation.CodexId, out _);
        }
    }

    /// <summary>Sends a message to a task. A running task receives it with its next round; otherwise, the message continues the task.</summary>
    public async Task SteerAsync(string uri, string text, CancellationToken cancellationToken)
    {
        var conversation = await services.Conversations.GetAsync(uri, cancellationToken);
        if (!await services.Conversations.ForwardAsync(conversation, new ChatCommand(uri, ChatAction.Steer, text), cancellationToken))
        {
            await conversation.SteerAsync(null, new Draft(text), cancellationToken);
        }
    }

    /// <summary>Sets limits; null keeps a limit. A task that stopped at its budget has to be resumed afterwards.</summary>
    public async Task SetBudgetAsync(string uri, AgentBudget budget, CancellationToken cancellationToken)
    {
        if (budget is { Usd: < 0 } or { Tokens: < 0 } or { Rounds: < 1 } or { Seconds: < 1 })
        {
            throw new FailureException(FailureKind.MissingField, "A limit must be more than 0.");
        }

        var conversation = await services.Conversations.GetAsync(uri, cancellationToken);
        var command = new ChatCommand(uri, ChatAction.SetBudget, Budget: budget);
        if (await services.Conversations.ForwardAsync(conversation, command, cancellationToken))
        {
            return;
        }

        await conversation.UpdateAsync(
            task =>
            {
                AgentBudget Over(AgentBudget old) =>
                    new(budget.Usd ?? old.Usd, budget.Tokens ?? old.Tokens, budget.Rounds ?? old.Rounds, budget.Seconds ?? old.Seconds);
                return new ChatFields
                {
                    Values = Values((Narrowing.Budget, Json5Conversion.Of(TaskFields.ToJson5(Over(Reader.SpecOf(task).Budget))))),
                };
            },
            null,
            cancellationToken
        );
    }

    /// <summary>Archives a task and its subtasks. None of them may be running.</summary>
    public async Task ArchiveAsync(string uri, CancellationToken cancellationToken)
    {
        var rows = Reader.Rows(uri, includeArchived: true);
        if (rows.FirstOrDefault(row => IsActive(row.Summary.TaskStatus)) is { } busy)
        {
            throw new FailureException(FailureKind.Conflict, $"\"{busy.Summary.Title}\" is still running. Stop it first.");
        }

        foreach (var row in rows)
        {
            await services.Conversations.UpdateAsync(row.Summary.Id, new ChatFields(Archived: true), cancellationToken);
        }
    }

    /// <summary>Turns a task that was created from a chat back into that chat.</summary>
    /// <exception cref="FailureException">Conflict: it was created as a task, or a response is streaming.</exception>
    public async Task<Conversation> ContinueAsChatAsync(string uri, CancellationToken cancellationToken)
    {
        var conversation = await services.Conversations.GetAsync(uri, cancellationToken);
        await conversation.ContinueAsChatAsync(cancellationToken);
        changes.Changed(uri);
        return conversation;
    }

    /// <summary>Drops a task and its subtasks. They are not resumed, and waiting parents are notified.</summary>
    public async Task DiscardAsync(string uri, CancellationToken cancellationToken)
    {
        foreach (var one in Reader.Tree.Under(uri).Prepend(uri))
        {
            await EndAsync(one, StopCause.User, "It was dropped and will not be resumed.", cancellationToken);
        }
    }

    /// <summary>Stores the result of a task, unless it already has one.</summary>
    internal async Task SettleAsync(Conversation conversation, string status, string? reason)
    {
        var task = conversation.Stored;
        if (TaskResult.Of(task) is not null)
        {
            return;
        }

        var under = Reader.Tree.Under(conversation.CodexId);
        var total = Budgets.TotalOf(conversation.CodexId);
        var finished = FinishResult.Of(task);
        // Without a finish call, the last messages may only have failed calls, so the last text is used.
        var text =
            OwnMessages(task)
                .LastOrDefault(message => message.Role == MessageRole.Assistant && (finished is not null || message.Text.Length > 0))
                ?.Text
            ?? "";
        var result = new TaskResult(
            conversation.CodexId,
            status,
            finished is { Problem: null } ? finished.Outputs : null,
            finished is { Problem: not null } ? $"{text}\n\n{finished.Summary}".Trim() : text,
            [
                .. under
                    .Select(Find)
                    .Prepend(task)
                    .SelectMany(FilesOf)
                    .Select(change => change.Path)
                    .Distinct(StringComparer.Ordinal)
                    .Order(StringComparer.Ordinal),
            ],
            total.IsUsdKnown ? total.Usd : null,
            (long)(services.Time.GetUtcNow() - (task.TaskSince ?? task.CreatedAt)).TotalMilliseconds,
            reason
        )
        {
            Worktree = WorktreeOf(task),
        };
        var values = Values((TaskFields.Result, result.ToValue(task.Tree.Head)));
        if (task.Text(TaskStates.Field) != status)
        {
            values = new(values, StringComparer.Ordinal) { [TaskStates.Field] = StoredChat.StatusValue(status)[TaskStates.Field] };
        }

        await conversation.SetTaskValuesAsync(values, CancellationToken.None);
        if (TaskResult.Of(conversation.Stored) is not null)
        {
            services.Chat.EndCommands(conversation.CodexId);
            await Children.StopAllAsync(conversation.Stored);
        }
    }

    private string? WorktreeOf(StoredChat task) =>
        task.Text(StoredChat.IsolationField) == StoredChat.Worktree && services.Chat.Worktrees.Worktrees.Find(task.Id) is { } record
            ? $"branch {record.Branch} in {record.Folder}"
            : null;

    /// <summary>Gets the model chosen for a task and why; null if there was no choice.</summary>
    public RoutingNote? RoutingOf(StoredChat chat) =>
        chat.IsTask && TaskRouting.Of(chat) is { Chosen.Length: > 0, Reason.Length: > 0 } routing
            ? new RoutingNote(routing.Chosen, routing.Reason, routing.Rejected)
            : null;

    /// <summary>Gets the file changes made by the calls of a task, oldest first.</summary>
    internal static IEnumerable<FileChange> FilesOf(StoredChat? task) =>
        task is null
            ? []
            : OwnMessages(task).SelectMany(message => message.Parts.OfType<MessagePart.ToolResult>()).SelectMany(result => result.Changes);

    /// <summary>Gets the messages of the branch without those of the chat that the task continues.</summary>
    internal static IEnumerable<Message> OwnMessages(StoredChat task) => task.Messages.Where(message => message.IsOwn);

    internal static Dictionary<string, JsonElement> Values(params IEnumerable<(string Name, JsonElement Value)> values) =>
        values.ToDictionary(pair => pair.Name, pair => pair.Value, StringComparer.Ordinal);

    /// <summary>True if a process works on a task with this status, or waits in it.</summary>
    internal static bool IsActive(string? status) =>
        status
            is TaskStates.Running
                or TaskStates.Queued
                or TaskStates.Paused
                or TaskStates.WaitingForApproval
                or TaskStates.WaitingForChild;

    private StoredChat? Find(string uri)
    {
        try
        {
            return Reader.Read(uri);
        }
        catch (FailureException)
        {
            return null;
        }
    }

    private async Task EndAsync(string uri, StopCause cause, string reason, CancellationToken cancellationToken)
    {
        var conversation = await services.Conversations.GetAsync(uri, cancellationToken);
        if (
            cause == StopCause.User
            && await services.Conversations.ForwardAsync(conversation, new ChatCommand(uri, ChatAction.Stop), cancellationToken)
        )
        {
            return;
        }

        await conversation.StopAsync(cause);
        var task = conversation.Stored;
        // A finished task keeps its result.
        if (task.Text(TaskStates.Field) is TaskStates.Done or TaskStates.Failed && TaskResult.Of(task) is not null)
        {
            return;
        }

        await SettleAsync(conversation, TaskStates.Stopped, reason);
    }

    /// <summary>Checks the result of a task that reported to be done.</summary>
    private async Task<bool> CheckResultAsync(
        Conversation conversation,
        StoredChat task,
        Message answer,
        CancellationToken cancellationToken
    )
    {
        var spec = Reader.SpecOf(task);
        var result = FinishResult.Of(task);
        if (answer.StopReason == StopReason.Refusal)
        {
            const string Refused = "The model declined to respond.";
            if (await TryNextCandidateAsync(conversation, task, Refused, cancellationToken))
            {
                return true;
            }
            await SettleAsync(conversation, TaskStates.Failed, Refused);
            return false;
        }

        var isForgotten = spec.Outputs is not null && result is null;
        if (isForgotten && !WasRemindedToFinish(task))
        {
            await conversation.SendAsync(new Draft(AskToFinish), mayWait: false, cancellationToken);
            return true;
        }

        if (await FailedCheckAsync(conversation, spec, result, cancellationToken) is not { } failed)
        {
            // The task is done, even if its result has the wrong form.
            await SettleAsync(
                conversation,
                TaskStates.Done,
                isForgotten ? NotFinished
                    : result?.Problem is { } problem ? $"Its result does not match the schema of its template. {problem}"
                    : null
            );
            return false;
        }

        var routing = TaskRouting.Of(task) ?? new TaskRouting(task.Model ?? "", "", [], [], 0);
        if (routing.Tries + 1 < TaskRouting.MaxTriesPerCandidate)
        {
            await conversation.SetTaskValuesAsync(
                Values((TaskFields.Routing, (routing with { Tries = routing.Tries + 1 }).ToValue())),
                cancellationToken
            );
            await conversation.SendAsync(new Draft($"{failed} Fix that, then finish again."), mayWait: false, cancellationToken);
            return true;
        }

        if (await TryNextCandidateAsync(conversation, task, failed, cancellationToken))
        {
            return true;
        }

        await SettleAsync(conversation, TaskStates.Failed, failed);
        return false;
    }

    private const string AskToFinish =
        "Your task has not ended: return its result by calling the tool finish, once and with everything it asks for.";

    private const string NotFinished = "The model did not call finish; this is its last message.";

    private static bool WasRemindedToFinish(StoredChat task) =>
        task.Messages.LastOrDefault(message => message.Role == MessageRole.User)?.Text == AskToFinish;

    /// <summary>True if the task was stopped because it repeated a malformed call of finish. Its work is done.</summary>
    private static bool IsStuckAtFinish(StoredChat task, Message answer) =>
        answer.Error?.Kind == FailureKind.RoundLimit
        && task.Messages.SelectMany(message => message.Parts.OfType<MessagePart.ToolUse>()).LastOrDefault()?.ToolName
            == FinishTool.ToolName;

    /// <summary>Runs the checks up to the first that fails, and stores their results.</summary>
    /// <returns>The first failed check, in one sentence; null if all passed.</returns>
    private async Task<string?> FailedCheckAsync(
        Conversation conversation,
        AgentSpec spec,
        FinishResult? result,
        CancellationToken cancellationToken
    )
    {
        List<CheckResult> results = [];
        foreach (var check in spec.Checks)
        {
            var began = services.Time.GetTimestamp();
            var problem = await ProblemAsync(conversation, check, result, cancellationToken);
            results.Add(new CheckResult(check.Command ?? CheckResult.Schema, services.Time.GetElapsedTime(began).TotalSeconds, problem));
            if (problem is not null)
            {
                break;
            }
        }
        if (results.Count > 0)
        {
            await conversation.SetTaskValuesAsync(Values((TaskFields.CheckResults, CheckResult.ToValue(results))), cancellationToken);
        }

        return results is [.., { Problem: { } failed }] ? failed : null;
    }

    /// <returns>Why the check failed, in one sentence; null if it passed.</returns>
    private static async Task<string?> ProblemAsync(
        Conversation conversation,
        AgentCheck check,
        FinishResult? result,
        CancellationToken cancellationToken
    )
    {
        if (check.Schema is { } schema)
        {
            return result?.Outputs is not { } outputs ? "A check needs a result returned with the tool finish."
                : OutputSchema.Check(outputs, schema) is { } problem ? $"A check of the result failed. {problem}"
                : null;
        }

        return check.Command is { } command && await FailedCommandAsync(conversation, command, cancellationToken) is { } said
            ? $"The check `{command}` failed: {said}"
            : null;
    }

    /// <returns>The error or output of the command; null if it exited with 0.</returns>
    private static async Task<string?> FailedCommandAsync(Conversation conversation, string command, CancellationToken cancellationToken)
    {
        var ran = await conversation.RunCommandAsync(command, cancellationToken);
        return ran is { Error: null, ExitCode: 0 } ? null : ran.Error ?? ran.Result ?? "It did not end.";
    }

    /// <summary>Continues with the next candidate after the current one failed.</summary>
    /// <returns>False if there is no other candidate.</returns>
    private async Task<bool> TryNextCandidateAsync(
        Conversation conversation,
        StoredChat task,
        string why,
        CancellationToken cancellationToken
    )
    {
        if (TaskRouting.Of(task) is not { Next: [var next, ..] } routing)
        {
            return false;
        }

        await conversation.SetTaskValuesAsync(Values((TaskFields.Routing, routing.Failed(why).ToValue())), cancellationToken);
        try
        {
            await conversation.SendAsync(
                new Draft($"You are taking over from {routing.Chosen}, which failed: {why} Review what was done, then complete the goal.")
                {
                    ProviderId = next.Choice.ProviderId,
                    Model = next.Choice.Model,
                },
                mayWait: false,
                cancellationToken
            );
            return true;
        }
        catch (FailureException fault)
        {
            services.Logger.LogInformation(
                "{Task} was not taken over by {Candidate}: {Why}",
                conversation.CodexId,
                next.Name,
                fault.Message
            );
            return await TryNextCandidateAsync(conversation, conversation.Stored, fault.Message, cancellationToken);
        }
    }

    private void PublishWaitingTasks()
    {
        foreach (var summary in Reader.Summaries.Where(summary => IsActive(summary.TaskStatus)))
        {
            Changed(TaskReader.UriOf(summary));
        }
    }
}
