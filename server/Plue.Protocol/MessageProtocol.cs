using System.Text.Json.Serialization;

namespace Plue.Protocol;

/// <param name="CodexId">The chat's address.</param>
/// <param name="Answer">False only stores the message.</param>
public sealed record MessageSendParams(string CodexId, string Text, string? Provider, string? Model, bool? Answer);

/// <param name="TurnId">Null when nothing answers.</param>
public sealed record MessageSendResult(string MessageId, string? TurnId);

public sealed record MessageStopParams(string CodexId);

/// <param name="MessageId">The user message to answer again, or an answer: then the user message before it is meant.</param>
/// <param name="Continue">True goes on from the partial text of an interrupted or stopped answer instead of starting over.</param>
public sealed record MessageRetryParams(string CodexId, string MessageId, string? Provider, string? Model, bool? Continue);

public sealed record MessageDiscardParams(string CodexId, string MessageId);

public enum MessageRole { System, User, Assistant }

public enum MessageStatus { Streaming, Complete, Stopped, Interrupted, Failed }

public enum StopReason { EndTurn, MaxTokens, StopSequence, ToolUse, Refusal, ContextFull, Stopped, Failed }

public sealed record MessageView
{
    public required string Id { get; init; }
    public required MessageRole Role { get; init; }
    public required IReadOnlyList<MessagePart> Parts { get; init; }
    public required MessageStatus Status { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public ErrorView? Error { get; init; }
    public UsageView? Usage { get; init; }
    public CostView? Cost { get; init; }
    public ProviderInfoView? ProviderInfo { get; init; }
    public TimingView? Timing { get; init; }
}

[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(TextPart), "text")]
[JsonDerivedType(typeof(FilePart), "file")]
[JsonDerivedType(typeof(ToolUsePart), "toolUse")]
[JsonDerivedType(typeof(ToolResultPart), "toolResult")]
[JsonDerivedType(typeof(ReasoningPart), "reasoning")]
public abstract record MessagePart;

public sealed record TextPart(string Content) : MessagePart;

public sealed record FilePart(string Path, string? Content, string? Language) : MessagePart;

/// <param name="Parameters">A JSON object as text; may be cut short while it streams.</param>
public sealed record ToolUsePart(string ToolUseId, string ToolName, string Parameters) : MessagePart;

public sealed record ToolResultPart(string ToolUseId, string? Result, string? Error) : MessagePart;

public sealed record ReasoningPart(string Content) : MessagePart;

/// <param name="Kind">A FailureKind in camelCase; picks the button that helps.</param>
/// <param name="Message">One sentence for a person.</param>
public sealed record ErrorView(string Kind, string Message, double? RetryAfterMs);

public sealed record UsageView(long InputTokens, long OutputTokens, long TotalTokens, long CachedReadTokens, long CachedWriteTokens, long ReasoningTokens);

/// <summary>USD.</summary>
/// <param name="Price">The price it was computed with; null where the vendor said what it costs.</param>
public sealed record CostView(decimal InputCost, decimal OutputCost, decimal CachedCost, decimal TotalCost, string PriceSource, PriceView? Price);

/// <summary>USD for a million tokens.</summary>
public sealed record PriceView(decimal InputPerMillion, decimal OutputPerMillion, decimal? CachedReadPerMillion, decimal? CachedWritePerMillion);

/// <param name="FirstTokenMs">From the request to the first piece of the answer; null when none came.</param>
public sealed record TimingView(double? FirstTokenMs, double DurationMs);

/// <param name="ProviderName">As the user named it.</param>
/// <param name="InsteadOf">Why the chosen provider did not answer, when this one stood in for it.</param>
public sealed record ProviderInfoView(string ProviderId, string ProviderName, string? ModelId, string? RequestId, string? InsteadOf);

/// <param name="Seq">Counts up by one for each notification of a chat. A gap means that deltas were dropped for a slow window: get the chat again.</param>
public sealed record MessageEventParams(string CodexId, long Seq, MessageEvent Event);

/// <summary>What a view folds into its state. Exactly one <c>turnFinished</c> ends a turn, whatever happened.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(MessageAdded), "messageAdded")]
[JsonDerivedType(typeof(MessageRemoved), "messageRemoved")]
[JsonDerivedType(typeof(TurnStarted), "turnStarted")]
[JsonDerivedType(typeof(Waiting), "waiting")]
[JsonDerivedType(typeof(MessageStarted), "messageStarted")]
[JsonDerivedType(typeof(AnsweredBy), "answeredBy")]
[JsonDerivedType(typeof(TextDelta), "textDelta")]
[JsonDerivedType(typeof(ReasoningDelta), "reasoningDelta")]
[JsonDerivedType(typeof(ToolCallStarted), "toolCallStarted")]
[JsonDerivedType(typeof(ToolCallDelta), "toolCallDelta")]
[JsonDerivedType(typeof(ToolCallFinished), "toolCallFinished")]
[JsonDerivedType(typeof(Restarted), "restarted")]
[JsonDerivedType(typeof(Retrying), "retrying")]
[JsonDerivedType(typeof(MessageFinished), "messageFinished")]
[JsonDerivedType(typeof(TurnFinished), "turnFinished")]
public abstract record MessageEvent;

/// <summary>A message was stored, by this window or another: the user's own.</summary>
public sealed record MessageAdded(MessageView Message) : MessageEvent;

public sealed record MessageRemoved(string MessageId) : MessageEvent;

public sealed record TurnStarted(string TurnId) : MessageEvent;

/// <summary>What is being waited for: "Starting Claude Code", "Waiting for api.anthropic.com".</summary>
public sealed record Waiting(string For) : MessageEvent;

public sealed record MessageStarted(string MessageId, ProviderInfoView ProviderInfo) : MessageEvent;

/// <summary>Another provider stands in before anything was shown: the chosen one is down or over its limit.</summary>
public sealed record AnsweredBy(string MessageId, ProviderInfoView ProviderInfo) : MessageEvent;

public sealed record TextDelta(string MessageId, int PartIndex, string Text) : MessageEvent;

public sealed record ReasoningDelta(string MessageId, int PartIndex, string Text) : MessageEvent;

public sealed record ToolCallStarted(string MessageId, int PartIndex, string ToolUseId, string ToolName) : MessageEvent;

public sealed record ToolCallDelta(string MessageId, int PartIndex, string Text) : MessageEvent;

public sealed record ToolCallFinished(string MessageId, string ToolUseId, string? Result, string? Error) : MessageEvent;

/// <summary>The vendor's program started the answer again: the view clears the parts of this message that no record confirmed.</summary>
public sealed record Restarted(string MessageId, int Attempt, double DelayMs, string Why) : MessageEvent;

/// <summary>We try again before anything was shown.</summary>
public sealed record Retrying(int Attempt, DateTimeOffset Until, string Why) : MessageEvent;

/// <summary>The whole message as stored.</summary>
public sealed record MessageFinished(MessageView Message) : MessageEvent;

public sealed record TurnFinished(string TurnId, StopReason StopReason, ErrorView? Error) : MessageEvent;
