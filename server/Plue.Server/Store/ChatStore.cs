using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Store;

/// <summary>All chats and tasks of a user: one journal each in <see cref="PluePaths.Chats"/> or <see cref="PluePaths.Tasks"/>, depending on the id. Any number of processes can follow a chat; one at a time writes to it.</summary>
public sealed class ChatStore(PluePaths paths, TimeProvider time, ILogger logger)
{
    private const string Extension = ".jsonl";
    private const string Subject = "chat";

    /// <summary>Earlier times are those of a clock that was not set.</summary>
    private static readonly DateTimeOffset FirstPlausibleTime = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ConcurrentDictionary<string, ChatJournal> open = new(StringComparer.Ordinal);
    private readonly ChannelIndex index = new(ChannelKind.Chat, paths.Chats, Path.Combine(paths.Index, "chats.idx"), time, logger);
    private readonly ChannelIndex tasks = new(ChannelKind.Task, paths.Tasks, Path.Combine(paths.Index, "tasks.idx"), time, logger);
    private readonly ChannelIndex deleted = new(ChannelKind.Chat, paths.Trash, Path.Combine(paths.Index, "deleted.idx"), time, logger);
    private readonly ChannelIndex deletedTasks = new(
        ChannelKind.Task,
        paths.Trash,
        Path.Combine(paths.Index, "deleted-tasks.idx"),
        time,
        logger
    );

    /// <summary>Creates a chat, which is durable and open for writing when the method returns.</summary>
    /// <param name="title">Null names it after its first message.</param>
    /// <exception cref="FailureException">StoreReadOnly.</exception>
    public ChatJournal Create(string templateId, string? title, string? providerId, string? model) =>
        Create(ChannelKind.Chat, templateId, new ChatFields(title, null, providerId, model));

    /// <param name="fields">The initial fields.</param>
    /// <exception cref="FailureException">StoreReadOnly.</exception>
    public ChatJournal Create(ChannelKind kind, string templateId, ChatFields fields)
    {
        var id = Ids.New(kind.Name, time);
        var header = new StoredHeader(StoredHeader.CurrentFormat, id, templateId);
        Journal.Create(PathOf(id), header, time, Subject, (fields with { ReadUntil = "" }).ToStored());
        return Open(id, isNew: true, fields.StartsByItself);
    }

    /// <summary>Opens a chat for following and writing. Unfinished responses of a dead process are stored as interrupted, and damage is repaired.</summary>
    /// <exception cref="FailureException">NotFound; StoreReadOnly: the disk, or a newer format.</exception>
    public async Task<ChatJournal> OpenAsync(string id, CancellationToken cancellationToken) =>
        await Task.Run(() => Open(id), cancellationToken);

    /// <summary>Reads the chat while others may write to it; changes nothing.</summary>
    /// <exception cref="FailureException">NotFound; StoreReadOnly: a newer format, or a file that cannot be read.</exception>
    public StoredChat Read(string id) => Read(id, PathOf(id));

    private static StoredChat Read(string id, string path)
    {
        try
        {
            // Checked before reading: an owner that ends in between leaves a complete file; a new one is seen next time.
            var isOwned = JournalLock.IsHeld(path);
            var fold = new ChatFold(ChannelKind.Task.IsIdOfKind(id));
            var scan = JournalReader.Scan(path, line => fold.Take(line));
            Journal.RefuseNewer(scan, Subject);
            return fold.ToChat(scan, FallbackHeader(id), isOwned);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Journal.NotFound(Subject);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.StoreReadOnly,
                $"This chat could not be read ({exception.Message.TrimEnd('.')}). Check {path}.",
                exception
            );
        }
    }

    /// <summary>Newest first. A chat that cannot be read has a row too, whose notice says why.</summary>
    /// <exception cref="FailureException">StoreReadOnly: the folder cannot be read.</exception>
    public IReadOnlyList<ChatSummary> List() => Of(ChannelKind.Chat, index.List(Row));

    /// <summary>The tasks, as <see cref="List"/> lists the chats.</summary>
    /// <exception cref="FailureException">StoreReadOnly: the folder cannot be read.</exception>
    public IReadOnlyList<ChatSummary> ListTasks() => Of(ChannelKind.Task, ListAll());

    /// <summary>Chats and tasks, newest first.</summary>
    /// <exception cref="FailureException">StoreReadOnly: a folder cannot be read.</exception>
    public IReadOnlyList<ChatSummary> ListAll() =>
        tasks.List(Row) is { Count: > 0 } found
            ? [.. index.List(Row).Concat(found).OrderByDescending(row => row.UpdatedAt)]
            : index.List(Row);

    /// <summary>A chat can become a task, which keeps its id.</summary>
    private static IReadOnlyList<ChatSummary> Of(ChannelKind kind, IReadOnlyList<ChatSummary> rows)
    {
        var isTask = kind == ChannelKind.Task;
        return rows.All(row => row.IsTask == isTask) ? rows : [.. rows.Where(row => row.IsTask == isTask)];
    }

    /// <summary>Gets the chats in the trash that can be restored, newest first.</summary>
    /// <param name="kind">Null means chats.</param>
    /// <exception cref="FailureException">StoreReadOnly: the folder cannot be read.</exception>
    public IReadOnlyList<ChatSummary> ListDeleted(ChannelKind? kind = null) =>
        kind == ChannelKind.Task
            ? [.. Of(ChannelKind.Task, Deleted(deleted)), .. Deleted(deletedTasks)]
            : Of(ChannelKind.Chat, Deleted(deleted));

    private IReadOnlyList<ChatSummary> Deleted(ChannelIndex trash) => trash.List(id => Read(id, TrashPathOf(id)).Summarize());

    /// <summary>A sentence about repairs of the index by the first listing; null if there were none.</summary>
    public string? IndexNotice => index.Notice;

    /// <summary>Gets the history of a chat, newest first.</summary>
    /// <exception cref="FailureException">NotFound; StoreReadOnly: the file cannot be read.</exception>
    public IReadOnlyList<ChatChange> History(string id)
    {
        var path = PathOf(id);
        var history = new ChatHistory();
        try
        {
            JournalReader.Scan(path, history.Take);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Journal.NotFound(Subject);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.From(exception, "The history of this chat could not be read");
        }

        return history.Changes;
    }

    /// <summary>Gets every response of the chats that were written to since then, including hidden ones and those of deleted chats. Unreadable chats are omitted.</summary>
    public IEnumerable<UsageEntry> Responses(DateTimeOffset since, Func<string, string> providerName)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        string NameOf(string provider) => names.TryGetValue(provider, out var name) ? name : names[provider] = providerName(provider);
        foreach (var (id, path, _) in JournalFiles(since))
        {
            var fold = new ChatFold(ChannelKind.Task.IsIdOfKind(id));
            string template;
            try
            {
                var scan = JournalReader.Scan(path, line => fold.Take(line));
                template = scan.Header?.Template ?? FallbackHeader(id).Template;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                logger.LogWarning("The cost of {Chat} is not counted: {Why}", id, exception.Message);
                continue;
            }

            foreach (var message in fold.CompletedMessages)
            {
                if (UsageEntry.Of(message, id, template, NameOf) is { } entry)
                {
                    yield return entry;
                }
            }
        }
    }

    /// <summary>Gets every journal of chats and tasks, including deleted ones that can be restored.</summary>
    /// <param name="since">Limits the result to journals that were written to since then.</param>
    internal IEnumerable<(string Id, string Path, bool IsDeleted)> JournalFiles(DateTimeOffset since = default)
    {
        foreach (var folder in new[] { paths.Chats, paths.Tasks, paths.Trash }.Where(Directory.Exists))
        {
            foreach (
                var file in new DirectoryInfo(folder)
                    .EnumerateFiles($"*{Extension}")
                    .Where(file => file.LastWriteTimeUtc >= since.UtcDateTime)
            )
            {
                if (Path.GetFileNameWithoutExtension(file.Name) is var id && IsId(id))
                {
                    yield return (id, file.FullName, folder == paths.Trash);
                }
            }
        }
    }

    /// <summary>Durable.</summary>
    /// <exception cref="FailureException">NotFound; Conflict: another window is responding; StoreReadOnly.</exception>
    public async Task UpdateAsync(string id, ChatFields fields, CancellationToken cancellationToken)
    {
        if (open.TryGetValue(id, out var journal))
        {
            await journal.UpdateAsync(fields, cancellationToken);
            return;
        }

        await using var opened = await OpenAsync(id, cancellationToken);
        await opened.UpdateAsync(fields, cancellationToken);
    }

    /// <summary>Moves the chat to <see cref="PluePaths.Trash"/>. Its journal is closed first if this process has it open.</summary>
    /// <exception cref="FailureException">NotFound; Conflict: another window is writing to it; StoreReadOnly.</exception>
    public void Delete(string id)
    {
        if (open.TryGetValue(id, out var journal))
        {
            journal.Dispose();
        }

        Move(PathOf(id), TrashPathOf(id), "This chat was not deleted", from => Trash.Stamp(from, time));
    }

    /// <summary>
    /// Gets the time of the last message. For a damaged chat and for times of a clock that was never set, it is the last write of the file.
    /// </summary>
    /// <returns>Null if there is no plausible time.</returns>
    public DateTimeOffset? LastActivityOf(ChatSummary chat)
    {
        if (chat.Status != ChatStatus.Damaged && chat.UpdatedAt >= FirstPlausibleTime)
        {
            return chat.UpdatedAt;
        }

        var written = new DateTimeOffset(File.GetLastWriteTimeUtc(PathOf(chat.Id)), TimeSpan.Zero);
        return written >= FirstPlausibleTime ? written : null;
    }

    /// <summary>Moves a chat to the trash if its last activity was before a time. The chat must not be open in this process.</summary>
    /// <returns>False if it is kept.</returns>
    /// <exception cref="FailureException">NotFound; Conflict: a window is writing to it; StoreReadOnly.</exception>
    public bool DeleteExpired(string id, DateTimeOffset before)
    {
        var path = PathOf(id);
        try
        {
            if (!File.Exists(path))
            {
                throw Journal.NotFound(Subject);
            }

            using var owner = JournalLock.Acquire(path, Subject);
            if (LastActivityOf(Read(id).Summarize()) is not { } last || last >= before)
            {
                return false;
            }

            Trash.Stamp(path, time);
            DurableFile.Move(path, TrashPathOf(id));
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.From(exception, "This chat was not deleted");
        }
    }

    /// <summary>Deletes a chat that <see cref="StoredChat.IsUnused"/>, without the trash.</summary>
    /// <exception cref="FailureException">NotFound; Conflict: something is stored in it, or another window writes to it; StoreReadOnly.</exception>
    public void DiscardUnused(string id)
    {
        if (open.TryGetValue(id, out var journal))
        {
            journal.Dispose();
        }

        var path = PathOf(id);
        try
        {
            using var owner = JournalLock.Acquire(path, Subject);
            if (!Read(id).IsUnused)
            {
                throw StoredChat.NotUnused();
            }

            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.From(exception, "This chat was not deleted");
        }
    }

    /// <summary>Restores a deleted chat.</summary>
    /// <exception cref="FailureException">NotFound, StoreReadOnly.</exception>
    public void Restore(string id) => Move(TrashPathOf(id), PathOf(id), "This chat was not restored");

    /// <summary>True if a process, possibly this one, is responding in the chat or working on the task.</summary>
    public bool IsInUse(string id) => JournalLock.IsHeld(PathOf(id));

    /// <summary>False if the chat or task was deleted.</summary>
    public bool Exists(string id) => File.Exists(PathOf(id));

    /// <summary>True if it is the id of a chat or a task.</summary>
    public static bool IsId(string id) => ChannelKind.Of(id) is not null;

    private ChatSummary Row(string id) => (open.TryGetValue(id, out var journal) ? journal.Refresh() : Read(id)).Summarize();

    private ChatJournal Open(string id, bool isNew = false, bool starts = false)
    {
        var journal = ChatJournal.Open(PathOf(id), FallbackHeader(id), format => BackupPathOf(id, format), time, logger, isNew, starts);
        open[id] = journal;
        journal.Closed += closed => open.TryRemove(new(id, closed));
        return journal;
    }

    private static void Move(string from, string to, string what, Action<string>? before = null)
    {
        try
        {
            if (!File.Exists(from))
            {
                throw Journal.NotFound(Subject);
            }

            using var owner = JournalLock.Acquire(from, Subject);
            before?.Invoke(from);
            DurableFile.Move(from, to);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.From(exception, what);
        }
    }

    private static StoredHeader FallbackHeader(string id) =>
        new(StoredHeader.CurrentFormat, id, ChannelKind.Task.IsIdOfKind(id) ? "task" : "ai-chat");

    /// <exception cref="FailureException">NotFound: it is not an id.</exception>
    internal string PathOf(string id) =>
        Path.Combine((ChannelKind.Of(id) ?? throw Journal.NotFound(Subject)).FolderIn(paths), id + Extension);

    private string TrashPathOf(string id) => Path.Combine(paths.Trash, Valid(id) + Extension);

    private string BackupPathOf(string id, int format) =>
        Path.Combine(paths.Backups, "chats", string.Create(CultureInfo.InvariantCulture, $"{Valid(id)}.format{format}{Extension}"));

    private static string Valid(string id) => IsId(id) ? id : throw Journal.NotFound(Subject);
}
