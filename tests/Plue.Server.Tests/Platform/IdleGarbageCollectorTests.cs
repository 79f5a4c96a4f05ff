using Plue.Server.Platform;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Platform;

public sealed class IdleGarbageCollectorTests
{
    private readonly MovableTime time = new();
    private long committed;
    private long allocated;
    private int collections;

    [Fact]
    public void Returns_the_memory_of_a_burst_when_the_process_is_idle()
    {
        Watch();
        committed = 3 * IdleGarbageCollector.MinGrowth;
        Collect();
        Assert.Equal(0, collections);
        // Responses are still streaming.
        for (var pause = 0; pause < 3; pause++)
        {
            allocated += IdleGarbageCollector.MaxIdleAllocation + 1;
            time.Advance(IdleGarbageCollector.Pause);
            Assert.Equal(0, collections);
        }

        time.Advance(IdleGarbageCollector.Pause);
        Assert.Equal(1, collections);
    }

    [Fact]
    public void Collects_again_only_after_the_heap_has_grown_to_twice_what_was_kept()
    {
        Watch();
        committed = 3 * IdleGarbageCollector.MinGrowth;
        Collect();
        time.Advance(IdleGarbageCollector.Pause);
        Assert.Equal(1, collections);
        committed = 6 * IdleGarbageCollector.MinGrowth - 1;
        Collect();
        time.Advance(IdleGarbageCollector.Pause);
        Assert.Equal(1, collections);
        committed = 6 * IdleGarbageCollector.MinGrowth;
        Collect();
        time.Advance(IdleGarbageCollector.Pause);
        Assert.Equal(2, collections);
    }

    [Fact]
    public void Leaves_a_small_heap_alone()
    {
        Watch();
        committed = IdleGarbageCollector.MinGrowth - 1;
        Collect();
        time.Advance(IdleGarbageCollector.Pause);
        Assert.Equal(0, collections);
    }

    private void Watch() =>
        new IdleGarbageCollector(() => Volatile.Read(ref committed), () => allocated, () => collections++, time).Watch();

    /// <summary>Runs a real collection and waits for finalizers, by which it is detected.</summary>
    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }
}
