namespace Plue.Server.Platform;

/// <summary>Splits a byte stream into lines (LF or CRLF), with a length limit that applies before decoding. An unterminated last line is returned.</summary>
internal sealed class ChildProcessLines(Stream stream, int cap)
{
    private const int Small = 64 * 1024;
    private byte[] buffer = new byte[Small];
    private int first;
    private int searched;
    private int end;

    /// <summary>Takes a complete line from the buffer.</summary>
    public bool TryTake(out ReadOnlyMemory<byte> line)
    {
        var found = buffer.AsSpan(searched, end - searched).IndexOf((byte)'\n');
        if (found < 0)
        {
            searched = end;
            line = default;
            return false;
        }

        line = Line(first, searched + found);
        first = searched = searched + found + 1;
        return true;
    }

    /// <summary>Reads the next line; the memory is valid until the next call. Returns null at the end.</summary>
    /// <exception cref="InvalidDataException">A line exceeds the limit.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryTake(out var line))
            {
                return line;
            }

            EnsureCapacity();
            var count = await stream.ReadAsync(buffer.AsMemory(end), cancellationToken).ConfigureAwait(false);
            if (count == 0)
            {
                if (first == end)
                {
                    return null;
                }

                line = Line(first, end);
                first = searched = end;
                return line;
            }

            end += count;
        }
    }

    private ReadOnlyMemory<byte> Line(int from, int to)
    {
        if (to - from > cap)
        {
            throw TooLong();
        }

        return buffer.AsMemory(from, (to > from && buffer[to - 1] == '\r' ? to - 1 : to) - from);
    }

    private void EnsureCapacity()
    {
        var length = end - first;
        if (length > cap)
        {
            throw TooLong();
        }

        if (length == 0 && buffer.Length > Small)
        {
            buffer = new byte[Small];
        }
        else if (end == buffer.Length && first == 0)
        {
            Array.Resize(ref buffer, (int)Math.Min((long)buffer.Length * 2, (long)cap + Small));
        }
        else if (first > 0)
        {
            buffer.AsSpan(first, length).CopyTo(buffer);
        }

        (first, searched, end) = (0, searched - first, length);
    }

    private InvalidDataException TooLong() => new($"A line is longer than {cap / (1024 * 1024)} MiB.");
}
