namespace Plue.Protocol;

/// <param name="Provider">Null takes the template's.</param>
public sealed record ContestantParams(string TemplateId, string? Provider, string? Model);

/// <param name="Contestants">Two to six.</param>
/// <param name="Budget">What all of them can use together.</param>
public sealed record CompareStartParams(string Goal, IReadOnlyList<ContestantParams> Contestants, TaskBudgetView? Budget);

public sealed record CompareUriParams(string Uri);

/// <param name="Task">The address of the task whose branch was merged.</param>
public sealed record CompareChooseParams(string Uri, string Task);

public sealed record CompareListResult(IReadOnlyList<CompareListItem> Compares);

public sealed record CompareListItem(string Uri, string Goal, DateTimeOffset CreatedAt);

/// <summary>The same goal given to several models or templates, each in its own git worktree.</summary>
/// <param name="Budget">What all of them can use together.</param>
public sealed record CompareView(
    string Uri,
    string Goal,
    TaskBudgetView Budget,
    TaskSpendView Spent,
    IReadOnlyList<ContestantView> Contestants
);

public sealed record ContestantView
{
    public required string TemplateName { get; init; }

    /// <summary>Its task; null if it did not start.</summary>
    public TaskView? Task { get; init; }

    /// <summary>Why it did not start, as a sentence.</summary>
    public string? Problem { get; init; }

    /// <summary>What it changed since its branch began; null without a worktree.</summary>
    public DiffSize? Diff { get; init; }

    /// <summary>The checks of its template, in order.</summary>
    public required IReadOnlyList<CheckView> Checks { get; init; }

    /// <summary>True if its branch was merged because it was chosen.</summary>
    public bool IsChosen { get; init; }
}

/// <param name="Added">The number of added lines.</param>
public sealed record DiffSize(int Files, int Added, int Removed);

/// <param name="State"><c>passed</c>, <c>failed</c> or <c>waiting</c>.</param>
/// <param name="Seconds">Null if it did not run.</param>
/// <param name="Problem">Why it failed, as a sentence.</param>
public sealed record CheckView(string Name, string State, double? Seconds, string? Problem);
