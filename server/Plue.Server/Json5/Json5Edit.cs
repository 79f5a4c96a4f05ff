namespace Plue.Server.Json5;

/// <summary>The text after an edit; with an error it is the text as it was.</summary>
public sealed record Json5Edited(string Text, Json5Error? Error = null);

/// <summary>Changes one value in the text of a file and leaves everything else as it was, comments, order and line ends included.</summary>
public static class Json5Edit
{
    private const int Indentation = 2;

    /// <summary>Sets the value at a path of keys; missing objects on the way are made. An empty text becomes a new object.</summary>
    /// <param name="path">At least one key.</param>
    public static Json5Edited Set(string text, IReadOnlyList<string> path, Json5Node value)
    {
        ArgumentOutOfRangeException.ThrowIfZero(path.Count);
        var document = Json5Reader.Read(text);
        if (document.Root is null && text.AsSpan().Trim('\uFEFF').IsWhiteSpace())
        {
            return new Json5Edited(Json5Writer.WriteFile(Wrap(path, 0, value)));
        }

        if (!document.IsValid) { return new Json5Edited(text, document.Errors[0]); }

        if (document.Root is not Json5Object current) { return NotAnObject(text, document.Root!, "The file"); }

        var newLine = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        for (var i = 0; ; i++)
        {
            if (current.FindMember(path[i]) is not { } member)
            {
                return new Json5Edited(Insert(text, document, current, path[i], Wrap(path, i + 1, value), newLine));
            }

            if (i == path.Count - 1)
            {
                return new Json5Edited(Replace(text, member.Value.Span.Start, member.Value.Span.End,
                    Json5Writer.Write(value, IndentAt(text, member.NameSpan.Start).Length, newLine)));
            }

            if (member.Value is not Json5Object inner) { return NotAnObject(text, member.Value, $"`{path[i]}`"); }

            current = inner;
        }
    }

    /// <summary>Removes a key and its value; a comment on the same line stays. Nothing happens when the key is not there.</summary>
    public static Json5Edited Remove(string text, IReadOnlyList<string> path)
    {
        ArgumentOutOfRangeException.ThrowIfZero(path.Count);
        var document = Json5Reader.Read(text);
        if (!document.IsValid) { return new Json5Edited(text, document.Errors[0]); }

        var parent = document.Root;
        foreach (var key in path.SkipLast(1)) { parent = (parent as Json5Object)?.Find(key); }

        if (parent is not Json5Object owner) { return new Json5Edited(text); }

        // From the last to the first, so that the positions before stay true.
        var edited = text;
        for (var i = owner.Members.Count - 1; i >= 0; i--)
        {
            if (owner.Members[i].Name == path[^1]) { edited = RemoveMember(edited, document, owner, i); }
        }

        return new Json5Edited(edited);
    }

    private static Json5Edited NotAnObject(string text, Json5Node found, string what) =>
        new(text, new Json5Error($"{what} is {found.Kind} where an object was expected.", found.Span));

    private static Json5Node Wrap(IReadOnlyList<string> path, int from, Json5Node value)
    {
        for (var i = path.Count - 1; i >= from; i--) { value = Json5Object.Of([(path[i], value)]); }

        return value;
    }

    private static string Insert(string text, Json5Document document, Json5Object owner, string name, Json5Node value, string newLine)
    {
        var close = owner.Span.End - 1;
        var closeIndent = IndentAt(text, close);
        var closeLine = LineStart(text, close);
        var closeStandsAlone = closeLine + closeIndent.Length == close && closeLine > owner.Span.Start;
        var last = owner.Members.Count > 0 ? owner.Members[^1] : null;
        var hasTrailingComma = last is null || FindComma(text, document, last.Value.Span.End, close) >= 0;
        string Entry(int indent) => $"{Json5Writer.WriteKey(name)}: {Json5Writer.Write(value, indent, newLine)}";

        if (closeStandsAlone)
        {
            var indent = last is not null && IndentAt(text, last.NameSpan.Start) is var own && LineStart(text, last.NameSpan.Start) + own.Length == last.NameSpan.Start
                ? own
                : closeIndent + new string(' ', Indentation);
            var comma = last is null || hasTrailingComma ? "," : "";
            var line = $"{indent}{Entry(indent.Length)}{comma}{newLine}";
            var withLine = Replace(text, closeLine, closeLine, line);
            return hasTrailingComma ? withLine : Replace(withLine, last!.Value.Span.End, last.Value.Span.End, ",");
        }

        if (last is null)
        {
            // Nothing inside but white space, or a comment that the new key then follows.
            var indent = IndentAt(text, owner.Span.Start);
            var inner = new string(' ', indent.Length + Indentation);
            var inside = text[(owner.Span.Start + 1)..close].TrimEnd();
            return Replace(text, owner.Span.Start + 1, close, $"{inside}{newLine}{inner}{Entry(inner.Length)},{newLine}{indent}");
        }

        var lineIndent = IndentAt(text, last.NameSpan.Start).Length;
        if (!hasTrailingComma) { return Replace(text, last.Value.Span.End, last.Value.Span.End, $", {Entry(lineIndent)}"); }

        var behind = FindComma(text, document, last.Value.Span.End, close) + 1;
        return Replace(text, behind, behind, $" {Entry(lineIndent)},");
    }

    private static string RemoveMember(string text, Json5Document document, Json5Object owner, int index)
    {
        var member = owner.Members[index];
        var limit = index + 1 < owner.Members.Count ? owner.Members[index + 1].NameSpan.Start : owner.Span.End - 1;
        var start = member.NameSpan.Start;
        var comma = FindComma(document.Text, document, member.Value.Span.End, limit);
        var valueEnd = member.Value.Span.End;
        if (comma >= 0)
        {
            // What stands between the value and its comma can only be white space or comments, and those stay.
            text = text.Remove(comma, 1);
            if (text.AsSpan(valueEnd, comma - valueEnd).IsWhiteSpace()) { valueEnd = comma; }
        }

        var lineStart = LineStart(text, start);
        var lineEnd = text.AsSpan(valueEnd).IndexOf('\n') is var found and >= 0 ? valueEnd + found + 1 : -1;
        if (lineEnd >= 0 && text.AsSpan(lineStart, start - lineStart).IsWhiteSpace() && text.AsSpan(valueEnd, lineEnd - valueEnd).IsWhiteSpace())
        {
            return text.Remove(lineStart, lineEnd - lineStart);
        }

        while (valueEnd < text.Length && text[valueEnd] is ' ' or '\t') { valueEnd++; }

        return text.Remove(start, valueEnd - start);
    }

    /// <summary>The comma between two places, not counting commas in comments; -1 when there is none.</summary>
    private static int FindComma(string text, Json5Document document, int from, int to)
    {
        // Between a value and what follows there are only white space, comments and perhaps a comma.
        var comments = document.Comments;
        var next = FirstCommentFrom(comments, from);
        for (var i = from; i < to; i++)
        {
            if (next < comments.Count && comments[next].Span.Start == i) { i = comments[next++].Span.End - 1; }
            else if (text[i] == ',') { return i; }
        }

        return -1;
    }

    private static int FirstCommentFrom(IReadOnlyList<Json5Comment> comments, int index)
    {
        var (low, high) = (0, comments.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (comments[middle].Span.Start < index) { low = middle + 1; }
            else { high = middle; }
        }

        return low;
    }

    private static int LineStart(string text, int index)
    {
        while (index > 0 && text[index - 1] is not ('\n' or '\r')) { index--; }

        return index;
    }

    private static string IndentAt(string text, int index)
    {
        var start = LineStart(text, index);
        var end = start;
        while (end < index && text[end] is ' ' or '\t') { end++; }

        return text[start..end];
    }

    private static string Replace(string text, int start, int end, string with) => string.Concat(text.AsSpan(0, start), with, text.AsSpan(end));
}
