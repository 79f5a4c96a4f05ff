using System.Collections.Concurrent;
using System.Threading.Channels;
using Plue.Server.Chat;
using Plue.Server.Store;

namespace Plue.Server.Cli;

/// <summary>Prints the events of one chat in order, outside of the chat's loop.</summary>
/// <param name="printer">Prints the events of a response while it streams.</param>
/// <param name="text">Prints the complete messages of other windows while the user types; null if <paramref name="printer"/> prints all events.</param>
internal sealed class ChatView(ITurnSink printer, ResponseText? text, LineEditor editor) : IChatEvents, IAsyncDisposable
{
    private readonly Channel<Action> steps = Channel.CreateUnbounded<Action>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ConcurrentDictionary<string, TaskCompletionSource<TurnEvent.TurnFinished>> turns = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim printing = new(1, 1);
    private Task working = Task.CompletedTask;

    /// <summary>The address of the printed chat. Events of others, such as subtasks, are not printed.</summary>
    public string? CodexId { get; set; }

    public void Begin() => working = Task.Run(WorkAsync);

    /// <summary>Completes when everything of the turn was printed.</summary>
    public Task<TurnEvent.TurnFinished> EndOfAsync(string turnId) => EndSource(turnId).Task;

    /// <summary>Runs a step while nothing is printed.</summary>
    public async Task AloneAsync(Func<Task> step)
    {
        await printing.WaitAsync();
        try
        {
            await step();
        }
        finally
        {
            printing.Release();
        }
    }

    ITurnSink IChatEvents.SinkFor(string codexId) => new Relay(codexId, this);

    void IChatEvents.Changed(string codexId, ChatSummary? summary) { }

    void IChatEvents.Notify(string message, string codexId) => steps.Writer.TryWrite(() => Beside(() => text?.Notice(message)));

    public async ValueTask DisposeAsync()
    {
        steps.Writer.TryComplete();
        await working;
    }

    private async Task WorkAsync()
    {
        await foreach (var step in steps.Reader.ReadAllAsync())
        {
            await AloneAsync(() =>
            {
                step();
                return Task.CompletedTask;
            });
        }

        foreach (var turn in turns.Values)
        {
            turn.TrySetCanceled();
        }
    }

    private void Print(TurnEvent turnEvent)
    {
        if (editor.IsShown && text is not null)
        {
            switch (turnEvent)
            {
                case TurnEvent.MessageAdded(var added, _):
                    Beside(() => text.Show(added));
                    break;
                case TurnEvent.MessageFinished(var finished, _):
                    Beside(() => text.Show(finished));
                    break;
            }
        }
        else
        {
            Beside(() => printer.Publish(turnEvent));
        }

        if (turnEvent is TurnEvent.TurnFinished(var turnId, _, _) end)
        {
            printer.Idle();
            EndSource(turnId).TrySetResult(end);
        }
    }

    private void Flush() => printer.Idle();

    /// <summary>Prints above the row that the user types in.</summary>
    private void Beside(Action print)
    {
        var isShown = editor.IsShown;
        editor.Hide();
        print();
        if (isShown)
        {
            printer.Idle();
            editor.Show();
        }
    }

    private TaskCompletionSource<TurnEvent.TurnFinished> EndSource(string turnId) =>
        turns.GetOrAdd(turnId, _ => new TaskCompletionSource<TurnEvent.TurnFinished>(TaskCreationOptions.RunContinuationsAsynchronously));

    private sealed class Relay(string codexId, ChatView view) : ITurnSink
    {
        public void Publish(TurnEvent turnEvent)
        {
            if (codexId == view.CodexId)
            {
                view.steps.Writer.TryWrite(() => view.Print(turnEvent));
            }
        }

        public void Idle()
        {
            if (codexId == view.CodexId)
            {
                view.steps.Writer.TryWrite(view.Flush);
            }
        }
    }
}
