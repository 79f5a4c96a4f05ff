using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;

namespace Plue.Server.Tests.Providers.Connections;

public class ProviderRestTests
{
    private static readonly ProviderSettings X = new() { Id = "x", Name = "X", Kind = "anthropic" };
    private readonly Clock clock = new();
    private readonly ProviderRest rest;

    public ProviderRestTests() => rest = new ProviderRest(clock);

    [Theory]
    [InlineData(FailureKind.Unreachable), InlineData(FailureKind.Timeout), InlineData(FailureKind.Overloaded), InlineData(FailureKind.RateLimited)]
    public void Three_failures_in_a_row_are_followed_by_a_minutes_rest(FailureKind kind)
    {
        Fail(kind);
        Fail(kind);
        Assert.Null(rest.RestingUntil("x"));
        Fail(kind);
        Assert.Equal(clock.Now + TimeSpan.FromMinutes(1), rest.RestingUntil("x"));
        Assert.Equal("X is resting until 14:01 after failing three times.", rest.Sentence(X));
        clock.Now += TimeSpan.FromMinutes(1);
        Assert.Null(rest.RestingUntil("x"));
        Assert.Null(rest.Sentence(X));
    }

    [Fact]
    public void Each_further_failure_doubles_the_rest_up_to_a_quarter_of_an_hour()
    {
        Fail(times: 3);
        List<double> minutes = [];
        for (var time = 0; time < 7; time++)
        {
            minutes.Add((rest.RestingUntil("x")!.Value - clock.Now).TotalMinutes);
            clock.Now = rest.RestingUntil("x")!.Value;
            Fail();
        }

        Assert.Equal([1, 2, 4, 8, 15, 15, 15], minutes);
    }

    [Fact]
    public void One_answer_ends_it_and_what_led_to_it()
    {
        Fail(times: 3);
        rest.Heard(X, null);
        Assert.Null(rest.RestingUntil("x"));
        Fail(times: 2);
        Assert.Null(rest.RestingUntil("x"));
    }

    [Fact]
    public void Failures_of_long_ago_do_not_count()
    {
        Fail(times: 2);
        clock.Now += TimeSpan.FromMinutes(11);
        Fail(times: 2);
        Assert.Null(rest.RestingUntil("x"));
        Fail();
        Assert.NotNull(rest.RestingUntil("x"));
    }

    [Fact]
    public void A_rest_of_long_ago_is_not_doubled()
    {
        Fail(times: 3);
        clock.Now += TimeSpan.FromMinutes(12);
        Fail();
        Assert.Null(rest.RestingUntil("x"));
        Fail(times: 2);
        Assert.Equal(clock.Now + TimeSpan.FromMinutes(1), rest.RestingUntil("x"));
    }

    [Fact]
    public void Asking_while_it_rests_makes_the_rest_no_longer()
    {
        Fail(times: 3);
        var until = rest.RestingUntil("x");
        clock.Now += TimeSpan.FromSeconds(20);
        Fail(times: 5);
        Assert.Equal(until, rest.RestingUntil("x"));
        Assert.Contains("after failing 8 times", rest.Sentence(X), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FailureKind.ProviderAuthFailed), InlineData(FailureKind.SpendLimit), InlineData(FailureKind.BadRequest), InlineData(FailureKind.ContextFull)]
    public void What_does_not_say_that_it_is_away_is_no_reason(FailureKind kind)
    {
        for (var time = 0; time < 5; time++) { Fail(kind); }
        Assert.Null(rest.RestingUntil("x"));
    }

    [Fact]
    public void Changed_settings_are_tried_at_once()
    {
        Fail(times: 3);
        var changed = X with { Endpoint = new Uri("http://elsewhere") };
        Assert.Null(rest.RestingUntil(changed));
        Assert.NotNull(rest.RestingUntil(X));
        rest.Heard(changed, new Failure(FailureKind.Overloaded, "Away."));
        Assert.Null(rest.RestingUntil("x"));
    }

    [Fact]
    public void Providers_rest_each_for_themselves()
    {
        Fail(times: 3);
        Assert.Null(rest.RestingUntil("y"));
    }

    private void Fail(FailureKind kind = FailureKind.Overloaded, int times = 1)
    {
        for (var time = 0; time < times; time++) { rest.Heard(X, new Failure(kind, "Away.")); }
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 21, 13, 0, 0, TimeSpan.Zero);
        public override TimeZoneInfo LocalTimeZone { get; } = TimeZoneInfo.CreateCustomTimeZone("test", TimeSpan.FromHours(1), "test", "test");
        public override DateTimeOffset GetUtcNow() => Now;
    }
}
