using System.Buffers;
using System.Buffers.Binary;

namespace Plue.Server.Providers.Http;

/// <summary>
/// Splits a body into the frames of an AWS event stream: total length, length of the headers, checksum of both; headers; payload; checksum of all of this.
/// Numbers are big-endian. Returns only complete frames with valid checksums.
/// </summary>
internal sealed class FrameReader(Stream body) : IDisposable
{
    public const int MaxHeaders = 128 * 1024;
    public const int MaxPayload = 16 * 1024 * 1024;

    /// <summary>The number of bytes before the headers: two lengths and their checksum.</summary>
    public const int PreludeLength = 12;
    public const int ChecksumLength = 4;

    private byte[] buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
    private int start;
    private int end;
    private bool seenFrame;

    /// <summary>Returns the next complete frame, including lengths and checksums. The memory is valid until the next call.</summary>
    /// <exception cref="FrameException">The frame is damaged or too long.</exception>
    /// <exception cref="HtmlException">The body is HTML.</exception>
    public bool TryRead(out ReadOnlyMemory<byte> frame)
    {
        frame = default;
        if (!seenFrame)
        {
            RejectHtml();
        }
        var held = buffer.AsSpan(start, end - start);
        if (held.Length < PreludeLength)
        {
            return false;
        }
        var length = LengthOf(held);
        if (held.Length < length)
        {
            return false;
        }
        var whole = held[..length];
        if (Crc32.Of(whole[..^ChecksumLength]) != BinaryPrimitives.ReadUInt32BigEndian(whole[^ChecksumLength..]))
        {
            throw new FrameException(isTooLong: false);
        }
        frame = buffer.AsMemory(start, length);
        start += length;
        seenFrame = true;
        return true;
    }

    /// <summary>Reads once. Returns false at the end of the body; the remaining bytes are an incomplete frame.</summary>
    public async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        EnsureSpace();
        var read = await body.ReadAsync(buffer.AsMemory(end), cancellationToken).ConfigureAwait(false);
        end += read;
        return read > 0;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
        start = end = 0;
    }

    private static int LengthOf(ReadOnlySpan<byte> held)
    {
        var total = BinaryPrimitives.ReadUInt32BigEndian(held);
        var headers = BinaryPrimitives.ReadUInt32BigEndian(held[4..]);
        if (Crc32.Of(held[..8]) != BinaryPrimitives.ReadUInt32BigEndian(held[8..]))
        {
            throw new FrameException(isTooLong: false);
        }
        if (total < PreludeLength + ChecksumLength || headers > total - PreludeLength - ChecksumLength)
        {
            throw new FrameException(isTooLong: false);
        }
        if (headers > MaxHeaders || total - headers - PreludeLength - ChecksumLength > MaxPayload)
        {
            throw new FrameException(isTooLong: true);
        }
        return (int)total;
    }

    private void EnsureSpace()
    {
        if (start == end)
        {
            start = end = 0;
        }
        if (end < buffer.Length)
        {
            return;
        }
        // Frames are limited in size, so the buffer is, too.
        var target = start > 0 ? buffer : ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.AsSpan(start, end - start).CopyTo(target);
        if (target != buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = target;
        }

        end -= start;
        start = 0;
    }

    /// <summary>Throws if the body starts like text, which no valid frame does.</summary>
    private void RejectHtml()
    {
        var held = buffer.AsSpan(start, end - start).TrimStart(" \t\r\n"u8);
        if (held.Length > 0 && held[0] == '<')
        {
            throw new HtmlException();
        }
    }
}

/// <summary>A frame is damaged or too long.</summary>
internal sealed class FrameException(bool isTooLong) : Exception("The frame cannot be read.")
{
    public bool IsTooLong => isTooLong;
}
