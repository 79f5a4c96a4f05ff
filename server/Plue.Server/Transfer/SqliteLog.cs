using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Plue.Server.Platform;

namespace Plue.Server.Transfer;

/// <summary>The committed pages in the write-ahead log of a SQLite database. Empty if the log is missing, empty or corrupt.</summary>
internal sealed class SqliteLog : IDisposable
{
    private const int HeaderLength = 32;
    private const int FrameHeaderLength = 24;
    private const uint Magic = 0x377f0682;
    private const long MaxBytes = 1L << 30;

    private readonly string path;
    private readonly (long, DateTime) state;
    private readonly Dictionary<uint, long> pages = [];
    private SafeFileHandle? file;

    private SqliteLog(string path)
    {
        this.path = path;
        state = SqliteFile.StateOf(path);
    }

    /// <summary>Null if there is no log.</summary>
    public int? PageSize { get; private set; }

    public long Length => file is null ? 0 : RandomAccess.GetLength(file);

    public bool HasChanged => state != SqliteFile.StateOf(path);

    public static SqliteLog Read(string path)
    {
        var log = new SqliteLog(path);
        if (log.state.Item1 is < HeaderLength or > MaxBytes)
        {
            return log;
        }

        log.file = RegularFile.OpenHandle(path);
        log.ReadFrames(log.file);
        return log;
    }

    public bool TryRead(uint number, byte[] page) =>
        file is not null && pages.TryGetValue(number, out var at) && RandomAccess.Read(file, page, at) == page.Length;

    private void ReadFrames(SafeFileHandle handle)
    {
        var header = new byte[HeaderLength];
        if (RandomAccess.Read(handle, header, 0) < HeaderLength)
        {
            return;
        }

        var magic = BinaryPrimitives.ReadUInt32BigEndian(header);
        var size = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(8));
        var sum = new Checksum(isBigEndian: (magic & 1) == 1);
        sum.Add(header.AsSpan(0, 24));
        if ((magic & ~1u) != Magic || size is < 512 or > 65536 || (size & (size - 1)) != 0 || !sum.Matches(header.AsSpan(24)))
        {
            return;
        }

        PageSize = size;
        var frame = new byte[FrameHeaderLength + size];
        var open = new Dictionary<uint, long>();
        for (long at = HeaderLength; RandomAccess.Read(handle, frame, at) == frame.Length; at += frame.Length)
        {
            sum.Add(frame.AsSpan(0, 8));
            sum.Add(frame.AsSpan(FrameHeaderLength));
            // Frames from before the last checkpoint have other salts.
            if (!frame.AsSpan(8, 8).SequenceEqual(header.AsSpan(16, 8)) || !sum.Matches(frame.AsSpan(16)))
            {
                return;
            }

            open[BinaryPrimitives.ReadUInt32BigEndian(frame)] = at + FrameHeaderLength;
            if (BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(4)) == 0)
            {
                continue;
            }

            foreach (var (page, place) in open)
            {
                pages[page] = place;
            }
            open.Clear();
        }
    }

    public void Dispose() => file?.Dispose();

    /// <summary>The checksum of the log, which continues from frame to frame.</summary>
    private sealed class Checksum(bool isBigEndian)
    {
        private uint first;
        private uint second;

        public void Add(ReadOnlySpan<byte> bytes)
        {
            for (var at = 0; at + 8 <= bytes.Length; at += 8)
            {
                first = unchecked(first + Word(bytes[at..]) + second);
                second = unchecked(second + Word(bytes[(at + 4)..]) + first);
            }
        }

        public bool Matches(ReadOnlySpan<byte> stored) =>
            first == BinaryPrimitives.ReadUInt32BigEndian(stored) && second == BinaryPrimitives.ReadUInt32BigEndian(stored[4..]);

        private uint Word(ReadOnlySpan<byte> bytes) =>
            isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }
}
