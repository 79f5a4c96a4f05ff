using Plue.Server.Messages;

namespace Plue.Server.Chat;

/// <summary>What is under way in a conversation: a response, or a summary, which ends like one. Changed in the conversation's loop only.</summary>
internal sealed class RunningTurn(string parentId, TimeProvider time)
{
    private readonly Dictionary<string, int> waits = new(StringComparer.Ordinal);
    private volatile string state = TaskStates.Running;
    private volatile StopCause? stoppedBy;
    private bool isPaused;

    public string Id { get; } = Ids.New("turn");

    /// <summary>How many hooks led to it.</summary>
    public int Depth { get; init; }

    /// <summary>The message that the next one follows: the question, the summary that was made for it, or the last round.</summary>
    public string ParentId { get; set; } = parentId;

    /// <summary>Text of hooks for the model, sent with the question before it is part of a stored message.</summary>
    public IReadOnlyList<string> AddedContext { get; set; } = [];

    /// <summary>The message being written; null before it begins, and for a summary.</summary>
    public LiveMessage? Live { get; set; }

    public CancellationTokenSource Stop { get; init; } = new();

    /// <summary>Null unless it was stopped. Any thread may read it.</summary>
    public StopCause? StoppedBy => stoppedBy;

    public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public WaitClock Clock { get; } = new(time);

    /// <summary>Tools are running, or their results are being stored: what the user sends now follows them.</summary>
    public bool IsAtTools { get; set; }

    /// <summary>Ids of queued messages that steer it: the next round follows them.</summary>
    public Queue<string> Steering { get; } = [];

    /// <summary>Completes when the turn may resume; null if no pause was requested.</summary>
    public TaskCompletionSource? Pause { get; set; }

    /// <summary>It paused, and does nothing until it may go on.</summary>
    public bool IsPaused
    {
        get => isPaused;
        set
        {
            isPaused = value;
            SetState();
        }
    }

    /// <summary>A constant of <see cref="TaskStates"/>. Any thread may read it.</summary>
    public string State => state;

    /// <summary>It waits for something, or no longer does; several calls can wait for the same.</summary>
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

    /// <summary>Stops it; the first cause counts. Returns before it has ended.</summary>
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
