using System.Globalization;
using System.Text;

namespace Plue.Server.Store;

/// <summary>
/// One line around a match. White space becomes one space, and invisible characters are omitted: control characters, and those that would change
/// the direction of the surrounding text. It is cut between characters as a reader sees them.
/// </summary>
/// <param name="Start">The start of the match in UTF-16 units.</param>
internal sealed record SearchSnippet(string Text, int Start, int Length)
{
    private const int Width = 160;
    private const int Before = 48;

    // Noncharacters, which occur in no text.
    private const char FoundBegin = '\uFDD0';
    private const char FoundEnd = '\uFDD1';

    // The searched context on each side. It also limits endless sequences of combining marks.
    private const int Margin = 4 * Width;

    /// <param name="start">The first place in <paramref name="text"/>.</param>
    public static SearchSnippet Of(string text, int start, int length) => Of(text, start, length, false, false);

    private static SearchSnippet Of(string text, int start, int length, bool isCutBefore, bool isCutBehind)
    {
        var (from, to) = Around(text, start, length);
        var line = new StringBuilder();
        Append(line, text.AsSpan(from, start - from));
        var begin = line.Length;
        Append(line, text.AsSpan(start, Math.Max(0, Math.Min(length, to - start))));
        var end = line.Length;
        if (start + length < to)
        {
            Append(line, text.AsSpan((start + length)..to));
        }

        return Cut(line.ToString(), begin, end, isCutBefore || from > 0, isCutBehind || to < text.Length);
    }

    /// <summary>Creates a snippet without the Markdown marks of emphasis, headings, links, tables and code.</summary>
    public static SearchSnippet OfMarkdown(string text, int start, int length)
    {
        var (from, to) = Around(text, start, length);
        var end = Math.Min(start + length, to);
        var marked = $"{text[from..start]}{FoundBegin}{text[start..end]}{FoundEnd}{text[end..to]}";
        var plain = MarkdownText.Plain(marked, MarkdownText.IsInFence(text, from));
        // The match is in the Markdown syntax, such as the address of a link, or the text contains the marker character.
        var (begin, behind) = (plain.IndexOf(FoundBegin, StringComparison.Ordinal), plain.IndexOf(FoundEnd, StringComparison.Ordinal) - 1);
        if (plain.Count(FoundBegin) != 1 || plain.Count(FoundEnd) != 1 || begin > behind)
        {
            return Of(text, start, length);
        }

        return Of(plain.Remove(behind + 1, 1).Remove(begin, 1), begin, behind - begin, from > 0, to < text.Length);
    }

    /// <summary>Puts a text on one line without invisible characters.</summary>
    public static string Clean(string text)
    {
        var line = new StringBuilder();
        Append(line, text);
        return line.ToString().Trim();
    }

    private static (int From, int To) Around(string text, int start, int length)
    {
        var from = Math.Max(0, start - Margin);
        if (from > 0 && char.IsLowSurrogate(text[from]))
        {
            from++;
        }
        var to = Math.Min(text.Length, start + Math.Min(length, Width) + Margin);
        if (to < text.Length && char.IsLowSurrogate(text[to]))
        {
            to--;
        }

        return (from, to);
    }

    private static SearchSnippet Cut(string line, int begin, int end, bool isCutBefore, bool isCutBehind)
    {
        List<int> edges = [0];
        for (var at = 0; at < line.Length; )
        {
            // Two ASCII characters never combine, because control characters were removed.
            var isPlain = char.IsAscii(line[at]) && (at + 1 == line.Length || char.IsAscii(line[at + 1]));
            edges.Add(at += isPlain ? 1 : StringInfo.GetNextTextElementLength(line.AsSpan(at)));
        }

        var left = edges.FindLast(edge => edge <= begin);
        left = Math.Min(left, edges.Find(edge => begin - edge <= Before));
        if (left == 0 || line.AsSpan(0, left).IsWhiteSpace())
        {
            left = Math.Min(begin, line.Length - line.AsSpan().TrimStart().Length);
        }
        var right = edges.FindLast(edge => edge - left <= Width);
        if (right <= begin)
        {
            right = Math.Min(line.Length, begin + Width);
            // A single character is longer than a line.
        }
        if (right < line.Length && char.IsLowSurrogate(line[right]))
        {
            right--;
        }

        var head = left > 0 && !line.AsSpan(0, left).IsWhiteSpace() || isCutBefore ? "…" : "";
        var shown = line.AsSpan(left..right);
        var tail = right < line.Length || isCutBehind ? "…" : "";
        if (tail.Length == 0 && right > end)
        {
            shown = shown[..Math.Max(end - left, shown.TrimEnd().Length)];
        }

        return new($"{head}{shown}{tail}", head.Length + begin - left, Math.Max(0, Math.Min(end, right) - begin));
    }

    private static void Append(StringBuilder line, ReadOnlySpan<char> text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is > ' ' and <= '~')
            {
                line.Append((char)rune.Value);
            }
            else if (Rune.IsWhiteSpace(rune))
            {
                if (line is not [.., ' '])
                {
                    line.Append(' ');
                }
            }
            else if (IsVisible(rune))
            {
                line.Append(rune);
            }
        }
    }

    /// <summary>The two joiners are kept, because they shape emoji and scripts and move no text.</summary>
    private static bool IsVisible(Rune rune) =>
        rune.Value is 0x200C or 0x200D
        || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate);
}
