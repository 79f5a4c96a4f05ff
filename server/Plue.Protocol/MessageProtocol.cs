using System.Text.Json.Serialization;

namespace Plue.Protocol;

/// <param name="CodexId">The chat's address.</param>
/// <param name="Respond">False only stores the message.</param>
public sealed record MessageSendParams(string CodexId, string Text, string? Provider, string? Model, bool? Respond)
{
    public IReadOnlyList<Attachment>? Attachments { get; init; }

    /// <summary>True queues the message during a response; otherwise it fails with Conflict.</summary>
    public bool? Queue { get; init; }
}

/// <param name="TurnId">Null if no response was started.</param>
public sealed record MessageSendResult(string MessageId, string? TurnId)
{
    /// <summary>True if it waits for the response in progress.</summary>
    public bool? Queued { get; init; }
}

/// <summary>Steers the response in progress: the message is sent before everything queued. If the provider cannot receive it meanwhile, the response is stopped and its text is kept.</summary>
/// <param name="QueuedId">A queued message; null sends <paramref name="Text"/>.</param>
public sealed record MessageSteerParams(string CodexId, string? QueuedId, string? Text)
{
    public IReadOnlyList<Attachment>? Attachments { get; init; }
}

/// <summary>Removes a message from the queue.</summary>
public sealed record MessageUnqueueParams(string CodexId, string QueuedId);

/// <summary>Waiting to be sent.</summary>
public sealed record QueuedView(string Id, string Text, IReadOnlyList<AttachmentView> Attachments);

/// <summary>Sends the edited message in a new branch; the old branch is kept.</summary>
public sealed record MessageEditParams(string CodexId, string MessageId, string Text, string? Provider, string? Model)
{
    /// <summary>Null keeps the files of the old message.</summary>
    public IReadOnlyList<Attachment>? Attachments { get; init; }
    public bool? Respond { get; init; }
}

/// <summary>Selects messages of the shown branch.</summary>
public sealed record MessageListParams(string CodexId, int Offset, int Limit)
{
    /// <summary>Starts with this message, and ignores the offset.</summary>
    public string? MessageId { get; init; }
}

/// <param name="Total">The number of messages in the branch.</param>
public sealed record MessageListResult(IReadOnlyList<MessageView> Messages, int Offset, int Total);

public sealed record MessageIdParams(string CodexId, string MessageId);

/// <summary>The questions of the branch that is shown, to jump between them.</summary>
public sealed record MessageOutlineResult(IReadOnlyList<OutlineEntry> Entries);

/// <param name="Index">In the branch, from 0.</param>
/// <param name="Text">The beginning, in one line.</param>
public sealed record OutlineEntry(string MessageId, int Index, string Text, DateTimeOffset CreatedAt);

public sealed record MessageFindParams(string CodexId, string Text);

/// <summary>The positions of the text in the shown branch, oldest first.</summary>
/// <param name="IsTruncated">True if the list is incomplete.</param>
public sealed record MessageFindResult(IReadOnlyList<MessageMatch> Matches, bool IsTruncated);

/// <param name="Index">The index of the message in the branch, from 0.</param>
/// <param name="Count">Occurrences in that message.</param>
public sealed record MessageMatch(string MessageId, int Index, int Count);

public sealed record MessageCodexParams(string CodexId);

/// <summary>In tokens: counted if known, otherwise estimated.</summary>
public sealed record MessageCompactResult(long TokensBefore, long TokensAfter);

/// <param name="Draft">The draft, which is counted too.</param>
public sealed record MessageContextParams(string CodexId, string? Draft)
{
    public IReadOnlyList<Attachment>? Attachments { get; init; }
}

/// <summary>The usage of the model's context window.</summary>
/// <param name="Window">The context window in tokens; null if it is unknown.</param>
/// <param name="IsEstimate">True if no vendor has counted it yet.</param>
/// <param name="CompactsAt">The number of tokens from which Plue compacts the context before a request; null if the context window is unknown.</param>
public sealed record MessageContextResult(long Tokens, long? Window, bool IsEstimate, long? CompactsAt, IReadOnlyList<ContextShare> Shares);

/// <param name="Name">"Instructions", "Files", "Messages", "Draft".</param>
public sealed record ContextShare(string Name, long Tokens);

public sealed record MessageStopParams(string CodexId);

public sealed record MessageStopCallParams(string CodexId, string ToolUseId);

/// <param name="MessageId">The user message to respond to again, or its response.</param>
/// <param name="Continue">True continues the partial text of an interrupted or stopped response.</param>
public sealed record MessageRetryParams(string CodexId, string MessageId, string? Provider, string? Model, bool? Continue);

public sealed record MessageDiscardParams(string CodexId, string MessageId);

[JsonConverter(typeof(CamelCaseEnumConverter<MessageRole>))]
public enum MessageRole
{
    System,
    User,
    Assistant,
}

[JsonConverter(typeof(CamelCaseEnumConverter<MessageStatus>))]
public enum MessageStatus
{
    Streaming,
    Complete,
    Stopped,
    Interrupted,
    Failed,
}

[JsonConverter(typeof(CamelCaseEnumConverter<StopReason>))]
public enum StopReason
{
    EndTurn,
    MaxTokens,
    StopSequence,
    ToolUse,
    Refusal,
    ContextFull,
    Stopped,
    Failed,
}

public sealed record MessageView
{
    public required string Id { get; init; }
    public required MessageRole Role { get; init; }
    public required IReadOnlyList<MessagePart> Parts { get; init; }
    public required MessageStatus Status { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? UpdatedAt { get; init; }

    /// <summary>The message it follows; null for the first.</summary>
    public string? ParentId { get; init; }

    /// <summary>All messages that follow the same one, oldest first; null if this is the only one.</summary>
    public IReadOnlyList<string>? Alternatives { get; init; }

    /// <summary>Content that was not sent to the model of this response, one sentence each.</summary>
    public IReadOnlyList<string>? Omitted { get; init; }

    /// <summary>Set on a summary that replaces everything before it.</summary>
    public CompactionView? Compaction { get; init; }
    public ErrorView? Error { get; init; }
    public UsageView? Usage { get; init; }
    public CostView? Cost { get; init; }
    public ProviderInfoView? ProviderInfo { get; init; }
    public TimingView? Timing { get; init; }

    /// <summary>Why the model stopped: <c>toolUse</c> means that the response continues in the next message, with the results of its calls.</summary>
    public StopReason? StopReason { get; init; }

    /// <summary>For a task whose template names candidates: the selected model of this response, and why the others were not selected.</summary>
    public RoutingReceipt? Routing { get; init; }

    /// <summary>The hooks that ran for this message, in order; null for none. A hook of a user message created that message to continue a response.</summary>
    public IReadOnlyList<HookRunView>? Hooks { get; init; }

    /// <summary>The instruction sources of this response, with their versions; null for responses of older versions of Plue.</summary>
    public IReadOnlyList<UsedInstructionView>? Instructions { get; init; }
}

[JsonConverter(typeof(CamelCaseEnumConverter<HookResult>))]
public enum HookResult
{
    Ran,
    Refused,
    Asked,
    Replaced,
    AddedContext,
    Continued,
    Failed,
    Skipped,
}

/// <summary>The command of a hook that ran, or did not.</summary>
/// <param name="Trigger">As files write it: <c>before_tool</c>.</param>
public sealed record HookRunView(string Name, string Trigger, HookResult Result, double DurationMs)
{
    /// <summary>The reason, the failure, or its text for the user; null for none.</summary>
    public string? Text { get; init; }

    /// <summary>The call for which it ran; null for none.</summary>
    public string? ToolUseId { get; init; }

    /// <summary>The text that it added for the model; null for none.</summary>
    public string? Context { get; init; }

    /// <summary>The arguments that ran in place of those of the model, as JSON; null if it replaced none.</summary>
    public string? Parameters { get; init; }
}

/// <param name="Source">A codex address, or a file's path.</param>
/// <param name="Version">As in <see cref="InstructionSourceView"/>.</param>
public sealed record UsedInstructionView(InstructionSourceKind Kind, string Source, string Title, string Version);

/// <param name="Note">Why instructions of the workspace folder are not used, in one sentence; null if they are.</param>
public sealed record MessageInstructionsResult(IReadOnlyList<InstructionSourceView> Sources, string? Note);

/// <param name="Version">The version that was shown to the user. Other content is not allowed by it.</param>
public sealed record MessageAllowInstructionsParams(string CodexId, string Source, string Version);

/// <param name="Prompt">Its address.</param>
public sealed record MessagePromptParams(string CodexId, string Prompt);

/// <param name="Text">With the fields of the chat filled in.</param>
/// <param name="Placeholders">The placeholders without a value, in the order of the text: arguments, <c>selection</c> and <c>file</c>.</param>
public sealed record MessagePromptResult(
    string Text,
    IReadOnlyList<PromptPlaceholderView> Placeholders,
    IReadOnlyList<PromptArgumentView> Arguments
);

public sealed record MessageCommandsParams(string CodexId);

/// <summary>The slash commands of the chat's agent, as far as known; empty for other providers.</summary>
public sealed record MessageCommandsResult(IReadOnlyList<AgentCommandView> Items);

/// <param name="Name">Without the slash.</param>
/// <param name="Hint">A hint for its text; omitted if it takes none.</param>
public sealed record AgentCommandView(string Name, string Description, string? Hint);

public sealed record MessageSessionOptionsParams(string CodexId);

/// <summary>The options of the session of the chat's agent, as far as known; empty for other providers.</summary>
public sealed record MessageSessionOptionsResult(IReadOnlyList<SessionOptionView> Items);

/// <param name="Id"><c>mode</c> for the mode of the session.</param>
/// <param name="Current">Omitted if no session is open.</param>
/// <param name="Choices">Empty for a switch, whose values are <c>true</c> and <c>false</c>.</param>
public sealed record SessionOptionView(
    string Id,
    string Name,
    string? Description,
    string? Current,
    IReadOnlyList<SessionChoiceView> Choices
);

public sealed record SessionChoiceView(string Value, string Name, string? Description);

/// <param name="Start">The position of <c>{{name}}</c> in the text, in UTF-16 units.</param>
public sealed record PromptPlaceholderView(string Name, int Start, int Length);

public sealed record PromptArgumentView(string Name, string? Description, bool IsOptional);

[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(TextPart), "text")]
[JsonDerivedType(typeof(FilePart), "file")]
[JsonDerivedType(typeof(ToolUsePart), "toolUse")]
[JsonDerivedType(typeof(ToolResultPart), "toolResult")]
[JsonDerivedType(typeof(ReasoningPart), "reasoning")]
public abstract record MessagePart;

public sealed record TextPart(string Content) : MessagePart;

/// <param name="Content">Its text; null for an image, which <paramref name="Blob"/> names.</param>
/// <param name="Blob">Returned by attachment/read.</param>
/// <param name="Size">Bytes of the file.</param>
/// <param name="HasChanged">True if the file changed after it was sent.</param>
/// <param name="IsUnsaved">True if the text had unsaved changes in the editor when it was sent.</param>
public sealed record FilePart(
    string Path,
    string? Content,
    string? Language,
    string? Blob,
    string? MediaType,
    long? Size,
    LineRange? Range,
    bool? IsSummary,
    bool? HasChanged,
    bool? IsUnsaved
) : MessagePart
{
    /// <summary>The name of the skill whose text this is; null for a file.</summary>
    public string? Skill { get; init; }
}

/// <param name="Parameters">A JSON object as text; may be cut short while it streams.</param>
public sealed record ToolUsePart(string ToolUseId, string ToolName, string Parameters) : MessagePart;

public sealed record ToolResultPart(string ToolUseId, string? Result, string? Error) : MessagePart
{
    /// <summary>The files that the call changed; null for none.</summary>
    public IReadOnlyList<ChangedFileView>? Changes { get; init; }

    /// <summary>The user's answer to the approval; null without one.</summary>
    public ApprovalNoteView? Approval { get; init; }

    /// <summary>The run time of the call without waiting for approval; null if unknown.</summary>
    public double? DurationMs { get; init; }
}

/// <param name="Decision">Another version can store other values.</param>
/// <param name="Rule">The rule that <c>always</c> stored.</param>
public sealed record ApprovalNoteView(string Decision, string? Reason, string? Rule, DateTimeOffset Time);

public sealed record ReasoningPart(string Content) : MessagePart;

/// <summary>The messages before a summary are kept for the user; the model receives the summary instead.</summary>
/// <param name="Messages">The number of messages that it replaces.</param>
public sealed record CompactionView(int Messages, long TokensBefore, long TokensAfter);

/// <param name="Kind">A FailureKind in camelCase, which determines the offered action.</param>
/// <param name="Message">One sentence for the user.</param>
public sealed record ErrorView(string Kind, string Message, double? RetryAfterMs);

/// <param name="IsEstimated">True if the provider reported none and Plue estimated it; otherwise omitted.</param>
public sealed record UsageView(
    long InputTokens,
    long OutputTokens,
    long TotalTokens,
    long CachedReadTokens,
    long CachedWriteTokens,
    long ReasoningTokens,
    bool? IsEstimated = null
);

/// <summary>USD.</summary>
/// <param name="Price">The price that was used; null if the vendor reported the cost.</param>
public sealed record CostView(
    decimal InputCost,
    decimal OutputCost,
    decimal CachedCost,
    decimal TotalCost,
    string PriceSource,
    PriceView? Price
);

/// <summary>USD for a million tokens.</summary>
public sealed record PriceView(
    decimal InputPerMillion,
    decimal OutputPerMillion,
    decimal? CachedReadPerMillion,
    decimal? CachedWritePerMillion
);

/// <param name="FirstTokenMs">The time from the request to the first content; null if there was none.</param>
public sealed record TimingView(double? FirstTokenMs, double DurationMs);

/// <param name="ProviderName">As the user named it.</param>
/// <param name="FallbackReason">Why the selected provider was not used, if this is a fallback.</param>
public sealed record ProviderInfoView(string ProviderId, string ProviderName, string? ModelId, string? RequestId, string? FallbackReason);

/// <param name="Seq">Increases by one with each notification of a chat. A gap means that deltas were dropped for a slow window, which gets the chat again.</param>
public sealed record MessageEventParams(string CodexId, long Seq, MessageEvent Event);

/// <summary>An event that changes the state of a view. Exactly one <c>turnFinished</c> ends a turn.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(MessageAdded), "messageAdded")]
[JsonDerivedType(typeof(MessageRemoved), "messageRemoved")]
[JsonDerivedType(typeof(BranchChanged), "branchChanged")]
[JsonDerivedType(typeof(QueueChanged), "queueChanged")]
[JsonDerivedType(typeof(HooksChanged), "hooksChanged")]
[JsonDerivedType(typeof(TurnStarted), "turnStarted")]
[JsonDerivedType(typeof(Waiting), "waiting")]
[JsonDerivedType(typeof(MessageStarted), "messageStarted")]
[JsonDerivedType(typeof(FallbackUsed), "fallbackUsed")]
[JsonDerivedType(typeof(TextDelta), "textDelta")]
[JsonDerivedType(typeof(ReasoningDelta), "reasoningDelta")]
[JsonDerivedType(typeof(ToolCallStarted), "toolCallStarted")]
[JsonDerivedType(typeof(ToolCallDelta), "toolCallDelta")]
[JsonDerivedType(typeof(ToolCallRepaired), "toolCallRepaired")]
[JsonDerivedType(typeof(ToolCallProgress), "toolCallProgress")]
[JsonDerivedType(typeof(ToolCallFinished), "toolCallFinished")]
[JsonDerivedType(typeof(HookRan), "hookRan")]
[JsonDerivedType(typeof(Restarted), "restarted")]
[JsonDerivedType(typeof(Retrying), "retrying")]
[JsonDerivedType(typeof(MessageFinished), "messageFinished")]
[JsonDerivedType(typeof(TurnFinished), "turnFinished")]
public abstract record MessageEvent;

/// <summary>A user message was stored, by this window or another.</summary>
public sealed record MessageAdded(MessageView Message) : MessageEvent;

public sealed record MessageRemoved(string MessageId) : MessageEvent;

/// <summary>Another branch is shown, or the state of views is outdated. They get the chat again.</summary>
public sealed record BranchChanged(string? MessageId) : MessageEvent;

public sealed record QueueChanged(IReadOnlyList<QueuedView> Queue) : MessageEvent;

/// <param name="Failures">Hooks that failed, newest first, until the codex changes again.</param>
public sealed record HooksChanged(IReadOnlyList<HookFailureView> Failures) : MessageEvent;

public sealed record TurnStarted(string TurnId) : MessageEvent;

/// <summary>The reason for waiting: "Starting Claude Code", "Waiting for api.anthropic.com".</summary>
public sealed record Waiting(string Reason) : MessageEvent;

public sealed record MessageStarted(string MessageId, ProviderInfoView ProviderInfo) : MessageEvent;

/// <summary>A fallback provider responds before anything was shown: the selected one is down or rate limited.</summary>
public sealed record FallbackUsed(string MessageId, ProviderInfoView ProviderInfo) : MessageEvent;

public sealed record TextDelta(string MessageId, int PartIndex, string Text) : MessageEvent;

public sealed record ReasoningDelta(string MessageId, int PartIndex, string Text) : MessageEvent;

public sealed record ToolCallStarted(string MessageId, int PartIndex, string ToolUseId, string ToolName) : MessageEvent;

public sealed record ToolCallDelta(string MessageId, int PartIndex, string Text) : MessageEvent;

/// <summary>The arguments did not match the tool's schema. These replace them.</summary>
public sealed record ToolCallRepaired(string MessageId, string ToolUseId, string Parameters) : MessageEvent;

/// <summary>The output of a running tool. Only the result is stored.</summary>
public sealed record ToolCallProgress(string MessageId, string ToolUseId, string Text) : MessageEvent;

public sealed record ToolCallFinished(string MessageId, string ToolUseId, string? Result, string? Error) : MessageEvent
{
    /// <summary>The files that the call changed; null for none.</summary>
    public IReadOnlyList<ChangedFileView>? Changes { get; init; }

    /// <summary>The user's answer to the approval; null without one.</summary>
    public ApprovalNoteView? Approval { get; init; }

    /// <summary>The run time of the call without waiting for approval; null if unknown.</summary>
    public double? DurationMs { get; init; }
}

/// <summary>A hook ran for the message.</summary>
public sealed record HookRan(string MessageId, HookRunView Hook) : MessageEvent;

/// <summary>The vendor's program restarted the response. The view clears the unconfirmed parts of this message.</summary>
public sealed record Restarted(string MessageId, int Attempt, double DelayMs, string Reason) : MessageEvent;

/// <summary>The request is retried before any content.</summary>
public sealed record Retrying(int Attempt, DateTimeOffset Until, string Reason) : MessageEvent;

/// <summary>The whole message as stored.</summary>
public sealed record MessageFinished(MessageView Message) : MessageEvent;

public sealed record TurnFinished(string TurnId, StopReason StopReason, ErrorView? Error) : MessageEvent;
