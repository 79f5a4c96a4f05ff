using System.Text.Json.Serialization;

namespace Plue.Protocol;

[JsonConverter(typeof(CamelCaseEnumConverter<ReviewSourceKind>))]
public enum ReviewSourceKind
{
    WorkingTree,
    Staged,
    Range,
    PullRequest,
}

[JsonConverter(typeof(CamelCaseEnumConverter<ReviewSeverity>))]
public enum ReviewSeverity
{
    Note,
    Warning,
    Error,
}

[JsonConverter(typeof(CamelCaseEnumConverter<ReviewState>))]
public enum ReviewState
{
    Open,
    Resolved,
    Dismissed,
    Wrong,

    /// <summary>By the second model. Such findings are not sent.</summary>
    Refuted,
}

/// <param name="Ticket">Names this review in its progress.</param>
/// <param name="Folder">A workspace folder; null for the first.</param>
/// <param name="Range">For a range, as <c>main..topic</c>.</param>
/// <param name="PullRequest">For a pull request, its number.</param>
public sealed record ReviewStartParams(
    ReviewSourceKind Source,
    string Ticket,
    string? Folder = null,
    string? Range = null,
    int? PullRequest = null
);

/// <param name="Done">The number of finished requests.</param>
/// <param name="Total">The number of requests of this step.</param>
/// <param name="IsChecking">True while the second model checks the findings.</param>
public sealed record ReviewProgressParams(string Ticket, int Done, int Total, bool IsChecking);

public sealed record ReviewIdParams(string Id);

public sealed record ReviewDecideParams(string Id, string FindingId, ReviewState State);

/// <param name="IsConfirmed">True if the user confirmed the change of a guarded file.</param>
public sealed record ReviewApplyParams(string Id, string FindingId, bool IsConfirmed = false);

/// <param name="Question">Why the user must confirm first, as a sentence; null if the fix was applied.</param>
public sealed record ReviewApplyResult(ReviewView Review, string? Question = null);

/// <param name="Figures">Of all stored reviews.</param>
public sealed record ReviewListResult(IReadOnlyList<ReviewView> Reviews, ReviewFigures Figures);

/// <param name="Refuted">The findings that the second model refuted.</param>
/// <param name="Dropped">The findings that named no line of the diff.</param>
/// <param name="FalseAlarmRate">wrong ÷ (resolved + dismissed + wrong); null if no finding was decided.</param>
public sealed record ReviewFigures(
    int Open,
    int Resolved,
    int Dismissed,
    int Wrong,
    int Refuted,
    int Dropped,
    double? FalseAlarmRate = null
);

/// <summary>A review of changes, without the findings that the second model refuted.</summary>
public sealed record ReviewView
{
    /// <summary>Not stored if there were no changes to review.</summary>
    public required string Id { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required string Folder { get; init; }
    public required ReviewSourceKind Source { get; init; }

    /// <summary>What was reviewed, such as <c>working tree</c> or <c>main..topic</c>.</summary>
    public required string Description { get; init; }

    /// <summary>The provider and model that reviewed.</summary>
    public required string Model { get; init; }

    /// <summary>The provider and model that checked the findings.</summary>
    public required string SecondModel { get; init; }

    /// <summary>The number of reviewed files.</summary>
    public required int Files { get; init; }

    /// <summary>The cost in USD.</summary>
    public required decimal Cost { get; init; }

    /// <summary>True if the price of a request is not known, so that the cost is at least <see cref="Cost"/>.</summary>
    public required bool HasUnknownCost { get; init; }

    /// <summary>True if all changes were reviewed that are ever sent.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>True if the budget ended the review.</summary>
    public required bool IsOverBudget { get; init; }

    /// <summary>The most severe first.</summary>
    public required IReadOnlyList<ReviewFindingView> Findings { get; init; }
    public required IReadOnlyList<ReviewOmissionView> Omitted { get; init; }
    public required ReviewFigures Figures { get; init; }
}

/// <summary>A problem that a model found.</summary>
public sealed record ReviewFindingView
{
    public required string Id { get; init; }

    /// <summary>Relative to the folder of the review, with <c>/</c>.</summary>
    public required string File { get; init; }

    /// <summary>From 1, in the reviewed version.</summary>
    public required int Line { get; init; }
    public required int EndLine { get; init; }
    public required ReviewSeverity Severity { get; init; }
    public required string Title { get; init; }
    public required string Reason { get; init; }

    /// <summary>The text of the line, by which it is found after other changes.</summary>
    public required string LineText { get; init; }

    /// <summary>The diff around the line, with line numbers.</summary>
    public required string Excerpt { get; init; }
    public required ReviewState State { get; init; }

    /// <summary>True if the second model checked it.</summary>
    public required bool IsChecked { get; init; }
    public ReviewFixView? Fix { get; init; }
}

/// <summary>A replacement of whole lines.</summary>
/// <param name="From">The first line in the reviewed version.</param>
/// <param name="After">Empty to remove the lines.</param>
public sealed record ReviewFixView(int From, int To, string Before, string After);

/// <summary>A changed file that was not reviewed.</summary>
/// <param name="Reason">The end of a sentence that starts with the path.</param>
/// <param name="IsLimit">True if a limit or a failure prevented it, false for a file that is never sent.</param>
public sealed record ReviewOmissionView(string Path, string Reason, bool IsLimit);
