using System.Buffers;

namespace Plue.Server.Providers.Http;

/// <summary>
/// Splits a body into lines of bytes that end with LF, CRLF or CR. A line that exceeds the limit is an error before it is decoded, so that an endless line
/// needs no more memory than the limit.
/// </summary>
internal sealed class LineReader(Stream body, int cap) : IDisposable
{
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
    private int start;
    private int end;
    private int scanned;
    private bool atStart = true;
    private bool isAfterReturn;
    private bool atEnd;

    /// <summary>Returns the next complete line without its line end. The memory is valid until the next call.</summary>
    public bool TryRead(out ReadOnlyMemory<byte> line)
    {
        // A line ends at CR, whether or not LF follows, because LF may not arrive before the next event.
        if (isAfterReturn && start < end)
        {
            isAfterReturn = false;
            if (buffer[start] == '\n')
            {
                scanned = ++start;
            }
        }

        var length = buffer.AsSpan(scanned, end - scanned).IndexOfAny((byte)'\n', (byte)'\r');
        if (length < 0)
        {
            scanned = end;
            line = default;
            if (!atEnd || start == end)
            {
                return false;
            }
            // The last line may have no line end.
            line = Trim(start, end);
            start = end;
            return true;
        }

        var lineEnd = scanned + length;
        line = Trim(start, lineEnd);
        isAfterReturn = buffer[lineEnd] == '\r';
        start = scanned = lineEnd + 1;
        return true;
    }

    /// <summary>Reads once. Returns false at the end of the body; the remaining bytes may be a last line.</summary>
    /// <exception cref="InvalidDataException">The line exceeds the limit.</exception>
    public async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        EnsureSpace();
        var read = await body.ReadAsync(buffer.AsMemory(end), cancellationToken).ConfigureAwait(false);
        if (read == 0)
        {
            atEnd = true;
            return false;
        }

        end += read;
        return true;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
        start = end = scanned = 0;
    }

    private void EnsureSpace()
    {
        if (start == end)
        {
            start = end = scanned = 0;
            return;
        }

        if (end < buffer.Length)
        {
            return;
        }
        if (end - start >= cap)
        {
            throw new InvalidDataException("The line is longer than the cap.");
        }
        var target = start > 0 ? buffer : ArrayPool<byte>.Shared.Rent(Math.Min(buffer.Length * 2, cap + 1));
        buffer.AsSpan(start, end - start).CopyTo(target);
        if (target != buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = target;
        }

        end -= start;
        scanned -= start;
        start = 0;
    }

    private ReadOnlyMemory<byte> Trim(int from, int to)
    {
        if (atStart)
        {
            atStart = false;
            if (buffer.AsSpan(from, to - from).StartsWith("\uFEFF"u8))
            {
                from += 3;
            }
        }

        return buffer.AsMemory(from, to - from);
    }
}
