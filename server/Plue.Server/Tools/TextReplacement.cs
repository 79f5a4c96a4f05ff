using System.Globalization;
using System.Text;

namespace Plue.Server.Tools;

/// <summary>The result of replacing a passage in a text.</summary>
/// <param name="Text">The new text.</param>
/// <param name="Count">The number of replacements.</param>
/// <param name="Line">The line of the first occurrence, from 1.</param>
/// <param name="Note">How the match differed from the given text; null for an exact match.</param>
internal sealed record TextReplacement(string Text, int Count, int Line, string? Note)
{
    private const int MaxCompared = 4_000_000;
    private const int MaxShown = 12;

    /// <summary>The accepted differences, strictest first.</summary>
    private static readonly (Func<string, string> Fold, bool MayShift, string Said)[] FuzzyMatches =
    [
        (line => line.TrimEnd(), false, "after ignoring trailing whitespace"),
        (line => Normalize(line).TrimEnd(), false, "after ignoring whitespace and typographic quotes, dashes and spaces"),
        (line => Normalize(line).TrimEnd(), true, "after ignoring indentation, which was preserved"),
    ];

    /// <param name="all">True to replace all occurrences; the passage must then match exactly.</param>
    /// <exception cref="ToolFailureException">The passage does not exist or is ambiguous.</exception>
    public static TextReplacement Replace(string text, string old, string @new, bool all)
    {
        if (old.Length == 0)
        {
            throw new ToolFailureException("`old` is empty. Set it to the text to replace, or use `write` for a whole file.");
        }

        var isWindows = LineEnds.IsWindows(text);
        var (asItIs, added) = (old, @new);
        string? note = null;
        if (isWindows && !@new.Contains('\r', StringComparison.Ordinal))
        {
            added = LineEnds.ToWindows(@new);
        }
        if (isWindows && !old.Contains('\r', StringComparison.Ordinal) && !text.Contains(old, StringComparison.Ordinal))
        {
            asItIs = LineEnds.ToWindows(old);
        }
        if (!isWindows && old.Contains('\r', StringComparison.Ordinal) && !text.Contains(old, StringComparison.Ordinal))
        {
            (asItIs, added) = (LineEnds.ToUnix(old), LineEnds.ToUnix(@new));
            note = "after ignoring line endings, which were preserved";
        }

        var places = OffsetsOf(text, asItIs);
        if (places.Count == 1 || (all && places.Count > 1))
        {
            return new TextReplacement(ReplaceAt(text, places, asItIs.Length, added), places.Count, LineOf(text, places[0]), note);
        }
        if (places.Count > 1)
        {
            throw new ToolFailureException(
                $"The text occurs {places.Count} times, in lines {string.Join(", ", places.Take(MaxShown).Select(at => LineOf(text, at)))}{(places.Count > MaxShown ? " and more" : "")}. "
                    + "Nothing was changed. Include more lines in `old`, or set `all` to replace every occurrence."
            );
        }

        return all ? throw NotFound(text, old) : ReplaceFuzzy(text, old, @new) ?? throw NotFound(text, old);
    }

    private static TextReplacement? ReplaceFuzzy(string text, string old, string @new)
    {
        var lines = LinesOf(text);
        var requested = LinesOf(old);
        if ((long)lines.Count * requested.Count > MaxCompared || requested.All(line => string.IsNullOrWhiteSpace(line.Text)))
        {
            return null;
        }

        foreach (var (fold, mayShift, note) in FuzzyMatches)
        {
            var (file, given) = (lines.Select(line => fold(line.Text)).ToList(), requested.Select(line => fold(line.Text)).ToList());
            var places = Enumerable
                .Range(0, Math.Max(0, file.Count - given.Count + 1))
                .Select(at => (At: at, Shift: IndentShiftAt(file, given, at, mayShift)))
                .Where(one => one.Shift is not null)
                .Take(MaxShown)
                .ToList();
            if (places.Count == 0)
            {
                continue;
            }
            if (places.Count > 1)
            {
                throw new ToolFailureException(
                    $"The exact text was not found; {note} it matches in lines {string.Join(", ", places.Select(one => one.At + 1))}. Nothing was changed. Copy it exactly from one of them, with more lines."
                );
            }

            var (first, shift) = (places[0].At, places[0].Shift!);
            var last = lines[first + requested.Count - 1];
            var (start, end) = (lines[first].Start, old.EndsWith('\n') ? last.End : last.Start + last.Text.Length);
            var added = shift.Apply(LineEnds.ToUnix(@new));
            if (LineEnds.IsWindows(text))
            {
                added = LineEnds.ToWindows(added);
            }

            return new TextReplacement(string.Concat(text.AsSpan(0, start), added, text.AsSpan(end)), 1, first + 1, note);
        }

        return null;
    }

    /// <returns>Null if the lines do not match.</returns>
    private static IndentShift? IndentShiftAt(List<string> file, List<string> given, int at, bool mayShift)
    {
        IndentShift? shift = mayShift ? null : IndentShift.None;
        for (var i = 0; i < given.Count; i++)
        {
            var (there, requested) = (file[at + i], given[i]);
            if (requested.Length == 0 || there.Length == 0)
            {
                if (requested.Length != there.Length)
                {
                    return null;
                }
                continue;
            }

            shift ??= IndentShift.Between(Indentation(requested), Indentation(there));
            if (shift is null || shift.Apply(requested) != there)
            {
                return null;
            }
        }

        return shift;
    }

    private static string Indentation(string line) => line[..(line.Length - line.TrimStart().Length)];

    /// <summary>A change of indentation common to all lines.</summary>
    private sealed record IndentShift(string Added, string Removed)
    {
        public static readonly IndentShift None = new("", "");

        public static IndentShift? Between(string given, string there) =>
            there.EndsWith(given, StringComparison.Ordinal) ? new IndentShift(there[..^given.Length], "")
            : given.EndsWith(there, StringComparison.Ordinal) ? new IndentShift("", given[..^there.Length])
            : null;

        public string Apply(string text) =>
            this == None
                ? text
                : string.Join(
                    '\n',
                    text.Split('\n')
                        .Select(line =>
                            string.IsNullOrWhiteSpace(line) ? line
                            : Removed.Length > 0 && line.StartsWith(Removed, StringComparison.Ordinal) ? line[Removed.Length..]
                            : Added + line
                        )
                );
    }

    /// <summary>Replaces typographic characters by those on a keyboard.</summary>
    private static string Normalize(string line)
    {
        var plain = new StringBuilder(line.Length);
        foreach (var sign in line)
        {
            plain.Append(
                sign switch
                {
                    '\u2018' or '\u2019' or '\u201A' or '\u201B' => '\'',
                    '\u201C' or '\u201D' or '\u201E' or '\u201F' => '"',
                    >= '\u2010' and <= '\u2015' or '\u2212' => '-',
                    '\u00A0' or (>= '\u2000' and <= '\u200A') or '\u202F' or '\u3000' => ' ',
                    _ => sign,
                }
            );
        }

        return plain.ToString();
    }

    private static ToolFailureException NotFound(string text, string old)
    {
        const string End = " Nothing was changed. Read the file again and copy the exact text.";
        var (lines, requested) = (LinesOf(text), LinesOf(old));
        if (lines.Count == 0)
        {
            return new ToolFailureException("The text was not found: the file is empty.");
        }
        if ((long)lines.Count * requested.Count > MaxCompared)
        {
            return new ToolFailureException($"The text was not found.{End}");
        }

        var trimmed = lines.Select(line => line.Text.Trim()).ToList();
        var given = requested.Select(line => line.Text.Trim()).ToList();
        var (best, score) = (0, 0.0);
        for (var at = 0; at < lines.Count; at++)
        {
            var here =
                given.Where((line, i) => at + i < trimmed.Count && line.Length > 0 && line == trimmed[at + i]).Count()
                + (0.9 * Similarity(given[0], trimmed[at]));
            if (here > score)
            {
                (best, score) = (at, here);
            }
        }

        if (score < 0.4)
        {
            return new ToolFailureException($"The text was not found, and nothing similar to it.{End}");
        }

        var differs = Enumerable
            .Range(0, given.Count)
            .FirstOrDefault(i => best + i >= lines.Count || lines[best + i].Text.TrimEnd() != requested[i].Text.TrimEnd(), 0);
        var output = new StringBuilder(
            string.Create(CultureInfo.InvariantCulture, $"The exact text was not found. The closest match begins in line {best + 1}")
        );
        output.Append(
            best + differs >= lines.Count
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $", and the file ends before your line {differs + 1}: {Quoted(requested[differs].Text)}."
                )
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"; line {best + differs + 1} is {Quoted(lines[best + differs].Text)}, but `old` has {Quoted(requested[differs].Text)}."
                )
        );
        output.Append(End).Append('\n');
        for (var at = best; at < Math.Min(lines.Count, best + Math.Min(given.Count, MaxShown)); at++)
        {
            output.Append(CultureInfo.InvariantCulture, $"{at + 1, 6}\t{Short(lines[at].Text)}\n");
        }

        return new ToolFailureException(output.ToString().TrimEnd('\n'));
    }

    /// <summary>Shows hidden characters, because they are often the difference.</summary>
    private static string Quoted(string line) =>
        $"`{Platform.HiddenCharacters.Visible(Short(line)).Replace("\t", "⇥", StringComparison.Ordinal)}`";

    private static string Short(string line) => line.Length <= 200 ? line : line[..200] + "…";

    /// <summary>Gets the similarity of two lines, from 0 to 1, by common pairs of letters.</summary>
    private static double Similarity(string a, string b)
    {
        if (a.Length < 2 || b.Length < 2)
        {
            return a.Length > 0 && a == b ? 1 : 0;
        }

        var pairs = new Dictionary<int, int>();
        var (left, right) = (Math.Min(a.Length, 200) - 1, Math.Min(b.Length, 200) - 1);
        for (var i = 0; i < left; i++)
        {
            pairs[(a[i] << 16) | a[i + 1]] = pairs.GetValueOrDefault((a[i] << 16) | a[i + 1]) + 1;
        }

        var shared = 0;
        for (var i = 0; i < right; i++)
        {
            var pair = (b[i] << 16) | b[i + 1];
            if (pairs.GetValueOrDefault(pair) is > 0 and var count)
            {
                pairs[pair] = count - 1;
                shared++;
            }
        }

        return 2.0 * shared / (left + right);
    }

    private static List<int> OffsetsOf(string text, string old)
    {
        var places = new List<int>();
        for (
            var at = text.IndexOf(old, StringComparison.Ordinal);
            at >= 0;
            at = text.IndexOf(old, at + old.Length, StringComparison.Ordinal)
        )
        {
            places.Add(at);
        }

        return places;
    }

    private static string ReplaceAt(string text, List<int> places, int length, string added)
    {
        var output = new StringBuilder(text.Length);
        var from = 0;
        foreach (var at in places)
        {
            output.Append(text, from, at - from).Append(added);
            from = at + length;
        }

        return output.Append(text, from, text.Length - from).ToString();
    }

    private static int LineOf(string text, int at) => text.AsSpan(0, at).Count('\n') + 1;

    /// <summary>Gets the lines without their endings. A final line break does not start another line.</summary>
    private static List<(int Start, string Text, int End)> LinesOf(string text)
    {
        var lines = new List<(int, string, int)>();
        for (var start = 0; start < text.Length; )
        {
            var end = text.IndexOf('\n', start) is var found and >= 0 ? found + 1 : text.Length;
            var length =
                end
                - start
                - (
                    text[end - 1] != '\n' ? 0
                    : end - start > 1 && text[end - 2] == '\r' ? 2
                    : 1
                );
            lines.Add((start, text.Substring(start, length), end));
            start = end;
        }

        return lines;
    }
}
