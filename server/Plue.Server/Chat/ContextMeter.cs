using Plue.Server.Messages;

namespace Plue.Server.Chat;

/// <summary>How much of the context window the next request uses, in tokens.</summary>
/// <param name="Window">Null if unknown.</param>
/// <param name="IsEstimate">True if the vendor has not counted the messages yet.</param>
internal sealed record ContextFill(long Instructions, long Files, long Messages, long Draft, long? Window, bool IsEstimate)
{
    /// <summary>The share of the window at which earlier messages are summarized.</summary>
    public const decimal CompactionShare = 0.85m;

    public long Tokens => Instructions + Files + Messages + Draft;

    /// <summary>Gets the number of tokens at which the chat is compacted; null if the window is unknown.</summary>
    public long? CompactsAt => Window is { } window ? (long)(window * CompactionShare) : null;

    public bool IsNearlyFull => CompactsAt is { } most && Tokens >= most;
}

/// <summary>Measures a context with the vendor's count of the last response, if there is one, and estimates for later messages.</summary>
internal static class ContextMeter
{
    /// <param name="path">The displayed branch, oldest first.</param>
    /// <param name="system">The instructions.</param>
    /// <param name="files">Tokens of the pinned files.</param>
    /// <param name="draft">The tokens of the unsent message with its attachments.</param>
    /// <param name="isSummed">True for a response whose count covers several requests and thus cannot be used.</param>
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
        // A count from before the summary does not apply to what is sent now.
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
