using System.Buffers;

namespace Plue.Server.Providers.Http;

/// <summary>
/// Cuts a body into lines of bytes, which end with LF, CRLF or CR. A line over the cap is an error before anything of it is decoded,
/// so that an endless line costs the cap in memory and no more.
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

    /// <summary>The next whole line without its ending. The memory is good until the next call.</summary>
    public bool TryRead(out ReadOnlyMemory<byte> line)
    {
        // A line ends with its CR, whether or not an LF follows: that may not come before the next event.
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
            // The last line may lack its ending.
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

    /// <summary>Reads once. False at the end of the body; what is left may then be one last line.</summary>
    /// <exception cref="InvalidDataException">The line is longer than the cap.</exception>
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
