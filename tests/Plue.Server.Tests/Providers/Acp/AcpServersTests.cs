using System.Text.Json.Nodes;
using Plue.Server.Messages;

namespace Plue.Server.Tests.Providers.Acp;

/// <summary>The MCP servers that an agent receives for itself.</summary>
public sealed class AcpServersTests
{
    private const string Passes = ", pass_mcp_servers: true";

    [Fact]
    public async Task Approved_servers_reach_the_agent_and_the_others_are_listed()
    {
        await using var bench = await AcpBench.StartAsync(fields: Passes, mode: "edit");
        await WriteAsync(
            bench,
            """
            { mcpServers: {
              one: { command: 'node', args: ['--version'], env: { LEVEL: 'high' } },
              waiting: { command: 'node', args: ['--version'] },
              part: { command: 'node', args: ['--version'] },
              remote: { type: 'http', url: 'http://127.0.0.1:1/mcp' },
              own: { command: 'node', args: ['--version'], env: { TOKEN: '${HOME}' } },
              stopped: { command: 'node', args: ['--version'] },
            } }
            """,
            ["one/*", "waiting/*", "part/echo", "remote/*", "own/*", "stopped/*", "gone/*"],
            ["one", "part", "remote", "own", "stopped"]
        );
        await bench.Sidecar.Services.Tools.McpServers.StopAsync("stopped", default);

        var answer = await bench.AskAsync("servers");
        var server = Assert.Single(JsonNode.Parse(answer.Text)!.AsArray())!;
        Assert.Equal(AcpBench.Node, (string?)server["command"]);
        Assert.Equal("""["--version"]""", server["args"]!.ToJsonString());
        Assert.Equal("""[{"name":"LEVEL","value":"high"}]""", server["env"]!.ToJsonString());
        Assert.Equal(
            [
                "gone: it does not exist.",
                "own: it uses variables of your environment, which agents do not receive.",
                "part: the chat may use only some of its tools.",
                "remote: it supports only servers that are programs.",
                "stopped: it was stopped.",
                "waiting: it is not approved.",
            ],
            OmittedIn(answer)
        );
    }

    [Fact]
    public async Task An_address_reaches_an_agent_that_takes_it_with_a_key_that_is_allowed_for_its_program()
    {
        await using var bench = await AcpBench.StartAsync(fields: Passes, arguments: "'--http'", mode: "edit");
        await bench.Sidecar.UnlockedVaultAsync();
        var vault = bench.Sidecar.Services.Vault.Vault;
        await vault.StoreAsync("vault://mine/key", "value-of-mine", [bench.ProgramOrigin], default);
        await vault.StoreAsync("vault://theirs/key", "value-of-theirs", ["http://127.0.0.1:2"], default);
        await WriteAsync(
            bench,
            """
            { mcpServers: {
              mine: { type: 'http', url: 'http://127.0.0.1:1/mcp', headers: { Authorization: 'Bearer vault://mine/key' } },
              theirs: { type: 'http', url: 'http://127.0.0.1:2/mcp', headers: { Authorization: 'Bearer vault://theirs/key' } },
            } }
            """,
            ["mine/*", "theirs/*"],
            ["mine", "theirs"]
        );

        var answer = await bench.AskAsync("servers");
        var server = Assert.Single(JsonNode.Parse(answer.Text)!.AsArray())!;
        Assert.Equal(("http", "http://127.0.0.1:1/mcp"), ((string?)server["type"], (string?)server["url"]));
        // The key itself is taken out of what the chat stores.
        Assert.DoesNotContain("value-of", answer.Text, StringComparison.Ordinal);
        Assert.StartsWith("theirs: ", Assert.Single(OmittedIn(answer)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "edit", null)]
    [InlineData(Passes, "plan", "The agent received no MCP servers, because the chat allows no changes.")]
    public async Task No_server_reaches_an_agent_without_the_setting_or_in_a_mode_without_changes(string fields, string mode, string? note)
    {
        await using var bench = await AcpBench.StartAsync(fields: fields, mode: mode);
        await WriteAsync(bench, "{ mcpServers: { one: { command: 'node', args: ['--version'] } } }", ["one/*"], ["one"]);
        var answer = await bench.AskAsync("servers");
        Assert.Equal("[]", answer.Text);
        Assert.Equal(note, answer.Omitted.FirstOrDefault(sentence => sentence.StartsWith("The agent", StringComparison.Ordinal)));
    }

    private static async Task WriteAsync(AcpBench bench, string json5, string[] tools, string[] approved)
    {
        await File.WriteAllTextAsync(Path.Combine(bench.Sidecar.Home, "mcp.json5"), json5);
        var servers = bench.Sidecar.Services.Tools.McpServers;
        foreach (var status in servers.List().Servers.Where(status => approved.Contains(status.Declaration.Name)))
        {
            await servers.ApproveAsync(status.Declaration.Name, status.Fingerprint, default);
        }

        await bench.Sidecar.Client.ResultAsync(
            "codex/update",
            new { uri = bench.Uri, set = new { available_tools = (string[])["read", "write", .. tools] } }
        );
    }

    private static IEnumerable<string> OmittedIn(Message answer)
    {
        const string Start = "The agent did not receive the MCP server ";
        return answer
            .Omitted.Where(sentence => sentence.StartsWith(Start, StringComparison.Ordinal))
            .Select(sentence => sentence[Start.Length..])
            .Order(StringComparer.Ordinal);
    }
}
