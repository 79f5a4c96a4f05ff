using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Store;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>
/// One turn: ask the provider, or the next one while nothing was said, stream, run the tools that the model asks for, store, tell, and ask again while it
/// asks for tools. Each round is a message. A message is durable before anybody hears that it is finished, and a turn ends with exactly one
/// <see cref="TurnEvent.TurnFinished"/>, whatever happened.
/// </summary>
/// <param name="gate">Held while the live message changes and the event is published, so that a reader sees both or neither.</param>
/// <param name="mask">Removes secrets from what a provider said about a failure.</param>
public sealed class Turn(IMessageLog log, ITurnSink sink, Lock gate, TimeProvider time, Func<string, string> mask)
{
    /// <summary>How long a provider that is told to stop may take to end in good order. Then the turn ends with what it has, and the provider is left to itself.</summary>
    public static readonly TimeSpan StopPatience = TimeSpan.FromMilliseconds(60);

    /// <summary>How long tools may take to end what they started.</summary>
    private static readonly TimeSpan ToolPatience = TimeSpan.FromSeconds(10);

    private readonly ITurnSink sink = sink;
    private readonly Lock gate = gate;
    private readonly HashSet<string> notCarried = new(StringComparer.Ordinal); // said already in this turn
    private readonly Dictionary<string, ToolCallResult> ran = new(StringComparer.Ordinal); // by calls whose results a provider tells; under the gate
    private Task naming = Task.CompletedTask; // a record of the message that must not come behind its ending; under the gate
    private Action? release; // of what waits to be told from a secret; under the gate
    private bool isOver; // nothing more is heard; under the gate

    public string Id { get; } = Ids.New("turn");

    /// <summary>Null before the answer begins. Read under the gate.</summary>
    public LiveMessage? Live { get; private set; }

    /// <summary>Called under the gate with each message that was stored, together with its last event.</summary>
    public Action<Message>? Kept { get; init; }

    /// <summary>Called with the last message under the gate, together with the last events.</summary>
    public Action<Message>? Finishing { get; init; }

    /// <summary>Runs what the model calls; null where nothing is run.</summary>
    public Rounds? Rounds { get; init; }

    /// <summary>Held while one round is under way: what bounds its time.</summary>
    public Func<IDisposable?> EachRound { get; init; } = static () => null;

    /// <summary>How long the turn has waited for others so far: it counts as no time of the answer.</summary>
    public Func<TimeSpan> Waited { get; init; } = static () => TimeSpan.Zero;

    /// <summary>Tools are at work, or their results are being stored: what is said now follows them. Read under the gate.</summary>
    public bool IsAtTools { get; internal set; }

    /// <summary>How asking each provider went; null when it answered. Not called for one that the user stopped.</summary>
    public Action<ProviderSettings, Failure?>? Heard { get; init; }

    /// <summary>The message that the next one follows; asked whenever one begins.</summary>
    public Func<string> ParentId { get; init; } = static () => "";

    /// <summary>Called when the turn was stopped.</summary>
    public Func<StopCause> StoppedBy { get; init; } = static () => StopCause.User;

    /// <summary>What is done before the model is asked.</summary>
    public Func<CancellationToken, Task>? Before { get; init; }

    /// <summary>The messages that follow the same one as this stored one, itself included. Asked under the gate.</summary>
    public Func<Message, IReadOnlyList<string>>? AlternativesOf { get; init; }

    /// <summary>Taken out of the answer itself; null leaves it as it came.</summary>
    public ITextMask? Secrets { get; init; }

    /// <summary>Why whoever answers was chosen for it, kept with each of its messages; null where nothing was to be chosen.</summary>
    public RoutingNote? Routing { get; init; }

    /// <summary>What is told to whoever answers, kept with the answer together with the provider that gives it.</summary>
    public IReadOnlyList<SteeringSource> SteeredBy { get; init; } = [];

    /// <param name="chosen">Whom the user asked; others may answer.</param>
    /// <returns>The answer as stored.</returns>
    public Task<Message> RunAsync(string codexId, ProviderInfo chosen, Answerers answerers, CancellationToken cancellationToken) =>
        RunAsync(codexId, chosen, () => answerers, cancellationToken);

    /// <param name="chosen">Whom the user asked; others may answer.</param>
    /// <param name="answerers">Whom to ask, for each round anew.</param>
    /// <returns>The last message as stored.</returns>
    public async Task<Message> RunAsync(string codexId, ProviderInfo chosen, Func<Answerers> answerers, CancellationToken cancellationToken)
    {
        var ending = new Ending(time, Waited);
        LiveMessage? live = null;
        lock (gate) { sink.Publish(new TurnEvent.TurnStarted(Id)); }
        try
        {
            if (Before is not null) { await Before(cancellationToken).WaitAsync(cancellationToken); }

            while (true)
            {
                using var bound = EachRound();
                ending = new Ending(time, Waited);
                live = Begin(codexId, chosen);
                await log.BeginAsync(live.ToMessage(MessageStatus.Streaming, time.GetUtcNow()), cancellationToken);
                if (Rounds?.Over is { } over) { throw new FailureException(over); }

                var (round, end) = (live, ending);
                await OrLeaveAsync(() => AskAsync(chosen, answerers(), round, end, cancellationToken), StopPatience, cancellationToken);
                if (Rounds is null || !MayRun(live, ending)) { break; }

                await OrLeaveAsync(() => RunToolsAsync(round, end, Rounds, cancellationToken), ToolPatience, cancellationToken);
                if (Rounds.Finished is not null)
                {
                    lock (gate) { (live.StopReason, ending.Reason) = (StopReason.EndTurn, StopReason.EndTurn); }
                    break;
                }

                cancellationToken.ThrowIfCancellationRequested();
                await SettleAsync(live, ending);
                live = null;
                bound?.Dispose();
                await Rounds.Between(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            lock (gate) { Stop(ending); }
        }
        catch (FailureException fault)
        {
            lock (gate) { ending.Fail(fault.Failure); }
        }
        catch (Exception fault)
        {
            lock (gate) { ending.Fail(new Failure(FailureKind.Internal, $"The answer failed in a way Plue did not expect: {mask(fault.Message)}")); }
        }

        return await FinishAsync(live ?? Begin(codexId, chosen), ending, cancellationToken.IsCancellationRequested);
    }

    /// <summary>The model waits for tools. A vendor that says it merely ended means the same when whole calls are there.</summary>
    private static bool MayRun(LiveMessage live, Ending ending) =>
        ending is { Reason: StopReason.ToolUse or StopReason.EndTurn, RunsTools: true } && live.Calls.Count > 0;

    /// <summary>What the calls are to do is known to the log before it is done, durably before anything has effects.</summary>
    private async Task RunToolsAsync(LiveMessage live, Ending ending, Rounds rounds, CancellationToken cancellationToken)
    {
        IReadOnlyList<ToolCall> calls = [];
        Do(() =>
        {
            (IsAtTools, live.StopReason) = (true, StopReason.ToolUse);
            // A call that the vendor left half is answered, too.
            foreach (var (toolUseId, _) in live.OpenToolCalls.Where(open => live.Calls.All(call => call.ToolUseId != open.ToolUseId))) { AddResult(live, new ToolCallResult(toolUseId, null, "The call was cut off. Nothing was done; send it again.")); }
            calls = live.Calls;
        });
        var begun = Now(live, ending);
        await log.BeginAsync(begun, cancellationToken);
        var intent = new Lazy<Task>(() => log.IntendAsync(begun, cancellationToken).AsTask());
        await rounds.RunAsync(calls, new ToolWork(this, live, rounds, () => intent.Value, result => AddResult(live, result)), cancellationToken);
        Do(live.OrderResults);
    }

    /// <summary>The answer as it is at this moment.</summary>
    private Message Now(LiveMessage live, Ending ending)
    {
        lock (gate) { return live.ToMessage(MessageStatus.Streaming, time.GetUtcNow(), null, ending.Usage, ending.CostOf(live.ProviderInfo?.ModelId), ending.Timing); }
    }

    /// <summary>Under the gate.</summary>
    private void AddResult(LiveMessage live, ToolCallResult result)
    {
        var (text, error) = (result.Result is { } said ? Masked(said) : null, result.Error is { } why ? Masked(why) : null);
        live.AddToolResult(result.ToolUseId, text, error, result.Changes, result.Approval, result.RunTime);
        foreach (var image in result.Images) { live.AddFile(image); }
        sink.Publish(new TurnEvent.ToolCallFinished(live.Id, result.ToolUseId, text, error) { Changes = result.Changes, Approval = result.Approval, RunTime = result.RunTime });
    }

    private string Masked(string text) => Secrets?.Mask(text) ?? text;

    /// <summary>A round is complete: its results are what the model is asked about next.</summary>
    private async Task SettleAsync(LiveMessage live, Ending ending)
    {
        Message message;
        lock (gate) { message = live.ToMessage(MessageStatus.Complete, time.GetUtcNow(), null, ending.Usage, ending.CostOf(live.ProviderInfo?.ModelId), ending.Timing); }
        await log.AppendAsync(message, CancellationToken.None);
        lock (gate)
        {
            Live = null;
            Kept?.Invoke(message);
            sink.Publish(new TurnEvent.MessageFinished(message, AlternativesOf?.Invoke(message) ?? []));
        }

        sink.Idle();
    }

    /// <summary>When the user stops, what does not end soon is no longer listened to; it ends in the background.</summary>
    private async Task OrLeaveAsync(Func<Task> ask, TimeSpan wait, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        await using var stopping = cancellationToken.UnsafeRegister(_ => patience.CancelAfter(wait), null);
        // A task of its own: a provider may hold its thread, too.
        var asking = Task.Run(ask, CancellationToken.None);
        try
        {
            await asking.WaitAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!asking.IsCompleted)
        {
            Task last;
            lock (gate)
            {
                release?.Invoke();
                (isOver, last) = (true, naming);
            }

            await last;
            throw;
        }
    }

    /// <summary>Under the gate, so that an ending is never changed behind its back.</summary>
    /// <exception cref="OperationCanceledException">The turn has ended without waiting.</exception>
    private void Do(Action change)
    {
        lock (gate)
        {
            if (isOver) { throw new OperationCanceledException(); }
            change();
        }
    }

    private LiveMessage Begin(string codexId, ProviderInfo chosen)
    {
        var now = time.GetUtcNow();
        var live = new LiveMessage(new Message
        {
            Id = Ids.New("msg"),
            CodexId = codexId,
            ParentId = ParentId(),
            Role = MessageRole.Assistant,
            CreatedAt = now,
            UpdatedAt = now,
            Status = MessageStatus.Streaming,
            ProviderInfo = chosen,
            SteeredBy = SteeredBy,
            Routing = Routing,
            TurnId = Id,
        });
        lock (gate)
        {
            Live = live;
            sink.Publish(new TurnEvent.MessageStarted(live.ToMessage(MessageStatus.Streaming, now)));
        }

        return live;
    }

    private async Task AskAsync(ProviderInfo chosen, Answerers answerers, LiveMessage live, Ending ending, CancellationToken cancellationToken)
    {
        Failure? failure = null;
        while (await answerers.NextAsync(failure, cancellationToken) is { } answerer)
        {
            Do(() =>
            {
                ending.Begin(answerer);
                live.NotCarried = [.. answerer.NotCarried.Where(sentence => !notCarried.Contains(sentence))];
                live.SteeredBy = [.. SteeredBy, ProviderFingerprint.Source(answerer.Provider.Settings)];
            });
            await NameAsync(answerer, live, cancellationToken);
            await HearAsync(answerer, live, ending, cancellationToken);
            Heard?.Invoke(answerer.Provider.Settings, ending.Error);
            failure = ending.Error;
            // Once a piece is on the screen no other may go on with it.
            if (failure is null || !live.IsEmpty)
            {
                notCarried.UnionWith(live.NotCarried);
                return;
            }
        }

        Do(() =>
        {
            live.ProviderInfo = chosen;
            ending.Fail(answerers.Failure);
        });
    }

    /// <summary>Says who is asked when it is not the one that was named last.</summary>
    private async Task NameAsync(Answerer answerer, LiveMessage live, CancellationToken cancellationToken)
    {
        var info = new ProviderInfo(answerer.Provider.Settings.Id, answerer.Request.Model, null, answerer.InsteadOf is { } why ? mask(why) : null);
        if (live.ProviderInfo is { } named && named.ProviderId == info.ProviderId && named.InsteadOf == info.InsteadOf)
        {
            Do(() => live.ProviderInfo = info);
            return;
        }

        Do(() =>
        {
            live.ProviderInfo = info;
            sink.Publish(new TurnEvent.AnsweredBy(live.Id, info));
            naming = log.BeginAsync(live.ToMessage(MessageStatus.Streaming, time.GetUtcNow()), cancellationToken).AsTask();
        });
        await naming;
    }

    private async Task HearAsync(Answerer answerer, LiveMessage live, Ending ending, CancellationToken cancellationToken)
    {
        try
        {
            await StreamAsync(answerer, live, ending, cancellationToken);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // Whatever it says about being stopped is no failure of its own.
            throw new OperationCanceledException(cancellationToken);
        }
        catch (FailureException fault)
        {
            Do(() => ending.Fail(fault.Failure));
        }
        catch (Exception fault)
        {
            // A provider promises events, not exceptions. Should one break its promise, the turn still ends as a turn.
            Do(() => ending.Fail(new Failure(FailureKind.Internal, $"{answerer.Provider.Settings.Name} failed in a way Plue did not expect: {mask(fault.Message)}")));
        }
    }

    private async Task StreamAsync(Answerer answerer, LiveMessage live, Ending ending, CancellationToken cancellationToken)
    {
        if (answerer.Request.ToolHost is ToolHost host && Rounds is { } rounds)
        {
            host.Observer = new ToolWork(this, live, rounds, () => log.IntendAsync(Now(live, ending), cancellationToken).AsTask(), result =>
            {
                rounds.Ended(result);
                ran[result.ToolUseId] = result;
            });
        }

        await using var events = Retry.StreamAsync(answerer.Provider, answerer.Request, time, cancellationToken).GetAsyncEnumerator(cancellationToken);
        var masked = Secrets is null ? null : new AnswerMask(Secrets);
        void Take(ProviderEvent next) => Fold(next, live, ending);
        Action<ProviderEvent> take = Take;
        lock (gate) { release = () => masked?.Release(take); }
        try
        {
            while (true)
            {
                var next = events.MoveNextAsync();
                if (!next.IsCompleted) { sink.Idle(); }
                if (!await next) { break; }

                lock (gate)
                {
                    if (isOver) { return; }
                    if (masked is null) { Fold(events.Current, live, ending); }
                    else { masked.Take(events.Current, take); }
                }
            }
        }
        finally
        {
            // Stopped or broken off: what waited to be told from a secret is part of the answer.
            lock (gate)
            {
                if (!isOver) { release(); }
            }
        }

        if (ending.Reason is null)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ending.Fail(new Failure(FailureKind.CutStream, $"The answer from {answerer.Provider.Settings.Name} ended before it was complete."));
        }
    }

    private void Fold(ProviderEvent providerEvent, LiveMessage live, Ending ending)
    {
        switch (providerEvent)
        {
            case ProviderEvent.TextDelta(var text):
                ending.SawPiece();
                var textIndex = live.AppendText(text);
                log.AppendPartial(live.Id, textIndex, isReasoning: false, text);
                sink.Publish(new TurnEvent.TextDelta(live.Id, textIndex, text));
                break;
            case ProviderEvent.ReasoningDelta(var text):
                ending.SawPiece();
                var reasoningIndex = live.AppendReasoning(text);
                log.AppendPartial(live.Id, reasoningIndex, isReasoning: true, text);
                sink.Publish(new TurnEvent.ReasoningDelta(live.Id, reasoningIndex, text));
                break;
            case ProviderEvent.ReasoningFinished(var signature, var opaque):
                live.FinishReasoning(signature, opaque);
                break;
            case ProviderEvent.ToolCallStarted(var id, var name):
                ending.SawPiece();
                sink.Publish(new TurnEvent.ToolCallStarted(live.Id, live.StartToolCall(id, name), id, name));
                break;
            case ProviderEvent.ToolCallDelta(var id, var arguments):
                var callIndex = live.AppendToolCall(id, arguments);
                if (callIndex >= 0) { sink.Publish(new TurnEvent.ToolCallDelta(live.Id, callIndex, arguments)); }
                break;
            case ProviderEvent.ToolCallFinished(var id, _, var parameters) finished:
                live.FinishToolCall(id, parameters, finished.Problem);
                break;
            case ProviderEvent.ToolResultReceived(var id, var result, var error):
                var known = ran.GetValueOrDefault(id);
                live.AddToolResult(id, result, error, known?.Changes, known?.Approval, known?.RunTime);
                sink.Publish(new TurnEvent.ToolCallFinished(live.Id, id, result, error) { Changes = known?.Changes ?? [], Approval = known?.Approval, RunTime = known?.RunTime });
                break;
            case ProviderEvent.Waiting(var what):
                sink.Publish(new TurnEvent.Waiting(what));
                break;
            case ProviderEvent.Accepted(var model, var requestId):
                live.ProviderInfo = live.ProviderInfo is { } asked ? asked with { ModelId = model ?? asked.ModelId, RequestId = requestId } : null;
                break;
            case ProviderEvent.UsageReported(var usage, var vendorCost):
                (ending.Usage, ending.VendorCost) = (usage, vendorCost);
                break;
            case ProviderEvent.Retrying(var attempt, var until, var why):
                ending.RequestedAgainAt(until);
                sink.Publish(new TurnEvent.Retrying(attempt, until, mask(why)));
                break;
            case ProviderEvent.Restarted(var attempt, var delay, var why):
                live.Clear();
                log.ResetPartial(live.Id);
                sink.Publish(new TurnEvent.Restarted(live.Id, attempt, delay, mask(why)));
                break;
            case ProviderEvent.Failed(var failure):
                ending.Fail(failure);
                break;
            case ProviderEvent.Finished(var reason):
                ending.Reason = reason;
                break;
            default:
                throw new InvalidOperationException($"The turn does not know {providerEvent.GetType().Name}.");
        }
    }

    /// <param name="isStopped">What failed because it was stopped has not failed.</param>
    private async Task<Message> FinishAsync(LiveMessage live, Ending ending, bool isStopped)
    {
        if (isStopped && ending.Reason is null or StopReason.Failed) { Stop(ending); }
        var reason = ending.Reason ?? StopReason.Failed;
        var error = ending.Error is { } failure ? failure with { Message = mask(failure.Message) } : null;
        Message message;
        lock (gate)
        {
            // History stays valid for every vendor: a call that nothing answered gets an answer.
            foreach (var (toolUseId, toolName) in live.OpenToolCalls)
            {
                var why = reason is StopReason.Stopped or StopReason.Failed ? "Interrupted."
                    : reason == StopReason.MaxTokens ? "The answer was cut at its longest, so nothing was done."
                    : $"Plue offered no tool named {toolName}.";
                live.AddToolResult(toolUseId, null, why);
                sink.Publish(new TurnEvent.ToolCallFinished(live.Id, toolUseId, null, why));
            }

            live.StopReason ??= reason == StopReason.ToolUse ? StopReason.EndTurn : reason;
            message = live.ToMessage(StatusOf(reason), time.GetUtcNow(), error, ending.Usage, ending.CostOf(live.ProviderInfo?.ModelId), ending.Timing);
        }

        try
        {
            await log.AppendAsync(message, CancellationToken.None);
        }
        catch (Exception fault)
        {
            // What was streamed stays on the screen; that it is not kept is said.
            (reason, error) = (StopReason.Failed, (fault as FailureException)?.Failure ?? new Failure(FailureKind.Internal, $"The answer was not kept: {mask(fault.Message)}"));
            message = message with { Status = MessageStatus.Failed, Error = error };
        }

        lock (gate)
        {
            (Live, IsAtTools) = (null, false);
            Kept?.Invoke(message);
            Finishing?.Invoke(message);
            sink.Publish(new TurnEvent.MessageFinished(message, AlternativesOf?.Invoke(message) ?? []));
            sink.Publish(new TurnEvent.TurnFinished(Id, reason, error));
        }

        sink.Idle();
        return message;
    }

    private void Stop(Ending ending)
    {
        if (StoppedBy().Failure is { } failure) { ending.Fail(failure); }
        else { ending.Stop(); }
    }

    private MessageStatus StatusOf(StopReason reason) => reason switch
    {
        StopReason.Stopped => StoppedBy().Status,
        StopReason.Failed => MessageStatus.Failed,
        _ => MessageStatus.Complete,
    };

    /// <summary>Tells of one round of tools while it runs.</summary>
    /// <param name="intend">Makes durable what the answer asks for.</param>
    /// <param name="finished">Called under the gate.</param>
    private sealed class ToolWork(Turn turn, LiveMessage live, Rounds rounds, Func<Task> intend, Action<ToolCallResult> finished) : IToolObserver
    {
        public async ValueTask IntendAsync(ToolCall call, CancellationToken cancellationToken) => await intend().WaitAsync(cancellationToken);

        public string WhyStopped => turn.StoppedBy().CallError;

        public void Progress(ToolCall call, string text) => Tell(() => turn.sink.Publish(new TurnEvent.ToolCallProgress(live.Id, call.ToolUseId, turn.Masked(text))));

        public void Waiting(ToolCall call, bool isWaiting) => rounds.Waiting(isWaiting);

        public void Finished(ToolCallResult result) => Tell(() => finished(result));

        /// <summary>What comes when the turn has ended without waiting is not heard.</summary>
        private void Tell(Action say)
        {
            lock (turn.gate)
            {
                if (turn.isOver) { return; }
                say();
            }

            turn.sink.Idle();
        }
    }

    /// <summary>What the streams said about their end, and when.</summary>
    /// <param name="waited">Of the turn so far.</param>
    private sealed class Ending(TimeProvider time, Func<TimeSpan> waited)
    {
        private readonly long began = time.GetTimestamp();
        private readonly TimeSpan waitedBefore = waited();
        private Answerer? answerer;
        private TimeSpan requested;
        private TimeSpan? firstPiece;

        public StopReason? Reason { get; set; }
        public Failure? Error { get; private set; }
        /// <summary>Plue runs what this model calls. A program that runs its own rounds has run what it wanted.</summary>
        public bool RunsTools => answerer?.Request is { ToolHost: null, Tools.Count: > 0 };
        public Usage? Usage { get; set; }
        public decimal? VendorCost { get; set; }

        /// <summary>The first piece is measured from the request that brought it; the whole as the user waited for it, without what it waited for the user and for children.</summary>
        public Timing Timing => new(firstPiece, time.GetElapsedTime(began) - (waited() - waitedBefore));

        /// <summary>What an earlier one said about its end no longer counts.</summary>
        public void Begin(Answerer next)
        {
            (answerer, requested, firstPiece) = (next, time.GetElapsedTime(began), null);
            (Reason, Error, Usage, VendorCost) = (null, null, null, null);
        }

        public void Fail(Failure failure) => (Reason, Error) = (StopReason.Failed, failure);

        public void Stop() => (Reason, Error) = (StopReason.Stopped, null);

        public void RequestedAgainAt(DateTimeOffset at) => requested = time.GetElapsedTime(began) + (at - time.GetUtcNow());

        public void SawPiece()
        {
            if (firstPiece is null && time.GetElapsedTime(began) - requested is var waited) { firstPiece = waited > TimeSpan.Zero ? waited : TimeSpan.Zero; }
        }

        public Cost? CostOf(string? model) => answerer?.CostOf(model, Usage, VendorCost);
    }
}
