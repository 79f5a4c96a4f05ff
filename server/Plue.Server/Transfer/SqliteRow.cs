using System.Text;

namespace Plue.Server.Transfer;

/// <summary>A row. Values are decoded on access; overflow pages are read only for values in them.</summary>
internal sealed class SqliteRow(SqliteFile file, byte[] page, int start, int local, int length)
{
    private static readonly int[] IntegerSizes = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];
    private int[]? places;
    private byte[]? payload;

    /// <summary>The size of the record in bytes.</summary>
    public int Size => length;

    /// <param name="columns">The index of each column in the record, or -1 for a missing one.</param>
    public SqliteRow With(int[] columns)
    {
        places = columns;
        return this;
    }

    /// <returns>Null for any other type.</returns>
    public string? Text(int column)
    {
        var (type, value) = Value(column);
        if (type < 13 || type % 2 == 0)
        {
            return null;
        }

        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(value);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <returns>0 for any other type.</returns>
    public long Number(int column)
    {
        var (type, value) = Value(column);
        if (type is 8 or 9)
        {
            return type - 8;
        }
        if (type is < 1 or > 6 || value.Length == 0)
        {
            return 0;
        }

        long number = (sbyte)value[0];
        foreach (var part in value[1..])
        {
            number = (number << 8) | part;
        }
        return number;
    }

    public static bool TryVarint(ReadOnlySpan<byte> bytes, ref int at, out long value)
    {
        value = 0;
        for (var i = 0; i < 9 && at < bytes.Length; i++)
        {
            var next = bytes[at++];
            if (i == 8)
            {
                value = (value << 8) | next;
                return true;
            }

            value = (value << 7) | (next & 0x7FL);
            if (next < 0x80)
            {
                return true;
            }
        }

        return false;
    }

    private ReadOnlyValue Value(int column)
    {
        var place = places is { } known ? known[column] : column;
        var bytes = payload is { } all ? all : page.AsSpan(start, local);
        var at = 0;
        if (place < 0 || !TryVarint(bytes, ref at, out var header))
        {
            return default;
        }
        if (header > bytes.Length)
        {
            return payload is null && Load() ? Value(column) : default;
        }

        var offset = header;
        for (var index = 0; at < header && TryVarint(bytes[..(int)header], ref at, out var type); index++)
        {
            long size = type switch
            {
                < 0 or 10 or 11 => -1,
                < 10 => IntegerSizes[type],
                _ => (type - 12) / 2,
            };
            if (size < 0 || offset + size > length)
            {
                return default;
            }
            if (index == place)
            {
                return offset + size <= bytes.Length ? new ReadOnlyValue(type, bytes.Slice((int)offset, (int)size))
                    : payload is null && Load() ? Value(column)
                    : default;
            }

            offset += size;
        }

        return default;
    }

    private bool Load() => (payload = file.Payload(page, start, local, length)) is not null;

    private readonly ref struct ReadOnlyValue(long type, ReadOnlySpan<byte> bytes)
    {
        private readonly long type = type;
        private readonly ReadOnlySpan<byte> bytes = bytes;

        public void Deconstruct(out long kind, out ReadOnlySpan<byte> content)
        {
            kind = type;
            content = bytes;
        }
    }
}
