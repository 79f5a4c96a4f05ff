using System.Globalization;

namespace Plue.Server.Json5;

/// <summary>The text after an edit; unchanged if there is an error.</summary>
internal sealed record Json5Edited(string Text, Json5Error? Error = null);

/// <summary>Changes one value in the text of a file and preserves everything else, including comments, order and line breaks.</summary>
internal static class Json5Edit
{
    private const int Indentation = 2;

    /// <summary>Sets the value at a path of keys; missing objects are created. An empty text becomes a new object.</summary>
    /// <param name="path">At least one key. For a list, an index from 0; the index after the last one adds an item.</param>
    public static Json5Edited Set(string text, IReadOnlyList<string> path, Json5Node value)
    {
        ArgumentOutOfRangeException.ThrowIfZero(path.Count);
        var document = Json5Reader.Read(text);
        if (document.Root is null && text.AsSpan().Trim('\uFEFF').IsWhiteSpace())
        {
            return new Json5Edited(Json5Writer.WriteFile(Wrap(path, 0, value)));
        }

        if (!document.IsValid)
        {
            return new Json5Edited(text, document.Errors[0]);
        }

        var current = document.Root!;
        for (var i = 0; ; i++)
        {
            var at = i;
            Entry? entry;
            if (current is Json5Object owner)
            {
                entry = owner.FindMember(path[i]) is { } member ? Entry.Of(member) : null;
                if (entry is null)
                {
                    return new Json5Edited(
                        Insert(
                            text,
                            document,
                            owner.Span,
                            owner.Members.Count > 0 ? Entry.Of(owner.Members[^1]) : null,
                            path[i],
                            Wrap(path, at + 1, value)
                        )
                    );
                }
            }
            else if (current is Json5Array list && int.TryParse(path[i], NumberStyles.None, CultureInfo.InvariantCulture, out var place))
            {
                if (place > list.Items.Count)
                {
                    return new Json5Edited(
                        text,
                        new Json5Error($"The list has {list.Items.Count} items, and {place} is not a valid index.", list.Span)
                    );
                }

                if (place == list.Items.Count)
                {
                    return new Json5Edited(
                        Insert(text, document, list.Span, place > 0 ? Entry.Of(list.Items[^1]) : null, null, Wrap(path, at + 1, value))
                    );
                }

                entry = Entry.Of(list.Items[place]);
            }
            else
            {
                return new Json5Edited(
                    text,
                    new Json5Error(
                        $"{(i == 0 ? "The file" : $"`{path[i - 1]}`")} is {current.Kind} where an object was expected.",
                        current.Span
                    )
                );
            }

            if (i == path.Count - 1)
            {
                return new Json5Edited(
                    Replace(
                        text,
                        entry.Value.Span.Start,
                        entry.Value.Span.End,
                        Json5Writer.Write(value, IndentAt(text, entry.Start).Length, NewLineOf(text))
                    )
                );
            }

            current = entry.Value;
        }
    }

    /// <summary>Replaces values and preserves everything between them. A string keeps its quotes.</summary>
    /// <param name="text">The parsed text.</param>
    /// <param name="changes">Spans of values in the text; none contains another.</param>
    public static string Replace(string text, params IEnumerable<(Json5Span At, Json5Node Value)> changes) =>
        changes
            .OrderByDescending(change => change.At.Start)
            .Aggregate(
                text,
                (edited, change) =>
                {
                    var (at, value) = change;
                    var mark = text[at.Start] == '\'' ? '\'' : '"';
                    return Replace(
                        edited,
                        at.Start,
                        at.End,
                        Json5Writer.Write(value, IndentAt(text, at.Start).Length, NewLineOf(text), mark)
                    );
                }
            );

    /// <summary>Removes a key and its value, or an item of a list; a comment on the same line stays. Does nothing if it does not exist.</summary>
    public static Json5Edited Remove(string text, IReadOnlyList<string> path)
    {
        ArgumentOutOfRangeException.ThrowIfZero(path.Count);
        var document = Json5Reader.Read(text);
        if (!document.IsValid)
        {
            return new Json5Edited(text, document.Errors[0]);
        }

        var owner = document.Root;
        foreach (var key in path.SkipLast(1))
        {
            owner = owner is Json5Array list ? Item(list, key) : (owner as Json5Object)?.Find(key);
        }

        List<Entry> entries = owner switch
        {
            Json5Object value => [.. value.Members.Select(Entry.Of)],
            Json5Array list => [.. list.Items.Select(Entry.Of)],
            _ => [],
        };
        // From last to first, so that earlier positions stay valid.
        var edited = text;
        for (var i = entries.Count - 1; i >= 0; i--)
        {
            var isMeant = owner is Json5Object value
                ? value.Members[i].Name == path[^1]
                : ReferenceEquals(entries[i].Value, Item((Json5Array)owner!, path[^1]));
            if (isMeant)
            {
                edited = RemoveEntry(edited, document, entries[i], i + 1 < entries.Count ? entries[i + 1].Start : owner!.Span.End - 1);
            }
        }

        return new Json5Edited(edited);
    }

    /// <summary>A member or an item: its start and its value.</summary>
    private sealed record Entry(int Start, Json5Node Value)
    {
        public static Entry Of(Json5Member member) => new(member.NameSpan.Start, member.Value);

        public static Entry Of(Json5Node item) => new(item.Span.Start, item);
    }

    private static Json5Node? Item(Json5Array list, string key) =>
        int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var place) && place < list.Items.Count
            ? list.Items[place]
            : null;

    private static string NewLineOf(string text) => text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";

    private static Json5Node Wrap(IReadOnlyList<string> path, int from, Json5Node value)
    {
        for (var i = path.Count - 1; i >= from; i--)
        {
            value = Json5Object.Of([(path[i], value)]);
        }

        return value;
    }

    /// <param name="name">Null for an item of a list.</param>
    private static string Insert(string text, Json5Document document, Json5Span owner, Entry? last, string? name, Json5Node value)
    {
        var newLine = NewLineOf(text);
        var close = owner.End - 1;
        var closeIndent = IndentAt(text, close);
        var closeLine = LineStart(text, close);
        var isCloseOnOwnLine = closeLine + closeIndent.Length == close && closeLine > owner.Start;
        var hasTrailingComma = last is null || FindComma(text, document, last.Value.Span.End, close) >= 0;
        string Written(int indent) => (name is null ? "" : $"{Json5Writer.WriteKey(name)}: ") + Json5Writer.Write(value, indent, newLine);

        if (isCloseOnOwnLine)
        {
            var indent =
                last is not null && IndentAt(text, last.Start) is var own && LineStart(text, last.Start) + own.Length == last.Start
                    ? own
                    : closeIndent + new string(' ', Indentation);
            var comma = last is null || hasTrailingComma ? "," : "";
            var line = $"{indent}{Written(indent.Length)}{comma}{newLine}";
            var withLine = Replace(text, closeLine, closeLine, line);
            return hasTrailingComma ? withLine : Replace(withLine, last!.Value.Span.End, last.Value.Span.End, ",");
        }

        if (last is null)
        {
            // Only white space inside, or a comment, after which the new key is inserted.
            var indent = IndentAt(text, owner.Start);
            var inner = new string(' ', indent.Length + Indentation);
            var inside = text[(owner.Start + 1)..close].TrimEnd();
            return name is null && inside.Length == 0
                ? Replace(text, owner.Start + 1, close, Written(indent.Length))
                : Replace(text, owner.Start + 1, close, $"{inside}{newLine}{inner}{Written(inner.Length)},{newLine}{indent}");
        }

        var lineIndent = IndentAt(text, last.Start).Length;
        if (!hasTrailingComma)
        {
            return Replace(text, last.Value.Span.End, last.Value.Span.End, $", {Written(lineIndent)}");
        }

        var behind = FindComma(text, document, last.Value.Span.End, close) + 1;
        return Replace(text, behind, behind, $" {Written(lineIndent)},");
    }

    private static string RemoveEntry(string text, Json5Document document, Entry entry, int limit)
    {
        var start = entry.Start;
        var comma = FindComma(document.Text, document, entry.Value.Span.End, limit);
        var valueEnd = entry.Value.Span.End;
        if (comma >= 0)
        {
            // Only white space or comments can be between the value and its comma; they are kept.
            text = text.Remove(comma, 1);
            if (text.AsSpan(valueEnd, comma - valueEnd).IsWhiteSpace())
            {
                valueEnd = comma;
            }
        }

        var lineStart = LineStart(text, start);
        var lineEnd = text.AsSpan(valueEnd).IndexOf('\n') is var found and >= 0 ? valueEnd + found + 1 : -1;
        if (
            lineEnd >= 0
            && text.AsSpan(lineStart, start - lineStart).IsWhiteSpace()
            && text.AsSpan(valueEnd, lineEnd - valueEnd).IsWhiteSpace()
        )
        {
            return text.Remove(lineStart, lineEnd - lineStart);
        }

        while (valueEnd < text.Length && text[valueEnd] is ' ' or '\t')
        {
            valueEnd++;
        }

        return text.Remove(start, valueEnd - start);
    }

    /// <summary>Gets the index of the comma between two positions, ignoring commas in comments; -1 if there is none.</summary>
    private static int FindComma(string text, Json5Document document, int from, int to)
    {
        // Between a value and the next token are only white space, comments and at most one comma.
        var comments = document.Comments;
        var next = FirstCommentFrom(comments, from);
        for (var i = from; i < to; i++)
        {
            if (next < comments.Count && comments[next].Span.Start == i)
            {
                i = comments[next++].Span.End - 1;
            }
            else if (text[i] == ',')
            {
                return i;
            }
        }

        return -1;
    }

    private static int FirstCommentFrom(IReadOnlyList<Json5Comment> comments, int index)
    {
        var (low, high) = (0, comments.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (comments[middle].Span.Start < index)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private static int LineStart(string text, int index)
    {
        while (index > 0 && text[index - 1] is not ('\n' or '\r'))
        {
            index--;
        }

        return index;
    }

    private static string IndentAt(string text, int index)
    {
        var start = LineStart(text, index);
        var end = start;
        while (end < index && text[end] is ' ' or '\t')
        {
            end++;
        }

        return text[start..end];
    }

    private static string Replace(string text, int start, int end, string with) =>
        string.Concat(text.AsSpan(0, start), with, text.AsSpan(end));
}
