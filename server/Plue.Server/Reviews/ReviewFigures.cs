namespace Plue.Server.Reviews;

/// <summary>What became of the findings of reviews.</summary>
/// <param name="Refuted">The findings that the second model refuted, which are not shown and do not count as decided.</param>
/// <param name="Dropped">The findings that named no line of the diff.</param>
internal sealed record ReviewFigures(int Open, int Resolved, int Dismissed, int Wrong, int Refuted, int Dropped)
{
    /// <summary>Gets wrong ÷ (resolved + dismissed + wrong); null if no finding was decided.</summary>
    public double? FalseAlarmRate => Resolved + Dismissed + Wrong is > 0 and var decided ? (double)Wrong / decided : null;

    public static ReviewFigures Of(IEnumerable<StoredReview> reviews)
    {
        var (all, dropped) = (new List<FindingState>(), 0);
        foreach (var review in reviews)
        {
            all.AddRange(review.Findings.Select(finding => finding.State));
            dropped += review.Dropped;
        }

        int Count(FindingState state) => all.Count(one => one == state);
        return new ReviewFigures(
            Count(FindingState.Open),
            Count(FindingState.Resolved),
            Count(FindingState.Dismissed),
            Count(FindingState.Wrong),
            Count(FindingState.Refuted),
            dropped
        );
    }
}
