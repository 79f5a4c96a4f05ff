using System.Buffers;
using System.Globalization;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Store;

/// <summary>
/// The append-only file behind a chat or task. Lines: <see cref="JournalLine"/>; records: <see cref="StoredRecord"/>; the first names the format
/// version, id and template. Any number of processes can follow the file. Only the holder of its lock appends, after reading
/// what others appended. A rewritten file has a different first line, so that followers read it again.
/// Its owner repairs: bytes that are not valid lines are copied to <c>&lt;file&gt;.damaged-&lt;time&gt;</c>; at the end of the file they are then cut off,
/// elsewhere the file is rewritten without them and with a <c>dropped</c> record in their place. The first append to a file of an older
/// format copies it to the backups and rewrites it. Nothing is ever deleted unread, and a file of a newer format is not touched. Not thread-safe.
/// </summary>
/// <param name="fallbackHeader">Replaces a first line that cannot be read.</param>
/// <param name="backup">The folder to which a file of an older format is copied before it is rewritten.</param>
/// <param name="onLine">Receives every valid line, of this and other processes.</param>
/// <param name="onRewritten">The previous lines are invalid; all lines follow again.</param>
internal sealed class Journal(
    string path,
    string subject,
    StoredHeader fallbackHeader,
    Func<int, string> backup,
    TimeProvider time,
    JournalLineAction onLine,
    Action onRewritten
) : IDisposable
{
    private const int BeginLength = 256;
    private const int EndLength = 64;

    private readonly ArrayBufferWriter<byte> lines = new();

    // The first bytes of the file when it was read, to recognize the file.
    private byte[] begin = [];

    // The last bytes before the end of the last valid line, to recognize the file.
    private byte[] end = [];
    private (long Length, DateTime Modified) seen;
    private JournalLock? owner;

    // Open while this process owns the journal.
    private FileStream? file;
    private bool mayHaveTornTail;

    /// <summary>The result of reading so far.</summary>
    public JournalScan Scan { get; private set; } = new(onLine);

    public bool IsOwned => owner is not null;

    public long Length => Scan.GoodLength;

    /// <summary>The file to which <see cref="SaveDamage()"/> copied the unreadable bytes; null if all lines were valid.</summary>
    public string? DamagedCopy { get; private set; }

    /// <summary>Creates a journal with its first records, atomically.</summary>
    /// <exception cref="FailureException">StoreReadOnly.</exception>
    public static void Create(
        string path,
        StoredHeader header,
        TimeProvider time,
        string subject,
        params ReadOnlySpan<StoredRecord> records
    )
    {
        var written = new ArrayBufferWriter<byte>();
        long seq = 1;
        JournalLine.Write(written, seq, time.GetUtcNow(), header.ToUtf8());
        foreach (var record in records)
        {
            JournalLine.Write(written, ++seq, time.GetUtcNow(), record.ToUtf8());
        }

        try
        {
            DurableFile.Replace(path, written.WrittenSpan);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.From(exception, $"This {subject} was not created");
        }
    }

    /// <summary>Reads what was appended since; opens the file only when it changed.</summary>
    /// <exception cref="FailureException">StoreReadOnly: the file cannot be read, or is of a newer format.</exception>
    public JournalReadResult CatchUp()
    {
        try
        {
            var info = new FileInfo(path);
            if (!info.Exists)
            {
                return JournalReadResult.Deleted;
            }

            var now = (info.Length, info.LastWriteTimeUtc);
            if (now == seen)
            {
                return JournalReadResult.Unchanged;
            }

            using var stream = JournalReader.Open(path);
            var appended = ReadAppended(stream);
            seen = now;
            RefuseNewer(Scan, subject);
            return appended;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return JournalReadResult.Deleted;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.StoreReadOnly,
                $"This {subject} could not be read ({exception.Message.TrimEnd('.')}). Check {path}.",
                exception
            );
        }
    }

    /// <summary>Acquires the lock for appending and reads what others appended. False if another process holds it.</summary>
    /// <exception cref="FailureException">NotFound; StoreReadOnly: the disk, or a newer format.</exception>
    public bool TryAcquire()
    {
        if (IsOwned)
        {
            return true;
        }
        if (!File.Exists(path))
        {
            throw NotFound(subject);
        }
        if (JournalLock.TryAcquire(path, subject) is not { } acquired)
        {
            return false;
        }

        try
        {
            file = DurableFile.OpenPrivate(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            ReadAppended(file);
            RefuseNewer(Scan, subject);
            owner = acquired;
            return true;
        }
        catch (Exception exception)
        {
            file?.Dispose();
            file = null;
            acquired.Dispose();
            if (exception is FileNotFoundException)
            {
                throw NotFound(subject);
            }

            if (exception is IOException or UnauthorizedAccessException)
            {
                throw StoreFailure.From(exception, $"This {subject} cannot be opened for writing");
            }

            throw;
        }
    }

    /// <summary>Releases the lock.</summary>
    public void Release()
    {
        if (mayHaveTornTail)
        {
            TryCutTail();
        }

        file?.Dispose();
        file = null;
        owner?.Dispose();
        owner = null;
        seen = default;
    }

    public void Dispose() => Release();

    /// <summary>Copies the unreadable bytes to a file next to this one.</summary>
    /// <exception cref="FailureException">StoreReadOnly: nothing was changed.</exception>
    public void SaveDamage() => Guard("cannot be opened for writing", () => DamagedCopy = SaveDamage(Scan.Damaged));

    /// <summary>Removes invalid lines from the file, which were copied to a separate file.</summary>
    /// <exception cref="FailureException">StoreReadOnly.</exception>
    public void Repair() =>
        Guard(
            "cannot be opened for writing",
            () =>
            {
                if (Scan.IsDamagedInside)
                {
                    Rewrite(new HashSet<long>());
                    return;
                }

                RandomAccess.SetLength(Owned.SafeFileHandle, Scan.GoodLength);
                DurableFile.Sync(Owned.SafeFileHandle);
                Scan.ClearTail();
            }
        );

    public static void RefuseNewer(JournalScan scan, string subject)
    {
        if (scan.Header is { Format: > StoredHeader.CurrentFormat } header)
        {
            throw new FailureException(
                FailureKind.StoreReadOnly,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"This {subject} was written by a newer version of Plue (format {header.Format}). Update Plue to open it; it was not changed."
                )
            );
        }
    }

    public static FailureException NotFound(string subject) =>
        new(FailureKind.NotFound, $"This {subject} no longer exists. Choose another.");

    /// <summary>Appends all of the records or none. If <paramref name="durable"/>, they are on the disk when the method returns.</summary>
    /// <exception cref="FailureException">StoreReadOnly, or Conflict where another process took over: nothing was appended; a later call may succeed.</exception>
    public void Append(bool durable, params ReadOnlySpan<byte[]> records)
    {
        if (owner is not { IsIntact: true })
        {
            Reacquire();
        }
        if (Scan.Header is { Format: < StoredHeader.CurrentFormat })
        {
            Guard("was not saved", () => Rewrite(new HashSet<long>()));
        }

        lines.ResetWrittenCount();
        if (Scan.IsMissingLineFeed)
        {
            lines.Write("\n"u8);
        }

        var seq = Scan.LastSeq;
        foreach (var record in records)
        {
            if (record.Length > JournalLine.MaxBytes - 256)
            {
                throw new FailureException(
                    FailureKind.BadRequest,
                    $"A {subject} cannot store a message larger than 64 MiB. Shorten the message."
                );
            }

            JournalLine.Write(lines, ++seq, time.GetUtcNow(), record);
        }

        try
        {
            if (mayHaveTornTail)
            {
                CutTail();
            }

            mayHaveTornTail = true;
            RandomAccess.Write(Owned.SafeFileHandle, lines.WrittenSpan, Scan.GoodLength);
            if (durable)
            {
                DurableFile.Sync(Owned.SafeFileHandle);
            }

            mayHaveTornTail = false;
            TakeLines();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            TryCutTail();
            throw StoreFailure.From(exception, $"This {subject} was not saved");
        }
        finally
        {
            if (lines.Capacity > 4 * 1024 * 1024)
            {
                lines.Clear();
            }
        }
    }

    /// <summary>Rewrites the file atomically without some lines; a <c>dropped</c> record replaces each run of them.</summary>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public void Compact(IReadOnlySet<long> dropped) => Rewrite(dropped);

    private FileStream Owned => file ?? throw new InvalidOperationException($"This process does not own the {subject}.");

    /// <summary>Acquires the lock again if its file was deleted, after reading what others appended.</summary>
    private void Reacquire()
    {
        Release();
        if (!TryAcquire())
        {
            throw new FailureException(
                FailureKind.Conflict,
                $"Another window is writing to this {subject}. Try again when it has finished."
            );
        }

        mayHaveTornTail = Scan.HasTornTail;
    }

    private void TakeLines()
    {
        var offset = Scan.GoodLength;
        for (
            var rest = lines.WrittenSpan;
            rest.IndexOf((byte)'\n') is var length and >= 0;
            rest = rest[(length + 1)..], offset += length + 1
        )
        {
            Scan.Take(rest[..length], offset, terminated: true);
        }

        if ((begin.Length, end.Length) == (BeginLength, EndLength) && lines.WrittenCount >= EndLength)
        {
            lines.WrittenSpan[^EndLength..].CopyTo(end);
        }
        else
        {
            Remember(Owned);
        }
    }

    private JournalReadResult ReadAppended(FileStream stream)
    {
        var isAnew = !IsContinuation(stream);
        if (isAnew)
        {
            Scan = new JournalScan(onLine);
            onRewritten();
        }

        var before = Scan.GoodLength;
        Scan.ClearTail();
        JournalReader.Read(stream, Scan);
        Remember(stream);
        return isAnew ? JournalReadResult.Rewritten
            : Scan.GoodLength > before ? JournalReadResult.Appended
            : JournalReadResult.Unchanged;
    }

    /// <summary>True if the bytes that were read are unchanged, so that only later bytes are new.</summary>
    private bool IsContinuation(FileStream stream)
    {
        Span<byte> buffer = stackalloc byte[BeginLength];
        return stream.Length >= Scan.GoodLength
            && Read(stream, buffer[..begin.Length], 0).SequenceEqual(begin)
            && Read(stream, buffer[..end.Length], Scan.GoodLength - end.Length).SequenceEqual(end);
    }

    private void Remember(FileStream stream)
    {
        Span<byte> buffer = stackalloc byte[BeginLength];
        if (begin.Length < BeginLength)
        {
            begin = Read(stream, buffer[..(int)Math.Min(BeginLength, Scan.GoodLength)], 0).ToArray();
        }

        var length = (int)Math.Min(EndLength, Scan.GoodLength);
        if (end.Length != length)
        {
            end = new byte[length];
        }

        Read(stream, end, Scan.GoodLength - length);
    }

    private static Span<byte> Read(FileStream stream, Span<byte> buffer, long offset)
    {
        var filled = 0;
        while (filled < buffer.Length && RandomAccess.Read(stream.SafeFileHandle, buffer[filled..], offset + filled) is var read and > 0)
        {
            filled += read;
        }

        return buffer[..filled];
    }

    private void Guard(string what, Action change)
    {
        try
        {
            change();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.From(exception, $"This {subject} {what}");
        }
    }

    private string SaveDamage(IReadOnlyList<DamagedRange> ranges)
    {
        var stamp = time.GetUtcNow().UtcDateTime.ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture);
        var aside = $"{path}.damaged-{stamp}";
        for (var i = 2; File.Exists(aside); i++)
        {
            aside = string.Create(CultureInfo.InvariantCulture, $"{path}.damaged-{stamp}-{i}");
        }

        try
        {
            using (var copy = DurableFile.OpenPrivate(aside, FileMode.CreateNew, FileAccess.Write))
            {
                foreach (var range in ranges)
                {
                    CopyTo(copy, range);
                }

                DurableFile.Sync(copy.SafeFileHandle);
            }

            DurableFile.SyncDirectory(Path.GetDirectoryName(path)!);
        }
        catch
        {
            // The next owner creates another copy; an incomplete one is useless.
            File.Delete(aside);
            throw;
        }

        return Path.GetFileName(aside);
    }

    private void CopyTo(FileStream copy, DamagedRange range)
    {
        var buffer = new byte[64 * 1024];
        for (long done = 0; done < range.Length; )
        {
            var requested = (int)Math.Min(buffer.Length, range.Length - done);
            var read = RandomAccess.Read(Owned.SafeFileHandle, buffer.AsSpan(0, requested), range.Offset + done);
            if (read == 0)
            {
                break;
            }

            copy.Write(buffer, 0, read);
            done += read;
        }
    }

    private void Rewrite(IReadOnlySet<long> dropped)
    {
        var header = Scan.Header ?? fallbackHeader;
        if (header.Format < StoredHeader.CurrentFormat)
        {
            DurableFile.Copy(path, backup(header.Format));
        }

        header = header with { Format = StoredHeader.CurrentFormat, Rewritten = (header.Rewritten ?? 0) + 1 };
        var temporary = Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}.tmp");
        FileStream? target = null;
        var isMoved = false;
        try
        {
            // This handle stays valid across the rename, so the lock is never released.
            target = DurableFile.OpenPrivate(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            var copy = target;
            var rewriting = new JournalRewriter(dropped, header, time.GetUtcNow(), DamagedCopy);
            JournalReader.Scan(path, line => rewriting.Take(line, copy));
            rewriting.Finish(copy);
            DurableFile.Sync(copy.SafeFileHandle);
            File.Move(temporary, path, overwrite: true);
            isMoved = true;
            (target, file) = (file, copy);
            DurableFile.SyncDirectory(Path.GetDirectoryName(path)!);
            (begin, end) = ([], []);
            Scan = new JournalScan(onLine);
            onRewritten();
            ReadAppended(Owned);
        }
        catch
        {
            // The read state of the old file does not apply to the new one: the next append acquires and reads again.
            if (isMoved)
            {
                Release();
            }
            else
            {
                File.Delete(temporary);
            }
            throw;
        }
        finally
        {
            target?.Dispose();
        }
    }

    private void CutTail()
    {
        RandomAccess.SetLength(Owned.SafeFileHandle, Scan.GoodLength);
        mayHaveTornTail = false;
    }

    /// <summary>Removes an incomplete append. If this fails, the next append or the next owner tries again.</summary>
    private void TryCutTail()
    {
        try
        {
            CutTail();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            mayHaveTornTail = true;
        }
    }
}

/// <summary>The result of <see cref="Journal.CatchUp"/>.</summary>
internal enum JournalReadResult
{
    Unchanged,
    Appended,
    Rewritten,
    Deleted,
}
