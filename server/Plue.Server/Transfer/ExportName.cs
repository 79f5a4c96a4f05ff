using System.Globalization;
using System.Text;

namespace Plue.Server.Transfer;

/// <summary>Creates a file name from a title that is valid on all platforms.</summary>
internal static class ExportName
{
    /// <summary>In UTF-16 units of at most three bytes each. File systems allow 255 bytes, including what is added to a name.</summary>
    private const int MaxTitleLength = 60;
    private const string Forbidden = "<>:\"/\\|?*";
    private static readonly HashSet<string> Devices = new(
        [
            "CON",
            "PRN",
            "AUX",
            "NUL",
            "CONIN$",
            "CONOUT$",
            .. Enumerable.Range(0, 10).SelectMany(digit => new[] { $"COM{digit}", $"LPT{digit}" }),
        ],
        StringComparer.OrdinalIgnoreCase
    );

    public static string Of(string title, string extension)
    {
        var name = new StringBuilder();
        foreach (var rune in title.EnumerateRunes())
        {
            if (name.Length + rune.Utf16SequenceLength > MaxTitleLength)
            {
                break;
            }

            var isPlain =
                Rune.GetUnicodeCategory(rune)
                is not (
                    UnicodeCategory.Control
                    or UnicodeCategory.Format
                    or UnicodeCategory.PrivateUse
                    or UnicodeCategory.OtherNotAssigned
                    or UnicodeCategory.LineSeparator
                    or UnicodeCategory.ParagraphSeparator
                );
            if (Rune.IsWhiteSpace(rune))
            {
                name.Append(' ');
            }
            else if (isPlain && rune != Rune.ReplacementChar)
            {
                name.Append(rune.IsBmp && Forbidden.Contains((char)rune.Value, StringComparison.Ordinal) ? "-" : rune.ToString());
            }
        }

        var safe = name.ToString().Trim(' ', '.', '-');
        if (safe.Length == 0)
        {
            safe = "chat";
        }
        var stem = safe.Split('.', 2)[0].TrimEnd();
        return (Devices.Contains(stem) ? $"chat {safe}" : safe) + extension;
    }
}
