namespace Plue.Server.Messages;

/// <summary>Why a message or a turn ended.</summary>
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
