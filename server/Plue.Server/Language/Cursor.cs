using Plue.Server.Json5;

namespace Plue.Server.Language;

internal enum CursorKind
{
    None,
    Key,
    Value,
}

/// <summary>A possibly incomplete key, with its value if that is a string or a word.</summary>
internal sealed record ParsedMember(string Name, TextSpan At)
{
    public string? Value { get; set; }
}

/// <summary>An object or list that contains the position and may not be closed yet.</summary>
internal sealed class Frame(bool isObject, int start)
{
    public bool IsObject => isObject;

    /// <summary>The offset of the opening bracket.</summary>
    public int Start => start;

    /// <summary>All members, including those after the position if they can be parsed.</summary>
    public List<ParsedMember> Members { get; } = [];
}

/// <summary>A frame and its key on the path to the position; null in a list, and while the key is being typed.</summary>
internal readonly record struct FrameStep(Frame Frame, string? Key);

/// <summary>
/// The syntactic context of a position in incomplete JSON5. Computed from the tokens alone, because the parser's recovery may omit what is
/// being typed. Never fails: for other text, <paramref name="Steps"/> is empty.
/// </summary>
/// <param name="Steps">From the outermost; empty outside of all objects and lists.</param>
/// <param name="Token">The token at the position that is to be replaced; empty if there is none.</param>
/// <param name="Quote">The opening quote of the token, or the zero character.</param>
/// <param name="IsClosed">True if a quoted token has its closing quote.</param>
/// <param name="HasColon">True if a colon follows.</param>
internal sealed record Cursor(IReadOnlyList<FrameStep> Steps, CursorKind Kind, TextSpan Token, char Quote, bool IsClosed, bool HasColon)
{
    private enum Expect
    {
        Key,
        Colon,
        Value,
        Next,
    }

    private enum TokenKind
    {
        Mark,
        Text,
        Word,
        Comment,
        End,
    }

    private readonly record struct Lexeme(TokenKind Kind, int Start, int End, bool IsClosed = true);

    private sealed class Open(Frame frame)
    {
        public Frame Frame => frame;
        public Expect Expect { get; set; } = frame.IsObject ? Expect.Key : Expect.Value;
        public ParsedMember? Current { get; set; }
    }

    /// <summary>The text between the token's quotes, or the token.</summary>
    public TextSpan Inner =>
        Quote == '\0' ? Token : new TextSpan(Token.Start + 1, Math.Max(Token.Start + 1, IsClosed ? Token.End - 1 : Token.End));

    public static Cursor At(string text, int offset)
    {
        offset = Math.Clamp(offset, 0, text.Length);
        var open = new Stack<Open>();
        Cursor? found = null;
        var position = 0;
        var lastEnd = 0;
        while (true)
        {
            var lexeme = Next(text, position);
            if (
                found is null
                && lexeme.Kind == TokenKind.Comment
                && lexeme.Start < offset
                && (offset < lexeme.End || (offset == lexeme.End && text[lexeme.Start + 1] == '/'))
            )
            {
                return new Cursor([], CursorKind.None, new TextSpan(offset, offset), '\0', true, false);
            }

            if (lexeme.Kind == TokenKind.Comment)
            {
                position = lexeme.End;
                continue;
            }

            if (found is null && (lexeme.Kind == TokenKind.End || offset <= lexeme.Start))
            {
                found = Between(text, open, offset, lastEnd, lexeme);
            }
            if (lexeme.Kind == TokenKind.End)
            {
                return found!;
            }

            if (
                found is null
                && lexeme.Kind is TokenKind.Text or TokenKind.Word
                && (offset < lexeme.End || (offset == lexeme.End && (lexeme.Kind == TokenKind.Word || !lexeme.IsClosed)))
            )
            {
                found = Within(text, open, lexeme);
            }

            Take(text, open, lexeme);
            position = lastEnd = lexeme.End;
        }
    }

    private static Cursor Between(string text, Stack<Open> open, int offset, int lastEnd, Lexeme next)
    {
        var empty = new TextSpan(offset, offset);
        var isNewLine = text.AsSpan(lastEnd, Math.Max(0, offset - lastEnd)).Contains('\n');
        var kind =
            open.Count == 0
                ? CursorKind.None
                : open.Peek().Expect switch
                {
                    Expect.Key => CursorKind.Key,
                    Expect.Value => CursorKind.Value,
                    // The comma at the end of the line is missing.
                    Expect.Next when isNewLine => open.Peek().Frame.IsObject ? CursorKind.Key : CursorKind.Value,
                    _ => CursorKind.None,
                };
        return new Cursor(StepsOf(open, kind), kind, empty, '\0', true, next.Kind == TokenKind.Mark && text[next.Start] == ':');
    }

    private static Cursor Within(string text, Stack<Open> open, Lexeme lexeme)
    {
        var hasColon = Following(text, lexeme.End) == ':';
        var kind =
            open.Count == 0 ? CursorKind.None
            : open.Peek() is { Frame.IsObject: true } inner && (inner.Expect != Expect.Value || hasColon) ? CursorKind.Key
            : CursorKind.Value;
        var quote = lexeme.Kind == TokenKind.Text ? text[lexeme.Start] : '\0';
        return new Cursor(StepsOf(open, kind), kind, new TextSpan(lexeme.Start, lexeme.End), quote, lexeme.IsClosed, hasColon);
    }

    private static FrameStep[] StepsOf(Stack<Open> open, CursorKind kind)
    {
        var steps = new FrameStep[open.Count];
        var index = open.Count;
        foreach (var frame in open)
        {
            index--;
            var isLast = index == open.Count - 1;
            steps[index] = new FrameStep(
                frame.Frame,
                frame.Frame.IsObject && !(isLast && kind != CursorKind.Value) ? frame.Current?.Name : null
            );
        }

        return steps;
    }

    private static void Take(string text, Stack<Open> open, Lexeme lexeme)
    {
        var top = open.Count == 0 ? null : open.Peek();
        if (lexeme.Kind is TokenKind.Text or TokenKind.Word)
        {
            if (top is null)
            {
                return;
            }

            var content = Content(text, lexeme);
            if (top.Frame.IsObject && (top.Expect != Expect.Value || Following(text, lexeme.End) == ':'))
            {
                top.Current = new ParsedMember(content, new TextSpan(lexeme.Start, lexeme.End));
                top.Frame.Members.Add(top.Current);
                top.Expect = Expect.Colon;
                return;
            }

            if (top.Frame.IsObject && top.Current is not null)
            {
                top.Current.Value = content;
            }

            top.Expect = Expect.Next;
            return;
        }

        switch (text[lexeme.Start])
        {
            case '{' or '[':
                open.Push(new Open(new Frame(text[lexeme.Start] == '{', lexeme.Start)));
                break;
            case '}' or ']':
                Close(open, ofObject: text[lexeme.Start] == '}');
                break;
            case ':' when top is { Frame.IsObject: true, Expect: Expect.Colon }:
                top.Expect = Expect.Value;
                break;
            case ',' when top is { Frame.IsObject: true }:
                top.Expect = Expect.Key;
                top.Current = null;
                break;
            case ',' when top is not null:
                top.Expect = Expect.Value;
                break;
        }
    }

    /// <summary>Closes the innermost object or list, and everything left open in it. A bracket that closes nothing is skipped.</summary>
    private static void Close(Stack<Open> open, bool ofObject)
    {
        if (!(open.TryPeek(out var top) && top.Frame.IsObject == ofObject) && open.All(frame => frame.Frame.IsObject != ofObject))
        {
            return;
        }

        while (open.Pop().Frame.IsObject != ofObject) { }

        if (open.Count > 0)
        {
            open.Peek().Expect = Expect.Next;
        }
    }

    private static char Following(string text, int position)
    {
        while (true)
        {
            var next = Next(text, position);
            if (next.Kind == TokenKind.End)
            {
                return '\0';
            }
            if (next.Kind != TokenKind.Comment)
            {
                return text[next.Start];
            }

            position = next.End;
        }
    }

    private static string Content(string text, Lexeme lexeme)
    {
        if (lexeme.Kind == TokenKind.Word)
        {
            return text[lexeme.Start..lexeme.End];
        }

        var inner = text[(lexeme.Start + 1)..Math.Max(lexeme.Start + 1, lexeme.IsClosed ? lexeme.End - 1 : lexeme.End)];
        return inner.Contains('\\', StringComparison.Ordinal) && Json5Reader.Read(text[lexeme.Start..lexeme.End]).Root is Json5String read
            ? read.Value
            : inner;
    }

    private static Lexeme Next(string text, int position)
    {
        while (position < text.Length && (char.IsWhiteSpace(text[position]) || text[position] == '\uFEFF'))
        {
            position++;
        }

        if (position >= text.Length)
        {
            return new Lexeme(TokenKind.End, text.Length, text.Length);
        }

        var c = text[position];
        if (c is '{' or '}' or '[' or ']' or ':' or ',')
        {
            return new Lexeme(TokenKind.Mark, position, position + 1);
        }
        if (c is '"' or '\'')
        {
            return TextAt(text, position, c);
        }
        if (c == '/' && position + 1 < text.Length && text[position + 1] is '/' or '*')
        {
            return CommentAt(text, position);
        }

        var end = position + 1;
        while (
            end < text.Length
            && !char.IsWhiteSpace(text[end])
            && text[end] is not ('{' or '}' or '[' or ']' or ':' or ',' or '"' or '\'' or '/')
        )
        {
            end++;
        }

        return new Lexeme(TokenKind.Word, position, end);
    }

    private static Lexeme TextAt(string text, int start, char quote)
    {
        for (var i = start + 1; i < text.Length; i += 2)
        {
            var length = text.AsSpan(i).IndexOfAny([quote, '\\', '\n', '\r']);
            if (length < 0)
            {
                break;
            }

            i += length;
            if (text[i] == quote)
            {
                return new Lexeme(TokenKind.Text, start, i + 1);
            }
            // Any character can follow a backslash.
            if (text[i] != '\\')
            {
                return new Lexeme(TokenKind.Text, start, i, IsClosed: false);
            }
        }

        return new Lexeme(TokenKind.Text, start, text.Length, IsClosed: false);
    }

    private static Lexeme CommentAt(string text, int start)
    {
        if (text[start + 1] == '*')
        {
            var close = text.IndexOf("*/", start + 2, StringComparison.Ordinal);
            return new Lexeme(TokenKind.Comment, start, close < 0 ? text.Length : close + 2);
        }

        var end = text.AsSpan(start).IndexOfAny("\n\r");
        return new Lexeme(TokenKind.Comment, start, end < 0 ? text.Length : start + end);
    }
}
