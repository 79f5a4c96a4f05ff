using Plue.Server.Messages;

namespace Plue.Server.Chat;

/// <summary>What happens in a chat, in order. <see cref="TurnFinished"/> comes exactly once for each <see cref="TurnStarted"/>.</summary>
public abstract record TurnEvent
{
    private TurnEvent() { }

    /// <summary>A message that nobody streams: the user's.</summary>
    public sealed record MessageAdded(Message Message) : TurnEvent;

    public sealed record MessageRemoved(string MessageId) : TurnEvent;

    /// <summary>Another branch is shown: whoever looks on has to look anew.</summary>
    public sealed record BranchChanged(string? MessageId) : TurnEvent;

    public sealed record TurnStarted(string TurnId) : TurnEvent;

    public sealed record Waiting(string For) : TurnEvent;

    public sealed record MessageStarted(Message Message) : TurnEvent;

    /// <summary>Another provider is asked in place of the one that was named, before anything was shown.</summary>
    public sealed record AnsweredBy(string MessageId, ProviderInfo ProviderInfo) : TurnEvent;

    public sealed record TextDelta(string MessageId, int PartIndex, string Text) : TurnEvent;

    public sealed record ReasoningDelta(string MessageId, int PartIndex, string Text) : TurnEvent;

    public sealed record ToolCallStarted(string MessageId, int PartIndex, string ToolUseId, string ToolName) : TurnEvent;

    public sealed record ToolCallDelta(string MessageId, int PartIndex, string Text) : TurnEvent;

    public sealed record ToolCallFinished(string MessageId, string ToolUseId, string? Result, string? Error) : TurnEvent;

    public sealed record Restarted(string MessageId, int Attempt, TimeSpan Delay, string Why) : TurnEvent;

    public sealed record Retrying(int Attempt, DateTimeOffset Until, string Why) : TurnEvent;

    /// <summary>Stored before it is published.</summary>
    public sealed record MessageFinished(Message Message) : TurnEvent;

    public sealed record TurnFinished(string TurnId, StopReason Reason, Failure? Error) : TurnEvent;
}

/// <summary>Where events go: a window, a terminal. Called in order, never twice at once; must return quickly.</summary>
public interface ITurnSink
{
    void Publish(TurnEvent turnEvent);

    /// <summary>What follows does not follow on what was published before: whoever looks on has to look anew.</summary>
    void Skip() { }

    /// <summary>Nothing more is at hand just now: what was held back to be sent together should go out.</summary>
    void Idle() { }
}
