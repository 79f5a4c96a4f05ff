using System.Runtime.CompilerServices;
using Plue.Server.Messages;
using Plue.Server.Providers;

namespace Plue.Server.Tests.Providers;

public class RetryTests
{
    private static readonly ProviderEvent Text = new ProviderEvent.TextDelta("Hi");
    private static readonly ProviderEvent End = new ProviderEvent.Finished(StopReason.EndTurn);
    private readonly JumpingTime time = new();

    [Fact]
    public async Task An_overloaded_vendor_is_asked_again_with_longer_and_longer_waits()
    {
        var events = await RunAsync("standard", [Fail(FailureKind.Overloaded)], [Fail(FailureKind.Overloaded)], [Text, End]);
        Assert.Equal([2, 3], events.OfType<ProviderEvent.Retrying>().Select(next => next.Attempt));
        Assert.Equal(End, events[^1]);
        Assert.InRange(time.Waits[0].TotalSeconds, 0.75, 1.25);
        Assert.InRange(time.Waits[1].TotalSeconds, 1.5, 2.5);
    }

    [Fact]
    public async Task Each_wait_is_announced_with_its_end_and_its_cause()
    {
        var before = time.GetUtcNow();
        var retrying = (await RunAsync("standard", [Fail(FailureKind.Timeout)], [Text, End])).OfType<ProviderEvent.Retrying>().Single();
        Assert.Equal(before + time.Waits[0], retrying.Until);
        Assert.Equal("It failed.", retrying.Reason);
    }

    [Fact]
    public async Task Retry_announcement_does_not_ask_the_user_to_retry()
    {
        var busy = new ProviderEvent.Failed(new Failure(FailureKind.Overloaded, "It is busy. Try again.") { Cause = "It is busy." });
        var retrying = (await RunAsync("standard", [busy], [Text, End])).OfType<ProviderEvent.Retrying>().Single();
        Assert.Equal("It is busy.", retrying.Reason);
    }

    [Theory]
    [InlineData("none", 1), InlineData("standard", 3), InlineData("patient", 8)]
    public async Task Retries_as_often_as_the_policy_allows(string policy, int tries)
    {
        var events = await RunAsync(policy, [.. Enumerable.Repeat<ProviderEvent[]>([Fail(FailureKind.Overloaded)], 20)]);
        Assert.Equal(tries - 1, events.OfType<ProviderEvent.Retrying>().Count());
        Assert.IsType<ProviderEvent.Failed>(events[^1]);
        Assert.All(time.Waits, wait => Assert.True(wait <= Retry.MaxWait));
    }

    public static TheoryData<ProviderEvent> Answers =>
        [
            new ProviderEvent.TextDelta("a"),
            new ProviderEvent.ReasoningDelta("a"),
            new ProviderEvent.ReasoningFinished(null, "x"),
            new ProviderEvent.ToolCallStarted("1", "read"),
            new ProviderEvent.ToolResultReceived("1", "x", null),
        ];

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task Nothing_is_asked_again_once_a_part_of_the_answer_came(ProviderEvent part)
    {
        var events = await RunAsync("patient", [part, Fail(FailureKind.CutStream)], [Text, End]);
        Assert.Equal([part, Fail(FailureKind.CutStream)], events);
    }

    [Fact]
    public async Task Events_before_the_first_content_do_not_prevent_a_retry()
    {
        var events = await RunAsync(
            "standard",
            [
                new ProviderEvent.Waiting("x"),
                new ProviderEvent.Accepted("m", "r"),
                new ProviderEvent.UsageReported(new Usage()),
                Fail(FailureKind.Overloaded),
            ],
            [Text, End]
        );
        Assert.Equal(End, events[^1]);
    }

    [Theory]
    [
        InlineData(FailureKind.SpendLimit),
        InlineData(FailureKind.ProviderAuthFailed),
        InlineData(FailureKind.BadRequest),
        InlineData(FailureKind.ContextFull),
        InlineData(FailureKind.BadResponse)
    ]
    public async Task Permanent_failures_are_not_retried(FailureKind kind) =>
        Assert.Equal([Fail(kind)], await RunAsync("patient", [Fail(kind)], [Text, End]));

    [Fact]
    public async Task The_vendors_wait_is_kept()
    {
        await RunAsync("standard", [Fail(FailureKind.RateLimited, TimeSpan.FromSeconds(42))], [Text, End]);
        Assert.Equal([TimeSpan.FromSeconds(42)], time.Waits);
    }

    [Fact]
    public async Task A_short_wait_of_the_vendor_does_not_burn_the_tries()
    {
        await RunAsync("standard", [Fail(FailureKind.RateLimited, TimeSpan.Zero)], [Text, End]);
        Assert.True(time.Waits[0] >= TimeSpan.FromSeconds(0.75));
    }

    [Fact]
    public async Task A_wait_of_more_than_a_minute_is_named_and_not_waited()
    {
        var events = await RunAsync("patient", [Fail(FailureKind.RateLimited, TimeSpan.FromMinutes(20))], [Text, End]);
        Assert.Contains("20 minutes", Assert.IsType<ProviderEvent.Failed>(Assert.Single(events)).Failure.Message);
        Assert.Empty(time.Waits);
    }

    [Theory]
    [InlineData(ProviderKinds.Ollama, null, 0)]
    [InlineData(ProviderKinds.OpenAiCompatible, "http://localhost:1234/v1", 0)]
    [InlineData(ProviderKinds.OpenAiCompatible, null, 2)]
    [InlineData(ProviderKinds.ClaudeCode, null, 0)]
    public async Task A_server_on_this_machine_that_is_not_there_is_not_waited_for(string kind, string? endpoint, int retries)
    {
        var settings = Settings("standard") with { Kind = kind, Endpoint = endpoint is null ? null : new Uri(endpoint) };
        var events = await RunAsync(settings, [.. Enumerable.Repeat<ProviderEvent[]>([Fail(FailureKind.Unreachable)], 5)]);
        Assert.Equal(retries, events.OfType<ProviderEvent.Retrying>().Count());
    }

    [Fact]
    public async Task A_wait_can_be_stopped()
    {
        using var stop = new CancellationTokenSource();
        var provider = new Script(
            Settings("patient"),
            [
                [Fail(FailureKind.Overloaded)],
                [Text, End],
            ]
        );
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var next in Retry.StreamAsync(provider, Request, TimeProvider.System, stop.Token))
            {
                Assert.IsType<ProviderEvent.Retrying>(next);
                await stop.CancelAsync();
            }
        });
    }

    private static readonly ProviderRequest Request = new()
    {
        CodexId = "c",
        Model = "m",
        Messages = [],
    };

    private static ProviderEvent.Failed Fail(FailureKind kind, TimeSpan? after = null) => new(new Failure(kind, "It failed.", after));

    private static ProviderSettings Settings(string policy) =>
        new()
        {
            Id = "x",
            Name = "X",
            Kind = ProviderKinds.Anthropic,
            RetryPolicy = policy,
        };

    private Task<List<ProviderEvent>> RunAsync(string policy, params ProviderEvent[][] answers) => RunAsync(Settings(policy), answers);

    private async Task<List<ProviderEvent>> RunAsync(ProviderSettings settings, params ProviderEvent[][] answers) =>
        await Retry
            .StreamAsync(new Script(settings, answers), Request, time, TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);

    private sealed class Script(ProviderSettings settings, ProviderEvent[][] answers) : IProvider
    {
        private int asked;

        public ProviderSettings Settings => settings;

        public async IAsyncEnumerable<ProviderEvent> StreamAsync(
            ProviderRequest request,
            [EnumeratorCancellation] CancellationToken cancellationToken
        )
        {
            await Task.Yield();
            foreach (var next in answers[asked++])
            {
                yield return next;
            }
        }

        public Task<Failure?> CheckAsync(CancellationToken cancellationToken) => Task.FromResult<Failure?>(null);

        public Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<ModelInfo>>([]);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    /// <summary>A clock whose timers are due immediately; requested delays are recorded.</summary>
    private sealed class JumpingTime : TimeProvider
    {
        public List<TimeSpan> Waits { get; } = [];

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Waits.Add(dueTime);
            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
