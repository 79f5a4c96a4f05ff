using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Transfer;

/// <summary>
/// Reads the tables of another program's SQLite database, with the committed pages of its write-ahead log. It takes no locks and writes nothing,
/// so that the program is not disturbed. A corrupt or malicious file yields fewer rows or a failure, within the limits.
/// </summary>
internal sealed class SqliteFile : IDisposable
{
    private const int HeaderLength = 100;
    private const int Utf8Encoding = 1;
    private const int MaxPayload = 64 * 1024 * 1024;
    private const int MaxPages = 2_000_000;
    private const int MaxDepth = 20;
    private const byte InteriorTable = 0x05;
    private const byte LeafTable = 0x0d;

    private readonly SafeFileHandle database;
    private readonly SqliteLog log;
    private readonly string path;
    private readonly (long, DateTime) state;
    private readonly int pageSize;
    private readonly int usable;
    private readonly long maxPayload;
    private readonly Dictionary<string, SqliteTable> tables = new(StringComparer.Ordinal);

    private SqliteFile(string path, SafeFileHandle database)
    {
        (this.path, this.database) = (path, database);
        state = StateOf(path);
        log = SqliteLog.Read(path + "-wal");
        Span<byte> header = stackalloc byte[HeaderLength];
        if (RandomAccess.Read(database, header, 0) < HeaderLength || !IsDatabase(header))
        {
            throw Broken();
        }

        var size = BinaryPrimitives.ReadUInt16BigEndian(header[16..]);
        pageSize = size == 1 ? 65536 : size;
        usable = pageSize - header[20];
        if (pageSize < 512 || (pageSize & (pageSize - 1)) != 0 || usable < 480 || (log.PageSize is { } logged && logged != pageSize))
        {
            throw Broken();
        }
        maxPayload = Math.Min(MaxPayload, RandomAccess.GetLength(database) + log.Length);
        if (PageOf(1) is not { } first || BinaryPrimitives.ReadInt32BigEndian(first.AsSpan(56)) != Utf8Encoding)
        {
            throw Broken();
        }

        foreach (var row in Rows(1, CancellationToken.None))
        {
            if (row.Text(0) == "table" && row.Text(1) is { } name && row.Text(4) is { } sql)
            {
                tables.TryAdd(name, new SqliteTable((uint)Math.Clamp(row.Number(3), 0, uint.MaxValue), SqliteTable.ColumnsOf(sql)));
            }
        }
    }

    /// <exception cref="FailureException">BadRequest: the file is not a readable database.</exception>
    /// <exception cref="IOException">A disk error.</exception>
    public static SqliteFile Open(string path)
    {
        var handle = RegularFile.OpenHandle(path);
        try
        {
            return new SqliteFile(path, handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    public static bool IsDatabase(ReadOnlySpan<byte> beginning) => beginning.StartsWith("SQLite format 3\0"u8);

    /// <summary>True if the program wrote to the database in the meantime, so that the rows may be inconsistent.</summary>
    public bool HasChanged => state != StateOf(path) || log.HasChanged;

    public bool Has(string table) => tables.ContainsKey(table);

    /// <summary>Reads these columns of a table. A missing column is empty in each row; a missing table has no rows.</summary>
    public IEnumerable<SqliteRow> Rows(string table, IReadOnlyList<string> columns, CancellationToken cancellationToken)
    {
        if (!tables.TryGetValue(table, out var found))
        {
            return [];
        }

        var places = columns.Select(column => found.Columns.IndexOf(column)).ToArray();
        return Rows(found.Root, cancellationToken).Select(row => row.With(places));
    }

    private IEnumerable<SqliteRow> Rows(uint root, CancellationToken cancellationToken)
    {
        var seen = new HashSet<uint>();
        var waiting = new Stack<(uint Page, int Depth)>([(root, 0)]);
        while (waiting.TryPop(out var next))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (next.Depth > MaxDepth || seen.Count >= MaxPages || !seen.Add(next.Page) || PageOf(next.Page) is not { } page)
            {
                continue;
            }

            var start = next.Page == 1 ? HeaderLength : 0;
            var isLeaf = page[start] == LeafTable;
            if (!isLeaf && page[start] != InteriorTable)
            {
                continue;
            }

            var cells = BinaryPrimitives.ReadUInt16BigEndian(page.AsSpan(start + 3));
            var pointers = start + (isLeaf ? 8 : 12);
            if (pointers + (cells * 2) > pageSize)
            {
                continue;
            }
            if (!isLeaf)
            {
                waiting.Push((BinaryPrimitives.ReadUInt32BigEndian(page.AsSpan(start + 8)), next.Depth + 1));
            }

            // Children are pushed in reverse, so that the stack returns them in order.
            for (var at = 0; at < cells; at++)
            {
                var pointer = pointers + ((isLeaf ? at : cells - 1 - at) * 2);
                var cell = BinaryPrimitives.ReadUInt16BigEndian(page.AsSpan(pointer));
                if (cell + 4 > pageSize)
                {
                    continue;
                }
                if (!isLeaf)
                {
                    waiting.Push((BinaryPrimitives.ReadUInt32BigEndian(page.AsSpan(cell)), next.Depth + 1));
                }
                else if (RowAt(page, cell) is { } row)
                {
                    yield return row;
                }
            }
        }
    }

    private SqliteRow? RowAt(byte[] page, int cell)
    {
        var at = cell;
        if (
            !SqliteRow.TryVarint(page.AsSpan(0, usable), ref at, out var length)
            || !SqliteRow.TryVarint(page.AsSpan(0, usable), ref at, out _)
            || length < 0
            || length > maxPayload
        )
        {
            return null;
        }

        var local = LocalLength((int)length);
        return at + local + (local < length ? 4 : 0) > usable ? null : new SqliteRow(this, page, at, local, (int)length);
    }

    private int LocalLength(int length)
    {
        var most = usable - 35;
        if (length <= most)
        {
            return length;
        }

        var least = ((usable - 12) * 32 / 255) - 23;
        var wanted = least + ((length - least) % (usable - 4));
        return wanted <= most ? wanted : least;
    }

    /// <summary>Gets the payload of a cell with its overflow pages; null if they end too early.</summary>
    internal byte[]? Payload(byte[] page, int start, int local, int length)
    {
        var all = new byte[length];
        page.AsSpan(start, local).CopyTo(all);
        var (filled, next) = (local, local < length ? BinaryPrimitives.ReadUInt32BigEndian(page.AsSpan(start + local)) : 0);
        while (filled < length)
        {
            if (PageOf(next) is not { } overflow)
            {
                return null;
            }

            var part = Math.Min(usable - 4, length - filled);
            overflow.AsSpan(4, part).CopyTo(all.AsSpan(filled));
            filled += part;
            next = BinaryPrimitives.ReadUInt32BigEndian(overflow);
        }

        return all;
    }

    private byte[]? PageOf(uint number)
    {
        if (number == 0)
        {
            return null;
        }

        var page = new byte[pageSize];
        return log.TryRead(number, page) || RandomAccess.Read(database, page, (number - 1L) * pageSize) == pageSize ? page : null;
    }

    internal static (long, DateTime) StateOf(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? (file.Length, file.LastWriteTimeUtc) : (-1, default);
    }

    private static FailureException Broken() =>
        new(FailureKind.BadRequest, "The database could not be read. Open it once with its own program, then import again.");

    public void Dispose()
    {
        database.Dispose();
        log.Dispose();
    }
}
