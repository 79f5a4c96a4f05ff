using System.Text;
using Plue.Server.Templates;

namespace Plue.Server.Language;

/// <summary>The names of VS Code's icons and colors.</summary>
internal static class ThemeNames
{
    // Lines of `name,character,code`, after a header.
    private static readonly Lazy<IReadOnlyList<string>> Codicons = new(() =>
        [
            .. Encoding
                .UTF8.GetString(
                    DocumentFile.ReadResource("codicons.csv") ?? throw new InvalidOperationException("codicons.csv is not in the program.")
                )
                .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Skip(1)
                .Select(line => line[..line.IndexOf(',', StringComparison.Ordinal)]),
        ]
    );

    /// <summary>All codicons, in the version that the extension uses.</summary>
    public static IReadOnlyList<string> Icons => Codicons.Value;

    /// <summary>The colors meant for icons beside names; any other theme color is allowed, too.</summary>
    public static readonly IReadOnlyList<string> Colors =
    [
        "charts.blue",
        "charts.green",
        "charts.orange",
        "charts.purple",
        "charts.red",
        "charts.yellow",
        "charts.foreground",
        "terminal.ansiBlue",
        "terminal.ansiCyan",
        "terminal.ansiGreen",
        "terminal.ansiMagenta",
        "terminal.ansiRed",
        "terminal.ansiYellow",
        "errorForeground",
        "foreground",
        "descriptionForeground",
        "disabledForeground",
        "icon.foreground",
        "editorWarning.foreground",
        "editorInfo.foreground",
        "textLink.foreground",
        "testing.iconPassed",
        "testing.iconFailed",
        "testing.iconQueued",
        "testing.iconSkipped",
        "notificationsInfoIcon.foreground",
    ];
}
