using System.Text.Json;
using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Store;

/// <summary>
/// Remembers the summary of each journal by the file's length and time, so that a list of a thousand chats opens only what changed.
/// A cache: deleted or damaged it is rebuilt, and failing to write it is no error.
/// </summary>
internal sealed class ChannelIndex(PluePaths paths, ILogger logger)
{
    private static readonly TimeSpan StrayAge = TimeSpan.FromHours(1);

    private readonly Lock gate = new();
    private Dictionary<string, StoredIndexEntry>? known;

    private string IndexPath => Path.Combine(paths.Index, "chats.json");

    /// <summary>Newest first.</summary>
    public IReadOnlyList<ChatSummary> List(Func<string, bool> isId, Func<string, ChatSummary> read)
    {
        lock (gate)
        {
            known ??= Load();
            var current = new Dictionary<string, StoredIndexEntry>(StringComparer.Ordinal);
            var summaries = new List<ChatSummary>();
            var changed = false;
            foreach (var file in Journals())
            {
                var id = Path.GetFileNameWithoutExtension(file.Name);
                if (!isId(id)) { continue; }

                if (known.TryGetValue(id, out var entry) && entry.Length == file.Length && entry.Modified == file.LastWriteTimeUtc.Ticks)
                {
                    current.Add(id, entry);
                    summaries.Add(entry.ToSummary());
                    continue;
                }

                if (Summarize(id, file, read) is not { } summary) { continue; }

                summaries.Add(summary);
                // Running ends without a byte being written when the owner is killed, so it is not remembered.
                if (summary.Status is ChatStatus.Running or ChatStatus.Damaged) { continue; }

                changed = true;
                current.Add(id, StoredIndexEntry.From(summary, file.Length, file.LastWriteTimeUtc.Ticks));
            }

            changed |= current.Count != known.Count;
            known = current;
            if (changed) { Save(); }

            return [.. summaries.OrderByDescending(summary => summary.UpdatedAt).ThenByDescending(summary => summary.Id, StringComparer.Ordinal)];
        }
    }

    private IReadOnlyList<FileInfo> Journals()
    {
        try
        {
            var directory = new DirectoryInfo(paths.Chats);
            if (!directory.Exists) { return []; }

            foreach (var stray in directory.EnumerateFiles(".chat_*.tmp").Where(file => DateTime.UtcNow - file.LastWriteTimeUtc > StrayAge)) { stray.Delete(); }

            return [.. directory.EnumerateFiles("chat_*.jsonl")];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(FailureKind.StoreReadOnly, $"The chats could not be listed ({exception.Message.TrimEnd('.')}). Check {paths.Chats}.", exception);
        }
    }

    private static ChatSummary? Summarize(string id, FileInfo file, Func<string, ChatSummary> read)
    {
        try
        {
            return read(id);
        }
        catch (FailureException failure) when (failure.Failure.Kind == FailureKind.NotFound)
        {
            return null; // deleted meanwhile
        }
        catch (FailureException failure)
        {
            var time = new DateTimeOffset(file.LastWriteTimeUtc, TimeSpan.Zero);
            return new ChatSummary(id, "", "Chat that cannot be read", false, null, null, time, time, 0, null, ChatStatus.Damaged, failure.Message);
        }
    }

    private Dictionary<string, StoredIndexEntry> Load()
    {
        try
        {
            var stored = JsonSerializer.Deserialize(File.ReadAllBytes(IndexPath), StoredJson.Default.StoredIndex);
            if (stored is { Format: StoredIndex.CurrentFormat, Chats: { } chats })
            {
                return chats.Where(entry => entry?.Id is not null).DistinctBy(entry => entry.Id).ToDictionary(entry => entry.Id, StringComparer.Ordinal);
            }
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            logger.LogDebug(exception, "The index of chats is rebuilt");
        }

        return new(StringComparer.Ordinal);
    }

    private void Save()
    {
        try
        {
            var stored = new StoredIndex(StoredIndex.CurrentFormat, [.. known!.Values]);
            DurableFile.Replace(IndexPath, JsonSerializer.SerializeToUtf8Bytes(stored, StoredJson.Default.StoredIndex));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LogDebug(exception, "The index of chats was not written");
        }
    }
}

/// <summary>The file of <see cref="ChannelIndex"/>; of another format it is rebuilt.</summary>
internal sealed record StoredIndex(int Format, IReadOnlyList<StoredIndexEntry> Chats)
{
    public const int CurrentFormat = 3;
}

/// <param name="Modified">UTC ticks of the journal's last write.</param>
internal sealed record StoredIndexEntry(
    string Id,
    long Length,
    long Modified,
    string Template,
    string Title,
    bool Archived,
    string? ProviderId,
    string? Model,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    int MessageCount,
    decimal? TotalCost,
    string Status,
    string? Notice,
    IReadOnlyList<StoredChoice>? Fallbacks,
    StoredOptions? Options,
    bool Pinned,
    IReadOnlyList<string>? Tags,
    bool Unread,
    long Version)
{
    public static StoredIndexEntry From(ChatSummary summary, long length, long modified) => new(
        summary.Id, length, modified, summary.TemplateId, summary.Title, summary.Archived, summary.ProviderId, summary.Model,
        summary.CreatedAt, summary.UpdatedAt, summary.MessageCount, summary.TotalCost, Names<ChatStatus>.Of(summary.Status), summary.Notice,
        summary.Fallbacks.Count == 0 ? null : [.. summary.Fallbacks.Select(choice => new StoredChoice(choice.ProviderId, choice.Model))],
        summary.Options == ChatOptions.None ? null : StoredOptions.From(summary.Options),
        summary.Pinned, summary.Tags.Count == 0 ? null : summary.Tags, summary.Unread, summary.Version);

    public ChatSummary ToSummary() => new(
        Id, Template, Title, Archived, ProviderId, Model, CreatedAt, UpdatedAt, MessageCount, TotalCost, Names<ChatStatus>.Parse(Status, ChatStatus.Idle), Notice)
    {
        Fallbacks = [.. (Fallbacks ?? []).Select(ChatFields.ChoiceOf)],
        Options = Options?.ToOptions() ?? ChatOptions.None,
        Pinned = Pinned,
        Tags = Tags ?? [],
        Unread = Unread,
        Version = Version,
    };
}
