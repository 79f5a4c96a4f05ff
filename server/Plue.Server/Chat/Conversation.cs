using System.Text.Json;
using Microsoft.Extensions.Logging;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Store;
using Plue.Server.Templates;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>One open chat: its stored messages, the turn under way, and everything a user can do to it.</summary>
public sealed class Conversation : IAsyncDisposable
{
    /// <summary>It was made just now.</summary>
    internal static readonly HookChange Created = new(HookTrigger.Created);

    private static readonly HookChange Added = new(HookTrigger.FieldChange, ChannelFields.Messages);
    private const string AnswerUnderWay = "an answer is being written.";
    private const string StoppedBefore = "It was stopped before it was sent.";

    private readonly ChatServices services;
    private readonly Automation automation;
    private readonly ITurnSink sink;
    private readonly Lock gate = new();
    private readonly SemaphoreSlim changing = new(1, 1); // what a user does happens one after the other; never held while an answer is written
    private readonly ChatJournal? journal;
    private readonly StoredChat read; // what this window could only read
    private readonly string? diskReason; // why
    private readonly Following following;
    private CancellationTokenSource? preparing; // what is asked before a turn begins
    private bool isJudged; // its answer has ended, and what becomes of the task is not decided; under the gate
    private bool queueFlows; // false from the start, after a stop and after a failure: what waits is then sent when the user says so
    private readonly CancellationTokenSource closing = new();

    private readonly Asking asking;
    private readonly ContextKeeper keeper;
    private readonly TurnRunner turns;
    private readonly ChannelTools tools;
    private readonly SemaphoreSlim updating = new(1, 1); // fields change also while something else is under way
    private Task beginning = Task.CompletedTask; // what its template asks for when it is made

    /// <param name="journal">Null when this window may only read; <paramref name="readOnlyReason"/> then says why.</param>
    /// <param name="before">The same chat as this window could only read it; views of it have to look anew.</param>
    /// <param name="find">Another chat or task by its address, as it is now; null when it is not there.</param>
    internal Conversation(
        ChatServices services, Automation automation, StoredChat chat, ChatJournal? journal, string? readOnlyReason, Func<string, StoredChat?> find, Conversation? before = null)
    {
        (this.services, this.automation) = (services, automation);
        read = chat;
        this.journal = journal;
        diskReason = readOnlyReason;
        CodexId = CodexUri.OfChannel(chat.Id).ToString();
        sink = before?.sink ?? services.SinkFor(CodexId);
        before?.sink.Skip();
        tools = new ChannelTools(services, CodexId, () => this.chat, find);
        asking = new Asking(services, CodexId, () => this.chat, tools);
        keeper = new ContextKeeper(services, sink, gate, CodexId);
        turns = new TurnRunner(services, CodexId, gate, sink, asking, keeper, tools, () => this.chat)
        {
            Beginning = turn => this.chat.IsTask ? AutomateAsync(Hooks(AnswerLastAsync), HookChange.Of(TaskStates.Field), turn.Depth) : Task.CompletedTask,
            // What waited was meant to follow an answer.
            Ending = answer =>
            {
                queueFlows &= answer is { Status: not MessageStatus.Failed };
                isJudged = answer is not null && this.chat.IsTask && services.IsJudged(this.chat);
            },
            Deliver = DeliverAsync,
            Following = async (answer, turn) =>
            {
                if (await WorkedAsync(answer)) { return; }

                await FollowUpAsync(answer, turn.Depth);
                await SendNextAsync();
                await NameAsync();
            },
            Changed = NotifyChanged,
        };
        following = new Following(sink, chat);
    }

    private StoredChat chat => journal?.Chat ?? read;

    private RunningTurn? running => turns.Running;

    /// <summary>The chat as it is stored.</summary>
    internal StoredChat Stored() => chat;

    private Template? template => services.TemplateOf(chat.TemplateId);

    public string CodexId { get; }
    /// <summary>Why it cannot be written to now; null when it can.</summary>
    public string? ReadOnlyReason => journal is null ? diskReason : journal.ReadOnlyReason;

    /// <summary>The disk or the file's format lets this window only read it; it does not follow either.</summary>
    public bool IsReadOnly => journal is null;

    public bool IsClosing => closing.IsCancellationRequested;

    public ChatSummary Summary
    {
        get { lock (gate) { return Summarize(); } }
    }

    /// <summary>The chat at one moment, for who does not follow its events.</summary>
    public ConversationSnapshot Look() => Snapshot(_ => 0);

    /// <summary>Everything a view needs, taken at one moment. <paramref name="seal"/> runs at that same moment.</summary>
    public ConversationSnapshot Snapshot(Func<ITurnSink, long> seal)
    {
        lock (gate)
        {
            var now = Now;
            var messages = now.Messages;
            if (running is not null)
            {
                // The file may not know yet that the answer began.
                var before = now.Tree.PathTo(running.ParentId);
                messages = running.Turn?.Live is { } live
                    ? [.. before, live.ToMessage(MessageStatus.Streaming, services.Time.GetUtcNow()) with { ParentId = running.ParentId }]
                    : before;
            }

            return new ConversationSnapshot(Summarize(), now, messages, running?.Id ?? following.TurnId, seal(sink), ReadOnlyReason);
        }
    }

    /// <summary>Takes in what other windows wrote, and tells views of it; a look at the file's length and time when there is nothing.</summary>
    /// <returns>False when the chat is no longer there.</returns>
    public bool Follow()
    {
        if (journal is null || closing.IsCancellationRequested) { return true; }

        bool isChanged;
        lock (gate)
        {
            following.Begin();
            if (!journal.Follow(following.Take)) { return false; }

            isChanged = following.End(journal.Chat, running is null);
        }

        if (isChanged) { NotifyChanged(); }
        return true;
    }

    /// <summary>Stores the message, durable when it returns, and starts the answer when the template's hook asks for one.</summary>
    /// <param name="mayWait">While an answer is written it is queued and sent by itself when that one has ended well.</param>
    public async Task<Sent> SendAsync(Draft draft, bool mayWait, CancellationToken cancellationToken)
    {
        var writer = Writer();
        var message = Compose(draft);
        var queued = new Sent(message.Id, null, IsQueued: true);
        // Before its turn comes, because a summary that is being made holds up every other change.
        if (mayWait && draft.WantsAnswer && message.Parts.Count > 0 && await QueueAsync(writer, message, draft, cancellationToken)) { return queued; }

        using var change = await EnterAsync(cancellationToken);
        if (mayWait && draft.WantsAnswer && message.Parts.Count > 0 && await QueueAsync(writer, message, draft, cancellationToken)) { return queued; }

        turns.RefuseWhileRunning();
        return await SayAsync(writer, message, Choice(draft.ProviderId, draft.Model), Asked(draft.WantsAnswer), interrupts: false, cancellationToken);
    }

    /// <summary>
    /// Says it before everything that is queued. While tools are at work it waits for their results and goes with them; text under way is stopped and kept,
    /// because no provider takes anything in between.
    /// </summary>
    /// <param name="queuedId">Of the queued message that is meant; null says <paramref name="draft"/>.</param>
    public async Task<Sent> SteerAsync(string? queuedId, Draft? draft, CancellationToken cancellationToken)
    {
        using var change = await EnterAsync(cancellationToken);
        var writer = Writer();
        var message = queuedId is null
            ? Compose(draft ?? throw NothingToSend())
            : Queued(queuedId) with { ParentId = null };
        if (running is { Turn.IsAtTools: true } turn && message.Parts.Count > 0)
        {
            if (queuedId is null) { await writer.QueueAsync(message, cancellationToken); }
            if (turns.TrySay(message.Id))
            {
                lock (gate) { queueFlows = true; }
                PublishQueue();
                return new Sent(message.Id, turn.Id, IsQueued: true);
            }
        }

        var sent = await SayAsync(writer, message, Choice(draft?.ProviderId, draft?.Model), Asked(), interrupts: true, cancellationToken);
        if (queuedId is not null) { lock (gate) { queueFlows = true; } }

        return sent;
    }

    /// <summary>A queued message goes to the turn under way, behind the results of its tools. One that was taken back meanwhile does not.</summary>
    private async Task DeliverAsync(string queuedId, RunningTurn turn, CancellationToken cancellationToken)
    {
        if (chat.Queue.FirstOrDefault(queued => queued.Id == queuedId) is not { } queued) { return; }

        var message = queued with { ParentId = turn.ParentId };
        var planned = template is { } known ? Automation.Plan(known, Added, () => ChannelFields.Values(chat, known, message)) : [];
        await Writer().AppendAsync(message, CancellationToken.None);
        lock (gate)
        {
            turn.ParentId = message.Id;
            sink.Publish(new TurnEvent.MessageAdded(message, chat.Tree.AlternativesOf(message)));
            sink.Publish(new TurnEvent.QueueChanged(chat.Queue));
        }

        await AutomateAsync(Hooks(static (_, _) => Task.FromResult<string?>(AnswerUnderWay)), [Added], turn.Depth, [.. planned.Where(action => action is not HookAction.SendToLlm)]);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Lets the turn under way do nothing more once the results of its round are stored. Does nothing without one.</summary>
    public void Pause() => turns.Pause();

    /// <summary>Lets a turn that paused, or was to, go on.</summary>
    public void Resume() => turns.Resume();

    /// <summary>The turn under way waits for something, or no longer does: shown as the status of a task.</summary>
    /// <param name="state">A constant of <see cref="TaskStates"/>.</param>
    public void Wait(string state, bool isWaiting) => turns.Wait(state, isWaiting);

    /// <summary>Takes a message out of the queue.</summary>
    public async Task UnqueueAsync(string queuedId, CancellationToken cancellationToken)
    {
        using var change = await EnterAsync(cancellationToken);
        await Writer().UnqueueAsync(Queued(queuedId).Id, cancellationToken);
        PublishQueue();
    }

    /// <summary>Asks a question anew in other words, beside the old one, which stays with its answers.</summary>
    public async Task<Sent> EditAsync(string messageId, Draft draft, CancellationToken cancellationToken)
    {
        using var change = await EnterAsync(cancellationToken);
        var writer = Writer();
        turns.RefuseWhileRunning();
        var old = Stored(messageId);
        if (old.Role != MessageRole.User) { throw new FailureException(FailureKind.Conflict, "Only a question can be changed. Answer it again to get another answer."); }

        var message = Compose(draft with { Files = draft.Files ?? [.. old.Parts.OfType<MessagePart.File>()] }) with { ParentId = old.ParentId ?? "" };
        return await SayAsync(writer, message, Choice(draft.ProviderId, draft.Model), Asked(draft.WantsAnswer), interrupts: false, cancellationToken);
    }

    /// <summary>Answers a question once more, beside the answers that it has, or goes on with the last answer.</summary>
    /// <param name="messageId">The question, or what came after it: then the question before that is meant.</param>
    public async Task<Sent> RetryAsync(string messageId, string? providerId, string? model, bool goOn, CancellationToken cancellationToken)
    {
        using var change = await EnterAsync(cancellationToken);
        var writer = Writer();
        turns.RefuseWhileRunning();
        var path = chat.Tree.PathTo(Stored(messageId).Id);
        var question = path.LastOrDefault(message => message.Role == MessageRole.User)
            ?? throw new FailureException(FailureKind.Conflict, "There is no question before this message.");
        if (goOn && chat.Messages.LastOrDefault(message => message.Role == MessageRole.User)?.Id != question.Id)
        {
            throw new FailureException(FailureKind.Conflict, "Only the last answer of a chat can be continued.");
        }

        var choice = Choice(providerId, model);
        // Another model is asked for this once; the chat keeps its own.
        var prepared = await PrepareAsync(choice, cancellationToken);
        var turnId = turns.Start(writer, prepared, choice.Model, goOn, goOn ? chat.Tree.Head : BeforeAnswer(question, path));
        NotifyChanged();
        return new Sent(question.Id, turnId);
    }

    /// <summary>What another answer follows: the question, or the summary that was made for its first answer and serves this one too.</summary>
    private string BeforeAnswer(Message question, IReadOnlyList<Message> path)
    {
        var answered = path[^1].Id == question.Id ? chat.Tree.PathTo(chat.Tree.EndOf(question.Id)) : path;
        return answered.SkipWhile(message => message.Id != question.Id).Skip(1).TakeWhile(message => message.Compaction is not null).LastOrDefault()?.Id ?? question.Id;
    }

    /// <summary>Hides an answer, or a question with everything that follows it. The trail keeps them; where an alternative is left, that one is shown.</summary>
    public async Task DiscardAsync(string messageId, CancellationToken cancellationToken)
    {
        using var change = await EnterAsync(cancellationToken);
        var writer = Writer();
        turns.RefuseWhileRunning();
        var tree = chat.Tree;
        var message = Stored(messageId);
        var gone = message.Role == MessageRole.User ? tree.Under(message.Id) : tree.AnswerOf(message);
        var first = tree.Find(gone[0])!;
        var beside = tree.AlternativesOf(first);
        var other = beside.LastOrDefault(id => string.CompareOrdinal(id, first.Id) < 0) ?? beside.FirstOrDefault(id => id != first.Id);
        await writer.DiscardAsync(gone, other is not null && gone.Contains(tree.Head) ? tree.EndOf(other) : null, cancellationToken);
        lock (gate)
        {
            sink.Publish(gone.Count == 1 && other is null ? new TurnEvent.MessageRemoved(message.Id) : new TurnEvent.BranchChanged(chat.Tree.Head));
        }

        NotifyChanged();
    }

    /// <summary>Shows the branch that goes through this message, down to its newest end.</summary>
    public Task SwitchAsync(string messageId, CancellationToken cancellationToken) =>
        MoveAsync(writer => writer.SwitchAsync(chat.Tree.EndOf(Stored(messageId).Id), cancellationToken), cancellationToken);

    /// <summary>Hides the last turn.</summary>
    /// <exception cref="FailureException">Conflict: there is none.</exception>
    public Task UndoAsync(CancellationToken cancellationToken) => MoveAsync(
        async writer =>
        {
            if (chat.Tree.Undone is { } head) { await MoveEditsAsync(Beyond(chat.Messages, head).Reverse(), isUndo: true, cancellationToken); }
            await writer.UndoAsync(cancellationToken);
        },
        cancellationToken);

    /// <summary>Brings back what the last undo hid.</summary>
    /// <exception cref="FailureException">Conflict: there is nothing.</exception>
    public Task RedoAsync(CancellationToken cancellationToken) => MoveAsync(
        async writer =>
        {
            if (chat.Tree.Redone is { } head) { await MoveEditsAsync(Beyond(chat.Tree.PathTo(head), chat.Tree.Head), isUndo: false, cancellationToken); }
            await writer.RedoAsync(cancellationToken);
        },
        cancellationToken);

    /// <summary>What a branch has behind one of its messages; all of it for an empty id.</summary>
    private static IEnumerable<Message> Beyond(IReadOnlyList<Message> path, string id) => id.Length == 0 ? path : path.SkipWhile(message => message.Id != id).Skip(1);

    /// <summary>Before the messages: where files cannot be moved, nothing is.</summary>
    private async Task MoveEditsAsync(IEnumerable<Message> messages, bool isUndo, CancellationToken cancellationToken)
    {
        if (services.MoveEdits is not { } move || messages.Select(message => message.TurnId).OfType<string>().Distinct(StringComparer.Ordinal).ToList() is not { Count: > 0 } turnIds) { return; }

        if (await move(CodexId, turnIds, isUndo, cancellationToken) is { Count: > 0 } left) { services.Notify(string.Join(' ', left), CodexId); }
    }

    /// <summary>The messages of a copy: the branch that is shown, up to and with this one. What is still being written is left out.</summary>
    public IReadOnlyList<Message> BranchTo(string? messageId) =>
        [.. (messageId is null ? chat.Messages : chat.Tree.PathTo(Stored(messageId).Id)).Where(message => message.Status != MessageStatus.Streaming)];

    /// <summary>Nothing is unread any more. Written only when that says something new, and never a reason to fail.</summary>
    public async Task MarkReadAsync(CancellationToken cancellationToken)
    {
        var now = chat;
        var last = now.Messages.LastOrDefault(message => message.Role == MessageRole.Assistant && message.Status != MessageStatus.Streaming)?.Id ?? "";
        if (journal is null || (!now.Unread && now.ReadUntil is not null)) { return; }

        try
        {
            await journal.UpdateAsync(new ChatFields { ReadUntil = last }, cancellationToken);
            NotifyChanged();
        }
        catch (FailureException fault)
        {
            services.Logger.LogDebug("{Chat} stays unread: {Reason}", CodexId, fault.Message);
        }
    }

    /// <summary>Has what was said before the last question summarised. Stoppable like an answer, and shown like one.</summary>
    /// <exception cref="FailureException">Conflict: nothing to summarise. Else why the model did not answer.</exception>
    public async Task<Compaction> CompactAsync(CancellationToken cancellationToken)
    {
        using var change = await EnterAsync(cancellationToken);
        var writer = Writer();
        turns.RefuseWhileRunning();
        Compactor.RequireWork(chat.Messages);
        var chosen = new ModelChoice(chat.ProviderId ?? throw Asking.NoProvider(), chat.Model);
        var work = new RunningTurn(Ids.New("turn"), chat.Tree.Head, services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, work.Stop.Token, closing.Token);
        lock (gate)
        {
            turns.Running = work;
            sink.Publish(new TurnEvent.TurnStarted(work.Id));
        }

        var (reason, error) = (StopReason.EndTurn, (Failure?)null);
        try
        {
            return (await keeper.SummariseAsync(writer, chat.Messages, chosen, either.Token).WaitAsync(either.Token)).Compaction!;
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
            lock (gate)
            {
                turns.Running = null;
                sink.Publish(new TurnEvent.TurnFinished(work.Id, reason, error));
            }

            sink.Idle();
            NotifyChanged();
            work.Stop.Dispose();
            work.Ended.TrySetResult();
            // Begins when this change has ended.
            _ = SendNextAsync();
        }
    }

    /// <summary>How full the model's window is.</summary>
    /// <param name="draft">Tokens of what is being written.</param>
    public ContextFill Measure(long draft) => keeper.Measure(chat, services.Files.PinnedTokens(chat.ContextFiles), draft);

    /// <summary>Ends what is under way, or being prepared, and lets what is queued wait. Returns when the turn has ended. Does nothing without one.</summary>
    public async Task StopAsync(StopCause cause)
    {
        CancellationTokenSource? asking;
        lock (gate) { (asking, queueFlows) = (preparing, false); }
        await TurnRunner.CancelAsync(asking);
        await turns.EndAsync(cause);
    }

    /// <summary>Keeps what Plue itself has to say of a task. Hooks hear of it only when it says where the task stands.</summary>
    public async Task KeepAsync(IReadOnlyDictionary<string, JsonElement> values, CancellationToken cancellationToken)
    {
        await ChangeAsync(_ => new ChatFields { Values = values, By = ChangedBy.Plue }, null, cancellationToken);
        if (values.ContainsKey(TaskStates.Field)) { await AutomateAsync(Hooks(AnswerLastAsync), HookChange.Of(TaskStates.Field), depth: 0); }
    }

    /// <summary>The calls of its last round that a restart cut off have their results after all: the round has ended, and the next one can follow.</summary>
    /// <param name="results">By the ids of calls.</param>
    /// <exception cref="FailureException">Conflict: it has gone on already.</exception>
    public async Task SettleRoundAsync(IReadOnlyDictionary<string, string> results, CancellationToken cancellationToken)
    {
        using var change = await EnterAsync(cancellationToken);
        var writer = Writer();
        turns.RefuseWhileRunning();
        if (chat.Messages is not [.., { Status: MessageStatus.Interrupted, HasToolRound: true } last]) { throw new FailureException(FailureKind.Conflict, "This task has gone on already."); }

        var settled = last with
        {
            Status = MessageStatus.Complete,
            StopReason = StopReason.ToolUse,
            UpdatedAt = services.Time.GetUtcNow(),
            Parts = [.. last.Parts.Select(part => part is MessagePart.ToolResult call && results.TryGetValue(call.ToolUseId, out var text) ? call with { Result = services.Secrets()?.Mask(text) ?? text, Error = null } : part)],
        };
        await writer.AppendAsync(settled, cancellationToken);
        lock (gate) { sink.Publish(new TurnEvent.BranchChanged(settled.Id)); }
    }

    /// <summary>Runs a command for Plue itself, as if its agent had called bash: its rights hold, and the user may be asked.</summary>
    public async Task<ToolCallResult> RunCommandAsync(string command, CancellationToken cancellationToken)
    {
        var call = new ToolCall(Ids.New("check"), "bash", JsonValue.Of(Json5Object.Of(("command", new Json5String(command)))).GetRawText());
        List<ITool> found = [];
        foreach (var source in services.ToolSources) { found.AddRange(await source.FindAsync(["bash"], [], cancellationToken)); }
        return (await services.ToolRunner.RunAsync([call], new Toolbox(found), id => tools.ContextOf(call.ToolUseId, id), new NoObserver(), cancellationToken))[0];
    }

    private sealed class NoObserver : IToolObserver
    {
        public ValueTask IntendAsync(ToolCall call, CancellationToken cancellationToken) => ValueTask.CompletedTask;
        public void Progress(ToolCall call, string text) { }
        public void Waiting(ToolCall call, bool isWaiting) { }
        public void Finished(ToolCallResult result) { }
    }

    /// <summary>Has a new task worked on, whether its hooks ask for that or not.</summary>
    /// <param name="depth">How many hooks led to it.</param>
    /// <exception cref="FailureException">Why nobody could begin.</exception>
    public async Task StartAsync(int depth)
    {
        try
        {
            await AutomateAsync(Hooks(AnswerLastAsync), [Created], depth);
            if (IsUntouched && running is null && chat.Text(TaskStates.Field) == TaskStates.Queued) { await AnswerLastAsync(depth, closing.Token); }
        }
        finally
        {
            beginning = Task.Run(BeganAsync);
        }
    }

    /// <param name="expectedVersion">Refused when the chat changed since; null changes it whatever came.</param>
    /// <param name="fields">What to change, from the chat as it is then.</param>
    public async Task UpdateAsync(Func<StoredChat, ChatFields> fields, long? expectedVersion, CancellationToken cancellationToken)
    {
        var (before, after) = await ChangeAsync(fields, expectedVersion, cancellationToken);
        if (template is not { Hooks.Count: > 0 } known) { return; }

        var changes = HookChange.Between(WithoutMessages(before, known), WithoutMessages(after, known));
        // What is changed is changed: whoever asked need not stay for what follows.
        if (Automation.Waits(known, changes)) { await AutomateAsync(Hooks(AnswerLastAsync), changes, depth: 0); }
    }

    /// <returns>The chat as it was and as this change left it, whatever other windows do meanwhile.</returns>
    private async Task<(StoredChat Before, StoredChat After)> ChangeAsync(Func<StoredChat, ChatFields> fields, long? expectedVersion, CancellationToken cancellationToken)
    {
        await updating.WaitAsync(cancellationToken);
        using var change = new Change(updating, null);
        using var hold = await Writer().HoldAsync(cancellationToken);
        var now = Writer().Chat;
        if (expectedVersion is { } expected && now.Version is var version && version != expected)
        {
            throw new FailureException(FailureKind.Conflict, $"This chat was changed meanwhile (it is at version {version}, you had {expected}). Look at it again, then repeat the change.");
        }

        if (fields(now) is var changed && changed != ChatFields.None) { await UpdateAsync(changed, cancellationToken); }
        return (now, Writer().Chat);
    }

    private async Task UpdateAsync(ChatFields fields, CancellationToken cancellationToken)
    {
        await Writer().UpdateAsync(fields, cancellationToken);
        NotifyChanged();
    }

    /// <summary>Gets a provider that needs a start ready while the user still types.</summary>
    public void Warm()
    {
        if (journal is null || chat.ProviderId is not { } id) { return; }

        try
        {
            services.Providers.Get(id).Warm(CodexId, chat.Model, services.Workspace.TrustedFolder);
        }
        catch (FailureException fault)
        {
            services.Logger.LogDebug("{Provider} was not started ahead: {Reason}", id, fault.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        await turns.EndAsync(StopCause.Closing);
        await beginning;
        // A change under way is finished, and with it a turn that it started.
        using var change = await EnterAsync(CancellationToken.None);
        await turns.EndAsync(StopCause.Closing);
        if (journal is not null) { await journal.DisposeAsync(); }
    }

    /// <summary>A provider that is slow to say what it offers is left when the user stops.</summary>
    private async Task<Asking.Prepared> PrepareAsync((string? ProviderId, string? Model) choice, CancellationToken cancellationToken)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing.Token);
        lock (gate) { preparing = giveUp; }
        try
        {
            return await Task.Run(() => asking.PrepareAsync(choice, giveUp.Token), giveUp.Token).WaitAsync(giveUp.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested && !closing.IsCancellationRequested)
        {
            throw new FailureException(FailureKind.Conflict, StoppedBefore);
        }
        finally
        {
            lock (gate) { preparing = null; }
        }
    }

    /// <summary>Whoever looks after tasks has the first word.</summary>
    /// <returns>Whether it goes on.</returns>
    private async Task<bool> WorkedAsync(Message? answer)
    {
        if (answer is null || !chat.IsTask || services.Worked is not { } worked) { return false; }

        var goesOn = false;

        try
        {
            goesOn = await worked(this, answer, closing.Token);
        }
        catch (Exception fault) when (fault is FailureException or OperationCanceledException or ObjectDisposedException)
        {
            services.Logger.LogWarning("{Task} stands as its last answer left it: {Why}", CodexId, fault.Message);
        }

        lock (gate) { isJudged = false; }
        NotifyChanged();
        return goesOn;
    }

    /// <summary>What the hooks ask for after an answer. They see the chat as it ended then: a question that came meanwhile has hooks of its own, and is answered by them or not at all.</summary>
    /// <param name="answer">Null, or not stored, when the turn broke: then nothing was added.</param>
    private async Task FollowUpAsync(Message? answer, int depth)
    {
        var ended = chat.Tree;
        if (answer is not null && ended.Head != answer.Id) { ended = new MessageTree(ended.PathTo(answer.Id), answer.Id, []); }
        var isStored = answer is not null && ended.Head == answer.Id;
        var target = Hooks(static (_, _) => Task.FromResult<string?>("there was nothing to answer."), isStored ? ended : null);
        await AutomateAsync(target, [.. isStored ? [Added] : (IEnumerable<HookChange>)[], .. chat.IsTask ? HookChange.Of(TaskStates.Field) : []], depth);
    }

    /// <summary>What its template asks for when it is made is carried out beside whoever made it.</summary>
    /// <param name="depth">How many hooks led to it.</param>
    internal void WasCreated(int depth) => beginning = Task.Run(async () =>
    {
        await AutomateAsync(Hooks(AnswerLastAsync), [Created], depth);
        await BeganAsync();
    });

    /// <summary>Once it has begun, or nobody begins, it no longer waits in this process.</summary>
    private async Task BeganAsync()
    {
        if (running is { } turn) { await Task.WhenAny(turn.Ended.Task, Task.Delay(Timeout.Infinite, closing.Token)); }
        if (!closing.IsCancellationRequested) { journal?.WasStarted(); }
    }

    /// <summary>Carries out what hooks wait for; what fails of it is no failure of what they follow.</summary>
    /// <param name="planned">What the hooks said of the first change already.</param>
    private async Task AutomateAsync(IHookTarget target, IReadOnlyList<HookChange> changes, int depth, IReadOnlyList<HookAction>? planned = null)
    {
        if (planned is null && !Automation.Waits(target.Template, changes)) { return; }

        try
        {
            await automation.RunAsync(target, changes, depth, closing.Token, planned);
        }
        catch (Exception fault) when (closing.IsCancellationRequested)
        {
            services.Logger.LogDebug("{Chat} is closed; its hooks wait for the next change ({Why})", CodexId, fault.Message);
        }
        catch (Exception fault)
        {
            services.Logger.LogError(fault, "{Chat}: the hooks broke", CodexId);
        }
    }

    /// <param name="ended">The messages that they see; null for those that are shown.</param>
    private ConversationHooks Hooks(Func<int, CancellationToken, Task<string?>> answer, MessageTree? ended = null) => new(
        CodexId, template, () => ended is null ? Now : Now with { Tree = ended }, UpdateAsync,
        async (note, cancellationToken) =>
        {
            await Writer().NoteHookAsync(note.Change.TriggerName, note.Change.Field, note.Action.Name, note.Outcome, note.Error, note.Depth, cancellationToken);
            if (note.Error is not null) { NotifyChanged(); }
        },
        answer);

    /// <summary>A task runs from the moment that its turn begins, which the file knows a little later.</summary>
    private StoredChat Now => chat is not { IsTask: true } task ? chat
        : running is { } turn ? task.WithStatus(turn.State)
        // Whether it is done is found out now.
        : isJudged ? task.WithStatus(TaskStates.Running)
        : task;

    /// <summary>A task that nobody has worked on, and that says what is to be reached.</summary>
    private bool IsUntouched => chat is { IsTask: true, Tree.Count: 0 } task && !string.IsNullOrWhiteSpace(task.Text(StoredChat.GoalField));

    private static Json5Object WithoutMessages(StoredChat chat, Template template) => ChannelFields.Values(chat with { Tree = MessageTree.Empty }, template);

    /// <summary>A hook other than that of a new message asks for an answer: to what was said last, or to the goal of a task that nobody has worked on.</summary>
    /// <returns>Why there is none; null when it is on its way.</returns>
    private async Task<string?> AnswerLastAsync(int depth, CancellationToken cancellationToken)
    {
        // A change that waits for the turn to end must not be waited for by the turn's own hooks.
        if (running is not null) { return AnswerUnderWay; }

        try
        {
            return await BeginAnswerAsync(depth, cancellationToken);
        }
        catch (FailureException fault) when (chat.IsTask && !closing.IsCancellationRequested)
        {
            var status = fault.Failure.Kind == FailureKind.BudgetExceeded ? TaskStates.OverBudget
                : fault.Message == StoppedBefore ? TaskStates.Stopped
                : TaskStates.Failed;
            if (chat.Text(TaskStates.Field) == status) { throw; }

            await UpdateAsync(new ChatFields { Values = StoredChat.StatusValue(status), By = ChangedBy.Plue }, CancellationToken.None);
            await AutomateAsync(Hooks(AnswerLastAsync), HookChange.Of(TaskStates.Field), depth);
            throw;
        }
    }

    private async Task<string?> BeginAnswerAsync(int depth, CancellationToken cancellationToken)
    {
        using var change = await EnterAsync(cancellationToken);
        if (running is not null) { return AnswerUnderWay; }

        if (IsUntouched)
        {
            await SayAsync(Writer(), Compose(new Draft("")), Choice(null, null), Answering.Always, interrupts: false, cancellationToken, depth);
            return null;
        }

        if (chat.Messages is not [.., { Role: MessageRole.User }]) { return "there was nothing to answer."; }

        var choice = Choice(null, null);
        turns.Start(Writer(), await PrepareAsync(choice, cancellationToken), choice.Model, goOn: false, chat.Tree.Head, depth);
        NotifyChanged();
        return null;
    }

    /// <summary>In nobody's way: without a title of its own a chat goes by its first line.</summary>
    private async Task NameAsync()
    {
        try
        {
            if (await keeper.NameAsync(Writer(), closing.Token)) { NotifyChanged(); }
        }
        catch (Exception fault) when (fault is FailureException or OperationCanceledException or ObjectDisposedException)
        {
            services.Logger.LogInformation("{Chat} keeps its first line as its title: {Why}", chat.Id, fault.Message);
        }
    }

    /// <summary>Sends what waits, one after the other, once nothing is under way. What cannot be sent goes on waiting.</summary>
    private async Task SendNextAsync()
    {
        if (NextQueued() is null) { return; }

        try
        {
            using var change = await EnterAsync(closing.Token);
            while (NextQueued() is { } next)
            {
                await SayAsync(Writer(), next with { ParentId = null }, Choice(null, null), Asked(), interrupts: false, closing.Token);
            }
        }
        catch (OperationCanceledException) when (closing.IsCancellationRequested)
        {
            services.Logger.LogDebug("{Chat} is closed; what is queued stays queued", CodexId);
        }
        catch (Exception fault)
        {
            services.Logger.LogWarning("{Chat}: what is queued waits: {Reason}", CodexId, fault.Message);
            lock (gate) { queueFlows = false; }
            PublishQueue();
        }
    }

    private Message? NextQueued()
    {
        lock (gate) { return running is null && queueFlows && !closing.IsCancellationRequested ? chat.Queue.FirstOrDefault() : null; }
    }

    /// <returns>False when nothing is under way, so that it can be sent at once.</returns>
    private async Task<bool> QueueAsync(ChatJournal writer, Message message, Draft draft, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (running is null) { return false; }
            queueFlows = true;
        }

        await ChooseAsync(Choice(draft.ProviderId, draft.Model), cancellationToken);
        await writer.QueueAsync(message, cancellationToken);
        PublishQueue();
        // The answer may have ended meanwhile.
        _ = SendNextAsync();
        return true;
    }

    private Message Compose(Draft draft)
    {
        if (string.IsNullOrWhiteSpace(draft.Text) && draft.Files is not { Count: > 0 } && !IsUntouched) { throw NothingToSend(); }

        var text = services.Secrets()?.Mask(draft.Text) ?? draft.Text;
        var now = services.Time.GetUtcNow();
        return new Message
        {
            Id = Ids.New("msg"),
            CodexId = CodexId,
            Role = draft.Role,
            CreatedAt = now,
            UpdatedAt = now,
            Parts = [.. draft.Files ?? [], .. string.IsNullOrWhiteSpace(text) ? (IEnumerable<MessagePart>)[] : [new MessagePart.Text(text)]],
        };
    }

    /// <summary>The first that an agent hears is its goal, also when it is told more.</summary>
    private Message WithGoal(Message message)
    {
        if (!IsUntouched || message.Role != MessageRole.User || chat.Text(StoredChat.GoalField) is not { } goal) { return message; }

        var said = services.Secrets()?.Mask(goal) ?? goal;
        var text = message.Text.Length == 0 ? said : $"{said}\n\n{message.Text}";
        return message with { Parts = [.. message.Parts.Where(part => part is not MessagePart.Text), new MessagePart.Text(text)] };
    }

    /// <param name="message">Without a parent it follows what is shown.</param>
    /// <param name="interrupts">Whether an answer under way is stopped for it.</param>
    /// <param name="depth">How many hooks led to it.</param>
    private async Task<Sent> SayAsync(
        ChatJournal writer, Message message, (string? ProviderId, string? Model) choice, Answering answering, bool interrupts, CancellationToken cancellationToken, int depth = 0)
    {
        message = WithGoal(message);
        if (message.Parts.Count == 0) { throw NothingToSend(); }

        var planned = template is { } known ? Automation.Plan(known, Added, () => ChannelFields.Values(chat, known, message)) : [];
        if (answering == Answering.Never) { planned = [.. planned.Where(action => action is not HookAction.SendToLlm)]; }
        if (answering == Answering.Always && message.Role == MessageRole.User && !planned.OfType<HookAction.SendToLlm>().Any()) { planned = [new HookAction.SendToLlm(), .. planned]; }

        var asked = planned.OfType<HookAction.SendToLlm>().Any();
        // What cannot be answered is refused before it is stored, so that the draft is kept.
        var prepared = asked ? await PrepareAsync(choice, cancellationToken) : null;
        if (interrupts) { await turns.EndAsync(StopCause.User); }

        await ChooseAsync(choice, cancellationToken);
        var before = chat;
        message = message with { ParentId = message.ParentId ?? before.Tree.Head };
        await writer.AppendAsync(message, cancellationToken);
        lock (gate)
        {
            if (message.ParentId == before.Tree.Head) { sink.Publish(new TurnEvent.MessageAdded(message, chat.Tree.AlternativesOf(message))); }
            else { sink.Publish(new TurnEvent.BranchChanged(message.Id)); }

            if (before.Queue.Any(queued => queued.Id == message.Id)) { sink.Publish(new TurnEvent.QueueChanged(chat.Queue)); }
        }

        string? turnId = null;
        async Task<string?> AnswerAsync(int next, CancellationToken token)
        {
            if (answering == Answering.Never) { return "the message was only to be kept."; }
            if (turnId is not null) { return AnswerUnderWay; }
            if (message.Role != MessageRole.User) { return "there was nothing to answer."; }

            turnId = turns.Start(Writer(), prepared ?? await PrepareAsync(choice, token), choice.Model, goOn: false, chat.Tree.Head, next);
            return null;
        }

        await AutomateAsync(Hooks(AnswerAsync), [Added], depth, planned);
        NotifyChanged();
        return new Sent(message.Id, turnId);
    }

    /// <summary>Whether a message is answered: as the hooks say, or whatever they say.</summary>
    private enum Answering { AsHooksSay, Never, Always }

    /// <summary>The hooks of a chat say what is answered. An agent that is told something goes on with its task.</summary>
    private Answering Asked(bool wantsAnswer = true) => !wantsAnswer ? Answering.Never : chat.IsTask ? Answering.Always : Answering.AsHooksSay;

    private async Task MoveAsync(Func<ChatJournal, ValueTask> move, CancellationToken cancellationToken)
    {
        using var change = await EnterAsync(cancellationToken);
        var writer = Writer();
        turns.RefuseWhileRunning();
        await move(writer);
        lock (gate) { sink.Publish(new TurnEvent.BranchChanged(chat.Tree.Head)); }
        NotifyChanged();
    }

    /// <summary>Another provider has other models: the old choice goes with it unless a new one came.</summary>
    private (string? ProviderId, string? Model) Choice(string? providerId, string? model) =>
        (providerId ?? chat.ProviderId, model ?? (providerId is null || providerId == chat.ProviderId ? chat.Model : null));

    private async Task ChooseAsync((string? ProviderId, string? Model) choice, CancellationToken cancellationToken)
    {
        if (choice == (chat.ProviderId, chat.Model)) { return; }

        await UpdateAsync(new ChatFields(ProviderId: choice.ProviderId, Model: choice.Model ?? ""), cancellationToken);
    }

    private void PublishQueue()
    {
        lock (gate) { sink.Publish(new TurnEvent.QueueChanged(chat.Queue)); }
    }

    private Message Stored(string messageId) => chat.Tree.Find(messageId) ?? throw new FailureException(FailureKind.NotFound, "That message is no longer in this chat.");

    private Message Queued(string messageId) =>
        chat.Queue.FirstOrDefault(message => message.Id == messageId) ?? throw new FailureException(FailureKind.NotFound, "That message is no longer waiting.");

    private ChatSummary Summarize() => Now.Summarize() with { Status = running is null ? chat.Status : ChatStatus.Running };

    /// <exception cref="FailureException">Conflict: another window is answering or writing.</exception>
    private async Task<Change> EnterAsync(CancellationToken cancellationToken)
    {
        await changing.WaitAsync(cancellationToken);
        try
        {
            return new Change(changing, journal is null || closing.IsCancellationRequested ? null : await journal.HoldAsync(cancellationToken));
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

    private ChatJournal Writer() => closing.IsCancellationRequested
        ? throw new FailureException(FailureKind.NotFound, "This chat was closed. Open it again.")
        : journal ?? throw new FailureException(FailureKind.StoreReadOnly, diskReason ?? "This chat is read-only.");

    private void NotifyChanged() => services.Changed(CodexId, Summary);
}
