using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Transfer;

/// <summary>
/// The JSON export: every branch, in the format of the journal, with the attachments that messages reference by hash. On import, only what
/// <see cref="ToSession"/> reads counts: no provider, option, template or path of a file takes effect.
/// </summary>
internal sealed record PlueChatFile
{
    public const string FormatName = "plue-chat";
    public const int CurrentVersion = 1;
    private const long MaxBlobBytes = 256L * 1024 * 1024;

    public required string Format { get; init; }
    public required int Version { get; init; }
    public string? Id { get; init; }

    /// <summary>Null for a chat that is named after its first message.</summary>
    public string? Title { get; init; }
    public DateTime CreatedAt { get; init; }
    public bool? Archived { get; init; }
    public bool? Pinned { get; init; }
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>The last message of the visible branch.</summary>
    public string? Head { get; init; }
    public IReadOnlyList<StoredMessage>? Messages { get; init; }

    /// <summary>Attachments in base64, by SHA-256.</summary>
    public IReadOnlyDictionary<string, string>? Blobs { get; init; }

    public static string Write(StoredChat chat, Blobs blobs, ITextMask mask)
    {
        var contents = new Contents(blobs, mask);
        var file = new PlueChatFile
        {
            Format = FormatName,
            Version = CurrentVersion,
            Id = chat.Id,
            Title = chat.HasTitle ? chat.Title : null,
            CreatedAt = chat.CreatedAt.UtcDateTime,
            Archived = chat.Archived ? true : null,
            Pinned = chat.Pinned ? true : null,
            Tags = chat.Tags.Count > 0 ? chat.Tags : null,
            Head = chat.Tree.Head,
            Messages = [.. chat.Tree.DescendantsOf("").Skip(1).Select(id => StoredMessage.From(contents.Gather(chat.Tree.Find(id)!)))],
            Blobs = contents.ById,
        };
        return JsonSerializer.Serialize(file, TransferJson.Default.PlueChatFile) + "\n";
    }

    /// <exception cref="FailureException">BadRequest: the file has another format, or a newer version.</exception>
    public static ImportedSession Read(Stream stream, OmittedContent omitted)
    {
        PlueChatFile? file;
        try
        {
            file = JsonSerializer.Deserialize(stream, TransferJson.Default.PlueChatFile);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new FailureException(FailureKind.BadRequest, "The file is damaged or truncated. Export the chat again.", exception);
        }

        if (file is not { Format: FormatName })
        {
            throw new FailureException(FailureKind.BadRequest, "This is not a chat that Plue exported. Choose another file.");
        }
        if (file.Version > CurrentVersion)
        {
            throw new FailureException(FailureKind.BadRequest, "A newer version of Plue wrote this file. Update Plue to import it.");
        }

        return file.ToSession(omitted);
    }

    private ImportedSession ToSession(OmittedContent omitted)
    {
        var messages = InOrder(omitted).Select(stored => Taken(stored, omitted)).ToList();
        var key = Id is { Length: > 0 } id ? id : $"{StoredMessage.Utc(CreatedAt):O}";
        var head =
            Head is not null && (Head.Length == 0 || messages.Exists(message => message.Id == Head))
                ? Head
                : messages.LastOrDefault()?.Id ?? "";
        return new ImportedSession($"plue:{key}", Title, messages, head, StoredMessage.Utc(CreatedAt))
        {
            Archived = Archived ?? false,
            Pinned = Pinned ?? false,
            Tags = [.. (Tags ?? []).Where(tag => !string.IsNullOrEmpty(tag)).Take(100)],
        };
    }

    /// <summary>Sorts messages after their parents; messages with a missing parent come first, and cycles are omitted.</summary>
    private List<StoredMessage> InOrder(OmittedContent omitted)
    {
        List<StoredMessage> given = [];
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var message in Messages ?? [])
        {
            if (message?.Id is { Length: > 0 } && message.Role is not null && message.Hidden != true && known.Add(message.Id))
            {
                given.Add(message);
            }
            else
            {
                omitted.Add(OmittedContent.Unreadable);
            }
        }

        var children = given.ToLookup(
            message => message.ParentId is { } parent && known.Contains(parent) ? parent : "",
            StringComparer.Ordinal
        );
        List<StoredMessage> ordered = [.. children[""]];
        for (var i = 0; i < ordered.Count; i++)
        {
            ordered.AddRange(children[ordered[i].Id]);
        }

        omitted.Add(OmittedContent.Unreadable, given.Count - ordered.Count);
        return ordered;
    }

    private Message Taken(StoredMessage stored, OmittedContent omitted)
    {
        var message = stored.ToMessage();
        omitted.Add(OmittedContent.UnknownPart, (stored.Parts?.Count ?? 0) - message.Parts.Count);
        return message with
        {
            ParentId = message.ParentId ?? "",
            Parts = [.. message.Parts.Select(part => part is MessagePart.File file ? Taken(file, omitted) : part)],
            Status = message.Status == MessageStatus.Streaming ? MessageStatus.Interrupted : message.Status,
        };
    }

    /// <summary>Removes everything that would make Plue access the disk: a path in an import is only a name.</summary>
    private MessagePart.File Taken(MessagePart.File file, OmittedContent omitted)
    {
        var named = new MessagePart.File(file.Path, file.Content, null, file.Language)
        {
            MediaType = file.MediaType,
            Size = file.Size,
            Range = file.Range,
            IsSummary = file.IsSummary,
            IsUnsaved = file.IsUnsaved,
        };
        if (file.Blob is null)
        {
            return named;
        }

        if (
            Blobs?.TryGetValue(file.Blob, out var encoded) == true
            && Decoded(encoded) is { } content
            && Store.Blobs.IdOf(content) == file.Blob
            && (!file.IsImage || ImageType.Detect(content) == file.MediaType)
        )
        {
            return named with { Data = content };
        }

        omitted.Add(OmittedContent.Content);
        return named;
    }

    private static byte[]? Decoded(string encoded)
    {
        try
        {
            return encoded.Length > Store.Blobs.MaxBytes * 4L / 3 + 4 ? null : Convert.FromBase64String(encoded);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>The masked attachments, within the size limit.</summary>
    private sealed class Contents(Blobs blobs, ITextMask mask)
    {
        private long bytes;

        public Dictionary<string, string> ById { get; } = new(StringComparer.Ordinal);

        public Message Gather(Message message) =>
            message.Parts.Any(part => part is MessagePart.File { Blob: not null })
                ? message with
                {
                    Parts = [.. message.Parts.Select(part => part is MessagePart.File { Blob: not null } file ? Gather(file) : part)],
                }
                : message;

        private MessagePart.File Gather(MessagePart.File file)
        {
            try
            {
                var content = blobs.Read(file.Blob!);
                if (!file.IsImage && !mask.IsEmpty)
                {
                    content = Masked(content);
                }
                var id = Store.Blobs.IdOf(content);
                if (!ById.ContainsKey(id) && bytes + content.Length <= MaxBlobBytes)
                {
                    bytes += content.Length;
                    ById.Add(id, Convert.ToBase64String(content));
                }

                return file with
                {
                    Blob = id,
                };
            }
            catch (FailureException)
            {
                return file; // missing here, too; the message describes it
            }
        }

        private byte[] Masked(byte[] content)
        {
            var text = Encoding.UTF8.GetString(content);
            var masked = mask.Mask(text);
            return ReferenceEquals(masked, text) || masked == text ? content : Encoding.UTF8.GetBytes(masked);
        }
    }
}

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(PlueChatFile))]
internal sealed partial class TransferJson : JsonSerializerContext
{
    static TransferJson() =>
        Default = new TransferJson(new JsonSerializerOptions(s_defaultOptions) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
