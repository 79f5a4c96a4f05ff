using Plue.Server.Chat;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Chat;

/// <summary>Time that a turn waits for others is excluded from its working time.</summary>
public sealed class WaitClockTests
{
    [Fact]
    public void Overlapping_waits_count_once_and_a_wait_in_progress_counts()
    {
        var time = new MovableTime();
        var clock = new WaitClock(time);
        time.Advance(TimeSpan.FromSeconds(3));
        clock.Wait(true);
        time.Advance(TimeSpan.FromSeconds(5));
        clock.Wait(true);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(TimeSpan.FromSeconds(7), clock.Waited);
        clock.Wait(false);
        time.Advance(TimeSpan.FromSeconds(1));
        clock.Wait(false);
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(TimeSpan.FromSeconds(8), clock.Waited);
    }
}
