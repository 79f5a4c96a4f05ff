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
    private static readonly string[] Known = ["read", "write", "edit", "search", "bash", TodoList.ToolName, "fetch"];

    public Task<IReadOnlyList<ITool>> FindAsync(IReadOnlyList<string> names, List<string> notes, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ITool>>([.. Known.Where(names.Contains).Select(Make)]);

    private ITool Make(string name)
    {
        var text = textOf(name) ?? "";
        return name switch
        {
            "read" => new ReadTool(text, results),
            "write" => new WriteTool(text),
            "edit" => new EditTool(text),
            "search" => new SearchTool(text, policy),
            "bash" => new BashTool(text, sandbox, results, allowsNetwork),
            "fetch" => new FetchTool(text, mayFetch),
            _ => new TodoTool(text),
        };
    }
}
