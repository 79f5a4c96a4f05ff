using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Chat;

/// <summary>An event of a chat. Events are ordered, and each <see cref="TurnStarted"/> has exactly one <see cref="TurnFinished"/>.</summary>
internal abstract record TurnEvent
{
    private TurnEvent() { }

    /// <summary>A message that is not streamed, such as the user's.</summary>
    /// <param name="Alternatives">The ids of all messages with the same parent, including this one, oldest first; empty if unknown.</param>
    public sealed record MessageAdded(Message Message, IReadOnlyList<string> Alternatives) : TurnEvent
    {
        public MessageAdded(Message message)
            : this(message, []) { }
    }

    public sealed record MessageRemoved(string MessageId) : TurnEvent;

    /// <summary>Another branch is shown: views must reload the chat.</summary>
    public sealed record BranchChanged(string? MessageId) : TurnEvent;

    /// <param name="Queue">All queued messages, in order.</param>
    public sealed record QueueChanged(IReadOnlyList<Message> Queue) : TurnEvent;

    /// <param name="Failures">The hooks that failed since the last change of the codex, newest first.</param>
    public sealed record HooksChanged(IReadOnlyList<HookFailure> Failures) : TurnEvent;

    public sealed record TurnStarted(string TurnId) : TurnEvent;

    public sealed record Waiting(string For) : TurnEvent;

    public sealed record MessageStarted(Message Message) : TurnEvent;

    /// <summary>A fallback provider is used before anything was displayed.</summary>
    public sealed record FallbackUsed(string MessageId, ProviderInfo ProviderInfo) : TurnEvent;

    public sealed record TextDelta(string MessageId, int PartIndex, string Text) : TurnEvent;

    public sealed record ReasoningDelta(string MessageId, int PartIndex, string Text) : TurnEvent;

    public sealed record ToolCallStarted(string MessageId, int PartIndex, string ToolUseId, string ToolName) : TurnEvent;

    public sealed record ToolCallDelta(string MessageId, int PartIndex, string Text) : TurnEvent;

    /// <summary>The arguments did not match the tool's schema and were repaired. The call runs with these.</summary>
    public sealed record ToolCallRepaired(string MessageId, string ToolUseId, string Parameters) : TurnEvent;

    /// <summary>Progress output of a running tool; not stored.</summary>
    public sealed record ToolCallProgress(string MessageId, string ToolUseId, string Text) : TurnEvent;

    public sealed record ToolCallFinished(string MessageId, string ToolUseId, string? Result, string? Error) : TurnEvent
    {
        public IReadOnlyList<FileChange> Changes { get; init; } = [];
        public ApprovalNote? Approval { get; init; }
        public TimeSpan? RunTime { get; init; }
    }

    public sealed record HookRan(string MessageId, HookRun Run) : TurnEvent;

    public sealed record Restarted(string MessageId, int Attempt, TimeSpan Delay, string Reason) : TurnEvent;

    public sealed record Retrying(int Attempt, DateTimeOffset Until, string Reason) : TurnEvent;

    /// <summary>A message was stored.</summary>
    /// <param name="Alternatives">See <see cref="MessageAdded"/>.</param>
    public sealed record MessageFinished(Message Message, IReadOnlyList<string> Alternatives) : TurnEvent
    {
        public MessageFinished(Message message)
            : this(message, []) { }
    }

    public sealed record TurnFinished(string TurnId, StopReason Reason, Failure? Error) : TurnEvent;
}

/// <summary>Receives events, for a window or a terminal. Calls are sequential and must return quickly.</summary>
internal interface ITurnSink
{
    void Publish(TurnEvent turnEvent);

    /// <summary>Later events do not continue the earlier ones: views must reload the chat.</summary>
    void Skip() { }

    /// <summary>Gets the number of the last event. Later events have higher numbers.</summary>
    long Seal() => 0;

    /// <summary>Flushes buffered events, because no more are available at the moment.</summary>
    void Idle() { }
}
