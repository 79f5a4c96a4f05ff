using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Store;
using Plue.Server.Templates;
using Plue.Server.Tools;

namespace Plue.Server.Agents;

/// <summary>What a person, a parent or Plue itself does to tasks, and how each is brought to its end.</summary>
public sealed class AgentTasks : ITaskSupervisor, IBudget
{
    private const string Stopped = "It was stopped.";

    private readonly AgentServices services;
    private readonly TaskChanges news;
    private readonly Lazy<SpawnTaskTool> spawnTask;
    private readonly ConcurrentDictionary<string, bool> reattaching = new(StringComparer.Ordinal); // tasks that wait again for children of theirs

    internal AgentTasks(AgentServices services)
    {
        this.services = services;
        Reader = new TaskReader(services.Conversations, services.Providers, services.Approvals);
        Budgets = new BudgetTree(Reader.Nodes);
        news = new TaskChanges(Reader, services.Changed, services.Time, services.Logger);
        Spawner = new TaskSpawner(services, this);
        spawnTask = new(() => new SpawnTaskTool(Spawner, services.Chat.PromptOf($"tool-{SpawnTaskTool.ToolName}")));
        services.Approvals.Changed += PublishWaitingTasks;
        services.Conversations.Supervise(this, this);
    }

    public TaskReader Reader { get; }

    public BudgetTree Budgets { get; }

    internal TaskSpawner Spawner { get; }

    public Task<string> SpawnForHookAsync(
        string templateId,
        Json5Object values,
        string spawnedBy,
        int depth,
        CancellationToken cancellationToken
    ) => Spawner.SpawnForHookAsync(templateId, values, spawnedBy, depth, cancellationToken);

    /// <summary>A row of the tree changed.</summary>
    /// <param name="codexId">Of a task; chats are ignored.</param>
    /// <param name="summary">Null if it was deleted.</param>
    public void Changed(string codexId, ChatSummary? summary)
    {
        if (summary?.IsTask != false)
        {
            news.Changed(codexId);
        }
    }

    /// <summary>Something beside its journal changed the row of a task.</summary>
    internal void Changed(string uri) => news.Changed(uri);

    /// <summary>Completes at the next change of a task. Taken before one looks.</summary>
    internal Task NextChangeAsync(string uri) => news.NextAsync(uri);

    /// <summary>Completes at the next change of any task. Taken before one looks.</summary>
    public Task NextChangeAsync() => news.NextAsync(TaskChanges.Any);

    /// <summary>What came of a task; null while it has not ended.</summary>
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
                    .Any(result => result.Error?.Contains(ToolRunner.NobodyAsked, StringComparison.Ordinal) == true)
            );

    /// <inheritdoc/>
    public bool IsJudged(StoredChat task) => Reader.IsJudged(task);

    /// <summary>
    /// Handles the end of a task's turn. Its result is compared with the schema and checks of its template. A missing result is requested once; when a check fails
    /// it is reported once, and then another candidate continues. Otherwise the result is stored.
    /// </summary>
    /// <returns>Whether it goes on.</returns>
    public async Task<bool> TurnEndedAsync(Conversation conversation, Message answer, CancellationToken cancellationToken)
    {
        var task = conversation.Stored;
        if (!task.IsTask || task.Queue.Count > 0 || TaskResult.Of(task) is not null)
        {
            return false;
        }

        switch (task.Text(TaskStates.Field))
        {
            case TaskStates.Stopped:
                await SettleAsync(conversation, TaskStates.Stopped, Stopped);
                return false;
            case TaskStates.Failed when IsStuckAtFinish(task, answer):
                return await JudgeAsync(conversation, task, answer, cancellationToken);
            case TaskStates.Failed when await HandOverAsync(conversation, task, answer.Error?.Message ?? "It failed.", cancellationToken):
                return true;
            case TaskStates.Failed:
                await SettleAsync(conversation, TaskStates.Failed, answer.Error?.Message ?? "It failed.");
                return false;
            case TaskStates.Done:
                return await JudgeAsync(conversation, task, answer, cancellationToken);
            default:
                return false;
        }
    }

    /// <summary>The tools that a task has beside those of its template: to end its work, and where the template lists it to have a part of it done.</summary>
    public IReadOnlyList<ITool> ToolsFor(StoredChat chat)
    {
        var spec = Reader.SpecOf(chat);
        List<ITool> tools = [];
        if (spec.AvailableTools.Contains(SpawnTaskTool.ToolName))
        {
            tools.Add(spawnTask.Value);
        }
        if (chat.IsTask && (spec.Outputs is not null || chat.Text(StoredChat.SpawnedByField) is not null))
        {
            tools.Add(new FinishTool(spec.Outputs, HandAsync));
        }

        return tools;
    }

    /// <summary>Checks a request against the budgets of all parents, too.</summary>
    /// <param name="price">Null where none is known, and for what costs nothing.</param>
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

    /// <summary>The same for an answer that is being given by a program which runs its own rounds, with the round that would follow.</summary>
    /// <param name="cost">USD so far; null where no price is known.</param>
    /// <exception cref="FailureException">BudgetExceeded.</exception>
    public void CheckRunning(StoredChat task, Usage usage, int rounds, decimal? cost)
    {
        if (task.IsTask)
        {
            Budgets.Reserve(CodexUri.OfChannel(task.Id).ToString(), new Spend(cost ?? 0, true, usage.TotalTokens, rounds + 1, 0));
        }
    }

    /// <summary>Keeps what the tool finish was called with.</summary>
    /// <returns>What does not fit, when it may be called once more; null when the work has ended.</returns>
    public async Task<string?> HandAsync(string uri, JsonElement outputs, CancellationToken cancellationToken)
    {
        var conversation = await services.Conversations.GetAsync(uri, cancellationToken);
        var task = conversation.Stored;
        var asked = Reader.SpecOf(task).Outputs;
        var isSecond = FinishResult.Of(task)?.Problem is not null;
        // An unknown argument is refused once; everything the template requires is present.
        var problem = isSecond
            ? asked is null
                ? null
                : OutputSchema.Check(outputs, asked)
            : OutputSchema.Check(outputs, FinishTool.SchemaOf(asked));
        var handed = new FinishResult(FinishResult.QuestionOf(task), outputs, problem);
        await conversation.KeepAsync(Values((TaskFields.Handed, handed.ToValue())), cancellationToken);
        return isSecond ? null : problem;
    }

    /// <exception cref="FailureException">NotFound; Conflict: another window works on it.</exception>
    public async Task StopAsync(string uri, bool under, StopCause cause, CancellationToken cancellationToken)
    {
        // From the top: a parent that learns of a stopped child would continue with the next one.
        foreach (var one in under ? Reader.Tree.Under(uri).Prepend(uri) : [uri])
        {
            await EndAsync(one, cause, Stopped, cancellationToken);
        }
    }

    /// <summary>Stops every task that this process works on, as the user asked.</summary>
    public async Task StopAllAsync(CancellationToken cancellationToken)
    {
        var tree = Reader.Tree;
        foreach (
            var uri in Reader
                .Summaries.Where(summary => IsUnderWay(summary.TaskStatus))
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

    /// <summary>Takes effect at the next settled step. Nothing where nothing is at work.</summary>
    public async Task PauseAsync(string uri, CancellationToken cancellationToken) =>
        await (await services.Conversations.GetAsync(uri, cancellationToken)).PauseAsync();

    /// <summary>Continues a task from its last stored step. Children whose call a restart cut off continue first, and their results are the result of that call.</summary>
    /// <exception cref="FailureException">Conflict: it is done.</exception>
    public async Task ResumeAsync(string uri, CancellationToken cancellationToken)
    {
        var conversation = await services.Conversations.GetAsync(uri, cancellationToken);
        var now = await conversation.SnapshotAsync();
        if (now.TurnId is not null)
        {
            await conversation.ResumeAsync();
            return;
        }

        if (Reader.Undecided(conversation.Stored) is { } response)
        {
            await TurnEndedAsync(conversation, response, cancellationToken);
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
                _ = ReattachAsync(conversation, children);
            }
        }
        else
        {
            await GoOnAsync(conversation, cancellationToken);
        }
    }

    /// <summary>Its next request follows what is stored.</summary>
    internal static async Task GoOnAsync(Conversation conversation, CancellationToken cancellationToken)
    {
        var messages = conversation.Stored.Messages;
        if (messages is not [.., var last])
        {
            await conversation.SendAsync(new Draft(""), mayWait: false, cancellationToken);
        }
        else
        {
            await conversation.RetryAsync(last.Id, null, null, goOn: last.Role != MessageRole.User, cancellationToken);
        }
    }

    private async Task ReattachAsync(Conversation conversation, IReadOnlyList<CutOffCall> children)
    {
        try
        {
            var results = await Spawner.WaitAgainAsync(conversation.CodexId, children);
            var task = conversation.Stored;
            if (TaskResult.Of(task) is not null)
            {
                return;
            } // ended meanwhile

            if (task.Messages is [.., { HasToolRound: true }])
            {
                await conversation.SettleRoundAsync(
                    results.ToDictionary(one => one.ToolUseId, one => one.Result.ToJson(), StringComparer.Ordinal),
                    CancellationToken.None
                );
                await GoOnAsync(conversation, CancellationToken.None);
                return;
            }

            // A program with its own tool loop has its own history, to which nothing can be added afterwards.
            var text = string.Join("\n\n", results.Select(one => one.Result.ToJson()));
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
            reattaching.TryRemove(conversation.CodexId, out _);
        }
    }

    /// <summary>Tells it something; with its next round while it works, else it goes on with that.</summary>
    public async Task SteerAsync(string uri, string text, CancellationToken cancellationToken)
    {
        var conversation = await services.Conversations.GetAsync(uri, cancellationToken);
        await conversation.SteerAsync(null, new Draft(text), cancellationToken);
    }

    /// <summary>Sets limits; null keeps a limit. A task that stopped at its budget then waits to be resumed.</summary>
    public async Task SetBudgetAsync(string uri, AgentBudget budget, CancellationToken cancellationToken)
    {
        if (budget is { Usd: < 0 } or { Tokens: < 0 } or { Rounds: < 1 } or { Seconds: < 1 })
        {
            throw new FailureException(FailureKind.MissingField, "A limit must be more than 0.");
        }

        var conversation = await services.Conversations.GetAsync(uri, cancellationToken);
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

    /// <summary>Out of sight, with everything under it; none of it may be at work.</summary>
    public async Task ArchiveAsync(string uri, CancellationToken cancellationToken)
    {
        var rows = Reader.Rows(uri, includeArchived: true);
        if (rows.FirstOrDefault(row => IsUnderWay(row.Summary.TaskStatus)) is { } busy)
        {
            throw new FailureException(FailureKind.Conflict, $"\"{busy.Summary.Title}\" is still running. Stop it first.");
        }

        foreach (var row in rows)
        {
            await services.Conversations.UpdateAsync(row.Summary.Id, new ChatFields(Archived: true), cancellationToken);
        }
    }

    /// <summary>Turns a task that was a chat back into that chat.</summary>
    /// <exception cref="FailureException">Conflict: it was made as a task, or a response is streaming.</exception>
    public async Task<Conversation> ContinueAsChatAsync(string uri, CancellationToken cancellationToken)
    {
        var conversation = await services.Conversations.GetAsync(uri, cancellationToken);
        await conversation.ContinueAsChatAsync(cancellationToken);
        news.Changed(uri);
        return conversation;
    }

    /// <summary>Drops a task and its subtasks: they will not be resumed, and waiting parents are notified.</summary>
    public async Task DropAsync(string uri, CancellationToken cancellationToken)
    {
        foreach (var one in Reader.Tree.Under(uri).Prepend(uri))
        {
            await EndAsync(one, StopCause.User, "It was dropped and will not be resumed.", cancellationToken);
        }
    }

    /// <summary>Keeps how it ended. Once.</summary>
    internal async Task SettleAsync(Conversation conversation, string status, string? reason)
    {
        var task = conversation.Stored;
        if (TaskResult.Of(task) is not null)
        {
            return;
        }

        var under = Reader.Tree.Under(conversation.CodexId);
        var inAll = Budgets.InAll(conversation.CodexId);
        var handed = FinishResult.Of(task);
        // A task that never handed anything back may have ended with calls that failed: its last text counts.
        var said =
            OwnMessages(task)
                .LastOrDefault(message => message.Role == MessageRole.Assistant && (handed is not null || message.Text.Length > 0))
                ?.Text
            ?? "";
        var result = new TaskResult(
            conversation.CodexId,
            status,
            handed is { Problem: null } ? handed.Outputs : null,
            handed is { Problem: not null } ? $"{said}\n\n{handed.Summary}".Trim() : said,
            [
                .. under
                    .Select(Find)
                    .Prepend(task)
                    .SelectMany(FilesOf)
                    .Select(change => change.Path)
                    .Distinct(StringComparer.Ordinal)
                    .Order(StringComparer.Ordinal),
            ],
            inAll.IsUsdKnown ? inAll.Usd : null,
            (long)(services.Time.GetUtcNow() - (task.TaskSince ?? task.CreatedAt)).TotalMilliseconds,
            reason
        );
        var values = Values((TaskFields.Result, result.ToValue(task.Tree.Head)));
        if (task.Text(TaskStates.Field) != status)
        {
            values = new(values, StringComparer.Ordinal) { [TaskStates.Field] = StoredChat.StatusValue(status)[TaskStates.Field] };
        }

        await conversation.KeepAsync(values, CancellationToken.None);
    }

    /// <summary>Who was chosen for the answers of a task, and why; null where nothing was to be chosen.</summary>
    public RoutingNote? RoutingOf(StoredChat chat) =>
        chat.IsTask && TaskRouting.Of(chat) is { Chosen.Length: > 0, Why.Length: > 0 } routing
            ? new RoutingNote(routing.Chosen, routing.Why, routing.Rejected)
            : null;

    /// <summary>What the calls of a task changed, oldest first.</summary>
    internal static IEnumerable<FileChange> FilesOf(StoredChat? task) =>
        task is null
            ? []
            : OwnMessages(task).SelectMany(message => message.Parts.OfType<MessagePart.ToolResult>()).SelectMany(result => result.Changes);

    /// <summary>The messages of the branch without those of the chat that the task continues.</summary>
    internal static IEnumerable<Message> OwnMessages(StoredChat task) => task.Messages.Where(message => message.IsOwn);

    internal static Dictionary<string, JsonElement> Values(params IEnumerable<(string Name, JsonElement Value)> values) =>
        values.ToDictionary(pair => pair.Name, pair => pair.Value, StringComparer.Ordinal);

    private static bool IsUnderWay(string? status) =>
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
        await conversation.StopAsync(cause);
        var task = conversation.Stored;
        // What is done stays done.
        if (task.Text(TaskStates.Field) is TaskStates.Done or TaskStates.Failed && TaskResult.Of(task) is not null)
        {
            return;
        }

        await SettleAsync(conversation, TaskStates.Stopped, reason);
    }

    /// <summary>It says that it is done: is it?</summary>
    private async Task<bool> JudgeAsync(Conversation conversation, StoredChat task, Message answer, CancellationToken cancellationToken)
    {
        var spec = Reader.SpecOf(task);
        var handed = FinishResult.Of(task);
        if (answer.StopReason == StopReason.Refusal)
        {
            const string Refused = "The model declined to respond.";
            if (await HandOverAsync(conversation, task, Refused, cancellationToken))
            {
                return true;
            }
            await SettleAsync(conversation, TaskStates.Failed, Refused);
            return false;
        }

        var isForgotten = spec.Outputs is not null && handed is null;
        if (isForgotten && !WasAskedToFinish(task))
        {
            await conversation.SendAsync(new Draft(AskToFinish), mayWait: false, cancellationToken);
            return true;
        }

        if (await FailedCheckAsync(conversation, spec, handed, cancellationToken) is not { } failed)
        {
            // The work is done, in whatever form its result came.
            await SettleAsync(
                conversation,
                TaskStates.Done,
                isForgotten ? NotFinished
                    : handed?.Problem is { } problem ? $"Its result does not match the schema of its template. {problem}"
                    : null
            );
            return false;
        }

        var routing = TaskRouting.Of(task) ?? new TaskRouting(task.Model ?? "", "", [], [], 0);
        if (routing.Tries + 1 < TaskRouting.TriesEach)
        {
            await conversation.KeepAsync(
                Values((TaskFields.Routing, (routing with { Tries = routing.Tries + 1 }).ToValue())),
                cancellationToken
            );
            await conversation.SendAsync(new Draft($"{failed} Fix that, then finish again."), mayWait: false, cancellationToken);
            return true;
        }

        if (await HandOverAsync(conversation, task, failed, cancellationToken))
        {
            return true;
        }

        await SettleAsync(conversation, TaskStates.Failed, failed);
        return false;
    }

    private const string AskToFinish =
        "Your task has not ended: return its result by calling the tool finish, once and with everything it asks for.";

    private const string NotFinished = "The model did not call finish; this is its last message.";

    private static bool WasAskedToFinish(StoredChat task) =>
        task.Messages.LastOrDefault(message => message.Role == MessageRole.User)?.Text == AskToFinish;

    /// <summary>Its work is done, but it repeated a call of finish that could not be read until it was stopped.</summary>
    private static bool IsStuckAtFinish(StoredChat task, Message answer) =>
        answer.Error?.Kind == FailureKind.RoundLimit
        && task.Messages.SelectMany(message => message.Parts.OfType<MessagePart.ToolUse>()).LastOrDefault()?.ToolName
            == FinishTool.ToolName;

    /// <returns>The first check that fails, in a sentence; null when all is well.</returns>
    private static async Task<string?> FailedCheckAsync(
        Conversation conversation,
        AgentSpec spec,
        FinishResult? handed,
        CancellationToken cancellationToken
    )
    {
        foreach (var check in spec.Checks)
        {
            if (check.Schema is { } schema)
            {
                if (handed?.Outputs is not { } outputs)
                {
                    return "A check needs a result returned with the tool finish.";
                }
                if (OutputSchema.Check(outputs, schema) is { } problem)
                {
                    return $"A check of the result failed. {problem}";
                }
            }
            else if (check.Command is { } command && await FailedCommandAsync(conversation, command, cancellationToken) is { } said)
            {
                return $"The check `{command}` failed: {said}";
            }
        }

        return null;
    }

    /// <returns>What it said when it did not end with 0.</returns>
    private static async Task<string?> FailedCommandAsync(Conversation conversation, string command, CancellationToken cancellationToken)
    {
        var ran = await conversation.RunCommandAsync(command, cancellationToken);
        return ran is { Error: null, ExitCode: 0 } ? null : ran.Error ?? ran.Result ?? "It did not end.";
    }

    /// <summary>The next candidate goes on where this one failed.</summary>
    /// <returns>False when there is none.</returns>
    private async Task<bool> HandOverAsync(Conversation conversation, StoredChat task, string why, CancellationToken cancellationToken)
    {
        if (TaskRouting.Of(task) is not { Next: [var next, ..] } routing)
        {
            return false;
        }

        await conversation.KeepAsync(Values((TaskFields.Routing, routing.Failed(why).ToValue())), cancellationToken);
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
            return await HandOverAsync(conversation, conversation.Stored, fault.Message, cancellationToken);
        }
    }

    private void PublishWaitingTasks()
    {
        foreach (var summary in Reader.Summaries.Where(summary => IsUnderWay(summary.TaskStatus)))
        {
            Changed(TaskReader.UriOf(summary));
        }
    }
}
