using System.Text.Json.Serialization;

namespace Plue.Protocol;

/// <param name="CodexId">The chat or task, with its subtasks; null for all undecided changes.</param>
public sealed record EditListParams(string? CodexId);

public sealed record EditListResult(IReadOnlyList<FileEditView> Files)
{
    /// <summary>The turns whose changes can be undone, the last one first.</summary>
    public required IReadOnlyList<EditTurnView> Turns { get; init; }

    /// <summary>Files that were not changed because they were modified since, one sentence each.</summary>
    public IReadOnlyList<string> Conflicts { get; init; } = [];

    /// <summary>Files that commands may change without undo, in one sentence: too large, or not readable.</summary>
    public string? OmissionNotice { get; init; }
}

[JsonConverter(typeof(CamelCaseEnumConverter<EditKind>))]
public enum EditKind
{
    Created,
    Modified,
    Deleted,
}

[JsonConverter(typeof(CamelCaseEnumConverter<EditState>))]
public enum EditState
{
    Pending,
    Accepted,
    Rejected,
    Mixed,
}

/// <summary>The changes of one file by one agent in all its turns, compared with the file before the first undecided change.</summary>
public sealed record FileEditView
{
    /// <summary>The path in the workspace or in <see cref="Folder"/>, with <c>/</c>.</summary>
    public required string Path { get; init; }

    /// <summary>The folder of a task's git worktree that contains the file; null if it is in the workspace.</summary>
    public string? Folder { get; init; }
    public required string CodexId { get; init; }
    public required EditKind Kind { get; init; }
    public required EditState State { get; init; }
    public required int Added { get; init; }
    public required int Removed { get; init; }
    public required IReadOnlyList<HunkView> Hunks { get; init; }

    /// <summary>The tools that made the change, such as <c>edit</c> and <c>bash</c>.</summary>
    public required IReadOnlyList<string> Tools { get; init; }

    /// <summary>The conflict that prevents undoing it, in one sentence: the same place was changed since.</summary>
    public string? Conflict { get; init; }

    /// <summary>True if it is not text, and is accepted or rejected as a whole.</summary>
    public bool IsBinary { get; init; }
}

/// <summary>Lines from 1. A hunk with no old lines was added, one with no new lines removed; without lines it precedes the line of its start.</summary>
/// <param name="Text">The old lines, each after a <c>-</c>, then the new ones after a <c>+</c>.</param>
public sealed record HunkView(string Id, int OldStart, int OldLines, int NewStart, int NewLines, EditState State, string Text)
{
    /// <summary>True if the same place was changed since: it can be accepted but not rejected.</summary>
    public bool IsConflict { get; init; }
}

/// <param name="IsUndone">True if its changes were undone and can be redone.</param>
public sealed record EditTurnView(string CodexId, string TurnId, DateTimeOffset Time, string Title, int Files, bool IsUndone);

/// <param name="Path">Null means every file of the codex.</param>
/// <param name="HunkId">Null means the whole file.</param>
/// <param name="Folder">As in the view of the file; null for a hunk means the workspace, otherwise also the worktrees.</param>
public sealed record EditDecideParams(string CodexId, string? Path, string? HunkId, string? Folder = null);

/// <param name="TurnId">Null means the last turn.</param>
/// <param name="All">True for every turn of the codex and its subtasks, regardless of <paramref name="TurnId"/>.</param>
public sealed record EditTurnParams(string CodexId, string? TurnId, bool? All = null);

/// <summary>The content of a file before an agent changed it, for the left side of the diff editor.</summary>
/// <param name="Folder">As in the view of the file; null means the workspace.</param>
public sealed record EditContentParams(string CodexId, string Path, string? Folder = null);

/// <param name="Text">Null if the file did not exist.</param>
public sealed record EditContentResult(string? Text);

public sealed record EditChangedParams(string CodexId);
