using Plue.Server.Platform;

namespace Plue.Server.Tests.Platform;

public sealed class ExpiryClockTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 11, 21, 8, 0, 0, TimeSpan.Zero);
    private readonly string home = Directory.CreateTempSubdirectory("plue-clock-").FullName;

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public void While_nothing_is_known_and_day_after_day_the_clock_counts()
    {
        for (var day = 0; day < 30; day++)
        {
            Assert.Equal(Start.AddDays(day), Read(Start.AddDays(day)));
        }
    }

    [Fact]
    public void REL_24_After_a_jump_ahead_nothing_is_old_for_a_day()
    {
        var year2106 = new DateTimeOffset(2106, 2, 8, 0, 0, 0, TimeSpan.Zero);
        Assert.NotNull(Read(Start));
        Assert.Null(Read(year2106));
        // Another process, a small clock adjustment, and the rest of the day.
        Assert.Null(Read(year2106.AddSeconds(-2)));
        Assert.Null(Read(year2106.AddHours(23)));
        Assert.NotNull(Read(year2106.AddHours(25)));
    }

    [Fact]
    public void REL_24_A_clock_that_is_put_right_counts_at_once()
    {
        Assert.NotNull(Read(Start));
        Assert.Null(Read(Start.AddYears(80)));
        Assert.NotNull(Read(Start.AddMinutes(5)));
        Assert.NotNull(Read(Start.AddYears(-3)));
    }

    [Fact]
    public void An_unreadable_mark_is_replaced_and_an_unwritable_one_expires_nothing()
    {
        DurableFile.Replace(Path.Combine(home, "index", "clock"), "\0\0nonsense"u8);
        Assert.NotNull(Read(Start));
        File.Delete(Path.Combine(home, "index", "clock"));
        Directory.CreateDirectory(Path.Combine(home, "index", "clock", "in the way"));
        Assert.Null(Read(Start));
    }

    private DateTimeOffset? Read(DateTimeOffset now) => ExpiryClock.Read(new PluePaths(home), new At(now));

    private sealed class At(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
