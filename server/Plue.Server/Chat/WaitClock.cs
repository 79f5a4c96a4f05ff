namespace Plue.Server.Chat;

/// <summary>How long a turn waited for others: for the user's word, for children at work. That is no work of its own. Any thread may call.</summary>
internal sealed class WaitClock(TimeProvider time)
{
    private readonly Lock gate = new();
    private TimeSpan before;
    private long since;
    private int waits; // several calls can wait beside each other

    /// <summary>In all, up to now.</summary>
    public TimeSpan Waited
    {
        get { lock (gate) { return waits > 0 ? before + time.GetElapsedTime(since) : before; } }
    }

    public void Wait(bool isWaiting)
    {
        lock (gate)
        {
            if (isWaiting && waits++ == 0) { since = time.GetTimestamp(); }
            if (!isWaiting && --waits == 0) { before += time.GetElapsedTime(since); }
        }
    }
}
