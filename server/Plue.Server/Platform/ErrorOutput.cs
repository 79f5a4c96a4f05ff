using System.Text.RegularExpressions;

namespace Plue.Server.Platform;

/// <summary>The error output of a program that ended.</summary>
internal static partial class ErrorOutput
{
    /// <summary>The line that says most about why a program ended: its last line that names an error, as runtimes write it before a stack, else its last line.</summary>
    /// <returns>Null without any text.</returns>
    public static string? ReasonIn(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.LastOrDefault(line => ErrorLine().IsMatch(line)) ?? lines.LastOrDefault();
    }

    /// <summary>As <c>TypeError [ERR_X]: …</c>, <c>ValueError: …</c> or <c>Unhandled exception. System.IO.IOException: …</c>.</summary>
    [GeneratedRegex(
        @"^(Unhandled exception\. )?[\w.]*(Error|Exception)( \[\w+\])?: ",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex ErrorLine();
}
