using System.Text.Json;
using Plue.Server.Acp;
using Plue.Server.Providers.Acp;

namespace Plue.Server.Tests.Acp;

/// <summary>The MCP servers that an editor passes.</summary>
public sealed class ClientServersTests
{
    [Fact]
    public void Takes_programs_and_addresses()
    {
        var servers = Read(
            """
            [
              {"name":"files","command":"/usr/bin/files","args":["--root","/"],"env":[{"name":"KEY","value":"v"}]},
              {"type":"http","name":"web","url":"https://example.org/mcp","headers":[{"name":"X-Key","value":"k"}]}
            ]
            """
        );
        Assert.Equal(["/usr/bin/files", null], servers.Select(server => server.Command));
        Assert.Equal(["--root", "/"], servers[0].Arguments);
        Assert.Equal("v", servers[0].Environment["KEY"]);
        Assert.Equal(("https://example.org/mcp", "k"), (servers[1].Address?.OriginalString, servers[1].Headers["X-Key"]));
        Assert.All(servers, server => Assert.True(server.IsFromClient));
        Assert.Equal(["files/*", "web/*"], ClientServers.ToolsOf(servers));
    }

    [Fact]
    public void Gives_each_server_a_name_that_tools_can_have()
    {
        string[] names = ["My Server!", "my server", "", "vscode", "A very long name of a server indeed"];
        var servers = Read(JsonSerializer.Serialize(names.Select(name => new { name, command = "/bin/x" })));
        Assert.Equal(["My-Server", "my-server-2", "server", "vscode-2", "A-very-long-name-of-a-se"], servers.Select(server => server.Name));
    }

    [Theory]
    [InlineData("""[{"name":"a"}]""", "has no command")]
    [InlineData("""[{"name":"a","type":"sse","url":"https://example.org"}]""", "uses sse")]
    [InlineData("""[{"name":"a","type":"http","url":"file:///etc/passwd"}]""", "no valid url")]
    public void Refuses_other_servers_with_a_sentence(string servers, string reason) =>
        Assert.Contains(reason, Assert.Throws<AcpErrorException>(() => Read(servers)).Message, StringComparison.Ordinal);

    private static IReadOnlyList<Server.Tools.Mcp.McpDeclaration> Read(string servers)
    {
        using var document = JsonDocument.Parse($"{{\"mcpServers\":{servers}}}");
        return ClientServers.Read(document.RootElement, "/work");
    }
}
