using System.Diagnostics;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Http;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers;

/// <summary>Requirements for parsers of an API: any chunks, any corruption, any end. One provider per API is tested for all that share its parser.</summary>
public abstract class WireContract : ProviderContract
{
    private protected abstract Framing Framing { get; }
    private protected abstract WireParser Parser(ProviderRequest request);

    /// <summary>A response that was stopped by the token limit.</summary>
    protected abstract string LimitAnswer { get; }

    /// <summary>The first events of a response, without the event that ends it.</summary>
    protected abstract string Unfinished { get; }

    /// <summary>Returns one event that contains <paramref name="json"/>.</summary>
    protected abstract string EventOf(string json);

    /// <summary>An error event that reports an overloaded vendor.</summary>
    protected abstract string ErrorEvent { get; }

    /// <summary>The start of an event that never ends.</summary>
    protected virtual string EndlessEvent => "data: {\"a\":\"";

    /// <summary>True if an event ends the response; otherwise the end of the body does.</summary>
    protected virtual bool IsOverBeforeTheEnd => true;

    /// <summary>True if events are lines of text; otherwise each character of a response is a byte.</summary>
    protected virtual bool HasLines => true;

    [Fact]
    public async Task The_token_limit_is_a_reason_to_stop() => AssertEndsOnce(await AnswerAsync(LimitAnswer), StopReason.MaxTokens);

    [Fact]
    public async Task A_cut_stream_is_an_error_and_never_a_success()
    {
        foreach (var answer in new[] { Stream().Send(Unfinished).Cut(), Stream().Send(Unfinished) })
        {
            var events = await AskAsync(answer);
            Assert.NotEmpty(TextOf(events));
            Assert.Equal(FailureKind.CutStream, FailureOf(events).Kind);
        }
    }

    [Fact]
    public async Task A_stream_cut_anywhere_never_finishes_a_tool_call_by_half()
    {
        var bytes = BytesOf(ToolAnswer);
        for (var at = 0; at < bytes.Length; at += 7)
        {
            var events = await AskAsync(Stream().Send(bytes.AsMemory(0, at)).Cut());
            Assert.Single(events, next => next is ProviderEvent.Failed or ProviderEvent.Finished);
            foreach (var call in events.OfType<ProviderEvent.ToolCallFinished>())
            {
                Assert.Equal("{\"path\":\"a.txt\"}", call.Parameters.Replace(" ", ""));
            }
        }
    }

    [Fact]
    public async Task A_malformed_event_fails_and_keeps_earlier_content()
    {
        var events = await AnswerAsync(Unfinished + EventOf("{\"broken\":"));
        Assert.NotEmpty(TextOf(events));
        Assert.Equal(FailureKind.BadResponse, FailureOf(events).Kind);
    }

    [Theory]
    [
        InlineData("[]"),
        InlineData("7"),
        InlineData("{\"delta\":[],\"message\":7,\"choices\":{},\"type\":{}}garbage"),
        InlineData("nonsense")
    ]
    public async Task An_event_of_another_shape_never_throws(string json)
    {
        var events = await AnswerAsync(Unfinished + EventOf(json));
        Assert.Single(events, next => next is ProviderEvent.Failed or ProviderEvent.Finished);
    }

    [Fact]
    public async Task Ignores_unknown_events()
    {
        var events = await AnswerAsync(EventOf("{\"type\":\"news\",\"novelty\":[1,{\"a\":null}]}") + TextAnswer);
        Assert.Equal("Hé 👋 wörld", TextOf(events));
    }

    [Fact]
    public async Task An_error_inside_the_stream_is_a_failure()
    {
        var failure = FailureOf(await AnswerAsync(Unfinished + ErrorEvent));
        Assert.Equal(FailureKind.Overloaded, failure.Kind);
        Assert.True(failure.IsRetryable);
    }

    [Theory]
    [InlineData(401, "invalid", FailureKind.ProviderAuthFailed)]
    [InlineData(402, "no credits left", FailureKind.SpendLimit)]
    [InlineData(404, "model not found", FailureKind.ModelNotFound)]
    [InlineData(404, "no such route", FailureKind.NotFound)]
    [InlineData(400, "prompt is too long: 9 tokens > 8 maximum", FailureKind.ContextFull)]
    [InlineData(400, "that was wrong", FailureKind.BadRequest)]
    [InlineData(429, "slow down", FailureKind.RateLimited)]
    [InlineData(429, "You exceeded your current quota", FailureKind.SpendLimit)]
    [InlineData(500, "oops", FailureKind.Overloaded)]
    [InlineData(503, "oops", FailureKind.Overloaded)]
    [InlineData(529, "overloaded", FailureKind.Overloaded)]
    public async Task A_refusal_has_a_kind_and_a_sentence_that_names_the_host(int status, string message, FailureKind kind)
    {
        var failure = FailureOf(await AskAsync(ScriptedAnswer.Json(ErrorBody("some_error", message), status)));
        Assert.Equal(kind, failure.Kind);
        if (kind is FailureKind.ContextFull)
        {
            Assert.Contains(Question.Model, failure.Message);
        }
        else
        {
            Assert.Contains($"127.0.0.1:{Endpoint.Port}", failure.Message);
        }
    }

    [Theory]
    [InlineData("retry-after", "7", 7_000)]
    [InlineData("retry-after-ms", "1500", 1_500)]
    [InlineData("retry-after", "Fri, 31 Dec 2100 23:59:59 GMT", null)]
    [InlineData("retry-after", "soon", 0)]
    public async Task A_429_response_has_a_retry_time(string name, string value, int? milliseconds)
    {
        var failure = FailureOf(await AskAsync(ScriptedAnswer.Json(ErrorBody("rate_limit_error", "slow down"), 429, (name, value))));
        Assert.Equal(FailureKind.RateLimited, failure.Kind);
        if (milliseconds is null)
        {
            Assert.True(failure.RetryAfter > TimeSpan.FromDays(365));
        }
        else
        {
            Assert.Equal(milliseconds.Value, failure.RetryAfter?.TotalMilliseconds ?? 0);
        }
    }

    [Theory]
    [InlineData(200), InlineData(404), InlineData(502)]
    public async Task A_web_page_is_not_an_answer(int status)
    {
        var failure = FailureOf(await AskAsync(ScriptedAnswer.Html("<!doctype html><title>Sign in</title>", status)));
        Assert.Contains(failure.Kind, new[] { FailureKind.BadResponse, FailureKind.NotFound, FailureKind.Overloaded });
        Assert.DoesNotContain("<", failure.Message);
        if (status == 200)
        {
            Assert.Contains("web page", failure.Message);
        }
    }

    [Fact]
    public async Task A_web_page_that_calls_itself_a_stream_is_not_an_answer() =>
        Assert.Contains("web page", FailureOf(await AskAsync(Stream().Send("\n<html>\n<body>hi</body></html>"))).Message);

    [Fact]
    public async Task A_line_of_100_MB_is_cut_without_being_held()
    {
        var before = Process.GetCurrentProcess().WorkingSet64;
        var peak = 0L;
        var piece = Encoding.UTF8.GetBytes(new string('a', 1024 * 1024));
        var events = new List<ProviderEvent>();
        var answer = Stream().Send(Unfinished).Send(EndlessEvent).Repeat(piece, 100);
        Endpoint.Route = request => Other(request) ?? answer;
        await foreach (var next in Provider().StreamAsync(Question, Cancel))
        {
            events.Add(next);
            using var process = Process.GetCurrentProcess();
            peak = Math.Max(peak, process.WorkingSet64);
        }

        Assert.Equal(FailureKind.BadResponse, FailureOf(events).Kind);
        Assert.Contains("MiB", FailureOf(events).Message);
        Assert.True(peak - before < 150 * 1024 * 1024, $"It grew by {(peak - before) / (1024 * 1024)} MiB.");
    }

    [Fact]
    public async Task An_answer_that_never_begins_times_out()
    {
        var failure = FailureOf(await AskAsync(ScriptedAnswer.Silence(), Settings() with { Timeout = TimeSpan.FromMilliseconds(150) }));
        Assert.Equal(FailureKind.Timeout, failure.Kind);
        Assert.Contains("did not start", failure.Message);
    }

    [Fact]
    public async Task An_answer_that_stops_coming_times_out_and_keeps_its_text()
    {
        // The first request of a process includes compilation, which may take longer than the limit on a busy machine.
        await AnswerAsync(TextAnswer);
        var events = await AskAsync(Stream().Send(Unfinished).Hang(), Settings() with { Timeout = TimeSpan.FromMilliseconds(150) });
        Assert.NotEmpty(TextOf(events));
        Assert.Equal(FailureKind.Timeout, FailureOf(events).Kind);
        Assert.Contains("stopped sending", FailureOf(events).Message);
    }

    [Fact]
    public async Task Stopping_after_any_event_closes_the_connection_and_gives_nothing_more()
    {
        var whole = await AnswerAsync(ToolAnswer);
        for (var stopAfter = 0; stopAfter < whole.Count; stopAfter++)
        {
            await using var endpoint = new ScriptedEndpoint(Stream().Send(ToolAnswer).Hang());
            endpoint.Route = request => Other(request);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            var seen = 0;
            if (stopAfter == 0)
            {
                await stop.CancelAsync();
            }
            var provider = Provider(Settings() with { Endpoint = endpoint.Url });
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            {
                await foreach (var next in provider.StreamAsync(Question, stop.Token))
                {
                    Assert.IsNotType<ProviderEvent.Failed>(next);
                    if (++seen == stopAfter)
                    {
                        await stop.CancelAsync();
                    }
                }

                // The last event was read before the stop, so nothing is left to cancel.
                throw new OperationCanceledException();
            });
            Assert.Equal(stopAfter, Math.Min(seen, stopAfter));
            if (stopAfter > 0)
            {
                await endpoint.ClientLeft.Task.WaitAsync(TimeSpan.FromSeconds(5), Cancel);
            }
        }
    }

    [Fact]
    public void A_text_comes_as_it_arrives()
    {
        var bytes = BytesOf(TextAnswer);
        var pieces = ReadInPieces(bytes, [.. Enumerable.Range(0, bytes.Length)]).OfType<ProviderEvent.TextDelta>().ToList();
        Assert.True(pieces.Count > 1);
        Assert.Equal("Hé 👋 wörld", TextOf(pieces));
    }

    [Fact]
    public void Deltas_that_arrive_together_are_one_event()
    {
        foreach (var answer in new[] { TextAnswer, ReasoningAnswer })
        {
            var events = ReadInPieces(BytesOf(answer));
            Assert.Equal(Joined(events), events);
        }
    }

    [Fact]
    public async Task Every_split_of_the_bytes_gives_the_same_events()
    {
        // Every valid line break, also mixed, each with and without a byte order mark.
        string[] respelled = HasLines
            ?
            [
                .. new[] { "\n", "\r\n", "\r" }
                    .Select(end => TextAnswer.Replace("\n", end))
                    .Append(TextAnswer.Replace("\n\n", "\r\r\n"))
                    .SelectMany(answer => new[] { answer, "\uFEFF" + answer }),
            ]
            : [];
        foreach (var answer in new[] { TextAnswer, ReasoningAnswer, ToolAnswer }.Concat(respelled))
        {
            var bytes = BytesOf(answer);
            var answered = await AskAsync(Stream().Send(bytes));
            var whole = ReadInPieces(bytes);
            Assert.IsType<ProviderEvent.Finished>(answered[^1]);
            Assert.Equal(
                Joined(answered.Where(next => next is not ProviderEvent.Accepted)),
                Joined(whole.Where(next => next is not ProviderEvent.Accepted))
            );
            for (var at = 0; at <= bytes.Length; at++)
            {
                Assert.Equal(whole, Joined(ReadInPieces(bytes, at)));
            }
        }
    }

    [Fact]
    public async Task A_stream_with_carriage_returns_is_over_with_its_last_event_and_waits_for_no_line_feed()
    {
        if (!HasLines)
        {
            Assert.Skip("This wire has no lines.");
        }
        var parser = Parser(Question);
        using var events = new EventReader(new PieceStream(BytesOf(TextAnswer.Replace("\n", "\r"))), Framing);
        using var timeout = new ExchangeTimeout(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1), TimeProvider.System, Cancel);
        await parser.ReadOnceAsync(events, timeout);
        Assert.Equal(IsOverBeforeTheEnd, parser.IsOver);
    }

    [Theory]
    [InlineData(@"\ud800")]
    [InlineData(@"\udc00x")]
    [InlineData(@"\\ud800")]
    public void Half_a_character_in_the_arguments_of_a_call_does_not_end_the_answer(string half)
    {
        if (!HasLines)
        {
            Assert.Skip("This wire has no lines.");
        }
        var events = ReadInPieces(BytesOf(ToolAnswer.Replace("a.txt", half)));
        Assert.Single(events.OfType<ProviderEvent.ToolCallFinished>());
        AssertEndsOnce(events, StopReason.ToolUse);
    }

    [Fact]
    public void Half_a_character_in_a_text_or_in_reasoning_becomes_a_replacement_character()
    {
        if (!HasLines)
        {
            Assert.Skip("This wire has no lines.");
        }
        var events = ReadInPieces(BytesOf(TextAnswer.Replace("rld\"", @"r\ud800ld""")));
        Assert.EndsWith("r\uFFFDld", TextOf(events), StringComparison.Ordinal);
        AssertEndsOnce(events, StopReason.EndTurn);
        events = ReadInPieces(BytesOf(ReasoningAnswer.Replace("think.", @"think\udc00.")));
        Assert.Equal("Let me think\uFFFD.", string.Concat(events.OfType<ProviderEvent.ReasoningDelta>().Select(delta => delta.Text)));
    }

    [Fact]
    public void Arguments_over_the_limit_are_given_up_while_they_are_read()
    {
        if (!HasLines)
        {
            Assert.Skip("This wire has no lines.");
        }
        const int Size = 5 * 1024 * 1024;
        ReadInPieces(BytesOf(ToolAnswer));
        var bytes = BytesOf(ToolAnswer.Replace("a.txt", new string('x', Size)));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var events = ReadInPieces(bytes);
        var ratio = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Size;
        var finished = Assert.Single(events.OfType<ProviderEvent.ToolCallFinished>());
        Assert.Equal(("{}", ToolArguments.TooLong), (finished.Parameters, finished.Problem));
        Assert.InRange(events.OfType<ProviderEvent.ToolCallDelta>().Sum(delta => delta.ArgumentsJson.Length), 0, ToolArguments.MaxLength);
        AssertEndsOnce(events, StopReason.ToolUse);
        // The line, the event and one text of each fragment, which some vendors repeat; nothing is gathered or said.
        Assert.InRange(ratio, 0, 20);
    }

    [Fact]
    public void Any_pieces_give_the_same_events()
    {
        var bytes = BytesOf(ToolAnswer);
        var whole = ReadInPieces(bytes);
        Prop.ForAll<PositiveInt[]>(sizes =>
            {
                var at = 0;
                var cuts = sizes.Select(size => at += size.Get % 97).Where(cut => cut < bytes.Length).ToArray();
                return Joined(ReadInPieces(bytes, cuts)).SequenceEqual(whole);
            })
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Any_bytes_at_all_end_in_one_event_and_never_throw()
    {
        var whole = BytesOf(ReasoningAnswer + ToolAnswer);
        Prop.ForAll<NonNegativeInt, byte, NonNegativeInt>(
                (place, value, second) =>
                {
                    var bytes = whole.ToArray();
                    bytes[place.Get * 31 % bytes.Length] = value;
                    bytes[second.Get * 17 % bytes.Length] = (byte)(value * 7);
                    var events = ReadInPieces(bytes);
                    return events.Count(next => next is ProviderEvent.Finished or ProviderEvent.Failed) == 1;
                }
            )
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public async Task A_stream_sent_byte_by_byte_gives_the_same_events()
    {
        var bytes = BytesOf(TextAnswer);
        var answer = Stream();
        foreach (var one in bytes)
        {
            answer.Send(new[] { one });
        }
        Assert.Equal(Joined(await AskAsync(Stream().Send(bytes))), Joined(await AskAsync(answer)));
    }

    [Fact]
    public async Task A_last_event_without_an_empty_line_counts()
    {
        if (!HasLines)
        {
            Assert.Skip("This wire has no lines.");
        }
        var events = await AnswerAsync(TextAnswer.TrimEnd('\n'));
        Assert.Equal("Hé 👋 wörld", TextOf(events));
        AssertEndsOnce(events, StopReason.EndTurn);
    }

    [Fact]
    public async Task Equal_requests_are_equal_bytes()
    {
        await AnswerAsync(TextAnswer);
        await AnswerAsync(TextAnswer);
        var bodies = Endpoint.Requests.Where(request => request.Target == ChatPath).Select(request => request.Body).ToArray();
        Assert.Equal(2, bodies.Length);
        Assert.Equal(bodies[0], bodies[1]);
    }

    [Fact]
    public async Task Two_hundred_answers_at_once_do_not_mix()
    {
        var answer = Stream().Send(TextAnswer);
        Endpoint.Route = request => Other(request) ?? answer;
        var provider = Provider();
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 200).Select(async _ => await provider.StreamAsync(Question, Cancel).ToListAsync(Cancel))
        );
        Assert.All(answers, events => Assert.Equal("Hé 👋 wörld", TextOf(events)));
    }

    /// <summary>For parsers that are fed without a connection.</summary>
    private protected ProviderFailures Failures => new(Settings(), new ProviderEndpoint(Settings(), "", path => path), "some-model");

    private byte[] BytesOf(string answer) => (HasLines ? Encoding.UTF8 : Encoding.Latin1).GetBytes(answer);

    /// <summary>With the deltas of one kind in a row as one: how many there are depends on how the bytes arrive.</summary>
    private static List<ProviderEvent> Joined(IEnumerable<ProviderEvent> events)
    {
        List<ProviderEvent> joined = [];
        foreach (var next in events)
        {
            joined.Add(
                (joined.LastOrDefault(), next) switch
                {
                    (ProviderEvent.TextDelta(var before), ProviderEvent.TextDelta(var text)) => Replacing(
                        new ProviderEvent.TextDelta(before + text)
                    ),
                    (ProviderEvent.ReasoningDelta(var before), ProviderEvent.ReasoningDelta(var text)) => Replacing(
                        new ProviderEvent.ReasoningDelta(before + text)
                    ),
                    _ => next,
                }
            );
        }

        return joined;

        ProviderEvent Replacing(ProviderEvent whole)
        {
            joined.RemoveAt(joined.Count - 1);
            return whole;
        }
    }

    private List<ProviderEvent> ReadInPieces(byte[] bytes, params int[] cuts) =>
        WireReading.EventsOf(Parser(Question), Framing, new PieceStream(bytes, cuts));
}
