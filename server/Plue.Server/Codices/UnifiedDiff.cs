using System.Globalization;
using System.Text;

namespace Plue.Server.Codices;

/// <summary>Formats the difference between two texts like <c>diff -u</c>, without the file header.</summary>
internal static class UnifiedDiff
{
    private const int Context = 3;

    /// <summary>Texts with more changed lines are shown as one deletion and one insertion.</summary>
    private const int MaxEdits = 1000;

    /// <returns>Empty for equal texts.</returns>
    public static string Of(string before, string after)
    {
        var (a, b) = (Lines(before), Lines(after));
        var edits = Edits(a, b);
        var output = new StringBuilder();
        for (var i = 0; i < edits.Count; )
        {
            if (edits[i].Kind == ' ')
            {
                i++;
                continue;
            }

            var from = Math.Max(0, i - Context);
            var to = i;
            for (var quiet = 0; to < edits.Count && quiet <= 2 * Context; to++)
            {
                quiet = edits[to].Kind == ' ' ? quiet + 1 : 0;
            }

            var tail = 0;
            while (to > i && edits[to - 1].Kind == ' ' && tail < 2 * Context + 1)
            {
                to--;
                tail++;
            }

            to = Math.Min(edits.Count, to + Math.Min(tail, Context));
            Append(output, edits, from, to);
            i = to;
        }

        return output.ToString();
    }

    /// <summary>Returns the changed ranges in order; at least one equal line separates them.</summary>
    /// <param name="a">Lines from <see cref="Lines"/>.</param>
    internal static List<LineChange> Changes(List<string> a, List<string> b)
    {
        List<LineChange> places = [];
        var edits = Edits(a, b);
        for (var i = 0; i < edits.Count; )
        {
            if (edits[i].Kind == ' ')
            {
                i++;
                continue;
            }

            var (from, removed) = (edits[i], 0);
            var first = i;
            for (; i < edits.Count && edits[i].Kind != ' '; i++)
            {
                removed += edits[i].Kind == '-' ? 1 : 0;
            }

            places.Add(new LineChange(from.Old, removed, from.New, i - first - removed));
        }

        return places;
    }

    private static void Append(StringBuilder output, List<Edit> edits, int from, int to)
    {
        var part = edits[from..to];
        var (oldCount, newCount) = (part.Count(edit => edit.Kind != '+'), part.Count(edit => edit.Kind != '-'));
        output.Append(CultureInfo.InvariantCulture, $"@@ -{Range(part[0].Old, oldCount)} +{Range(part[0].New, newCount)} @@\n");
        foreach (var edit in part)
        {
            output.Append(edit.Kind).Append(edit.Line);
            if (!edit.Line.EndsWith('\n'))
            {
                output.Append("\n\\ No newline at end of file\n");
            }
        }
    }

    /// <summary>Formats a range; an empty range is identified by the line before it.</summary>
    private static string Range(int first, int count) =>
        count == 1
            ? (first + 1).ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{(count == 0 ? first : first + 1)},{count}");

    /// <summary>Splits into lines including line ends, so that a last line without a line end differs from one with it.</summary>
    internal static List<string> Lines(string text)
    {
        var lines = new List<string>();
        for (var start = 0; start < text.Length; )
        {
            var end = text.IndexOf('\n', start) is var found and >= 0 ? found + 1 : text.Length;
            lines.Add(text[start..end]);
            start = end;
        }

        return lines;
    }

    private static List<Edit> Edits(List<string> a, List<string> b)
    {
        var head = 0;
        while (head < a.Count && head < b.Count && a[head] == b[head])
        {
            head++;
        }

        var tail = 0;
        while (tail < a.Count - head && tail < b.Count - head && a[^(tail + 1)] == b[^(tail + 1)])
        {
            tail++;
        }

        var edits = new List<Edit>();
        for (var i = 0; i < head; i++)
        {
            edits.Add(new Edit(' ', a[i], i, i));
        }

        Middle(edits, a, head, a.Count - tail, b, head, b.Count - tail);
        for (var i = tail; i > 0; i--)
        {
            edits.Add(new Edit(' ', a[^i], a.Count - i, b.Count - i));
        }

        return edits;
    }

    /// <summary>Myers' greedy algorithm: finds the furthest position on each diagonal for each number of edits, then traces the path back.</summary>
    private static void Middle(List<Edit> edits, List<string> a, int aFrom, int aTo, List<string> b, int bFrom, int bTo)
    {
        var (n, m) = (aTo - aFrom, bTo - bFrom);
        var max = Math.Min(n + m, MaxEdits);
        var furthest = new int[2 * max + 2];
        var rounds = new List<int[]>();
        var isFound = n + m == 0;
        for (var d = 0; d <= max && !isFound; d++)
        {
            rounds.Add(furthest[(max - d)..(max + d + 1)]);
            for (var k = -d; k <= d; k += 2)
            {
                var x =
                    k == -d || (k != d && furthest[max + k - 1] < furthest[max + k + 1])
                        ? furthest[max + k + 1]
                        : furthest[max + k - 1] + 1;
                while (x < n && x - k < m && a[aFrom + x] == b[bFrom + x - k])
                {
                    x++;
                }

                furthest[max + k] = x;
                if (x >= n && x - k >= m)
                {
                    isFound = true;
                    break;
                }
            }
        }

        if (!isFound)
        {
            for (var i = 0; i < n; i++)
            {
                edits.Add(new Edit('-', a[aFrom + i], aFrom + i, bFrom));
            }
            for (var i = 0; i < m; i++)
            {
                edits.Add(new Edit('+', b[bFrom + i], aTo, bFrom + i));
            }
            return;
        }

        var (px, py) = (n, m);
        var way = new List<Edit>();
        for (var d = rounds.Count - 1; d >= 0; d--)
        {
            var before = rounds[d];
            int At(int k) => Math.Abs(k) <= d ? before[k + d] : 0;
            var k = px - py;
            var previous =
                d == 0 ? 0
                : k == -d || (k != d && At(k - 1) < At(k + 1)) ? k + 1
                : k - 1;
            var (fromX, fromY) = d == 0 ? (0, 0) : (At(previous), At(previous) - previous);
            while (px > fromX && py > fromY)
            {
                way.Add(new Edit(' ', a[aFrom + --px], aFrom + px, bFrom + --py));
            }

            if (d == 0)
            {
                break;
            }

            if (px > fromX)
            {
                way.Add(new Edit('-', a[aFrom + --px], aFrom + px, bFrom + py));
            }
            else
            {
                way.Add(new Edit('+', b[bFrom + --py], aFrom + px, bFrom + py));
            }
        }

        way.Reverse();
        edits.AddRange(way);
    }

    /// <param name="Kind">A space, <c>-</c> or <c>+</c>.</param>
    /// <param name="Old">The number of lines before this one in the old text; <paramref name="New"/> in the new text.</param>
    private readonly record struct Edit(char Kind, string Line, int Old, int New);

    /// <summary>A zero-based range of old lines and the new lines that replace it.</summary>
    internal readonly record struct LineChange(int OldStart, int OldLines, int NewStart, int NewLines);
}
