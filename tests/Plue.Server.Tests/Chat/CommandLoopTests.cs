using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Chat;

namespace Plue.Server.Tests.Chat;

public sealed class CommandLoopTests
{
    private readonly CommandLoop loop = new(NullLogger.Instance);

    [Fact]
    public async Task Goes_on_after_a_change_that_throws()
    {
        loop.Post(() => throw new InvalidOperationException());
        await EnterAsync().WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Runs_nothing_else_between_two_awaits()
    {
        var (count, seen) = (0, 0);
        async Task CountAsync()
        {
            await loop.Enter();
            for (var at = 0; at < 100; at++)
            {
                var before = count;
                Thread.Yield();
                count = before + 1;
                await Task.Yield();
                seen = Math.Max(seen, count);
            }
        }

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(CountAsync)));
        Assert.Equal((800, 800), (count, seen));
    }

    private async Task EnterAsync() => await loop.Enter();
}
