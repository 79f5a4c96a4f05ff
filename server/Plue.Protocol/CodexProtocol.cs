using System.Text.Json;
using System.Text.Json.Serialization;

namespace Plue.Protocol;

/// <param name="Collection"><c>chats</c>, <c>tasks</c>, <c>providers</c>, <c>prompts</c>, <c>templates</c> or <c>items</c>.</param>
public sealed record CodexListParams(string Collection, bool? IncludeArchived)
{
    /// <summary>Only codices of this template or its descendants.</summary>
    public string? TemplateId { get; init; }

    /// <summary>Conditions that must all be true.</summary>
    public IReadOnlyList<CodexFilter>? Filter { get; init; }

    /// <summary>Tags that must all be present.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>A field's name; null sorts chats newest first and documents by name.</summary>
    public string? SortBy { get; init; }
    public bool? Descending { get; init; }
    public int? Offset { get; init; }
    public int? Limit { get; init; }

    /// <summary>True lists the content of the trash instead.</summary>
    public bool? Deleted { get; init; }
}

/// <param name="Field">A name as the document writes it: <c>title</c>, <c>model</c>, <c>tags</c>, a template's field.</param>
/// <param name="EqualTo">The complete value.</param>
/// <param name="Contains">Part of a text without regard to case, or an item of a list.</param>
/// <param name="Exists">True if there is a value.</param>
public sealed record CodexFilter(
    string Field,
    [property: JsonPropertyName("equals")] JsonElement? EqualTo,
    JsonElement? Contains,
    bool? Exists
);

/// <param name="Total">The number of all results, regardless of offset and limit.</param>
public sealed record CodexListResult(IReadOnlyList<CodexSummary> Items, int Total);

/// <summary>A row of a list: a chat or a document. Members that only chats have are empty for documents.</summary>
public sealed record CodexSummary
{
    /// <summary><c>codex://COLLECTION/NAME</c>.</summary>
    public required string Uri { get; init; }
    public required string TemplateId { get; init; }
    public required string Title { get; init; }
    public required CodexStatus Status { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public required int MessageCount { get; init; }

    /// <summary>USD; null if nothing was paid or the price is unknown.</summary>
    public decimal? Cost { get; init; }
    public required bool Archived { get; init; }

    /// <summary>The provider chosen for this chat, a name in <c>codex://providers/</c>.</summary>
    public string? ProviderId { get; init; }
    public string? Model { get; init; }

    /// <summary>Fallbacks in order, for when the chosen provider fails or its limit is reached; empty uses the fallbacks in the settings.</summary>
    public required IReadOnlyList<ModelChoice> Fallbacks { get; init; }
    public required ChatOptions Options { get; init; }
    public required IReadOnlyList<string> Tags { get; init; }
    public required bool Pinned { get; init; }

    /// <summary>True if a response was not viewed yet.</summary>
    public required bool Unread { get; init; }

    /// <summary>Increases with every change; <c>codex/update</c> with an older version is refused.</summary>
    public required long Version { get; init; }

    /// <summary>For a task: its status as docs/records.md lists it, <c>waiting_for_child</c> and the like.</summary>
    public string? TaskStatus { get; init; }

    /// <summary>The chat or task that created this task.</summary>
    public string? SpawnedBy { get; init; }

    /// <summary>The layer of a document; null for chats and tasks, which always belong to the user.</summary>
    public CodexLayer? Layer { get; init; }
    public string? Description { get; init; }
}

[JsonConverter(typeof(CamelCaseEnumConverter<CodexLayer>))]
public enum CodexLayer
{
    Shipped,
    User,
    Workspace,
}

/// <param name="Model">Null means the provider's own.</param>
public sealed record ModelChoice(string ProviderId, string? Model);

/// <summary>Options of requests of a chat. Null uses the value of the template or the provider.</summary>
public sealed record ChatOptions(double? Temperature, int? MaxTokens, IReadOnlyList<string>? StopSequences, string? ReasoningLevel);

/// <summary><c>damaged</c>: part of the file could not be read; the other parts are shown, and the damaged bytes are kept in a separate file.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<CodexStatus>))]
public enum CodexStatus
{
    Idle,
    Running,
    Interrupted,
    Failed,
    Damaged,
}

/// <param name="Limit">For a chat: the number of its last messages to return; null means all.</param>
public sealed record CodexGetParams(string Uri, int? Limit)
{
    /// <summary>For a document: the version to return; null means the current content.</summary>
    public long? Version { get; init; }
}

public sealed record CodexGetResult
{
    public required CodexSummary Codex { get; init; }

    /// <summary>The messages of the shown branch, oldest first; includes the message in progress.</summary>
    public required IReadOnlyList<MessageView> Messages { get; init; }

    /// <summary>The number of messages of that branch before the first of <see cref="Messages"/>.</summary>
    public required int Offset { get; init; }

    /// <summary>The queued messages, in order.</summary>
    public required IReadOnlyList<QueuedView> Queue { get; init; }
    public required bool CanUndo { get; init; }
    public required bool CanRedo { get; init; }

    /// <summary>The pinned files, which are sent with their current content.</summary>
    public required IReadOnlyList<AttachmentView> ContextFiles { get; init; }

    /// <summary>The content of a codex that is a file; null for a chat.</summary>
    public DocumentView? Document { get; init; }

    /// <summary>The running turn; null if there is none.</summary>
    public string? TurnId { get; init; }

    /// <summary>The number of the last event that <see cref="Messages"/> contains.</summary>
    public required long LastSeq { get; init; }

    /// <summary>Why the chat is read-only now (used by another window, read-only disk); null if it is not.</summary>
    public string? ReadOnlyReason { get; init; }

    /// <summary>A note about repaired or unreadable parts, as one sentence.</summary>
    public string? Notice { get; init; }

    /// <summary>For a chat or task: the values of its template's fields, by name; omitted fields have their defaults.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Values { get; init; }

    /// <summary>The instruction sources in order; null for documents.</summary>
    public IReadOnlyList<InstructionSourceView>? Instructions { get; init; }

    /// <summary>Hooks that failed, newest first, until the codex changes again; null for none.</summary>
    public IReadOnlyList<HookFailureView>? HookFailures { get; init; }
}

/// <param name="Action">The action as the template writes it: <c>set_field</c>.</param>
public sealed record HookFailureView(DateTimeOffset Time, string Action, string Message);

/// <summary>A document as stored in its file.</summary>
/// <param name="Text">The whole file with comments; literal keys are replaced by ***REDACTED***.</param>
/// <param name="Values">The fields by name, without secrets. For Markdown, the front matter.</param>
/// <param name="Path">Null for a document that ships with Plue.</param>
/// <param name="CanUndo">True if there is an earlier version.</param>
public sealed record DocumentView(
    string Text,
    IReadOnlyDictionary<string, JsonElement> Values,
    IReadOnlyList<DocumentProblemView> Problems,
    string? Path,
    bool CanUndo,
    bool CanRedo
);

/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
public sealed record DocumentProblemView(string Message, int Line, int Column, bool IsError);

/// <param name="Title">Null derives the title of a chat from its first message. Required for documents, whose names derive from it.</param>
public sealed record CodexCreateParams(string TemplateId, string? Title, string? ProviderId, string? Model)
{
    /// <summary>Null derives it from the template: <c>tasks</c> for descendants of task, <c>items</c> for templates that are not a chat, task or provider, otherwise <c>chats</c>.</summary>
    public string? Collection { get; init; }

    /// <summary>For a document: the whole file. Otherwise it is written from <see cref="Values"/>.</summary>
    public string? Text { get; init; }
    public IReadOnlyDictionary<string, JsonElement>? Values { get; init; }
}

/// <summary>Null keeps a field.</summary>
/// <param name="Fallbacks">Replaces the whole list.</param>
/// <param name="Options">Replaces all of them.</param>
public sealed record CodexUpdateParams(
    string Uri,
    string? Title,
    bool? Archived,
    string? ProviderId,
    string? Model,
    IReadOnlyList<ModelChoice>? Fallbacks,
    ChatOptions? Options
)
{
    public bool? Pinned { get; init; }

    /// <summary>Replaces all tags.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>Replaces the list of pinned files.</summary>
    public IReadOnlyList<string>? ContextFiles { get; init; }

    /// <summary>Fails with Conflict if the codex changed since that version.</summary>
    public long? ExpectedVersion { get; init; }

    /// <summary>Field values by their names in the template; null removes one. For every collection.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Set { get; init; }

    /// <summary>Items to add to list fields. A user message that is added to a chat starts a turn.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Append { get; init; }

    /// <summary>For a document: the whole file.</summary>
    public string? Text { get; init; }
}

public sealed record CodexDeleteParams(string Uri);

/// <param name="Name">The new last part of the address.</param>
/// <param name="DryRun">True reports the result without changing anything.</param>
public sealed record CodexRenameParams(string Uri, string Name, bool? DryRun);

/// <param name="Uri">The new address.</param>
/// <param name="Updated">The documents that referred to it and now refer to the new address.</param>
/// <param name="Skipped">The documents that still refer to the old address, and why: shipped files, files of the workspace, and files with errors.</param>
public sealed record CodexRenameResult(string Uri, IReadOnlyList<CodexLinkView> Updated, IReadOnlyList<SkippedReferenceView> Skipped);

public sealed record SkippedReferenceView(string Target, string Title, string Reason);

public sealed record CodexUriParams(string Uri);

/// <param name="Version">The version of a document; null means the newest.</param>
/// <param name="MessageId">For a chat: the last message to include; null means the whole shown branch.</param>
public sealed record CodexForkParams(string Uri, string? MessageId, long? Version, string? Title);

/// <param name="MessageId">Shows the branch with this message and the newest messages after it.</param>
public sealed record CodexSwitchBranchParams(string Uri, string MessageId);

/// <param name="Title">Null keeps the title.</param>
/// <param name="Values">Fields of the new template by name, in addition to those that the chat has.</param>
public sealed record CodexChangeTemplateParams(
    string Uri,
    string TemplateId,
    string? Title,
    IReadOnlyDictionary<string, JsonElement>? Values
);

/// <summary>Newest first.</summary>
public sealed record CodexHistoryResult(IReadOnlyList<CodexVersionView> Versions);

/// <param name="Author"><c>you</c>, <c>plue</c>, <c>outside</c> (an editor or another program changed the file), or a model's name.</param>
/// <param name="Summary">One short sentence.</param>
/// <param name="Diff">Unified, against the version before; null for chats.</param>
public sealed record CodexVersionView(long Version, DateTimeOffset Time, string Author, string Summary, string? Diff, bool IsCurrent);

/// <param name="Incoming">Links to this codex.</param>
/// <param name="Outgoing">Links of this codex.</param>
public sealed record CodexLinksResult(IReadOnlyList<CodexLinkView> Incoming, IReadOnlyList<CodexLinkView> Outgoing);

/// <param name="Kind"><c>provider_ref</c>, <c>prompt</c>, <c>template</c>, <c>spawned_by</c>, <c>file</c> or the field that holds it.</param>
/// <param name="Target">A codex address, or for a file its path.</param>
/// <param name="Exists">False if the target does not exist.</param>
public sealed record CodexLinkView(string Kind, string Target, string Title, bool Exists);

/// <summary><c>markdown</c> and <c>html</c> for reading, <c>json</c> to be imported again.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<ExportFormat>))]
public enum ExportFormat
{
    Markdown,
    Html,
    Json,
}

/// <param name="Path">The file to write; null returns the text.</param>
public sealed record CodexExportParams(string Uri, ExportFormat Format, string? Path);

/// <param name="FileName">A name for the file, without folder.</param>
/// <param name="Content">Null if it was written to the file.</param>
public sealed record CodexExportResult(string FileName, string? Content);

/// <summary><c>auto</c> looks at the content.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<ImportFormat>))]
public enum ImportFormat
{
    Auto,
    Plue,
    ClaudeCode,
    Codex,
    GeminiCli,
    OpenCode,
    VsCode,
    Cline,
    RooCode,
    KiloCode,
    Continue,
}

/// <param name="Paths">Files, or folders that are searched for them.</param>
public sealed record CodexImportParams(IReadOnlyList<string> Paths, ImportFormat? Format)
{
    /// <summary>True imports chats again that were imported before; otherwise their files fail.</summary>
    public bool? AllowDuplicates { get; init; }

    /// <summary>Chosen by the client. All imports with one ID are undone together.</summary>
    public string? RunId { get; init; }
}

/// <param name="Omitted">Omitted content with the reason, one sentence each.</param>
public sealed record CodexImportResult(
    IReadOnlyList<CodexSummary> Imported,
    IReadOnlyList<string> Omitted,
    IReadOnlyList<ImportFailureView> Failed
);

public sealed record ImportFailureView(string Path, string Message)
{
    /// <summary>The existing chat of an earlier import; null for every other failure.</summary>
    public string? Uri { get; init; }
}

/// <param name="Format"><c>claudeCode</c> or <c>codex</c>.</param>
/// <param name="Paths">Folders to look in; null looks where that program keeps its sessions.</param>
public sealed record CodexImportableParams(ImportFormat Format, IReadOnlyList<string>? Paths);

/// <summary>The last written first.</summary>
/// <param name="IsTruncated">True if the list is incomplete.</param>
public sealed record CodexImportableResult(IReadOnlyList<ImportableView> Sessions, bool IsTruncated);

/// <param name="Size">Bytes of the file.</param>
public sealed record ImportableView(string Path, string Title, DateTimeOffset UpdatedAt, long Size)
{
    /// <summary>The imported chat; null if it was not imported.</summary>
    public string? Uri { get; init; }
}

/// <param name="Codex">Null if it was deleted.</param>
public sealed record CodexChangedParams(string Uri, CodexSummary? Codex);
