using System.Buffers;
using System.Globalization;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Store;

/// <summary>
/// The append-only file behind a chat or task, opened by its one writer. Lines: <see cref="JournalLine"/>; records: <see cref="StoredRecord"/>;
/// the first names the format version, id and template. Format 1.
/// Opening repairs: bytes that are no good line are copied to <c>&lt;file&gt;.damaged-&lt;time&gt;</c>; at the end of the file they are then cut off,
/// elsewhere the file is written anew without them and with a <c>dropped</c> record in their place. Nothing is ever deleted unread,
/// and a file of a newer format is not touched.
/// </summary>
internal sealed class Journal : IDisposable
{
    private readonly string path;
    private readonly string subject;
    private readonly TimeProvider time;
    private readonly JournalLock owner;
    private readonly JournalLineAction onLine;
    private readonly ArrayBufferWriter<byte> lines = new();
    private FileStream file;
    private long goodLength;
    private long lastSeq;
    private bool mayHaveTornTail;
    private bool disposed;

    private Journal(string path, string subject, TimeProvider time, JournalLock owner, FileStream file, JournalScan scan, JournalLineAction onLine)
    {
        (this.path, this.subject, this.time, this.owner, this.file, this.onLine) = (path, subject, time, owner, file, onLine);
        (goodLength, lastSeq) = (scan.GoodLength, scan.LastSeq);
    }

    public long Length => goodLength;

    /// <summary>Where opening put the bytes it could not read; null when all were good.</summary>
    public string? KeptAside { get; private set; }

    /// <summary>Makes a journal with its first records; it appears whole or not at all.</summary>
    /// <exception cref="FailureException">StoreReadOnly.</exception>
    public static void Create(string path, StoredHeader header, TimeProvider time, string subject, params ReadOnlySpan<StoredRecord> records)
    {
        var lines = new ArrayBufferWriter<byte>();
        long seq = 1;
        JournalLine.Write(lines, seq, time.GetUtcNow(), header.ToUtf8());
        foreach (var record in records) { JournalLine.Write(lines, ++seq, time.GetUtcNow(), record.ToUtf8()); }

        try
        {
            DurableFile.Replace(path, lines.WrittenSpan);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.From(exception, $"This {subject} was not created");
        }
    }

    /// <summary>Becomes the writer: locks, gives every good line to <paramref name="onLine"/>, and later each that is appended; repairs.</summary>
    /// <param name="lost">Stands in for a first line that cannot be read.</param>
    /// <exception cref="FailureException">NotFound; Conflict: another owner lives; StoreReadOnly: the disk, or a newer format.</exception>
    public static Journal Open(string path, StoredHeader lost, TimeProvider time, string subject, JournalLineAction onLine, out JournalScan scan)
    {
        if (!File.Exists(path)) { throw NotFound(subject); }

        var owner = JournalLock.Acquire(path, subject);
        Journal? journal = null;
        try
        {
            scan = JournalReader.Scan(path, onLine);
            RefuseNewer(scan, subject);
            journal = new Journal(path, subject, time, owner, OpenForWriting(path), scan, onLine);
            journal.Repair(scan, lost);
            return journal;
        }
        catch (Exception exception)
        {
            journal?.file.Dispose();
            owner.Dispose();
            if (exception is FileNotFoundException) { throw NotFound(subject); }

            if (exception is IOException or UnauthorizedAccessException)
            {
                throw StoreFailure.From(exception, $"This {subject} cannot be opened for writing");
            }

            throw;
        }
    }

    public static void RefuseNewer(JournalScan scan, string subject)
    {
        if (scan.Header is { Format: > StoredHeader.CurrentFormat } header)
        {
            throw new FailureException(FailureKind.StoreReadOnly, string.Create(CultureInfo.InvariantCulture,
                $"This {subject} was written by a newer version of Plue (format {header.Format}). Update Plue to open it; it was not changed."));
        }
    }

    public static FailureException NotFound(string subject) => new(FailureKind.NotFound, $"This {subject} does not exist any more. Choose another.");

    /// <summary>All of the records or none; with <paramref name="durable"/> they are on the disk when this returns.</summary>
    /// <exception cref="FailureException">StoreReadOnly: nothing was appended; a later call may succeed.</exception>
    public void Append(bool durable, params ReadOnlySpan<byte[]> records)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        lines.ResetWrittenCount();
        var seq = lastSeq;
        foreach (var record in records)
        {
            if (record.Length > JournalLine.MaxBytes - 256)
            {
                throw new FailureException(FailureKind.BadRequest, $"A message of more than 64 MiB cannot be kept in a {subject}. Make it shorter.");
            }

            JournalLine.Write(lines, ++seq, time.GetUtcNow(), record);
        }

        try
        {
            if (mayHaveTornTail) { CutTail(); }

            mayHaveTornTail = true;
            RandomAccess.Write(file.SafeFileHandle, lines.WrittenSpan, goodLength);
            if (durable) { DurableFile.Sync(file.SafeFileHandle); }

            mayHaveTornTail = false;
            var offset = goodLength;
            goodLength += lines.WrittenCount;
            lastSeq = seq;
            GiveLines(offset);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            TryCutTail();
            throw StoreFailure.From(exception, $"This {subject} was not saved");
        }
        finally
        {
            if (lines.Capacity > 4 * 1024 * 1024) { lines.Clear(); }
        }
    }

    private void GiveLines(long offset)
    {
        for (var rest = lines.WrittenSpan; rest.IndexOf((byte)'\n') is var end and >= 0; rest = rest[(end + 1)..], offset += end + 1)
        {
            if (JournalLine.TryParse(rest[..end], offset, out var line)) { onLine(line); }
        }
    }

    /// <summary>Writes the file anew without some lines; a <c>dropped</c> record stands for each run of them. Old file or new, never between.</summary>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public void Compact(IReadOnlySet<long> dropped) => Rewrite(dropped, null);

    public void Dispose()
    {
        if (disposed) { return; }

        disposed = true;
        if (mayHaveTornTail) { TryCutTail(); }

        file.Dispose();
        owner.Dispose();
    }

    private static FileStream OpenForWriting(string path) =>
        DurableFile.OpenPrivate(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    private void Repair(JournalScan scan, StoredHeader lost)
    {
        if (scan.Damaged.Count > 0) { KeptAside = KeepAside(scan.Damaged); }

        if (scan.IsDamagedInside)
        {
            Rewrite(new HashSet<long>(), scan.Header is null ? lost : null);
            return;
        }

        if (scan.Damaged.Count > 0)
        {
            RandomAccess.SetLength(file.SafeFileHandle, goodLength);
            DurableFile.Sync(file.SafeFileHandle);
        }

        if (scan.LacksLineFeed)
        {
            RandomAccess.Write(file.SafeFileHandle, "\n"u8, goodLength);
            goodLength++;
        }
    }

    private string KeepAside(IReadOnlyList<DamagedRange> ranges)
    {
        var stamp = time.GetUtcNow().UtcDateTime.ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture);
        var aside = $"{path}.damaged-{stamp}";
        for (var i = 2; File.Exists(aside); i++) { aside = string.Create(CultureInfo.InvariantCulture, $"{path}.damaged-{stamp}-{i}"); }

        using (var copy = DurableFile.OpenPrivate(aside, FileMode.CreateNew, FileAccess.Write))
        {
            var buffer = new byte[64 * 1024];
            foreach (var range in ranges)
            {
                for (long done = 0; done < range.Length;)
                {
                    var wanted = (int)Math.Min(buffer.Length, range.Length - done);
                    var read = RandomAccess.Read(file.SafeFileHandle, buffer.AsSpan(0, wanted), range.Offset + done);
                    if (read == 0) { break; }

                    copy.Write(buffer, 0, read);
                    done += read;
                }
            }

            DurableFile.Sync(copy.SafeFileHandle);
        }

        DurableFile.SyncDirectory(Path.GetDirectoryName(path)!);
        return Path.GetFileName(aside);
    }

    private void Rewrite(IReadOnlySet<long> dropped, StoredHeader? newHeader)
    {
        var temporary = Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}.tmp");
        FileStream? target = null;
        try
        {
            // This handle stays valid across the rename, so there is no moment in which the journal has none.
            target = DurableFile.OpenPrivate(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            var copy = target;
            var rewriting = new JournalRewriting(dropped, newHeader, time.GetUtcNow(), KeptAside);
            JournalReader.Scan(path, line => rewriting.Take(line, copy));
            rewriting.Finish(copy);
            DurableFile.Sync(copy.SafeFileHandle);
            var length = copy.Length;
            File.Move(temporary, path, overwrite: true);
            (target, file) = (file, copy);
            (goodLength, lastSeq) = (length, rewriting.LastSeq);
            DurableFile.SyncDirectory(Path.GetDirectoryName(path)!);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
        finally
        {
            target?.Dispose();
        }
    }

    private void CutTail()
    {
        RandomAccess.SetLength(file.SafeFileHandle, goodLength);
        mayHaveTornTail = false;
    }

    /// <summary>When even that fails, the next append tries again first, and the next opening would.</summary>
    private void TryCutTail()
    {
        try { CutTail(); }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException) { mayHaveTornTail = true; }
    }
}
