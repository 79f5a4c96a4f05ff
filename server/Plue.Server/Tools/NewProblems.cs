using System.Globalization;
using System.Text;
using Plue.Server.Editor;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Tools;

/// <summary>The errors and warnings that an edit adds to its files, as the editor reports them.</summary>
internal sealed class NewProblems
{
    private const int MaxShown = 20;
    private const int Warning = 1;

    private readonly IEditor editor;
    private readonly IReadOnlyList<WorkspacePath> paths;
    private readonly EditorProblems before;

    private NewProblems(IEditor editor, IReadOnlyList<WorkspacePath> paths, EditorProblems before) =>
        (this.editor, this.paths, this.before) = (editor, paths, before);

    /// <summary>Before the edit.</summary>
    /// <returns>Null without an editor, and where nothing keeps the problems of these files up to date: nothing is waited for then.</returns>
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
            // The edit does not need them.
            return null;
        }
    }

    /// <summary>After the edit: waits for the language server, for two seconds at most.</summary>
    /// <returns>Begins with a line break; empty if there is nothing new.</returns>
    public async Task<string> AfterAsync(CancellationToken cancellationToken)
    {
        EditorProblems after;
        try
        {
            after = await editor.ProblemsAsync([.. paths.Select(path => path.Full)], before.Revision, cancellationToken);
        }
        catch (Exception fault) when (fault is FailureException or OperationCanceledException)
        {
            // The edit was made; its result must not be lost.
            return "";
        }

        // An edit moves problems to other lines.
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
