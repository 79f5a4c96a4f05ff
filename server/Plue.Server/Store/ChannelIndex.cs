using System.Globalization;
using System.IO.Enumeration;
using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Store;

/// <summary>
/// Remembers the row of each journal in a folder by the file's length and time, so that a list of ten thousand chats opens only what changed;
/// while the folder itself is unchanged, which every lock in it changes, the files are not checked.
/// A cache (<see cref="IndexFile"/>): deleted or damaged it is rebuilt, and failing to write it is no error.
/// </summary>
/// <param name="kind">The kind of journals in the index.</param>
/// <param name="folder">The folder of the journals.</param>
internal sealed class ChannelIndex(ChannelKind kind, string folder, string indexPath, TimeProvider time, ILogger logger)
{
    private const string Extension = ".jsonl";
    private static readonly TimeSpan OrphanAge = TimeSpan.FromHours(1);

    // The coarsest resolution of a folder's modification time.
    private static readonly TimeSpan MinStableAge = TimeSpan.FromSeconds(2);

    // Users may edit files without a lock.
    private static readonly TimeSpan MaxCacheAge = TimeSpan.FromSeconds(30);
    private static readonly EnumerationOptions AllFiles = new() { AttributesToSkip = FileAttributes.None };

    private readonly Lock sync = new();
    private readonly IndexFile file = new(indexPath, logger);
    private Dictionary<string, IndexRow>? known;
    private IReadOnlyList<ChatSummary> listed = [];

    // Paths of rows that can become outdated without a write.
    private List<string> running = [];
    private DateTime folderTime;
    private DateTime listedAt;
    private int scans;

    /// <summary>A sentence about repairs of the index by the first listing; null if there were none.</summary>
    public string? Notice { get; private set; }

    /// <summary>Newest first. The same object as long as nothing changed, and the same row as long as its chat did not.</summary>
    /// <param name="read">The row of a journal that changed.</param>
    /// <exception cref="FailureException">StoreReadOnly: the folder cannot be read.</exception>
    public IReadOnlyList<ChatSummary> List(Func<string, ChatSummary> read)
    {
        lock (sync)
        {
            var isFirst = known is null;
            known ??= file.Load();
            if (!isFirst && IsFresh())
            {
                return listed;
            }

            listedAt = time.GetUtcNow().UtcDateTime;
            folderTime = Directory.GetLastWriteTimeUtc(folder);
            var before = known.Count;
            var (changed, seen) = ScanFolder(known, read);
            List<string> gone = [];
            if (seen < known.Count)
            {
                gone = [.. known.Values.Where(row => row.Seen != scans).Select(row => row.Summary.Id)];
                gone.ForEach(id => known.Remove(id));
            }

            if (isFirst)
            {
                SetRepairNotice(before, changed.Count, gone.Count);
            }
            if (!isFirst && changed.Count + gone.Count == 0)
            {
                return listed;
            }

            running = [.. known.Values.Where(IsWorking).Select(row => PathOf(row.Summary.Id))];
            file.Save(known, changed, gone);
            return listed = NewestFirst(known.Values);
        }
    }

    private static List<ChatSummary> NewestFirst(IEnumerable<IndexRow> rows)
    {
        List<ChatSummary> sorted = [.. rows.Select(row => row.Summary)];
        sorted.Sort((a, b) => b.UpdatedAt.CompareTo(a.UpdatedAt) is var order and not 0 ? order : string.CompareOrdinal(b.Id, a.Id));
        return sorted;
    }

    private bool IsFresh()
    {
        var now = time.GetUtcNow().UtcDateTime;
        return Directory.GetLastWriteTimeUtc(folder) == folderTime
            && listedAt - folderTime > MinStableAge
            && now - listedAt < MaxCacheAge
            && running.TrueForAll(JournalLock.IsHeld);
    }

    private (List<IndexRow> Changed, int Seen) ScanFolder(Dictionary<string, IndexRow> rows, Func<string, ChatSummary> read)
    {
        scans++;
        var seen = 0;
        List<IndexRow> changed = [];
        List<(IndexRow? Row, string Id, long Length, long Modified)> toRead = [];
        foreach (var journal in Journals(rows))
        {
            if (journal.Row is { } row && IsCurrent(row))
            {
                row.Seen = scans;
                seen++;
            }
            else if (kind.IsIdOfKind(journal.Id))
            {
                toRead.Add(journal);
            }
        }

        var summaries = new ChatSummary?[toRead.Count];
        BoundedParallel.For(toRead.Count, at => summaries[at] = Summarize(toRead[at].Id, toRead[at].Modified, read));
        foreach (var ((row, id, length, modified), summary) in toRead.Zip(summaries))
        {
            if (summary is null)
            {
                continue;
            }

            // The row of a waiting task stays.
            if (row is { Summary.TaskStatus: TaskStates.Queued } && summary.TaskStatus == TaskStates.Queued)
            {
                row.Seen = scans;
                seen++;
                continue;
            }

            var made = new IndexRow(length, modified, summary) { Seen = scans };
            rows[id] = made;
            changed.Add(made);
            seen++;
        }

        return (changed, seen);
    }

    /// <summary>False if the row became outdated without a write: the owner of a running or waiting chat was killed, or the file could not be read.</summary>
    private bool IsCurrent(IndexRow row) =>
        row.Summary.Status switch
        {
            ChatStatus.Damaged => false,
            _ => !IsWorking(row) || JournalLock.IsHeld(PathOf(row.Summary.Id)),
        };

    /// <summary>True if a process works on the chat, waits to start it, or waits for its subtasks.</summary>
    private static bool IsWorking(IndexRow row) =>
        row.Summary is { Status: ChatStatus.Running } or { TaskStatus: TaskStates.Running or TaskStates.Queued };

    /// <summary>Gets each journal, with its row if the file still matches the row; reads the metadata of each file once.</summary>
    private List<(IndexRow? Row, string Id, long Length, long Modified)> Journals(Dictionary<string, IndexRow> rows)
    {
        try
        {
            if (!Directory.Exists(folder))
            {
                return [];
            }

            var byName = rows.GetAlternateLookup<ReadOnlySpan<char>>();
            List<(IndexRow?, string, long, long)> found = new(rows.Count);
            var files = new FileSystemEnumerable<(IndexRow? Row, string Name, long Length, long Modified)>(
                folder,
                (ref FileSystemEntry entry) =>
                {
                    var (length, modified) = (entry.Length, entry.LastWriteTimeUtc.UtcTicks);
                    var isJournal = entry.FileName.EndsWith(Extension);
                    return
                        isJournal
                        && byName.TryGetValue(entry.FileName[..^Extension.Length], out var row)
                        && row.Length == length
                        && row.Modified == modified
                        ? (row, row.Summary.Id, length, modified)
                        : (null, (isJournal ? entry.FileName[..^Extension.Length] : entry.FileName).ToString(), length, modified);
                },
                AllFiles
            )
            {
                ShouldIncludePredicate = (ref FileSystemEntry entry) =>
                    !entry.IsDirectory && (IsJournal(entry.FileName) || IsOrphan(entry.FileName)),
            };
            foreach (var (row, name, length, modified) in files)
            {
                if (!IsOrphan(name))
                {
                    found.Add((row, name, length, modified));
                }
                else if (time.GetUtcNow().UtcDateTime - new DateTime(modified, DateTimeKind.Utc) > OrphanAge)
                {
                    DeleteOrphan(Path.Combine(folder, name));
                }
            }

            return found;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.StoreReadOnly,
                $"The chats could not be listed ({exception.Message.TrimEnd('.')}). Check {folder}.",
                exception
            );
        }
    }

    private static void DeleteOrphan(string stray)
    {
        try
        {
            File.Delete(stray);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        { /* It is harmless. */
        }
    }

    private bool IsJournal(ReadOnlySpan<char> name) => name.StartsWith(kind.Prefix) && name.EndsWith(Extension);

    private bool IsOrphan(ReadOnlySpan<char> name) => name is ['.', .. var rest] && rest.StartsWith(kind.Prefix) && rest.EndsWith(".tmp");

    private static ChatSummary? Summarize(string id, long modified, Func<string, ChatSummary> read)
    {
        try
        {
            return read(id);
        }
        catch (FailureException failure) when (failure.Failure.Kind == FailureKind.NotFound)
        {
            // The file was deleted meanwhile.
            return null;
        }
        catch (FailureException failure)
        {
            var time = new DateTimeOffset(modified, TimeSpan.Zero);
            return new ChatSummary(id, "", "Unreadable chat", false, null, null, time, time, 0, null, ChatStatus.Damaged, failure.Message);
        }
    }

    private void SetRepairNotice(int before, int changed, int gone)
    {
        var count = known?.Count ?? 0;
        Notice =
            count > 0 && file.IsDamaged ? Sentence($"The index of chats was damaged and was rebuilt from {count} chats.")
            : count > 0 && file.IsMissing ? Sentence($"The index of chats was missing and was rebuilt from {count} chats.")
            : before != count || gone > 0
                ? Sentence(
                    $"The index of chats listed {before} chats, but there are {count}. {changed} were read again and {gone} removed."
                )
            : null;
        if (Notice is { } notice)
        {
            logger.LogInformation("{Notice}", notice);
        }

        static string Sentence(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
    }

    private string PathOf(string id) => Path.Combine(folder, id + Extension);
}

/// <param name="Length">The size of the journal when it was read, in bytes.</param>
/// <param name="Modified">UTC ticks of the journal's last write then.</param>
internal sealed record IndexRow(long Length, long Modified, ChatSummary Summary)
{
    /// <summary>The number of the last listing that found the file.</summary>
    public int Seen { get; set; }
}
