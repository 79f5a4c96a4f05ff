using System.Text.Json;
using System.Text.Json.Serialization;

namespace Plue.Protocol;

/// <param name="Values">Fields of the template by name.</param>
/// <param name="Provider">Null takes the template's.</param>
/// <param name="ParentId">The chat or task that it belongs to; null makes the top of a tree.</param>
public sealed record TaskSpawnParams(
    string TemplateId,
    string Goal,
    IReadOnlyDictionary<string, JsonElement>? Values,
    string? Provider,
    string? Model,
    TaskBudgetView? Budget,
    string? ParentId
)
{
    /// <summary>The files that are sent with the goal.</summary>
    public IReadOnlyList<Attachment>? Attachments { get; init; }

    /// <summary>The chat whose messages the task continues; they are copied and cost nothing.</summary>
    public string? SourceChat { get; init; }
}

/// <param name="Uri">The chat.</param>
/// <param name="Values">Fields of the template by name.</param>
/// <param name="Provider">Null takes the template's.</param>
/// <param name="Attachments">The files that are sent with the goal.</param>
public sealed record TaskConvertParams(
    string Uri,
    string TemplateId,
    string Goal,
    IReadOnlyDictionary<string, JsonElement>? Values,
    string? Provider,
    string? Model,
    TaskBudgetView? Budget,
    IReadOnlyList<Attachment>? Attachments
);

/// <param name="Root">Lists only the subtasks of this chat or task; null lists all tasks.</param>
public sealed record TaskListParams(string? Root, bool? IncludeArchived);

public sealed record TaskListResult(IReadOnlyList<TaskView> Tasks);

/// <summary>Null means no limit of its own.</summary>
public sealed record TaskBudgetView(decimal? Usd, long? Tokens, int? Rounds, long? Seconds);

/// <param name="Usd">Null if no price is known.</param>
/// <param name="UsdIsAtLeast">True if a part had no price, so that the cost is higher; otherwise null.</param>
public sealed record TaskSpendView(decimal? Usd, bool? UsdIsAtLeast, long Tokens, int Rounds, long Seconds);

public sealed record TaskView
{
    public required string Uri { get; init; }
    public required string TemplateId { get; init; }
    public required string TemplateName { get; init; }
    public required string Title { get; init; }

    /// <summary>The status, as in docs/records.md.</summary>
    public required string Status { get; init; }

    /// <summary>The chat or task that created it.</summary>
    public string? ParentId { get; init; }

    /// <summary>The call of spawn_task in its parent; null without a waiting call.</summary>
    public string? ToolUseId { get; init; }
    public string? ProviderId { get; init; }
    public string? ProviderName { get; init; }
    public string? Model { get; init; }

    /// <summary>Usage and cost of the task itself.</summary>
    public required TaskSpendView Spent { get; init; }

    /// <summary>Usage and cost of the task and its subtasks.</summary>
    public required TaskSpendView TotalSpent { get; init; }
    public required TaskBudgetView Budget { get; init; }

    /// <summary>True if it costs nothing, because its model runs on this machine.</summary>
    public bool IsLocal { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The approvals for which it waits.</summary>
    public required int Waiting { get; init; }
    public bool Unread { get; init; }
    public bool Archived { get; init; }

    /// <summary>The reason for the status, in one sentence; null if the status is sufficient.</summary>
    public string? Note { get; init; }

    /// <summary>Where it works, if that is a git worktree that was begun.</summary>
    public TaskWorktreeView? Worktree { get; init; }
}

public sealed record TaskUriParams(string Uri);

/// <param name="IncludeSubtasks">Stops the subtasks, too.</param>
public sealed record TaskStopParams(string? Uri, bool? IncludeSubtasks);

public sealed record TaskSteerParams(string Uri, string Text);

/// <summary>The new limits; null keeps one.</summary>
public sealed record TaskSetBudgetParams(string Uri, TaskBudgetView Budget);

/// <summary>The details of a task besides its messages.</summary>
public sealed record TaskDetail
{
    public required TaskView Task { get; init; }
    public required string Goal { get; init; }
    public required IReadOnlyList<TodoView> Plan { get; init; }
    public required IReadOnlyList<TaskView> Children { get; init; }
    public required IReadOnlyList<ChangedFileView> Files { get; init; }

    /// <summary>The approvals and denials of the user, oldest first.</summary>
    public required IReadOnlyList<AnsweredApprovalView> Approvals { get; init; }

    /// <summary>One lane for the task and each of its subtasks, itself first.</summary>
    public required IReadOnlyList<TimelineLane> Timeline { get; init; }

    /// <summary>The notes of all agents of its tree, oldest first.</summary>
    public required IReadOnlyList<BoardNoteView> Board { get; init; }

    /// <summary>The result; null before it is returned.</summary>
    public JsonElement? Outputs { get; init; }

    /// <summary>Why this model was selected; null if there was no choice.</summary>
    public RoutingReceipt? Routing { get; init; }
}

[JsonConverter(typeof(CamelCaseEnumConverter<TodoState>))]
public enum TodoState
{
    Open,
    Active,
    Done,
}

public sealed record TodoView(string Text, TodoState State);

public sealed record ChangedFileView(string Path, int Added, int Removed);

/// <param name="Uri">The task or chat whose agent posted it.</param>
public sealed record BoardNoteView(DateTimeOffset Time, string Uri, string Author, string Text);

/// <param name="Decision"><c>once</c>, <c>always</c> or <c>deny</c>.</param>
/// <param name="Rule">The rule that <c>always</c> stored.</param>
public sealed record AnsweredApprovalView(DateTimeOffset Time, string ActionText, string Decision, string? Reason, string? Rule);

public sealed record TimelineLane(string Uri, string Title, string Status, TaskSpendView Spent, IReadOnlyList<TimelineSpan> Spans);

[JsonConverter(typeof(CamelCaseEnumConverter<TimelineKind>))]
public enum TimelineKind
{
    Model,
    Tool,
    Waiting,
}

/// <param name="End">Null while it is running.</param>
public sealed record TimelineSpan(TimelineKind Kind, string Name, DateTimeOffset Start, DateTimeOffset? End, decimal? CostUsd);

/// <summary>The selected candidate, and the reasons for all candidates.</summary>
public sealed record RoutingReceipt(string Chosen, string Reason, IReadOnlyList<RejectedCandidate> Rejected);

public sealed record RejectedCandidate(string Candidate, string Reason);

/// <summary>A task changed. Contains the complete row, as in <c>task/list</c>; null if it was deleted.</summary>
public sealed record TaskEventParams(string TaskId, TaskView? Task);
