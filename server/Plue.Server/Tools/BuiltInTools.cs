using Plue.Server.Codices.Skills;
using Plue.Server.Editor;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Tools.Background;

namespace Plue.Server.Tools;

/// <summary>
/// The built-in tools that need only files, commands and the network. Their descriptions are read again for each round, so that changes of prompts apply.
/// </summary>
/// <param name="textOf">Gets the description of the tool with this name for the model; null if there is none.</param>
/// <param name="allowsNetwork">Whether commands in the sandbox may use the network.</param>
/// <param name="editor">For files with unsaved changes; null for none.</param>
/// <param name="folders">The workspace of the window; null for one folder.</param>
/// <param name="background">Runs background commands; null if there are none.</param>
/// <param name="skills">Their files can be read; null for none.</param>
internal sealed class BuiltInTools(
    Func<string, string?> textOf,
    PermissionPolicy policy,
    Sandbox sandbox,
    ToolResults results,
    Func<bool> allowsNetwork,
    WebPages pages,
    EditorWindow? editor = null,
    Func<WorkspaceFolders?>? folders = null,
    SkillCatalog? skills = null,
    BackgroundCommands? background = null
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
        ("bash", text => new BashTool(text, sandbox, results, allowsNetwork, editor, folders, background)),
        .. background is null
            ? (IEnumerable<(string, Func<string, ITool>)>)[]
            : [(BashProcessTool.ToolName, text => new BashProcessTool(text, background))],
        (TodoList.ToolName, text => new TodoTool(text)),
        (AskUserTool.ToolName, text => new AskUserTool(text)),
        ("fetch", text => new FetchTool(text, pages)),
    ];

    public Task<IReadOnlyList<ITool>> FindAsync(IReadOnlyList<string> names, List<string> notes, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ITool>>([
            .. table.Where(tool => names.Contains(tool.Name)).Select(tool => tool.Make(textOf(tool.Name) ?? "")),
        ]);
}
