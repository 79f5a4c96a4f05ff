using System.Globalization;
using Plue.Server.Tools;

namespace Plue.Server.Mcp;

/// <summary>Splits texts into parts of limited size.</summary>
internal static class ServedText
{
    /// <summary>The maximum length of one result in UTF-16 code units.</summary>
    public const int MaxCharacters = 60_000;

    /// <summary>Returns a part of the text that does not end inside a surrogate pair.</summary>
    public static string Part(string text, int from, int max)
    {
        var start = Math.Min(from, text.Length);
        var end = Math.Min(text.Length, start + max);
        if (end < text.Length && end > start && char.IsHighSurrogate(text[end - 1]))
        {
            end--;
        }

        return text[start..end];
    }

    /// <summary>Creates the cursor for a position in a list of texts.</summary>
    public static string Cursor(int index, int offset) =>
        offset == 0 ? ServedPage.Cursor(index) : string.Create(CultureInfo.InvariantCulture, $"{index}:{offset}");

    /// <exception cref="ToolFailureException">The cursor is invalid.</exception>
    public static (int Index, int Offset) Position(string? cursor) =>
        cursor?.Split(':', 2) is [var index, var offset]
            ? (ServedPage.Position(index), ServedPage.Position(offset))
            : (ServedPage.Position(cursor), 0);
}
