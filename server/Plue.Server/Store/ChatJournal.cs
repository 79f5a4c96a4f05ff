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
    private readonly ITimer timer;
    private readonly ILogger logger;
    private bool flushIsDue;
    private bool disposed;
    private bool failing;

    private ChatJournal(Journal journal, StoredChat chat, TimeProvider time, ILogger logger)
    {
        (this.journal, Chat, this.logger) = (journal, chat, logger);
        timer = time.CreateTimer(static state => ((ChatJournal)state!).Flush(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Raised once, when the journal is closed.</summary>
    internal event Action<ChatJournal>? Closed;

    public string Id => Chat.Id;

    /// <summary>The chat as it was when this was opened.</summary>
    public StoredChat Chat { get; }

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

            var chat = fold.ToChat(scan, lost, isOwned: false, journal.KeptAside);
            if (chat.Notice is { } notice) { logger.LogWarning("{Chat}: {Notice}", lost.Id, notice); }

            if (fold.SupersededBytes * 2 > journal.Length && journal.Length > CompactionMinimum) { Compact(journal, fold, lost.Id, logger); }

            return new ChatJournal(journal, chat, time, logger);
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    public async ValueTask AppendAsync(Message message, CancellationToken cancellationToken) =>
        await WriteAsync(new StoredComplete(StoredMessage.From(message)), durable: true, message.Id, cancellationToken);

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
        await Task.Run(() => Write(record, durable, supersedes), cancellationToken);

    private void Write(StoredRecord record, bool durable, string? supersedes)
    {
        lock (writing)
        {
            if (disposed) { throw new FailureException(FailureKind.NotFound, "This chat was closed. Open it again."); }

            journal.Append(durable, record.ToUtf8());
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
