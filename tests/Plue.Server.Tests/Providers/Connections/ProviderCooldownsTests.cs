using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;

namespace Plue.Server.Tests.Providers.Connections;

public class ProviderCooldownsTests
{
    private static readonly ProviderSettings X = new()
    {
        Id = "x",
        Name = "X",
        Kind = "anthropic",
    };
    private readonly Clock clock = new();
    private readonly ProviderCooldowns cooldowns;

    public ProviderCooldownsTests() => cooldowns = new ProviderCooldowns(clock);

    [Theory]
    [
        InlineData(FailureKind.Unreachable),
        InlineData(FailureKind.Timeout),
        InlineData(FailureKind.Overloaded),
        InlineData(FailureKind.RateLimited)
    ]
    public void Pauses_for_a_minute_after_three_failures_in_a_row(FailureKind kind)
    {
        Fail(kind);
        Fail(kind);
        Assert.Null(cooldowns.PausedUntil("x"));
        Fail(kind);
        Assert.Equal(clock.Now + TimeSpan.FromMinutes(1), cooldowns.PausedUntil("x"));
        Assert.Equal("X is in cooldown until 14:01 after failing three times.", cooldowns.Describe(X));
        clock.Now += TimeSpan.FromMinutes(1);
        Assert.Null(cooldowns.PausedUntil("x"));
        Assert.Null(cooldowns.Describe(X));
    }

    [Fact]
    public void Doubles_the_cooldown_with_each_failure_up_to_fifteen_minutes()
    {
        Fail(times: 3);
        List<double> minutes = [];
        for (var time = 0; time < 7; time++)
        {
            minutes.Add((cooldowns.PausedUntil("x")!.Value - clock.Now).TotalMinutes);
            clock.Now = cooldowns.PausedUntil("x")!.Value;
            Fail();
        }

        Assert.Equal([1, 2, 4, 8, 15, 15, 15], minutes);
    }

    [Fact]
    public void One_answer_ends_it_and_what_led_to_it()
    {
        Fail(times: 3);
        cooldowns.Report(X, null);
        Assert.Null(cooldowns.PausedUntil("x"));
        Fail(times: 2);
        Assert.Null(cooldowns.PausedUntil("x"));
    }

    [Fact]
    public void Failures_of_long_ago_do_not_count()
    {
        Fail(times: 2);
        clock.Now += TimeSpan.FromMinutes(11);
        Fail(times: 2);
        Assert.Null(cooldowns.PausedUntil("x"));
        Fail();
        Assert.NotNull(cooldowns.PausedUntil("x"));
    }

    [Fact]
    public void An_expired_cooldown_is_not_doubled()
    {
        Fail(times: 3);
        clock.Now += TimeSpan.FromMinutes(12);
        Fail();
        Assert.Null(cooldowns.PausedUntil("x"));
        Fail(times: 2);
        Assert.Equal(clock.Now + TimeSpan.FromMinutes(1), cooldowns.PausedUntil("x"));
    }

    [Fact]
    public void Requests_during_a_cooldown_do_not_extend_it()
    {
        Fail(times: 3);
        var until = cooldowns.PausedUntil("x");
        clock.Now += TimeSpan.FromSeconds(20);
        Fail(times: 5);
        Assert.Equal(until, cooldowns.PausedUntil("x"));
        Assert.Contains("after failing 8 times", cooldowns.Describe(X), StringComparison.Ordinal);
    }

    [Theory]
    [
        InlineData(FailureKind.ProviderAuthFailed),
        InlineData(FailureKind.SpendLimit),
        InlineData(FailureKind.BadRequest),
        InlineData(FailureKind.ContextFull)
    ]
    public void Failures_other_than_unavailability_start_no_cooldown(FailureKind kind)
    {
        for (var time = 0; time < 5; time++)
        {
            Fail(kind);
        }
        Assert.Null(cooldowns.PausedUntil("x"));
    }

    [Fact]
    public void Changed_settings_are_tried_at_once()
    {
        Fail(times: 3);
        var changed = X with { Endpoint = new Uri("http://elsewhere") };
        Assert.Null(cooldowns.PausedUntil(changed));
        Assert.NotNull(cooldowns.PausedUntil(X));
        cooldowns.Report(changed, new Failure(FailureKind.Overloaded, "Away."));
        Assert.Null(cooldowns.PausedUntil("x"));
    }

    [Fact]
    public void Cooldowns_are_separate_for_each_provider()
    {
        Fail(times: 3);
        Assert.Null(cooldowns.PausedUntil("y"));
    }

    private void Fail(FailureKind kind = FailureKind.Overloaded, int times = 1)
    {
        for (var time = 0; time < times; time++)
        {
            cooldowns.Report(X, new Failure(kind, "Away."));
        }
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 21, 13, 0, 0, TimeSpan.Zero);
        public override TimeZoneInfo LocalTimeZone { get; } =
            TimeZoneInfo.CreateCustomTimeZone("test", TimeSpan.FromHours(1), "test", "test");

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
