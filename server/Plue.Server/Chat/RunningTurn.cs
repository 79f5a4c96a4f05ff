using Plue.Server.Messages;

namespace Plue.Server.Chat;

/// <summary>The running operation of a conversation: a response, or a summary, which ends like one. Changed only in the conversation's loop.</summary>
internal sealed class RunningTurn(string parentId, TimeProvider time)
{
    private readonly Dictionary<string, int> waits = new(StringComparer.Ordinal);
    private volatile string state = TaskStates.Running;
    private volatile StopCause? stoppedBy;
    private bool isPaused;

    public string Id { get; } = Ids.New("turn");

    /// <summary>Gets the number of hooks that led to it.</summary>
    public int Depth { get; init; }

    /// <summary>Gets or sets the parent of the next message: the question, the summary created for it, or the last round.</summary>
    public string ParentId { get; set; } = parentId;

    /// <summary>Gets or sets text of hooks for the model, which is sent with the question until a stored message contains it.</summary>
    public IReadOnlyList<string> AddedContext { get; set; } = [];

    /// <summary>Gets or sets the streaming message; null before it starts, and for a summary.</summary>
    public LiveMessage? Live { get; set; }

    public CancellationTokenSource Stop { get; init; } = new();

    /// <summary>Gets why the turn was stopped; null if it was not. Can be read from any thread.</summary>
    public StopCause? StoppedBy => stoppedBy;

    public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public WaitClock Clock { get; } = new(time);

    /// <summary>True while tools run or their results are stored. Messages that the user sends now follow the results.</summary>
    public bool IsAtTools { get; set; }

    /// <summary>True if a message of the user replaces the response. The turn then ends without the end of its task.</summary>
    public bool IsReplaced { get; set; }

    /// <summary>Gets the ids of queued messages that steer the turn. They are sent before the next round.</summary>
    public Queue<string> Steering { get; } = [];

    /// <summary>Completes when the turn can resume; null if no pause was requested.</summary>
    public TaskCompletionSource? Pause { get; set; }

    public bool IsPaused
    {
        get => isPaused;
        set
        {
            isPaused = value;
            SetState();
        }
    }

    /// <summary>Gets a constant of <see cref="TaskStates"/>. Can be read from any thread.</summary>
    public string State => state;

    /// <summary>Records that the turn starts or stops waiting. Several calls can wait for the same thing.</summary>
    public void Wait(string what, bool isWaiting)
    {
        Clock.Wait(isWaiting);
        var count = waits.GetValueOrDefault(what) + (isWaiting ? 1 : -1);
        if (count > 0)
        {
            waits[what] = count;
        }
        else
        {
            waits.Remove(what);
        }

        SetState();
    }

    /// <summary>Stops the turn. The first cause counts. Returns before the turn has ended.</summary>
    public async Task CancelAsync(StopCause cause)
    {
        stoppedBy ??= cause;
        try
        {
            await Stop.CancelAsync();
        }
        catch (ObjectDisposedException)
        { /* It ended by itself meanwhile. */
        }
    }

    private void SetState() =>
        state =
            isPaused ? TaskStates.Paused
            : waits.ContainsKey(TaskStates.WaitingForApproval) ? TaskStates.WaitingForApproval
            : waits.ContainsKey(TaskStates.WaitingForChild) ? TaskStates.WaitingForChild
            : TaskStates.Running;
}
