using System.Text.Json;
using Plue.Server.Providers.Acp;
using Plue.Server.Providers.Http;
using Plue.Server.Tools.Mcp;

namespace Plue.Server.Acp;

/// <summary>The MCP servers that a client passes with a session. They need no approval, because the user configured them in the client.</summary>
internal static class ClientServers
{
    private const int MaxServers = 50;

    /// <exception cref="AcpErrorException">A server is neither a program nor an HTTP address.</exception>
    public static IReadOnlyList<McpDeclaration> Read(JsonElement parameters, string folder)
    {
        List<McpDeclaration> servers = [];
        foreach (var server in parameters.Items("mcpServers"))
        {
            if (servers.Count == MaxServers)
            {
                throw Invalid($"A session can have at most {MaxServers} MCP servers.");
            }

            var name = NameFor(server.Text("name") ?? "", servers);
            servers.Add(
                server.Text("type") switch
                {
                    null or "stdio" => new McpDeclaration
                    {
                        Name = name,
                        Source = McpDeclaration.ClientSource,
                        IsFromWorkspace = false,
                        Folder = folder,
                        Command = server.Text("command") is { Length: > 0 } command
                            ? command
                            : throw Invalid($"The MCP server {name} has no command."),
                        Arguments = [.. server.Items("args").Select(argument => argument.GetString() ?? "")],
                        Environment = Pairs(server, "env"),
                    },
                    "http" => new McpDeclaration
                    {
                        Name = name,
                        Source = McpDeclaration.ClientSource,
                        IsFromWorkspace = false,
                        Folder = folder,
                        Address =
                            Uri.TryCreate(server.Text("url"), UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
                                ? address
                                : throw Invalid($"The MCP server {name} has no valid url."),
                        Headers = Pairs(server, "headers"),
                    },
                    var other => throw Invalid($"The MCP server {name} uses {other}, which Plue does not support. Use stdio or http."),
                }
            );
        }

        return servers;
    }

    /// <summary>Gets the tools of these servers in template notation.</summary>
    public static IReadOnlyList<string> ToolsOf(IReadOnlyList<McpDeclaration> servers) => [.. servers.Select(server => $"{server.Name}/*")];

    /// <summary>Creates a name that is valid in tool names: clients allow any text.</summary>
    private static string NameFor(string given, List<McpDeclaration> others)
    {
        var words = new string([.. given.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-')]).Split(
            '-',
            StringSplitOptions.RemoveEmptyEntries
        );
        var name = string.Join('-', words);
        name = name.Length == 0 ? "server" : name[..Math.Min(name.Length, McpDeclaration.MaxNameLength)].TrimEnd('-');
        for (var number = 2; IsTaken(name); number++)
        {
            var suffix = $"-{number}";
            name = $"{name[..Math.Min(name.Length, McpDeclaration.MaxNameLength - suffix.Length)]}{suffix}";
        }

        return name;

        bool IsTaken(string one) =>
            one.Equals(Templates.ToolNames.VsCode, StringComparison.OrdinalIgnoreCase)
            || others.Exists(server => server.Name.Equals(one, StringComparison.OrdinalIgnoreCase));
    }

    private static Dictionary<string, string> Pairs(JsonElement server, string name)
    {
        Dictionary<string, string> pairs = new(StringComparer.Ordinal);
        foreach (var pair in server.Items(name))
        {
            if (pair.Text("name") is { Length: > 0 } key && pair.Text("value") is { } value)
            {
                pairs[key] = value;
            }
        }

        return pairs;
    }

    private static AcpErrorException Invalid(string message) => new(AcpErrorException.InvalidParams, message);
}
