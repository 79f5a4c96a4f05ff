namespace Plue.Server.Chat;

/// <summary>Measures how long a turn waited for approvals and subtasks, which does not count as working time. Used only in the conversation's loop.</summary>
internal sealed class WaitClock(TimeProvider time)
{
    private TimeSpan before;
    private long since;
    private int waits; // several calls can wait at the same time

    /// <summary>Gets the total waiting time so far.</summary>
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
