using Plue.Server.Messages;

namespace Plue.Server.Chat;

/// <summary>How full the model's window is with what would be sent now.</summary>
/// <param name="Window">Tokens; null when the model's is not known.</param>
/// <param name="IsEstimate">No vendor has counted the messages yet.</param>
public sealed record ContextFill(long Instructions, long Files, long Messages, long Draft, long? Window, bool IsEstimate)
{
    /// <summary>From this share of the window on, earlier messages are summarised before the model is asked.</summary>
    public const decimal CompactionShare = 0.85m;

    public long Tokens => Instructions + Files + Messages + Draft;

    /// <summary>Tokens; null without a window.</summary>
    public long? CompactsAt => Window is { } window ? (long)(window * CompactionShare) : null;

    public bool IsNearlyFull => CompactsAt is { } most && Tokens >= most;
}

/// <summary>Counts a context: by the vendor's own count of the last answer where there is one, and by estimate what came after it.</summary>
public static class ContextMeter
{
    /// <param name="path">The branch that is shown, oldest first.</param>
    /// <param name="system">The instructions.</param>
    /// <param name="files">Tokens of the pinned files.</param>
    /// <param name="draft">Tokens of what is being written, with its attachments.</param>
    /// <param name="isSummed">Whether an answer's count is of several requests, so that it says nothing about the last one.</param>
    public static ContextFill Measure(
        IReadOnlyList<Message> path,
        string? system,
        long files,
        long draft,
        long? window,
        Func<Message, bool> isSummed
    )
    {
        var instructions = TokenEstimate.Of(system);
        var sent = SentHistory.Of(path);
        var counted = sent.ToList()
            .FindLastIndex(message => message is { Role: MessageRole.Assistant, Usage.TotalTokens: > 0 } && !isSummed(message));
        // A count from before the summary says nothing about what is sent since.
        if (
            counted >= 0
            && path.LastOrDefault(message => message.Compaction is not null) is { } summary
            && string.CompareOrdinal(sent[counted].Id, summary.Id) < 0
        )
        {
            counted = -1;
        }

        var estimated = sent.Skip(counted + 1).Sum(TokenEstimate.Of);
        if (counted < 0)
        {
            return new ContextFill(instructions, files, estimated, draft, window, IsEstimate: true);
        }

        var whole = sent[counted].Usage!.TotalTokens;
        return new ContextFill(
            instructions,
            files,
            Math.Max(0, whole - instructions - files) + estimated,
            draft,
            window,
            IsEstimate: false
        );
    }
}
