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
