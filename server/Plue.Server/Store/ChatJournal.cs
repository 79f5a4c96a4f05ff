using Microsoft.Extensions.Logging;
using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>
/// A chat that this process follows and writes alternately with others: it owns the file during one change or one response, so
/// other windows can write in between and see the changes. Partial text is gathered here and written about every 200 ms or 16 Ki
/// characters without fsync, so a killed process loses no more than that; whole messages and fields are durable before their call returns.
/// The next owner stores unfinished responses of a killed owner as interrupted. Thread-safe.
/// </summary>
public sealed class ChatJournal : IMessageLog, IDisposable, IAsyncDisposable
{
    private const int FlushCharacters = 16 * 1024;
    private const long CompactionMinimum = 256 * 1024;
    private const string Subject = "chat";
    private const string WrittenElsewhere = "Another window is running a turn in this chat.";
    private static readonly TimeSpan FlushInterval = TimeSpan.FromMilliseconds(200);

    // The wait for a change by another window. Responses are not waited for.
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(3);

    // The pause for a waiting process.
    private static readonly TimeSpan YieldDelay = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan RepairPause = TimeSpan.FromSeconds(5);

    // Held during fsync; acquired before buffering.
    private readonly Lock writing = new();

    // Never held during fsync, because the streaming path acquires it.
    private readonly Lock buffering = new();
    private readonly PartialBuffer partials = new();

    // Responses in progress in this process, or a new task. The file is owned until they complete.
    private readonly HashSet<string> openMessages = new(StringComparer.Ordinal);

    // Changes of other processes since the last Follow.
    private readonly List<ChatUpdate> updates = [];
    private readonly string path;
    private readonly StoredHeader fallbackHeader;
    private readonly Journal journal;
    private readonly TimeProvider time;
    private readonly ITimer timer;
    private readonly ILogger logger;

    // The fold of the current file; protected by writing.
    private ChatFold fold;
    private RepairNotice? repaired;

    // The number of changes in progress.
    private int activeLeases;

    // True while lines of other processes are read.
    private bool isReadingOthers;

    // True if another process owned the file at the last check.
    private bool hasOtherWriter;
    private DateTimeOffset nextRepair;
    private bool flushIsDue;
    private bool disposed;
    private bool failing;

    // Null if it must be folded again.
    private StoredChat? chat;

    private ChatJournal(string path, StoredHeader fallbackHeader, Func<int, string> backup, TimeProvider time, ILogger logger)
    {
        (this.path, this.fallbackHeader, this.time, this.logger) = (path, fallbackHeader, time, logger);
        fold = NewFold();
        journal = new Journal(
            path,
            Subject,
            fallbackHeader,
            backup,
            time,
            line => fold.Take(line),
            () =>
            {
                fold = NewFold();
                chat = null;
                AddUpdate(new ChatUpdate.Other());
            }
        );
        timer = time.CreateTimer(static state => ((ChatJournal)state!).Flush(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Raised once, when the journal is closed.</summary>
    internal event Action<ChatJournal>? Closed;

    public string Id => fallbackHeader.Id;

    /// <summary>The chat as last read or written, without partial text that is not on disk yet.</summary>
    public StoredChat Chat
    {
        get
        {
            lock (writing)
            {
                return chat ??= fold.ToChat(journal.Scan, fallbackHeader, journal.IsOwned || hasOtherWriter, repaired);
            }
        }
    }

    /// <summary>Reads the chat from its file.</summary>
    /// <exception cref="FailureException">NotFound; StoreReadOnly: the file cannot be read.</exception>
    internal StoredChat Refresh()
    {
        lock (writing)
        {
            if (!journal.IsOwned && !disposed && !TryCatchUp())
            {
                throw Journal.NotFound(Subject);
            }

            return Chat;
        }
    }

    /// <summary>The reason why this process cannot write to the chat, as a sentence; null if it can.</summary>
    public string? ReadOnlyReason
    {
        get
        {
            lock (writing)
            {
                return IsWrittenElsewhere ? WrittenElsewhere : null;
            }
        }
    }

    private bool IsOwned
    {
        get
        {
            lock (writing)
            {
                return journal.IsOwned;
            }
        }
    }

    private bool IsWrittenElsewhere => !journal.IsOwned && hasOtherWriter && fold.IsUnfinished;

    /// <summary>Reads the chat. Unless another process is writing to it, also repairs it and ends unfinished responses of a former owner.</summary>
    /// <param name="backup">The folder to which a file of an older format is copied before it is rewritten.</param>
    /// <param name="isNew">True for a journal that was just created to be written.</param>
    /// <param name="isStarting">True for a new journal that is owned until <see cref="MarkStarted"/>.</param>
    /// <exception cref="FailureException">NotFound; StoreReadOnly: the disk, or a newer format.</exception>
    internal static ChatJournal Open(
        string path,
        StoredHeader fallbackHeader,
        Func<int, string> backup,
        TimeProvider time,
        ILogger logger,
        bool isNew = false,
        bool isStarting = false
    )
    {
        var opened = new ChatJournal(path, fallbackHeader, backup, time, logger);
        if (isStarting)
        {
            opened.openMessages.Add(fallbackHeader.Id);
        }
        try
        {
            lock (opened.writing)
            {
                if (opened.journal.CatchUp() == JournalReadResult.Deleted)
                {
                    throw Journal.NotFound(Subject);
                }

                // A new journal needs no repair.
                if ((isStarting || !isNew) && opened.TryAcquire())
                {
                    opened.CompactIfWorthwhile();
                    opened.ReleaseIfIdle();
                }

                opened.updates.Clear();
            }

            if (opened.Chat.Notice is { } notice)
            {
                logger.LogWarning("{Chat}: {Notice}", fallbackHeader.Id, notice);
            }

            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Reads what other processes wrote since the last call. Polled while a view is open. A response whose writer ended is
    /// stored as interrupted.
    /// </summary>
    /// <param name="onChange">Called with each change, in order.</param>
    /// <returns>False when the chat no longer exists.</returns>
    public bool Follow(Action<ChatUpdate> onChange)
    {
        lock (writing)
        {
            if (disposed)
            {
                return true;
            }

            try
            {
                if (!journal.IsOwned && !TryCatchUp())
                {
                    return false;
                }
            }
            catch (FailureException failure) when (failure.Failure.Kind == FailureKind.NotFound)
            {
                return false;
            }
            catch (FailureException failure)
            {
                nextRepair = time.GetUtcNow() + RepairPause;
                logger.LogWarning("{Chat}: {Why}", Id, failure.Message);
            }

            // A full reload includes all other updates.
            if (updates.Find(change => change is ChatUpdate.Other) is { } other)
            {
                onChange(other);
            }
            else
            {
                updates.ForEach(onChange);
            }

            updates.Clear();
            return true;
        }
    }

    /// <summary>Owns the chat until the result is disposed, so that no other process writes in between. Waits while another window writes.</summary>
    /// <exception cref="FailureException">Conflict: another window is responding, or did not finish writing; NotFound; StoreReadOnly.</exception>
    public async Task<IDisposable> AcquireAsync(CancellationToken cancellationToken)
    {
        if (!IsOwned && JournalLock.IsReleaseRequested(path))
        {
            await Task.Delay(YieldDelay, time, cancellationToken);
        }

        var startedAt = time.GetTimestamp();
        var hasWaited = false;
        try
        {
            while (!await Task.Run(TryLease, cancellationToken))
            {
                if (ReadOnlyReason is { } reason)
                {
                    throw new FailureException(FailureKind.Conflict, reason);
                }
                if (time.GetElapsedTime(startedAt) > LockTimeout)
                {
                    throw new FailureException(FailureKind.Conflict, "Another window is writing to this chat. Try again in a moment.");
                }

                JournalLock.RequestRelease(path);
                hasWaited = true;
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(2, 10)), time, cancellationToken);
            }
        }
        finally
        {
            if (hasWaited)
            {
                JournalLock.ClearRequest(path);
            }
        }

        return new WriteLease(this);
    }

    /// <summary>Extends the ownership of a change in progress until the result is disposed. Null if there is no such change.</summary>
    public IDisposable? TryExtend()
    {
        lock (writing)
        {
            if (disposed || activeLeases == 0 || !journal.IsOwned)
            {
                return null;
            }

            activeLeases++;
            return new WriteLease(this);
        }
    }

    public async ValueTask AppendAsync(Message message, CancellationToken cancellationToken) =>
        await WriteAsync(new StoredComplete(StoredMessage.From(message)), durable: true, message.Id, cancellationToken);

    /// <summary>Appends a message and related chat fields in one write. Durable.</summary>
    public async ValueTask AppendAsync(Message message, ChatFields fields, CancellationToken cancellationToken) =>
        await WriteAsync(durable: true, message.Id, cancellationToken, new StoredComplete(StoredMessage.From(message)), fields.ToStored());

    /// <summary>Appends the messages. Durable. After a crash, only the first ones may be stored.</summary>
    public async ValueTask AppendAllAsync(IReadOnlyList<Message> messages, CancellationToken cancellationToken) =>
        await WriteAsync(
            durable: true,
            null,
            cancellationToken,
            [.. messages.Select(message => new StoredComplete(StoredMessage.From(message)))]
        );

    public async ValueTask BeginAsync(Message streaming, CancellationToken cancellationToken) =>
        await WriteAsync(new StoredStarted(StoredMessage.From(streaming)), durable: false, streaming.Id, cancellationToken);

    public async ValueTask RecordIntentAsync(Message streaming, CancellationToken cancellationToken) =>
        await WriteAsync(new StoredStarted(StoredMessage.From(streaming)), durable: true, streaming.Id, cancellationToken);

    public void AppendPartial(string messageId, int partIndex, bool isReasoning, string text)
    {
        lock (buffering)
        {
            if (disposed)
            {
                return;
            }

            partials.Add(messageId, partIndex, isReasoning, text);
            ScheduleFlush();
        }
    }

    public void ResetPartial(string messageId)
    {
        lock (buffering)
        {
            if (disposed)
            {
                return;
            }

            partials.Reset(messageId);
            ScheduleFlush();
        }
    }

    public void AppendSpend(Message streaming, bool isDue)
    {
        lock (buffering)
        {
            if (disposed)
            {
                return;
            }

            partials.Spend(StoredSpend.From(StoredMessage.From(streaming with { Parts = [] })));
            ScheduleFlush(isDue);
        }
    }

    /// <summary>Hides a message; the journal keeps it. Durable.</summary>
    public async ValueTask DiscardAsync(string messageId, CancellationToken cancellationToken) =>
        await WriteAsync(new StoredDiscarded(messageId), durable: true, messageId, cancellationToken);

    /// <summary>Hides messages and optionally selects another branch; the journal keeps them. Durable.</summary>
    /// <param name="head">The last message of that branch; null keeps the rest of the current one.</param>
    public async ValueTask DiscardAsync(IReadOnlyList<string> messageIds, string? head, CancellationToken cancellationToken) =>
        await WriteAsync(
            durable: true,
            null,
            cancellationToken,
            [
                .. messageIds.Select(id => new StoredDiscarded(id)),
                .. head is null ? (IEnumerable<StoredRecord>)[] : [new StoredHead(head, StoredHead.Switch)],
            ]
        );

    /// <summary>Shows another branch. Durable.</summary>
    /// <param name="messageId">Its last message; empty before the first.</param>
    /// <param name="reason">See <see cref="StoredHead"/>.</param>
    private async ValueTask MoveHeadAsync(string messageId, string reason, CancellationToken cancellationToken) =>
        await WriteAsync(new StoredHead(messageId, reason), durable: true, null, cancellationToken);

    /// <summary>Durable.</summary>
    public ValueTask SwitchAsync(string messageId, CancellationToken cancellationToken) =>
        MoveHeadAsync(messageId, StoredHead.Switch, cancellationToken);

    /// <summary>Hides the last turn. Durable.</summary>
    /// <exception cref="FailureException">Conflict: there is none. StoreReadOnly.</exception>
    public ValueTask UndoAsync(CancellationToken cancellationToken) =>
        Chat.Tree.UndoTarget is { } head
            ? MoveHeadAsync(head, StoredHead.Undo, cancellationToken)
            : throw new FailureException(FailureKind.Conflict, "There is nothing to undo in this chat.");

    /// <summary>Restores the turn that the last undo hid. Durable.</summary>
    /// <exception cref="FailureException">Conflict: there is nothing to redo. StoreReadOnly.</exception>
    public ValueTask RedoAsync(CancellationToken cancellationToken) =>
        Chat.Tree.RedoTarget is { } head
            ? MoveHeadAsync(head, StoredHead.Redo, cancellationToken)
            : throw new FailureException(FailureKind.Conflict, "There is nothing to redo in this chat.");

    /// <summary>Queues a message; appending a message with its id sends it. Durable.</summary>
    public async ValueTask QueueAsync(Message message, CancellationToken cancellationToken) =>
        await WriteAsync(new StoredQueued(StoredMessage.From(message)), durable: true, null, cancellationToken);

    /// <summary>Durable.</summary>
    public async ValueTask UnqueueAsync(string messageId, CancellationToken cancellationToken) =>
        await WriteAsync(new StoredUnqueued(messageId), durable: true, null, cancellationToken);

    /// <summary>Durable.</summary>
    public async ValueTask UpdateAsync(ChatFields fields, CancellationToken cancellationToken) =>
        await WriteAsync(fields.ToStored(), durable: true, null, cancellationToken);

    /// <summary>Records the effect of a hook, or its failure. Durable.</summary>
    /// <param name="depth">The number of hooks that led to this one.</param>
    public async ValueTask RecordHookAsync(
        string trigger,
        string? field,
        string action,
        string? outcome,
        string? error,
        int depth,
        CancellationToken cancellationToken
    ) => await WriteAsync(new StoredHook(trigger, field, action, outcome, error, depth), durable: true, null, cancellationToken);

    /// <summary>Owns the chat, which is about to become a task that waits to be started, until <see cref="MarkStarted"/>. The caller owns the chat.</summary>
    public void MarkStarting()
    {
        lock (writing)
        {
            openMessages.Add(Id);
        }
    }

    /// <summary>Marks a new task as started: its hooks were run, and their effects are complete.</summary>
    public void MarkStarted()
    {
        lock (writing)
        {
            if (openMessages.Remove(Id))
            {
                ReleaseIfIdle();
            }
        }
    }

    /// <summary>Writes the waiting text and stops following the file.</summary>
    public void Dispose()
    {
        lock (buffering)
        {
            if (disposed)
            {
                return;
            }

            disposed = true;
        }

        timer.Dispose();
        Flush();
        lock (writing)
        {
            lock (buffering)
            {
                partials.Release();
            }

            journal.Dispose();
        }

        Closed?.Invoke(this);
    }

    public async ValueTask DisposeAsync() => await Task.Run(Dispose);

    private sealed class WriteLease(ChatJournal journal) : IDisposable
    {
        private ChatJournal? leased = journal;

        public void Dispose() => Interlocked.Exchange(ref leased, null)?.ReleaseLease();
    }

    private ChatFold NewFold() =>
        new(ChannelKind.Task.IsIdOfKind(Id))
        {
            OnUpdate = change =>
            {
                chat = null;
                if (isReadingOthers)
                {
                    AddUpdate(change);
                }
            },
        };

    private void AddUpdate(ChatUpdate change)
    {
        if (updates is not [ChatUpdate.Other])
        {
            updates.Add(change);
        }
    }

    private bool TryLease()
    {
        lock (writing)
        {
            if (disposed)
            {
                throw new FailureException(FailureKind.NotFound, "This chat was closed. Open it again.");
            }
            if (!TryAcquire())
            {
                return false;
            }

            activeLeases++;
            return true;
        }
    }

    private void ReleaseLease()
    {
        lock (writing)
        {
            activeLeases--;
            ReleaseIfIdle();
        }
    }

    /// <summary>Caller holds <see cref="writing"/>. False when the file is gone.</summary>
    private bool TryCatchUp()
    {
        if (!CatchUp())
        {
            return false;
        }

        var lived = hasOtherWriter;
        hasOtherWriter = (fold.IsUnfinished || journal.Scan.Damaged.Count > 0) && JournalLock.IsHeld(path);
        if (lived != hasOtherWriter)
        {
            chat = null;
        }

        // The writer may have finished between the two checks; acquiring reads again.
        if (fold.IsUnfinished && !hasOtherWriter && time.GetUtcNow() >= nextRepair && TryAcquire())
        {
            ReleaseIfIdle();
        }

        return true;
    }

    private bool CatchUp()
    {
        isReadingOthers = true;
        try
        {
            return journal.CatchUp() != JournalReadResult.Deleted;
        }
        finally
        {
            isReadingOthers = false;
        }
    }

    /// <summary>Caller holds <see cref="writing"/>. Reads the lines of others, repairs the file, and ends unfinished responses.</summary>
    private bool TryAcquire()
    {
        if (journal.IsOwned)
        {
            return true;
        }

        isReadingOthers = true;
        try
        {
            if (!journal.TryAcquire())
            {
                // Another process is writing: its records show whether waiting helps.
                if (journal.CatchUp() == JournalReadResult.Deleted)
                {
                    throw Journal.NotFound(Subject);
                }

                (hasOtherWriter, chat) = (true, null);
                return false;
            }
        }
        finally
        {
            isReadingOthers = false;
        }

        (hasOtherWriter, chat) = (false, null);
        try
        {
            Repair();
            return true;
        }
        catch
        {
            journal.Release();
            throw;
        }
    }

    private void Repair()
    {
        if (journal.Scan.Damaged.Count > 0 || journal.Scan.Header is null)
        {
            if (journal.Scan.Damaged.Count > 0)
            {
                journal.SaveDamage();
            }

            repaired = fold.NoticeOf(journal.Scan, isOwned: false, journal.DamagedCopy);
            journal.Repair();
        }

        // A new task waits for its owner: this process.
        if (!fold.IsUnfinished || openMessages.Contains(Id))
        {
            return;
        }

        if (fold.IsWaiting || fold.IsBetweenRounds)
        {
            journal.Append(
                durable: true,
                new ChatFields { Values = StoredChat.StatusValue(TaskStates.Interrupted), By = ChangedBy.Plue }
                    .ToStored()
                    .ToUtf8()
            );
        }
        if (fold.Unfinished() is { Count: > 0 } unfinished)
        {
            journal.Append(durable: true, [.. unfinished.Select(message => new StoredComplete(StoredMessage.From(message)).ToUtf8())]);
        }

        AddUpdate(new ChatUpdate.Other());
    }

    private void CompactIfWorthwhile()
    {
        if (fold.SupersededBytes * 2 <= journal.Length || journal.Length <= CompactionMinimum)
        {
            return;
        }

        try
        {
            journal.Compact(fold.Superseded);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LogWarning(exception, "{Chat}: the journal was not compacted", Id);
        }
    }

    /// <summary>Caller holds <see cref="writing"/>.</summary>
    private void ReleaseIfIdle()
    {
        if (activeLeases == 0 && openMessages.Count == 0)
        {
            journal.Release();
        }
    }

    private Task WriteAsync(StoredRecord record, bool durable, string? supersedes, CancellationToken cancellationToken) =>
        WriteAsync(durable, supersedes, cancellationToken, record);

    /// <summary>Writes on another thread, because fsync may take long. A write is never canceled, so the result is always accurate.</summary>
    private async Task WriteAsync(bool durable, string? supersedes, CancellationToken cancellationToken, params StoredRecord[] records)
    {
        if (await Task.Run(() => TryWriteInline(durable, supersedes, records), cancellationToken))
        {
            return;
        }

        using var lease = await AcquireAsync(cancellationToken);
        await Task.Run(() => Write(durable, supersedes, records), CancellationToken.None);
    }

    /// <summary>False if another window is writing or waiting to write.</summary>
    private bool TryWriteInline(bool durable, string? supersedes, StoredRecord[] records)
    {
        if (!IsOwned && JournalLock.IsReleaseRequested(path) || !TryLease())
        {
            return false;
        }

        try
        {
            Write(durable, supersedes, records);
            return true;
        }
        finally
        {
            ReleaseLease();
        }
    }

    private void Write(bool durable, string? supersedes, StoredRecord[] records)
    {
        lock (writing)
        {
            if (disposed)
            {
                throw new FailureException(FailureKind.NotFound, "This chat was closed. Open it again.");
            }

            var starts = records is [StoredStarted];
            try
            {
                journal.Append(durable, [.. records.Select(record => record.ToUtf8())]);
                if (starts && supersedes is not null)
                {
                    openMessages.Add(supersedes);
                }
            }
            finally
            {
                // A response that cannot be stored is no longer in progress.
                if (!starts && supersedes is not null)
                {
                    openMessages.Remove(supersedes);
                }
            }

            if (supersedes is null)
            {
                return;
            }

            lock (buffering)
            {
                partials.Remove(supersedes);
            }
        }
    }

    /// <summary>Caller holds <see cref="buffering"/>.</summary>
    private void ScheduleFlush(bool isDue = false)
    {
        var isNow = (isDue || partials.Length >= FlushCharacters) && !failing;
        if (flushIsDue && !isNow)
        {
            return;
        }

        if (partials.IsEmpty)
        {
            return;
        }

        flushIsDue = true;
        timer.Change(isNow ? TimeSpan.Zero : FlushInterval, Timeout.InfiniteTimeSpan);
    }

    private void Flush()
    {
        lock (writing)
        {
            lock (buffering)
            {
                flushIsDue = false;
                if (partials.IsEmpty)
                {
                    return;
                }

                try
                {
                    if (!TryAcquire())
                    {
                        throw new FailureException(FailureKind.Conflict, WrittenElsewhere);
                    }

                    var records = partials.Peek(out var mark);
                    if (records.Length > 0)
                    {
                        journal.Append(durable: false, records);
                    }

                    partials.Take(mark);
                    failing = false;
                }
                catch (FailureException failure)
                {
                    if (!failing)
                    {
                        logger.LogWarning("{Chat}: partial text is not on disk yet. {Why}", Id, failure.Message);
                    }

                    failing = true;
                    if (!disposed)
                    {
                        ScheduleFlush();
                    }
                }
                finally
                {
                    ReleaseIfIdle();
                }
            }
        }
    }
}
