using System.Text.RegularExpressions;

namespace Plue.Server.Platform;

/// <summary>Finds the reason for an exit in stderr output.</summary>
internal static partial class ErrorOutput
{
    /// <summary>
    /// Gets the line that best explains why a program ended: the last line that names an error, as runtimes write before a stack, else the last line.
    /// </summary>
    /// <returns>Null if there is no text.</returns>
    public static string? ReasonIn(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.LastOrDefault(line => ErrorLine().IsMatch(line)) ?? lines.LastOrDefault();
    }

    /// <summary>Examples: <c>TypeError [ERR_X]: …</c>, <c>ValueError: …</c>, <c>Unhandled exception. System.IO.IOException: …</c>.</summary>
    [GeneratedRegex(
        @"^(Unhandled exception\. )?[\w.]*(Error|Exception)( \[\w+\])?: ",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex ErrorLine();
}
