using System.Diagnostics;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using static Plue.Server.Tests.Providers.ClaudeCode.ClaudeCodeBench;

namespace Plue.Server.Tests.Providers.ClaudeCode;

/// <summary>The real CLI against a scripted endpoint.</summary>
public class ClaudeCodeProviderTests
{
    [Fact]
    public async Task An_answer_streams_and_ends_with_its_usage_and_cost()
    {
        await using var bench = new ClaudeCodeBench();
        bench.Endpoint.ThenText("Hel", "lo ", "wörld 🎈");
        var events = await bench.AskAsync("hi");
        Assert.Equal(new ProviderEvent.Waiting("Starting Claude Code"), events[0]);
        Assert.Equal("claude-sonnet-5-5", Assert.Single(events.OfType<ProviderEvent.Accepted>()).ModelId);
        Assert.Equal(["Hel", "lo ", "wörld 🎈"], events.OfType<ProviderEvent.TextDelta>().Select(delta => delta.Text));
        var usage = events.OfType<ProviderEvent.UsageReported>().Last();
        Assert.Equal(
            (20, 9, 5, 3),
            (usage.Usage.InputTokens, usage.Usage.OutputTokens, usage.Usage.CachedReadTokens, usage.Usage.CachedWriteTokens)
        );
        Assert.True(usage.VendorCost > 0);
        Assert.Equal(new ProviderEvent.Finished(StopReason.EndTurn), events[^1]);
        Assert.Contains("You are terse.", bench.Endpoint.Requests.Single());
        Assert.Contains("\"tools\":[]", bench.Endpoint.Requests.Single());
        Assert.Contains("x-api-key: test-key-1234567890", bench.Endpoint.Headers.Single(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_subscription_reports_its_limits_with_a_response()
    {
        await using var bench = new ClaudeCodeBench(settings: plain => plain with { Endpoint = null, ApiKeyRef = null });
        var resetsAt = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 3_600);
        (bench.Environment["ANTHROPIC_BASE_URL"], bench.Environment["CLAUDE_CODE_OAUTH_TOKEN"]) = (
            $"{bench.Endpoint.Address}",
            "test-token"
        );
        bench.Endpoint.Then(async exchange =>
        {
            await exchange.StartAsync(
                $"""
                anthropic-ratelimit-unified-status: allowed
                anthropic-ratelimit-unified-representative-claim: five_hour
                anthropic-ratelimit-unified-reset: {resetsAt.ToUnixTimeSeconds()}
                anthropic-ratelimit-unified-5h-status: allowed_warning
                anthropic-ratelimit-unified-5h-utilization: 0.92
                anthropic-ratelimit-unified-5h-reset: {resetsAt.ToUnixTimeSeconds()}
                anthropic-ratelimit-unified-7d-status: allowed
                anthropic-ratelimit-unified-7d-utilization: 0.41
                anthropic-ratelimit-unified-7d-reset: {resetsAt.AddDays(3).ToUnixTimeSeconds()}

                """.ReplaceLineEndings("\r\n")
            );
            await exchange.BlockAsync("""{"type":"text","text":""}""", """{"type":"text_delta","text":"Yes."}""");
            await exchange.EndAsync("end_turn");
        });
        var events = await bench.AskAsync("hi");
        Assert.Equal("Yes.", TextOf(events));
        Assert.Equal(
            [new UsageWindow("five_hour", 0.92, resetsAt), new UsageWindow("seven_day", 0.41, resetsAt.AddDays(3))],
            Assert.Single(events.OfType<ProviderEvent.WindowsReported>()).Windows
        );
    }

    [Fact]
    public async Task Reasoning_comes_apart_from_the_text_and_is_closed_with_its_signature()
    {
        await using var bench = new ClaudeCodeBench();
        bench.Endpoint.Then(async exchange =>
        {
            await exchange.StartAsync();
            await exchange.BlockAsync(
                """{"type":"thinking","thinking":"","signature":""}""",
                """{"type":"thinking_delta","thinking":"Let me "}""",
                """{"type":"thinking_delta","thinking":"think."}""",
                """{"type":"signature_delta","signature":"c2ln"}"""
            );
            await exchange.BlockAsync("""{"type":"text","text":""}""", """{"type":"text_delta","text":"Yes."}""");
            await exchange.EndAsync("end_turn");
        });
        var events = await bench.AskAsync("hi");
        Assert.Equal("Let me think.", string.Concat(events.OfType<ProviderEvent.ReasoningDelta>().Select(delta => delta.Text)));
        Assert.Equal("c2ln", Assert.Single(events.OfType<ProviderEvent.ReasoningFinished>()).Signature);
        Assert.Equal("Yes.", TextOf(events));
        Assert.Empty(events.OfType<ProviderEvent.Restarted>());
    }

    [Fact]
    public async Task Several_turns_are_answered_by_one_process_and_each_has_its_own_cost()
    {
        await using var bench = new ClaudeCodeBench();
        var first = await bench.AskAsync("one");
        var process = bench.Provider.ProcessIdOf(bench.CodexId);
        var second = await bench.AskAsync("one", "Hello", "two");
        Assert.Equal(process, bench.Provider.ProcessIdOf(bench.CodexId));
        Assert.Equal("user: one\nassistant: Hello\nuser: two", bench.Endpoint.LastConversation());
        Assert.Equal(
            first.OfType<ProviderEvent.UsageReported>().Last().VendorCost,
            second.OfType<ProviderEvent.UsageReported>().Last().VendorCost
        );
        Assert.Empty(second.OfType<ProviderEvent.Waiting>());
    }

    [Fact]
    public async Task Another_model_is_taken_up_by_the_running_process()
    {
        await using var bench = new ClaudeCodeBench();
        await bench.AskAsync("one");
        var process = bench.Provider.ProcessIdOf(bench.CodexId);
        await bench.CollectAsync(bench.Request("one", "Hello", "two") with { Model = "haiku" });
        Assert.Equal(process, bench.Provider.ProcessIdOf(bench.CodexId));
        Assert.Contains("haiku", bench.Endpoint.Requests.Last()[..200]);
    }

    [Fact]
    public async Task A_started_process_takes_the_first_question()
    {
        await using var bench = new ClaudeCodeBench();
        bench.Provider.Warm(bench.CodexId, "sonnet", null);
        var process = await BecomesAsync(() => bench.Provider.ProcessIdOf(bench.CodexId), id => id != 0);
        var events = await bench.AskAsync("hi");
        Assert.Equal("Hello", TextOf(events));
        Assert.Empty(events.OfType<ProviderEvent.Waiting>());
        Assert.Equal(process, bench.Provider.ProcessIdOf(bench.CodexId));
    }

    [Fact]
    public async Task A_file_of_the_folder_is_read_and_one_outside_is_not()
    {
        await using var bench = new ClaudeCodeBench();
        var folder = Directory.CreateDirectory(Path.Combine(bench.Root, "work")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "inside.txt"), "the inside word");
        await File.WriteAllTextAsync(Path.Combine(bench.Root, "outside.txt"), "the outside word");
        bench
            .Endpoint.Then(exchange => ToolAsync(exchange, "toolu_1", $$"""{"file_path":"{{folder}}/inside.txt"}"""))
            .Then(exchange => ToolAsync(exchange, "toolu_2", $$"""{"file_path":"{{bench.Root}}/outside.txt"}"""))
            .ThenText("Done.");
        var events = await bench.CollectAsync(bench.Request("read") with { WorkingDirectory = folder });
        var calls = events.OfType<ProviderEvent.ToolCallFinished>().ToList();
        var results = events.OfType<ProviderEvent.ToolResultReceived>().ToList();
        Assert.Equal(["toolu_1", "toolu_2"], calls.Select(call => call.ToolUseId));
        Assert.Equal(["toolu_1", "toolu_2"], events.OfType<ProviderEvent.ToolCallStarted>().Select(call => call.ToolUseId));
        Assert.Contains("the inside word", results[0].Result);
        Assert.Null(results[1].Result);
        Assert.Contains("Only reading inside", results[1].Error);
        Assert.DoesNotContain("the outside word", string.Concat(bench.Endpoint.Requests));
        Assert.Equal("Done.", TextOf(events));
        Assert.DoesNotContain("\"name\":\"Bash\"", bench.Endpoint.Requests.First());
    }

    [Theory]
    [InlineData("what is in @/etc/hostname")]
    [InlineData("`@/etc/hostname` (@/etc/hostname)\n@/etc/hostname")]
    [InlineData("@/")]
    [InlineData("/context")]
    [InlineData("/help me")]
    [InlineData("/")]
    [InlineData("mail a@b.c")]
    public async Task Sends_user_text_without_running_commands_in_it(string text)
    {
        await using var bench = new ClaudeCodeBench();
        Assert.Equal("Hello", TextOf(await bench.AskAsync(text, "ok", text)));
        Assert.Equal($"user: {text}\nassistant: ok\nuser: {text}", bench.Endpoint.LastConversation().Replace("\u2060", ""));
    }

    [Fact]
    public async Task A_stopped_answer_leaves_a_process_that_answers_again()
    {
        await using var bench = new ClaudeCodeBench();
        bench.Endpoint.Then(HoldAsync);
        using var stop = new CancellationTokenSource();
        var seen = new List<ProviderEvent>();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var happened in bench.Provider.StreamAsync(bench.Request("one"), stop.Token))
            {
                seen.Add(happened);
                if (happened is ProviderEvent.TextDelta)
                {
                    await stop.CancelAsync();
                }
            }
        });
        var process = bench.Provider.ProcessIdOf(bench.CodexId);
        Assert.NotEqual(0, process);
        Assert.Equal("Hello", TextOf(await bench.AskAsync("one", "Well", "two")));
        Assert.Equal(process, bench.Provider.ProcessIdOf(bench.CodexId));
        Assert.Contains("user: one\nassistant: Well\n", bench.Endpoint.LastConversation());
    }

    [Fact]
    public async Task After_a_restart_the_chat_goes_on_in_its_session()
    {
        await using var bench = new ClaudeCodeBench();
        await bench.AskAsync("one");
        await bench.RestartAsync();
        Assert.Equal("Hello", TextOf(await bench.AskAsync("one", "Hello", "two")));
        Assert.Equal("user: one\nassistant: Hello\nuser: two", bench.Endpoint.LastConversation());
        Assert.Single(Directory.GetFiles(Path.Combine(bench.Root, "claude"), "*.jsonl", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task If_the_session_no_longer_exists_the_history_is_sent_again()
    {
        await using var bench = new ClaudeCodeBench();
        await bench.AskAsync("one");
        await bench.RestartAsync();
        Directory.Delete(Path.Combine(bench.Root, "claude", "projects"), recursive: true);
        Assert.Equal("Hello", TextOf(await bench.AskAsync("one", "Hello", "two")));
        Assert.Equal("user: one\nassistant: Hello\nuser: two", bench.Endpoint.LastConversation());
    }

    [Fact]
    public async Task A_history_of_another_provider_is_sent_in_order()
    {
        await using var bench = new ClaudeCodeBench();
        Assert.Equal("Hello", TextOf(await bench.AskAsync("q1", "a1", "q2", "a2", "q3")));
        Assert.Equal("user: q1\nassistant: a1\nuser: q2\nassistant: a2\nuser: q3", bench.Endpoint.LastConversation());
        Assert.Single(bench.Endpoint.Requests);
    }

    [Fact]
    public async Task Replaces_the_session_after_an_edit_of_the_history()
    {
        await using var bench = new ClaudeCodeBench();
        await bench.AskAsync("one");
        Assert.Equal("Hello", TextOf(await bench.AskAsync("uno", "Ciao", "due")));
        Assert.Equal("user: uno\nassistant: Ciao\nuser: due", bench.Endpoint.LastConversation());
        await bench.AskAsync("uno", "Ciao", "due");
        Assert.Equal("user: uno\nassistant: Ciao\nuser: due", bench.Endpoint.LastConversation());
    }

    [Fact]
    public async Task Two_answers_at_once_in_one_chat_do_not_mix()
    {
        await using var bench = new ClaudeCodeBench();
        var release = new TaskCompletionSource();
        bench
            .Endpoint.Then(async exchange =>
            {
                await exchange.StartAsync();
                await exchange.OpenBlockAsync("""{"type":"text","text":""}""", """{"type":"text_delta","text":"Slow"}""");
                await release.Task;
                await exchange.EventAsync("content_block_stop", """{"type":"content_block_stop","index":0}""");
                await exchange.EndAsync("end_turn");
            })
            .ThenText("Quick");
        var slow = bench.AskAsync("slow");
        await BecomesAsync(() => bench.Endpoint.Requests.Count, count => count == 1);
        Assert.Equal("Quick", TextOf(await bench.AskAsync("quick")));
        release.SetResult();
        Assert.Equal("Slow", TextOf(await slow));
    }

    [Theory]
    [InlineData(401, "authentication_error", "invalid x-api-key", "", FailureKind.ProviderAuthFailed)]
    [InlineData(401, "authentication_error", "invalid x-api-key", "x-should-retry: false\r\n", FailureKind.ProviderAuthFailed)]
    [InlineData(403, "permission_error", "not for you", "", FailureKind.ProviderAuthFailed)]
    [InlineData(404, "not_found_error", "model: nope", "", FailureKind.ModelNotFound)]
    [InlineData(400, "invalid_request_error", "prompt is too long: 300000 tokens > 200000 maximum", "", FailureKind.ContextFull)]
    [InlineData(400, "invalid_request_error", "Your credit balance is too low to access the API.", "", FailureKind.SpendLimit)]
    [InlineData(400, "invalid_request_error", "messages: something is off", "", FailureKind.BadRequest)]
    [InlineData(429, "rate_limit_error", "slow down", "x-should-retry: false\r\n", FailureKind.RateLimited)]
    [InlineData(529, "overloaded_error", "Overloaded", "", FailureKind.Overloaded)]
    public async Task An_error_of_the_vendor_has_its_kind_and_the_next_question_is_answered(
        int status,
        string type,
        string message,
        string headers,
        FailureKind kind
    )
    {
        await using var bench = new ClaudeCodeBench();
        var fails = true;
        for (var i = 0; i < 20; i++)
        {
            bench.Endpoint.Then(exchange => fails ? exchange.StatusAsync(status, type, message, headers) : exchange.TextAsync("Hello"));
        }

        var failure = FailureOf(await bench.AskAsync("one"));
        Assert.Equal(kind, failure.Kind);
        Assert.DoesNotContain("test-key", failure.Message);
        Assert.EndsWith(".", failure.Message);
        fails = false;
        Assert.Equal("Hello", TextOf(await bench.AskAsync("one")));
    }

    [Fact]
    public async Task A_cut_stream_is_discarded_and_retried()
    {
        await using var bench = new ClaudeCodeBench();
        var shown = new TaskCompletionSource();
        bench
            .Endpoint.Then(async exchange =>
            {
                await exchange.StartAsync();
                await exchange.OpenBlockAsync("""{"type":"text","text":""}""", """{"type":"text_delta","text":"Half an ans"}""");
                await shown.Task;
                exchange.Cut();
            })
            .ThenText("A whole answer.");
        var events = new List<ProviderEvent>();
        await foreach (var happened in bench.Provider.StreamAsync(bench.Request("one"), default))
        {
            events.Add(happened);
            if (happened is ProviderEvent.TextDelta)
            {
                shown.TrySetResult();
            }
        }

        Assert.Contains(events, happened => happened is ProviderEvent.TextDelta { Text: "Half an ans" });
        Assert.NotEmpty(events.OfType<ProviderEvent.Restarted>());
        Assert.Equal("A whole answer.", TextOf(events));
        Assert.Equal(new ProviderEvent.Finished(StopReason.EndTurn), events[^1]);
    }

    [Fact]
    public async Task An_endpoint_without_a_server_is_unreachable()
    {
        await using var bench = new ClaudeCodeBench(settings: settings => settings with { Endpoint = new Uri("http://127.0.0.1:9") });
        var failure = FailureOf(await bench.AskAsync("one"));
        Assert.True(failure.Kind == FailureKind.Unreachable, failure.ToString());
    }

    [Fact]
    public async Task Explains_how_to_sign_in_without_a_login()
    {
        await using var bench = new ClaudeCodeBench(settings: settings => settings with { Endpoint = null, ApiKeyRef = null });
        bench.Environment["ANTHROPIC_BASE_URL"] = bench.Endpoint.Address.OriginalString;
        bench.Environment["ANTHROPIC_API_KEY"] = "a key that the user did not choose";
        var failure = FailureOf(await bench.AskAsync("one"));
        Assert.Equal(FailureKind.ProviderAuthFailed, failure.Kind);
        Assert.Contains("claude auth login", failure.Message);
        Assert.Empty(bench.Endpoint.Requests);
        var check = await bench.Provider.CheckAsync(default);
        Assert.Equal((FailureKind.ProviderAuthFailed, failure.Message), (check?.Kind, check?.Message));
    }

    [Fact]
    public async Task A_login_is_found_and_models_are_listed_without_asking_the_vendor()
    {
        await using var bench = new ClaudeCodeBench();
        Assert.Null(await bench.Provider.CheckAsync(default));
        var state = await bench.Provider.CheckSignInAsync(default);
        Assert.Equal((true, "api_key"), (state.SignedIn, state.Method));
        Assert.Contains(state.Version!, state.Sentence);
        var models = await bench.Provider.ListModelsAsync(default);
        Assert.Contains(models, model => model is { Id: "sonnet", ReasoningLevels.Count: > 0 });
        Assert.Empty(bench.Endpoint.Requests);
    }

    [Fact]
    public async Task A_killed_process_is_an_error_within_two_seconds_and_the_chat_goes_on()
    {
        await using var bench = new ClaudeCodeBench();
        bench.Endpoint.Then(HoldAsync);
        var watch = new Stopwatch();
        var events = new List<ProviderEvent>();
        await foreach (var happened in bench.Provider.StreamAsync(bench.Request("one"), default))
        {
            events.Add(happened);
            if (happened is ProviderEvent.TextDelta)
            {
                watch.Start();
                using var victim = Process.GetProcessById(bench.Provider.ProcessIdOf(bench.CodexId));
                victim.Kill();
            }
        }

        var failure = FailureOf(events);
        Assert.Equal(FailureKind.ProviderExecutableFailed, failure.Kind);
        Assert.Contains("137", failure.Message);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"It took {watch.Elapsed}.");
        Assert.Equal("Hello", TextOf(await bench.AskAsync("one", "Well", "two")));
    }

    [Fact]
    public async Task An_idle_process_is_closed_and_its_chat_resumed_later()
    {
        await using var bench = new ClaudeCodeBench();
        await bench.AskAsync("one");
        bench.Time.Advance(TimeSpan.FromMinutes(9));
        Assert.NotEqual(0, bench.Provider.ProcessIdOf(bench.CodexId));
        bench.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(0, bench.Provider.ProcessIdOf(bench.CodexId));
        Assert.Equal("Hello", TextOf(await bench.AskAsync("one", "Hello", "two")));
        Assert.Equal("user: one\nassistant: Hello\nuser: two", bench.Endpoint.LastConversation());
    }

    [Fact]
    public async Task Nothing_is_left_running_after_disposal()
    {
        await using var bench = new ClaudeCodeBench();
        await bench.AskAsync("one");
        var process = bench.Provider.ProcessIdOf(bench.CodexId);
        await bench.Provider.DisposeAsync();
        Assert.False(Directory.Exists($"/proc/{process}"));
        Assert.Empty(ChildProcessTree.Marked(Encoding.UTF8.GetBytes($"CLAUDE_CONFIG_DIR={bench.Environment["CLAUDE_CONFIG_DIR"]}")));
    }

    private static async Task HoldAsync(ScriptedMessagesEndpoint.Exchange exchange)
    {
        await exchange.StartAsync();
        await exchange.OpenBlockAsync("""{"type":"text","text":""}""", """{"type":"text_delta","text":"Well"}""");
        await Task.Delay(Timeout.InfiniteTimeSpan, exchange.Stopped);
    }

    private static async Task ToolAsync(ScriptedMessagesEndpoint.Exchange exchange, string id, string input)
    {
        await exchange.StartAsync();
        await exchange.BlockAsync(
            $$$"""{"type":"tool_use","id":"{{{id}}}","name":"Read","input":{}}""",
            $$"""{"type":"input_json_delta","partial_json":{{ScriptedMessagesEndpoint.Exchange.Quote(input)}}}"""
        );
        await exchange.EndAsync("tool_use");
    }

    private static async Task<T> BecomesAsync<T>(Func<T> read, Func<T, bool> isReached)
    {
        for (var i = 0; i < 400; i++)
        {
            if (read() is var value && isReached(value))
            {
                return value;
            }

            // Another process writes the file, without an event.
            await Task.Delay(25);
        }

        throw new TimeoutException("It did not happen within ten seconds.");
    }
}
