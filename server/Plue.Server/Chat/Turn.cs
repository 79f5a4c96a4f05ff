using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>
/// One turn, from top to bottom: prepare the request, reserve its budget, stream the response, run its tool calls, store it, publish it, and repeat while the
/// model calls tools. Each round is a message. A message is durable before it is reported as finished, and a turn ends with exactly one
/// <see cref="TurnEvent.TurnFinished"/>, even after errors. Everything here runs in the conversation's loop.
/// </summary>
internal sealed class Turn(TurnContext context)
{
    /// <summary>The grace period for a provider after a stop. Then the turn ends with the partial response.</summary>
    public static readonly TimeSpan StopGracePeriod = TimeSpan.FromMilliseconds(60);

    /// <summary>The grace period for running tools after a stop.</summary>
    private static readonly TimeSpan ToolGracePeriod = TimeSpan.FromSeconds(10);

    private readonly RunningTurn turn = context.Turn;
    private readonly ITurnSink sink = context.Sink;
    private readonly TimeProvider time = context.Time;
    private readonly TurnHooks hooks = new(context);
    private readonly HashSet<string> reportedOmissions = new(StringComparer.Ordinal); // already reported in this turn

    public async Task<TurnResult> RunAsync()
    {
        await context.Loop.Enter();
        var stop = turn.Stop.Token;
        TurnRound? round = null;
        sink.Publish(new TurnEvent.TurnStarted(turn.Id));
        try
        {
            await hooks.BeginAsync(stop);
            var tools = await context.Requests.PrepareAsync(turn, stop).WaitAsync(stop);
            while (true)
            {
                using var limit = TimeLimit.Start(context);
                round = BeginRound();
                await context.Log.BeginAsync(round.ToMessage(MessageStatus.Streaming), stop);
                if (context.Tools?.Over is { } over)
                {
                    throw new FailureException(over);
                }

                await AskAsync(round, tools, stop);
                if (context.Tools is not { } rounds || !round.WantsTools)
                {
                    if (await hooks.EndAsync(round, canContinue: round.Reason == StopReason.EndTurn, stop) is not { } request)
                    {
                        await hooks.SpendAsync(round, isLast: true, stop);
                        break;
                    }

                    await hooks.SpendAsync(round, isLast: false, stop);
                    round.Live.StopReason = StopReason.EndTurn;
                    await StoreAsync(round);
                    round = null;
                    await ContinueAsync(request);
                    continue;
                }

                await RunToolsAsync(rounds, round, tools, stop);
                if (rounds.Finished is not null)
                {
                    await hooks.EndAsync(round, canContinue: false, stop);
                    await hooks.SpendAsync(round, isLast: true, stop);
                    break;
                }

                stop.ThrowIfCancellationRequested();
                await hooks.SpendAsync(round, isLast: false, stop);
                await StoreAsync(round);
                tools = tools.WithFound(FoundTools.In([round.ToMessage(MessageStatus.Complete)]));
                round = null;
                limit?.Dispose();
                await PauseAndSteerAsync(stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            round ??= BeginRound();
            round.Stop(StoppedBy);
        }
        catch (FailureException fault)
        {
            round ??= BeginRound();
            round.Fail(fault.Failure);
        }
        catch (Exception fault)
        {
            round ??= BeginRound();
            round.Fail(new Failure(FailureKind.Internal, $"An internal error ended the response: {context.Redactor.Mask(fault.Message)}"));
        }

        return await FinishAsync(round, stop.IsCancellationRequested);
    }

    private StopCause StoppedBy => turn.StoppedBy ?? StopCause.User;

    private TurnRound BeginRound()
    {
        var now = time.GetUtcNow();
        turn.Live = new LiveMessage(
            new Message
            {
                Id = Ids.New("msg"),
                CodexId = context.CodexId,
                ParentId = turn.ParentId,
                Role = MessageRole.Assistant,
                CreatedAt = now,
                UpdatedAt = now,
                Status = MessageStatus.Streaming,
                ProviderInfo = context.Chosen,
                Instructions = context.Instructions,
                Routing = context.Routing,
                TurnId = turn.Id,
            }
        );
        var round = new TurnRound(turn.Live, time, turn.Clock);
        sink.Publish(new TurnEvent.MessageStarted(turn.Live.ToMessage(MessageStatus.Streaming, now)));
        hooks.MoveTo(turn.Live);
        return round;
    }

    /// <summary>Calls the chosen provider, and its fallbacks until something is received.</summary>
    private async Task AskAsync(TurnRound round, Toolbox tools, CancellationToken stop)
    {
        var (live, chain) = (round.Live, new FallbackChain(context.Requests, context.Logger));
        Failure? failure = null;
        while (await NextCallAsync(chain, failure, tools, stop) is { } call)
        {
            round.Begin(call);
            live.Omitted = [.. call.Omitted.Where(sentence => !reportedOmissions.Contains(sentence))];
            live.Instructions =
            [
                .. context.Instructions,
                .. InstructionsIn(call.Request.Messages),
                ProviderFingerprint.Source(call.Provider.Settings),
            ];
            await NameProviderAsync(call, round, stop);
            if (context.Chat?.Chat.IsTask == true)
            {
                // A request is paid for even if this process is killed before its response.
                context.Log.AppendSpend(round.ToRequested(), isDue: false);
            }

            await StreamAsync(call, round, stop);
            context.Requests.Responded(call.Provider.Settings, round.Error);
            failure = round.Error;
            // A displayed response must not be continued by another provider.
            if (failure is null || !live.IsEmpty)
            {
                reportedOmissions.UnionWith(live.Omitted);
                return;
            }
        }

        live.ProviderInfo = context.Chosen;
        round.Fail(chain.Failure);
    }

    /// <summary>Gets the instruction files and skills from the results of earlier calls and the user's messages, each in its latest version.</summary>
    private static IEnumerable<InstructionSource> InstructionsIn(IReadOnlyList<Message> messages) =>
        messages
            .SelectMany(message => message.Parts)
            .SelectMany(part =>
                part switch
                {
                    MessagePart.ToolResult result => result.Instructions,
                    MessagePart.File { Skill: { } skill } => [skill],
                    _ => [],
                }
            )
            .GroupBy(source => source.Source, StringComparer.Ordinal)
            .Select(versions => versions.Last());

    /// <summary>Builds the next request outside of the loop, because this reads files and may list models. Abandoned if it does not stop in time.</summary>
    private async Task<ProviderCall?> NextCallAsync(FallbackChain chain, Failure? failure, Toolbox tools, CancellationToken stop)
    {
        using var grace = new GracePeriod(StopGracePeriod, time, stop);
        return await Task.Run(() => chain.NextAsync(failure, turn, tools, stop), CancellationToken.None).WaitAsync(grace.Token);
    }

    /// <summary>Publishes the provider and model if they changed.</summary>
    private async Task NameProviderAsync(ProviderCall call, TurnRound round, CancellationToken stop)
    {
        var info = new ProviderInfo(
            call.Provider.Settings.Id,
            call.Request.Model,
            null,
            call.FallbackReason is { } why ? context.Redactor.Mask(why) : null
        );
        var isNamed =
            round.Live.ProviderInfo is { } named && named.ProviderId == info.ProviderId && named.FallbackReason == info.FallbackReason;
        round.Live.ProviderInfo = info;
        if (isNamed)
        {
            return;
        }

        sink.Publish(new TurnEvent.FallbackUsed(round.Live.Id, info));
        await context.Log.BeginAsync(round.ToMessage(MessageStatus.Streaming), stop);
    }

    /// <summary>Processes the events of one provider. Failures are stored in the round.</summary>
    /// <exception cref="OperationCanceledException">The turn was stopped.</exception>
    private async Task StreamAsync(ProviderCall call, TurnRound round, CancellationToken stop)
    {
        if (call.Request.ToolHost is ToolHost host && context.Tools is not null)
        {
            host.Observer = new ToolObserver(context, round, intent: null);
        }
        if (call.Request.AgentHost is AgentHost agent && context.Tools is not null)
        {
            agent.Observer = new ToolObserver(context, round, intent: null);
        }

        var mask = context.Secrets is { } secrets ? new ResponseMask(secrets) : null;
        void Take(ProviderEvent next) => Fold(next, round);
        using var grace = new GracePeriod(StopGracePeriod, time, stop);
        var events = ProviderStream.Start(call, time, stop);
        try
        {
            while (await events.WaitToReadAsync(grace.Token))
            {
                while (events.TryRead(out var next))
                {
                    if (mask is null)
                    {
                        Take(next);
                    }
                    else
                    {
                        mask.Take(next, Take);
                    }
                }

                sink.Idle();
            }

            if (round.Reason is null)
            {
                stop.ThrowIfCancellationRequested();
                round.Fail(
                    new Failure(FailureKind.CutStream, $"The response from {call.Provider.Settings.Name} ended before it was complete.")
                );
            }
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            // Errors caused by the stop are not failures.
            throw new OperationCanceledException(stop);
        }
        catch (FailureException fault)
        {
            round.Fail(fault.Failure);
        }
        catch (Exception fault)
        {
            // Providers report failures as events. If one throws, the turn must still end correctly.
            round.Fail(
                new Failure(
                    FailureKind.Internal,
                    $"{call.Provider.Settings.Name} failed with an internal error: {context.Redactor.Mask(fault.Message)}"
                )
            );
        }
        finally
        {
            // After a stop or failure, text held back by the mask still belongs to the response.
            mask?.Release(Take);
        }
    }

    private void Fold(ProviderEvent providerEvent, TurnRound round)
    {
        var live = round.Live;
        switch (providerEvent)
        {
            case ProviderEvent.TextDelta(var text):
                round.MarkFirstContent();
                var textIndex = live.AppendText(text);
                context.Log.AppendPartial(live.Id, textIndex, isReasoning: false, text);
                sink.Publish(new TurnEvent.TextDelta(live.Id, textIndex, text));
                break;
            case ProviderEvent.ReasoningDelta(var text):
                round.MarkFirstContent();
                var reasoningIndex = live.AppendReasoning(text);
                context.Log.AppendPartial(live.Id, reasoningIndex, isReasoning: true, text);
                sink.Publish(new TurnEvent.ReasoningDelta(live.Id, reasoningIndex, text));
                break;
            case ProviderEvent.ReasoningFinished(var signature, var opaque):
                live.FinishReasoning(signature, opaque);
                break;
            case ProviderEvent.ToolCallStarted(var id, var name):
                round.MarkFirstContent();
                sink.Publish(new TurnEvent.ToolCallStarted(live.Id, live.StartToolCall(id, name), id, name));
                break;
            case ProviderEvent.ToolCallDelta(var id, var arguments):
                var callIndex = live.AppendToolCall(id, arguments);
                if (callIndex >= 0)
                {
                    sink.Publish(new TurnEvent.ToolCallDelta(live.Id, callIndex, arguments));
                }
                break;
            case ProviderEvent.ToolCallFinished(var id, _, var parameters) finished:
                live.FinishToolCall(id, parameters, finished.Problem, finished.Raw);
                break;
            case ProviderEvent.ToolResultReceived(var id, var result, var error):
                var known = round.RunForProgram.GetValueOrDefault(id);
                live.AddToolResult(id, result, error, known?.Changes, known?.Approval, known?.RunTime, known?.Instructions);
                // Instructions that a program loads apply to its next text, which comes without another request.
                live.Instructions = [.. live.Instructions, .. known?.Instructions ?? []];
                sink.Publish(
                    new TurnEvent.ToolCallFinished(live.Id, id, result, error)
                    {
                        Changes = known?.Changes ?? [],
                        Approval = known?.Approval,
                        RunTime = known?.RunTime,
                    }
                );
                break;
            case ProviderEvent.Waiting(var what):
                sink.Publish(new TurnEvent.Waiting(what));
                break;
            case ProviderEvent.Accepted(var model, var requestId):
                live.ProviderInfo = live.ProviderInfo is { } asked
                    ? asked with
                    {
                        ModelId = model ?? asked.ModelId,
                        RequestId = requestId,
                    }
                    : null;
                break;
            case ProviderEvent.UsageReported(var usage, var vendorCost):
                round.Report(usage, vendorCost);
                if (round.IsOfProgram)
                {
                    context.Log.AppendSpend(round.ToMessage(MessageStatus.Streaming), isDue: true);
                }
                break;
            case ProviderEvent.Omitted(var notes):
                live.Omitted = [.. live.Omitted, .. notes.Where(sentence => !reportedOmissions.Contains(sentence))];
                break;
            case ProviderEvent.WindowsReported(var windows):
                context.Requests.WindowsReported(round.Settings!, windows);
                break;
            case ProviderEvent.Retrying(var attempt, var until, var why):
                round.MarkRetry(until);
                sink.Publish(new TurnEvent.Retrying(attempt, until, context.Redactor.Mask(why)));
                break;
            case ProviderEvent.Restarted(var attempt, var delay, var why):
                live.Clear();
                context.Log.ResetPartial(live.Id);
                sink.Publish(new TurnEvent.Restarted(live.Id, attempt, delay, context.Redactor.Mask(why)));
                break;
            case ProviderEvent.Failed(var failure):
                round.Fail(failure);
                break;
            case ProviderEvent.Finished(var reason):
                round.End(reason);
                break;
            default:
                throw new InvalidOperationException($"The turn does not know {providerEvent.GetType().Name}.");
        }
    }

    /// <summary>Runs the calls of the round. The intent is stored durably before any call has effects.</summary>
    private async Task RunToolsAsync(ToolRounds rounds, TurnRound round, Toolbox tools, CancellationToken stop)
    {
        var live = round.Live;
        (turn.IsAtTools, live.StopReason) = (true, StopReason.ToolUse);
        foreach (var call in live.RepairToolCalls(tools))
        {
            sink.Publish(new TurnEvent.ToolCallRepaired(live.Id, call.ToolUseId, call.Parameters));
        }

        var calls = live.Calls;
        Message? begun = null;
        using var observer = new ToolObserver(context, round, new Lazy<Task>(() => context.Log.RecordIntentAsync(begun!, stop).AsTask()));
        // A truncated call also gets a result.
        foreach (var (toolUseId, _) in live.OpenToolCalls.Where(open => calls.All(call => call.ToolUseId != open.ToolUseId)))
        {
            observer.AddResult(new ToolCallResult(toolUseId, null, "The call was truncated, so it did not run. Send it again."));
        }

        begun = round.ToMessage(MessageStatus.Streaming);
        await context.Log.BeginAsync(begun, stop);
        using var grace = new GracePeriod(ToolGracePeriod, time, stop);
        await Task.Run(
                () => rounds.RunAsync(calls, tools, id => context.Chat!.Tools.ContextOf(turn.Id, id), observer, stop),
                CancellationToken.None
            )
            .WaitAsync(grace.Token);
        live.OrderResults();
        if (rounds.Finished is not null)
        {
            live.StopReason = StopReason.EndTurn;
            round.End(StopReason.EndTurn);
        }
    }

    /// <summary>Stores a complete round. The next request contains its results.</summary>
    private async Task StoreAsync(TurnRound round)
    {
        var message = round.ToMessage(MessageStatus.Complete);
        await context.Log.AppendAsync(message, CancellationToken.None);
        Publish(message);
        sink.Idle();
    }

    /// <summary>Stores the message of a hook that continues the turn. The next request contains it.</summary>
    private async Task ContinueAsync(Message request)
    {
        var message = request with { ParentId = turn.ParentId };
        await context.Log.AppendAsync(message, CancellationToken.None);
        turn.ParentId = message.Id;
        context.Chat?.PublishAdded(message);
    }

    /// <summary>Between two rounds, pauses if the user requested it and adds messages that the user sent while tools were running.</summary>
    private async Task PauseAndSteerAsync(CancellationToken stop)
    {
        if (context.Chat is not { } chat)
        {
            return;
        }

        chat.NotifyChanged();
        while (true)
        {
            if (turn.Pause is { } pause)
            {
                turn.IsPaused = true;
                chat.NotifyChanged();
                try
                {
                    await pause.Task.WaitAsync(stop);
                }
                finally
                {
                    turn.IsPaused = false;
                }

                chat.NotifyChanged();
            }
            else if (turn.Steering.TryDequeue(out var queuedId))
            {
                await chat.SteerAsync(queuedId, turn, stop);
                await hooks.SteeredAsync(stop);
            }
            else
            {
                turn.IsAtTools = false;
                return;
            }
        }
    }

    /// <param name="isStopped">True if errors were caused by the stop.</param>
    private async Task<TurnResult> FinishAsync(TurnRound round, bool isStopped)
    {
        if (isStopped && round.Reason is null or StopReason.Failed)
        {
            round.Stop(StoppedBy);
        }
        var (live, reason) = (round.Live, round.Reason ?? StopReason.Failed);
        var error = round.Error is { } failure ? failure with { Message = context.Redactor.Mask(failure.Message) } : null;
        // The history must be valid for every vendor, so each call needs a result.
        foreach (var (toolUseId, toolName) in live.OpenToolCalls)
        {
            var why =
                reason is StopReason.Stopped or StopReason.Failed ? "Interrupted."
                : reason == StopReason.MaxTokens ? "The response reached its maximum length, so this call did not run."
                : $"There is no tool named {toolName}.";
            live.AddToolResult(toolUseId, null, why);
            sink.Publish(new TurnEvent.ToolCallFinished(live.Id, toolUseId, null, why));
        }

        live.StopReason ??= reason == StopReason.ToolUse ? StopReason.EndTurn : reason;
        var message = round.ToMessage(StatusOf(reason), error);
        try
        {
            await context.Log.AppendAsync(message, CancellationToken.None);
        }
        catch (Exception fault)
        {
            // The streamed text stays visible, and the error says that it was not stored.
            (reason, error) = (
                StopReason.Failed,
                (fault as FailureException)?.Failure
                    ?? new Failure(FailureKind.Internal, $"The response could not be stored: {context.Redactor.Mask(fault.Message)}")
            );
            message = message with { Status = MessageStatus.Failed, Error = error };
        }

        turn.IsAtTools = false;
        context.Chat?.EndTurn(message);
        Publish(message);
        sink.Publish(new TurnEvent.TurnFinished(turn.Id, reason, error));
        sink.Idle();
        return new TurnResult(message, reason, error);
    }

    /// <summary>Publishes a stored message of the turn.</summary>
    private void Publish(Message message)
    {
        turn.Live = null;
        context.Chat?.Stored(turn, message);
        sink.Publish(new TurnEvent.MessageFinished(message, context.Chat?.Chat.Tree.AlternativesOf(message) ?? []));
    }

    private MessageStatus StatusOf(StopReason reason) =>
        reason switch
        {
            StopReason.Stopped => StoppedBy.Status,
            StopReason.Failed => MessageStatus.Failed,
            _ => MessageStatus.Complete,
        };
}
