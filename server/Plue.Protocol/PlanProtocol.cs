using System.Text.Json.Serialization;

namespace Plue.Protocol;

public sealed record PlanUriParams(string Uri);

/// <param name="Version">The version of the plan that the user approved.</param>
/// <param name="Steps">The positions of the approved steps, from 0. Other steps that have not ended are skipped.</param>
/// <param name="PermissionMode">For the steps, if the chat is in plan mode: <c>ask</c> or <c>edit</c>; null for <c>ask</c>.</param>
public sealed record PlanRunParams(string Uri, long Version, IReadOnlyList<int> Steps, string? PermissionMode);

/// <summary>A plan with what became of its steps.</summary>
public sealed record PlanView
{
    public required string Uri { get; init; }
    public required long Version { get; init; }
    public required string Title { get; init; }
    public required string Goal { get; init; }

    /// <summary>The chat or task that the steps belong to; null if they are tasks of their own.</summary>
    public string? Chat { get; init; }
    public string? ChatTitle { get; init; }

    /// <summary>True if the chat is in plan mode, in which its subtasks could change nothing.</summary>
    public required bool IsInPlanMode { get; init; }

    /// <summary>The limits of all steps together.</summary>
    public required TaskBudgetView Budget { get; init; }
    public required IReadOnlyList<PlanStepView> Steps { get; init; }

    /// <summary>Comments that were not sent to the chat yet.</summary>
    public required IReadOnlyList<PlanCommentView> Comments { get; init; }

    /// <summary>True while the sidecar runs its steps.</summary>
    public required bool IsRunning { get; init; }

    /// <summary>Why it cannot be changed, in one sentence.</summary>
    public string? ReadOnlyReason { get; init; }
}

public sealed record PlanStepView
{
    public required string Title { get; init; }
    public required string Description { get; init; }
    public required IReadOnlyList<string> Files { get; init; }
    public required IReadOnlyList<string> Checks { get; init; }
    public required string TemplateId { get; init; }
    public required string TemplateName { get; init; }
    public string? Model { get; init; }

    /// <summary>In percent; null if the plan has no budget.</summary>
    public decimal? BudgetShare { get; init; }
    public required PlanStepState Status { get; init; }
    public required bool IsApproved { get; init; }

    /// <summary>True if the step was added after the plan had started.</summary>
    public required bool IsAddedLater { get; init; }

    /// <summary>Changed files that the step does not list.</summary>
    public required IReadOnlyList<string> UnlistedFiles { get; init; }

    /// <summary>Why it failed, or a note about its result.</summary>
    public string? Note { get; init; }

    /// <summary>The task of the last run; null before it, and after the task was deleted.</summary>
    public TaskView? Task { get; init; }
}

[JsonConverter(typeof(CamelCaseEnumConverter<PlanStepState>))]
public enum PlanStepState
{
    Pending,
    Running,
    Done,
    Failed,
    Skipped,
}

/// <param name="Step">The title of a step; null for the whole plan.</param>
/// <param name="Line">The line that it is about; null for the whole step.</param>
public sealed record PlanCommentView(string? Step, string? Line, string Text);
