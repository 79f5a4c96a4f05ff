using System.Diagnostics;
using System.Runtime.CompilerServices;
using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Store;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Chat;

/// <summary>Stopping never waits for a provider, regardless of its state and behavior.</summary>
public sealed class StopTests : IMessageLog, ITurnSink, IDisposable
{
    private readonly List<TurnEvent> events = [];
    private readonly List<Message> stored = [];
    private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static TheoryData<string> Polite =>
        [
            "waits before the first byte",
            "waits in the middle",
            "waits in a tool round",
            "ends without a word",
            "says that it failed",
            "throws",
        ];

    public static TheoryData<string> Deaf =>
        [
            "is deaf before the first byte",
            "is deaf in the middle",
            "is deaf in a tool round",
            "talks on",
            "holds its thread",
            "is slow to end",
        ];

    [Theory]
    [MemberData(nameof(Polite))]
    public async Task A_provider_that_listens_ends_the_turn_without_any_wait(string manner)
    {
        var message = await RunAsync(Provider(manner), new MovableTime());
        Assert.Equal(MessageStatus.Stopped, message.Status);
    }

    [Theory]
    [MemberData(nameof(Deaf))]
    public async Task A_provider_that_does_not_listen_is_left_after_a_moment(string manner)
    {
        var message = await RunAsync(Provider(manner), new MovableTime(), after: LeaveAsync);
        Assert.Equal((MessageStatus.Stopped, null), (message.Status, message.Error));
        Assert.Equal(
            manner is not ("is deaf before the first byte" or "holds its thread"),
            message.Text.StartsWith("Hello", StringComparison.Ordinal)
        );
        // Later events are ignored.
        var (said, kept) = (events.Count, stored.Count);
        released.TrySetResult();
        await Task.Yield();
        Assert.Equal((said, kept), (events.Count, stored.Count));
    }

    [Fact]
    public async Task A_call_without_a_result_is_closed_when_its_turn_stops()
    {
        var message = await RunAsync(Provider("is deaf in a tool round"), new MovableTime(), after: LeaveAsync);
        Assert.Equal("Interrupted.", message.Parts.OfType<MessagePart.ToolResult>().Single().Error);
    }

    [Fact]
    public async Task Selecting_the_provider_is_cancelled_by_a_stop()
    {
        var deaf = new ScriptedProvider("text: Hello", name: "The deaf one");
        ScriptedRequests Requests(params IProvider[] providers) => new(providers) { Slow = ("The deaf one", reached, released.Task) };
        Assert.Equal(MessageStatus.Stopped, (await RunAsync(Requests(deaf), new MovableTime(), after: LeaveAsync)).Status);
        Assert.Equal(
            MessageStatus.Stopped,
            (
                await RunAsync(Requests(new ScriptedProvider("fail: Overloaded It is away."), deaf), new MovableTime(), after: LeaveAsync)
            ).Status
        );
    }

    [Fact]
    public async Task The_wait_that_a_vendor_asked_for_ends_at_once()
    {
        var time = new MovableTime();
        var message = await RunAsync(
            Provider("asks for a wait"),
            time,
            before: async () =>
            {
                while (await time.NextWaitAsync() < TimeSpan.FromSeconds(20)) { }
            }
        );
        Assert.Equal(MessageStatus.Stopped, message.Status);
    }

    [Fact]
    public void The_moment_is_well_under_a_tenth_of_a_second() => Assert.InRange(Turn.StopGracePeriod.TotalMilliseconds, 1, 80);

    [Fact]
    public async Task By_the_clock_on_the_wall_a_deaf_provider_is_left_soon()
    {
        var began = 0L;
        var message = await RunAsync(
            Provider("is deaf in the middle"),
            TimeProvider.System,
            before: () =>
            {
                began = Stopwatch.GetTimestamp();
                return Task.CompletedTask;
            }
        );
        var took = Stopwatch.GetElapsedTime(began);
        TestContext.Current.TestOutputHelper?.WriteLine($"{took.TotalMilliseconds:0} ms");
        Assert.Equal(MessageStatus.Stopped, message.Status);
        // Other tests may slow the machine down.
        Assert.True(took < TimeSpan.FromSeconds(2), $"{took}");
    }

    public void Dispose() => released.TrySetResult();

    private StoppableProvider Provider(string manner) => new(manner, reached, released.Task);

    /// <summary>Lets the grace period elapse.</summary>
    private static async Task LeaveAsync(TimeProvider time)
    {
        var movable = (MovableTime)time;
        while (await movable.NextWaitAsync() != Turn.StopGracePeriod) { }
        movable.Advance(Turn.StopGracePeriod);
    }

    private Task<Message> RunAsync(
        IProvider provider,
        TimeProvider time,
        Func<Task>? before = null,
        Func<TimeProvider, Task>? after = null
    ) => RunAsync(new ScriptedRequests([provider]), time, before, after);

    /// <param name="before">Runs before the user stops.</param>
    /// <param name="after">Runs after that, before the turn ends.</param>
    private async Task<Message> RunAsync(
        ITurnRequests requests,
        TimeProvider time,
        Func<Task>? before = null,
        Func<TimeProvider, Task>? after = null
    )
    {
        events.Clear();
        var turn = new RunningTurn("", time);
        var running = new Turn(
            new TurnContext
            {
                CodexId = "codex://chats/chat_1",
                Turn = turn,
                Requests = requests,
                Log = this,
                Sink = this,
                Time = time,
                Redactor = new Plue.Server.Vault.Redactor(),
                Chosen = new ProviderInfo("one", "model"),
            }
        ).RunAsync();
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(20));
        if (before is not null)
        {
            await before();
        }
        await turn.CancelAsync(StopCause.User);
        if (after is not null)
        {
            await after(time);
        }

        var message = (await running.WaitAsync(TimeSpan.FromSeconds(20))).Message;
        Assert.Equal(StopReason.Stopped, Assert.Single(events.OfType<TurnEvent.TurnFinished>()).Reason);
        return message;
    }

    ValueTask IMessageLog.AppendAsync(Message message, CancellationToken cancellationToken)
    {
        stored.Add(message);
        return ValueTask.CompletedTask;
    }

    ValueTask IMessageLog.BeginAsync(Message streaming, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    void IMessageLog.AppendPartial(string messageId, int partIndex, bool isReasoning, string text) { }

    void IMessageLog.ResetPartial(string messageId) { }

    void ITurnSink.Publish(TurnEvent turnEvent) => events.Add(turnEvent);

    /// <summary>A provider with one kind of behavior on stop.</summary>
    private sealed class StoppableProvider(string manner, TaskCompletionSource reached, Task released) : IProvider
    {
        public ProviderSettings Settings { get; } =
            new()
            {
                Id = "one",
                Name = "The one",
                Kind = "mannered",
                RetryPolicy = "standard",
            };

        public async IAsyncEnumerable<ProviderEvent> StreamAsync(
            ProviderRequest request,
            [EnumeratorCancellation] CancellationToken cancellationToken
        )
        {
            if (manner == "asks for a wait")
            {
                reached.TrySetResult();
                yield return new ProviderEvent.Failed(new Failure(FailureKind.RateLimited, "Slow down.", TimeSpan.FromSeconds(25)));
                yield break;
            }

            if (manner == "holds its thread")
            {
                reached.TrySetResult();
                released.Wait(CancellationToken.None);
            }

            if (manner.Contains("before", StringComparison.Ordinal))
            {
                await WaitAsync(cancellationToken);
            }

            yield return new ProviderEvent.TextDelta("Hello");
            if (manner.Contains("tool round", StringComparison.Ordinal))
            {
                yield return new ProviderEvent.ToolCallStarted("call_1", "read");
                yield return new ProviderEvent.ToolCallFinished("call_1", "read", "{}");
            }

            while (manner == "talks on" && !released.IsCompleted)
            {
                yield return new ProviderEvent.TextDelta(".");
                reached.TrySetResult();
                // Simulates a provider that keeps sending, one word at a time.
                await Task.Delay(1, CancellationToken.None);
            }

            ProviderEvent? last = null;
            try
            {
                await WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (manner is "ends without a word" or "says that it failed")
            {
                last =
                    manner == "ends without a word" ? null : new ProviderEvent.Failed(new Failure(FailureKind.CutStream, "It broke off."));
            }
            catch (OperationCanceledException) when (manner == "throws")
            {
                throw new InvalidOperationException("I was stopped.");
            }
            finally
            {
                if (manner == "is slow to end")
                {
                    await released;
                }
            }

            if (last is not null)
            {
                yield return last;
            }
        }

        private async Task WaitAsync(CancellationToken cancellationToken)
        {
            reached.TrySetResult();
            if (manner.StartsWith("is deaf", StringComparison.Ordinal))
            {
                await released;
            }
            else
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
        }

        public Task<Failure?> CheckAsync(CancellationToken cancellationToken) => Task.FromResult<Failure?>(null);

        public Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<ModelInfo>>([]);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
