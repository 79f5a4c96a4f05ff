using Plue.Server.Tests.Testing;
using Plue.Server.Tests.Tools.Mcp;

namespace Plue.Server.Tests.Rpc;

public class McpHandlersTests
{
    [Fact]
    public async Task SEC_35_A_window_lists_approves_starts_and_stops_a_server()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        Directory.CreateDirectory(sidecar.Home);
        var notes = Path.Combine(sidecar.Home, "notes.txt");
        await File.WriteAllTextAsync(
            Path.Combine(sidecar.Home, "mcp.json5"),
            $$$"""{ mcpServers: { own: { command: {{{McpHome.Text(McpHome.Node)}}}, args: [{{{McpHome.Text(McpHome.Script)}}}, "plain", {{{McpHome.Text(notes)}}}], env: { TOKEN: "never-shown-1" } } } }"""
        );
        var own = (await sidecar.Client.ResultAsync("mcp/list", new { }))!["servers"]![0]!;
        Assert.Equal("notApproved", (string?)own["state"]);
        Assert.Equal("TOKEN", (string?)own["environment"]![0]);
        Assert.DoesNotContain("never-shown", own.ToJsonString(), StringComparison.Ordinal);
        Assert.NotNull((await sidecar.Client.RequestAsync("mcp/start", new { name = "own" }))["error"]);
        Assert.NotNull((await sidecar.Client.RequestAsync("mcp/approve", new { name = "own", fingerprint = "another" }))["error"]);
        Assert.False(File.Exists(notes));

        var approved = await sidecar.Client.ResultAsync("mcp/approve", new { name = "own", fingerprint = (string?)own["fingerprint"] });
        Assert.Equal("stopped", (string?)approved!["servers"]![0]!["state"]);
        await sidecar.Client.NextAsync("mcp/changed");
        var started = (await sidecar.Client.ResultAsync("mcp/start", new { name = "own" }))!["servers"]![0]!;
        Assert.Equal("running", (string?)started["state"]);
        Assert.True((long?)started["tokens"] > 0);
        Assert.Equal("stopped", (string?)(await sidecar.Client.ResultAsync("mcp/stop", new { name = "own" }))!["servers"]![0]!["state"]);
        Assert.Equal(
            "notApproved",
            (string?)(await sidecar.Client.ResultAsync("mcp/revoke", new { name = "own" }))!["servers"]![0]!["state"]
        );
    }
}
