using System.Globalization;
using System.Text;
using System.Text.Json;
using Plue.Server.Editor;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;

namespace Plue.Server.Tools;

/// <summary>Lists the problems that the editor shows for a file or the workspace.</summary>
/// <param name="description">The description of the tool for the model.</param>
internal sealed class ProblemsTool(string description, PermissionPolicy policy, EditorWindow window) : ITool
{
    private const int MaxShown = 100;
    private const string Schema = """{"type":"object","properties":{"path":{"type":"string"}},"additionalProperties":false}""";

    public string Name => "problems";
    public ToolDeclaration Declaration { get; } = new("problems", description, Schema);
    public bool IsReadOnly => true;

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var named = new ToolParameters(parameters, "path").OptionalText("path");
        var path = WorkspacePath.Resolve(context.Folders, string.IsNullOrEmpty(named) ? "." : named);
        var isEverything = path.Relative.Length == 0 && (string.IsNullOrEmpty(named) || !path.Folders.AreSeveral);
        var editor = EditorQuery.EditorOf(window);
        var mayRead = EditorQuery.MayRead(Name, policy, context);
        return Task.FromResult<PlannedCall>(
            new EditorQuery(
                path,
                isEverything ? path.Relative : path.Shown,
                async cancel =>
                    Text(
                        path,
                        isEverything,
                        await editor.ProblemsAsync(path.Relative.Length == 0 ? null : [path.Full], null, cancel),
                        mayRead
                    )
            )
        );
    }

    private static string Text(WorkspacePath about, bool isEverything, EditorProblems found, Func<string, bool> mayRead)
    {
        var problems = found
            .Problems.Where(problem =>
                WorkspacePath.Find(about.Folders, problem.Path) is { } path
                && (isEverything || path.Folder == about.Folder)
                && mayRead(path.Full)
            )
            .ToList();
        if (problems.Count == 0)
        {
            return isEverything ? "No problems are reported. Only files that a language server has looked at are known."
                : found.IsTracked ? $"No problems are reported for {about.Display}."
                : $"No problems are reported for {about.Display}. It is not visible in an editor, so a language server may not have checked it: run the project's own check to be sure.";
        }

        var text = new StringBuilder();
        foreach (var problem in problems.Take(MaxShown))
        {
            text.Append(EditorText.Of(problem, about.Folders)).Append('\n');
        }

        // The editor may have truncated the list.
        var total = found.Problems.Count < found.Total ? found.Total : problems.Count;
        var shown = Math.Min(problems.Count, MaxShown);
        text.Append(
            CultureInfo.InvariantCulture,
            $"[{(total > shown ? $"The first {shown} of {Plural.Of(total, "problem")}, errors first" : Plural.Of(shown, "problem"))}.]\n"
        );
        return text.ToString();
    }
}
