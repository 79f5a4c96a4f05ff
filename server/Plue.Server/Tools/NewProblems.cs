using System.Globalization;
using System.Text;
using Plue.Server.Editor;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Tools;

/// <summary>Determines the errors and warnings that an edit adds, as reported by the editor.</summary>
internal sealed class NewProblems
{
    private const int MaxShown = 20;
    private const int Warning = 1;

    private readonly IEditor editor;
    private readonly IReadOnlyList<WorkspacePath> paths;
    private readonly EditorProblems before;

    private NewProblems(IEditor editor, IReadOnlyList<WorkspacePath> paths, EditorProblems before) =>
        (this.editor, this.paths, this.before) = (editor, paths, before);

    /// <summary>Called before the edit.</summary>
    /// <returns>Null without an editor, or if the problems of these files are not kept up to date, so that waiting would be useless.</returns>
    public static async Task<NewProblems?> BeforeAsync(
        EditorWindow? window,
        IReadOnlyList<WorkspacePath> paths,
        CancellationToken cancellationToken
    )
    {
        if (window?.Editor is not { } editor)
        {
            return null;
        }

        try
        {
            var found = await editor.ProblemsAsync([.. paths.Select(path => path.Full)], null, cancellationToken);
            return found.IsTracked ? new NewProblems(editor, paths, found) : null;
        }
        catch (FailureException)
        {
            // The edit does not depend on the problems.
            return null;
        }
    }

    /// <summary>Called after the edit. Waits up to two seconds for the language server.</summary>
    /// <returns>Starts with a line break; empty if there are no new problems.</returns>
    public async Task<string> AfterAsync(CancellationToken cancellationToken)
    {
        EditorProblems after;
        try
        {
            after = await editor.ProblemsAsync([.. paths.Select(path => path.Full)], before.Revision, cancellationToken);
        }
        catch (Exception fault) when (fault is FailureException or OperationCanceledException)
        {
            // The edit has succeeded; its result must not be lost.
            return "";
        }

        // Line numbers are ignored, because an edit moves problems.
        var known = before.Problems.CountBy(KeyOf).ToDictionary();
        List<EditorProblem> added = [];
        foreach (var problem in after.Problems.Where(one => one.Severity <= Warning))
        {
            var key = KeyOf(problem);
            if (known.GetValueOrDefault(key) is > 0 and var left)
            {
                known[key] = left - 1;
            }
            else
            {
                added.Add(problem);
            }
        }

        if (added.Count == 0)
        {
            return "";
        }

        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"\nNew problems after this edit ({added.Count}):\n");
        foreach (var problem in added.Take(MaxShown))
        {
            text.Append(EditorText.Of(problem, paths[0].Folders)).Append('\n');
        }

        if (added.Count > MaxShown)
        {
            text.Append(CultureInfo.InvariantCulture, $"[{added.Count - MaxShown} more. Use `problems` to list them.]\n");
        }
        return text.ToString();
    }

    private static (string, int, string, string?, string?) KeyOf(EditorProblem problem) =>
        (RealPath.TargetOf(problem.Path) ?? problem.Path, problem.Severity, problem.Message, problem.Source, problem.Code);
}
