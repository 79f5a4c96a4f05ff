using Plue.Server.Messages;

namespace Plue.Server.Chat;

/// <summary>Why a turn was stopped, and what becomes of its answer.</summary>
/// <param name="CallError">What the model reads about a call that was cut off.</param>
/// <param name="Status">The status of the answer, unless <paramref name="Failure"/> says how it failed.</param>
public sealed record StopCause(string CallError, MessageStatus Status, Failure? Failure = null)
{
    public static StopCause User { get; } = new("Stopped by the user.", MessageStatus.Stopped);

    /// <summary>The window was closed, the extension host ended, or the sidecar was shut down.</summary>
    public static StopCause Closing { get; } =
        new($"Interrupted, because Plue was closed. {InterruptedCall.Unknown}", MessageStatus.Interrupted);

    public static StopCause OutOfTime { get; } =
        new(
            $"Stopped, because the time budget of this task was used up. {InterruptedCall.Unknown}",
            MessageStatus.Failed,
            TaskBudget.OutOfTime
        );

    /// <summary>The task that waited for it works no longer.</summary>
    public static StopCause TaskEnded { get; } =
        new($"Stopped, because the task that this work was for has ended. {InterruptedCall.Unknown}", MessageStatus.Stopped);
}
