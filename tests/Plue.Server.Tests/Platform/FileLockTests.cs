using System.Diagnostics;
using Plue.Server.Platform;

namespace Plue.Server.Tests.Platform;

public sealed class FileLockTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);
    private readonly string folder = Directory.CreateTempSubdirectory("plue-turn-").FullName;

    private string Lock => Path.Combine(folder, "below", "turn.lock");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task One_has_it_at_a_time_and_the_next_gets_it_when_it_ends()
    {
        var first = FileLock.Acquire(Lock, Long);
        var second = FileLock.AcquireAsync(Lock, Long, default);
        Assert.Throws<IOException>(() => FileLock.Acquire(Lock, TimeSpan.Zero));
        Assert.False(second.IsCompleted);
        first.Dispose();
        (await second).Dispose();
    }

    [Fact]
    public async Task Fails_without_waiting_if_locks_are_not_supported()
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "file"), "");
        var watch = Stopwatch.StartNew();
        await Assert.ThrowsAnyAsync<IOException>(() => FileLock.AcquireAsync(Path.Combine(folder, "file", "turn.lock"), Long, default));
        Assert.True(watch.Elapsed < Long / 2);
    }

    [Fact]
    public async Task A_canceled_wait_does_not_acquire_the_lock()
    {
        using var first = FileLock.Acquire(Lock, Long);
        using var stop = new CancellationTokenSource();
        var second = FileLock.AcquireAsync(Lock, Long, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
    }
}
