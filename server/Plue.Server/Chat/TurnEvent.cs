using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Chat;

/// <summary>What happens in a chat, in order. <see cref="TurnFinished"/> comes exactly once for each <see cref="TurnStarted"/>.</summary>
public abstract record TurnEvent
{
    private TurnEvent() { }

    /// <summary>A message that is not streamed, such as the user's.</summary>
    /// <param name="Alternatives">The messages that follow the same one, itself included, oldest first; empty if unknown.</param>
    public sealed record MessageAdded(Message Message, IReadOnlyList<string> Alternatives) : TurnEvent
    {
        public MessageAdded(Message message)
            : this(message, []) { }
    }

    public sealed record MessageRemoved(string MessageId) : TurnEvent;

    /// <summary>Another branch is shown: views must reload the chat.</summary>
    public sealed record BranchChanged(string? MessageId) : TurnEvent;

    /// <param name="Queue">All that waits to be sent, in order.</param>
    public sealed record QueueChanged(IReadOnlyList<Message> Queue) : TurnEvent;

    /// <param name="Failures">The hooks that failed since the codex changed last, newest first.</param>
    public sealed record HooksChanged(IReadOnlyList<HookFailure> Failures) : TurnEvent;

    public sealed record TurnStarted(string TurnId) : TurnEvent;

    public sealed record Waiting(string For) : TurnEvent;

    public sealed record MessageStarted(Message Message) : TurnEvent;

    /// <summary>Another provider is asked in place of the one that was named, before anything was shown.</summary>
    public sealed record AnsweredBy(string MessageId, ProviderInfo ProviderInfo) : TurnEvent;

    public sealed record TextDelta(string MessageId, int PartIndex, string Text) : TurnEvent;

    public sealed record ReasoningDelta(string MessageId, int PartIndex, string Text) : TurnEvent;

    public sealed record ToolCallStarted(string MessageId, int PartIndex, string ToolUseId, string ToolName) : TurnEvent;

    public sealed record ToolCallDelta(string MessageId, int PartIndex, string Text) : TurnEvent;

    /// <summary>Its arguments had another shape than the tool declares, and these run instead.</summary>
    public sealed record ToolCallRepaired(string MessageId, string ToolUseId, string Parameters) : TurnEvent;

    /// <summary>What a tool says while it runs; not stored.</summary>
    public sealed record ToolCallProgress(string MessageId, string ToolUseId, string Text) : TurnEvent;

    public sealed record ToolCallFinished(string MessageId, string ToolUseId, string? Result, string? Error) : TurnEvent
    {
        public IReadOnlyList<FileChange> Changes { get; init; } = [];
        public ApprovalNote? Approval { get; init; }
        public TimeSpan? RunTime { get; init; }
    }

    /// <summary>A hook ran for the message.</summary>
    public sealed record HookRan(string MessageId, HookRun Run) : TurnEvent;

    public sealed record Restarted(string MessageId, int Attempt, TimeSpan Delay, string Why) : TurnEvent;

    public sealed record Retrying(int Attempt, DateTimeOffset Until, string Why) : TurnEvent;

    /// <summary>Stored before it is published.</summary>
    /// <param name="Alternatives">See <see cref="MessageAdded"/>.</param>
    public sealed record MessageFinished(Message Message, IReadOnlyList<string> Alternatives) : TurnEvent
    {
        public MessageFinished(Message message)
            : this(message, []) { }
    }

    public sealed record TurnFinished(string TurnId, StopReason Reason, Failure? Error) : TurnEvent;
}

/// <summary>Where events go: a window, a terminal. Called in order, never twice at once; must return quickly.</summary>
public interface ITurnSink
{
    void Publish(TurnEvent turnEvent);

    /// <summary>Later events do not continue the earlier ones: views must reload the chat.</summary>
    void Skip() { }

    /// <summary>Returns the number of the last event. What is published later has a higher one.</summary>
    long Seal() => 0;

    /// <summary>Nothing more is at hand just now: what was held back to be sent together should go out.</summary>
    void Idle() { }
}
