using System.Diagnostics;
using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using Plue.Server.Tests.Tools.Mcp;

namespace Plue.Server.Tests.Cli;

/// <summary>The <c>plue mcp</c> process: stdout, stderr and exit code.</summary>
public sealed class McpProcessTests : IAsyncDisposable
{
    private readonly McpHome home = new();

    public ValueTask DisposeAsync() => home.DisposeAsync();

    [Fact]
    public async Task SEC_03_A_server_is_shown_before_it_is_approved_and_starts_only_then()
    {
        home.WriteUser(("own", home.Hostile(more: ", \"env\": { \"A\": \"b\" }")));
        var listed = await RunAsync("mcp", "list");
        Assert.Equal((0, ""), (listed.ExitCode, listed.Stderr));
        Assert.StartsWith("own  not approved\n", listed.Stdout, StringComparison.Ordinal);
        Assert.Contains($"  Argument: {McpHome.Script}\n  Argument: plain\n", listed.Stdout, StringComparison.Ordinal);
        Assert.Contains("  Variables: A", listed.Stdout, StringComparison.Ordinal);

        var unseen = await RunAsync("mcp", "approve", "own");
        var fingerprint = await FingerprintAsync();
        Assert.Equal(
            (1, $"The server was not approved. To approve it, add: --fingerprint {fingerprint}\n"),
            (unseen.ExitCode, unseen.Stderr)
        );
        Assert.Contains($"  Fingerprint: {fingerprint}\n", unseen.Stdout, StringComparison.Ordinal);
        Assert.Equal((1, 0), ((await RunAsync("mcp", "test", "own")).ExitCode, home.Starts));
        Assert.Equal(1, (await RunAsync("mcp", "approve", "own", "--fingerprint", "something-else")).ExitCode);

        Assert.StartsWith(
            "own  stopped\n",
            (await RunAsync("mcp", "approve", "own", "--fingerprint", fingerprint)).Stdout,
            StringComparison.Ordinal
        );
        Assert.Equal(0, home.Starts);
        var tested = await RunAsync("mcp", "test", "own");
        Assert.StartsWith("own  running  11 tools, about ", tested.Stdout, StringComparison.Ordinal);
        Assert.Matches(@"\n  own/echo  \d+ tokens\n", tested.Stdout);
        Assert.Equal(1, home.Starts);

        Assert.StartsWith("own  not approved\n", (await RunAsync("mcp", "revoke", "own")).Stdout, StringComparison.Ordinal);
        Assert.Equal((1, 1), ((await RunAsync("mcp", "test", "own")).ExitCode, home.Starts));
    }

    [Fact]
    public async Task SEC_35_Changed_tools_are_shown_whole_in_a_shell_before_they_are_approved()
    {
        home.WriteUser(("own", home.Hostile("changing")));
        await RunAsync("mcp", "approve", "own", "--fingerprint", await FingerprintAsync());
        Assert.Equal(0, (await RunAsync("mcp", "test", "own")).ExitCode);
        File.WriteAllText(home.Notes + ".mood", "both");
        var suspended = await RunAsync("mcp", "test", "own");
        Assert.Equal(1, suspended.ExitCode);
        Assert.Contains("or with plue mcp approve own", suspended.Stderr, StringComparison.Ordinal);
        var shown = (await RunAsync("mcp", "approve", "own")).Stdout;
        Assert.Contains("\n  Changed tool echo:\n    @@", shown, StringComparison.Ordinal);
        Assert.Contains("\n    +  Well.\n", shown, StringComparison.Ordinal);
        Assert.Contains("Where your⟨U+200B⟩ files go.", shown, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("mcp", "approve", "own", "--fingerprint", await FingerprintAsync())).ExitCode);
        Assert.Equal(0, (await RunAsync("mcp", "test", "own")).ExitCode);
    }

    [Fact]
    public async Task Reports_a_failing_server_and_suggests_the_nearest_name_for_an_unknown_one()
    {
        home.WriteUser(("broken", """{ "command": "/bin/false" }"""));
        Assert.Equal(0, (await RunAsync("mcp", "approve", "broken", "--fingerprint", await FingerprintAsync())).ExitCode);
        var tested = await RunAsync("mcp", "test", "broken");
        Assert.Equal(1, tested.ExitCode);
        Assert.Contains("ended", tested.Stderr, StringComparison.Ordinal);
        var missing = await RunAsync("mcp", "approve", "brokn");
        Assert.Equal((1, "The server brokn does not exist. Did you mean `broken`?\n"), (missing.ExitCode, missing.Stderr));
        Assert.Equal(
            ["broken"],
            JsonNode
                .Parse((await RunAsync("mcp", "list", "--json")).Stdout)
                ?["servers"]?.AsArray()
                .Select(server => (string?)server?["name"])
        );
    }

    private async Task<string> FingerprintAsync() =>
        (string)JsonNode.Parse((await RunAsync("mcp", "list", "--json")).Stdout)!["servers"]!.AsArray().Single()!["fingerprint"]!;

    private async Task<(int ExitCode, string Stdout, string Stderr)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(SidecarProcess.Executable, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["PLUE_HOME"] = home.Home },
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("plue did not start.");
        var (stdout, stderr) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await stdout, await stderr);
    }
}
