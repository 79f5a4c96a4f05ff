using System.Globalization;
using System.Text;

namespace Plue.Server.Json5;

/// <summary>
/// Parses JSON5 (json5.org, 1.0) with positions. Never throws: errors are values, several per file. A member or item that cannot be
/// parsed is omitted, and parsing continues after it. Depth and size are limited.
/// </summary>
internal sealed class Json5Reader
{
    public const int MaxDepth = 64;
    public const int MaxBytes = 4 * 1024 * 1024;
    private const int MaxErrors = 50;
    private const int MaxQuoted = 12;

    private readonly string text;
    private readonly Json5Lines lines;
    private readonly List<Json5Comment> comments = [];
    private readonly List<Json5Error> errors = [];
    private int position;
    private int depth;

    /// <summary>Set when parsing cannot continue; every loop then sees the end of the file.</summary>
    private bool stopped;

    private Json5Reader(string text, Json5Lines? lines = null)
    {
        this.text = text;
        this.lines = lines ?? new Json5Lines(text);
    }

    /// <summary>Parses UTF-8, with or without a byte order mark.</summary>
    public static Json5Document Read(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaxBytes)
        {
            return TooLarge();
        }

        var bad = FirstInvalidByte(utf8);
        var reader = new Json5Reader(Encoding.UTF8.GetString(utf8));
        if (bad < 0)
        {
            return reader.ReadDocument();
        }

        var index = Encoding.UTF8.GetCharCount(utf8[..bad]);
        reader.Report("The file is not valid UTF-8 here. Save it as UTF-8.", index, index + 1);
        return reader.Finish(null);
    }

    /// <param name="lines">The lines of the text, if already computed.</param>
    public static Json5Document Read(string text, Json5Lines? lines = null) =>
        text.Length > MaxBytes ? TooLarge() : new Json5Reader(text, lines).ReadDocument();

    private static Json5Document TooLarge() =>
        new(
            "",
            null,
            [],
            [new Json5Error("The file is larger than 4 MiB, the maximum size.", new Json5Span(0, 0, 1, 1))],
            new Json5Lines("")
        );

    private static int FirstInvalidByte(ReadOnlySpan<byte> utf8)
    {
        if (System.Text.Unicode.Utf8.IsValid(utf8))
        {
            return -1;
        }

        var offset = 0;
        while (Rune.DecodeFromUtf8(utf8[offset..], out _, out var length) == System.Buffers.OperationStatus.Done)
        {
            offset += length;
        }

        return offset;
    }

    private Json5Document ReadDocument()
    {
        SkipTrivia();
        if (AtEnd)
        {
            Expected("a value");
            return Finish(null);
        }

        var root = ReadValue();
        SkipTrivia();
        if (!AtEnd && errors.Count == 0)
        {
            Expected("the end of the file");
        }

        return Finish(root);
    }

    private Json5Document Finish(Json5Node? root) =>
        new(text, root, comments, errors.Count < 2 ? errors : [.. errors.OrderBy(error => error.Span.Start)], lines);

    // ---- Values

    /// <returns>Null if there is no value; the error was reported and its text skipped.</returns>
    private Json5Node? ReadValue()
    {
        switch (Current)
        {
            case '{':
                return Nested(ReadObject);
            case '[':
                return Nested(ReadArray);
            case '"' or '\'':
            {
                var start = position;
                return ReadString() is { } value ? new Json5String(value) { Span = lines.Span(start, position) } : null;
            }
            case (>= '0' and <= '9') or '.' or '+' or '-':
                return ReadNumber();
            default:
                return ReadWord();
        }
    }

    private Json5Node? Nested(Func<Json5Node> read)
    {
        if (depth == MaxDepth)
        {
            Report($"Found more than {MaxDepth} levels of nesting, the maximum.", position, position + 1);
            stopped = true;
            return null;
        }

        depth++;
        var node = read();
        depth--;
        return node;
    }

    private Json5Object ReadObject()
    {
        var start = position++;
        var members = new List<Json5Member>();
        while (true)
        {
            SkipTrivia();
            if (Current == '}')
            {
                position++;
                break;
            }

            if (AtEnd || Current is ']')
            {
                Expected("a key or '}'");
                break;
            }

            var (before, errorsBefore) = (position, errors.Count);
            if (ReadMember() is { } member)
            {
                members.Add(member);
            }

            if (!Separator('}', before, errors.Count > errorsBefore))
            {
                break;
            }
        }

        return new Json5Object(members) { Span = lines.Span(start, position) };
    }

    private Json5Member? ReadMember()
    {
        var start = position;
        string? name;
        if (Current is '"' or '\'')
        {
            name = ReadString();
        }
        else if (IsIdentifierStart())
        {
            name = ReadIdentifier();
        }
        else
        {
            Expected("a key");
            SkipToSeparator();
            return null;
        }

        var nameSpan = lines.Span(start, position);
        SkipTrivia();
        if (Current == ':')
        {
            position++;
            SkipTrivia();
        }
        else
        {
            Expected("':'");
            if (!StartsValue())
            {
                SkipToSeparator();
                return null;
            }
        }

        if (AtEnd || Current is ',' or '}' or ']')
        {
            Expected("a value");
            return null;
        }

        var value = ReadValue();
        return name is null || value is null ? null : new Json5Member(name, value, nameSpan);
    }

    private Json5Array ReadArray()
    {
        var start = position++;
        var items = new List<Json5Node>();
        while (true)
        {
            SkipTrivia();
            if (Current == ']')
            {
                position++;
                break;
            }

            if (AtEnd || Current is '}')
            {
                Expected("a value or ']'");
                break;
            }

            var (before, errorsBefore) = (position, errors.Count);
            if (Current is ',' or ':')
            {
                Expected("a value or ']'");
            }
            else if (ReadValue() is { } item)
            {
                items.Add(item);
            }

            if (!Separator(']', before, errors.Count > errorsBefore))
            {
                break;
            }
        }

        return new Json5Array(items) { Span = lines.Span(start, position) };
    }

    /// <summary>Parses the separator after a member or item: a comma, or the end, which the caller consumes.</summary>
    /// <param name="before">The start of the entry.</param>
    /// <param name="reported">True if an error in the entry was already reported: one is enough.</param>
    /// <returns>False if the container ends here without its closing bracket, which was reported.</returns>
    private bool Separator(char close, int before, bool reported)
    {
        SkipTrivia();
        if (Current == ',')
        {
            position++;
            return true;
        }

        if (Current == close)
        {
            return true;
        }

        if (AtEnd || Current is '}' or ']')
        {
            Expected($"',' or '{close}'");
            return false;
        }

        // The comma is missing; the next token most likely starts the next entry.
        if (!reported)
        {
            Expected($"',' or '{close}'");
        }

        var startsNext = close == '}' ? Current is '"' or '\'' || IsIdentifierStart() : StartsValue();
        if (!startsNext || position == before)
        {
            SkipToSeparator();
            if (Current == ',')
            {
                position++;
            }
        }

        return true;
    }

    /// <summary>Parses true, false, null, Infinity or NaN; anything else is an error.</summary>
    private Json5Node? ReadWord()
    {
        var start = position;
        if (IsIdentifierStart() && Current != '\\')
        {
            var end = position;
            while (end < text.Length && text[end] is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z'))
            {
                end++;
            }

            var word = text.AsSpan(start, end - start);
            position = end;
            if (!IsIdentifierPart())
            {
                var span = lines.Span(start, end);
                switch (word)
                {
                    case "true":
                        return new Json5Boolean(true) { Span = span };
                    case "false":
                        return new Json5Boolean(false) { Span = span };
                    case "null":
                        return new Json5Null { Span = span };
                    case "Infinity":
                        return new Json5Number(double.PositiveInfinity, "Infinity") { Span = span };
                    case "NaN":
                        return new Json5Number(double.NaN, "NaN") { Span = span };
                }
            }

            position = start;
            Expected("a value (text needs quotes)");
        }
        else
        {
            Expected("a value");
        }

        SkipToSeparator();
        return null;
    }

    // ---- Numbers

    private Json5Number? ReadNumber()
    {
        var start = position;
        var negative = Current == '-';
        if (Current is '+' or '-')
        {
            position++;
        }

        double value;
        if (text.AsSpan(position).StartsWith("Infinity"))
        {
            (value, position) = (double.PositiveInfinity, position + 8);
        }
        else if (text.AsSpan(position).StartsWith("NaN"))
        {
            (value, position) = (double.NaN, position + 3);
        }
        else if (Current == '0' && Peek(1) is 'x' or 'X')
        {
            position += 2;
            if (!char.IsAsciiHexDigit(Current))
            {
                return BadNumber("a hexadecimal digit");
            }

            value = 0;
            for (; char.IsAsciiHexDigit(Current); position++)
            {
                value = value * 16 + (char.IsAsciiDigit(Current) ? Current - '0' : (Current | 0x20) - 'a' + 10);
            }
        }
        else
        {
            var digits = position;
            SkipDigits();
            var whole = position - digits;
            if (whole > 1 && text[digits] == '0')
            {
                position = digits + 1;
                return BadNumber("a number without leading zeros");
            }

            if (Current == '.')
            {
                position++;
                var fraction = position;
                SkipDigits();
                whole += position - fraction;
            }

            if (whole == 0)
            {
                return BadNumber("a digit");
            }

            if (Current is 'e' or 'E')
            {
                position++;
                if (Current is '+' or '-')
                {
                    position++;
                }

                if (!char.IsAsciiDigit(Current))
                {
                    return BadNumber("a digit of the exponent");
                }

                SkipDigits();
            }

            if (!double.TryParse(text.AsSpan(digits, position - digits), NumberStyles.Float, CultureInfo.InvariantCulture, out value))
            {
                return BadNumber("a number");
            }
        }

        if (IsIdentifierPart() || Current == '.')
        {
            return BadNumber("the end of the number");
        }

        return new Json5Number(negative ? -value : value, text[start..position]) { Span = lines.Span(start, position) };
    }

    private Json5Number? BadNumber(string expected)
    {
        Expected(expected);
        SkipToSeparator();
        return null;
    }

    private void SkipDigits()
    {
        while (char.IsAsciiDigit(Current))
        {
            position++;
        }
    }

    // ---- Strings

    /// <returns>Null if it is not closed on its line; parsing continues after it.</returns>
    private string? ReadString()
    {
        var start = position;
        var quote = text[position++];
        var plain = position;
        StringBuilder? built = null;
        while (true)
        {
            var length = text.AsSpan(position).IndexOfAny([quote, '\\', '\n', '\r']);
            position = length < 0 ? text.Length : position + length;
            if (AtEnd || Current is '\n' or '\r')
            {
                Report(
                    $"Found {(AtEnd ? "the end of the file" : "the end of the line")} where the closing {quote} of the text was expected.",
                    start,
                    position
                );
                return null;
            }

            if (Current == quote)
            {
                var value = built is null ? text[plain..position] : built.Append(text, plain, position - plain).ToString();
                position++;
                return value;
            }

            (built ??= new StringBuilder()).Append(text, plain, position - plain);
            ReadEscape(built);
            plain = position;
        }
    }

    private void ReadEscape(StringBuilder built)
    {
        var start = position++;
        if (AtEnd)
        {
            return;
        }

        var escape = text[position++];
        switch (escape)
        {
            case 'b':
                built.Append('\b');
                break;
            case 'f':
                built.Append('\f');
                break;
            case 'n':
                built.Append('\n');
                break;
            case 'r':
                built.Append('\r');
                break;
            case 't':
                built.Append('\t');
                break;
            case 'v':
                built.Append('\v');
                break;
            case '0' when !char.IsAsciiDigit(Current):
                built.Append('\0');
                break;
            case >= '0' and <= '9':
                Report("Found an octal escape where a JSON5 escape was expected, such as \\x41.", start, position);
                break;
            case 'x':
                AppendHex(built, start, 2);
                break;
            case 'u':
                AppendHex(built, start, 4);
                break;
            case '\r':
                if (Current == '\n')
                {
                    position++;
                }

                break;
            case '\n' or '\u2028' or '\u2029':
                break;
            default:
                built.Append(escape);
                break;
        }
    }

    private void AppendHex(StringBuilder built, int start, int digits)
    {
        if (HexAt(position, digits) is { } unit)
        {
            built.Append((char)unit);
            position += digits;
        }
        else
        {
            Report($"Found an incomplete escape where {digits} hexadecimal digits were expected.", start, position);
        }
    }

    private int? HexAt(int index, int digits) =>
        index + digits <= text.Length && !text.AsSpan(index, digits).ContainsAnyExcept("0123456789abcdefABCDEF")
            ? int.Parse(text.AsSpan(index, digits), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
            : null;

    // ---- Identifiers (ECMAScript 5.1, section 7.6)

    private string ReadIdentifier()
    {
        var start = position;
        StringBuilder? built = null;
        while (IdentifierRune(first: position == start, out var rune, out var length))
        {
            if (Current == '\\' && built is null)
            {
                built = new StringBuilder().Append(text, start, position - start);
            }

            built?.Append(rune.ToString());
            position += length;
        }

        return built?.ToString() ?? text[start..position];
    }

    private bool IsIdentifierStart() => IdentifierRune(first: true, out _, out _);

    private bool IsIdentifierPart() => IdentifierRune(first: false, out _, out _);

    private bool IdentifierRune(bool first, out Rune rune, out int length)
    {
        rune = default;
        length = 0;
        if (AtEnd)
        {
            return false;
        }

        if (Current == '\\')
        {
            if (Peek(1) != 'u' || HexAt(position + 2, 4) is not { } unit || !Rune.TryCreate((char)unit, out rune))
            {
                return false;
            }

            length = 6;
        }
        else if (Rune.DecodeFromUtf16(text.AsSpan(position), out rune, out length) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        if (rune.Value is '$' or '_')
        {
            return true;
        }

        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter
            or UnicodeCategory.LowercaseLetter
            or UnicodeCategory.TitlecaseLetter
            or UnicodeCategory.ModifierLetter
            or UnicodeCategory.OtherLetter
            or UnicodeCategory.LetterNumber => true,
            UnicodeCategory.NonSpacingMark
            or UnicodeCategory.SpacingCombiningMark
            or UnicodeCategory.DecimalDigitNumber
            or UnicodeCategory.ConnectorPunctuation => !first,
            _ => !first && rune.Value is 0x200C or 0x200D,
        };
    }

    // ---- Trivia

    private void SkipTrivia()
    {
        while (!AtEnd)
        {
            if (IsWhiteSpace(Current))
            {
                position++;
            }
            else if (Current == '/' && Peek(1) == '/')
            {
                var end = text.AsSpan(position).IndexOfAny("\n\r\u2028\u2029");
                AddComment(end < 0 ? text.Length : position + end, isBlock: false);
            }
            else if (Current == '/' && Peek(1) == '*')
            {
                var end = text.IndexOf("*/", position + 2, StringComparison.Ordinal);
                if (end < 0)
                {
                    Report("Found the end of the file where the closing */ of this comment was expected.", position, position + 2);
                    stopped = true;
                    return;
                }

                AddComment(end + 2, isBlock: true);
            }
            else
            {
                return;
            }
        }
    }

    private void AddComment(int end, bool isBlock)
    {
        comments.Add(new Json5Comment(text[position..end], isBlock, lines.Span(position, end)));
        position = end;
    }

    private static bool IsWhiteSpace(char c) =>
        c switch
        {
            ' ' or '\t' or '\n' or '\r' or '\v' or '\f' or '\u00A0' or '\uFEFF' or '\u2028' or '\u2029' => true,
            < '\u0080' => false,
            _ => char.GetUnicodeCategory(c) == UnicodeCategory.SpaceSeparator,
        };

    // ---- Errors

    /// <summary>Skips to the next comma or closing bracket of this level, or the end of the line.</summary>
    private void SkipToSeparator()
    {
        var open = 0;
        for (; !AtEnd; position++)
        {
            switch (Current)
            {
                case '{' or '[':
                    open++;
                    break;
                case '}' or ']' when open == 0:
                    return;
                case '}' or ']':
                    open--;
                    break;
                case ',' or '\n' or '\r' when open == 0:
                    return;
                case '/' when Peek(1) is '/' or '*':
                    var before = position;
                    SkipTrivia();
                    if (position > before)
                    {
                        position--;
                    }

                    break;
            }
        }
    }

    private void Expected(string expected)
    {
        if (stopped)
        {
            return;
        }

        Report($"Found {Found(out var length)} where {expected} was expected.", position, position + length);
    }

    private string Found(out int length)
    {
        length = 0;
        if (AtEnd)
        {
            return "the end of the file";
        }

        var start = position;
        length = 1;
        if (IsIdentifierStart())
        {
            ReadIdentifier();
            length = position - start;
            position = start;

            // A key that was pasted without quotes must not appear in a log.
            return length > MaxQuoted ? $"'{text.AsSpan(start, 4)}...'" : $"'{text.AsSpan(start, length)}'";
        }

        return Current switch
        {
            '\'' => "\"'\"",
            < ' ' or '\u007F' => $"the control character U+{(int)Current:X4}",
            >= '\uD800' and <= '\uDFFF' or '\uFFFD' => "a character that is not text",
            _ => $"'{Current}'",
        };
    }

    private void Report(string message, int start, int end)
    {
        if (stopped)
        {
            return;
        }

        errors.Add(new Json5Error(message, lines.Span(start, Math.Min(end, text.Length))));
        stopped = errors.Count >= MaxErrors;
    }

    private bool AtEnd => stopped || position >= text.Length;

    private char Current => AtEnd ? '\0' : text[position];

    private char Peek(int offset) => !stopped && position + offset < text.Length ? text[position + offset] : '\0';

    private bool StartsValue() => Current is '{' or '[' or '"' or '\'' or '.' or '+' or '-' or (>= '0' and <= '9') || IsIdentifierStart();
}
