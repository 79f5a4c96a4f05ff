using System.Diagnostics;
using System.Text.Json.Nodes;
using Plue.Server.Tests.Reviews;
using Plue.Server.Tests.Testing;
using Plue.Server.Tests.Worktrees;

namespace Plue.Server.Tests.Cli;

/// <summary>The <c>plue review</c> process: stdout, stderr and exit code.</summary>
public sealed class ReviewProcessTests : IAsyncDisposable
{
    private ReviewHome home = null!;

    public ValueTask DisposeAsync() => home is null ? ValueTask.CompletedTask : home.DisposeAsync();

    [Fact]
    public async Task Exit_code_follows_the_severity_of_the_findings()
    {
        home = await ReviewHome.CreateAsync();
        Assert.Equal((0, $"There are no changes to review in {home.Repository}.\n"), await FailAsync());
        await home.WriteAsync("lines.txt", WorktreeHome.Lines(3, "third"));
        home.Review = _ => ReviewHome.Findings(ReviewHome.Finding("lines.txt", 3, "Bad [line]"));
        var plain = await RunAsync();
        Assert.Equal((1, "lines.txt:3: warning: Bad [line]\n    It fails.\n"), (plain.ExitCode, plain.Output));
        Assert.EndsWith("1 finding, 0 refuted, $0.11\n", plain.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("--fail-on", "error")).ExitCode);

        home.Check = _ => ReviewHome.Stands(false);
        Assert.Equal((0, ""), await RunAsync() is var refuted ? (refuted.ExitCode, refuted.Output) : default);
    }

    [Fact]
    public async Task Prints_json_and_sarif()
    {
        home = await ReviewHome.CreateAsync();
        await home.WriteAsync("lines.txt", WorktreeHome.Lines(3, "third"));
        home.Review = _ => ReviewHome.Findings(ReviewHome.Finding("lines.txt", 3));
        var json = await RunAsync("--json");
        var review = JsonNode.Parse(json.Output)!;
        Assert.Equal((1, 1, 0.11m), (json.ExitCode, review["findings"]!.AsArray().Count, (decimal?)review["cost"]));
        Assert.Equal((1, "open"), ((int?)review["figures"]!["open"], (string?)review["findings"]![0]!["state"]));
        Assert.Single(home.Reviews.Records.List());
        var sarif = await RunAsync("--sarif");
        Assert.Equal(1, sarif.ExitCode);
        Assert.Single(JsonNode.Parse(sarif.Output)!["runs"]![0]!["results"]!.AsArray());
    }

    [Fact]
    public async Task Reviews_that_cannot_run_end_with_2_and_the_budget_with_3()
    {
        home = await ReviewHome.CreateAsync();
        await home.WriteAsync("lines.txt", WorktreeHome.Lines(3, "third"));
        Assert.Equal(3, (await RunAsync("--budget", "0.001")).ExitCode);
        Assert.Empty(home.Endpoint.Requests);
        Assert.Equal(2, (await RunAsync("--range", "nothing..HEAD")).ExitCode);
        Assert.Equal(2, (await RunAsync("--staged", "--range", "HEAD~1..HEAD")).ExitCode);
        Assert.Equal(2, (await RunAsync("--fail-on", "everything")).ExitCode);
        home.Review = _ => ScriptedAnswer.Json("{\"error\":{\"message\":\"no\"}}", 401);
        Assert.Equal(2, (await RunAsync()).ExitCode);
        var outside = await RunAsync("--workspace", Directory.CreateTempSubdirectory("plue-test-").FullName);
        Assert.Equal(2, outside.ExitCode);
        Assert.Contains("is not in a checkout of a git repository", outside.Error, StringComparison.Ordinal);
    }

    private async Task<(int, string)> FailAsync() => await RunAsync() is var run ? (run.ExitCode, run.Error) : default;

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(SidecarProcess.Executable, ["review", .. arguments])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = home.Repository,
                Environment = { ["PLUE_HOME"] = home.Home.Home },
            }
        )!;
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync(timeout.Token);
        return (process.ExitCode, await output, await error);
    }
}
