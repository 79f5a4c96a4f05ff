using System.Text.RegularExpressions;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Templates;

namespace Plue.Server.Tools.Mcp;

/// <summary>
/// The servers that an agent gets for itself. Plue sees none of its calls, so it gets only servers that are approved and all of whose tools the chat may use.
/// </summary>
internal sealed partial class McpForAgents(McpServers servers, McpServices services)
{
    /// <param name="names">The tools of the chat as templates list them.</param>
    /// <param name="folder">Where the agent works, and so where it starts programs.</param>
    public async Task<AgentServers> FindAsync(
        IReadOnlyList<string> names,
        IReadOnlyList<Rights> rights,
        string folder,
        CancellationToken cancellationToken
    )
    {
        List<AgentServer> found = [];
        List<string> omitted = [];
        foreach (
            var group in names
                .Where(ToolNames.IsServerTool)
                .GroupBy(name => name[..name.IndexOf(ToolNames.ServerSeparator, StringComparison.Ordinal)])
        )
        {
            if (await WhyNotAsync(group.Key, [.. group], rights, folder, cancellationToken).ConfigureAwait(false) is { } why)
            {
                omitted.Add($"The agent did not receive the MCP server {HiddenCharacters.VisibleLine(group.Key)}: {why}");
            }
            else
            {
                found.Add(ServerOf(servers.Find(group.Key)));
            }
        }

        return new AgentServers(found, omitted);
    }

    private async Task<string?> WhyNotAsync(
        string name,
        IReadOnlyList<string> tools,
        IReadOnlyList<Rights> rights,
        string folder,
        CancellationToken cancellationToken
    )
    {
        if (servers.All.FirstOrDefault(one => one.Declaration.Name == name) is not { } server)
        {
            return "it does not exist.";
        }

        var declaration = server.Declaration;
        var snapshot = server.GetSnapshot();
        var why = snapshot.State switch
        {
            McpServerState.NotApproved => "it is not approved.",
            McpServerState.SignInNeeded => "it needs a sign-in.",
            _ when snapshot.Identity is null => snapshot.Error ?? "it cannot be started.",
            _ when server.IsStoppedByUser => "it was stopped.",
            _ when !tools.Contains($"{name}{ToolNames.ServerSeparator}*") => "the chat may use only some of its tools.",
            _ when HasScriptElsewhere(declaration, folder) => "the path of its script is relative to another folder.",
            _ when UsesEnvironment(declaration) => "it uses variables of your environment, which agents do not receive.",
            _ => server.KnownTools.Select(tool => Denial(tool.Name, name, rights)).FirstOrDefault(denial => denial is not null),
        };
        return why is null && await IsSignedInAsync(declaration, cancellationToken).ConfigureAwait(false)
            ? "its sign-in is only for Plue."
            : why;
    }

    private async Task<bool> IsSignedInAsync(McpDeclaration server, CancellationToken cancellationToken) =>
        server.Address is not null
        && await new McpTokens(server, services.Secrets, isFresh: false).GetTokensAsync(cancellationToken).ConfigureAwait(false)
            is not null;

    private string? Denial(string tool, string server, IReadOnlyList<Rights> rights)
    {
        var action = new ToolAction.CallServer(server, tool[(server.Length + 1)..]);
        return services.Judge?.Invoke(tool, action, rights) is { Decision: Decision.Deny } verdict
            ? $"{tool} is denied. {verdict.Reason}"
            : null;
    }

    /// <summary>The script that was approved would not be the one that runs.</summary>
    private static bool HasScriptElsewhere(McpDeclaration server, string folder) =>
        McpExecutables.ScriptPathOf(server) is { } script
        && !server.Arguments.Contains(script)
        && RealPath.Of(server.Folder) != RealPath.Of(folder);

    private static bool UsesEnvironment(McpDeclaration server) =>
        (server.Address is null ? server.Environment : server.Headers).Values.Any(value =>
            SecretReference.FindIn(value) is { } secret ? SecretReference.IsEnvironment(secret.Reference) : Variable().IsMatch(value)
        );

    private static AgentServer ServerOf(McpServer server)
    {
        var declaration = server.Declaration;
        return declaration.Address is { } address
            ? new AgentServer(declaration.Name, declaration.Headers) { Address = address }
            : new AgentServer(declaration.Name, declaration.Environment)
            {
                Command = server.GetSnapshot().Identity?.Program,
                Arguments = declaration.Arguments,
            };
    }

    [GeneratedRegex(@"\$\{(?:env:)?[A-Za-z_]")]
    private static partial Regex Variable();
}
