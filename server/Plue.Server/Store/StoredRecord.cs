using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>
/// The record of a journal line besides <c>seq</c>, <c>time</c> and <c>crc</c> (<see cref="JournalLine"/>). snake_case; unknown members
/// are ignored and lines of an unknown type are kept and skipped, so adding either needs no new format version. <c>type</c> is the first member.
/// </summary>
internal abstract record StoredRecord
{
    public abstract string Type { get; }

    /// <summary>Null for a type that this version does not know.</summary>
    /// <exception cref="JsonException">A known type of another shape.</exception>
    public static StoredRecord? Parse(JournalLine line) =>
        line.Type switch
        {
            var type when type.SequenceEqual("message"u8) => JsonSerializer.Deserialize(line.Json, StoredJson.Default.StoredComplete),
            var type when type.SequenceEqual("message_started"u8) => JsonSerializer.Deserialize(
                line.Json,
                StoredJson.Default.StoredStarted
            ),
            var type when type.SequenceEqual("partial"u8) => JsonSerializer.Deserialize(line.Json, StoredJson.Default.StoredPartial),
            var type when type.SequenceEqual("partial_reset"u8) => JsonSerializer.Deserialize(
                line.Json,
                StoredJson.Default.StoredPartialReset
            ),
            var type when type.SequenceEqual("spend"u8) => JsonSerializer.Deserialize(line.Json, StoredJson.Default.StoredSpend),
            var type when type.SequenceEqual("message_discarded"u8) => JsonSerializer.Deserialize(
                line.Json,
                StoredJson.Default.StoredDiscarded
            ),
            var type when type.SequenceEqual("head"u8) => JsonSerializer.Deserialize(line.Json, StoredJson.Default.StoredHead),
            var type when type.SequenceEqual("queued"u8) => JsonSerializer.Deserialize(line.Json, StoredJson.Default.StoredQueued),
            var type when type.SequenceEqual("unqueued"u8) => JsonSerializer.Deserialize(line.Json, StoredJson.Default.StoredUnqueued),
            var type when type.SequenceEqual("fields"u8) => JsonSerializer.Deserialize(line.Json, StoredJson.Default.StoredFields),
            var type when type.SequenceEqual("hook"u8) => JsonSerializer.Deserialize(line.Json, StoredJson.Default.StoredHook),
            var type when type.SequenceEqual(StoredHeader.TypeName) => JsonSerializer.Deserialize(
                line.Json,
                StoredJson.Default.StoredHeader
            ),
            var type when type.SequenceEqual(StoredDropped.TypeName) => JsonSerializer.Deserialize(
                line.Json,
                StoredJson.Default.StoredDropped
            ),
            _ => null,
        };

    public byte[] ToUtf8() => JsonSerializer.SerializeToUtf8Bytes(this, GetType(), StoredJson.Default);
}

/// <summary>
/// The first line, <c>seq</c> 1. Format 1 was one line of messages, each following the one before it. Format 2 is a tree: messages name the one
/// they follow, and <c>head</c> records say which branch is shown.
/// </summary>
/// <param name="Rewritten">The number of rewrites of the file, so that readers notice.</param>
internal sealed record StoredHeader(int Format, string Id, string Template, int? Rewritten = null) : StoredRecord
{
    /// <summary>Raised when an older program could no longer read the journal rightly; it then refuses.</summary>
    public const int CurrentFormat = 2;
    public static ReadOnlySpan<byte> TypeName => "header"u8;

    [JsonPropertyOrder(-1)]
    public override string Type => "header";
}

/// <summary>A complete message, durable. It replaces an earlier one with the same id, in its position.</summary>
internal sealed record StoredComplete(StoredMessage Message) : StoredRecord
{
    [JsonPropertyOrder(-1)]
    public override string Type => "message";
}

/// <summary>A response started: the message as it stood, usually without parts. Partials follow.</summary>
internal sealed record StoredStarted(StoredMessage Message) : StoredRecord
{
    [JsonPropertyOrder(-1)]
    public override string Type => "message_started";
}

/// <summary>Text to append to a part of a started message.</summary>
/// <param name="Kind"><c>text</c> or <c>reasoning</c>.</param>
internal sealed record StoredPartial(string MessageId, int Part, string Kind, string Text) : StoredRecord
{
    [JsonPropertyOrder(-1)]
    public override string Type => "partial";
}

/// <summary>The partials of this message so far do not count: its vendor started the response again.</summary>
internal sealed record StoredPartialReset(string MessageId) : StoredRecord
{
    [JsonPropertyOrder(-1)]
    public override string Type => "partial_reset";
}

/// <summary>The usage of a started message so far, so that a killed response still counts in its budgets. The last one counts.</summary>
internal sealed record StoredSpend(string MessageId, StoredUsage? Usage, StoredCost? Cost, StoredTiming? Timing) : StoredRecord
{
    [JsonPropertyOrder(-1)]
    public override string Type => "spend";

    public static StoredSpend From(StoredMessage message) => new(message.Id, message.Usage, message.Cost, message.Timing);
}

/// <summary>The message is hidden; the journal keeps it.</summary>
internal sealed record StoredDiscarded(string MessageId) : StoredRecord
{
    [JsonPropertyOrder(-1)]
    public override string Type => "message_discarded";
}

/// <summary>Another branch is shown.</summary>
/// <param name="MessageId">Its last message; empty before the first.</param>
/// <param name="Reason"><c>undo</c>, <c>redo</c> or <c>switch</c>.</param>
internal sealed record StoredHead(string MessageId, string Reason) : StoredRecord
{
    public const string Undo = "undo";
    public const string Redo = "redo";
    public const string Switch = "switch";

    [JsonPropertyOrder(-1)]
    public override string Type => "head";
}

/// <summary>A message waits to be sent. It leaves the queue when a complete record of the same id comes.</summary>
internal sealed record StoredQueued(StoredMessage Message) : StoredRecord
{
    [JsonPropertyOrder(-1)]
    public override string Type => "queued";
}

internal sealed record StoredUnqueued(string MessageId) : StoredRecord
{
    [JsonPropertyOrder(-1)]
    public override string Type => "unqueued";
}

/// <summary>Fields of the chat; an absent one stays, an empty text or list removes the value.</summary>
/// <param name="ProviderRef"><c>codex://providers/NAME</c>.</param>
/// <param name="Fallbacks">The complete list.</param>
/// <param name="Options">All of them; an absent member is one that the chat does not set.</param>
/// <param name="TitleFrom"><c>model</c> for a title that a model made; a user's is never replaced by one.</param>
/// <param name="ReadUntil">The id of the last message that was read.</param>
/// <param name="Values">The other fields of the template, merged key by key; null removes one.</param>
/// <param name="Template">Replaces the header's: it was renamed, or the chat without messages got another one.</param>
/// <param name="By">A constant of <see cref="ChangedBy"/>; absent for the user.</param>
/// <param name="StartsByItself">True for a new task whose hooks must run first. If it is still queued when its owner ends, it was never started.</param>
/// <param name="Kind"><c>task</c>: the chat is a task from here on. <c>chat</c>: it is a chat again, with the template, model and values that it had.</param>
internal sealed record StoredFields(
    string? Title,
    bool? Archived,
    string? ProviderRef,
    string? Model,
    IReadOnlyList<StoredChoice>? Fallbacks = null,
    StoredOptions? Options = null,
    bool? Pinned = null,
    IReadOnlyList<string>? Tags = null,
    IReadOnlyList<string>? ContextFiles = null,
    string? TitleFrom = null,
    string? ReadUntil = null,
    IReadOnlyDictionary<string, JsonElement>? Values = null,
    string? By = null,
    string? Template = null,
    bool? StartsByItself = null,
    string? Kind = null
) : StoredRecord
{
    [JsonPropertyOrder(-1)]
    public override string Type => "fields";
}

/// <summary>A hook of the template was run, or failed.</summary>
/// <param name="Trigger">As the template writes it: <c>field_change</c>.</param>
/// <param name="Field">Which field changed; absent for the other triggers.</param>
/// <param name="Action">As the template writes it: <c>set_field</c>.</param>
/// <param name="Outcome">The result as one sentence; absent if it failed.</param>
/// <param name="Error">Why it failed, one sentence.</param>
/// <param name="Depth">The number of hooks that led to this one; 0 for a change by the user.</param>
internal sealed record StoredHook(string Trigger, string? Field, string Action, string? Outcome, string? Error, int Depth) : StoredRecord
{
    [JsonPropertyOrder(-1)]
    public override string Type => "hook";
}

/// <param name="ProviderRef"><c>codex://providers/NAME</c>.</param>
internal sealed record StoredChoice(string ProviderRef, string? Model);

internal sealed record StoredOptions(double? Temperature, int? MaxTokens, IReadOnlyList<string>? StopSequences, string? ReasoningLevel)
{
    public static StoredOptions From(ChatOptions options) =>
        new(options.Temperature, options.MaxTokens, options.StopSequences, options.ReasoningLevel);

    public ChatOptions ToOptions() => new(Temperature, MaxTokens, StopSequences, ReasoningLevel);
}

/// <summary>The chat started elsewhere; the second line of its journal. Readers of chats skip it.</summary>
/// <param name="Source">See <see cref="ImportedChat"/>.</param>
internal sealed record StoredImported(string Source) : StoredRecord
{
    public static ReadOnlySpan<byte> TypeName => "imported"u8;

    [JsonPropertyOrder(-1)]
    public override string Type => "imported";
}

/// <summary>Stands for the lines <paramref name="FirstSeq"/> up to its own <c>seq</c>, which are no longer in the file.</summary>
/// <param name="Reason"><c>compacted</c>: nothing was lost. <c>damaged</c>: they could not be read.</param>
/// <param name="Kept">The file beside the journal that holds the damaged bytes.</param>
internal sealed record StoredDropped(long FirstSeq, string Reason, string? Kept = null) : StoredRecord
{
    public const string Compacted = "compacted";
    public const string Damaged = "damaged";
    public static ReadOnlySpan<byte> TypeName => "dropped"u8;

    [JsonPropertyOrder(-1)]
    public override string Type => "dropped";
}

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(StoredHeader))]
[JsonSerializable(typeof(StoredComplete))]
[JsonSerializable(typeof(StoredStarted))]
[JsonSerializable(typeof(StoredPartial))]
[JsonSerializable(typeof(StoredPartialReset))]
[JsonSerializable(typeof(StoredSpend))]
[JsonSerializable(typeof(StoredDiscarded))]
[JsonSerializable(typeof(StoredFields))]
[JsonSerializable(typeof(StoredHook))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(StoredHead))]
[JsonSerializable(typeof(StoredQueued))]
[JsonSerializable(typeof(StoredUnqueued))]
[JsonSerializable(typeof(StoredDropped))]
[JsonSerializable(typeof(StoredVersion))]
[JsonSerializable(typeof(StoredImported))]
internal sealed partial class StoredJson : JsonSerializerContext
{
    /// <summary>The generated default would escape every letter beyond ASCII; journals are read by people and searched by bytes.</summary>
    static StoredJson() =>
        Default = new StoredJson(new JsonSerializerOptions(s_defaultOptions) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
