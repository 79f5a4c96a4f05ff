using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Plue.Server.Platform;

/// <summary>
/// Characters that no editor shows and a model reads: controls, bidirectional and zero-width marks, fillers, tag characters, variation selectors that
/// vary nothing. The same set as in the page's <c>visibleText.ts</c>; <c>tests/hidden-characters.json</c> holds both to it.
/// </summary>
public static partial class HiddenCharacters
{
    private const int Arrow = 0x2194; // part of emoji, and no symbol of Unicode's

    /// <summary>How many there are. A mark of the byte order at the beginning of a file is to be taken off before.</summary>
    public static int Count(string text)
    {
        var count = 0;
        Walk(text, (_, isHidden) => count += isHidden ? 1 : 0);
        return count;
    }

    /// <summary>The text with each of them as <c>⟨U+202E⟩</c>.</summary>
    public static string Visible(string text)
    {
        var output = new StringBuilder(text.Length);
        Walk(text, (rune, isHidden) =>
        {
            if (isHidden) { output.Append(CultureInfo.InvariantCulture, $"⟨U+{rune.Value:X4}⟩"); }
            else { output.Append(rune.ToString()); }
        });
        return output.ToString();
    }

    /// <summary>What <see cref="Visible"/> made visible, as it was.</summary>
    public static string Hidden(string text) => Mark().Replace(text, mark =>
        int.Parse(mark.Groups[1].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture) is var value && Rune.IsValid(value) && IsHidden(value) ? new Rune(value).ToString() : mark.Value);

    [GeneratedRegex("⟨U\\+([0-9A-F]{4,6})⟩", RegexOptions.CultureInvariant)]
    private static partial Regex Mark();

    private static void Walk(string text, Action<Rune, bool> see)
    {
        Rune? before = null;
        for (var at = 0; at < text.Length;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var length);
            at += length;
            see(rune, IsHidden(rune.Value) && !IsHonest(rune, before, text.AsSpan(at)));
            before = rune;
        }
    }

    private static bool IsHidden(int value) => value switch
    {
        < 0x09 or (> 0x0A and < 0x20) or (>= 0x7F and <= 0x9F) or 0xAD or 0x34F or 0x61C => true,
        0x115F or 0x1160 or 0x17B4 or 0x17B5 or (>= 0x180B and <= 0x180F) or (>= 0x200B and <= 0x200F) => true,
        (>= 0x2028 and <= 0x202E) or (>= 0x2060 and <= 0x206F) or 0x3164 or (>= 0xFE00 and <= 0xFE0F) or 0xFEFF or 0xFFA0 => true,
        (>= 0xFFF9 and <= 0xFFFB) or (>= 0xE0000 and <= 0xE03FF) => true,
        _ => false,
    };

    /// <summary>A carriage return is honest before a line feed, joiners between emoji and in scripts that need them, a variation selector behind what it varies.</summary>
    private static bool IsHonest(Rune rune, Rune? before, ReadOnlySpan<char> rest)
    {
        if (rune.Value == '\r') { return rest is ['\n', ..]; }
        if (before is not { } left) { return false; }
        if (rune.Value is >= 0xFE00 and <= 0xFE0F) { return !IsHidden(left.Value) && !Rune.IsWhiteSpace(left); }
        if (rune.Value is not (0x200C or 0x200D)) { return false; }

        return MayJoin(left) && Rune.DecodeFromUtf16(rest, out var right, out _) == System.Buffers.OperationStatus.Done && MayJoin(right);
    }

    private static bool MayJoin(Rune rune) => rune.Value is Arrow or (>= 0x1F3FB and <= 0x1F3FF)
        || (!IsLatin(rune.Value) && Rune.GetUnicodeCategory(rune) is UnicodeCategory.OtherSymbol or UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter
            or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter
            or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark);

    private static bool IsLatin(int value) => value is (>= 'A' and <= 'Z') or (>= 'a' and <= 'z') or 0xAA or 0xBA or (>= 0xC0 and <= 0x2B8) or (>= 0x1D00 and <= 0x1DBF)
        or (>= 0x1E00 and <= 0x1EFF) or (>= 0x2C60 and <= 0x2C7F) or (>= 0xA720 and <= 0xA7FF) or (>= 0xAB30 and <= 0xAB6F) or (>= 0xFB00 and <= 0xFB06) or (>= 0xFF21 and <= 0xFF5A);
}
