namespace Plue.Server.Chat;

/// <summary>Measures how long a turn waited for approvals and subtasks, which does not count as its work. Used in the conversation's loop only.</summary>
internal sealed class WaitClock(TimeProvider time)
{
    private TimeSpan before;
    private long since;
    private int waits; // several calls can wait beside each other

    /// <summary>In all, up to now.</summary>
    public TimeSpan Waited => waits > 0 ? before + time.GetElapsedTime(since) : before;

    public void Wait(bool isWaiting)
    {
        if (isWaiting && waits++ == 0)
        {
            since = time.GetTimestamp();
        }
        if (!isWaiting && --waits == 0)
        {
            before += time.GetElapsedTime(since);
        }
    }
}
