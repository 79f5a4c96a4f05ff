using System.Diagnostics;
using System.Text.Json.Nodes;
using Plue.Server.Tests.Agents;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Cli;

/// <summary>The <c>plue task run</c> process: stdout, stderr and exit code.</summary>
public sealed class TaskProcessTests : IAsyncLifetime
{
    private readonly ScriptedEndpoint endpoint = new();
    private readonly string home = Directory.CreateTempSubdirectory("plue-test-").FullName;
    private readonly string folder = Directory.CreateTempSubdirectory("plue-test-").FullName;

    public ValueTask InitializeAsync()
    {
        AgentsHome.Write(home, endpoint.Url);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync() => await endpoint.DisposeAsync();

    [Fact]
    public async Task A_completed_task_prints_its_result_and_ends_with_0()
    {
        endpoint.Route = _ => AgentsHome.Paid("All done.", 100);
        var run = await RunAsync(["run", "worker", "Do it", "--json"]);
        Assert.Equal(0, run.ExitCode);
        var result = JsonNode.Parse(run.Output)!;
        Assert.Equal(("done", "All done.", 0.001m), ((string?)result["status"], (string?)result["output"], (decimal?)result["cost"]));
        Assert.Equal((0, "All done.\n"), await PlainAsync());
    }

    [Fact]
    public async Task A_task_and_its_subtask_are_exported_before_the_process_ends()
    {
        await using var collector = new ScriptedEndpoint { Route = _ => ScriptedAnswer.Json("{}") };
        await File.WriteAllTextAsync(Path.Combine(home, "config.json5"), $"{{ telemetry_endpoint: '{collector.Url}' }}");
        endpoint.Route = request =>
            (string?)JsonNode.Parse(request.Body)!["model"] == "small" ? Answer("Part.")
            : request.Body.Contains("\"tool\"", StringComparison.Ordinal) ? Answer("Whole.")
            : Calls("", AgentsHome.Spawn("c1", "one"));
        Assert.Equal(0, (await RunAsync(["run", "planner", "Plan it"])).ExitCode);
        var traces = string.Concat(collector.Requests.Where(request => request.Target == "/v1/traces").Select(request => request.Body));
        Assert.Contains("\"invoke_agent planner\"", traces, StringComparison.Ordinal);
        Assert.Contains("\"invoke_agent worker\"", traces, StringComparison.Ordinal);
        Assert.Contains(collector.Requests, request => request.Target == "/v1/metrics");
    }

    [Fact]
    public async Task A_task_over_its_budget_ends_with_3()
    {
        endpoint.Route = _ => Answer("x");
        var run = await RunAsync(["run", "worker", "Do it", "--tokens", "1", "--json"]);
        Assert.Equal(3, run.ExitCode);
        Assert.Equal("over_budget", (string?)JsonNode.Parse(run.Output)!["status"]);
        Assert.Empty(endpoint.Requests);
    }

    [Fact]
    public async Task Calls_outside_the_policy_are_denied_and_the_exit_code_is_4()
    {
        var write = AgentsHome.Spawn("w1", "x") with { Name = "write", Parameters = """{"path":"a.txt","content":"hello"}""" };
        AgentsHome.WriteTemplate(home, "careful", "provider_ref: 'codex://providers/small', available_tools: ['write']");
        endpoint.Route = request => request.Body.Contains("\"tool\"", StringComparison.Ordinal) ? Answer("I tried.") : Calls("", write);
        Assert.Equal(4, (await RunAsync(["run", "careful", "Write it", "--workspace", folder])).ExitCode);
        Assert.False(File.Exists(Path.Combine(folder, "a.txt")));

        var policy = Path.Combine(home, "policy.json5");
        await File.WriteAllTextAsync(policy, "{ allow: ['write(**)'] }");
        Assert.Equal(0, (await RunAsync(["run", "careful", "Write it", "--workspace", folder, "--policy", policy])).ExitCode);
        Assert.Equal("hello", await File.ReadAllTextAsync(Path.Combine(folder, "a.txt")));
    }

    [Fact]
    public async Task A_task_that_fails_ends_with_1_and_bad_usage_with_2()
    {
        endpoint.Route = _ => ScriptedAnswer.Json("{\"error\":{\"message\":\"no\"}}", 401);
        Assert.Equal(1, (await RunAsync(["run", "worker", "Do it"])).ExitCode);
        Assert.Equal(2, (await RunAsync(["run", "worker"])).ExitCode);
        var policy = Path.Combine(home, "policy.json5");
        await File.WriteAllTextAsync(policy, "{ allow: ['nothing('] }");
        Assert.Equal(2, (await RunAsync(["run", "worker", "Do it", "--policy", policy])).ExitCode);
        Assert.Equal(1, (await RunAsync(["run", "nobody", "Do it"])).ExitCode);
    }

    [Fact]
    public async Task Subtasks_run_too()
    {
        endpoint.Route = request =>
            (string?)JsonNode.Parse(request.Body)!["model"] == "small" ? Answer("Part.")
            : request.Body.Contains("\"tool\"", StringComparison.Ordinal) ? Answer("Whole.")
            : Calls("", AgentsHome.Spawn("c1", "one"), AgentsHome.Spawn("c2", "two"));
        var run = await RunAsync(["run", "planner", "Plan it"]);
        Assert.Equal((0, "Whole.\n"), (run.ExitCode, run.Output));
        Assert.Contains("worker: one: done", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_interrupted_task_stops_its_child_processes_and_ends_with_130()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent on Unix.");
        endpoint.Route = request =>
            (string?)JsonNode.Parse(request.Body)!["model"] == "small"
                ? ScriptedAnswer.Events().Send(Chunk("Half")).Hang()
                : Calls("", AgentsHome.Spawn("c1", "one"));
        using var process = Begin(["run", "planner", "Plan it"]);
        var output = process.StandardOutput.ReadToEndAsync();
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await process.StandardError.ReadLineAsync(timeout.Token) is { } line && line != "worker: one: running") { }
        using (var signal = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
        {
            await signal.WaitForExitAsync(timeout.Token);
        }

        await process.StandardError.ReadToEndAsync(timeout.Token);
        await process.WaitForExitAsync(timeout.Token);
        Assert.Equal(130, process.ExitCode);
        Assert.Equal("", await output);
        await using var sidecar = await InMemorySidecar.StartAsync(home);
        Assert.All(
            (await sidecar.Client.ResultAsync("task/list", new { }))!["tasks"]!.AsArray(),
            task => Assert.Equal("stopped", (string?)task!["status"])
        );
    }

    [Fact]
    public async Task A_task_of_another_terminal_is_steered_stopped_and_resumed()
    {
        endpoint.Route = request =>
            request.Body.Contains("Keep it short.", StringComparison.Ordinal)
                ? ScriptedAnswer.Events().Send(Chunk("Short")).Hang()
                : ScriptedAnswer.Events().Send(Chunk("Half")).Hang();
        using var process = Begin(["run", "worker", "Do it"]);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var uri = (await process.StandardError.ReadLineAsync(timeout.Token))!.Split(' ')[0];
        while (await process.StandardError.ReadLineAsync(timeout.Token) is { } line && line != "worker: Do it: running") { }
        var errors = process.StandardError.ReadToEndAsync(timeout.Token);

        Assert.Equal("", (await RunAsync(["steer", uri, "Keep it short."])).Error);
        Assert.Equal("", (await RunAsync(["budget", uri, "--tokens", "77000"])).Error);
        var shown = JsonNode.Parse((await RunAsync(["show", uri, "--json"])).Output)!;
        Assert.Equal(("running", 77000), ((string?)shown["status"], (int?)shown["budget"]?["tokens"]));
        var id = uri[(uri.LastIndexOf('/') + 1)..];
        var stopped = await RunAsync(["stop", id]);
        Assert.Equal("", stopped.Error);
        Assert.StartsWith($"{uri}  stopped ", stopped.Output, StringComparison.Ordinal);
        await process.WaitForExitAsync(timeout.Token);
        Assert.Equal(130, process.ExitCode);
        await errors;

        endpoint.Route = _ => Answer("All done.");
        var resumed = await RunAsync(["resume", id]);
        Assert.Equal((0, "All done.\n"), (resumed.ExitCode, resumed.Output));
    }

    [Fact]
    public async Task A_task_that_reached_its_limit_is_resumed_with_a_larger_budget()
    {
        endpoint.Route = _ => Answer("All done.");
        var run = await RunAsync(["run", "worker", "Do it", "--tokens", "1", "--json"]);
        var uri = (string)JsonNode.Parse(run.Output)!["task"]!;
        Assert.Equal("", (await RunAsync(["budget", uri, "--tokens", "100000"])).Error);
        var resumed = await RunAsync(["resume", uri]);
        Assert.Equal((0, "All done.\n"), (resumed.ExitCode, resumed.Output));
    }

    [Theory]
    [InlineData("stop", 2, "Name the task, or use --all.")]
    [InlineData("show task_missing", 1, "There is no such task.")]
    [InlineData("stop task_missing", 1, "This chat no longer exists.")]
    public async Task Errors_of_commands_for_tasks_are_one_sentence(string line, int exitCode, string sentence)
    {
        var run = await RunAsync(line.Split(' '));
        Assert.Equal(exitCode, run.ExitCode);
        Assert.StartsWith(sentence, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_that_does_not_run_is_neither_paused_nor_steered()
    {
        endpoint.Route = _ => Answer("All done.");
        var run = await RunAsync(["run", "worker", "Do it", "--json"]);
        var uri = (string)JsonNode.Parse(run.Output)!["task"]!;
        foreach (string[] arguments in new[] { ["pause", uri], new[] { "steer", uri, "More." } })
        {
            var refused = await RunAsync(arguments);
            Assert.Equal((1, "This task is not running. Continue it with plue task resume.\n"), (refused.ExitCode, refused.Error));
        }
    }

    private async Task<(int, string)> PlainAsync()
    {
        var (code, output, _) = await RunAsync(["run", "worker", "Do it"]);
        return (code, output);
    }

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(string[] arguments)
    {
        using var process = Begin(arguments);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync(timeout.Token);
        return (process.ExitCode, await output, await error);
    }

    private Process Begin(string[] arguments)
    {
        var process = Process.Start(
            new ProcessStartInfo(SidecarProcess.Executable, ["task", .. arguments])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["PLUE_HOME"] = home },
            }
        )!;
        process.StandardInput.Close();
        return process;
    }
}
