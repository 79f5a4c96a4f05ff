using System.Text;

namespace Plue.Server.Edits;

/// <summary>Detects an encoding that decodes and encodes bytes without loss, including byte order mark and line endings.</summary>
internal static class EncodingDetector
{
    private static readonly Encoding Utf8 = new UTF8Encoding(false, true);
    private static readonly Encoding[] Wide = [new UnicodeEncoding(false, false, true), new UnicodeEncoding(true, false, true)];

    /// <returns>The encoding that fits all contents; null if one is binary or they need different encodings.</returns>
    public static Encoding? Detect(params ReadOnlySpan<byte[]> contents)
    {
        Encoding? found = null;
        foreach (var content in contents)
        {
            if (content.Length == 0)
            {
                continue;
            }
            if (EncodingOf(content) is not { } form || (found is not null && Wide.Contains(found) != Wide.Contains(form)))
            {
                return null;
            }

            // Latin-1 represents any UTF-8 content byte by byte.
            found =
                found is null || form == found ? form
                : form == Encoding.Latin1 || found == Encoding.Latin1 ? Encoding.Latin1
                : null;
            if (found is null)
            {
                return null;
            }
        }

        return found ?? Utf8;
    }

    private static Encoding? EncodingOf(byte[] content)
    {
        if (content is [0xFF, 0xFE, ..])
        {
            return Fits(Wide[0], content) ? Wide[0] : null;
        }
        if (content is [0xFE, 0xFF, ..])
        {
            return Fits(Wide[1], content) ? Wide[1] : null;
        }
        if (content.AsSpan().IndexOf((byte)0) >= 0)
        {
            return null;
        }

        return Fits(Utf8, content) ? Utf8 : Encoding.Latin1;
    }

    private static bool Fits(Encoding encoding, byte[] content)
    {
        try
        {
            return encoding.GetBytes(encoding.GetString(content)).AsSpan().SequenceEqual(content);
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
