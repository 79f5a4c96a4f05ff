using System.Text;
using System.Text.RegularExpressions;

namespace Plue.Server.Store;

/// <summary>Markdown as plain text, for one line of a list. Code keeps its characters.</summary>
internal static partial class MarkdownText
{
    private const int MaxNesting = 8;

    /// <param name="isInFence">The text begins inside a fenced code block.</param>
    public static string Plain(string text, bool isInFence = false)
    {
        var plain = new StringBuilder(text.Length);
        foreach (var line in text.Split('\n'))
        {
            if (IsFence(line))
            {
                isInFence = !isInFence;
            }
            else
            {
                plain.Append(isInFence ? line : PlainLine(line));
            }

            plain.Append('\n');
        }

        plain.Length--;
        return plain.ToString();
    }

    /// <summary>True if the position is inside a fenced code block.</summary>
    public static bool IsInFence(string text, int place)
    {
        var isInside = false;
        foreach (var line in text.AsSpan(0, place).EnumerateLines())
        {
            if (IsFence(line))
            {
                isInside = !isInside;
            }
        }

        return isInside;
    }

    private static bool IsFence(ReadOnlySpan<char> line) => line.TrimStart() is ['`', '`', '`', ..] or ['~', '~', '~', ..];

    private static string PlainLine(string line)
    {
        var begin = line.TrimStart();
        if (begin.StartsWith('|'))
        {
            return DashesOfTable().IsMatch(begin) ? "" : Inline(begin.Trim().Trim('|').Replace("|", " ", StringComparison.Ordinal), 0);
        }

        return Inline(LineMark().Replace(line, ""), 0);
    }

    private static string Inline(string text, int depth) =>
        depth == MaxNesting
            ? text
            : InlineMark()
                .Replace(
                    text,
                    match =>
                        match.Groups["code"] is { Success: true, Value: var code } ? code : Inline(match.Groups["inner"].Value, depth + 1)
                );

    [GeneratedRegex(@"^[|:\-\s]*-[|:\-\s]*$", RegexOptions.CultureInvariant)]
    private static partial Regex DashesOfTable();

    [GeneratedRegex(@"^\s*(?:>\s?)*(?:#{1,6}\s+|[-*+]\s+(?:\[[ xX]\]\s+)?)?", RegexOptions.CultureInvariant)]
    private static partial Regex LineMark();

    [GeneratedRegex(
        """
            (?<ticks>`+)(?<code>[^`\n]+)\k<ticks>(?!`)
            |!?\[(?<inner>[^\[\]\n]*)\]\([^()\s]*(?:\s+"[^"\n]*")?\)
            |(?<stars>\*{2,3}|~~)(?=\S)(?<inner>.+?)(?<=\S)\k<stars>
            |(?<!\*)\*(?=[^\s*])(?<inner>[^*\n]+?)(?<=\S)\*(?!\*)
            |(?<![\p{L}\p{N}_])(?<lines>__?)(?=\S)(?<inner>.+?)(?<=\S)\k<lines>(?![\p{L}\p{N}_])
            """,
        RegexOptions.CultureInvariant | RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture
    )]
    private static partial Regex InlineMark();
}
