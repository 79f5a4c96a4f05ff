namespace Plue.Server.Platform;

/// <summary>
/// Returns memory to the system after a burst of work. The runtime returns memory only during a garbage collection, and an idle process
/// collects none. Uses no timer while the process is idle: a check is scheduled only after a collection that shows that the heap has grown.
/// </summary>
/// <param name="committed">Gets the bytes committed by the heap at the last collection.</param>
/// <param name="allocated">Gets the total bytes allocated.</param>
/// <param name="collect">Runs a full collection and returns free memory.</param>
internal sealed class IdleGarbageCollector(Func<long> committed, Func<long> allocated, Action collect, TimeProvider time)
{
    /// <summary>Less growth is not worth a collection.</summary>
    public const long MinGrowth = 8 * 1024 * 1024;

    /// <summary>The allocation during a pause that still counts as idle.</summary>
    public const long MaxIdleAllocation = 1024 * 1024;

    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private long kept; // committed bytes after the last return
    private long before; // allocated bytes when the pause started
    private int isDue;
    private ITimer? timer;

    public static IdleGarbageCollector ForThisProcess() =>
        new(
            static () => GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes,
            static () => GC.GetTotalAllocatedBytes(),
            static () => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true),
            TimeProvider.System
        );

    /// <summary>Checks after each collection until the process ends.</summary>
    public void Watch() => _ = new AfterCollection(this);

    private void Collected()
    {
        if (committed() < Math.Max(kept * 2, kept + MinGrowth) || Interlocked.Exchange(ref isDue, 1) == 1)
        {
            return;
        }

        timer ??= time.CreateTimer(
            static state => ((IdleGarbageCollector)state!).Check(),
            this,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan
        );
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

    /// <summary>Unreachable from creation: its finalizer runs after the next collection and creates another instance for the one after that.</summary>
    private sealed class AfterCollection(IdleGarbageCollector collector)
    {
#pragma warning disable MA0055 // Finalization is the event.
        ~AfterCollection()
        {
            if (Environment.HasShutdownStarted)
            {
                return;
            }

            collector.Collected();
            _ = new AfterCollection(collector);
        }
#pragma warning restore MA0055
    }
}
