using Plue.Server.Editor;
using Plue.Server.Permissions;

namespace Plue.Server.Tools;

/// <summary>A call that only queries the editor. Results in files that may not be read are omitted.</summary>
/// <param name="about">The file, or the workspace.</param>
/// <param name="run">Returns the text for the model.</param>
internal sealed class EditorQuery(WorkspacePath about, string what, Func<CancellationToken, Task<string>> run) : PlannedCall
{
    public const string NoEditor =
        "No editor is attached: this runs on the command line or in a window that has closed. Use `search` and `read`, and commands of the project.";

    public override IReadOnlyList<ToolAction> Actions { get; } = about.ActionsFor(one => new ToolAction.ReadFile(one));
    public override ApprovalKind Kind => ApprovalKind.Read;
    public override string ActionText => what;
    public override string? Location => about.Full;

    /// <exception cref="ToolFailureException">There is no editor.</exception>
    public static IEditor EditorOf(EditorWindow window) => window.Editor ?? throw new ToolFailureException(NoEditor);

    /// <summary>Creates a check of whether a file may be read, according to the policy for <paramref name="tool"/>. Each file is evaluated once.</summary>
    public static Func<string, bool> MayRead(string tool, PermissionPolicy policy, ToolContext context)
    {
        Dictionary<string, bool> known = new(StringComparer.Ordinal);
        var rights = context.Rights();
        return path =>
            known.TryGetValue(path, out var may)
                ? may
                : known[path] = policy.Evaluate(tool, new ToolAction.ReadFile(path), rights).Decision == Decision.Allow;
    }

    public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken) =>
        new(await run(cancellationToken));
}
