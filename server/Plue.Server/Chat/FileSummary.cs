using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Plue.Server.Platform;

namespace Plue.Server.Chat;

/// <summary>
/// Summarizes a file that is too large to send: its beginning, lines that look like headings or declarations, and its end, with line numbers.
/// </summary>
internal static partial class FileSummary
{
    private const int HeadLines = 60;
    private const int TailLines = 30;
    private const int MaxOutlineLines = 200;
    private const int MaxLineLength = 200;

    /// <summary>Gets a deterministic summary.</summary>
    public static string Of(FileText file)
    {
        var lines = file.Content.Split('\n');
        var count = file.Lines;
        var head = Math.Min(HeadLines, count);
        var tail = Math.Max(head, count - TailLines);
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"A summary of {count} lines. Ask for the lines you need by their numbers.\n\nThe beginning:\n"
        );
        Append(text, lines, Enumerable.Range(0, head));
        var outline = Enumerable.Range(head, tail - head).Where(at => Declaration().IsMatch(Cut(lines[at]))).ToList();
        if (outline.Count > 0)
        {
            text.Append("\nThe outline:\n");
            Append(text, lines, outline.Take(MaxOutlineLines));
            if (outline.Count > MaxOutlineLines)
            {
                text.Append(CultureInfo.InvariantCulture, $"… and {outline.Count - MaxOutlineLines} more.\n");
            }
        }

        if (tail < count)
        {
            text.Append("\nThe end:\n");
            Append(text, lines, Enumerable.Range(tail, count - tail));
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, string[] lines, IEnumerable<int> which)
    {
        foreach (var at in which)
        {
            text.Append(CultureInfo.InvariantCulture, $"{at + 1}: {Cut(lines[at])}\n");
        }
    }

    private static string Cut(string line)
    {
        line = line.TrimEnd('\r');
        return line.Length <= MaxLineLength ? line : $"{TextCut.Head(line, MaxLineLength)}…";
    }

    /// <summary>Matches Markdown headings, sections of settings files, and declarations in most languages.</summary>
    [GeneratedRegex(
        @"^(#{1,6} \S|\[[^\]]+\]\s*$|\s{0,8}(export |default |public |private |protected |internal |static |abstract |sealed |final |async |pub(\([a-z]+\))? |unsafe |partial |override |virtual )*"
            + @"(class|interface|struct|enum|record|trait|impl|namespace|module|mod|package|def|fn|func|fun|function|type|object|protocol|extension|CREATE (TABLE|VIEW|INDEX|FUNCTION)) ?\w*|"
            + @"\s{0,8}(public|private|protected|internal) [\w<>\[\], ?.]+ \w+\s*[({=]|(export )?const \w+ = (async )?\()",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Declaration();
}
