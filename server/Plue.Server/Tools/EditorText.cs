using System.Globalization;
using Plue.Server.Editor;
using Plue.Server.Platform;

namespace Plue.Server.Tools;

/// <summary>Formats results of the editor for the model. They come from other extensions, so each entry becomes one short line.</summary>
internal static class EditorText
{
    private const int MaxLength = 500;

    public static string Of(EditorProblem problem, WorkspaceFolders folders)
    {
        var about = string.Join(' ', new[] { problem.Source, problem.Code }.Where(one => !string.IsNullOrEmpty(one)));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Line(WorkspacePath.Find(folders, problem.Path)?.Shown ?? problem.Path)}:{problem.Line}:{problem.Column}: {SeverityOf(problem.Severity)}: {Line(problem.Message)}{(about.Length > 0 ? $" [{Line(about)}]" : "")}"
        );
    }

    public static string Symbol(EditorPlace place) =>
        string.IsNullOrEmpty(place.Kind) ? Line(place.Name ?? "") : $"{Line(place.Kind)} {Line(place.Name ?? "")}";

    public static string NoLanguageServer(string path) =>
        $"No language server answered for {path}: none is installed for its language, or it is still starting. That does not mean that there are none. Try again, or use `search`.";

    /// <summary>Gets one truncated line with hidden characters visible.</summary>
    public static string Line(string text) => HiddenCharacters.VisibleLine(text.Length <= MaxLength ? text : text[..MaxLength] + "…");

    private static string SeverityOf(int severity) =>
        severity switch
        {
            0 => "error",
            1 => "warning",
            2 => "information",
            _ => "hint",
        };
}
