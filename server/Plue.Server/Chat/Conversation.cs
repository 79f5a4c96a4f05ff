using System.Text.Json;
using Microsoft.Extensions.Logging;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Store;
using Plue.Server.Templates;
using Plue.Server.Tools;
using Plue.Server.Tools.Hooks;

namespace Plue.Server.Chat;

/// <summary>One open chat: its stored messages, the running turn, and all user operations.</summary>
internal sealed class Conversation : IAsyncDisposable
{
    internal static readonly HookChange Created = new(HookTrigger.Created);

    private const string NoMessage = "there was no message to respond to.";

    private readonly ChatState state;
    private readonly ChatServices services;
    private readonly Following following;
    private readonly SemaphoreSlim changing = new(1, 1); // serializes user operations; not held while a response streams
    private readonly SemaphoreSlim updating = new(1, 1); // separate, because fields can change during another operation
    private CancellationTokenSource? preparing; // cancels requests made before a turn starts
    private volatile TaskCompletionSource? starting; // a new task whose turn has not started yet
    private volatile bool isTakenUp; // see TakeUpAsync
    private int stops; // stops in progress: no turn may start
    private Task beginning = Task.CompletedTask; // the hooks for its creation

    /// <param name="journal">Null if this window cannot write; <paramref name="readOnlyReason"/> then has the reason.</param>
    /// <param name="before">The earlier read-only instance of the same chat, whose views must reload.</param>
    internal Conversation(
        ChatServices services,
        Automation automation,
        IChats chats,
        StoredChat chat,
        ChatJournal? journal,
        string? readOnlyReason,
        Conversation? before = null
    )
    {
        this.services = services;
        state = new ChatState(services, automation, chats, chat, journal, readOnlyReason, before?.state);
        following = new Following(state.Sink, chat);
    }

    public string CodexId => state.CodexId;

    /// <summary>Gets why the chat is read-only; null if it is not.</summary>
    public string? ReadOnlyReason => state.ReadOnlyReason;

    /// <summary>True if the disk or the file format makes the chat read-only. Changes by other windows are then not followed.</summary>
    public bool IsReadOnly => state.Journal is null;

    /// <summary>True while another process works on the chat.</summary>
    public bool IsRunningElsewhere => state.Journal?.ReadOnlyReason is not null;

    public bool IsClosing => state.Closing.IsCancellationRequested;

    public ChatSummary Summary => state.Summary;

    internal StoredChat Stored => state.Chat;

    /// <summary>Gets the instructions, with the files of the folder in which it works.</summary>
    internal InstructionBuilder Instructions => state.Instructions;

    /// <summary>True while this process works on the chat: a response runs or is about to start, or its subtasks run again. Can be read from any thread.</summary>
    internal bool IsBusy => state.Running is not null || starting is not null || isTakenUp;

    /// <summary>Gets a consistent snapshot for a view.</summary>
    /// <param name="seals">True if later events must have higher numbers than <see cref="ConversationSnapshot.LastSeq"/>.</param>
    public async Task<ConversationSnapshot> SnapshotAsync(bool seals = false)
    {
        await state.Loop.Enter();
        var now = state.Now;
        var messages = now.Messages;
        if (state.Running is { } turn)
        {
            // The file may not contain the start of the response yet.
            var before = now.Tree.PathTo(turn.ParentId);
            messages = turn.Live is { } live
                ? [.. before, live.ToMessage(MessageStatus.Streaming, services.Time.GetUtcNow()) with { ParentId = turn.ParentId }]
                : before;
        }

        return new ConversationSnapshot(
            Summary,
            now,
            messages,
            state.Running?.Id ?? following.TurnId,
            seals ? state.Sink.Seal() : 0,
            ReadOnlyReason
        );
    }

    /// <summary>Reads and publishes changes by other windows. If there are none, this only compares the file's length and time.</summary>
    /// <returns>False if the chat no longer exists.</returns>
    public async Task<bool> FollowAsync()
    {
        if (state.Journal is not { } journal)
        {
            return true;
        }

        await state.Loop.Enter();
        if (IsClosing)
        {
            return true;
        }

        following.Begin();
        if (!journal.Follow(following.Add))
        {
            return false;
        }
        if (following.End(journal.Chat, state.Running is null))
        {
            state.NotifyChanged();
        }

        return true;
    }

    /// <summary>Stores the message durably, and starts a response if a hook of the template requests one.</summary>
    /// <param name="mayWait">True to queue the message while a response streams; it is sent when that one has succeeded.</param>
    public async Task<Sent> SendAsync(Draft draft, bool mayWait, CancellationToken cancellationToken)
    {
        await state.Loop.Enter();
        var writer = state.Writer();
        var message = Compose(draft);
        var queued = new Sent(message.Id, null, IsQueued: true);
        // Checked before waiting, because a summary in progress blocks all other changes.
        if (mayWait && draft.WantsResponse && message.Parts.Count > 0 && await QueueAsync(writer, message, draft, cancellationToken))
        {
            return queued;
        }

        using var change = await BeginChangeAsync(cancellationToken);
        if (mayWait && draft.WantsResponse && message.Parts.Count > 0 && await QueueAsync(writer, message, draft, cancellationToken))
        {
            return queued;
        }

        state.RefuseWhileRunning();
        return await AddAsync(
            message,
            Choice(draft.ProviderId, draft.Model),
            ResponsePolicy(draft.WantsResponse),
            interrupts: false,
            cancellationToken
        );
    }

    /// <summary>
    /// Sends a message before all queued ones. While tools run, it is sent with their results. A streaming response is stopped and kept, because providers
    /// accept no messages in between.
    /// </summary>
    /// <param name="queuedId">The id of a queued message; null sends <paramref name="draft"/>.</param>
    public async Task<Sent> SteerAsync(string? queuedId, Draft? draft, CancellationToken cancellationToken)
    {
        await state.Loop.Enter();
        using var change = await BeginChangeAsync(cancellationToken);
        var writer = state.Writer();
        var message = queuedId is null ? Compose(draft ?? throw NothingToSend()) : Queued(queuedId) with { ParentId = null };
        if (state.Running is { IsAtTools: true } turn && message.Parts.Count > 0)
        {
            if (queuedId is null)
            {
                await writer.QueueAsync(message, cancellationToken);
            }
            if (state.Running == turn && turn.IsAtTools)
            {
                turn.Steering.Enqueue(message.Id);
                state.IsQueueFlowing = true;
                state.PublishQueue();
                return new Sent(message.Id, turn.Id, IsQueued: true);
            }
        }

        var sent = await AddAsync(message, Choice(draft?.ProviderId, draft?.Model), ResponsePolicy(), interrupts: true, cancellationToken);
        if (queuedId is not null)
        {
            state.IsQueueFlowing = true;
        }

        return sent;
    }

    /// <summary>
    /// Sends a message of another agent. It does not interrupt: it follows the results of the running tools or of the next ones, or the response.
    /// </summary>
    /// <param name="isWaiting">True for a task that waits after its last response: the message continues it.</param>
    /// <returns>False if the agent is not running, so that it would not read the message now.</returns>
    public async Task<bool> DeliverAsync(Draft draft, bool isWaiting, CancellationToken cancellationToken)
    {
        await state.Loop.Enter();
        using var change = await BeginChangeAsync(cancellationToken);
        var writer = state.Writer();
        var message = Compose(draft);
        if (state.Running is null)
        {
            if (isWaiting)
            {
                await AddAsync(message, Choice(null, null), ResponsePolicy(), interrupts: false, cancellationToken);
            }
            return isWaiting;
        }

        await writer.QueueAsync(message, cancellationToken);
        state.Running?.Steering.Enqueue(message.Id);
        state.IsQueueFlowing = true;
        state.PublishQueue();
        // The response may have ended in the meantime.
        _ = SendNextAsync();
        return true;
    }

    /// <summary>Pauses the turn after the results of its round are stored. Does nothing if there is no turn or it is already paused.</summary>
    public async Task PauseAsync()
    {
        await state.Loop.Enter();
        if (state.Running is { Pause: null } turn)
        {
            turn.Pause = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Resumes a turn that is paused or about to pause.</summary>
    public async Task ResumeAsync()
    {
        await state.Loop.Enter();
        if (state.Running is not { } turn)
        {
            return;
        }

        turn.Pause?.TrySetResult();
        turn.Pause = null;
    }

    /// <summary>Records that the turn starts or stops waiting, as the status of a task.</summary>
    /// <param name="what">A constant of <see cref="TaskStates"/>.</param>
    public async Task WaitAsync(string what, bool isWaiting)
    {
        await state.Loop.Enter();
        if (state.Running is { } turn)
        {
            state.Wait(turn, what, isWaiting);
        }
    }

    public async Task UnqueueAsync(string queuedId, CancellationToken cancellationToken)
    {
        await state.Loop.Enter();
        using var change = await BeginChangeAsync(cancellationToken);
        await state.Writer().UnqueueAsync(Queued(queuedId).Id, cancellationToken);
        state.PublishQueue();
    }

    /// <summary>Sends an edited question as an alternative to the old one, which keeps its responses.</summary>
    public async Task<Sent> EditAsync(string messageId, Draft draft, CancellationToken cancellationToken)
    {
        await state.Loop.Enter();
        using var change = await BeginChangeAsync(cancellationToken);
        state.Writer();
        state.RefuseWhileRunning();
        var old = Find(messageId);
        if (old.Role != MessageRole.User)
        {
            throw new FailureException(FailureKind.Conflict, "Only your own messages can be edited. Select Retry to get another response.");
        }

        var message = Compose(
            draft with
            {
                Files = draft.Files ?? [.. old.Parts.OfType<MessagePart.File>().Where(file => file.Skill is null)],
            }
        ) with
        {
            ParentId = old.ParentId ?? "",
        };
        return await AddAsync(
            message,
            Choice(draft.ProviderId, draft.Model),
            ResponsePolicy(draft.WantsResponse),
            interrupts: false,
            cancellationToken
        );
    }

    /// <summary>Requests another response to a question, or continues the last response.</summary>
    /// <param name="messageId">The question, or a message after it.</param>
    public async Task<Sent> RetryAsync(
        string messageId,
        string? providerId,
        string? model,
        bool isContinuation,
        CancellationToken cancellationToken
    )
    {
        await state.Loop.Enter();
        using var change = await BeginChangeAsync(cancellationToken);
        state.Writer();
        state.RefuseWhileRunning();
        var path = Chat.Tree.PathTo(Find(messageId).Id);
        var question =
            path.LastOrDefault(message => message.Role == MessageRole.User)
            ?? throw new FailureException(FailureKind.Conflict, "There is no message of yours before this one.");
        if (isContinuation && Chat.Messages.LastOrDefault(message => message.Role == MessageRole.User)?.Id != question.Id)
        {
            throw new FailureException(FailureKind.Conflict, "Only the last response of a chat can be continued.");
        }

        // The other model is used only once; the chat keeps its own.
        var requests = await PlanAsync(Choice(providerId, model), isContinuation, cancellationToken);
        var turnId = StartTurn(requests, isContinuation ? Chat.Tree.Head : ParentOfResponse(question, path));
        state.NotifyChanged();
        return new Sent(question.Id, turnId);
    }

    /// <summary>Gets the message that another response follows: the question, or the summary created for its first response.</summary>
    private string ParentOfResponse(Message question, IReadOnlyList<Message> path)
    {
        var answered = path[^1].Id == question.Id ? Chat.Tree.PathTo(Chat.Tree.LeafOf(question.Id)) : path;
        return answered
                .SkipWhile(message => message.Id != question.Id)
                .Skip(1)
                .TakeWhile(message => message.Compaction is not null)
                .LastOrDefault()
                ?.Id
            ?? question.Id;
    }

    /// <summary>
    /// Hides a response, or a question with everything after it, and shows the remaining alternative if there is one. The journal keeps the messages.
    /// </summary>
    public async Task DiscardAsync(string messageId, CancellationToken cancellationToken)
    {
        await state.Loop.Enter();
        using var change = await BeginChangeAsync(cancellationToken);
        var writer = state.Writer();
        state.RefuseWhileRunning();
        var tree = Chat.Tree;
        var message = Find(messageId);
        var gone = message.Role == MessageRole.User ? tree.DescendantsOf(message.Id) : tree.ResponsesTo(message);
        var first = tree.Find(gone[0])!;
        var beside = tree.AlternativesOf(first);
        var other = beside.LastOrDefault(id => string.CompareOrdinal(id, first.Id) < 0) ?? beside.FirstOrDefault(id => id != first.Id);
        await writer.DiscardAsync(gone, other is not null && gone.Contains(tree.Head) ? tree.LeafOf(other) : null, cancellationToken);
        state.Sink.Publish(
            gone.Count == 1 && other is null ? new TurnEvent.MessageRemoved(message.Id) : new TurnEvent.BranchChanged(Chat.Tree.Head)
        );
        state.NotifyChanged();
    }

    /// <summary>Shows the branch that contains this message, to its newest end.</summary>
    public async Task SwitchAsync(string messageId, CancellationToken cancellationToken)
    {
        await state.Loop.Enter();
        using var change = await BeginMoveAsync(cancellationToken);
        await state.Writer().SwitchAsync(Chat.Tree.LeafOf(Find(messageId).Id), cancellationToken);
        PublishMoved();
    }

    /// <summary>Hides the last turn.</summary>
    /// <exception cref="FailureException">Conflict: there is no turn.</exception>
    public async Task UndoAsync(CancellationToken cancellationToken)
    {
        await state.Loop.Enter();
        using var change = await BeginMoveAsync(cancellationToken);
        if (Chat.Tree.UndoTarget is { } head)
        {
            await MoveEditsAsync(Beyond(Chat.Messages, head).Reverse(), isUndo: true, cancellationToken);
        }
        await state.Writer().UndoAsync(cancellationToken);
        PublishMoved();
    }

    /// <summary>Restores what the last undo hid.</summary>
    /// <exception cref="FailureException">Conflict: there is nothing to restore.</exception>
    public async Task RedoAsync(CancellationToken cancellationToken)
    {
        await state.Loop.Enter();
        using var change = await BeginMoveAsync(cancellationToken);
        if (Chat.Tree.RedoTarget is { } head)
        {
            await MoveEditsAsync(Beyond(Chat.Tree.PathTo(head), Chat.Tree.Head), isUndo: false, cancellationToken);
        }
        await state.Writer().RedoAsync(cancellationToken);
        PublishMoved();
    }

    private async Task<Change> BeginMoveAsync(CancellationToken cancellationToken)
    {
        var change = await BeginChangeAsync(cancellationToken);
        try
        {
            state.Writer();
            state.RefuseWhileRunning();
            return change;
        }
        catch
        {
            change.Dispose();
            throw;
        }
    }

    private void PublishMoved()
    {
        state.Sink.Publish(new TurnEvent.BranchChanged(Chat.Tree.Head));
        state.NotifyChanged();
    }

    /// <summary>Gets the messages of a branch after the given one; all for an empty id.</summary>
    private static IEnumerable<Message> Beyond(IReadOnlyList<Message> path, string id) =>
        id.Length == 0 ? path : path.SkipWhile(message => message.Id != id).Skip(1);

    /// <summary>Reverts or reapplies file changes. Called before messages move: if files cannot be changed, nothing is.</summary>
    private async Task MoveEditsAsync(IEnumerable<Message> messages, bool isUndo, CancellationToken cancellationToken)
    {
        if (
            messages.Select(message => message.TurnId).OfType<string>().Distinct(StringComparer.Ordinal).ToList()
            is not { Count: > 0 } turnIds
        )
        {
            return;
        }

        var outcome = isUndo
            ? await services.Edits.UndoTurnsAsync(state.Workspace.TrustedFolders, CodexId, turnIds, cancellationToken)
            : await services.Edits.RedoTurnsAsync(state.Workspace.TrustedFolders, CodexId, turnIds, cancellationToken);
        if (outcome.Conflicts.Count > 0)
        {
            services.Events.Notify(string.Join(' ', outcome.Conflicts), CodexId);
        }
    }

    /// <summary>Gets the displayed branch up to and including a message, for a copy. A streaming message is omitted.</summary>
    public IReadOnlyList<Message> BranchTo(string? messageId) =>
        [
            .. (messageId is null ? Chat.Messages : Chat.Tree.PathTo(Find(messageId).Id)).Where(message =>
                message.Status != MessageStatus.Streaming
            ),
        ];

    /// <summary>Marks all messages as read. Writes only if this changes something, and never fails.</summary>
    public async Task MarkReadAsync(CancellationToken cancellationToken)
    {
        await state.Loop.Enter();
        var now = Chat;
        var last =
            now.Messages.LastOrDefault(message => message.Role == MessageRole.Assistant && message.Status != MessageStatus.Streaming)?.Id
            ?? "";
        if (state.Journal is not { } journal || (!now.Unread && now.ReadUntil is not null))
        {
            return;
        }

        try
        {
            await journal.UpdateAsync(new ChatFields { ReadUntil = last }, cancellationToken);
            state.NotifyChanged();
        }
        catch (FailureException fault)
        {
            services.Logger.LogDebug("{Chat} stays unread: {Reason}", CodexId, fault.Message);
        }
    }

    /// <summary>Summarizes everything before the last question. It is displayed and can be stopped like a response.</summary>
    /// <exception cref="FailureException">Conflict: there is nothing to summarize. Otherwise the failure of the model.</exception>
    public async Task<Compaction> CompactAsync(CancellationToken cancellationToken)
    {
        await state.Loop.Enter();
        using var change = await BeginChangeAsync(cancellationToken);
        state.Writer();
        state.RefuseWhileRunning();
        Compactor.RequireWork(Chat.Messages);
        var chosen = new ModelChoice(Chat.ProviderId ?? throw TurnRequests.NoProvider(), Chat.Model);
        var work = new RunningTurn(Chat.Tree.Head, services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, work.Stop.Token, state.Closing.Token);
        state.Running = work;
        state.Sink.Publish(new TurnEvent.TurnStarted(work.Id));
        var (reason, error) = (StopReason.EndTurn, (Failure?)null);
        try
        {
            return (await state.Context.SummariseAsync(Chat.Messages, chosen, either.Token).WaitAsync(either.Token)).Compaction!;
        }
        catch (OperationCanceledException)
        {
            reason = StopReason.Stopped;
            throw;
        }
        catch (FailureException fault)
        {
            (reason, error) = (StopReason.Failed, fault.Failure);
            throw;
        }
        finally
        {
            state.Running = null;
            state.Sink.Publish(new TurnEvent.TurnFinished(work.Id, reason, error));
            state.Sink.Idle();
            state.NotifyChanged();
            work.Stop.Dispose();
            work.Ended.TrySetResult();
            // Starts after this change has ended.
            _ = SendNextAsync();
        }
    }

    /// <summary>Measures how full the model's context window is.</summary>
    /// <param name="draft">The tokens of the unsent message.</param>
    public ContextFill Measure(long draft) => state.Context.Measure(draft);

    /// <summary>Stops the running turn or its preparation, and holds the queue. Returns when the turn has ended. Does nothing without one.</summary>
    public async Task StopAsync(StopCause cause)
    {
        await state.Loop.Enter();
        state.IsQueueFlowing = false;
        stops++;
        try
        {
            if (preparing is { } plan)
            {
                await plan.CancelAsync();
            }
            // A newly created task has no turn yet, but would start one.
            if (starting is { } start)
            {
                await start.Task;
            }
            await EndTurnAsync(cause);
        }
        finally
        {
            stops--;
        }
    }

    /// <summary>Stores values that Plue sets for a task. Hooks run only if the status changes.</summary>
    public async Task SetTaskValuesAsync(IReadOnlyDictionary<string, JsonElement> values, CancellationToken cancellationToken)
    {
        await state.Loop.Enter();
        await ChangeAsync(_ => new ChatFields { Values = values, By = ChangedBy.Plue }, null, cancellationToken);
        if (values.ContainsKey(TaskStates.Field))
        {
            await RunHooksAsync(HookChange.Of(TaskStates.Field), depth: 0);
        }
    }

    /// <summary>Handles the end of the last turn of a task again, because an earlier process did not complete it.</summary>
    /// <param name="answer">The last response.</param>
    public async Task RecoverTurnEndAsync(Message answer)
    {
        await state.Loop.Enter();
        state.ResponseToCheck = answer;
        state.NotifyChanged();
        await ShouldContinueAsync(answer);
    }

    /// <summary>
    /// Marks an interrupted task as running while its subtasks run again, until <see cref="LeaveAsync"/>. Meanwhile this process owns it, so that no other one
    /// resumes it, too.
    /// </summary>
    /// <returns>Has to be disposed after <see cref="LeaveAsync"/>.</returns>
    /// <exception cref="FailureException">Conflict: another process works on it, or a response is streaming.</exception>
    internal async Task<IDisposable> TakeUpAsync(CancellationToken cancellationToken)
    {
        await state.Loop.Enter();
        using var change = await BeginChangeAsync(cancellationToken);
        var writer = state.Writer();
        state.RefuseWhileRunning();
        var hold = await writer.AcquireAsync(cancellationToken);
        isTakenUp = true;
        try
        {
            await SetStatusAsync(TaskStates.Running, cancellationToken);
            return hold;
        }
        catch
        {
            isTakenUp = false;
            hold.Dispose();
            throw;
        }
    }

    /// <summary>Ends <see cref="TakeUpAsync"/>. A task that did not continue is interrupted again.</summary>
    internal async Task LeaveAsync()
    {
        await state.Loop.Enter();
        isTakenUp = false;
        if (!IsClosing && state.Running is null && Chat.Text(TaskStates.Field) == TaskStates.Running)
        {
            await SetStatusAsync(TaskStates.Interrupted, CancellationToken.None);
        }
    }

    private Task SetStatusAsync(string status, CancellationToken cancellationToken) =>
        state.UpdateAsync(new ChatFields { Values = StoredChat.StatusValue(status), By = ChangedBy.Plue }, cancellationToken);

    /// <summary>Adds the results of calls that a restart interrupted. The last round is then complete, and the next one can follow.</summary>
    /// <param name="results">By call id.</param>
    /// <exception cref="FailureException">Conflict: the chat has already continued.</exception>
    public async Task SettleRoundAsync(IReadOnlyDictionary<string, string> results, CancellationToken cancellationToken)
    {
        await state.Loop.Enter();
        using var change = await BeginChangeAsync(cancellationToken);
        var writer = state.Writer();
        state.RefuseWhileRunning();
        if (Chat.Messages is not [.., { Status: MessageStatus.Interrupted, HasToolRound: true } last])
        {
            throw new FailureException(FailureKind.Conflict, "This task was already resumed.");
        }

        var settled = last with
        {
            Status = MessageStatus.Complete,
            StopReason = StopReason.ToolUse,
            UpdatedAt = services.Time.GetUtcNow(),
            Parts =
            [
                .. last.Parts.Select(part =>
                    part is MessagePart.ToolResult call && results.TryGetValue(call.ToolUseId, out var text)
                        ? call with
                        {
                            Result = services.Secrets?.Mask(text) ?? text,
                            Error = null,
                        }
                        : part
                ),
            ],
        };
        await writer.AppendAsync(settled, cancellationToken);
        state.Sink.Publish(new TurnEvent.BranchChanged(settled.Id));
    }

    /// <summary>Runs a command for Plue as if the agent had called bash: the agent's rights apply, and the user may be asked.</summary>
    public async Task<ToolCallResult> RunCommandAsync(string command, CancellationToken cancellationToken)
    {
        var call = new ToolCall(
            Ids.New("check"),
            "bash",
            Json5Conversion.Of(Json5Object.Of(("command", new Json5String(command)))).GetRawText()
        );
        List<ITool> found = [];
        foreach (var source in services.ToolSources)
        {
            found.AddRange(await source.FindAsync(["bash"], [], cancellationToken));
        }
        return (
            await services.ToolRunner.RunAsync(
                [call],
                new Toolbox(found),
                id => state.Tools.ContextOf(call.ToolUseId, id),
                new NoObserver(),
                cancellationToken
            )
        )[0];
    }

    private sealed class NoObserver : IToolObserver
    {
        public ValueTask RecordIntentAsync(ToolCall call, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public void Progress(ToolCall call, string text) { }

        public void Waiting(ToolCall call, bool isWaiting) { }

        public void Finished(ToolCallResult result) { }
    }

    /// <summary>Starts a new task, even if its hooks do not request it.</summary>
    /// <param name="depth">The number of hooks that led to it.</param>
    /// <exception cref="FailureException">The task could not start.</exception>
    public async Task StartAsync(int depth)
    {
        await state.Loop.Enter();
        var start = starting = new TaskCompletionSource();
        try
        {
            // A task can be created with its first message.
            var hasQuestion = Chat.Messages is [.., { Role: MessageRole.User }];
            await RunHooksAsync([Created], depth);
            if ((hasQuestion || IsUntouched) && state.Running is null && Chat.Text(TaskStates.Field) == TaskStates.Queued)
            {
                await RespondToLastAsync(depth, state.Closing.Token);
            }
        }
        finally
        {
            starting = null;
            start.SetResult();
            beginning = WaitForStartAsync();
        }
    }

    /// <param name="expectedVersion">Fails if the chat has another version; null skips the check.</param>
    /// <param name="fields">Gets the changes from the current chat.</param>
    public async Task UpdateAsync(Func<StoredChat, ChatFields> fields, long? expectedVersion, CancellationToken cancellationToken)
    {
        await state.Loop.Enter();
        var (before, after) = await ChangeAsync(fields, expectedVersion, cancellationToken);
        if (state.Template is not { Hooks.Count: > 0 } template)
        {
            return;
        }

        // The change is stored, so canceling the request does not cancel the hooks.
        await RunHooksAsync(HookChange.Between(WithoutMessages(before, template), WithoutMessages(after, template)), depth: 0);
    }

    /// <summary>
    /// Changes the template of a chat without messages, as if it had been created from it. Values that the user set are kept if the template allows them.
    /// </summary>
    /// <param name="title">Null keeps the title.</param>
    /// <param name="values">Values for fields of the new template.</param>
    /// <exception cref="FailureException">
    /// NotFound: there is no such template. MissingField: a field is missing or invalid. Conflict: the chat has messages.
    /// </exception>
    public async Task ChangeTemplateAsync(
        string templateId,
        string? title,
        IReadOnlyDictionary<string, JsonElement> values,
        CancellationToken cancellationToken
    )
    {
        await state.Loop.Enter();
        RefuseMessages();
        var template =
            services.TemplateOf(templateId) ?? throw new FailureException(FailureKind.NotFound, $"There is no template {templateId}.");
        if (template.Collection != TemplateCollection.Chats)
        {
            throw new FailureException(FailureKind.MissingField, $"{templateId} is not a chat template.");
        }

        var usual = await services.Providers.DefaultChoiceAsync(cancellationToken);
        await beginning;
        using (await BeginChangeAsync(cancellationToken))
        {
            await ChangeAsync(
                chat =>
                {
                    RefuseMessages();
                    return ChannelFields.ChangeTemplate(chat, state.Template, template, usual, title, values);
                },
                null,
                cancellationToken
            );
        }
        WasCreated(depth: 0);
    }

    /// <summary>
    /// Turns the chat into a task, with its messages, branches, queue, files and title. The goal and the change of kind are one atomic write.
    /// </summary>
    /// <param name="fields">The fields of a new task.</param>
    internal async Task BecomeTaskAsync(ChatFields fields, Draft goal, CancellationToken cancellationToken)
    {
        await state.Loop.Enter();
        using var change = await BeginChangeAsync(cancellationToken);
        var writer = state.Writer();
        state.RefuseWhileRunning();
        if (Chat.IsTask)
        {
            throw new FailureException(FailureKind.Conflict, "This chat is already a task. Send it a message to continue it.");
        }

        var message = Compose(goal) with { ParentId = Chat.Tree.Head };
        var removed = Chat.Values.Keys.Where(name => fields.Values?.ContainsKey(name) != true);
        fields = fields with
        {
            Kind = ChannelKind.Task,
            StartsByItself = true,
            Title = null,
            Model = fields.Model ?? "",
            Tags = Chat.Tags.Count > 0 ? null : fields.Tags,
            ContextFiles = Chat.ContextFiles.Count > 0 ? null : fields.ContextFiles,
            Values = ChannelFields.Nulls(removed).Concat(fields.Values ?? StoredChat.NoValues).ToDictionary(StringComparer.Ordinal),
        };
        services.RefuseMode(fields);
        writer.MarkStarting();
        try
        {
            await writer.AppendAsync(message, fields, cancellationToken);
        }
        catch
        {
            writer.MarkStarted();
            throw;
        }

        state.PublishAdded(message);
        state.NotifyChanged();
    }

    /// <summary>Turns a task that was created from a chat back into that chat. All of its content stays.</summary>
    /// <exception cref="FailureException">Conflict: it was created as a task, or a response is streaming.</exception>
    public async Task ContinueAsChatAsync(CancellationToken cancellationToken)
    {
        await state.Loop.Enter();
        using var change = await BeginChangeAsync(cancellationToken);
        var writer = state.Writer();
        state.RefuseWhileRunning();
        if (Chat.TaskSince is null)
        {
            throw new FailureException(FailureKind.Conflict, "This was never a chat. Fork it, or start a new chat.");
        }

        await writer.UpdateAsync(new ChatFields { Kind = ChannelKind.Chat }, cancellationToken);
        state.ResponseToCheck = null;
        state.Sink.Publish(new TurnEvent.BranchChanged(Chat.Tree.Head));
        state.NotifyChanged();
    }

    private void RefuseMessages()
    {
        state.RefuseWhileRunning();
        if (Chat.IsTask || Chat.Tree.Count > 0)
        {
            throw new FailureException(
                FailureKind.Conflict,
                "Only a chat without messages can change its template. Start a new chat from the template."
            );
        }
    }

    /// <returns>The chat directly before and after this change, regardless of other windows.</returns>
    private async Task<(StoredChat Before, StoredChat After)> ChangeAsync(
        Func<StoredChat, ChatFields> fields,
        long? expectedVersion,
        CancellationToken cancellationToken
    )
    {
        await updating.WaitAsync(cancellationToken);
        using var change = new Change(updating, null);
        using var hold = await state.Writer().AcquireAsync(cancellationToken);
        var now = state.Writer().Chat;
        if (expectedVersion is { } expected && now.Version is var version && version != expected)
        {
            throw new FailureException(
                FailureKind.Conflict,
                $"This chat has changed (it is at version {version}, you had {expected}). Read it again, then repeat the change."
            );
        }

        if (fields(now) is var changed && changed != ChatFields.None)
        {
            await state.UpdateAsync(changed, cancellationToken);
        }
        return (now, state.Writer().Chat);
    }

    /// <summary>Prepares a provider with a slow start while the user is typing.</summary>
    public void Warm()
    {
        if (IsReadOnly || Chat.ProviderId is not { } id)
        {
            return;
        }

        try
        {
            services.Providers.Get(id).Warm(CodexId, Chat.Model, state.Workspace.TrustedFolder);
        }
        catch (FailureException fault)
        {
            services.Logger.LogDebug("{Provider} could not be started in advance: {Reason}", id, fault.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await state.Loop.Enter();
        await state.Closing.CancelAsync();
        await EndTurnAsync(StopCause.Closing);
        await beginning;
        // A change in progress completes, including a turn that it started.
        using var change = await BeginChangeAsync(CancellationToken.None);
        await EndTurnAsync(StopCause.Closing);
        if (state.Journal is { } journal)
        {
            await journal.DisposeAsync();
        }
    }

    private StoredChat Chat => state.Chat;

    /// <param name="parentId">The message that it follows: the head, or an earlier one whose other responses become alternatives.</param>
    /// <param name="depth">The number of hooks that led to it.</param>
    /// <returns>The id of the turn.</returns>
    /// <exception cref="FailureException">Conflict: a turn is running.</exception>
    private string StartTurn(TurnRequests requests, string parentId, int depth = 0)
    {
        state.RefuseWhileRunning();
        var writer = state.Writer();
        var turn = new RunningTurn(parentId, services.Time) { Depth = depth };
        var context = new TurnContext
        {
            CodexId = CodexId,
            Turn = turn,
            Requests = requests,
            Log = writer,
            Sink = state.Sink,
            Time = services.Time,
            Redactor = services.Redactor,
            Chosen = requests.Info,
            Loop = state.Loop,
            Logger = services.Logger,
            Chat = state,
            Tools = new ToolRounds(services.ToolRunner, state.Tools.MaxRounds),
            Secrets = services.Secrets,
            Instructions = requests.Instructions.Used,
            Routing = services.Tasks.RoutingOf(state.Now),
        };
        state.Running = turn;
        if (parentId != Chat.Tree.Head)
        {
            state.Sink.Publish(new TurnEvent.BranchChanged(parentId));
        }

        // The lock is not released in between, so that no other window writes between the question and its response.
        var held = writer.TryExtend();
        _ = RespondAsync(new Turn(context), turn, writer, held);
        return turn.Id;
    }

    /// <summary>Runs a turn and what follows it: the task supervisor, then hooks, the queue and the title.</summary>
    private async Task RespondAsync(Turn steps, RunningTurn turn, ChatJournal writer, IDisposable? held)
    {
        // The caller continues first.
        await Task.Yield();
        Message? answer = null;
        try
        {
            using var kept = held;
            if (Chat.IsTask)
            {
                await RunHooksAsync(HookChange.Of(TaskStates.Field), turn.Depth);
            }
            using var hold = held is null ? await HoldAsync(writer) : null;
            answer = (await steps.RunAsync()).Message;
        }
        catch (Exception fault)
        {
            services.Logger.LogError(fault, "The turn {Turn} failed unexpectedly", turn.Id);
            if (state.Running == turn)
            {
                state.EndTurn(null);
                state.Sink.Publish(
                    new TurnEvent.TurnFinished(
                        turn.Id,
                        StopReason.Failed,
                        new Failure(FailureKind.Internal, "An internal error ended the response. Select Retry. The log has the details.")
                    )
                );
            }
        }
        finally
        {
            turn.Stop.Dispose();
            try
            {
                state.NotifyChanged();
            }
            finally
            {
                turn.Ended.TrySetResult();
            }
        }

        if (await ShouldContinueAsync(turn.IsReplaced ? null : answer))
        {
            return;
        }

        await RunTaskEndHooksAsync(turn.Id);
        await FollowUpAsync(answer, turn.Depth);
        await SendNextAsync();
        await NameAsync();
    }

    /// <summary>Runs hook commands for the end of a task. They are listed in its history, because the last message is already stored.</summary>
    private async Task RunTaskEndHooksAsync(string turnId)
    {
        if (!Chat.IsTask || IsClosing || !state.Tools.Hooks.Has(HookTrigger.TaskEnd))
        {
            return;
        }

        try
        {
            var happened = new HookEvent(HookTrigger.TaskEnd)
            {
                Details = new Dictionary<string, object> { ["status"] = Chat.Text(TaskStates.Field) ?? "", ["title"] = Chat.Title },
            };
            var effects = await Task.Run(() => state.Tools.Hooks.RunAsync(happened, turnId, state.Closing.Token), state.Closing.Token);
            foreach (var run in effects.Runs)
            {
                var isFailure = run.Result is HookResult.Failed or HookResult.Refused or HookResult.Skipped;
                await state
                    .Writer()
                    .RecordHookAsync(
                        run.Trigger,
                        null,
                        new HookAction.RunCommand("", 0, false).Name,
                        $"Hook {run.Name} ran {run.Duration.TotalMilliseconds:0} ms.",
                        isFailure ? $"{run.Name}: {run.Text}" : null,
                        0,
                        CancellationToken.None
                    );
            }

            state.NotifyChanged();
        }
        catch (Exception fault) when (fault is FailureException or OperationCanceledException)
        {
            services.Logger.LogWarning("{Task}: the hooks for its end did not run: {Why}", CodexId, fault.Message);
        }
    }

    /// <summary>
    /// Holds the write lock between rounds, too, so that other windows cannot write into the middle of the response. If it is unavailable, the turn reports
    /// this on its first write.
    /// </summary>
    private async Task<IDisposable?> HoldAsync(ChatJournal writer)
    {
        try
        {
            return await writer.AcquireAsync(CancellationToken.None);
        }
        catch (FailureException fault)
        {
            services.Logger.LogDebug("{Chat} is not held for its turn: {Why}", CodexId, fault.Message);
            return null;
        }
    }

    /// <summary>Stops the turn and waits until it has ended.</summary>
    private async Task EndTurnAsync(StopCause cause)
    {
        if (state.Running is not { } turn)
        {
            return;
        }

        await turn.CancelAsync(cause);
        await turn.Ended.Task;
    }

    /// <summary>Plans the requests. A provider that is slow to list its models is abandoned when the user stops.</summary>
    private async Task<TurnRequests> PlanAsync(
        (string? ProviderId, string? Model) choice,
        bool isContinuation,
        CancellationToken cancellationToken
    )
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, state.Closing.Token);
        preparing = giveUp;
        try
        {
            if (stops > 0)
            {
                await giveUp.CancelAsync();
            }
            return await Task.Run(() => TurnRequests.PlanAsync(state, choice, isContinuation, giveUp.Token), giveUp.Token)
                .WaitAsync(giveUp.Token);
        }
        catch (OperationCanceledException stopped) when (!cancellationToken.IsCancellationRequested && !IsClosing)
        {
            throw new FailureException(FailureKind.Conflict, "It was stopped before it was sent.", stopped);
        }
        finally
        {
            preparing = null;
        }
    }

    /// <summary>Asks the task supervisor whether the task continues.</summary>
    /// <param name="answer">Null if the turn failed without one, or if a message of the user replaced it.</param>
    private async Task<bool> ShouldContinueAsync(Message? answer)
    {
        if (answer is null || !Chat.IsTask)
        {
            state.ResponseToCheck = null;
            return false;
        }

        var isContinued = false;
        try
        {
            isContinued = await services.Tasks.TurnEndedAsync(this, answer, state.Closing.Token);
        }
        catch (Exception fault) when (fault is FailureException or OperationCanceledException or ObjectDisposedException)
        {
            services.Logger.LogWarning("{Task} keeps the status of its last response: {Why}", CodexId, fault.Message);
        }

        // A later response may already be in judgment.
        if (state.ResponseToCheck == answer)
        {
            state.ResponseToCheck = null;
        }
        state.NotifyChanged();
        return isContinued;
    }

    /// <summary>Runs the hooks after a response. They see the chat at the end of the response; messages added since have their own hooks.</summary>
    /// <param name="answer">Null or not stored if the turn failed; then no message was added.</param>
    private async Task FollowUpAsync(Message? answer, int depth)
    {
        var ended = Chat.Tree;
        if (answer is not null && ended.Head != answer.Id)
        {
            ended = new MessageTree(ended.PathTo(answer.Id), answer.Id, []);
        }
        var isStored = answer is not null && ended.Head == answer.Id;
        var target = new ConversationHooks(state, NoMessage, isStored ? ended : null);
        await state.RunHooksAsync(
            target,
            [.. isStored ? [ChatState.MessageAdded] : (IEnumerable<HookChange>)[], .. Chat.IsTask ? HookChange.Of(TaskStates.Field) : []],
            depth
        );
    }

    /// <summary>Runs the hooks for creation in the background.</summary>
    /// <param name="depth">The number of hooks that led to it.</param>
    internal void WasCreated(int depth) => beginning = FollowCreationAsync(depth);

    private async Task FollowCreationAsync(int depth)
    {
        await state.Loop.Enter();
        var start = starting = new TaskCompletionSource();
        try
        {
            await RunHooksAsync([Created], depth);
        }
        finally
        {
            starting = null;
            start.SetResult();
        }
        await WaitForStartAsync();
    }

    /// <summary>Waits until the task has started or failed to start, and is no longer queued in this process.</summary>
    private async Task WaitForStartAsync()
    {
        if (state.Running is { } turn)
        {
            await Task.WhenAny(turn.Ended.Task, Task.Delay(Timeout.Infinite, state.Closing.Token));
        }
        if (!IsClosing)
        {
            state.Journal?.MarkStarted();
        }
    }

    /// <summary>Runs hooks. A hook that requests a response gets one to the last message.</summary>
    private Task RunHooksAsync(IReadOnlyList<HookChange> changes, int depth) =>
        state.RunHooksAsync(new ConversationHooks(state, RespondToLastAsync), changes, depth);

    private bool IsUntouched => Chat is { IsTask: true, Tree.Count: 0 } task && !string.IsNullOrWhiteSpace(task.Text(StoredChat.GoalField));

    private static Json5Object WithoutMessages(StoredChat chat, Template template) =>
        ChannelFields.Values(chat with { Tree = MessageTree.Empty }, template);

    /// <summary>Responds for a hook that no new message triggered: to the last message, or to the goal of an untouched task.</summary>
    /// <returns>Why there is no response; null if it was started.</returns>
    private async Task<string?> RespondToLastAsync(int depth, CancellationToken cancellationToken)
    {
        // The turn's own hooks must not wait for a change that waits for the end of the turn.
        if (state.Running is not null)
        {
            return ChatState.ResponseInProgress;
        }

        try
        {
            return await BeginResponseAsync(depth, cancellationToken);
        }
        catch (FailureException fault) when (Chat.IsTask && !IsClosing)
        {
            var status =
                fault.Failure.Kind == FailureKind.BudgetExceeded ? TaskStates.OverBudget
                : fault.InnerException is OperationCanceledException ? TaskStates.Stopped
                : TaskStates.Failed;
            if (Chat.Text(TaskStates.Field) == status)
            {
                throw;
            }

            await SetStatusAsync(status, CancellationToken.None);
            await RunHooksAsync(HookChange.Of(TaskStates.Field), depth);
            throw;
        }
    }

    private async Task<string?> BeginResponseAsync(int depth, CancellationToken cancellationToken)
    {
        using var change = await BeginChangeAsync(cancellationToken);
        if (state.Running is not null)
        {
            return ChatState.ResponseInProgress;
        }

        if (IsUntouched)
        {
            await AddAsync(Compose(new Draft("")), Choice(null, null), Response.Always, interrupts: false, cancellationToken, depth);
            return null;
        }

        if (Chat.Messages is not [.., { Role: MessageRole.User }])
        {
            return NoMessage;
        }

        StartTurn(await PlanAsync(Choice(null, null), isContinuation: false, cancellationToken), Chat.Tree.Head, depth);
        state.NotifyChanged();
        return null;
    }

    /// <summary>Creates the title in the background. Until then, the first line of the chat is displayed.</summary>
    private async Task NameAsync()
    {
        try
        {
            if (await state.Context.NameAsync(state.Closing.Token))
            {
                state.NotifyChanged();
            }
        }
        catch (Exception fault) when (fault is FailureException or OperationCanceledException or ObjectDisposedException)
        {
            services.Logger.LogInformation("{Chat} keeps its first line as its title: {Why}", CodexId, fault.Message);
        }
    }

    /// <summary>Sends queued messages in order while no turn is running. A message that cannot be sent stays in the queue.</summary>
    private async Task SendNextAsync()
    {
        if (NextQueued is null)
        {
            return;
        }

        try
        {
            using var change = await BeginChangeAsync(state.Closing.Token);
            while (NextQueued is { } next)
            {
                await AddAsync(next with { ParentId = null }, Choice(null, null), ResponsePolicy(), interrupts: false, state.Closing.Token);
            }
        }
        catch (OperationCanceledException) when (IsClosing)
        {
            services.Logger.LogDebug("{Chat} is closed; what is queued stays queued", CodexId);
        }
        catch (Exception fault)
        {
            services.Logger.LogWarning("{Chat}: what is queued waits: {Reason}", CodexId, fault.Message);
            state.IsQueueFlowing = false;
            state.PublishQueue();
        }
    }

    private Message? NextQueued => state.Running is null && state.IsQueueFlowing && !IsClosing ? Chat.Queue.FirstOrDefault() : null;

    /// <returns>False if no turn is running, so the message can be sent immediately.</returns>
    private async Task<bool> QueueAsync(ChatJournal writer, Message message, Draft draft, CancellationToken cancellationToken)
    {
        if (state.Running is null)
        {
            return false;
        }

        state.IsQueueFlowing = true;
        await ChooseAsync(Choice(draft.ProviderId, draft.Model), cancellationToken);
        await writer.QueueAsync(message, cancellationToken);
        state.PublishQueue();
        // The response may have ended in the meantime.
        _ = SendNextAsync();
        return true;
    }

    internal Message Compose(Draft draft)
    {
        if (string.IsNullOrWhiteSpace(draft.Text) && draft.Files is not { Count: > 0 } && !IsUntouched)
        {
            throw NothingToSend();
        }

        var text = services.Secrets?.Mask(draft.Text) ?? draft.Text;
        var skill =
            draft.Role == MessageRole.User
                ? SkillCommand.Read(text, services.Skills, state.Workspace.TrustedFolders?.Resolved(), CodexId)
                : null;
        var now = services.Time.GetUtcNow();
        return new Message
        {
            Id = Ids.New("msg"),
            CodexId = CodexId,
            Role = draft.Role,
            CreatedAt = now,
            UpdatedAt = now,
            Parts =
            [
                .. draft.Files ?? [],
                .. skill is null ? (IEnumerable<MessagePart>)[] : [skill],
                .. string.IsNullOrWhiteSpace(text) ? (IEnumerable<MessagePart>)[] : [new MessagePart.Text(text)],
            ],
        };
    }

    /// <summary>Prepends the goal to the first message of an agent.</summary>
    private Message WithGoal(Message message)
    {
        if (!IsUntouched || message.Role != MessageRole.User || Chat.Text(StoredChat.GoalField) is not { } goal)
        {
            return message;
        }

        var masked = services.Secrets?.Mask(goal) ?? goal;
        var text = message.Text.Length == 0 ? masked : $"{masked}\n\n{message.Text}";
        return message with { Parts = [.. message.Parts.Where(part => part is not MessagePart.Text), new MessagePart.Text(text)] };
    }

    /// <summary>Adds a message and starts its response.</summary>
    /// <param name="message">Follows the displayed branch if it has no parent.</param>
    /// <param name="interrupts">True to stop a running response.</param>
    /// <param name="depth">The number of hooks that led to it.</param>
    private async Task<Sent> AddAsync(
        Message message,
        (string? ProviderId, string? Model) choice,
        Response response,
        bool interrupts,
        CancellationToken cancellationToken,
        int depth = 0
    )
    {
        var writer = state.Writer();
        message = WithGoal(message);
        if (message.Parts.Count == 0)
        {
            throw NothingToSend();
        }

        var planned = state.PlanFor(message);
        if (response == Response.Never)
        {
            planned = [.. planned.Where(action => action is not HookAction.SendToLlm)];
        }
        if (response == Response.Always && message.Role == MessageRole.User && !planned.OfType<HookAction.SendToLlm>().Any())
        {
            planned = [new HookAction.SendToLlm(), .. planned];
        }

        // Checked before the message is stored, so that the draft is kept if no response is possible.
        var requests = planned.OfType<HookAction.SendToLlm>().Any()
            ? await PlanAsync(choice, isContinuation: false, cancellationToken)
            : null;
        if (interrupts)
        {
            if (state.Running is { } replaced)
            {
                replaced.IsReplaced = true;
            }
            await EndTurnAsync(StopCause.User);
        }

        await ChooseAsync(choice, cancellationToken);
        var before = Chat;
        message = message with { ParentId = message.ParentId ?? before.Tree.Head };
        await writer.AppendAsync(message, cancellationToken);
        if (!before.IsTask && services.Workspace.OpenFolder is { } folder)
        {
            services.Folders.Record(folder, before.Id);
        }
        if (message.ParentId == before.Tree.Head)
        {
            state.PublishAdded(message);
        }
        else
        {
            state.Sink.Publish(new TurnEvent.BranchChanged(message.Id));
        }
        if (before.Queue.Any(queued => queued.Id == message.Id))
        {
            state.PublishQueue();
        }

        string? turnId = null;
        async Task<string?> AnswerAsync(int next, CancellationToken token)
        {
            if (response == Response.Never)
            {
                return "the message was sent without a request for a response.";
            }
            if (turnId is not null)
            {
                return ChatState.ResponseInProgress;
            }
            if (message.Role != MessageRole.User)
            {
                return NoMessage;
            }

            turnId = StartTurn(requests ?? await PlanAsync(choice, isContinuation: false, token), Chat.Tree.Head, next);
            return null;
        }

        await state.RunHooksAsync(new ConversationHooks(state, AnswerAsync), [ChatState.MessageAdded], depth, planned);
        state.NotifyChanged();
        return new Sent(message.Id, turnId);
    }

    /// <summary>Determines whether a message gets a response.</summary>
    private enum Response
    {
        AsHooksSay,
        Never,
        Always,
    }

    /// <summary>Hooks of a chat define which messages get a response; in a task, all messages do.</summary>
    private Response ResponsePolicy(bool wantsResponse = true) =>
        !wantsResponse ? Response.Never
        : Chat.IsTask ? Response.Always
        : Response.AsHooksSay;

    /// <summary>Gets the provider and model. A change of provider resets the model unless one is given.</summary>
    private (string? ProviderId, string? Model) Choice(string? providerId, string? model) =>
        (providerId ?? Chat.ProviderId, model ?? (providerId is null || providerId == Chat.ProviderId ? Chat.Model : null));

    private async Task ChooseAsync((string? ProviderId, string? Model) choice, CancellationToken cancellationToken)
    {
        if (choice == (Chat.ProviderId, Chat.Model))
        {
            return;
        }

        await state.UpdateAsync(new ChatFields(ProviderId: choice.ProviderId, Model: choice.Model ?? ""), cancellationToken);
    }

    private Message Find(string messageId) =>
        Chat.Tree.Find(messageId) ?? throw new FailureException(FailureKind.NotFound, "That message is no longer in this chat.");

    private Message Queued(string messageId) =>
        Chat.Queue.FirstOrDefault(message => message.Id == messageId)
        ?? throw new FailureException(FailureKind.NotFound, "That message is no longer in the queue.");

    /// <exception cref="FailureException">Conflict: another window is responding or writing.</exception>
    private async Task<Change> BeginChangeAsync(CancellationToken cancellationToken)
    {
        await changing.WaitAsync(cancellationToken);
        try
        {
            return new Change(
                changing,
                state.Journal is not { } journal || IsClosing ? null : await journal.AcquireAsync(cancellationToken)
            );
        }
        catch
        {
            changing.Release();
            throw;
        }
    }

    private readonly struct Change(SemaphoreSlim changing, IDisposable? hold) : IDisposable
    {
        public void Dispose()
        {
            hold?.Dispose();
            changing.Release();
        }
    }

    private static FailureException NothingToSend() => new(FailureKind.MissingField, "There is nothing to send.");
}
