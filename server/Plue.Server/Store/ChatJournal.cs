using Microsoft.Extensions.Logging;
using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>
/// A chat opened by its one writer. Partial text is gathered here and written about every 200 ms or 16 Ki characters without fsync, so a killed
/// process loses no more than that; whole messages and fields are durable before their call returns. Any thread may call.
/// </summary>
public sealed class ChatJournal : IMessageLog, IDisposable, IAsyncDisposable
{
    private const int FlushCharacters = 16 * 1024;
    private const long CompactionMinimum = 256 * 1024;
    private const string Subject = "chat";
    private static readonly TimeSpan FlushInterval = TimeSpan.FromMilliseconds(200);

    private readonly Lock writing = new(); // held during fsync; taken before buffering
    private readonly Lock buffering = new(); // never held during fsync: the streaming path takes it
    private readonly PartialBuffer partials = new();
    private readonly Journal journal;
    private readonly ChatFold fold; // of the file as it stands; changed and read under writing
    private readonly Func<StoredChat> toChat;
    private readonly ITimer timer;
    private readonly ILogger logger;
    private bool flushIsDue;
    private bool disposed;
    private bool failing;
    private StoredChat? chat; // null when it is to be folded anew

    private ChatJournal(string id, Journal journal, ChatFold fold, Func<StoredChat> toChat, TimeProvider time, ILogger logger)
    {
        (Id, this.journal, this.fold, this.toChat, this.logger) = (id, journal, fold, toChat, logger);
        timer = time.CreateTimer(static state => ((ChatJournal)state!).Flush(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Raised once, when the journal is closed.</summary>
    internal event Action<ChatJournal>? Closed;

    public string Id { get; }

    /// <summary>The chat as its file says it now, partial text that is not on disk yet left out.</summary>
    public StoredChat Chat
    {
        get { lock (writing) { return chat ??= toChat(); } }
    }

    internal static ChatJournal Open(string path, StoredHeader lost, TimeProvider time, ILogger logger)
    {
        var fold = new ChatFold();
        var journal = Journal.Open(path, lost, time, Subject, fold.Take, out var scan);
        try
        {
            var interrupted = fold.Unfinished();
            if (interrupted.Count > 0)
            {
                journal.Append(durable: true, [.. interrupted.Select(message => new StoredComplete(StoredMessage.From(message)).ToUtf8())]);
            }

            StoredChat ToChat() => fold.ToChat(scan, lost, isOwned: false, journal.KeptAside, isRunning: true);
            if (ToChat().Notice is { } notice) { logger.LogWarning("{Chat}: {Notice}", lost.Id, notice); }

            if (fold.SupersededBytes * 2 > journal.Length && journal.Length > CompactionMinimum) { Compact(journal, fold, lost.Id, logger); }

            return new ChatJournal(lost.Id, journal, fold, ToChat, time, logger);
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    public async ValueTask AppendAsync(Message message, CancellationToken cancellationToken) =>
        await WriteAsync(new StoredComplete(StoredMessage.From(message)), durable: true, message.Id, cancellationToken);

    /// <summary>All or, after a crash, a beginning of them. Durable.</summary>
    public async ValueTask AppendAllAsync(IReadOnlyList<Message> messages, CancellationToken cancellationToken) =>
        await Task.Run(() => Write(durable: true, null, [.. messages.Select(message => new StoredComplete(StoredMessage.From(message)))]), cancellationToken);

    public async ValueTask BeginAsync(Message streaming, CancellationToken cancellationToken) =>
        await WriteAsync(new StoredStarted(StoredMessage.From(streaming)), durable: false, streaming.Id, cancellationToken);

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
    public async ValueTask DiscardAsync(IReadOnlyList<string> messageIds, string? head, CancellationToken cancellationToken) => await Task.Run(
        () => Write(durable: true, null, [.. messageIds.Select(id => new StoredDiscarded(id)), .. head is null ? (IEnumerable<StoredRecord>)[] : [new StoredHead(head, StoredHead.Switch)]]),
        cancellationToken);

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

    /// <summary>Writes what waits and lets another window own the chat.</summary>
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

    /// <summary>Off the caller's thread, because fsync may take long; once begun it is not canceled, so that the answer is always true.</summary>
    private async Task WriteAsync(StoredRecord record, bool durable, string? supersedes, CancellationToken cancellationToken) =>
        await Task.Run(() => Write(durable, supersedes, record), cancellationToken);

    private void Write(bool durable, string? supersedes, params StoredRecord[] records)
    {
        lock (writing)
        {
            if (disposed) { throw new FailureException(FailureKind.NotFound, "This chat was closed. Open it again."); }

            chat = null;
            journal.Append(durable, [.. records.Select(record => record.ToUtf8())]);
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
                    chat = null;
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
                catch (ObjectDisposedException)
                {
                    // The timer fired while Dispose, which flushes itself, was finishing.
                }
            }
        }
    }

    private static void Compact(Journal journal, ChatFold fold, string id, ILogger logger)
    {
        try
        {
            journal.Compact(fold.Superseded);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LogWarning(exception, "{Chat}: not compacted this time", id);
        }
    }
}
