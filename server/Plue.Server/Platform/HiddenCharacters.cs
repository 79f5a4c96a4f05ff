using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Plue.Server.Platform;

/// <summary>
/// Characters that editors do not show and models read: controls, bidirectional and zero-width marks, fillers, blank glyphs, tag characters and variation
/// selectors without effect. The rules match <c>visibleText.ts</c> of the webview; <c>tests/hidden-characters.json</c> tests both.
/// </summary>
internal static partial class HiddenCharacters
{
    private const int ZeroWidthNonJoiner = 0x200C;
    private const int ZeroWidthJoiner = 0x200D;
    private const int TextStyle = 0xFE0E;
    private const int EmojiStyle = 0xFE0F;
    private const int Keycap = 0x20E3;

    /// <summary>The flags of England, Scotland and Wales: the only sequences of tag characters in common use.</summary>
    private static readonly string[] TagFlags =
    [
        .. new[] { "gbeng", "gbsct", "gbwls" }.Select(region =>
            $"{char.ConvertFromUtf32(0x1F3F4)}{string.Concat(region.Select(letter => char.ConvertFromUtf32(0xE0000 + letter)))}{char.ConvertFromUtf32(0xE007F)}"
        ),
    ];

    /// <summary>Counts the hidden characters. Remove a leading byte order mark first.</summary>
    public static int Count(string text)
    {
        var count = 0;
        Walk(text, (_, isHidden) => count += isHidden ? 1 : 0);
        return count;
    }

    /// <summary>Returns the text with each hidden character as <c>⟨U+202E⟩</c>.</summary>
    public static string Visible(string text)
    {
        var output = new StringBuilder(text.Length);
        Walk(text, (rune, isHidden) => Append(output, rune, isHidden));
        return output.ToString();
    }

    /// <summary>Like <see cref="Visible"/>, for file names and other single-line texts: escapes line breaks, too.</summary>
    public static string VisibleLine(string text)
    {
        var output = new StringBuilder(text.Length);
        Walk(text, (rune, isHidden) => Append(output, rune, isHidden || rune.Value is '\r' or '\n'));
        return output.ToString();
    }

    /// <summary>Reverts <see cref="Visible"/>.</summary>
    public static string Hidden(string text) =>
        Mark()
            .Replace(
                text,
                mark =>
                    int.Parse(mark.Groups["code"].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture) is var value
                    && Rune.IsValid(value)
                    && (IsHidden(value) || value == '\r')
                        ? new Rune(value).ToString()
                        : mark.Value
            );

    [GeneratedRegex("⟨U\\+(?<code>[0-9A-F]{4,6})⟩", RegexOptions.CultureInvariant)]
    private static partial Regex Mark();

    private static void Append(StringBuilder output, Rune rune, bool isHidden)
    {
        if (isHidden)
        {
            output.Append(CultureInfo.InvariantCulture, $"⟨U+{rune.Value:X4}⟩");
        }
        else
        {
            output.Append(rune.ToString());
        }
    }

    private static void Walk(string text, Action<Rune, bool> see)
    {
        int? before = null;
        int? beforeThat = null;
        var flagEnd = 0;
        for (var at = 0; at < text.Length; )
        {
            if (text[at] == TagFlags[0][0] && Array.Find(TagFlags, flag => text.AsSpan(at).StartsWith(flag)) is { } found)
            {
                flagEnd = at + found.Length;
            }

            Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var length);
            var isInFlag = at < flagEnd;
            at += length;
            see(rune, !isInFlag && IsHiddenHere(rune.Value, before, beforeThat, text.AsSpan(at)));
            (beforeThat, before) = (before, rune.Value);
        }
    }

    private static bool IsHiddenHere(int value, int? before, int? beforeThat, ReadOnlySpan<char> rest) =>
        value == '\r' ? rest is not ['\n', ..] : IsHidden(value) && !IsExpected(value, before, beforeThat, rest);

    private static bool IsHidden(int value) => UnicodeRanges.Contains(UnicodeRanges.Hidden, value);

    /// <summary>True if the character only changes how its visible neighbors are drawn.</summary>
    private static bool IsExpected(int value, int? before, int? beforeThat, ReadOnlySpan<char> rest) =>
        value switch
        {
            EmojiStyle when before is (>= '0' and <= '9') or '#' or '*' => Next(rest) == Keycap,
            TextStyle or EmojiStyle => IsPictograph(before),
            (>= 0xFE00 and <= 0xFE02) or (>= 0xE0100 and <= 0xE01EF) => before is { } left
                && UnicodeRanges.Contains(UnicodeRanges.Ideograph, left),
            ZeroWidthJoiner when IsPictograph(Next(rest)) => IsPictograph(before)
                || before is >= 0x1F3FB and <= 0x1F3FF
                || (before == EmojiStyle && IsPictograph(beforeThat)),
            ZeroWidthNonJoiner or ZeroWidthJoiner => IsJoined(before) && IsJoined(Next(rest)),
            _ => false,
        };

    private static bool IsPictograph(int? value) => value is { } known && UnicodeRanges.Contains(UnicodeRanges.Pictograph, known);

    private static bool IsJoined(int? value) => value is { } known && UnicodeRanges.Contains(UnicodeRanges.Joined, known);

    private static int? Next(ReadOnlySpan<char> rest) =>
        Rune.DecodeFromUtf16(rest, out var next, out _) == System.Buffers.OperationStatus.Done ? next.Value : null;
}
