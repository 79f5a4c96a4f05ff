using Plue.Server.Editor;
using Plue.Server.Permissions;

namespace Plue.Server.Tools;

/// <summary>The tools that query the language servers of the window. Without a window, calls fail with the reason.</summary>
/// <param name="textOf">Gets the description of the tool with this name for the model; null if there is none.</param>
internal sealed class EditorTools(Func<string, string?> textOf, PermissionPolicy policy, EditorWindow window) : IToolSource
{
    /// <summary>The tools in the order of their declarations.</summary>
    private readonly (string Name, Func<string, ITool> Make)[] table =
    [
        ("problems", text => new ProblemsTool(text, policy, window)),
        ("symbols", text => new SymbolsTool(text, policy, window)),
        ("references", text => new ReferencesTool(text, policy, window)),
        ("rename", text => new RenameTool(text, window)),
        ("tests", text => new TestsTool(text, window)),
        ("run_cell", text => new RunCellTool(text, window)),
    ];

    public Task<IReadOnlyList<ITool>> FindAsync(IReadOnlyList<string> names, List<string> notes, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ITool>>([
            .. table.Where(tool => names.Contains(tool.Name)).Select(tool => tool.Make(textOf(tool.Name) ?? "")),
        ]);
}
