using Microsoft.Extensions.Logging;
using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>
/// A chat that this process follows, and writes to in turn with others: it owns the file for as long as one change or one answer takes, so
/// other windows can write in between and see what is written. Partial text is gathered here and written about every 200 ms or 16 Ki
/// characters without fsync, so a killed process loses no more than that; whole messages and fields are durable before their call returns.
/// What a killed owner left unfinished, the next one stores as interrupted. Any thread may call.
/// </summary>
public sealed class ChatJournal : IMessageLog, IDisposable, IAsyncDisposable
{
    private const int FlushCharacters = 16 * 1024;
    private const long CompactionMinimum = 256 * 1024;
    private const string Subject = "chat";
    private const string AnsweredElsewhere = "Another window is answering in this chat.";
    private static readonly TimeSpan FlushInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3); // for another window that writes; an answer is not waited for
    private static readonly TimeSpan Courtesy = TimeSpan.FromMilliseconds(30); // to one that waits
    private static readonly TimeSpan RepairPause = TimeSpan.FromSeconds(5);

    private readonly Lock writing = new(); // held during fsync; taken before buffering
    private readonly Lock buffering = new(); // never held during fsync: the streaming path takes it
    private readonly PartialBuffer partials = new();
    private readonly HashSet<string> begun = new(StringComparer.Ordinal); // answers under way here, or a new task that starts; the file is owned until they are whole
    private readonly List<ChatNews> heard = []; // of others, since the last Follow
    private readonly string path;
    private readonly StoredHeader lost;
    private readonly Journal journal;
    private readonly TimeProvider time;
    private readonly ITimer timer;
    private readonly ILogger logger;
    private ChatFold fold; // of the file as it stands; changed and read under writing
    private RepairNotice? repaired;
    private int holds; // changes under way
    private bool isReading; // what comes now was written by others
    private bool othersLive; // some other process owned the file when it was last looked at
    private DateTimeOffset nextRepair;
    private bool flushIsDue;
    private bool disposed;
    private bool failing;
    private StoredChat? chat; // null when it is to be folded anew

    private ChatJournal(string path, StoredHeader lost, Func<int, string> backup, TimeProvider time, ILogger logger)
    {
        (this.path, this.lost, this.time, this.logger) = (path, lost, time, logger);
        fold = NewFold();
        journal = new Journal(path, Subject, lost, backup, time, line => fold.Take(line), () =>
        {
            fold = NewFold();
            chat = null;
            Hear(new ChatNews.Other());
        });
        timer = time.CreateTimer(static state => ((ChatJournal)state!).Flush(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Raised once, when the journal is closed.</summary>
    internal event Action<ChatJournal>? Closed;

    public string Id => lost.Id;

    /// <summary>The chat as its file was last read or written, partial text that is not on disk yet left out.</summary>
    public StoredChat Chat
    {
        get { lock (writing) { return chat ??= fold.ToChat(journal.Scan, lost, journal.IsOwned || othersLive, repaired); } }
    }

    /// <summary>The chat as its file is now.</summary>
    /// <exception cref="FailureException">NotFound; StoreReadOnly: the file cannot be read.</exception>
    internal StoredChat Look()
    {
        lock (writing)
        {
            if (!journal.IsOwned && !disposed && !LookOn()) { throw Journal.NotFound(Subject); }

            return Chat;
        }
    }

    /// <summary>Why this process cannot write to the chat now, as a sentence; null when it can.</summary>
    public string? ReadOnlyReason
    {
        get { lock (writing) { return IsAnsweredElsewhere ? AnsweredElsewhere : null; } }
    }

    private bool IsOwned
    {
        get { lock (writing) { return journal.IsOwned; } }
    }

    private bool IsAnsweredElsewhere => !journal.IsOwned && othersLive && fold.IsUnfinished;

    /// <summary>Reads the chat, and unless another process is writing to it repairs it and ends what a former owner left unfinished.</summary>
    /// <param name="backup">Where a file of an older format is copied to before it is rewritten.</param>
    /// <param name="isNew">It was made just now, so that it can be written to.</param>
    /// <param name="starts">It was made just now and is owned until <see cref="WasStarted"/>.</param>
    /// <exception cref="FailureException">NotFound; StoreReadOnly: the disk, or a newer format.</exception>
    internal static ChatJournal Open(string path, StoredHeader lost, Func<int, string> backup, TimeProvider time, ILogger logger, bool isNew = false, bool starts = false)
    {
        var opened = new ChatJournal(path, lost, backup, time, logger);
        if (starts) { opened.begun.Add(lost.Id); }
        try
        {
            lock (opened.writing)
            {
                if (opened.journal.CatchUp() == JournalNews.Gone) { throw Journal.NotFound(Subject); }

                // One that was made just now is whole.
                if ((starts || !isNew) && opened.TryAcquire())
                {
                    opened.CompactIfWorthIt();
                    opened.ReleaseIfIdle();
                }

                opened.heard.Clear();
            }

            if (opened.Chat.Notice is { } notice) { logger.LogWarning("{Chat}: {Notice}", lost.Id, notice); }

            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Takes in what others wrote since the last call; asked again and again while somebody looks on. An answer whose writer is gone is
    /// stored as interrupted.
    /// </summary>
    /// <param name="onChange">Called with each change, in order.</param>
    /// <returns>False when the chat is no longer there.</returns>
    public bool Follow(Action<ChatNews> onChange)
    {
        lock (writing)
        {
            if (disposed) { return true; }

            try
            {
                if (!journal.IsOwned && !LookOn()) { return false; }
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

            // Whoever looks anew sees all the rest too.
            if (heard.Find(change => change is ChatNews.Other) is { } other) { onChange(other); }
            else { heard.ForEach(onChange); }

            heard.Clear();
            return true;
        }
    }

    /// <summary>Owns the chat until the result is disposed, so that nothing of others comes in between; waits while another window writes.</summary>
    /// <exception cref="FailureException">Conflict: another window answers, or did not finish writing; NotFound; StoreReadOnly.</exception>
    public async Task<IDisposable> HoldAsync(CancellationToken cancellationToken)
    {
        if (!IsOwned && JournalLock.IsWanted(path)) { await Task.Delay(Courtesy, time, cancellationToken); }

        var asked = time.GetTimestamp();
        var hasWaited = false;
        try
        {
            while (!await Task.Run(TryHold, cancellationToken))
            {
                if (ReadOnlyReason is { } reason) { throw new FailureException(FailureKind.Conflict, reason); }
                if (time.GetElapsedTime(asked) > Patience)
                {
                    throw new FailureException(FailureKind.Conflict, "Another window is writing to this chat. Try again in a moment.");
                }

                JournalLock.Want(path);
                hasWaited = true;
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(2, 10)), time, cancellationToken);
            }
        }
        finally
        {
            if (hasWaited) { JournalLock.Unwant(path); }
        }

        return new Hold(this);
    }

    /// <summary>Owns the chat beyond a change that is under way, until the result is disposed. Null when there is none.</summary>
    public IDisposable? HoldOn()
    {
        lock (writing)
        {
            if (disposed || holds == 0 || !journal.IsOwned) { return null; }

            holds++;
            return new Hold(this);
        }
    }

    public async ValueTask AppendAsync(Message message, CancellationToken cancellationToken) =>
        await WriteAsync(new StoredComplete(StoredMessage.From(message)), durable: true, message.Id, cancellationToken);

    /// <summary>A message and what it says of the chat in one write. Durable.</summary>
    public async ValueTask AppendAsync(Message message, ChatFields fields, CancellationToken cancellationToken) =>
        await WriteAsync(durable: true, message.Id, cancellationToken, new StoredComplete(StoredMessage.From(message)), fields.ToStored());

    /// <summary>All or, after a crash, a beginning of them. Durable.</summary>
    public async ValueTask AppendAllAsync(IReadOnlyList<Message> messages, CancellationToken cancellationToken) =>
        await WriteAsync(durable: true, null, cancellationToken, [.. messages.Select(message => new StoredComplete(StoredMessage.From(message)))]);

    public async ValueTask BeginAsync(Message streaming, CancellationToken cancellationToken) =>
        await WriteAsync(new StoredStarted(StoredMessage.From(streaming)), durable: false, streaming.Id, cancellationToken);

    public async ValueTask IntendAsync(Message streaming, CancellationToken cancellationToken) =>
        await WriteAsync(new StoredStarted(StoredMessage.From(streaming)), durable: true, streaming.Id, cancellationToken);

    public void AppendPartial(string messageId, int partIndex, bool isReasoning, string text)
    {
        lock (buffering)
        {
            if (disposed) { return; }

            partials.Add(messageId, partIndex, isReasoning, text);
            ScheduleFlush();
        }
    }

    public void ResetPartial(string messageId)
    {
        lock (buffering)
        {
            if (disposed) { return; }

            partials.Reset(messageId);
            ScheduleFlush();
        }
    }

    /// <summary>Hides a message; the trail keeps it. Durable.</summary>
    public async ValueTask DiscardAsync(string messageId, CancellationToken cancellationToken) =>
        await WriteAsync(new StoredDiscarded(messageId), durable: true, messageId, cancellationToken);

    /// <summary>Hides these, and shows another branch if that is said; the trail keeps them. Durable.</summary>
    /// <param name="head">The last message of that branch; null leaves what is left of the one that is shown.</param>
    public async ValueTask DiscardAsync(IReadOnlyList<string> messageIds, string? head, CancellationToken cancellationToken) => await WriteAsync(
        durable: true, null, cancellationToken,
        [.. messageIds.Select(id => new StoredDiscarded(id)), .. head is null ? (IEnumerable<StoredRecord>)[] : [new StoredHead(head, StoredHead.Switch)]]);

    /// <summary>Shows another branch. Durable.</summary>
    /// <param name="messageId">Its last message; empty before the first.</param>
    /// <param name="reason">See <see cref="StoredHead"/>.</param>
    private async ValueTask MoveHeadAsync(string messageId, string reason, CancellationToken cancellationToken) =>
        await WriteAsync(new StoredHead(messageId, reason), durable: true, null, cancellationToken);

    /// <summary>Durable.</summary>
    public ValueTask SwitchAsync(string messageId, CancellationToken cancellationToken) => MoveHeadAsync(messageId, StoredHead.Switch, cancellationToken);

    /// <summary>Hides the last turn. Durable.</summary>
    /// <exception cref="FailureException">Conflict: there is none. StoreReadOnly.</exception>
    public ValueTask UndoAsync(CancellationToken cancellationToken) => Chat.Tree.Undone is { } head
        ? MoveHeadAsync(head, StoredHead.Undo, cancellationToken)
        : throw new FailureException(FailureKind.Conflict, "There is nothing to undo in this chat.");

    /// <summary>Brings back what the last undo hid. Durable.</summary>
    /// <exception cref="FailureException">Conflict: there is nothing. StoreReadOnly.</exception>
    public ValueTask RedoAsync(CancellationToken cancellationToken) => Chat.Tree.Redone is { } head
        ? MoveHeadAsync(head, StoredHead.Redo, cancellationToken)
        : throw new FailureException(FailureKind.Conflict, "There is nothing to redo in this chat.");

    /// <summary>Lets a message wait to be sent; appending a message of its id sends it. Durable.</summary>
    public async ValueTask QueueAsync(Message message, CancellationToken cancellationToken) =>
        await WriteAsync(new StoredQueued(StoredMessage.From(message)), durable: true, null, cancellationToken);

    /// <summary>Durable.</summary>
    public async ValueTask UnqueueAsync(string messageId, CancellationToken cancellationToken) =>
        await WriteAsync(new StoredUnqueued(messageId), durable: true, null, cancellationToken);

    /// <summary>Durable.</summary>
    public async ValueTask UpdateAsync(ChatFields fields, CancellationToken cancellationToken) =>
        await WriteAsync(fields.ToStored(), durable: true, null, cancellationToken);

    /// <summary>Notes what a hook did, or why it failed. Durable.</summary>
    /// <param name="depth">How many hooks led to this one.</param>
    public async ValueTask NoteHookAsync(string trigger, string? field, string action, string? outcome, string? error, int depth, CancellationToken cancellationToken) =>
        await WriteAsync(new StoredHook(trigger, field, action, outcome, error, depth), durable: true, null, cancellationToken);

    /// <summary>The hooks that wait for a new task were carried out, and what they started has ended.</summary>
    public void WasStarted()
    {
        lock (writing)
        {
            if (begun.Remove(Id)) { ReleaseIfIdle(); }
        }
    }

    /// <summary>Writes what waits and follows no longer.</summary>
    public void Dispose()
    {
        lock (buffering)
        {
            if (disposed) { return; }

            disposed = true;
        }

        timer.Dispose();
        Flush();
        lock (writing)
        {
            lock (buffering) { partials.Release(); }

            journal.Dispose();
        }

        Closed?.Invoke(this);
    }

    public async ValueTask DisposeAsync() => await Task.Run(Dispose);

    private sealed class Hold(ChatJournal journal) : IDisposable
    {
        private ChatJournal? held = journal;

        public void Dispose() => Interlocked.Exchange(ref held, null)?.LetGo();
    }

    private ChatFold NewFold() => new(ChannelKind.Task.Names(Id))
    {
        Changed = change =>
        {
            chat = null;
            if (isReading) { Hear(change); }
        },
    };

    private void Hear(ChatNews change)
    {
        if (heard is not [ChatNews.Other]) { heard.Add(change); }
    }

    private bool TryHold()
    {
        lock (writing)
        {
            if (disposed) { throw new FailureException(FailureKind.NotFound, "This chat was closed. Open it again."); }
            if (!TryAcquire()) { return false; }

            holds++;
            return true;
        }
    }

    private void LetGo()
    {
        lock (writing)
        {
            holds--;
            ReleaseIfIdle();
        }
    }

    /// <summary>Caller holds <see cref="writing"/>. False when the file is gone.</summary>
    private bool LookOn()
    {
        if (!CatchUp()) { return false; }

        var lived = othersLive;
        othersLive = (fold.IsUnfinished || journal.Scan.Damaged.Count > 0) && JournalLock.IsHeld(path);
        if (lived != othersLive) { chat = null; }

        // Its writer may have finished and left between the two looks; who acquires reads again.
        if (fold.IsUnfinished && !othersLive && time.GetUtcNow() >= nextRepair && TryAcquire()) { ReleaseIfIdle(); }

        return true;
    }

    private bool CatchUp()
    {
        isReading = true;
        try { return journal.CatchUp() != JournalNews.Gone; }
        finally { isReading = false; }
    }

    /// <summary>Caller holds <see cref="writing"/>. Reads what others wrote, repairs, and ends what they left unfinished.</summary>
    private bool TryAcquire()
    {
        if (journal.IsOwned) { return true; }

        isReading = true;
        try
        {
            if (!journal.TryAcquire())
            {
                // Another writes: what it says tells whether waiting helps.
                if (journal.CatchUp() == JournalNews.Gone) { throw Journal.NotFound(Subject); }

                (othersLive, chat) = (true, null);
                return false;
            }
        }
        finally
        {
            isReading = false;
        }

        (othersLive, chat) = (false, null);
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
            if (journal.Scan.Damaged.Count > 0) { journal.KeepAside(); }

            repaired = fold.NoticeOf(journal.Scan, isOwned: false, journal.KeptAside);
            journal.Repair();
        }

        // A task that was made just now waits for its owner: this process.
        if (!fold.IsUnfinished || begun.Contains(Id)) { return; }

        if (fold.IsWaiting || fold.IsBetweenRounds) { journal.Append(durable: true, new ChatFields { Values = StoredChat.StatusValue(TaskStates.Interrupted), By = ChangedBy.Plue }.ToStored().ToUtf8()); }
        if (fold.Unfinished() is { Count: > 0 } unfinished) { journal.Append(durable: true, [.. unfinished.Select(message => new StoredComplete(StoredMessage.From(message)).ToUtf8())]); }

        Hear(new ChatNews.Other());
    }

    private void CompactIfWorthIt()
    {
        if (fold.SupersededBytes * 2 <= journal.Length || journal.Length <= CompactionMinimum) { return; }

        try
        {
            journal.Compact(fold.Superseded);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LogWarning(exception, "{Chat}: not compacted this time", Id);
        }
    }

    /// <summary>Caller holds <see cref="writing"/>.</summary>
    private void ReleaseIfIdle()
    {
        if (holds == 0 && begun.Count == 0) { journal.Release(); }
    }

    private Task WriteAsync(StoredRecord record, bool durable, string? supersedes, CancellationToken cancellationToken) =>
        WriteAsync(durable, supersedes, cancellationToken, record);

    /// <summary>Off the caller's thread, because fsync may take long; once begun it is not canceled, so that the answer is always true.</summary>
    private async Task WriteAsync(bool durable, string? supersedes, CancellationToken cancellationToken, params StoredRecord[] records)
    {
        if (await Task.Run(() => TryWriteAtOnce(durable, supersedes, records), cancellationToken)) { return; }

        using var hold = await HoldAsync(cancellationToken);
        await Task.Run(() => Write(durable, supersedes, records), CancellationToken.None);
    }

    /// <summary>False when another window writes, or waits to.</summary>
    private bool TryWriteAtOnce(bool durable, string? supersedes, StoredRecord[] records)
    {
        if (!IsOwned && JournalLock.IsWanted(path) || !TryHold()) { return false; }

        try
        {
            Write(durable, supersedes, records);
            return true;
        }
        finally
        {
            LetGo();
        }
    }

    private void Write(bool durable, string? supersedes, StoredRecord[] records)
    {
        lock (writing)
        {
            if (disposed) { throw new FailureException(FailureKind.NotFound, "This chat was closed. Open it again."); }

            var starts = records is [StoredStarted];
            try
            {
                journal.Append(durable, [.. records.Select(record => record.ToUtf8())]);
                if (starts && supersedes is not null) { begun.Add(supersedes); }
            }
            finally
            {
                // An answer that cannot be kept is no longer under way either.
                if (!starts && supersedes is not null) { begun.Remove(supersedes); }
            }

            if (supersedes is null) { return; }

            lock (buffering) { partials.Remove(supersedes); }
        }
    }

    /// <summary>Caller holds <see cref="buffering"/>.</summary>
    private void ScheduleFlush()
    {
        var isFull = partials.Length >= FlushCharacters && !failing;
        if (flushIsDue && !isFull) { return; }

        if (partials.IsEmpty) { return; }

        flushIsDue = true;
        timer.Change(isFull ? TimeSpan.Zero : FlushInterval, Timeout.InfiniteTimeSpan);
    }

    private void Flush()
    {
        lock (writing)
        {
            lock (buffering)
            {
                flushIsDue = false;
                if (partials.IsEmpty) { return; }

                try
                {
                    if (!TryAcquire()) { throw new FailureException(FailureKind.Conflict, AnsweredElsewhere); }

                    var records = partials.Peek(out var mark);
                    if (records.Length > 0) { journal.Append(durable: false, records); }

                    partials.Take(mark);
                    failing = false;
                }
                catch (FailureException failure)
                {
                    if (!failing) { logger.LogWarning("{Chat}: text under way is not on disk yet. {Why}", Id, failure.Message); }

                    failing = true;
                    if (!disposed) { ScheduleFlush(); }
                }
                finally
                {
                    ReleaseIfIdle();
                }
            }
        }
    }
}
