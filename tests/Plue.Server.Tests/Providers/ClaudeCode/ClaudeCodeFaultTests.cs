using System.Diagnostics;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using static Plue.Server.Tests.Providers.ClaudeCode.ClaudeCodeBench;

namespace Plue.Server.Tests.Providers.ClaudeCode;

/// <summary>Misbehaving CLIs, simulated by small scripts.</summary>
[Collection("Alone")]
public class ClaudeCodeFaultTests
{
    private const string AnswerStart = """
        read initialize; read model
        echo '{"type":"control_response","response":{"subtype":"success","request_id":"plue-1","response":{}}}'
        echo '{"type":"stream_event","event":{"type":"message_start","message":{"id":"m1","model":"x"}}}'
        echo '{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Half"}}}'

        """;

    private const string AnswerEnd = """
        echo '{"type":"assistant","message":{"id":"m1","content":[{"type":"text","text":"Half"}]}}'
        echo '{"type":"result","subtype":"success","is_error":false,"result":"Half","stop_reason":"end_turn"}'

        """;

    [Fact]
    public async Task Exiting_without_a_result_is_an_error_and_never_a_success()
    {
        await using var bench = new ClaudeCodeBench(Script(AnswerStart + "exit 0"));
        var failure = FailureOf(await bench.AskAsync("one"));
        Assert.Equal(FailureKind.ProviderExecutableFailed, failure.Kind);
        Assert.Contains("exit code 0", failure.Message);
    }

    [Fact]
    public async Task Half_a_line_at_the_end_is_an_error_and_never_a_success()
    {
        await using var bench = new ClaudeCodeBench(Script(AnswerStart + """printf '{"type":"result","subtype":"success","is_err'"""));
        Assert.Equal(FailureKind.ProviderExecutableFailed, FailureOf(await bench.AskAsync("one")).Kind);
    }

    [Fact]
    public async Task A_last_line_without_an_end_counts()
    {
        await using var bench = new ClaudeCodeBench(
            Script(AnswerStart + AnswerEnd.TrimEnd().Replace("echo '{\"type\":\"result\"", "printf '{\"type\":\"result\""))
        );
        Assert.Equal(new ProviderEvent.Finished(StopReason.EndTurn), (await bench.AskAsync("one"))[^1]);
    }

    [Fact]
    public async Task Ignores_invalid_lines()
    {
        await using var bench = new ClaudeCodeBench(
            Script(
                AnswerStart
                    + """
                    echo 'DEBUG starting'
                    echo '{"type":'
                    echo '{}'
                    echo '[1,2]'
                    echo '{"type":7,"event":[]}'
                    echo '{"type":"stream_event","event":{"type":"content_block_delta","index":"x","delta":null}}'
                    echo '{"type":"assistant","message":"nothing"}'
                    echo '{"type":"result_of_something_new","is_error":true}'
                    printf '\377\376\n\n\r\n'

                    """
                    + AnswerEnd
                    + "sleep 5"
            )
        );
        var events = await bench.AskAsync("one");
        Assert.Equal("Half", TextOf(events));
        Assert.Equal(new ProviderEvent.Finished(StopReason.EndTurn), events[^1]);
    }

    [Fact]
    public async Task Unknown_questions_are_answered_with_an_error_and_never_with_silence()
    {
        await using var bench = new ClaudeCodeBench(
            Script(
                AnswerStart
                    + """
                    echo '{"type":"control_request","request_id":"q1","request":{"subtype":"elicitation"}}'
                    read answer
                    case "$answer" in *'"subtype":"error","request_id":"q1"'*) ;; *) exit 3;; esac
                    echo '{"type":"control_request","request_id":"q2","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{"command":"rm -r /"}}}'
                    read answer
                    case "$answer" in *'"request_id":"q2"'*'"behavior":"deny"'*) ;; *) exit 4;; esac

                    """
                    + AnswerEnd
                    + "sleep 5"
            )
        );
        var events = await bench.AskAsync("one");
        Assert.True(events[^1] is ProviderEvent.Finished, events[^1].ToString());
    }

    [Fact]
    public async Task Floods_on_stderr_neither_block_nor_fill_the_memory_and_the_key_is_masked()
    {
        await using var bench = new ClaudeCodeBench(
            Script(
                AnswerStart
                    + """
                    head -c 20000000 /dev/zero | tr '\0' 'x' >&2
                    echo "the key is $ANTHROPIC_API_KEY" >&2
                    exit 7
                    """
            )
        );
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var failure = FailureOf(await bench.AskAsync("one"));
        Assert.Contains("exit code 7", failure.Message);
        Assert.Contains("the key is ***", failure.Message);
        Assert.True(failure.Message.Length < 1000);
        Assert.True(GC.GetTotalMemory(forceFullCollection: true) - before < 5_000_000);
    }

    [Fact]
    public async Task A_line_of_100_MB_is_cut_at_the_cap()
    {
        await using var bench = new ClaudeCodeBench(Script(AnswerStart + """head -c 100000000 /dev/zero | tr '\0' 'x'"""));
        var before = GC.GetTotalAllocatedBytes();
        var failure = FailureOf(await bench.AskAsync("one"));
        Assert.Equal(FailureKind.BadResponse, failure.Kind);
        Assert.Contains("Claude Code", failure.Message);
        Assert.True(GC.GetTotalAllocatedBytes() - before < 150 * 1024 * 1024);
    }

    [Fact]
    public async Task One_that_ignores_SIGTERM_and_interrupts_is_ended_with_all_it_started()
    {
        await using var bench = new ClaudeCodeBench(
            Script("trap '' TERM\nsetsid sleep 300 &\n" + AnswerStart + "while true; do sleep 300; done")
        );
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var happened in bench.Provider.StreamAsync(bench.Request("one"), stop.Token))
            {
                if (happened is ProviderEvent.TextDelta)
                {
                    await stop.CancelAsync();
                }
            }
        });
        var watch = Stopwatch.StartNew();
        await bench.Provider.DisposeAsync();
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(4), $"It took {watch.Elapsed}.");
        Assert.Empty(
            ChildProcessTree.Marked(System.Text.Encoding.UTF8.GetBytes($"CLAUDE_CONFIG_DIR={bench.Environment["CLAUDE_CONFIG_DIR"]}"))
        );
    }

    [Fact]
    public async Task A_missing_program_is_named_with_every_place_that_was_tried()
    {
        await using var bench = new ClaudeCodeBench("/nowhere/claude");
        var failure = FailureOf(await bench.AskAsync("one"));
        Assert.Equal(FailureKind.ProviderExecutableFailed, failure.Kind);
        Assert.Contains("The setting cli_path, /nowhere/claude, does not exist.", failure.Message);
        Assert.Equal(failure, await bench.Provider.CheckAsync(default));
    }

    [Fact]
    public async Task A_program_that_is_no_program_is_an_error()
    {
        await using var bench = new ClaudeCodeBench(Script("exit 1"));
        await File.WriteAllTextAsync(bench.Settings.CliPath!, "neither a script nor a binary");
        Assert.Equal(FailureKind.ProviderExecutableFailed, FailureOf(await bench.AskAsync("one")).Kind);
    }

    [Fact]
    public async Task Its_environment_holds_none_of_our_keys_and_it_starts_in_a_folder_of_ours()
    {
        var seen = Path.Combine(Path.GetTempPath(), $"plue-env-{Guid.NewGuid():N}");
        await using var bench = new ClaudeCodeBench(
            Script($"(pwd; env; echo \"$@\") > {seen}\n" + AnswerStart + AnswerEnd),
            settings => settings with { ApiKeyRef = null, Endpoint = null }
        );
        bench.Environment["OPENAI_API_KEY"] = "sk-other";
        bench.Environment["ANTHROPIC_API_KEY"] = "sk-not-chosen";
        bench.Environment["CLAUDECODE"] = "1";
        bench.Environment["CLAUDE_CODE_OAUTH_TOKEN"] = "own-login";
        bench.Environment["AWS_SECRET_ACCESS_KEY"] = "aws";
        bench.Environment["https_proxy"] = "http://proxy";
        await bench.AskAsync("one");
        var text = await File.ReadAllTextAsync(seen);
        Assert.StartsWith(bench.Root, text);
        Assert.DoesNotContain("sk-other", text);
        Assert.DoesNotContain("sk-not-chosen", text);
        Assert.DoesNotContain("AWS_SECRET", text);
        Assert.DoesNotContain("CLAUDECODE=", text);
        Assert.Contains("CLAUDE_CODE_OAUTH_TOKEN=own-login", text);
        Assert.Contains("https_proxy=http://proxy", text);
        Assert.Contains("CLAUDE_CODE_MAX_RETRIES=2", text);
        Assert.Contains("--strict-mcp-config", text);
    }

    [Fact]
    public async Task With_an_endpoint_set_the_own_login_stays_at_home()
    {
        var seen = Path.Combine(Path.GetTempPath(), $"plue-env-{Guid.NewGuid():N}");
        await using var bench = new ClaudeCodeBench(
            Script($"env > {seen}\n" + AnswerStart + AnswerEnd),
            settings => settings with { ApiKeyRef = null }
        );
        bench.Environment["CLAUDE_CODE_OAUTH_TOKEN"] = "own-login";
        bench.Environment["ANTHROPIC_AUTH_TOKEN"] = "own-token";
        await bench.AskAsync("one");
        var text = await File.ReadAllTextAsync(seen);
        Assert.DoesNotContain("own-", text);
        Assert.Contains($"ANTHROPIC_BASE_URL={bench.Endpoint.Address.OriginalString}", text);
        Assert.Contains("ANTHROPIC_API_KEY=none", text);
    }
}
