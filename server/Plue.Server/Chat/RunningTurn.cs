using Plue.Server.Messages;

namespace Plue.Server.Chat;

/// <summary>What is under way in a conversation: an answer, or work that ends like one. The conversation's gate guards what changes.</summary>
internal sealed class RunningTurn(string id, string parentId, TimeProvider time)
{
    private readonly Dictionary<string, int> waits = new(StringComparer.Ordinal);
    private volatile string state = TaskStates.Running;
    private bool isPaused;

    public WaitClock Clock { get; } = new(time);

    /// <summary>How many hooks led to it.</summary>
    public int Depth { get; init; }
    public string Id => id;
    /// <summary>The message that the next one follows: the question, the summary that was made for it, or the last round.</summary>
    public string ParentId { get; set; } = parentId;
    /// <summary>Null for work that is no answer.</summary>
    public Turn? Turn { get; init; }
    public CancellationTokenSource Stop { get; } = new();
    /// <summary>Null while nobody stopped it.</summary>
    public StopCause? StoppedBy { get; set; }
    public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What was said to it while tools were at work, by the ids of queued messages: the next round hears it.</summary>
    public List<string> Said { get; } = [];

    /// <summary>Ends when it may go on; null when nobody asked it to pause.</summary>
    public TaskCompletionSource? Pause { get; set; }

    /// <summary>It paused, and does nothing until it may go on.</summary>
    public bool IsPaused
    {
        get => isPaused;
        set
        {
            isPaused = value;
            Note();
        }
    }

    /// <summary>A constant of <see cref="TaskStates"/>. Read without the gate.</summary>
    public string State => state;

    /// <summary>It waits for something, or no longer does; several calls can wait for the same.</summary>
    public void Wait(string what, bool isWaiting)
    {
        Clock.Wait(isWaiting);
        var count = waits.GetValueOrDefault(what) + (isWaiting ? 1 : -1);
        if (count > 0) { waits[what] = count; }
        else { waits.Remove(what); }

        Note();
    }

    private void Note() => state = isPaused ? TaskStates.Paused
        : waits.ContainsKey(TaskStates.WaitingForApproval) ? TaskStates.WaitingForApproval
        : waits.ContainsKey(TaskStates.WaitingForChild) ? TaskStates.WaitingForChild
        : TaskStates.Running;
}
