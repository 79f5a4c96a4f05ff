using System.Net;
using Plue.Server.Codices.Skills;
using Plue.Server.Editor;
using Plue.Server.Network;
using Plue.Server.Permissions;
using Plue.Server.Platform;

namespace Plue.Server.Tools;

/// <summary>
/// The built-in tools that need only files, commands and the network. Their descriptions are read again for each round, so that changes of prompts apply.
/// </summary>
/// <param name="textOf">Gets the description of the tool with this name for the model; null if there is none.</param>
/// <param name="allowsNetwork">Returns whether sandboxed commands can use the network.</param>
/// <param name="mayFetch">Returns whether a non-public address can be fetched.</param>
/// <param name="editor">Provides unsaved changes; null for none.</param>
/// <param name="folders">Gets the workspace of the window; null for one folder.</param>
/// <param name="skills">The skills whose files can be read; null for none.</param>
/// <param name="connections">Null for connections without settings.</param>
public sealed class BuiltInTools(
    Func<string, string?> textOf,
    PermissionPolicy policy,
    Sandbox sandbox,
    ToolResults results,
    Func<bool> allowsNetwork,
    Func<IPAddress, bool> mayFetch,
    EditorWindow? editor = null,
    Func<WorkspaceFolders?>? folders = null,
    SkillCatalog? skills = null,
    HostConnections? connections = null
) : IToolSource
{
    /// <summary>The tools in the order of their declarations.</summary>
    private readonly (string Name, Func<string, ITool> Make)[] table =
    [
        ("read", text => new ReadTool(text, results, editor, skills)),
        ("write", text => new WriteTool(text, editor)),
        ("edit", text => new EditTool(text, editor)),
        (EditCellTool.ToolName, text => new EditCellTool(text, editor)),
        ("search", text => new SearchTool(text, policy, editor)),
        ("bash", text => new BashTool(text, sandbox, results, allowsNetwork, editor, folders)),
        (TodoList.ToolName, text => new TodoTool(text)),
        (AskUserTool.ToolName, text => new AskUserTool(text)),
        ("fetch", text => new FetchTool(text, mayFetch, connections)),
    ];

    public Task<IReadOnlyList<ITool>> FindAsync(IReadOnlyList<string> names, List<string> notes, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ITool>>([
            .. table.Where(tool => names.Contains(tool.Name)).Select(tool => tool.Make(textOf(tool.Name) ?? "")),
        ]);
}
