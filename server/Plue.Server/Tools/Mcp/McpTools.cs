using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Tools.Mcp;

/// <summary>The server tools that a template lists as <c>SERVER/TOOL</c> or <c>SERVER/*</c>. Finding them starts their servers, in parallel.</summary>
internal sealed class McpTools(McpServers servers, McpServices services) : IToolSource
{
    private const string All = "*";

    public async Task<IReadOnlyList<ITool>> FindAsync(IReadOnlyList<string> names, List<string> notes, CancellationToken cancellationToken)
    {
        var requested = names
            .Where(name => !ToolNames.IsVsCodeTool(name))
            .Select(Split)
            .OfType<(string Server, string Tool)>()
            .GroupBy(name => name.Server, StringComparer.Ordinal)
            .ToList();
        var found = await Task.WhenAll(
                requested.Select(group => FindAsync(group.Key, [.. group.Select(name => name.Tool)], cancellationToken))
            )
            .ConfigureAwait(false);
        notes.AddRange(found.SelectMany(one => one.Notes));
        return [.. found.SelectMany(one => one.Tools)];
    }

    /// <summary>Sorted by the names, so that the declarations do not depend on the server's order.</summary>
    private async Task<(IReadOnlyList<ITool> Tools, List<string> Notes)> FindAsync(
        string name,
        IReadOnlyList<string> tools,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var server = servers.Find(name);
            if (UntrustedFolderOf(server.Declaration) is { } folder)
            {
                return ([], [$"The server {name} was not used: it works in {folder}, which is not trusted."]);
            }

            var list = await server.ToolsAsync(cancellationToken).ConfigureAwait(false);
            List<ITool> offered = [.. list.Tools.Select(info => new McpTool(server, info, services))];
            offered.AddRange(
                McpReadTool.All(server, services).Where(extra => offered.All(tool => tool.Declaration.Name != extra.Declaration.Name))
            );
            List<string> notes = [.. list.Notes];
            notes.AddRange(
                tools
                    .Where(tool => tool != All && offered.All(offer => offer.Name != $"{name}{ToolNames.ServerSeparator}{tool}"))
                    .Select(tool => $"The server {name} has no tool {tool}.")
            );
            return (
                [
                    .. offered
                        .Where(offer => tools.Contains(All) || tools.Any(tool => offer.Name == $"{name}{ToolNames.ServerSeparator}{tool}"))
                        .OrderBy(offer => offer.Name, StringComparer.Ordinal),
                ],
                notes
            );
        }
        catch (FailureException fault)
        {
            return ([], [fault.Message]);
        }
    }

    /// <summary>A user's server that is configured for the open folder also requires its trust.</summary>
    /// <returns>The open folder; null if it is trusted or the server does not refer to it.</returns>
    private string? UntrustedFolderOf(McpDeclaration server) =>
        services.Workspace is { TrustedFolder: null, OpenFolders: { } open }
            ? open.Paths.FirstOrDefault(folder =>
                server
                    .Arguments.Concat(server.Environment.Values)
                    .Append(server.Command)
                    .Append(server.Folder)
                    .OfType<string>()
                    .Any(text =>
                        text.Contains(folder, StringComparison.Ordinal)
                        || (Path.IsPathFullyQualified(text) && !text.Contains('\0') && RealPath.IsInside(text, folder))
                    )
            )
            : null;

    private static (string Server, string Tool)? Split(string name) =>
        name.IndexOf(ToolNames.ServerSeparator) is > 0 and var at && at < name.Length - 1 ? (name[..at], name[(at + 1)..]) : null;
}
