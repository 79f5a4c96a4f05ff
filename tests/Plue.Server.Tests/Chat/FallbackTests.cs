using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Messages;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Chat;

public class FallbackTests
{
    [Theory]
    [InlineData(FailureKind.Unreachable), InlineData(FailureKind.Timeout), InlineData(FailureKind.Overloaded)]
    [InlineData(FailureKind.RateLimited), InlineData(FailureKind.SpendLimit), InlineData(FailureKind.CutStream)]
    public async Task If_the_selected_provider_is_unreachable_the_fallback_responds_with_the_reason(FailureKind kind)
    {
        var message = await TurnTranscript.CheckAsync(
            [
                new($"fail: {kind} It is away, hunter2.", "first", "First"),
                new("text: Hello\nusage: 1000 500\nfinish: EndTurn", "second", "Second"),
            ],
            """
            turnStarted
            messageStarted
            fallbackUsed second: It is away, ***.
            partial 0 Hello
            textDelta 0 Hello
            stored Complete: Hello $0.002
            messageFinished Complete
            turnFinished EndTurn
            """
        );
        Assert.Equal(new ProviderInfo("second", "model", null, "It is away, ***."), message.ProviderInfo);
    }

    [Theory]
    [
        InlineData(FailureKind.ProviderAuthFailed),
        InlineData(FailureKind.ModelNotFound),
        InlineData(FailureKind.BadRequest),
        InlineData(FailureKind.ContextFull),
        InlineData(FailureKind.Refused)
    ]
    public async Task Errors_that_the_user_must_fix_are_shown_without_a_fallback(FailureKind kind)
    {
        var second = new ScriptedProvider("text: Hello\nfinish: EndTurn", "second", "Second");
        await TurnTranscript.CheckAsync(
            [new($"fail: {kind} Repair it.", "first", "First"), second],
            $"""
            turnStarted
            messageStarted
            stored Failed:
            messageFinished Failed
            turnFinished Failed {kind}: Repair it.
            """
        );
        Assert.Empty(second.Requests);
    }

    [Fact]
    public async Task No_fallback_is_used_after_the_first_content()
    {
        var second = new ScriptedProvider("text: Hello\nfinish: EndTurn", "second", "Second");
        await TurnTranscript.CheckAsync(
            [new("text: Half\nfail: Overloaded It is away.", "first", "First"), second],
            """
            turnStarted
            messageStarted
            partial 0 Half
            textDelta 0 Half
            stored Failed: Half
            messageFinished Failed
            turnFinished Failed Overloaded: It is away.
            """
        );
        Assert.Empty(second.Requests);
    }

    [Fact]
    public async Task If_all_providers_fail_the_first_failure_is_shown_with_the_others()
    {
        var message = await TurnTranscript.CheckAsync(
            [
                new("fail: Overloaded First is away.", "first", "First"),
                new("fail: ProviderAuthFailed No key.", "second", "Second"),
                null,
                new("fail: RateLimited Later.", "third", "Third"),
            ],
            """
            turnStarted
            messageStarted
            fallbackUsed second: First is away.
            fallbackUsed third: First is away.
            stored Failed:
            messageFinished Failed
            turnFinished Failed Overloaded: First is away. No fallback provider could be used: Second has no valid key, The missing one does not exist and Third is rate limited.
            """
        );
        Assert.Equal("first", message.ProviderInfo?.ProviderId);
    }

    [Fact]
    public Task A_fallback_that_fails_midway_is_reported_as_the_failed_provider() =>
        TurnTranscript.CheckAsync(
            [
                new("fail: Timeout Too slow.", "first", "First"),
                new("text: Half\nfail: CutStream It broke off.", "second", "Second"),
                new("text: Never", "third", "Third"),
            ],
            """
            turnStarted
            messageStarted
            fallbackUsed second: Too slow.
            partial 0 Half
            textDelta 0 Half
            stored Failed: Half
            messageFinished Failed
            turnFinished Failed CutStream: It broke off.
            """
        );

    [Fact]
    public async Task A_provider_in_cooldown_is_skipped_while_a_fallback_is_available()
    {
        var first = new ScriptedProvider("text: Never", "first", "First");
        await TurnTranscript.CheckAsync(
            [first, new("text: Hello\nfinish: EndTurn", "second", "Second")],
            """
            turnStarted
            messageStarted
            fallbackUsed second: First is in cooldown.
            partial 0 Hello
            textDelta 0 Hello
            stored Complete: Hello
            messageFinished Complete
            turnFinished EndTurn
            """,
            inCooldown: "First"
        );
        Assert.Empty(first.Requests);
    }

    [Fact]
    public Task A_provider_in_cooldown_is_used_when_no_other_responds() =>
        TurnTranscript.CheckAsync(
            [new("text: Back\nfinish: EndTurn", "first", "First"), new("fail: Unreachable Gone.", "second", "Second")],
            """
            turnStarted
            messageStarted
            fallbackUsed second: First is in cooldown.
            fallbackUsed first
            partial 0 Back
            textDelta 0 Back
            stored Complete: Back
            messageFinished Complete
            turnFinished EndTurn
            """,
            inCooldown: "First"
        );

    [Fact]
    public Task Alone_a_provider_in_cooldown_is_asked_all_the_same() =>
        TurnTranscript.CheckAsync(
            [new("text: Here\nfinish: EndTurn", "first", "First")],
            """
            turnStarted
            messageStarted
            partial 0 Here
            textDelta 0 Here
            stored Complete: Here
            messageFinished Complete
            turnFinished EndTurn
            """,
            inCooldown: "First"
        );

    [Fact]
    public async Task Each_requested_provider_reports_its_outcome_once()
    {
        var transcript = new TurnTranscript();
        await transcript.RunAsync(
            [new("fail: Overloaded Away.", "first", "First"), null, new("text: Hello\nfinish: EndTurn", "second", "Second")],
            stopAtHold: false
        );
        Assert.Equal(["First: Overloaded", "Second: answered"], transcript.Responses);
    }

    [Fact]
    public async Task Limits_are_reported_for_the_provider_that_sent_them()
    {
        var transcript = new TurnTranscript();
        await transcript.RunAsync(
            [
                new("window: seven_day\nfail: RateLimited Wait.", "first", "First"),
                new("text: Hello\nwindow: five_hour\nfinish: EndTurn", "second", "Second"),
            ],
            stopAtHold: false
        );
        Assert.Equal(["First: seven_day", "First: RateLimited", "Second: five_hour", "Second: answered"], transcript.Responses);
    }

    [Fact]
    public async Task A_response_stopped_by_the_user_reports_no_outcome()
    {
        var transcript = new TurnTranscript();
        await transcript.RunAsync([new("hold", "first", "First")], stopAtHold: true);
        Assert.Empty(transcript.Responses);
    }

    /// <summary>However the providers behave, and whenever the user stops, a turn ends exactly once, as its last event.</summary>
    [Fact]
    public void Any_turn_ends_exactly_once()
    {
        var line = Gen.Elements(
            "text: a",
            "reasoning: b",
            "waiting: c",
            "call: fly {}",
            "result: d",
            "usage: 10 5",
            "restart: again",
            "fail: Overloaded Away.",
            "fail: ProviderAuthFailed No key.",
            "fail: SpendLimit Spent.",
            "throw: boom",
            "finish: EndTurn",
            "finish: Refusal",
            "hold"
        );
        var script = line.ListOf().Select(lines => string.Join('\n', lines));
        Prop.ForAll(
                script.NonEmptyListOf().ToArbitrary(),
                scripts =>
                {
                    var transcript = new TurnTranscript();
                    var providers = scripts
                        .Take(4)
                        .Select(
                            (text, number) => text.Length == 0 && number > 0 ? null : new ScriptedProvider(text, $"p{number}", $"P{number}")
                        )
                        .ToList();
                    transcript
                        .RunAsync(providers, stopAtHold: true, inCooldown: scripts.Count % 2 == 0 ? "P0" : null)
                        .GetAwaiter()
                        .GetResult();
                    var kinds = transcript.Said.Select(said => said.Split(' ')[0]).ToList();
                    return kinds.Count(kind => kind == "turnStarted") == 1
                        && kinds.Count(kind => kind == "turnFinished") == 1
                        && kinds[^1] == "turnFinished"
                        && kinds.Count(kind => kind == "messageFinished") == 1
                        && kinds.IndexOf("stored") < kinds.IndexOf("messageFinished");
                }
            )
            .QuickCheckThrowOnFailure();
    }
}
