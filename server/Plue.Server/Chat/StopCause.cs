using Plue.Server.Messages;

namespace Plue.Server.Chat;

/// <summary>Why a turn was stopped, and the resulting status of its response.</summary>
/// <param name="CallError">The result of interrupted calls for the model.</param>
/// <param name="Status">The status of the response, unless <paramref name="Failure"/> is set.</param>
internal sealed record StopCause(string CallError, MessageStatus Status, Failure? Failure = null)
{
    public static StopCause User { get; } = new("Stopped by the user.", MessageStatus.Stopped);

    /// <summary>The window was closed, the extension host ended, or the sidecar was shut down.</summary>
    public static StopCause Closing { get; } =
        new($"Interrupted, because Plue was closed. {InterruptedCall.Unknown}", MessageStatus.Interrupted);

    public static StopCause TimeLimitReached { get; } =
        new(
            $"Stopped, because the time budget of this task was used up. {InterruptedCall.Unknown}",
            MessageStatus.Failed,
            TaskBudget.TimeLimitReached
        );

    /// <summary>The parent task that waited for this work has ended.</summary>
    public static StopCause TaskEnded { get; } =
        new($"Stopped, because the task that this work was for has ended. {InterruptedCall.Unknown}", MessageStatus.Stopped);
}
