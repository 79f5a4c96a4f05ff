using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Plue.Server.Store;

/// <summary>
/// One line of a journal, the same in every format version:
/// <code>{"seq":12,"time":"2026-01-31T09:30:00.123Z","type":"message", ... ,"crc":"e3069283"}\n</code>
/// <c>seq</c>, <c>time</c> (UTC, milliseconds) and <c>type</c> are the first members in this order and <c>crc</c> is the last.
/// The CRC is CRC-32C, in eight lower-case hex digits, of the line's bytes without <c>,"crc":"e3069283"</c> and without the line
/// feed, closing brace included. Inside strings quotes are escaped, so the bytes <c>{"seq":</c> occur only where a line
/// begins; that lets a reader find the lines again after a damaged one, even when the line feed between them is gone.
/// </summary>
internal readonly ref struct JournalLine
{
    /// <summary>Lines longer than this are not written, and not decoded.</summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
    private const int TimeLength = 24;
    internal const int CrcSuffixLength = 18;

    public required long Seq { get; init; }
    public required DateTimeOffset Time { get; init; }
    public required ReadOnlySpan<byte> Type { get; init; }

    /// <summary>The complete object, including <c>crc</c>, without the line feed.</summary>
    public required ReadOnlySpan<byte> Json { get; init; }

    /// <summary>The offset of the line in the file.</summary>
    public long Offset { get; init; }

    internal static ReadOnlySpan<byte> Start => "{\"seq\":"u8;
    private static ReadOnlySpan<byte> TimeMember => ",\"time\":\""u8;
    private static ReadOnlySpan<byte> TypeMember => "\",\"type\":\""u8;
    private static ReadOnlySpan<byte> CrcMember => ",\"crc\":\""u8;
    private static ReadOnlySpan<byte> End => "\"}"u8;

    /// <param name="record">A JSON object of one line whose first member is <c>type</c>.</param>
    public static void Write(IBufferWriter<byte> output, long seq, DateTimeOffset time, ReadOnlySpan<byte> record)
    {
        var span = output.GetSpan(record.Length + 96);
        var length = 0;
        Put(span, ref length, Start);
        Utf8Formatter.TryFormat(seq, span[length..], out var written);
        length += written;
        Put(span, ref length, TimeMember);
        time.UtcDateTime.TryFormat(span[length..], out written, TimeFormat, CultureInfo.InvariantCulture);
        length += written;
        Put(span, ref length, "\","u8);
        Put(span, ref length, record[1..^1]);
        var crc = Crc32C.Of(span[..length], "}"u8);
        Put(span, ref length, CrcMember);
        Utf8Formatter.TryFormat(crc, span[length..], out written, new StandardFormat('x', 8));
        length += written;
        Put(span, ref length, End);
        span[length++] = (byte)'\n';
        output.Advance(length);
    }

    /// <summary>False if these bytes are not exactly as written by <see cref="Write"/>.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, long offset, out JournalLine line)
    {
        line = default;
        if (!bytes.StartsWith(Start) || bytes.Length < Start.Length + CrcSuffixLength)
        {
            return false;
        }

        var suffix = bytes[^CrcSuffixLength..];
        if (!suffix.StartsWith(CrcMember) || !suffix.EndsWith(End) || !TryParseHex(suffix[CrcMember.Length..^End.Length], out var crc))
        {
            return false;
        }

        var covered = bytes[..^CrcSuffixLength];
        if (Crc32C.Of(covered, "}"u8) != crc)
        {
            return false;
        }

        var rest = covered[Start.Length..];
        if (!Utf8Parser.TryParse(rest, out long seq, out var digits) || seq < 1 || !rest[digits..].StartsWith(TimeMember))
        {
            return false;
        }

        rest = rest[(digits + TimeMember.Length)..];
        if (rest.Length < TimeLength || !rest[TimeLength..].StartsWith(TypeMember) || !TryParseTime(rest[..TimeLength], out var time))
        {
            return false;
        }

        rest = rest[(TimeLength + TypeMember.Length)..];
        var typeLength = rest.IndexOf((byte)'"');
        if (typeLength < 0)
        {
            return false;
        }

        line = new JournalLine
        {
            Seq = seq,
            Time = time,
            Type = rest[..typeLength],
            Json = bytes,
            Offset = offset,
        };
        return true;
    }

    /// <summary>Finds the possible end of the first line in these bytes, after its <c>crc</c>; -1 if there is none.</summary>
    public static int FindEnd(ReadOnlySpan<byte> bytes)
    {
        var at = bytes.IndexOf(CrcMember);
        return at < 0 || at + CrcSuffixLength > bytes.Length ? -1 : at + CrcSuffixLength;
    }

    private static void Put(Span<byte> span, ref int length, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(span[length..]);
        length += bytes.Length;
    }

    private static bool TryParseTime(ReadOnlySpan<byte> bytes, out DateTimeOffset time)
    {
        Span<char> chars = stackalloc char[TimeLength];
        for (var i = 0; i < TimeLength; i++)
        {
            chars[i] = (char)bytes[i];
        }

        return DateTimeOffset.TryParseExact(chars, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
    }

    /// <summary>Lower case only, so that one value has one spelling.</summary>
    private static bool TryParseHex(ReadOnlySpan<byte> digits, out uint value)
    {
        value = 0;
        foreach (var digit in digits)
        {
            var nibble = digit switch
            {
                >= (byte)'0' and <= (byte)'9' => digit - '0',
                >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
                _ => -1,
            };
            if (nibble < 0)
            {
                return false;
            }

            value = (value << 4) | (uint)nibble;
        }

        return true;
    }

    public override string ToString() => Encoding.UTF8.GetString(Json);
}

internal delegate void JournalLineAction(JournalLine line);
