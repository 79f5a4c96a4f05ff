using System.Buffers;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Store;

/// <summary>
/// The cost of every response, one line each in <c>index/usage/YYYY-MM.jsonl</c> (UTC months), written by all windows. Lines are only appended: the
/// cost of deleted chats still counts. If missing or damaged, it is rebuilt from the chats and its readable lines. Thread-safe.
/// </summary>
/// <param name="fromChats">Gets every response of the chats that were written to since then, including deleted chats that can be restored.</param>
/// <param name="providerName">Gets the display name of a provider.</param>
internal sealed class UsageLedger(
    PluePaths paths,
    Func<DateTimeOffset, IEnumerable<UsageEntry>> fromChats,
    Func<string, string> providerName,
    TimeProvider time,
    ILogger logger
) : IAsyncDisposable
{
    private const int MinChats = 3;
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MaxClockSkew = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan CollectDelay = TimeSpan.FromSeconds(30);

    // Responses that end together are written together.
    private static readonly TimeSpan FlushDelay = TimeSpan.FromMilliseconds(100);

    private readonly Lock sync = new();
    private readonly List<UsageEntry> waiting = [];
    private readonly List<UsageEntry> collected = [];
    private readonly CancellationTokenSource ending = new();
    private Task writing = Task.CompletedTask;

    // Completed to write waiting entries at once.
    private TaskCompletionSource flushRequested = new();
    private bool isComplete;
    private (long Bytes, Usage? Chat)? typical;

    private string Folder => Path.Combine(paths.Index, "usage");

    /// <summary>Returns at once and never fails. The message is already durable, so an entry that is not written is found there.</summary>
    public void Add(Message message, string chatId, string template)
    {
        // The name of the provider is looked up later, because events wait for this call.
        if (UsageEntry.Of(message, chatId, template, id => id) is not { } entry)
        {
            return;
        }

        lock (sync)
        {
            Enqueue(entry);
        }
    }

    /// <summary>Adds a response that belongs to no chat. It is written at once; a killed process loses unwritten entries.</summary>
    public void Add(UsageEntry entry)
    {
        lock (sync)
        {
            Enqueue(entry);
        }
    }

    /// <summary>
    /// As <see cref="Add(UsageEntry)"/>, for small responses. Those of one model are added up and written as one line after half a minute, before
    /// the ledger is read, and at the end; a killed process loses them.
    /// </summary>
    public void Collect(UsageEntry entry)
    {
        lock (sync)
        {
            for (var at = 0; at < collected.Count; at++)
            {
                if (collected[at].Plus(entry) is { } sum)
                {
                    collected[at] = sum;
                    return;
                }
            }

            collected.Add(entry);
            if (collected.Count == 1)
            {
                _ = WriteCollectedAsync();
            }
        }
    }

    /// <summary>Reads the entries that ended at or after <paramref name="from"/> and before <paramref name="to"/>, including the last response of this process; oldest month first.</summary>
    /// <exception cref="FailureException">StoreReadOnly: the files cannot be read.</exception>
    public async Task<IReadOnlyList<UsageEntry>> ReadAsync(
        DateTimeOffset from,
        DateTimeOffset to,
        CancellationToken cancellationToken = default
    )
    {
        await FlushAsync().WaitAsync(cancellationToken);
        return await Task.Run(() => Read(from, to), cancellationToken);
    }

    /// <summary>The start of each month with entries, oldest first.</summary>
    /// <inheritdoc cref="ReadAsync" path="/exception"/>
    public async Task<IReadOnlyList<DateTimeOffset>> MonthsAsync(CancellationToken cancellationToken = default)
    {
        // Reading completes the ledger.
        var now = time.GetUtcNow();
        await ReadAsync(now, now, cancellationToken);
        return
        [
            .. Files(DateTimeOffset.MinValue, DateTimeOffset.MaxValue)
                .Select(Path.GetFileNameWithoutExtension)
                .Select(month =>
                    DateTimeOffset.TryParseExact(
                        month,
                        "yyyy-MM",
                        CultureInfo.InvariantCulture,
                        DateTimeStyles.AssumeUniversal,
                        out var start
                    )
                        ? start
                        : (DateTimeOffset?)null
                )
                .OfType<DateTimeOffset>(),
        ];
    }

    /// <summary>Gets the cost in USD since midnight, local time.</summary>
    public async Task<decimal> SpentTodayAsync(CancellationToken cancellationToken = default) =>
        (await TodayAsync(cancellationToken)).Sum(entry => entry.Cost ?? 0);

    /// <summary>Reads the entries since midnight, local time.</summary>
    /// <inheritdoc cref="ReadAsync" path="/exception"/>
    public Task<IReadOnlyList<UsageEntry>> TodayAsync(CancellationToken cancellationToken = default)
    {
        var midnight = time.GetLocalNow().Date;
        var from = new DateTimeOffset(midnight, time.LocalTimeZone.GetUtcOffset(midnight));
        return ReadAsync(from, DateTimeOffset.MaxValue, cancellationToken);
    }

    /// <summary>Gets the median token usage of the user's chats; null with fewer than three chats or if the ledger cannot be read.</summary>
    public async Task<Usage?> TypicalChatAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            return await MedianChatAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is FailureException or IOException or UnauthorizedAccessException)
        {
            // The list of models works without this figure.
            logger.LogWarning("The typical cost of a chat could not be computed: {Why}", exception.Message);
            return null;
        }
    }

    private async Task<Usage?> MedianChatAsync(CancellationToken cancellationToken)
    {
        var bytes = Files(DateTimeOffset.MinValue, DateTimeOffset.MaxValue).Sum(file => new FileInfo(file).Length);
        lock (sync)
        {
            if (typical is { } known && known.Bytes == bytes && isComplete)
            {
                return known.Chat;
            }
        }

        var chats = (await ReadAsync(DateTimeOffset.MinValue, DateTimeOffset.MaxValue, cancellationToken))
            .Where(entry => entry is { Usage: not null, HasChat: true })
            .GroupBy(entry => entry.ChatId, StringComparer.Ordinal)
            .Select(chat => chat.Aggregate(new Usage(), (sum, entry) => Sum(sum, entry.Usage!)))
            .OrderBy(usage => usage.TotalTokens)
            .ToList();
        var chat = chats.Count < MinChats ? null : chats[(chats.Count - 1) / 2];
        lock (sync)
        {
            typical = (bytes, chat);
        }
        return chat;
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await FlushAsync();
        ending.Dispose();
    }

    private Task FlushAsync()
    {
        lock (sync)
        {
            EnqueueCollected();
            flushRequested.TrySetResult();
            return writing;
        }
    }

    internal static Usage Sum(Usage one, Usage other) =>
        new()
        {
            InputTokens = one.InputTokens + other.InputTokens,
            OutputTokens = one.OutputTokens + other.OutputTokens,
            CachedReadTokens = one.CachedReadTokens + other.CachedReadTokens,
            CachedWriteTokens = one.CachedWriteTokens + other.CachedWriteTokens,
            ReasoningTokens = one.ReasoningTokens + other.ReasoningTokens,
        };

    /// <summary>Caller holds the lock.</summary>
    private void Enqueue(UsageEntry entry)
    {
        waiting.Add(entry);
        if (waiting.Count > 1)
        {
            return;
        }

        flushRequested = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        writing = WriteAfterDelayAsync(writing, flushRequested.Task);
    }

    /// <summary>Caller holds the lock.</summary>
    private void EnqueueCollected()
    {
        foreach (var entry in collected)
        {
            Enqueue(entry);
        }
        collected.Clear();
    }

    private async Task WriteCollectedAsync()
    {
        await Task.Delay(CollectDelay, time, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (sync)
        {
            EnqueueCollected();
        }
    }

    private async Task WriteAfterDelayAsync(Task before, Task flushRequest)
    {
        await Task.WhenAny(flushRequest, Task.Delay(FlushDelay, time));
        await before;
        await Task.Run(Write);
    }

    private void Write()
    {
        UsageEntry[] entries;
        lock (sync)
        {
            entries = [.. waiting];
            waiting.Clear();
        }

        try
        {
            using var owner = AcquireLock();
            EnsureComplete();
            var named = entries.Select(entry => entry with { ProviderName = providerName(entry.ProviderId) });
            foreach (var month in named.GroupBy(entry => PathOf(entry.Time)))
            {
                Append(month.Key, month);
            }
        }
        catch (Exception exception)
        {
            // The ledger is completed from the chats before it is next read.
            logger.LogWarning("The cost of {Count} responses is not in the ledger yet: {Why}", entries.Length, exception.Message);
            lock (sync)
            {
                isComplete = false;
                // These entries belong to no chat, so they are kept for the next write.
                collected.AddRange(entries.Where(entry => !entry.HasChat));
            }
        }
    }

    private IReadOnlyList<UsageEntry> Read(DateTimeOffset from, DateTimeOffset to)
    {
        try
        {
            if (NeedsRepair())
            {
                using var owner = AcquireLock();
                EnsureComplete();
            }

            var entries = ReadFiles(Files(from, to), from, to, out var damaged);
            return damaged ? Repaired(from, to) : entries;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.From(exception, "The usage ledger could not be read");
        }
    }

    private List<UsageEntry> Repaired(DateTimeOffset from, DateTimeOffset to)
    {
        using var owner = AcquireLock();
        Rebuild();
        return ReadFiles(Files(from, to), from, to, out _);
    }

    /// <summary>Runs once per process, and again after a failure.</summary>
    private bool NeedsRepair()
    {
        lock (sync)
        {
            return !isComplete || !File.Exists(CompletePath);
        }
    }

    /// <summary>Caller owns the ledger.</summary>
    private void EnsureComplete()
    {
        if (!NeedsRepair())
        {
            return;
        }
        if (File.Exists(CompletePath))
        {
            BackfillMissing();
        }
        else
        {
            Rebuild();
        }

        lock (sync)
        {
            isComplete = true;
        }
    }

    /// <summary>Adds the entries that a killed process did not write.</summary>
    private void BackfillMissing()
    {
        var since = new DateTimeOffset(File.GetLastWriteTimeUtc(CompletePath), TimeSpan.Zero) - MaxClockSkew;
        var entries = fromChats(since).Where(entry => entry.Time >= since).ToList();
        if (entries.Count > 0)
        {
            var known = ReadFiles(
                    Files(entries.Min(entry => entry.Time), DateTimeOffset.MaxValue),
                    DateTimeOffset.MinValue,
                    DateTimeOffset.MaxValue,
                    out _
                )
                .Select(entry => entry.Id)
                .ToHashSet();
            foreach (var month in entries.Where(entry => !known.Contains(entry.Id)).GroupBy(entry => PathOf(entry.Time)))
            {
                Append(month.Key, month);
            }
        }

        DurableFile.Replace(CompletePath, "\n"u8);
    }

    /// <summary>Gets the readable entries merged with those of the chats. Caller owns the ledger.</summary>
    private void Rebuild()
    {
        var all = new Dictionary<string, UsageEntry>(StringComparer.Ordinal);
        foreach (var file in Files(DateTimeOffset.MinValue, DateTimeOffset.MaxValue))
        {
            var readable = ReadFiles([file], DateTimeOffset.MinValue, DateTimeOffset.MaxValue, out var damaged);
            foreach (var entry in readable)
            {
                all.TryAdd(entry.Id, entry);
            }
            if (damaged)
            {
                DurableFile.Copy(file, file + ".damaged");
            }
        }

        foreach (var entry in fromChats(DateTimeOffset.MinValue))
        {
            all.TryAdd(entry.Id, entry);
        }

        foreach (var month in all.Values.GroupBy(entry => PathOf(entry.Time)))
        {
            var lines = new ArrayBufferWriter<byte>();
            foreach (var entry in month.OrderBy(entry => entry.Time).ThenBy(entry => entry.Id, StringComparer.Ordinal))
            {
                entry.WriteTo(lines);
            }
            DurableFile.Replace(month.Key, lines.WrittenSpan);
        }

        DurableFile.Replace(CompletePath, "\n"u8);
        logger.LogInformation("The usage ledger was rebuilt: {Count} responses", all.Count);
    }

    /// <summary>Appends all lines in one write. An incomplete last line becomes a separate line, which the next reader repairs.</summary>
    private static void Append(string path, IEnumerable<UsageEntry> entries)
    {
        var lines = new ArrayBufferWriter<byte>();
        using var stream = DurableFile.OpenPrivate(
            path,
            FileMode.OpenOrCreate,
            FileAccess.ReadWrite,
            FileShare.ReadWrite | FileShare.Delete
        );
        if (stream.Length > 0)
        {
            stream.Seek(-1, SeekOrigin.End);
            if (stream.ReadByte() != '\n')
            {
                lines.Write("\n"u8);
            }
        }

        foreach (var entry in entries)
        {
            entry.WriteTo(lines);
        }
        stream.Seek(0, SeekOrigin.End);
        stream.Write(lines.WrittenSpan);
        DurableFile.Sync(stream.SafeFileHandle);
    }

    /// <param name="damaged">True if a complete line is invalid; an incomplete last line may still be in progress.</param>
    private static List<UsageEntry> ReadFiles(IEnumerable<string> files, DateTimeOffset from, DateTimeOffset to, out bool damaged)
    {
        var entries = new List<UsageEntry>();
        // Two windows may both have added the same missing response.
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var texts = new UsageTexts();
        damaged = false;
        foreach (var file in files)
        {
            byte[] bytes;
            try
            {
                bytes = ReadAll(file);
            }
            catch (FileNotFoundException)
            {
                continue;
            }

            ReadOnlySpan<byte> rest = bytes;
            while (rest.IndexOf((byte)'\n') is var end and >= 0)
            {
                if (UsageEntry.TryParse(rest[..end], texts) is not { } entry)
                {
                    damaged = true;
                }
                else if (entry.Time >= from && entry.Time < to && ids.Add(entry.Id))
                {
                    entries.Add(entry);
                }

                rest = rest[(end + 1)..];
            }
        }

        return entries;
    }

    private static byte[] ReadAll(string path)
    {
        using var stream = RegularFile.OpenRead(path);
        var bytes = new byte[stream.Length];
        var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return length == bytes.Length ? bytes : bytes[..length];
    }

    private IReadOnlyList<string> Files(DateTimeOffset from, DateTimeOffset to)
    {
        if (!Directory.Exists(Folder))
        {
            return [];
        }

        var (first, last) = (MonthOf(from), MonthOf(to));
        return
        [
            .. Directory
                .EnumerateFiles(Folder, "????-??.jsonl")
                .Where(file =>
                    string.CompareOrdinal(Path.GetFileNameWithoutExtension(file), first) >= 0
                    && string.CompareOrdinal(Path.GetFileNameWithoutExtension(file), last) <= 0
                )
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>The file that marks the months as complete up to the time of its write. Without it they are rebuilt.</summary>
    private string CompletePath => Path.Combine(Folder, "complete");

    private string PathOf(DateTimeOffset at) => Path.Combine(Folder, MonthOf(at) + ".jsonl");

    private static string MonthOf(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM", CultureInfo.InvariantCulture);

    /// <summary>Locks the ledger, so that one window writes at a time.</summary>
    private IDisposable AcquireLock() => FileLock.Acquire(Path.Combine(Folder, "usage.lock"), LockTimeout);
}
