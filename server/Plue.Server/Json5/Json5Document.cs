namespace Plue.Server.Json5;

/// <summary>A syntax error with its location.</summary>
/// <param name="Message">A sentence with what was found and what was expected.</param>
/// <param name="Span">The location; empty at the end of the file if something is missing there.</param>
internal sealed record Json5Error(string Message, Json5Span Span);

/// <param name="Text">The text with its delimiters, without the line break.</param>
/// <param name="IsBlock">True for <c>/* */</c>, false for <c>//</c>.</param>
internal sealed record Json5Comment(string Text, bool IsBlock, Json5Span Span);

/// <summary>The result of parsing one file: the value as far as it could be parsed, the comments and all errors.</summary>
internal sealed class Json5Document(
    string text,
    Json5Node? root,
    IReadOnlyList<Json5Comment> comments,
    IReadOnlyList<Json5Error> errors,
    Json5Lines lines
)
{
    public string Text { get; } = text;

    /// <summary>The value without members and items that have errors; null if nothing could be parsed.</summary>
    public Json5Node? Root { get; } = root;

    public IReadOnlyList<Json5Comment> Comments { get; } = comments;

    /// <summary>The errors in file order.</summary>
    public IReadOnlyList<Json5Error> Errors { get; } = errors;

    public Json5Lines Lines { get; } = lines;

    public bool IsValid => Errors.Count == 0;
}

/// <summary>Converts between index and line and column. Lines end as in an editor: LF, CRLF or CR.</summary>
internal sealed class Json5Lines
{
    private readonly List<int> starts = [0];
    private readonly string text;

    /// <summary>The line that was found last.</summary>
    private int nearby;

    public Json5Lines(string text)
    {
        this.text = text;
        for (var (at, next) = (0, 0); (next = text.AsSpan(at).IndexOfAny('\n', '\r')) >= 0; )
        {
            at += next + 1;
            if (text[at - 1] == '\r' && at < text.Length && text[at] == '\n')
            {
                at++;
            }

            starts.Add(at);
        }
    }

    public Json5Span Span(int start, int end)
    {
        var line = LineOf(start);
        return new Json5Span(start, end, line + 1, start - starts[line] + 1);
    }

    public int Count => starts.Count;

    /// <summary>Gets the index of a line and column, both from 1. Positions beyond the end of a line or of the text are clamped.</summary>
    public int IndexAt(int line, int column)
    {
        if (line < 1)
        {
            return 0;
        }
        if (line > starts.Count)
        {
            return text.Length;
        }

        var (start, end) = (starts[line - 1], line == starts.Count ? text.Length : starts[line]);
        while (end > start && text[end - 1] is '\n' or '\r')
        {
            end--;
        }

        return (int)Math.Clamp(start + Math.Max(0L, column - 1L), start, end);
    }

    /// <summary>
    /// Gets the last line that starts at or before the position. Not <see cref="List{T}.BinarySearch(T)"/>, which is compiled at run time, at a higher cost
    /// than parsing the file.
    /// </summary>
    private int LineOf(int position)
    {
        // The reader requests positions in order.
        const int Near = 4;
        var last = nearby;
        if (starts[last] <= position)
        {
            for (var line = last; line < last + Near && line < starts.Count; line++)
            {
                if (line + 1 == starts.Count || position < starts[line + 1])
                {
                    return nearby = line;
                }
            }
        }

        var (low, high) = (0, starts.Count);
        while (high - low > 1)
        {
            var middle = (low + high) / 2;
            if (starts[middle] <= position)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        if (low > last)
        {
            nearby = low;
        }

        return low;
    }
}
