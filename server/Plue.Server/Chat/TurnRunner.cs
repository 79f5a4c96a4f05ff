using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Chat;

/// <summary>What a conversation has under way: begun, paused, spoken to, stopped and ended here. The conversation's gate guards it.</summary>
/// <param name="now">The chat as it is now.</param>
internal sealed class TurnRunner(
    ChatServices services, string codexId, Lock gate, ITurnSink sink, Asking asking, ContextKeeper keeper, ChannelTools tools, Func<StoredChat> now)
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(40);
    private static readonly TimeSpan LeastTimer = TimeSpan.FromMilliseconds(50);

    /// <summary>Null when nothing is. What is no answer puts itself here.</summary>
    public RunningTurn? Running { get; set; }

    /// <summary>Called under the gate when an answer has ended, with its last message; null when it broke.</summary>
    public required Action<Message?> Ending { get; init; }

    /// <summary>Done before a turn asks anybody.</summary>
    public required Func<RunningTurn, Task> Beginning { get; init; }

    /// <summary>Sends a queued message to the turn under way.</summary>
    public required Func<string, RunningTurn, CancellationToken, Task> Deliver { get; init; }

    /// <summary>Done after a turn, with its last message; null when it broke.</summary>
    public required Func<Message?, RunningTurn, Task> Following { get; init; }

    /// <summary>Its row changed.</summary>
    public required Action Changed { get; init; }

    /// <param name="parentId">The message that the answer follows: the head, or an earlier one whose other answers stay beside this one.</param>
    /// <param name="depth">How many hooks led to it.</param>
    /// <returns>The id of the turn.</returns>
    /// <exception cref="FailureException">Conflict: something is under way.</exception>
    public string Start(ChatJournal writer, Asking.Prepared prepared, string? chosenModel, bool goOn, string parentId, int depth = 0)
    {
        RunningTurn? started = null;
        Turn? turn = null;
        string ParentId() => started?.ParentId ?? parentId;
        var rounds = new Rounds(services.ToolRunner, toolUseId => tools.ContextOf(turn!.Id, toolUseId), asking.MostRounds)
        {
            Between = cancellationToken => BetweenAsync(started!, cancellationToken),
            Waiting = isWaiting => Wait(started!, TaskStates.WaitingForApproval, isWaiting),
        };
        var pinned = services.Files.Pinned(now().ContextFiles);
        IReadOnlyList<string> notes = [];
        turn = new Turn(writer, sink, gate, services.Time, services.Mask)
        {
            Kept = message => Keep(started!, message),
            Finishing = message =>
            {
                Running = null;
                Ending(message);
            },
            Heard = asking.Heard,
            StoppedBy = () => started?.StoppedBy ?? StopCause.User,
            Secrets = services.Secrets(),
            SteeredBy = prepared.Steering.Used,
            Routing = services.RoutingOf?.Invoke(now()),
            ParentId = ParentId,
            AlternativesOf = message => now().Tree.AlternativesOf(message),
            Rounds = rounds,
            EachRound = () => Deadline(started!),
            Waited = () => started?.Clock.Waited ?? TimeSpan.Zero,
            Before = async cancellationToken =>
            {
                var summary = await keeper.MakeRoomAsync(writer, now().Tree.PathTo(parentId), prepared.Provider.Settings, prepared.Model, services.Files.PinnedTokens(now().ContextFiles), cancellationToken);
                if (summary is not null) { lock (gate) { started!.ParentId = summary.Id; } }
                (rounds.Toolbox, notes) = await tools.FindAsync(cancellationToken);
            },
        };
        started = new RunningTurn(turn.Id, parentId, services.Time) { Turn = turn, Depth = depth };
        lock (gate)
        {
            if (Running is not null) { throw Busy(); }
            Running = started;
            if (parentId != now().Tree.Head) { sink.Publish(new TurnEvent.BranchChanged(parentId)); }
        }

        var chosen = new ProviderInfo(prepared.Provider.Settings.Id, prepared.Model ?? chosenModel);
        var run = turn;
        Answerers Ask() => asking.AnswerersOf(prepared, chosenModel, new Asking.Question(ParentId(), goOn, rounds.Toolbox, notes, pinned, run.Id));
        // Not let go in between: what others write would come between the question and its answer.
        var held = writer.HoldOn();
        _ = Task.Run(() => RunAsync(writer, held, started, run, rounds, chosen, Ask));
        return turn.Id;
    }

    /// <exception cref="FailureException">Conflict.</exception>
    public void RefuseWhileRunning()
    {
        if (Running is not null) { throw Busy(); }
    }

    /// <summary>Lets the turn hear a queued message when its tools have ended.</summary>
    /// <returns>False when no tools are at work: then it has to be said in another way.</returns>
    public bool TrySay(string queuedId)
    {
        lock (gate)
        {
            if (Running is not { Turn.IsAtTools: true } turn) { return false; }

            turn.Said.Add(queuedId);
            return true;
        }
    }

    /// <summary>Lets the turn do nothing more once the results of its round are stored. Does nothing without a turn, and when it has paused.</summary>
    public void Pause()
    {
        lock (gate)
        {
            if (Running is { Turn: not null, Pause: null } turn) { turn.Pause = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously); }
        }
    }

    /// <summary>Lets a turn that paused, or was to, go on.</summary>
    public void Resume()
    {
        lock (gate)
        {
            Running?.Pause?.TrySetResult();
            if (Running is { } turn) { turn.Pause = null; }
        }
    }

    /// <summary>The turn waits for something, or no longer does. Does nothing without a turn.</summary>
    /// <param name="state">A constant of <see cref="TaskStates"/>.</param>
    public void Wait(string state, bool isWaiting)
    {
        if (Running is { } turn) { Wait(turn, state, isWaiting); }
    }

    /// <summary>Stops the turn and waits until it has ended.</summary>
    public async Task EndAsync(StopCause cause)
    {
        var turn = Running;
        if (turn is null) { return; }

        await CancelAsync(turn, cause);
        await turn.Ended.Task;
    }

    public static async Task CancelAsync(CancellationTokenSource? source)
    {
        if (source is null) { return; }

        try { await source.CancelAsync(); }
        catch (ObjectDisposedException) { /* It ended by itself meanwhile. */ }
    }

    /// <summary>The first cause counts.</summary>
    private Task CancelAsync(RunningTurn turn, StopCause cause)
    {
        lock (gate) { turn.StoppedBy ??= cause; }
        return CancelAsync(turn.Stop);
    }

    private static FailureException Busy() => new(FailureKind.Conflict, "An answer is still being written. Stop it first, or wait for it.");

    private async Task RunAsync(ChatJournal writer, IDisposable? held, RunningTurn started, Turn turn, Rounds rounds, ProviderInfo chosen, Func<Answerers> answerers)
    {
        Message? answer = null;
        try
        {
            using var kept = held;
            await Beginning(started);
            using var hold = held is null ? await HoldAsync(writer) : null;
            answer = await turn.RunAsync(codexId, chosen, answerers, started.Stop.Token);
            if (rounds.Finished is { } outputs && services.HandedBack is { } handBack) { await handBack(codexId, outputs); }
        }
        catch (Exception fault)
        {
            services.Logger.LogError(fault, "The turn {Turn} broke", turn.Id);
            lock (gate)
            {
                if (Running == started)
                {
                    Running = null;
                    Ending(null);
                    sink.Publish(new TurnEvent.TurnFinished(turn.Id, StopReason.Failed, new Failure(FailureKind.Internal, "The answer broke off in a way Plue did not expect. Ask again.")));
                }
            }
        }
        finally
        {
            started.Stop.Dispose();
            try { Changed(); }
            finally { started.Ended.TrySetResult(); }
        }

        await Following(answer, started);
    }

    /// <summary>Between two rounds, too: what others write would come in the middle of the answer. Where it cannot be had, the turn says why when it begins to write.</summary>
    private async Task<IDisposable?> HoldAsync(ChatJournal writer)
    {
        try { return await writer.HoldAsync(CancellationToken.None); }
        catch (FailureException fault)
        {
            services.Logger.LogDebug("{Chat} is not held for its turn: {Why}", codexId, fault.Message);
            return null;
        }
    }

    /// <summary>Under the gate.</summary>
    private void Keep(RunningTurn started, Message message)
    {
        started.ParentId = message.Id;
        var chat = now();
        services.Usage.Add(message, chat.Id, chat.TemplateId);
    }

    private void Wait(RunningTurn turn, string state, bool isWaiting)
    {
        lock (gate) { turn.Wait(state, isWaiting); }

        Changed();
    }

    /// <summary>A round is stored: the turn pauses here, and hears what was said while its tools were at work.</summary>
    private async Task BetweenAsync(RunningTurn turn, CancellationToken cancellationToken)
    {
        Changed();
        while (true)
        {
            Task? pause;
            string? said = null;
            lock (gate)
            {
                pause = turn.Pause?.Task;
                turn.IsPaused = pause is not null;
                if (pause is null && turn.Said is [var first, ..])
                {
                    said = first;
                    turn.Said.RemoveAt(0);
                }

                if (pause is null && said is null)
                {
                    turn.Turn!.IsAtTools = false;
                    return;
                }
            }

            if (pause is not null)
            {
                Changed();
                try { await pause.WaitAsync(cancellationToken); }
                finally { lock (gate) { turn.IsPaused = false; } }

                Changed();
            }

            if (said is not null) { await Deliver(said, turn, cancellationToken); }
        }
    }

    /// <summary>Stops the turn when its task may work no longer; null where nothing bounds that. What it waits for others does not count.</summary>
    private ITimer? Deadline(RunningTurn turn)
    {
        if (asking.TimeLeft is not { } left || left >= LongestTimer) { return null; }

        var (began, waited) = (services.Time.GetTimestamp(), turn.Clock.Waited);
        ITimer? timer = null;
        timer = services.Time.CreateTimer(
            _ =>
            {
                var rest = left + (turn.Clock.Waited - waited) - services.Time.GetElapsedTime(began);
                if (rest > TimeSpan.Zero)
                {
                    timer!.Change(rest > LeastTimer ? rest : LeastTimer, Timeout.InfiniteTimeSpan);
                    return;
                }

                _ = CancelAsync(turn, StopCause.OutOfTime);
            },
            null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        timer.Change(left, Timeout.InfiniteTimeSpan);
        return timer;
    }
}
