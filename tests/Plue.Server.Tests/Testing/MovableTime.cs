using System.Threading.Channels;

namespace Plue.Server.Tests.Testing;

/// <summary>A wall clock and a monotonic clock that the test controls.</summary>
internal sealed class MovableTime : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<Timer> timers = [];
    private readonly Channel<TimeSpan> waits = Channel.CreateUnbounded<TimeSpan>();
    private DateTimeOffset wall = new(2026, 11, 21, 8, 0, 0, TimeSpan.Zero);
    private TimeSpan elapsed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => wall;

    public override long GetTimestamp() => elapsed.Ticks;

    /// <summary>Changes the wall clock without time passing.</summary>
    public void SetWall(TimeSpan by) => wall += by;

    /// <summary>Lets time pass on both clocks.</summary>
    public void Advance(TimeSpan by)
    {
        List<Timer> due;
        lock (gate)
        {
            wall += by;
            elapsed += by;
            due = [.. timers.Where(timer => timer.DueAt <= elapsed)];
        }

        foreach (var timer in due)
        {
            timer.Fire();
        }
    }

    /// <summary>True if a timer is due in exactly this time.</summary>
    public bool HasTimer(TimeSpan dueIn)
    {
        lock (gate)
        {
            return timers.Exists(timer => timer.DueAt == elapsed + dueIn);
        }
    }

    /// <summary>Gets the duration of the next delay, except those of server timeouts.</summary>
    public async Task<TimeSpan> NextWaitAsync() =>
        await waits.Reader.ReadAsync(new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        lock (gate)
        {
            timers.Add(timer);
        }

        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(MovableTime time, Action fire) : ITimer
    {
        public TimeSpan DueAt { get; private set; } = TimeSpan.MaxValue;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            DueAt = dueTime == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : time.elapsed + dueTime;
            if (dueTime != Timeout.InfiniteTimeSpan && dueTime < TimeSpan.FromSeconds(29))
            {
                time.waits.Writer.TryWrite(dueTime);
            }
            return true;
        }

        public void Fire()
        {
            DueAt = TimeSpan.MaxValue;
            fire();
        }

        public void Dispose()
        {
            lock (time.gate)
            {
                time.timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
