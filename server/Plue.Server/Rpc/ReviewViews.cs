using Plue.Protocol;
using Plue.Server.Reviews;

namespace Plue.Server.Rpc;

/// <summary>Converts reviews to the protocol.</summary>
internal static class ReviewViews
{
    public static ReviewView View(StoredReview review) =>
        new()
        {
            Id = review.Id,
            CreatedAt = review.CreatedAt,
            Folder = review.Folder,
            Source = (ReviewSourceKind)review.Source,
            Description = review.Target.Description,
            Model = review.Model,
            SecondModel = review.SecondModel,
            Files = review.Files,
            Cost = review.Cost,
            HasUnknownCost = review.HasUnknownCost,
            IsComplete = review.IsComplete,
            IsOverBudget = review.IsOverBudget,
            Findings = [.. review.Shown.Select(View)],
            Omitted = [.. review.Omitted.Select(omission => new ReviewOmissionView(omission.Path, omission.Reason, omission.IsLimit))],
            Figures = View(Reviews.ReviewFigures.Of([review])),
        };

    public static Protocol.ReviewFigures View(Reviews.ReviewFigures figures) =>
        new(figures.Open, figures.Resolved, figures.Dismissed, figures.Wrong, figures.Refuted, figures.Dropped, figures.FalseAlarmRate);

    private static ReviewFindingView View(StoredFinding finding) =>
        new()
        {
            Id = finding.Id,
            File = finding.File,
            Line = finding.Line,
            EndLine = finding.EndLine,
            Severity = (ReviewSeverity)finding.Severity,
            Title = finding.Title,
            Reason = finding.Reason,
            LineText = finding.LineText,
            Excerpt = finding.Excerpt,
            State = (ReviewState)finding.State,
            IsChecked = finding.IsChecked,
            Fix = finding.Fix is { } fix ? new ReviewFixView(fix.From, fix.To, fix.Before, fix.After) : null,
        };
}
