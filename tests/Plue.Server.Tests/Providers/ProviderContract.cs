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

/// <summary>What every HTTP provider promises. A subclass gives the bytes of its wire and says what they mean.</summary>
public abstract class ProviderContract : IAsyncLifetime
{
    private readonly ProviderHttp http = new();

    protected ScriptedEndpoint Endpoint { get; } = new();
    protected FixedSecrets Secrets { get; } = new();

    /// <summary>Where the chat call goes when the endpoint is the bare host.</summary>
    protected abstract string ChatPath { get; }
    protected abstract ScriptedAnswer Stream();
    private protected abstract Framing Framing { get; }
    private protected abstract WireParser Parser(ProviderRequest request);
    protected abstract IProvider Create(ProviderSettings settings, ISecretSource secrets, ProviderHttp http);
    protected abstract string Kind { get; }
    /// <summary>The name and value that the key arrives under.</summary>
    protected abstract (string Name, string Value) KeyHeader { get; }

    /// <summary>Says <c>Hé 👋 wörld</c> in at least two deltas and ends its turn.</summary>
    protected abstract string TextAnswer { get; }
    /// <summary>Thinks <c>Let me think.</c>, then says <c>Yes.</c></summary>
    protected abstract string ReasoningAnswer { get; }
    /// <summary>Calls <c>read</c> with <c>{"path":"a.txt"}</c>.</summary>
    protected abstract string ToolAnswer { get; }
    /// <summary>Any text; 100 tokens in, of which 60 were read from the cache, 20 out. Null where the wire has no such number.</summary>
    protected abstract string? CachedAnswer { get; }
    /// <summary>Any text, stopped by the token limit.</summary>
    protected abstract string LimitAnswer { get; }
    /// <summary>The first events of an answer, without any that ends it.</summary>
    protected abstract string Unfinished { get; }
    /// <summary>One event that holds <paramref name="json"/>.</summary>
    protected abstract string EventOf(string json);
    protected abstract string ErrorBody(string type, string message);
    /// <summary>Error inside a stream that says the vendor is overloaded.</summary>
    protected abstract string ErrorEvent { get; }

    /// <summary>The beginning of an event that never ends.</summary>
    protected virtual string EndlessEvent => "data: {\"a\":\"";
    /// <summary>An event says that the answer is over; otherwise only the end of the body does.</summary>
    protected virtual bool IsOverBeforeTheEnd => true;
    /// <summary>Events are lines of text; otherwise each character of an answer is a byte.</summary>
    protected virtual bool HasLines => true;
    /// <summary>The vendor can be asked which models there are.</summary>
    protected virtual bool ListsModels => true;
    private byte[] BytesOf(string answer) => (HasLines ? Encoding.UTF8 : Encoding.Latin1).GetBytes(answer);

    public virtual ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await Endpoint.DisposeAsync();
        http.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Text_comes_in_pieces_and_ends_once()
    {
        var events = await AnswerAsync(TextAnswer);
        Assert.Equal("Hé 👋 wörld", TextOf(events));
        Assert.True(events.OfType<ProviderEvent.TextDelta>().Count() > 1);
        AssertEndsOnce(events, StopReason.EndTurn);
    }

    [Fact]
    public async Task Reasoning_is_kept_apart_and_closed_before_the_text()
    {
        var events = await AnswerAsync(ReasoningAnswer);
        Assert.Equal("Let me think.", string.Concat(events.OfType<ProviderEvent.ReasoningDelta>().Select(delta => delta.Text)));
        Assert.Equal("Yes.", TextOf(events));
        var closed = events.FindIndex(next => next is ProviderEvent.ReasoningFinished);
        Assert.InRange(closed, events.FindIndex(next => next is ProviderEvent.ReasoningDelta), events.FindIndex(next => next is ProviderEvent.TextDelta));
    }

    [Fact]
    public async Task A_tool_call_starts_grows_and_finishes_whole()
    {
        var events = await AnswerAsync(ToolAnswer);
        var started = Assert.Single(events.OfType<ProviderEvent.ToolCallStarted>());
        var finished = Assert.Single(events.OfType<ProviderEvent.ToolCallFinished>());
        Assert.Equal("read", started.ToolName);
        Assert.Equal(started.ToolUseId, finished.ToolUseId);
        Assert.Equal("{\"path\":\"a.txt\"}", finished.Parameters.Replace(" ", ""));
        Assert.Equal(finished.Parameters, string.Concat(events.OfType<ProviderEvent.ToolCallDelta>().Select(delta => delta.ArgumentsJson)));
        AssertEndsOnce(events, StopReason.ToolUse);
    }

    [Fact]
    public async Task Cached_tokens_are_part_of_the_input()
    {
        if (CachedAnswer is null) Assert.Skip("This wire does not count cached tokens.");
        var usage = (await AnswerAsync(CachedAnswer)).OfType<ProviderEvent.UsageReported>().Last().Usage;
        Assert.Equal((100, 20, 60), (usage.InputTokens, usage.OutputTokens, usage.CachedReadTokens));
    }

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
            foreach (var call in events.OfType<ProviderEvent.ToolCallFinished>()) Assert.Equal("{\"path\":\"a.txt\"}", call.Parameters.Replace(" ", ""));
        }
    }

    [Fact]
    public async Task A_malformed_event_fails_and_keeps_what_came_before()
    {
        var events = await AnswerAsync(Unfinished + EventOf("{\"broken\":"));
        Assert.NotEmpty(TextOf(events));
        Assert.Equal(FailureKind.BadResponse, FailureOf(events).Kind);
    }

    [Theory]
    [InlineData("[]"), InlineData("7"), InlineData("{\"delta\":[],\"message\":7,\"choices\":{},\"type\":{}}garbage"), InlineData("nonsense")]
    public async Task An_event_of_another_shape_never_throws(string json)
    {
        var events = await AnswerAsync(Unfinished + EventOf(json));
        Assert.Single(events, next => next is ProviderEvent.Failed or ProviderEvent.Finished);
    }

    [Fact]
    public async Task An_unknown_event_is_passed_over()
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
        if (kind is FailureKind.ContextFull) Assert.Contains(Question.Model, failure.Message);
        else Assert.Contains($"127.0.0.1:{Endpoint.Port}", failure.Message);
    }

    [Theory]
    [InlineData("retry-after", "7", 7_000)]
    [InlineData("retry-after-ms", "1500", 1_500)]
    [InlineData("retry-after", "Fri, 31 Dec 2100 23:59:59 GMT", null)]
    [InlineData("retry-after", "soon", 0)]
    public async Task A_429_says_how_long_to_wait(string name, string value, int? milliseconds)
    {
        var failure = FailureOf(await AskAsync(ScriptedAnswer.Json(ErrorBody("rate_limit_error", "slow down"), 429, (name, value))));
        Assert.Equal(FailureKind.RateLimited, failure.Kind);
        if (milliseconds is null) Assert.True(failure.RetryAfter > TimeSpan.FromDays(365));
        else Assert.Equal(milliseconds.Value, failure.RetryAfter?.TotalMilliseconds ?? 0);
    }

    [Fact]
    public async Task The_key_is_masked_where_the_vendor_repeats_it()
    {
        var shown = $"bad key {FixedSecrets.Key} {Convert.ToBase64String(Encoding.UTF8.GetBytes(FixedSecrets.Key))} \u001b[31m" + new string('x', 2_000);
        var escaped = shown.Replace("\u001b", "\\u001b");
        var failure = FailureOf(await AskAsync(ScriptedAnswer.Json(ErrorBody("authentication_error", escaped), 401)));
        Assert.Contains("bad key *** ***", failure.Message);
        Assert.DoesNotContain(FixedSecrets.Key, failure.Message);
        Assert.DoesNotContain('\u001b', failure.Message);
        Assert.InRange(failure.Message.Length, 100, 600);
    }

    [Fact]
    public async Task The_key_goes_to_the_endpoint_and_was_asked_for_by_its_origin()
    {
        await AnswerAsync(TextAnswer);
        var request = Assert.Single(Endpoint.Requests, request => request.Target.StartsWith(ChatPath, StringComparison.Ordinal));
        Assert.Equal(KeyHeader.Value, request.Headers[KeyHeader.Name]);
        Assert.All(Secrets.Asked, asked => Assert.Equal(Endpoint.Url, asked.Origin));
    }

    [Fact]
    public async Task A_key_that_is_not_for_this_origin_ends_before_anything_is_sent()
    {
        var provider = Create(Settings(), new FixedSecrets(boundTo: new Uri("https://other.example")), http);
        var events = await provider.StreamAsync(Question, Cancel).ToListAsync(Cancel);
        Assert.Equal(FailureKind.KeyNotBoundToOrigin, FailureOf(events).Kind);
        Assert.Empty(Endpoint.Requests);
    }

    [Theory]
    [InlineData("line\nbreak"), InlineData("ключ")]
    public async Task A_key_that_cannot_be_sent_is_a_sentence(string key)
    {
        var events = await Create(Settings(), new FixedSecrets(key), http).StreamAsync(Question, Cancel).ToListAsync(Cancel);
        Assert.Equal(FailureKind.ProviderAuthFailed, FailureOf(events).Kind);
        Assert.DoesNotContain(key, FailureOf(events).Message);
    }

    [Theory]
    [InlineData("", ""), InlineData("/", ""), InlineData("/v1", ""), InlineData("/v1/", "")]
    [InlineData("/gate/way", "/gate/way"), InlineData("/gate/way/v1/", "/gate/way")]
    [InlineData("/gate?version=2&x=%20", "/gate"), InlineData("/gate/v1/?version=2&x=%20", "/gate")]
    public async Task An_endpoint_may_have_a_version_a_slash_a_prefix_and_a_query(string suffix, string prefix)
    {
        var events = await AskAsync(Stream().Send(TextAnswer), Settings() with { Endpoint = new Uri(Endpoint.Url, suffix) });
        AssertEndsOnce(events, StopReason.EndTurn);
        var query = suffix.Contains('?') ? (ChatPath.Contains('?') ? "&" : "?") + "version=2&x=%20" : "";
        Assert.Equal(prefix + ChatPath + query, Endpoint.Requests[^1].Target);
        Assert.Equal($"127.0.0.1:{Endpoint.Port}", Endpoint.Requests[^1].Headers["host"]);
    }

    [Fact]
    public async Task An_endpoint_may_be_the_address_of_the_call_itself()
    {
        var events = await AskAsync(Stream().Send(TextAnswer), Settings() with { Endpoint = new Uri(Endpoint.Url, ChatPath.Split('?')[0]) });
        AssertEndsOnce(events, StopReason.EndTurn);
        Assert.Equal(ChatPath, Endpoint.Requests[^1].Target);
    }

    [Fact]
    public async Task The_key_is_in_its_header_and_nowhere_else()
    {
        await AnswerAsync(TextAnswer);
        var provider = Provider();
        await provider.CheckAsync(Cancel);
        try { await provider.ListModelsAsync(Cancel); }
        catch (FailureException) { /* The scripted answer is no list, and nothing was to be learned from it. */ }

        Assert.True(Endpoint.Requests.Count >= 2);
        Assert.All(Endpoint.Requests, request =>
        {
            Assert.DoesNotContain(FixedSecrets.Key, request.Target);
            Assert.DoesNotContain(FixedSecrets.Key, request.Body);
            Assert.All(request.Headers, header => Assert.True(header.Key == KeyHeader.Name || !header.Value.Contains(FixedSecrets.Key), header.Key));
        });
    }

    [Theory]
    [InlineData(301), InlineData(302), InlineData(303), InlineData(307), InlineData(308)]
    public async Task A_redirect_is_not_followed(int status)
    {
        await using var other = new ScriptedEndpoint(Stream().Send(TextAnswer));
        var failure = FailureOf(await AskAsync(ScriptedAnswer.Json("{}", status, ("Location", $"http://localhost:{other.Port}/v1/messages"))));
        Assert.Equal(FailureKind.BadResponse, failure.Kind);
        Assert.Contains("localhost", failure.Message);
        Assert.Empty(other.Requests);
    }

    [Theory]
    [InlineData("file:///etc/passwd"), InlineData("ftp://127.0.0.1/"), InlineData("relative/path")]
    public async Task An_endpoint_that_is_no_web_address_never_becomes_the_vendors_own(string endpoint)
    {
        var settings = Settings() with { Endpoint = new Uri(endpoint, UriKind.RelativeOrAbsolute) };
        var events = await Create(settings, Secrets, http).StreamAsync(Question, Cancel).ToListAsync(Cancel);
        Assert.Equal(FailureKind.MissingField, FailureOf(events).Kind);
        Assert.Empty(Secrets.Asked);
    }

    [Fact]
    public async Task With_an_endpoint_set_every_call_goes_there()
    {
        Endpoint.Answers.Add(ScriptedAnswer.Json("{}", 500));
        var provider = Create(Settings(), Secrets, http);
        Assert.NotNull(await provider.CheckAsync(Cancel));
        if (ListsModels) await Assert.ThrowsAsync<FailureException>(() => provider.ListModelsAsync(Cancel));
        else Assert.Empty(await provider.ListModelsAsync(Cancel));
        Assert.Equal(ListsModels ? 2 : 1, Endpoint.Requests.Count);
        Assert.All(Secrets.Asked, asked => Assert.Equal(Endpoint.Url, asked.Origin));
    }

    [Theory]
    [InlineData(200), InlineData(404), InlineData(502)]
    public async Task A_web_page_is_not_an_answer(int status)
    {
        var failure = FailureOf(await AskAsync(ScriptedAnswer.Html("<!doctype html><title>Sign in</title>", status)));
        Assert.Contains(failure.Kind, new[] { FailureKind.BadResponse, FailureKind.NotFound, FailureKind.Overloaded });
        Assert.DoesNotContain("<", failure.Message);
        if (status == 200) Assert.Contains("web page", failure.Message);
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
        await foreach (var next in Create(Settings(), Secrets, http).StreamAsync(Question, Cancel))
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
        Assert.Contains("did not begin", failure.Message);
    }

    [Fact]
    public async Task An_answer_that_stops_coming_times_out_and_keeps_its_text()
    {
        var events = await AskAsync(Stream().Send(Unfinished).Hang(), Settings() with { Timeout = TimeSpan.FromMilliseconds(150) });
        Assert.NotEmpty(TextOf(events));
        Assert.Equal(FailureKind.Timeout, FailureOf(events).Kind);
        Assert.Contains("stopped sending", FailureOf(events).Message);
    }

    [Fact]
    public async Task Nothing_listening_is_said_at_once()
    {
        await Endpoint.DisposeAsync();
        var events = await Create(Settings(), Secrets, http).StreamAsync(Question, Cancel).ToListAsync(Cancel);
        Assert.Equal(FailureKind.Unreachable, FailureOf(events).Kind);
        Assert.Contains($"Nothing answers at http://127.0.0.1:{Endpoint.Port}", FailureOf(events).Message);
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
            if (stopAfter == 0) await stop.CancelAsync();
            var provider = Create(Settings() with { Endpoint = endpoint.Url }, Secrets, http);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            {
                await foreach (var next in provider.StreamAsync(Question, stop.Token))
                {
                    Assert.IsNotType<ProviderEvent.Failed>(next);
                    if (++seen == stopAfter) await stop.CancelAsync();
                }

                // The last event was taken before the stop: then there is nothing left to give up.
                throw new OperationCanceledException();
            });
            Assert.Equal(stopAfter, Math.Min(seen, stopAfter));
            if (stopAfter > 0) await endpoint.ClientLeft.Task.WaitAsync(TimeSpan.FromSeconds(5), Cancel);
        }
    }

    [Fact]
    public async Task Stopping_while_nothing_comes_closes_the_connection()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Endpoint.Route = request => Other(request) ?? ScriptedAnswer.Silence();
        var running = Create(Settings(), Secrets, http).StreamAsync(Question, stop.Token).ToListAsync(Cancel).AsTask();
        while (!(await Endpoint.NextRequestAsync(Cancel)).Target.StartsWith(ChatPath, StringComparison.Ordinal)) { }
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await Endpoint.ClientLeft.Task.WaitAsync(TimeSpan.FromSeconds(5), Cancel);
    }

    [Fact]
    public async Task Every_split_of_the_bytes_gives_the_same_events()
    {
        // Every line ending that the format allows, mixed ones too, and a byte order mark before each.
        string[] respelled = HasLines
            ? [.. new[] { "\n", "\r\n", "\r" }.Select(end => TextAnswer.Replace("\n", end)).Append(TextAnswer.Replace("\n\n", "\r\r\n")).SelectMany(answer => new[] { answer, "\uFEFF" + answer })]
            : [];
        foreach (var answer in new[] { TextAnswer, ReasoningAnswer, ToolAnswer }.Concat(respelled))
        {
            var bytes = BytesOf(answer);
            var answered = await AskAsync(Stream().Send(bytes));
            var whole = ReadInPieces(bytes);
            Assert.IsType<ProviderEvent.Finished>(answered[^1]);
            Assert.Equal(answered.Where(next => next is not ProviderEvent.Accepted), whole.Where(next => next is not ProviderEvent.Accepted));
            for (var at = 0; at <= bytes.Length; at++) Assert.Equal(whole, ReadInPieces(bytes, at));
        }
    }

    [Fact]
    public async Task A_stream_with_carriage_returns_is_over_with_its_last_event_and_waits_for_no_line_feed()
    {
        if (!HasLines) Assert.Skip("This wire has no lines.");
        var parser = Parser(Question);
        using var events = new EventReader(new PieceStream(BytesOf(TextAnswer.Replace("\n", "\r"))), Framing);
        using var patience = new Patience(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1), TimeProvider.System, Cancel);
        await parser.ReadOnceAsync(events, patience);
        Assert.Equal(IsOverBeforeTheEnd, parser.IsOver);
    }

    [Theory]
    [InlineData(@"\ud800")]
    [InlineData(@"\udc00x")]
    [InlineData(@"\\ud800")]
    public void Half_a_character_in_the_arguments_of_a_call_does_not_end_the_answer(string half)
    {
        if (!HasLines) Assert.Skip("This wire has no lines.");
        var events = ReadInPieces(BytesOf(ToolAnswer.Replace("a.txt", half)));
        Assert.Single(events.OfType<ProviderEvent.ToolCallFinished>());
        AssertEndsOnce(events, StopReason.ToolUse);
    }

    [Fact]
    public void Half_a_character_in_a_text_or_in_reasoning_becomes_a_replacement_character()
    {
        if (!HasLines) Assert.Skip("This wire has no lines.");
        var events = ReadInPieces(BytesOf(TextAnswer.Replace("rld\"", @"r\ud800ld""")));
        Assert.EndsWith("r\uFFFDld", TextOf(events), StringComparison.Ordinal);
        AssertEndsOnce(events, StopReason.EndTurn);
        events = ReadInPieces(BytesOf(ReasoningAnswer.Replace("think.", @"think\udc00.")));
        Assert.Equal("Let me think\uFFFD.", string.Concat(events.OfType<ProviderEvent.ReasoningDelta>().Select(delta => delta.Text)));
    }

    [Fact]
    public void Arguments_over_the_limit_are_given_up_while_they_are_read()
    {
        if (!HasLines) Assert.Skip("This wire has no lines.");
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
            return ReadInPieces(bytes, cuts).SequenceEqual(whole);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Any_bytes_at_all_end_in_one_event_and_never_throw()
    {
        var whole = BytesOf(ReasoningAnswer + ToolAnswer);
        Prop.ForAll<NonNegativeInt, byte, NonNegativeInt>((place, value, second) =>
        {
            var bytes = whole.ToArray();
            bytes[place.Get * 31 % bytes.Length] = value;
            bytes[second.Get * 17 % bytes.Length] = (byte)(value * 7);
            var events = ReadInPieces(bytes);
            return events.Count(next => next is ProviderEvent.Finished or ProviderEvent.Failed) == 1;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public async Task A_stream_sent_byte_by_byte_gives_the_same_events()
    {
        var bytes = BytesOf(TextAnswer);
        var answer = Stream();
        foreach (var one in bytes) answer.Send(new[] { one });
        Assert.Equal(await AskAsync(Stream().Send(bytes)), await AskAsync(answer));
    }

    [Fact]
    public async Task A_last_event_without_an_empty_line_counts()
    {
        if (!HasLines) Assert.Skip("This wire has no lines.");
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
        var provider = Create(Settings(), Secrets, http);
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(async _ => await provider.StreamAsync(Question, Cancel).ToListAsync(Cancel)));
        Assert.All(answers, events => Assert.Equal("Hé 👋 wörld", TextOf(events)));
    }

    /// <summary>For parsers that are fed without a connection.</summary>
    private protected ProviderFailures Failures => new(Settings(), new ProviderEndpoint(Settings(), "", path => path), "some-model");

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>What else the provider may ask for, before the chat itself; null leaves it to the script.</summary>
    protected virtual ScriptedAnswer? Other(ScriptedRequest request) => null;

    protected ProviderSettings Settings() => new() { Id = "mine", Name = "My server", Kind = Kind, Endpoint = Endpoint.Url, ApiKeyRef = "vault://mine/api_key" };

    /// <summary>What is asked; of another model where the wire depends on it.</summary>
    protected virtual ProviderRequest Question => Request();

    protected static ProviderRequest Request() => new()
    {
        CodexId = "chat_1",
        Model = "some-model",
        System = "Be brief.",
        Messages = [Said(MessageRole.User, new MessagePart.Text("Hello"))],
        Tools = [new ToolDeclaration("read", "Reads a file.", """{"type":"object","properties":{"path":{"type":"string"}}}""")],
    };

    protected static Message Said(MessageRole role, params MessagePart[] parts) =>
        new() { Id = "msg_1", CodexId = "chat_1", Role = role, Parts = parts, CreatedAt = DateTimeOffset.UnixEpoch };

    protected Task<List<ProviderEvent>> AnswerAsync(string body) => AskAsync(Stream().Send(body));

    protected async Task<List<ProviderEvent>> AskAsync(ScriptedAnswer answer, ProviderSettings? settings = null, ProviderRequest? request = null)
    {
        Endpoint.Route = incoming => Other(incoming) ?? answer;
        return await Create(settings ?? Settings(), Secrets, http).StreamAsync(request ?? Question, Cancel).ToListAsync(Cancel);
    }

    protected IProvider Provider(ProviderSettings? settings = null) => Create(settings ?? Settings(), Secrets, http);

    protected static string TextOf(IEnumerable<ProviderEvent> events) => string.Concat(events.OfType<ProviderEvent.TextDelta>().Select(delta => delta.Text));

    protected static Failure FailureOf(List<ProviderEvent> events)
    {
        Assert.Single(events, next => next is ProviderEvent.Failed or ProviderEvent.Finished);
        return Assert.IsType<ProviderEvent.Failed>(events[^1]).Failure;
    }

    protected static void AssertEndsOnce(List<ProviderEvent> events, StopReason reason)
    {
        Assert.Single(events, next => next is ProviderEvent.Failed or ProviderEvent.Finished);
        Assert.Equal(new ProviderEvent.Finished(reason), events[^1]);
    }

    private List<ProviderEvent> ReadInPieces(byte[] bytes, params int[] cuts) =>
        WireReading.EventsOf(Parser(Question), Framing, new PieceStream(bytes, cuts));
}
