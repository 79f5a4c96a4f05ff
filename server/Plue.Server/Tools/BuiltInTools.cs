using System.Net;
using Plue.Server.Permissions;

namespace Plue.Server.Tools;

/// <summary>Plue's own tools that need nothing but files, commands and the network. Their texts are read anew for each round, so that a changed prompt counts.</summary>
/// <param name="textOf">What a model is told of the tool of this name; null where nothing is said.</param>
/// <param name="allowsNetwork">Whether commands in the sandbox may use the network.</param>
/// <param name="mayFetch">Addresses that may be fetched though they are not public.</param>
public sealed class BuiltInTools(
    Func<string, string?> textOf, PermissionPolicy policy, Sandbox sandbox, ToolResults results, Func<bool> allowsNetwork, Func<IPAddress, bool> mayFetch) : IToolSource
{
    /// <summary>One line a tool, in the order in which a model is told of them.</summary>
    private readonly (string Name, Func<string, ITool> Make)[] table =
    [
        ("read", text => new ReadTool(text, results)),
        ("write", text => new WriteTool(text)),
        ("edit", text => new EditTool(text)),
        ("search", text => new SearchTool(text, policy)),
        ("bash", text => new BashTool(text, sandbox, results, allowsNetwork)),
        (TodoList.ToolName, text => new TodoTool(text)),
        ("fetch", text => new FetchTool(text, mayFetch)),
    ];

    public Task<IReadOnlyList<ITool>> FindAsync(IReadOnlyList<string> names, List<string> notes, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ITool>>([.. table.Where(tool => names.Contains(tool.Name)).Select(tool => tool.Make(textOf(tool.Name) ?? ""))]);
}
