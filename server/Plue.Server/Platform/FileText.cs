using System.Text;
using Plue.Server.Messages;

namespace Plue.Server.Platform;

/// <summary>The text of a file, with its line breaks unchanged.</summary>
/// <param name="Note">A note about the encoding for the user; null if there is none.</param>
internal sealed record FileText(string Content, string? Note)
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);
    private static readonly UnicodeEncoding LittleEndian = new(bigEndian: false, byteOrderMark: true, throwOnInvalidBytes: true);
    private static readonly UnicodeEncoding BigEndian = new(bigEndian: true, byteOrderMark: true, throwOnInvalidBytes: true);
    private static readonly Encoding Latin = Encoding.GetEncoding(
        "iso-8859-1",
        EncoderFallback.ExceptionFallback,
        DecoderFallback.ExceptionFallback
    );

    private Encoding encoding = Strict;
    private bool hasMark;

    /// <summary>The number of lines: 0 for an empty file; a trailing line break does not start another line.</summary>
    public int Lines { get; } = CountOf(Content);

    /// <returns>Null if the bytes are not text.</returns>
    public static FileText? Of(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]))
        {
            return Of(bytes, Encoding.Unicode, LittleEndian, 2, "It was read as UTF-16.");
        }
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
        {
            return Of(bytes, Encoding.BigEndianUnicode, BigEndian, 2, "It was read as UTF-16.");
        }

        var length = bytes.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? 3 : 0;
        if (bytes.Contains((byte)0))
        {
            return null;
        }

        try
        {
            return Of(bytes, Strict, Strict, length, null);
        }
        catch (DecoderFallbackException)
        {
            return LooksLikeLatin(bytes[length..]) ? Of(bytes, Latin, Latin, length, "It is not UTF-8 and was read as Latin-1.") : null;
        }
    }

    /// <summary>Encodes another text in the encoding of this file, with its byte order mark.</summary>
    /// <returns>Null if the encoding lacks one of the characters.</returns>
    public byte[]? Encode(string text)
    {
        try
        {
            return [.. hasMark ? (encoding == Strict ? [0xEF, 0xBB, 0xBF] : encoding.GetPreamble()) : [], .. encoding.GetBytes(text)];
        }
        catch (EncoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>Gets the lines of the range as in the file, including line breaks.</summary>
    /// <param name="range">Within <see cref="Lines"/>.</param>
    public string Part(LineRange range)
    {
        var start = StartOf(range.Start);
        return Content[start..Math.Max(start, StartOf(range.End + 1))];
    }

    private static FileText Of(ReadOnlySpan<byte> bytes, Encoding decoder, Encoding encoding, int markLength, string? note) =>
        new(decoder.GetString(bytes[markLength..]), note) { encoding = encoding, hasMark = markLength > 0 };

    /// <summary>True for mostly letters without control characters that text does not contain.</summary>
    private static bool LooksLikeLatin(ReadOnlySpan<byte> bytes)
    {
        var high = 0;
        foreach (var one in bytes)
        {
            if (one is < 0x20 and not (0x09 or 0x0A or 0x0C or 0x0D or 0x1B) or 0x7F)
            {
                return false;
            }
            if (one >= 0x80)
            {
                high++;
            }
        }

        return high * 10 <= bytes.Length * 3;
    }

    private int StartOf(int line)
    {
        var at = 0;
        for (var passed = 1; passed < line && at < Content.Length; passed++)
        {
            var end = Content.IndexOf('\n', at);
            at = end < 0 ? Content.Length : end + 1;
        }

        return at;
    }

    private static int CountOf(string text) => text.Length == 0 ? 0 : text.AsSpan().Count('\n') + (text[^1] == '\n' ? 0 : 1);
}
