using System.Globalization;
using Plue.Server.Messages;

namespace Plue.Server.Reviews;

internal enum ReviewSource
{
    /// <summary>All changes that are not committed, with untracked files.</summary>
    WorkingTree,

    /// <summary>What the next commit would contain.</summary>
    Staged,

    /// <summary>The changes between two commits.</summary>
    Range,

    /// <summary>A pull request, read with the user's <c>gh</c>.</summary>
    PullRequest,
}

/// <summary>The changes to review.</summary>
/// <param name="Range">As <c>main..topic</c> or <c>main...topic</c>; null for another source.</param>
/// <param name="PullRequest">The number; null for another source.</param>
internal sealed record ReviewTarget(ReviewSource Source, string? Range = null, int? PullRequest = null)
{
    private const string Dots = "..";

    public string Description =>
        Source switch
        {
            ReviewSource.WorkingTree => "working tree",
            ReviewSource.Staged => "staged changes",
            ReviewSource.Range => Range ?? "",
            _ => string.Create(CultureInfo.InvariantCulture, $"pull request {PullRequest}"),
        };

    /// <summary>Gets the two commits of the range, <c>HEAD</c> if one is omitted, and whether the first is where the second began.</summary>
    /// <exception cref="FailureException">BadRequest: not a range.</exception>
    public (string From, string To, bool IsFromMergeBase) Ends()
    {
        var range = Range ?? "";
        var at = range.IndexOf(Dots, StringComparison.Ordinal);
        var isFromMergeBase = at >= 0 && range.AsSpan(at).StartsWith("...");
        var (from, to) = at < 0 ? ("", "") : (range[..at].Trim(), range[(at + (isFromMergeBase ? 3 : 2))..].Trim());
        return at < 0 || (from.Length == 0 && to.Length == 0) || from.StartsWith('-') || to.StartsWith('-')
            ? throw new FailureException(
                FailureKind.BadRequest,
                $"{Platform.HiddenCharacters.VisibleLine(range)} is not a range of commits. Write it as main..topic, or main...topic for the changes since topic began."
            )
            : (from.Length == 0 ? "HEAD" : from, to.Length == 0 ? "HEAD" : to, isFromMergeBase);
    }
}
