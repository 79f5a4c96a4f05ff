using System.Text;
using Plue.Server.Json5;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Codices;

/// <summary>A placeholder that is still to be filled in.</summary>
/// <param name="Start">The offset of <c>{{name}}</c> in the text, in UTF-16 units.</param>
internal sealed record PlaceholderSpan(string Name, int Start, int Length);

/// <param name="Holes">The remaining placeholders, in text order.</param>
internal sealed record FilledPrompt(string Text, IReadOnlyList<PlaceholderSpan> Holes);

/// <summary>
/// Fills placeholders such as <c>{{field}}</c>, <c>{{budget.usd}}</c> or <c>{{messages[-1].content}}</c> in a prompt. Inserted values are not expanded
/// again. A path without a value is empty, and a line with only such paths is omitted. <c>\{{</c> is an escaped <c>{{</c>.
/// </summary>
internal static class PromptPlaceholders
{
    /// <summary>The maximum length of one value in UTF-16 units; the rest is truncated.</summary>
    public const int MaxValueLength = 32 * 1024;

    /// <summary>The maximum total length of the values of a prompt, in UTF-16 units.</summary>
    public const int MaxTotalLength = 256 * 1024;
    private const int MaxPathLength = 200;

    /// <summary>True if the text may contain placeholders, so that values are needed.</summary>
    public static bool ExistIn(string text) => text.Contains("{{", StringComparison.Ordinal);

    /// <summary>Returns the placeholders in the text, whether or not they have a value.</summary>
    public static IEnumerable<(ValuePath Path, PlaceholderSpan At)> FindIn(string text)
    {
        var (seen, ofLine) = (0, -1);
        while (text.IndexOf("{{", seen, StringComparison.Ordinal) is var open and >= 0)
        {
            if (ofLine < open)
            {
                ofLine = text.IndexOf('\n', open) is var end and >= 0 ? end : text.Length;
            }

            if (PathAt(text.AsSpan(seen, ofLine - seen), open - seen, out var length) is { } path)
            {
                yield return (path, new PlaceholderSpan(path.Text, open, length));
                seen = open + length;
            }
            else
            {
                seen = open + 2;
            }
        }
    }

    /// <param name="isKept">True for names that are filled in later and kept as written; null keeps none.</param>
    public static FilledPrompt Fill(string text, Json5Object values, Func<string, bool>? isKept = null)
    {
        var output = new StringBuilder(text.Length);
        List<PlaceholderSpan> placeholders = [];
        var remaining = MaxTotalLength;
        for (var at = 0; at < text.Length; )
        {
            var end = text.IndexOf('\n', at);
            var line = text.AsSpan(at, (end < 0 ? text.Length : end + 1) - at);
            at += line.Length;
            var (began, held) = (output.Length, placeholders.Count);
            if (FillLine(line, values, isKept, output, placeholders, ref remaining))
            {
                continue;
            }

            output.Length = began;
            placeholders.RemoveRange(held, placeholders.Count - held);
            // The last line has no line end; the one before the omitted line is removed.
            if (end < 0 && output.Length > 0)
            {
                output.Length--;
            }
        }

        return new FilledPrompt(output.ToString(), placeholders);
    }

    /// <returns>False for a line of only placeholders without values.</returns>
    private static bool FillLine(
        ReadOnlySpan<char> line,
        Json5Object values,
        Func<string, bool>? keeps,
        StringBuilder output,
        List<PlaceholderSpan> placeholders,
        ref int remaining
    )
    {
        var (hasNothing, hasMore) = (false, false);
        while (line.IndexOf("{{") is var open and >= 0)
        {
            var before = line[..open];
            var path = PathAt(line, open, out var length);
            if (before.EndsWith("\\"))
            {
                before = before[..^1];
            }

            output.Append(before);
            hasMore |= !before.IsWhiteSpace();
            if (path is null)
            {
                output.Append("{{");
                hasMore = true;
                line = line[(open + 2)..];
                continue;
            }

            if (keeps?.Invoke(path.Text) == true)
            {
                placeholders.Add(new PlaceholderSpan(path.Text, output.Length, length));
                output.Append(line.Slice(open, length));
                hasMore = true;
            }
            else
            {
                var value = TextCut.Head(ValueText(path.Find(values)), Math.Min(remaining, MaxValueLength));
                output.Append(value);
                remaining -= value.Length;
                if (value.Length == 0)
                {
                    hasNothing = true;
                }
                else
                {
                    hasMore = true;
                }
            }

            line = line[(open + length)..];
        }

        output.Append(line);
        return hasMore || !hasNothing || !line.IsWhiteSpace();
    }

    /// <summary>Returns the path of the placeholder that starts at <paramref name="open"/>; null if there is none.</summary>
    /// <param name="length">The length including the braces.</param>
    private static ValuePath? PathAt(ReadOnlySpan<char> line, int open, out int length)
    {
        var inner = line[(open + 2)..];
        var close = inner.IndexOf("}}");
        length = close + 4;
        return line[..open].EndsWith("\\") || close is < 0 or > MaxPathLength ? null : PathOf(inner[..close]);
    }

    /// <summary>Returns null for text that cannot be a field: braces in a prompt may have another meaning.</summary>
    private static ValuePath? PathOf(ReadOnlySpan<char> inner)
    {
        var text = inner.Trim();
        var isPath =
            text.Length > 0
            && (char.IsAsciiLetter(text[0]) || text[0] == '_')
            && text.IndexOfAnyExcept("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.[]") < 0;
        return isPath ? ValuePath.TryParse(text.ToString()) : null;
    }

    private static string ValueText(Json5Node? value) =>
        value switch
        {
            null or Json5Null => "",
            Json5String text => text.Value.ReplaceLineEndings("\n"),
            Json5Array list => string.Join(
                ", ",
                list.Items.Select(item => item is Json5String text ? text.Value.ReplaceLineEndings("\n") : Json5Writer.WriteLine(item))
            ),
            _ => Json5Writer.WriteLine(value),
        };
}
