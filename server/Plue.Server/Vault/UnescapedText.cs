using System.Buffers;
using System.Globalization;
using System.Text;

namespace Plue.Server.Vault;

/// <summary>
/// A range of a text with one kind of escape decoded, and the original position of each character. Its characters are UTF-8 bytes, because
/// escapes encode bytes.
/// </summary>
internal sealed class UnescapedText
{
    /// <summary>A surrogate pair, <c>\ud83d\ude00</c>.</summary>
    private const int MaxEscapeLength = 12;

    /// <summary>In text that is escaped twice, four backslashes are one.</summary>
    private const int BackslashGroup = 4;

    private const string Simple = "abefnrtv0\\\"'/?`";
    private const string SimpleMeaning = "\a\b\u001b\f\n\r\t\v\0\\\"'/?`";

    private readonly List<int> starts;

    private UnescapedText(string text, List<int> starts, bool reachesEnd) => (Text, this.starts, ReachesEnd) = (text, starts, reachesEnd);

    public string Text { get; }

    /// <summary>True if the range ends at the end of the escaped text.</summary>
    public bool ReachesEnd { get; }

    /// <summary>True if the text contains an escape character. Plain text has none.</summary>
    public static bool MayOccurIn(string text) => text.AsSpan().ContainsAny('%', '\\');

    /// <returns>The position in the escaped text where this character starts; at the end, the end of the last one.</returns>
    public int OriginalOffset(int at) => starts[at];

    /// <summary>Gets the ranges in which escapes decode to characters of secrets.</summary>
    public static IEnumerable<UnescapedText> Of(string text, SecretVariants known)
    {
        foreach (var sign in "%\\")
        {
            var from = 0;
            for (var at = text.IndexOf(sign); at >= 0 && at < text.Length; at = Next(text, sign, at))
            {
                var escape = EscapeAt(text, at, sign);
                if (escape.Length == 0)
                {
                    at++;
                }
                else if (!known.Occurs(escape.Value))
                {
                    from = at += escape.Length;
                }
                else
                {
                    var stretch = Resolve(text, sign, Math.Max(from, at - known.MaxLength), known);
                    at = stretch.OriginalOffset(stretch.Text.Length);
                    yield return stretch;
                }
            }
        }
    }

    /// <returns>The start of an escape that may be incomplete at the end of the text; the length of the text if there is none.</returns>
    public static int PartialEscapeStart(string text)
    {
        var from = Math.Max(0, text.Length - MaxEscapeLength);
        var found = text.AsSpan(from).IndexOfAny('%', '\\');
        if (found < 0)
        {
            return text.Length;
        }

        var at = RowOf(text, from + found);
        // The first half of a surrogate pair is meaningless without the second.
        return
            at >= 6
            && text[at - 6] == '\\'
            && EscapeAt(text, at - 6, '\\') is { Length: MaxEscapeLength } or { Length: 6, Value: >= 0xD800 and < 0xDC00 }
            ? RowOf(text, at - 6)
            : at;
    }

    private static int RowOf(string text, int at)
    {
        var row = at;
        while (row > 0 && text[row - 1] == '\\')
        {
            row--;
        }

        return at - ((at - row) % BackslashGroup);
    }

    private static int Next(string text, char sign, int at) => at < text.Length ? text.IndexOf(sign, at) : -1;

    private static UnescapedText Resolve(string text, char sign, int from, SecretVariants known)
    {
        var builder = new StringBuilder();
        List<int> offsets = [];
        var at = from;
        for (int? since = null; at < text.Length && !(builder.Length - since > known.MaxLength); )
        {
            var (value, isByte, length) = text[at] == sign ? EscapeAt(text, at, sign) : default;
            if (length > 0 && !known.Occurs(value))
            {
                break;
            }
            if (isByte)
            {
                Add((char)value);
            }
            else
            {
                Rune rune;
                if (length > 0)
                {
                    rune = Rune.IsValid(value) ? new Rune(value) : Rune.ReplacementChar;
                }
                else if (Rune.DecodeFromUtf16(text.AsSpan(at), out rune, out length) != OperationStatus.Done)
                {
                    length = 1;
                }

                if (rune.IsAscii)
                {
                    Add((char)rune.Value);
                }
                else
                {
                    AddBytes(rune);
                }
            }

            if (text[at] == sign && length > 1)
            {
                since = builder.Length;
            }

            at += length;
        }

        offsets.Add(at);
        return new UnescapedText(builder.ToString(), offsets, at == text.Length);

        void Add(char value)
        {
            offsets.Add(at);
            builder.Append(value);
        }

        void AddBytes(Rune rune)
        {
            Span<byte> bytes = stackalloc byte[4];
            foreach (var one in bytes[..rune.EncodeToUtf8(bytes)])
            {
                Add((char)one);
            }
        }
    }

    /// <returns>A length of 0 if no escape starts there.</returns>
    private static (int Value, bool IsByte, int Length) EscapeAt(string text, int at, char sign)
    {
        if (sign == '%')
        {
            return Hex(text, at + 1, 2) is { } percent ? (percent, true, 3) : default;
        }
        if (at + 1 >= text.Length)
        {
            return default;
        }

        switch (text[at + 1])
        {
            case 'x' when Hex(text, at + 2, 2) is { } value:
                return (value, true, 4);
            case 'U' when Hex(text, at + 2, 8) is { } value:
                return (value, false, 10);
            case 'u' when Hex(text, at + 2, 4) is { } high:
                return
                    char.IsHighSurrogate((char)high)
                    && at + 7 < text.Length
                    && text[at + 6] == '\\'
                    && text[at + 7] == 'u'
                    && Hex(text, at + 8, 4) is { } low
                    && char.IsLowSurrogate((char)low)
                    ? (char.ConvertToUtf32((char)high, (char)low), false, 12)
                    : (high, false, 6);
            case 'u' or 'x' when at + 2 < text.Length && text[at + 2] == '{':
                var end = text.AsSpan(at + 3, Math.Min(7, text.Length - at - 3)).IndexOf('}');
                return end > 0 && Hex(text, at + 3, end) is { } code ? (code, false, end + 4) : default;
            case >= '0' and <= '7':
                var (octal, digits) = (0, 0);
                while (digits < 3 && at + 1 + digits < text.Length && text[at + 1 + digits] is >= '0' and <= '7' and var digit)
                {
                    (octal, digits) = ((octal * 8) + digit - '0', digits + 1);
                }

                return octal <= byte.MaxValue ? (octal, true, digits + 1) : default;
            case var letter when Simple.IndexOf(letter, StringComparison.Ordinal) is >= 0 and var simple:
                return (SimpleMeaning[simple], true, 2);
            default:
                return default;
        }
    }

    private static int? Hex(string text, int at, int length) =>
        at + length <= text.Length
        && int.TryParse(text.AsSpan(at, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? value
            : null;
}
