using System.Buffers;
using Plue.Server.Platform;

namespace Plue.Server.Store;

/// <summary>
/// Reads a journal and returns every valid line, skipping damage between them. Never writes.
/// Memory is bounded by the longest line, and that by <see cref="JournalLine.MaxBytes"/>.
/// </summary>
internal static class JournalReader
{
    private const int FirstBuffer = 128 * 1024;

    // Fits into the cache of one core.
    private const int BlockBuffer = 256 * 1024;

    /// <exception cref="IOException">The file cannot be read at all.</exception>
    public static JournalScan Scan(string path, JournalLineAction onLine)
    {
        using var stream = Open(path);
        var scan = new JournalScan(onLine);
        Read(stream, scan);
        return scan;
    }

    /// <exception cref="IOException">The file cannot be read at all.</exception>
    public static FileStream Open(string path) => RegularFile.OpenRead(path);

    /// <summary>Continues where the scan ended.</summary>
    public static void Read(FileStream stream, JournalScan scan)
    {
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(stream.Length - scan.GoodLength + 1, 4096, FirstBuffer));
        try
        {
            stream.Position = scan.GoodLength;
            Scan(stream, ref buffer, scan);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>True if the predicate holds for any block of complete, unchecked lines. Also true if a line exceeds the maximum length.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static bool HasBlock(FileStream stream, Func<ReadOnlySpan<byte>, bool> isTrue)
    {
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(stream.Length, 4096, BlockBuffer));
        try
        {
            stream.Position = 0;
            for (var filled = 0; ; )
            {
                var read = stream.Read(buffer, filled, buffer.Length - filled);
                var end = read == 0 ? filled : filled + buffer.AsSpan(filled, read).LastIndexOf((byte)'\n') + 1;
                if (read > 0 && end == filled)
                {
                    end = 0;
                }

                filled += read;
                if (end > 0 && isTrue(buffer.AsSpan(0, end)))
                {
                    return true;
                }
                if (read == 0)
                {
                    return false;
                }
                if (filled - end > JournalLine.MaxBytes)
                {
                    return true;
                }

                buffer.AsSpan(end, filled - end).CopyTo(buffer);
                filled -= end;
                if (filled == buffer.Length)
                {
                    buffer = Grow(buffer, filled);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Scan(FileStream stream, ref byte[] buffer, JournalScan scan)
    {
        var offset = scan.GoodLength;
        var filled = 0;
        var searched = 0;
        // True inside a line that exceeds the maximum length.
        var skipping = false;
        while (true)
        {
            var read = stream.Read(buffer, filled, buffer.Length - filled);
            filled += read;
            var start = 0;
            while (buffer.AsSpan(searched, filled - searched).IndexOf((byte)'\n') is var found and >= 0)
            {
                var end = searched + found;
                if (skipping)
                {
                    scan.AddDamage(offset + start, end + 1 - start, terminated: true);
                }
                else
                {
                    scan.Take(buffer.AsSpan(start, end - start), offset + start, terminated: true);
                }

                skipping = false;
                start = searched = end + 1;
            }

            if (read == 0)
            {
                if (skipping)
                {
                    scan.AddDamage(offset + start, filled - start, terminated: false);
                }
                else if (start < filled)
                {
                    scan.Take(buffer.AsSpan(start, filled - start), offset + start, terminated: false);
                }

                return;
            }

            if (skipping || filled - start > JournalLine.MaxBytes)
            {
                scan.AddDamage(offset + start, filled - start, terminated: false);
                skipping = true;
                start = filled;
            }

            buffer.AsSpan(start, filled - start).CopyTo(buffer);
            offset += start;
            searched = filled -= start;
            if (filled == buffer.Length)
            {
                buffer = Grow(buffer, filled);
            }
        }
    }

    private static byte[] Grow(byte[] buffer, int filled)
    {
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.AsSpan(0, filled).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}
