using System.Diagnostics;
using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Cli;

/// <summary>The <c>plue run</c> process: stdout, stderr and exit code.</summary>
public sealed class RunProcessTests
{
    private const string Anthropic = """
        event: message_start
        data: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"model","content":[],"usage":{"input_tokens":3,"output_tokens":1}}}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Grüße 😀"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":0}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}

        event: message_stop
        data: {"type":"message_stop"}


        """;

    private const string Ollama = """
        {"model":"model","message":{"role":"assistant","content":"Grüße "},"done":false}
        {"model":"model","message":{"role":"assistant","content":"😀"},"done":false}
        {"model":"model","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":2}

        """;

    [Theory]
    [InlineData("anthropic")]
    [InlineData("openai-compatible")]
    [InlineData("ollama")]
    public async Task Stdout_is_exactly_the_response(string kind)
    {
        await using var endpoint = new ScriptedEndpoint
        {
            Route = request => request.Target == "/api/show" ? ScriptedAnswer.Json("{}") : Wire(kind),
        };
        var run = await RunAsync(
            "",
            ["Hello?", "--kind", kind, "--base-url", endpoint.Url.ToString(), "--model", "model", "--key-env", "A_KEY"]
        );
        Assert.Equal((0, "Grüße 😀\n", ""), run);
        Assert.Contains(endpoint.Requests, request => request.Body.Contains("Hello?", StringComparison.Ordinal));
        if (kind != "ollama")
        {
            Assert.Contains(
                endpoint.Requests,
                request => request.Headers.Values.Any(value => value.Contains("sk-run-canary", StringComparison.Ordinal))
            );
        }
    }

    [Fact]
    public async Task Piped_text_is_added_to_the_question()
    {
        await using var endpoint = new ScriptedEndpoint(Wire("openai-compatible"));
        var run = await RunAsync("the piped text\n", ["Sum it up", .. Connection(endpoint)]);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(
            "Sum it up\n\nthe piped text\n",
            (string?)JsonNode.Parse((await endpoint.NextRequestAsync()).Body)?["messages"]?.AsArray().Last()?["content"]
        );
    }

    [Fact]
    public async Task A_user_template_runs_with_its_prompt_its_fields_and_the_instructions_of_the_workspace()
    {
        await using var endpoint = new ScriptedEndpoint { Route = _ => Wire("openai-compatible") };
        await using var home = new PlueHome();
        home.Write(
            "templates/scribe.json5",
            """
            {
              id: "scribe", name: "Scribe", parent_template: "task", model: "small-one", budget: { usd: 1 },
              provider_ref: ["codex://providers/gone", "codex://providers/here"], system_prompt_ref: "codex://prompts/scribe",
              fields: [{ name: "audience", type: "select", options: ["users", "developers"], default: "users" }, { name: "lines", type: "number", default: 1 }],
            }
            """
        );
        home.Write("prompts/scribe.md", "Write {{lines}} lines for {{audience}}: {{goal}}");
        home.Write("providers/here.json5", $"{{ provider_type: 'openai-compatible', name: 'Here', endpoint: '{endpoint.Url}' }}");
        home.Write("work/AGENTS.md", "No adjectives.");

        var run = await RunAsync(
            "",
            [
                "The entry",
                "--template",
                "scribe",
                "--set",
                "audience=developers",
                "--set",
                "lines=3",
                "--workspace",
                Path.Combine(home.Folder, "work"),
            ],
            home.Folder
        );
        Assert.Equal((0, "Grüße 😀\n", ""), run);
        var asked = JsonNode.Parse((await endpoint.NextRequestAsync()).Body)!;
        var system = (string?)asked["messages"]![0]!["content"];
        Assert.Equal("small-one", (string?)asked["model"]);
        Assert.StartsWith("Write 3 lines for developers: The entry\n\n", system, StringComparison.Ordinal);
        Assert.EndsWith("No adjectives.", system, StringComparison.Ordinal);

        var wrong = await RunAsync("", ["x", "--template", "scribe", "--set", "audience=nobody"], home.Folder);
        Assert.Equal((1, "", "`audience` must be one of users, developers. Set it with --set NAME=VALUE.\n"), wrong);
        var missing = await RunAsync("", ["x", "--template", "scirbe"], home.Folder);
        Assert.Equal(
            "The template scirbe does not exist or has errors. Did you mean `scribe`? Check it with: plue template check\n",
            missing.Stderr
        );
        Assert.Equal(2, (await RunAsync("", ["x", "--set", "audience"], home.Folder)).ExitCode);
    }

    [Fact]
    public async Task Each_line_of_a_json_stream_is_an_event()
    {
        await using var endpoint = new ScriptedEndpoint(Wire("openai-compatible"));
        var run = await RunAsync("", ["Hello?", "--output", "stream-json", .. Connection(endpoint)]);
        var kinds = run
            .Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => (string?)JsonNode.Parse(line)?["kind"])
            .ToList();
        Assert.Equal(0, run.ExitCode);
        Assert.Equal("turnStarted", kinds[0]);
        Assert.Equal(["messageFinished", "turnFinished"], kinds.TakeLast(2));
    }

    [Fact]
    public async Task A_provider_error_exits_with_code_one_and_the_reason_on_stderr()
    {
        await using var endpoint = new ScriptedEndpoint(
            ScriptedAnswer.Json("""{"error":{"message":"bad key sk-run-canary-0123456789"}}""", 401)
        );
        var run = await RunAsync("", ["Hello?", "--key-env", "A_KEY", .. Connection(endpoint)]);
        Assert.Equal((1, ""), (run.ExitCode, run.Stdout));
        Assert.NotEmpty(run.Stderr);
        Assert.DoesNotContain("sk-run-canary", run.Stderr, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("run", "Hello?", "--kind", "nothing")]
    [InlineData("run", "Hello?", "--kind", "openai-compatible")]
    [InlineData("run", "Hello?", "--kind", "azure")]
    [InlineData("run", "Hello?", "--output", "xml")]
    [InlineData("run", "Hello?", "--provider", "a", "--kind", "tour")]
    [InlineData("run", "Hello?", "--kind", "ollama", "--base-url", "ftp://127.0.0.1/")]
    [InlineData("fly")]
    public async Task Bad_usage_ends_with_two_and_an_empty_stdout(params string[] arguments)
    {
        var run = await ProcessAsync("", arguments);
        Assert.Equal(2, run.ExitCode);
        Assert.NotEmpty(run.Stderr);
    }

    [Fact]
    public async Task Ctrl_C_ends_with_130_and_cancels_the_request()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A process cannot send itself Ctrl+C there.");
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Events().Send(ChatScript.Chunk("Half")).Hang());
        using var process = Start(["run", "Hello?", .. Connection(endpoint)]);
        process.StandardInput.Close();
        var first = new char[4];
        await process.StandardOutput.ReadBlockAsync(first);
        Assert.Equal("Half", new string(first));
        using (var kill = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync();
        }

        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(130, process.ExitCode);
        await endpoint.ClientLeft.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task The_request_is_exported_before_the_process_ends()
    {
        await using var endpoint = new ScriptedEndpoint(Wire("openai-compatible"));
        await using var collector = new ScriptedEndpoint { Route = _ => ScriptedAnswer.Json("{}") };
        await using var home = new PlueHome();
        home.Write("config.json5", $"{{ telemetry_endpoint: '{collector.Url}' }}");
        Assert.Equal(0, (await RunAsync("", ["Hello?", .. Connection(endpoint)], home.Folder)).ExitCode);
        Assert.Equal(["/v1/traces", "/v1/metrics"], collector.Requests.Select(request => request.Target));
        Assert.Contains("\"invoke_agent ai-chat\"", collector.Requests[0].Body, StringComparison.Ordinal);
        Assert.Contains("\"chat model\"", collector.Requests[0].Body, StringComparison.Ordinal);
        Assert.DoesNotContain("Hello?", collector.Requests[0].Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_collector_that_does_not_respond_does_not_keep_the_process_running()
    {
        await using var endpoint = new ScriptedEndpoint(Wire("openai-compatible"));
        await using var collector = new ScriptedEndpoint(ScriptedAnswer.Silence());
        await using var home = new PlueHome();
        home.Write("config.json5", $"{{ telemetry_endpoint: '{collector.Url}' }}");
        Assert.Equal((0, "Grüße 😀\n", ""), await RunAsync("", ["Hello?", .. Connection(endpoint)], home.Folder));
        Assert.Single(collector.Requests);
    }

    [Fact]
    public async Task A_provider_is_reached_through_the_proxy_with_the_company_certificate_unless_its_host_is_excluded()
    {
        using var authority = new CertificateAuthority("CN=Company CA");
        using var proxy = new ConnectProxy(
            authority.Issue("service.test"),
            "text/event-stream",
            ChatScript.Chunk("Hello.") + ChatScript.End
        );
        await using var home = new PlueHome();
        string[] question = ["Hello?", "--kind", "openai-compatible", "--base-url", "https://service.test/v1", "--model", "model"];
        var network = $"proxy: '{proxy.Address}', ca_file: '{authority.WriteTo(home.Folder)}'";
        home.Write("config.json5", $"{{ {network}, allowed_hosts: ['service.test'] }}");
        Assert.Equal((0, "Hello.\n", ""), await RunAsync("", question, home.Folder));
        Assert.Equal("service.test:443", Assert.Single(proxy.Targets));

        home.Write("config.json5", $"{{ {network}, allowed_hosts: ['other.test'] }}");
        var denied = await RunAsync("", question, home.Folder);
        Assert.Equal(1, denied.ExitCode);
        Assert.Contains("does not allow connections to service.test", denied.Stderr, StringComparison.Ordinal);
        home.Write("config.json5", $"{{ {network}, no_proxy: ['service.test'] }}");
        Assert.Equal(1, (await RunAsync("", question, home.Folder)).ExitCode);
        Assert.Single(proxy.Targets);
    }

    private static ScriptedAnswer Wire(string kind) =>
        kind switch
        {
            "anthropic" => ScriptedAnswer.Events().Send(Anthropic),
            "ollama" => ScriptedAnswer.JsonLines().Send(Ollama),
            _ => ChatScript.Answer("Grüße ", "😀"),
        };

    private static string[] Connection(ScriptedEndpoint endpoint) =>
        ["--kind", "openai-compatible", "--base-url", endpoint.Url + "v1", "--model", "model"];

    private static Task<(int ExitCode, string Stdout, string Stderr)> RunAsync(string input, string[] arguments, string? home = null) =>
        ProcessAsync(input, ["run", .. arguments], home);

    private static async Task<(int ExitCode, string Stdout, string Stderr)> ProcessAsync(
        string input,
        string[] arguments,
        string? home = null
    )
    {
        using var process = Start(arguments, home);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var stdout = process.StandardOutput.ReadToEndAsync();
        var stderr = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return (process.ExitCode, await stdout, await stderr);
    }

    private static Process Start(string[] arguments, string? home = null) =>
        Process.Start(
            new ProcessStartInfo(SidecarProcess.Executable, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment =
                {
                    ["PLUE_HOME"] = home ?? Directory.CreateTempSubdirectory("plue-run-").FullName,
                    ["A_KEY"] = "sk-run-canary-0123456789",
                },
            }
        ) ?? throw new InvalidOperationException("plue did not start.");
}
