using System.Text.Json.Serialization;

namespace Plue.Server.Reviews;

internal enum FindingSeverity
{
    Note,
    Warning,
    Error,
}

internal enum FindingState
{
    Open,
    Resolved,

    /// <summary>Correct, but not to be fixed.</summary>
    Dismissed,

    /// <summary>A false alarm.</summary>
    Wrong,

    /// <summary>Refuted by the second model, and not shown.</summary>
    Refuted,
}

/// <summary>A replacement of whole lines.</summary>
/// <param name="From">The first line of the reviewed version.</param>
/// <param name="Before">The replaced lines, joined by line feeds.</param>
/// <param name="After">The new lines, joined by line feeds; empty to remove the lines.</param>
internal sealed record StoredFix(int From, int To, string Before, string After);

/// <param name="File">Relative to the reviewed folder, with <c>/</c>.</param>
/// <param name="Line">The first line in the reviewed version.</param>
/// <param name="LineText">The text of that line, by which it is found after other changes.</param>
/// <param name="Excerpt">The diff around the line.</param>
internal sealed record StoredFinding(
    string Id,
    string File,
    int Line,
    int EndLine,
    FindingSeverity Severity,
    string Title,
    string Reason,
    string LineText,
    string Excerpt
)
{
    public StoredFix? Fix { get; init; }
    public FindingState State { get; init; }

    /// <summary>True if the second model was asked and answered.</summary>
    public bool IsChecked { get; init; }

    /// <summary>The reason of the second model; null if it was not asked.</summary>
    public string? CheckReason { get; init; }
}

/// <summary>The record of a review, one file each. A newer format is neither used nor changed.</summary>
/// <param name="Folder">The real path of the reviewed folder.</param>
/// <param name="Cost">In USD, of the requests with a known price.</param>
/// <param name="HasUnknownCost">True if the price of a request is not known.</param>
/// <param name="Dropped">The number of findings whose file or line is not in the diff, or that had the wrong format.</param>
internal sealed record StoredReview(
    int Format,
    string Id,
    DateTimeOffset CreatedAt,
    string Folder,
    ReviewSource Source,
    string? Range,
    int? PullRequest,
    string ProviderId,
    string Model,
    string SecondModel,
    int Files,
    decimal Cost,
    bool HasUnknownCost,
    int Dropped,
    IReadOnlyList<StoredFinding> Findings,
    IReadOnlyList<StoredOmission> Omitted
)
{
    public const int CurrentFormat = 1;

    /// <summary>True if the budget ended the review.</summary>
    public bool IsOverBudget { get; init; }

    [JsonIgnore]
    public ReviewTarget Target => new(Source, Range, PullRequest);

    [JsonIgnore]
    public IEnumerable<StoredFinding> Shown => Findings.Where(finding => finding.State != FindingState.Refuted);

    /// <summary>True if all changes were reviewed that are ever sent.</summary>
    [JsonIgnore]
    public bool IsComplete => !IsOverBudget && !Omitted.Any(omission => omission.IsLimit);
}

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    UseStringEnumConverter = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true
)]
[JsonSerializable(typeof(StoredReview))]
internal sealed partial class ReviewJson : JsonSerializerContext;
