using System.Diagnostics;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers.External;

/// <summary>Real programs, from well-behaved to malicious.</summary>
public sealed class ExternalProviderTests : IDisposable
{
    private const string Echo = """
          case "$line" in
            *'"authenticate"'*) printf '{"id":"%s","success":true,"data":{}}\n' "$id" ;;
            *'"list_models"'*) printf '{"id":"%s","success":true,"data":[{"id":"m","name":"M","context_length":8000,"pricing":{"input_per_million":"1.5","output_per_million":2}},{"name":"no id"}]}\n' "$id" ;;
            *) printf '{"id":"%s","type":"reasoning","content":"Hm."}\n{"id":"%s","type":"content","content":"Grüße "}\n{"id":"%s","type":"content","content":"😀 %s"}\n{"id":"%s","type":"done","usage":{"input_tokens":3,"output_tokens":2,"total_tokens":5,"cost_usd":0.01}}\n' "$id" "$id" "$id" "$$" "$id" ;;
          esac
        """;

    private readonly ExternalHome home = new();

    public ExternalProviderTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "The programs of these tests are shell scripts.");

    public void Dispose() => home.Dispose();

    [Fact]
    public async Task One_process_serves_many_requests()
    {
        await using var provider = home.Provider(home.WriteApproved("echo", ExternalHome.EachLine(Echo)));
        Assert.Null(await provider.CheckAsync(default));
        var model = Assert.Single(await provider.ListModelsAsync(default));
        Assert.Equal(("m", 8000L, 1.5m), (model.Id, model.ContextLength, model.Pricing?.InputPerMillion));

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => ExternalHome.AllAsync(provider)));
        Assert.Single(answers.Select(ExternalHome.TextOf).Distinct());
        Assert.StartsWith("Grüße 😀", ExternalHome.TextOf(answers[0]));
        Assert.Equal(
            [
                typeof(ProviderEvent.ReasoningDelta),
                typeof(ProviderEvent.ReasoningFinished),
                typeof(ProviderEvent.TextDelta),
                typeof(ProviderEvent.TextDelta),
                typeof(ProviderEvent.UsageReported),
                typeof(ProviderEvent.Finished),
            ],
            answers[0].Select(next => next.GetType())
        );
        Assert.Equal(0.01m, answers[0].OfType<ProviderEvent.UsageReported>().Single().VendorCost);
    }

    [Fact]
    public async Task A_program_that_reads_to_the_end_of_its_input_gets_a_process_for_each_request()
    {
        var path = home.WriteApproved(
            "once",
            "#!/bin/sh\nread -r line\nprintf '{\"type\":\"content\",\"content\":\"%s\"}\\n{\"type\":\"done\"}' $$\n"
        );
        await using var provider = home.Provider(path);
        var first = await ExternalHome.AllAsync(provider);
        var second = await ExternalHome.AllAsync(provider);
        Assert.NotEqual(ExternalHome.TextOf(first), ExternalHome.TextOf(second));
        Assert.Equal(new ProviderEvent.Finished(StopReason.EndTurn), second[^1]);
    }

    [Fact]
    public async Task A_program_that_waits_for_the_end_of_its_input_is_given_it()
    {
        await using var provider = home.Provider(
            home.WriteApproved(
                "cat",
                "#!/bin/sh\ncat > /dev/null\necho '{\"type\":\"content\",\"content\":\"late\"}'\necho '{\"type\":\"done\"}'\n"
            )
        );
        Assert.Equal("late", ExternalHome.TextOf(await ExternalHome.AllAsync(provider)));
    }

    [Fact]
    public async Task A_tool_call_comes_whole()
    {
        await using var provider = home.Provider(
            home.WriteApproved(
                "tool",
                ExternalHome.EachLine(
                    """printf '{"id":"%s","type":"tool_use","tool_use_id":"t1","tool_name":"read","parameters":{"path":"a.txt"}}\n{"id":"%s","type":"done"}\n' "$id" "$id" """
                )
            )
        );
        var events = await ExternalHome.AllAsync(provider);
        Assert.Equal(
            new ProviderEvent.ToolCallFinished("t1", "read", "{\"path\":\"a.txt\"}"),
            events.OfType<ProviderEvent.ToolCallFinished>().Single()
        );
        Assert.Equal(new ProviderEvent.Finished(StopReason.ToolUse), events[^1]);
    }

    [Theory]
    [InlineData("exit 3", FailureKind.ProviderExecutableFailed, "exit code 3")]
    [InlineData("echo 'it broke: sk-canary-4f1d9a77c2' >&2; exit 1", FailureKind.ProviderExecutableFailed, "it broke: ***")]
    [InlineData(
        "printf '{\"id\":\"%s\",\"type\":\"content\",\"content\":\"half\"}\\n' \"$id\"; exit 0",
        FailureKind.ProviderExecutableFailed,
        "before its response was complete"
    )]
    [InlineData(
        "printf '{\"id\":\"%s\",\"type\":\"error\",\"error\":{\"code\":\"rate_limited\",\"message\":\"slow down\",\"retry_after_ms\":2000}}\\n' \"$id\"",
        FailureKind.RateLimited,
        "slow down"
    )]
    [InlineData(
        "printf '{\"id\":\"%s\",\"success\":false,\"error\":{\"message\":\"no such thing\"}}\\n' \"$id\"",
        FailureKind.ProviderExecutableFailed,
        "no such thing"
    )]
    [InlineData(
        "printf '{\"id\":\"%s\",\"type\":\"tool_use\",\"parameters\":{\"path\":\"a\"}}\\n' \"$id\"",
        FailureKind.BadResponse,
        "no tool was run"
    )]
    [InlineData("yes garbage", FailureKind.BadResponse, "not an envelope")]
    public async Task Each_failure_ends_the_response_once_with_an_error(string script, FailureKind kind, string words)
    {
        await using var provider = home.Provider(home.WriteApproved("bad", ExternalHome.EachLine(script)));
        var events = await ExternalHome.AllAsync(provider);
        Assert.Single(events, next => next is ProviderEvent.Failed or ProviderEvent.Finished);
        var failure = Assert.IsType<ProviderEvent.Failed>(events[^1]).Failure;
        Assert.Equal(kind, failure.Kind);
        Assert.Contains(words, failure.Message);
        Assert.DoesNotContain("canary", failure.Message);
    }

    [Fact]
    public async Task A_secret_that_a_program_quotes_in_a_refusal_is_masked()
    {
        await using var provider = home.Provider(
            home.WriteApproved(
                "telltale",
                ExternalHome.EachLine(
                    $"printf '{{\"id\":\"%s\",\"success\":false,\"error\":{{\"message\":\"not with {Testing.FixedSecrets.Key}\"}}}}\\n' \"$id\""
                )
            )
        );
        Assert.Contains("not with ***", (await provider.CheckAsync(default))?.Message);
        Assert.Contains("not with ***", (await Assert.ThrowsAsync<FailureException>(() => provider.ListModelsAsync(default))).Message);
    }

    [Fact]
    public async Task A_program_that_crashed_is_started_again_for_the_next_request()
    {
        var path = home.WriteApproved(
            "crash",
            ExternalHome.EachLine($"if [ -e '{home.Folder}/crashed' ]; then\n{Echo}\nelse touch '{home.Folder}/crashed'; exit 1; fi")
        );
        await using var provider = home.Provider(path);
        Assert.IsType<ProviderEvent.Failed>((await ExternalHome.AllAsync(provider))[^1]);
        Assert.IsType<ProviderEvent.Finished>((await ExternalHome.AllAsync(provider))[^1]);
    }

    [Fact]
    public async Task A_hanging_program_is_stopped_with_its_children_and_reported()
    {
        var path = home.WriteApproved(
            "hang",
            ExternalHome.EachLine(
                $"printf '{{\"id\":\"%s\",\"type\":\"content\",\"content\":\"half\"}}\\n' \"$id\"\nsleep 300 & echo $! > '{home.Folder}/child'\nwait"
            )
        );
        await using var provider = home.Provider(path, settings => settings with { Timeout = TimeSpan.FromSeconds(1) });
        var failure = Assert.IsType<ProviderEvent.Failed>((await ExternalHome.AllAsync(provider))[^1]).Failure;
        Assert.Equal(FailureKind.Timeout, failure.Kind);
        var child = int.Parse(
            await File.ReadAllTextAsync(Path.Combine(home.Folder, "child")),
            System.Globalization.CultureInfo.InvariantCulture
        );
        // A zombie is left for the process that adopted it.
        Assert.False(IsRunning(child) && !(await File.ReadAllTextAsync($"/proc/{child}/stat")).Contains(") Z ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stop_is_sent_to_the_program_and_a_program_that_ignores_it_is_killed()
    {
        var path = home.WriteApproved(
            "deaf",
            ExternalHome.EachLine(
                "while :; do printf '{\"id\":\"%s\",\"type\":\"content\",\"content\":\"more \"}\\n' \"$id\"; sleep 0.05; done"
            )
        );
        await using var provider = home.Provider(path);
        using var stop = new CancellationTokenSource();
        var watch = Stopwatch.StartNew();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var next in provider.StreamAsync(ExternalHome.Ask(), stop.Token))
            {
                if (next is ProviderEvent.TextDelta)
                {
                    await stop.CancelAsync();
                }
            }
        });
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_reader_that_takes_its_time_loses_nothing()
    {
        await using var provider = home.Provider(
            home.WriteApproved(
                "fast",
                ExternalHome.EachLine(
                    """n=0; while [ $n -lt 2000 ]; do printf '{"id":"%s","type":"content","content":"%s,"}\n' "$id" "$n"; n=$((n+1)); done; printf '{"id":"%s","type":"done"}\n' "$id" """
                )
            )
        );
        List<string> texts = [];
        await foreach (var next in provider.StreamAsync(ExternalHome.Ask(), default))
        {
            if (texts.Count % 500 == 0)
            {
                await Task.Yield();
            }
            if (next is ProviderEvent.TextDelta(var text))
            {
                texts.Add(text);
            }
        }

        Assert.Equal(Enumerable.Range(0, 2000).Select(number => $"{number},"), texts);
    }

    [Fact]
    public async Task A_key_travels_on_standard_input_only_and_for_the_program_it_was_stored_for()
    {
        var path = home.WriteApproved(
            "key",
            ExternalHome.EachLine(
                $"tr '\\0' '\\n' < /proc/$$/environ > '{home.Folder}/environment'; tr '\\0' ' ' < /proc/$$/cmdline >> '{home.Folder}/environment'; printf '%s' \"$line\" > '{home.Folder}/input'\n{Echo}"
            )
        );
        await using var provider = home.Provider(
            path,
            settings => settings with { Auth = AuthType.ApiKey, ApiKeyRef = "vault://mine/api_key" }
        );
        Assert.IsType<ProviderEvent.Finished>((await ExternalHome.AllAsync(provider))[^1]);
        Assert.Contains($"\"api_key\":\"{FixedSecrets.Key}\"", await File.ReadAllTextAsync(Path.Combine(home.Folder, "input")));
        if (OperatingSystem.IsLinux())
        {
            Assert.DoesNotContain(FixedSecrets.Key, await File.ReadAllTextAsync(Path.Combine(home.Folder, "environment")));
        }
        Assert.All(home.Secrets.Asked, asked => Assert.Equal(home.Programs.Inspect(path).Origin, asked.Origin));
    }

    [Fact]
    public async Task No_key_of_the_environment_reaches_a_program()
    {
        Environment.SetEnvironmentVariable("PLUE_TEST_API_KEY", "sk-canary-environment");
        await using var provider = home.Provider(
            home.WriteApproved("env", ExternalHome.EachLine($"env > '{home.Folder}/environment'\n{Echo}"))
        );
        await ExternalHome.AllAsync(provider);
        Assert.DoesNotContain("canary", await File.ReadAllTextAsync(Path.Combine(home.Folder, "environment")));
    }

    [Fact]
    public async Task Ended_programs_leave_no_zombies()
    {
        var path = home.WriteApproved("exits", ExternalHome.EachLine($"echo $$ >> '{home.Folder}/pids'; exit 0"));
        await using (var provider = home.Provider(path))
        {
            for (var run = 0; run < 3; run++)
            {
                await ExternalHome.AllAsync(provider);
            }
        }

        Assert.All(
            await File.ReadAllLinesAsync(Path.Combine(home.Folder, "pids")),
            pid => Assert.False(IsRunning(int.Parse(pid, System.Globalization.CultureInfo.InvariantCulture)))
        );
    }

    [Fact]
    public async Task A_line_without_end_ends_the_program_and_not_the_memory()
    {
        await using var provider = home.Provider(
            home.WriteApproved("endless", ExternalHome.EachLine("head -c 17000000 /dev/zero | tr '\\0' a; echo; sleep 300"))
        );
        var failure = Assert.IsType<ProviderEvent.Failed>((await ExternalHome.AllAsync(provider))[^1]).Failure;
        Assert.Equal(
            (FailureKind.BadResponse, "Mine wrote a line of more than 16 MiB, so it was ended. Check the program."),
            (failure.Kind, failure.Message)
        );
    }

    [Fact]
    public async Task Ignores_lines_that_are_not_envelopes()
    {
        await using var provider = home.Provider(
            home.WriteApproved("polite", ExternalHome.EachLine($"echo 'Hello!'; echo '{{ not quite'; echo; echo '[1]'\n{Echo}"))
        );
        Assert.StartsWith("Grüße 😀", ExternalHome.TextOf(await ExternalHome.AllAsync(provider)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explains_why_a_program_cannot_be_started()
    {
        await using var provider = home.Provider(home.WriteApproved("lost", "#!/nonexistent/interpreter\n"));
        var failure = Assert.IsType<ProviderEvent.Failed>(Assert.Single(await ExternalHome.AllAsync(provider))).Failure;
        Assert.Equal(FailureKind.ProviderExecutableFailed, failure.Kind);
        Assert.Contains("/lost", failure.Message, StringComparison.Ordinal);
        Assert.Equal(failure.Kind, (await provider.CheckAsync(default))?.Kind);

        await using var unnamed = home.Provider("", settings => settings with { Command = null });
        Assert.Equal(
            new Failure(FailureKind.MissingField, "Mine names no program. Give its absolute path as `command`."),
            await unnamed.CheckAsync(default)
        );
    }

    [Fact]
    public async Task One_that_was_changed_meanwhile_starts_nothing_any_more()
    {
        var provider = home.Provider(home.WriteApproved("echo", ExternalHome.EachLine($"touch '{home.Folder}/was-started'\n{Echo}")));
        await provider.DisposeAsync();
        Assert.Equal(
            new Failure(FailureKind.ProviderExecutableFailed, "Mine was changed meanwhile. Try again."),
            await provider.CheckAsync(default)
        );
        Assert.False(File.Exists(Path.Combine(home.Folder, "was-started")));
    }

    [Fact]
    public async Task After_a_changed_program_is_approved_the_new_one_responds()
    {
        string Saying(string what) =>
            ExternalHome.EachLine(
                $"printf '{{\"id\":\"%s\",\"type\":\"content\",\"content\":\"{what}\"}}\\n{{\"id\":\"%s\",\"type\":\"done\"}}\\n' \"$id\" \"$id\""
            );
        await using var provider = home.Provider(home.WriteApproved("mine", Saying("old")));
        Assert.Equal("old", ExternalHome.TextOf(await ExternalHome.AllAsync(provider)));
        home.WriteApproved("mine", Saying("new"));
        Assert.Equal("new", ExternalHome.TextOf(await ExternalHome.AllAsync(provider)));
    }

    [Fact]
    public async Task Sends_the_configuration_and_resolved_secrets_with_every_request()
    {
        var path = home.WriteApproved("recorder", ExternalHome.EachLine($"printf '%s' \"$line\" > '{home.Folder}/input'\n{Echo}"));
        await using var provider = home.Provider(
            path,
            settings =>
                settings with
                {
                    Model = "m",
                    AdditionalAuth = new Dictionary<string, string>
                    {
                        ["provider"] = "inner",
                        ["region"] = "eu",
                        ["token"] = "vault://mine/token",
                    },
                }
        );
        Assert.Null(await provider.CheckAsync(default));
        var request = System.Text.Json.JsonElement.Parse(await File.ReadAllTextAsync(Path.Combine(home.Folder, "input")));
        Assert.Equal("inner", request.GetProperty("provider").GetString());
        Assert.Equal(
            $$"""{"model":"m","region":"eu","token":"{{FixedSecrets.Key}}"}""",
            request.GetProperty("params").GetProperty("configuration").GetRawText()
        );
    }

    private static bool IsRunning(int id) =>
        OperatingSystem.IsLinux() ? Directory.Exists($"/proc/{id}") : Process.GetProcesses().Any(process => process.Id == id);
}
