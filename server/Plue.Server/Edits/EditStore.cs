using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Edits;

/// <summary>
/// The record of what agents changed: <c>edits/edits.jsonl</c>, lines as journals have them, and beside it the contents. Windows write in turn and read what
/// the others wrote. Nothing is opened before it is asked for. Safe for concurrent calls.
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

    /// <summary>What is known now, that of other windows too.</summary>
    /// <exception cref="FailureException">StoreReadOnly: it cannot be read.</exception>
    public T Read<T>(Func<EditHistory, T> read) => Guard("What agents changed cannot be read", () =>
    {
        lock (sync)
        {
            CatchUp();
            return read(History);
        }
    });

    /// <summary>Nobody else writes meanwhile. What <paramref name="change"/> returns is durable when this returns; null changes nothing.</summary>
    /// <exception cref="FailureException">StoreReadOnly: nothing was written.</exception>
    public void Change(Func<EditHistory, IReadOnlyList<EditRecord>> change) => Guard("What an agent changes cannot be kept, so that it may not change anything", () =>
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
    });

    public string Process
    {
        get
        {
            lock (sync) { return (liveness ??= Guard("What an agent changes cannot be kept", () => new LivenessFile(LivenessFolder))).Token; }
        }
    }

    /// <summary>Whether whoever began it will end it.</summary>
    public bool IsInProgress(EditRecord begun)
    {
        _ = Process;
        return liveness!.IsAlive(begun.Process);
    }

    /// <summary>Lets go what is older than 30 days, and the oldest of what is more than 500 MB. Does nothing most of the time.</summary>
    public void Sweep(IReadOnlySet<string> alsoNeeded)
    {
        var now = time.GetUtcNow();
        lock (sync)
        {
            if (swept is { } last && now - last < SweepInterval) { return; }

            swept = now;
        }

        Guard("Old edits were not removed", () =>
        {
            lock (sync)
            {
                using var turn = FileLock.Acquire(paths.LockFile("edits"), LockTimeout);
                CatchUp();
                var oldest = ExpiryClock.Read(paths, time) - MaxAge ?? DateTimeOffset.MinValue;
                var isOld = History.Oldest < oldest;
                // What a command that still runs began with is named by its checkpoint only.
                if ((!isOld && Contents.Bytes <= MaxBytes) || History.Open.Any(begun => begun.Checkpoint is not null)) { return true; }

                var kept = History.After(oldest);
                while (kept.Records.Count > 0 && kept.Needed.Sum(Contents.LengthOf) > MaxBytes) { kept = kept.WithoutOldest(); }

                Rewrite(kept.Records);
                Contents.DeleteUnused(kept.Needed.Union(alsoNeeded).ToHashSet(StringComparer.Ordinal));
                return true;
            }
        });
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
            if (scan is not null) { Forget(); }
            return;
        }

        var now = (info.Length, info.LastWriteTimeUtc);
        if (now == seen) { return; }

        using var stream = JournalReader.Open(JournalPath);
        var start = IdentityOf(stream);
        if (start != identity || stream.Length < scan?.GoodLength) { Forget(); }

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
            if (JsonSerializer.Deserialize(line.Json, EditJson.Default.EditRecord) is { } record) { History.Take(record with { Time = record.Time ?? line.Time }); }
        }
        catch (JsonException exception)
        {
            logger.LogWarning("A line of the record of edits is not understood: {Why}", exception.Message);
        }
    }

    private void Append(IReadOnlyList<EditRecord> records)
    {
        var lines = new ArrayBufferWriter<byte>();
        var seq = scan?.LastSeq ?? 0;
        if (scan is null) { Write(new EditRecord { Type = EditRecord.Head, Scope = Ids.New("edits") }); }
        foreach (var record in records) { Write(record); }

        DurableFile.CreatePrivateDirectory(paths.Edits);
        using var file = DurableFile.OpenPrivate(JournalPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        var (isNew, end) = (file.Length == 0, file.Length);
        file.Position = end;
        try
        {
            // A line that a crash tore stays what it is, and ours begins behind it.
            if (scan is not null && (end > scan.GoodLength || scan.IsMissingLineFeed)) { file.Write("\n"u8); }

            file.Write(lines.WrittenSpan);
            DurableFile.Sync(file.SafeFileHandle);
        }
        catch
        {
            file.SetLength(end);
            throw;
        }

        if (isNew) { DurableFile.SyncDirectory(paths.Edits); }

        void Write(EditRecord record) => JournalLine.Write(lines, ++seq, time.GetUtcNow(), record.ToUtf8());
    }

    private void Rewrite(IReadOnlyList<EditRecord> records)
    {
        var lines = new ArrayBufferWriter<byte>();
        long seq = 0;
        foreach (var record in records.Prepend(new EditRecord { Type = EditRecord.Head, Scope = Ids.New("edits") })) { JournalLine.Write(lines, ++seq, time.GetUtcNow(), record.ToUtf8()); }

        DurableFile.Replace(JournalPath, lines.WrittenSpan);
        Forget();
        CatchUp();
    }

    private static T Guard<T>(string what, Func<T> action)
    {
        try { return action(); }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException) { throw StoreFailure.From(exception, what); }
    }
}
