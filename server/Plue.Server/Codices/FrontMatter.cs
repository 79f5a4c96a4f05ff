using System.Text;
using Plue.Server.Json5;
using Plue.Server.Templates;

namespace Plue.Server.Codices;

/// <summary>
/// The front matter of a Markdown file: lines of <c>key: value</c> between two lines of three hyphens at the start of the file. A value is text, optionally
/// in indented lines below its key (<c>|</c>, <c>&gt;</c>, or continued), a list (<c>[one, two]</c> or lines of <c>- one</c>), or an indented object of texts.
/// Other YAML is not supported.
/// </summary>
/// <param name="Body">The Markdown after the front matter, with LF line ends and without leading and trailing blank lines.</param>
internal sealed record FrontMatter(Json5Object Values, string Body, IReadOnlyList<DocumentProblem> Problems)
{
    private const string Fence = "---";

    public static FrontMatter Parse(string text)
    {
        var lines = text.TrimStart('\uFEFF').ReplaceLineEndings("\n").Split('\n');
        if (lines[0] != Fence)
        {
            return new FrontMatter(Json5Object.Empty, string.Join('\n', lines).Trim(), []);
        }

        var end = Array.FindIndex(lines, 1, line => line.TrimEnd() == Fence);
        if (end < 0)
        {
            return new FrontMatter(
                Json5Object.Empty,
                string.Join('\n', lines).Trim(),
                [
                    new DocumentProblem(
                        "The front matter has no closing line of three hyphens, so it is treated as part of the prompt.",
                        1,
                        1,
                        IsError: false
                    ),
                ]
            );
        }

        var members = new List<Json5Member>();
        for (var i = 1; i < end; i++)
        {
            if (KeyOf(lines[i]) is not { } key)
            {
                continue;
            }

            var span = new Json5Span(0, 0, i + 1, 1);
            var value = lines[i][(key.Length + 1)..].Trim();
            var first = i + 2;
            var items = lines[(i + 1)..end]
                .TakeWhile(IsItem)
                .Select(
                    (line, at) => Text(Unquote(line.TrimStart()[1..].Trim()), first + at, line.IndexOf('-', StringComparison.Ordinal) + 3)
                )
                .ToList();
            var below = lines[(i + 1)..(i + 1 + Below(lines[..end], i))];
            members.Add(
                new Json5Member(
                    key,
                    value.Length == 0 && items.Count > 0 ? Json5Array.Of(items)
                        : IsBlock(value) ? Text(BlockOf(below, value[0] == '>'), i + 1, 1)
                        : value.Length == 0 && ObjectOf(below, i + 2) is { } inner ? inner
                        : below.Length > 0 && value is not ['[', ..]
                            ? Text(
                                Unquote(string.Join(' ', below.Select(line => line.Trim()).Prepend(value).Where(line => line.Length > 0))),
                                i + 1,
                                1
                            )
                        : ValueOf(value, i + 1, lines[i].Length - lines[i][(key.Length + 1)..].TrimStart().Length + 1),
                    span
                )
            );
        }

        return new FrontMatter(new Json5Object(members), string.Join('\n', lines[(end + 1)..]).Trim(), []);
    }

    /// <summary>Sets one key, or removes it if the value is null, and preserves the rest of the file.</summary>
    /// <returns>Null if the value is neither text nor a list of texts.</returns>
    public static string? Set(string text, string key, Json5Node? value)
    {
        if (value is not (null or Json5String) && !(value is Json5Array array && array.Items.All(item => item is Json5String)))
        {
            return null;
        }

        var newLine = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        var mark = text.StartsWith('\uFEFF') ? "\uFEFF" : "";
        var lines = text[mark.Length..].Split('\n').ToList();
        string? Entry(string end) => value is null ? null : $"{key}: {Write(value)}{end}";
        var close = lines[0].TrimEnd('\r') == Fence ? lines.FindIndex(1, line => line.TrimEnd() == Fence) : -1;
        if (close < 0)
        {
            return value is null ? text : $"{mark}{Fence}{newLine}{Entry(newLine)}{Fence}{newLine}{text[mark.Length..]}";
        }

        var ending = newLine == "\r\n" ? "\r" : "";
        var at = lines.FindLastIndex(close - 1, close - 1, line => KeyOf(line) == key);
        if (at < 0)
        {
            if (Entry(ending) is { } added)
            {
                lines.Insert(close, added);
            }
        }
        else
        {
            var items = lines.Skip(at + 1).Take(close - at - 1).TakeWhile(IsItem).Count();
            var count = 1 + Math.Max(items, Below([.. lines.Take(close)], at));
            lines.RemoveRange(at, count);
            if (Entry(ending) is { } changed)
            {
                lines.Insert(at, changed);
            }
        }

        return mark + string.Join('\n', lines);
    }

    private static string? KeyOf(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        return
            colon > 0
            && line.AsSpan(0, colon).IndexOfAnyExcept("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") < 0
            && line[0] != '-'
            ? line[..colon]
            : null;
    }

    /// <summary>Returns the number of indented lines that follow a key, including blank lines between them.</summary>
    private static int Below(string[] lines, int key)
    {
        var last = key;
        for (var at = key + 1; at < lines.Length && (lines[at].Trim().Length == 0 || lines[at][0] is ' ' or '\t'); at++)
        {
            last = lines[at].Trim().Length == 0 ? last : at;
        }

        return last - key;
    }

    private static bool IsBlock(string value) =>
        value is ['|' or '>', ..] && value.Skip(1).All(c => c is '+' or '-' || char.IsAsciiDigit(c));

    private static string BlockOf(string[] lines, bool isFolded)
    {
        var indent = lines
            .Where(line => line.Trim().Length > 0)
            .Select(line => line.Length - line.TrimStart().Length)
            .DefaultIfEmpty(0)
            .Min();
        var text = string.Join('\n', lines.Select(line => line.Length >= indent ? line[indent..].TrimEnd() : "")).Trim('\n');
        return isFolded ? string.Join('\n', text.Split("\n\n").Select(one => one.Replace('\n', ' '))) : text;
    }

    /// <returns>Null if a line is not <c>key: value</c>.</returns>
    private static Json5Object? ObjectOf(string[] lines, int first)
    {
        List<Json5Member> members = [];
        for (var at = 0; at < lines.Length; at++)
        {
            var line = lines[at].Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }
            if (KeyOf(line) is not { } key)
            {
                return null;
            }

            members.Add(
                new Json5Member(key, Text(Unquote(line[(key.Length + 1)..].Trim()), first + at, 1), new Json5Span(0, 0, first + at, 1))
            );
        }

        return members.Count == 0 ? null : new Json5Object(members);
    }

    private static bool IsItem(string line) => line.TrimStart().StartsWith("- ", StringComparison.Ordinal);

    private static Json5Node ValueOf(string value, int line, int column)
    {
        if (value is not ['[', .. var inner, ']'])
        {
            return Text(Unquote(value), line, column);
        }

        return Json5Array.Of(Items(inner).Select(Unquote).Where(item => item.Length > 0).Select(item => Text(item, line, column)));
    }

    private static Json5Node Text(string value, int line, int column) =>
        new Json5String(value) { Span = new Json5Span(0, 0, line, column) };

    /// <summary>Splits at commas outside quotes.</summary>
    private static IEnumerable<string> Items(string text)
    {
        var item = new StringBuilder();
        var quote = '\0';
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == ',' && quote == '\0')
            {
                yield return item.ToString().Trim();
                item.Clear();
                continue;
            }

            if (quote == '"' && c == '\\' && i + 1 < text.Length)
            {
                item.Append(c).Append(text[++i]);
                continue;
            }
            if (quote == c)
            {
                quote = '\0';
            }
            else if (quote == '\0' && c is '"' or '\'' && item.ToString().Trim().Length == 0)
            {
                quote = c;
            }
            item.Append(c);
        }

        yield return item.ToString().Trim();
    }

    private static string Write(Json5Node value) =>
        value is Json5Array array
            ? $"[{string.Join(", ", array.Items.OfType<Json5String>().Select(item => Quote(item.Value, inList: true)))}]"
            : Quote(((Json5String)value).Value, inList: false);

    private static string Quote(string text, bool inList)
    {
        text = text.ReplaceLineEndings(" ");
        var isPlain =
            text.Length > 0
            && text.Trim() == text
            && text[0] is not ('"' or '\'' or '[' or '{' or '#' or '-' or '&' or '*' or '!' or '|' or '>' or '%' or '@' or '`')
            && !text.Contains(": ", StringComparison.Ordinal)
            && !text.Contains(" #", StringComparison.Ordinal)
            && !text.EndsWith(':')
            && !(inList && text.AsSpan().ContainsAny(",]["));
        return isPlain
            ? text
            : $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
    }

    private static string Unquote(string text)
    {
        if (text.Length < 2 || text[0] is not ('"' or '\'') || text[^1] != text[0])
        {
            return text;
        }

        var inner = text[1..^1];
        return text[0] == '\''
            ? inner
            : inner.Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal);
    }
}
