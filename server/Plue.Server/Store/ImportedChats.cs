using System.Buffers;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Store;

/// <summary>Chats that started in another program or on another machine. The second line of the journal identifies the source.</summary>
internal sealed class ImportedChats(PluePaths paths, TimeProvider time)
{
    public const int MaxSourceLength = 300;
    private const string Extension = ".jsonl";
    private const string TemplateId = "ai-chat";
    private const int BeginningBytes = 2048;

    /// <summary>Gets the ids of imported chats by <see cref="ImportedChat.Source"/>; the last one if there are several. Reads the beginnings of the journals.</summary>
    public IReadOnlyDictionary<string, string> Sources()
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!Directory.Exists(paths.Chats))
        {
            return found;
        }

        foreach (var path in Directory.EnumerateFiles(paths.Chats, $"chat_*{Extension}").Order(StringComparer.Ordinal))
        {
            var id = Path.GetFileNameWithoutExtension(path);
            if (ChatStore.IsId(id) && SourceOf(path) is { } source)
            {
                found[source] = id;
            }
        }

        return found;
    }

    /// <summary>Writes the complete chat atomically. The record is durable when the method returns.</summary>
    /// <returns>Its id.</returns>
    /// <exception cref="FailureException">BadRequest: a message is too long; StoreReadOnly: the disk.</exception>
    public string Create(ImportedChat chat)
    {
        var id = Ids.New("chat", time);
        var path = Path.Combine(paths.Chats, id + Extension);
        var temporary = Path.Combine(paths.Chats, $".{id}.tmp");
        try
        {
            DurableFile.CreatePrivateDirectory(paths.Chats);
            using (var file = DurableFile.OpenPrivate(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                foreach (var (seq, (at, record)) in Records(id, chat).Index())
                {
                    Write(file, seq + 1, at, record);
                }
                DurableFile.Sync(file.SafeFileHandle);
            }

            File.Move(temporary, path);
            DurableFile.SyncDirectory(paths.Chats);
            return id;
        }
        catch (Exception exception)
        {
            TryDelete(temporary);
            if (exception is IOException or UnauthorizedAccessException)
            {
                throw StoreFailure.From(exception, "This chat was not imported");
            }
            throw;
        }
    }

    /// <summary>Uses the times of the messages, so that the chat is sorted correctly in the list.</summary>
    private static IEnumerable<(DateTimeOffset At, StoredRecord Record)> Records(string id, ImportedChat chat)
    {
        var created = chat.Messages.Count > 0 ? chat.Messages[0].CreatedAt : chat.CreatedAt;
        yield return (created, new StoredHeader(StoredHeader.CurrentFormat, id, TemplateId));
        yield return (created, new StoredImported(chat.Source.Length > MaxSourceLength ? chat.Source[..MaxSourceLength] : chat.Source));
        yield return (
            created,
            new ChatFields(chat.Title, chat.Archived ? true : null)
            {
                Pinned = chat.Pinned ? true : null,
                Tags = chat.Tags.Count > 0 ? chat.Tags : null,
            }.ToStored()
        );
        var address = $"codex://chats/{id}";
        foreach (var message in chat.Messages)
        {
            yield return (
                Max(message.CreatedAt, message.UpdatedAt),
                new StoredComplete(StoredMessage.From(message with { CodexId = address }))
            );
        }

        var last = chat.Messages.Count > 0 ? chat.Messages[^1] : null;
        if (last is not null && last.Id != chat.Head)
        {
            yield return (Max(last.CreatedAt, last.UpdatedAt), new StoredHead(chat.Head, StoredHead.Switch));
        }
    }

    private static DateTimeOffset Max(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private static void Write(FileStream file, long seq, DateTimeOffset at, StoredRecord record)
    {
        var json = record.ToUtf8();
        if (json.Length > JournalLine.MaxBytes - 256)
        {
            throw new FailureException(
                FailureKind.BadRequest,
                "One of its messages is larger than 64 MiB, which a chat cannot store. Remove it from the file and import again."
            );
        }

        var line = new ArrayBufferWriter<byte>(json.Length + 128);
        JournalLine.Write(line, seq, at, json);
        file.Write(line.WrittenSpan);
    }

    private static string? SourceOf(string path)
    {
        try
        {
            var beginning = new byte[BeginningBytes];
            using var file = RegularFile.OpenHandle(path);
            var read = beginning.AsSpan(0, RandomAccess.Read(file, beginning, 0));
            var first = read.IndexOf((byte)'\n');
            if (first < 0)
            {
                return null;
            }

            var rest = read[(first + 1)..];
            var end = rest.IndexOf((byte)'\n');
            return
                end >= 0 && JournalLine.TryParse(rest[..end], first + 1, out var line) && line.Type.SequenceEqual(StoredImported.TypeName)
                ? JsonSerializer.Deserialize(line.Json, StoredJson.Default.StoredImported)?.Source
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            // An unreadable chat does not count as imported.
            return null;
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The name begins with a dot, so it is not listed as a chat.
        }
    }
}

/// <summary>An imported chat: a fixed set of fields, none of which Plue acts on.</summary>
/// <param name="Source">The session and the program, to recognize a repeated import.</param>
/// <param name="Messages">Every branch, each message behind the one it follows; ids and <see cref="Message.ParentId"/> are set.</param>
/// <param name="Head">The last message of the branch that is shown; empty before the first.</param>
internal sealed record ImportedChat(string Source, string? Title, IReadOnlyList<Message> Messages, string Head)
{
    /// <summary>The initial time of a chat without messages.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
    public bool Archived { get; init; }
    public bool Pinned { get; init; }
    public IReadOnlyList<string> Tags { get; init; } = [];
}
