using System.Collections.Concurrent;
using Plue.Server.Platform;

namespace Plue.Server.Tests.Platform;

public class BoundedParallelTests
{
    /// <summary>With pool threads, a caller would deadlock if all of them waited for a lock that it holds.</summary>
    [Fact]
    public void Runs_the_body_once_for_each_number_and_needs_no_thread_of_the_pool()
    {
        ConcurrentBag<(int At, bool IsOfPool)> seen = [];
        var caller = new Thread(() => BoundedParallel.For(1_000, at => seen.Add((at, Thread.CurrentThread.IsThreadPoolThread))));
        caller.Start();
        caller.Join();
        Assert.Equal(Enumerable.Range(0, 1_000), seen.Select(one => one.At).Order());
        Assert.DoesNotContain(seen, one => one.IsOfPool);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1_000)]
    public void Throws_what_the_body_threw_and_runs_the_others(int count)
    {
        var ran = 0;
        Assert.Throws<IOException>(() =>
            BoundedParallel.For(
                count,
                at =>
                {
                    Interlocked.Increment(ref ran);
                    if (at == 0)
                    {
                        throw new IOException();
                    }
                }
            )
        );
        Assert.Equal(count, ran);
    }
}
