using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Edits;

/// <summary>
/// The journal of agent edits, <c>edits/edits.jsonl</c>, and the contents next to it. All windows write to it, one at a time, and read each other's records.
/// Files are opened on first use. Thread-safe.
/// </summary>
internal sealed class EditStore(PluePaths paths, TimeProvider time, ILogger logger) : IDisposable
{
    public static readonly TimeSpan MaxAge = TimeSpan.FromDays(30);
    public const long MaxBytes = 500L * 1024 * 1024;
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromHours(12);

    private readonly Lock sync = new();
    private JournalScan? scan;
    private LivenessFile? liveness;
    private (long Length, DateTime Modified) seen;
    private string identity = "";
    private DateTimeOffset? swept;

    public ContentStore Contents { get; } = new(Path.Combine(paths.Edits, "contents"));
    public EditHistory History { get; private set; } = new();
    public string Checkpoints => Path.Combine(paths.Edits, "checkpoints");
    private string JournalPath => Path.Combine(paths.Edits, "edits.jsonl");
    private string LivenessFolder => Path.Combine(paths.Edits, "alive");

    public TimeProvider Time => time;
    public ILogger Logger => logger;

    /// <summary>Reads the current history, including changes by other windows.</summary>
    /// <exception cref="FailureException">StoreReadOnly: the journal cannot be read.</exception>
    public T Read<T>(Func<EditHistory, T> read) =>
        Guard(
            "The record of agent edits could not be read",
            () =>
            {
                lock (sync)
                {
                    CatchUp();
                    return read(History);
                }
            }
        );

    /// <summary>
    /// Changes the history under an exclusive lock. The records that <paramref name="change"/> returns are durable afterwards; an empty list changes nothing.
    /// </summary>
    /// <exception cref="FailureException">StoreReadOnly: nothing was written.</exception>
    public void Change(Func<EditHistory, IReadOnlyList<EditRecord>> change) =>
        Guard(
            "The record of agent edits could not be written, so agents cannot change files",
            () =>
            {
                lock (sync)
                {
                    using var turn = FileLock.Acquire(paths.LockFile("edits"), LockTimeout);
                    CatchUp();
                    var records = change(History);
                    if (records.Count > 0)
                    {
                        Contents.Sync();
                        Append(records);
                        CatchUp();
                    }

                    return true;
                }
            }
        );

    public string Process
    {
        get
        {
            lock (sync)
            {
                return (liveness ??= Guard("The record of agent edits could not be written", () => new LivenessFile(LivenessFolder))).Token;
            }
        }
    }

    /// <summary>True if the process that started the edit is still running.</summary>
    public bool IsInProgress(EditRecord begun)
    {
        _ = Process;
        return liveness!.IsAlive(begun.Process);
    }

    /// <summary>Deletes records older than 30 days, and the oldest beyond 500 MB. Does nothing if it ran recently.</summary>
    public void Sweep(IReadOnlySet<string> alsoNeeded)
    {
        var now = time.GetUtcNow();
        lock (sync)
        {
            if (swept is { } last && now - last < SweepInterval)
            {
                return;
            }

            swept = now;
        }

        Guard(
            "Old edits were not deleted",
            () =>
            {
                lock (sync)
                {
                    using var turn = FileLock.Acquire(paths.LockFile("edits"), LockTimeout);
                    CatchUp();
                    var oldest = ExpiryClock.Read(paths, time) - MaxAge ?? DateTimeOffset.MinValue;
                    var isOld = History.Oldest < oldest;
                    // The initial state of a running command is referenced only by its checkpoint, so nothing is deleted meanwhile.
                    if ((!isOld && Contents.Bytes <= MaxBytes) || History.Open.Any(begun => begun.Checkpoint is not null))
                    {
                        return true;
                    }

                    var kept = History.After(oldest);
                    while (kept.Records.Count > 0 && kept.Needed.Sum(Contents.LengthOf) > MaxBytes)
                    {
                        kept = kept.WithoutOldest();
                    }

                    Rewrite(kept.Records);
                    Contents.DeleteUnused(kept.Needed.Union(alsoNeeded).ToHashSet(StringComparer.Ordinal));
                    return true;
                }
            }
        );
    }

    public void Dispose()
    {
        Contents.Dispose();
        liveness?.Dispose();
    }

    private void CatchUp()
    {
        var info = new FileInfo(JournalPath);
        if (!info.Exists)
        {
            if (scan is not null)
            {
                Forget();
            }
            return;
        }

        var now = (info.Length, info.LastWriteTimeUtc);
        if (now == seen)
        {
            return;
        }

        using var stream = JournalReader.Open(JournalPath);
        var start = IdentityOf(stream);
        if (start != identity || stream.Length < scan?.GoodLength)
        {
            Forget();
        }

        identity = start;
        scan ??= new JournalScan(Take);
        scan.ClearTail();
        JournalReader.Read(stream, scan);
        seen = now;
    }

    private void Forget()
    {
        (scan, seen, identity) = (null, default, "");
        History = new EditHistory();
    }

    private static string IdentityOf(FileStream stream)
    {
        var first = new byte[256];
        stream.Position = 0;
        var read = stream.ReadAtLeast(first, first.Length, throwOnEndOfStream: false);
        var end = first.AsSpan(0, read).IndexOf((byte)'\n');
        return Convert.ToHexString(first.AsSpan(0, end < 0 ? read : end));
    }

    private void Take(JournalLine line)
    {
        try
        {
            if (JsonSerializer.Deserialize(line.Json, EditJson.Default.EditRecord) is { } record)
            {
                History.Take(record with { Time = record.Time ?? line.Time });
            }
        }
        catch (JsonException exception)
        {
            logger.LogWarning("A line of the edit record could not be parsed: {Why}", exception.Message);
        }
    }

    private void Append(IReadOnlyList<EditRecord> records)
    {
        var lines = new ArrayBufferWriter<byte>();
        var seq = scan?.LastSeq ?? 0;
        if (scan is null)
        {
            Write(new EditRecord { Type = EditRecord.Head, Scope = Ids.New("edits") });
        }
        foreach (var record in records)
        {
            Write(record);
        }

        DurableFile.CreatePrivateDirectory(paths.Edits);
        using var file = DurableFile.OpenPrivate(
            JournalPath,
            FileMode.OpenOrCreate,
            FileAccess.ReadWrite,
            FileShare.ReadWrite | FileShare.Delete
        );
        var (isNew, end) = (file.Length == 0, file.Length);
        file.Position = end;
        try
        {
            // An incomplete line left by a crash is terminated, and the new record starts after it.
            if (scan is not null && (end > scan.GoodLength || scan.IsMissingLineFeed))
            {
                file.Write("\n"u8);
            }

            file.Write(lines.WrittenSpan);
            DurableFile.Sync(file.SafeFileHandle);
        }
        catch
        {
            file.SetLength(end);
            throw;
        }

        if (isNew)
        {
            DurableFile.SyncDirectory(paths.Edits);
        }

        void Write(EditRecord record) => JournalLine.Write(lines, ++seq, time.GetUtcNow(), record.ToUtf8());
    }

    private void Rewrite(IReadOnlyList<EditRecord> records)
    {
        var lines = new ArrayBufferWriter<byte>();
        long seq = 0;
        foreach (var record in records.Prepend(new EditRecord { Type = EditRecord.Head, Scope = Ids.New("edits") }))
        {
            JournalLine.Write(lines, ++seq, time.GetUtcNow(), record.ToUtf8());
        }

        DurableFile.Replace(JournalPath, lines.WrittenSpan);
        Forget();
        CatchUp();
    }

    private static T Guard<T>(string what, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.From(exception, what);
        }
    }
}
