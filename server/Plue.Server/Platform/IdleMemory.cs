namespace Plue.Server.Platform;

/// <summary>
/// Returns memory to the system when a burst of work is over. The runtime returns memory only while it collects garbage, and an idle process
/// collects none. Nothing runs while the process is idle: a look is due only after a collection that shows that the heap has grown.
/// </summary>
/// <param name="committed">Bytes that the heap took from the system, as of the last collection.</param>
/// <param name="allocated">Bytes that were allocated so far.</param>
/// <param name="collect">Collects everything and returns what is free.</param>
internal sealed class IdleMemory(Func<long> committed, Func<long> allocated, Action collect, TimeProvider time)
{
    /// <summary>Less than this is not worth a collection.</summary>
    public const long MinGrowth = 8 * 1024 * 1024;

    /// <summary>The allocation within a pause that still counts as idle.</summary>
    public const long MaxIdleAllocation = 1024 * 1024;

    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private long kept; // committed after the last return
    private long before; // allocated when the pause began
    private int isDue;
    private ITimer? timer;

    public static IdleMemory ForThisProcess() =>
        new(
            static () => GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes,
            static () => GC.GetTotalAllocatedBytes(),
            static () => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true),
            TimeProvider.System
        );

    /// <summary>Looks after each collection until the process ends.</summary>
    public void Watch() => _ = new AfterCollection(this);

    private void Collected()
    {
        if (committed() < Math.Max(kept * 2, kept + MinGrowth) || Interlocked.Exchange(ref isDue, 1) == 1)
        {
            return;
        }

        timer ??= time.CreateTimer(static state => ((IdleMemory)state!).Check(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Wait();
    }

    private void Wait()
    {
        before = allocated();
        timer!.Change(Pause, Timeout.InfiniteTimeSpan);
    }

    private void Check()
    {
        if (allocated() - before > MaxIdleAllocation)
        {
            Wait();
            return;
        }

        collect();
        kept = committed();
        Volatile.Write(ref isDue, 0);
    }

    /// <summary>Garbage from its first moment on: its finalizer runs after the next collection, and leaves another for the one after that.</summary>
    private sealed class AfterCollection(IdleMemory memory)
    {
#pragma warning disable MA0055 // Finalization is the event.
        ~AfterCollection()
        {
            if (Environment.HasShutdownStarted)
            {
                return;
            }

            memory.Collected();
            _ = new AfterCollection(memory);
        }
#pragma warning restore MA0055
    }
}
