using Plue.Server.Messages;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>Publishes the progress of the calls of one round, which run on other threads. Events after the end of the turn are dropped.</summary>
/// <param name="intent">
/// Stores the intent of a round that Plue runs, once for all of its calls. Null if a program calls its model itself; results then arrive with its own events.
/// </param>
internal sealed class ToolObserver(TurnContext context, TurnRound round, Lazy<Task>? intent) : IToolObserver, IDisposable
{
    private bool isClosed;

    public string WhyStopped => (context.Turn.StoppedBy ?? StopCause.User).CallError;

    public async ValueTask RecordIntentAsync(ToolCall call, CancellationToken cancellationToken)
    {
        // Does not go through the loop, so that calls that spawn subtasks keep their order.
        if (intent is not null)
        {
            await intent.Value.WaitAsync(cancellationToken);
            return;
        }

        await context.Loop.Enter();
        await context.Log.RecordIntentAsync(round.ToMessage(MessageStatus.Streaming), cancellationToken);
    }

    public void Progress(ToolCall call, string text)
    {
        var masked = Masked(text);
        Post(() => context.Sink.Publish(new TurnEvent.ToolCallProgress(round.Live.Id, call.ToolUseId, masked)));
    }

    public void Waiting(ToolCall call, bool isWaiting) =>
        context.Loop.Post(() => context.Chat?.Wait(context.Turn, TaskStates.WaitingForApproval, isWaiting));

    public void HookRan(HookRun run) =>
        Post(() =>
        {
            round.Live.AddHook(run);
            context.Sink.Publish(new TurnEvent.HookRan(round.Live.Id, run));
        });

    public void Finished(ToolCallResult result)
    {
        if (intent is not null)
        {
            Post(() => AddResult(result));
            return;
        }

        // Not posted to the loop: the program's event for this call may be processed earlier.
        round.RunForProgram[result.ToolUseId] = result;
        context.Tools!.Ended(result);
    }

    /// <summary>Called in the loop.</summary>
    public void AddResult(ToolCallResult result)
    {
        var (text, error) = (result.Result is { } output ? Masked(output) : null, result.Error is { } why ? Masked(why) : null);
        round.Live.AddToolResult(result.ToolUseId, text, error, result.Changes, result.Approval, result.RunTime, result.Instructions);
        round.AddToolCost(result.Cost);
        foreach (var image in result.Images)
        {
            round.Live.AddFile(image);
        }
        context.Sink.Publish(
            new TurnEvent.ToolCallFinished(round.Live.Id, result.ToolUseId, text, error)
            {
                Changes = result.Changes,
                Approval = result.Approval,
                RunTime = result.RunTime,
            }
        );
    }

    /// <summary>Called in the loop when the turn no longer waits for running calls.</summary>
    public void Dispose() => isClosed = true;

    private void Post(Action change) =>
        context.Loop.Post(() =>
        {
            if (isClosed)
            {
                return;
            }

            change();
            context.Sink.Idle();
        });

    private string Masked(string text) => context.Secrets?.Mask(text) ?? text;
}
