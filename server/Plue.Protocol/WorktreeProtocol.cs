namespace Plue.Protocol;

/// <summary>The git worktree of a task.</summary>
public sealed record WorktreeView
{
    /// <summary>The ID of the task.</summary>
    public required string Task { get; init; }
    public required string Title { get; init; }

    /// <summary>The folder in which the task works.</summary>
    public required string Folder { get; init; }
    public required string Branch { get; init; }

    /// <summary>The commit at which the branch began.</summary>
    public required string Base { get; init; }

    /// <summary>The checkout into which the branch is merged.</summary>
    public required string Repository { get; init; }

    /// <summary><c>creating</c>, <c>ready</c>, <c>merging</c>, <c>removing</c> or <c>removed</c>.</summary>
    public required string State { get; init; }

    /// <summary>The number of changed, staged or deleted files.</summary>
    public required int Changed { get; init; }

    /// <summary>The number of untracked files, without ignored ones.</summary>
    public required int Untracked { get; init; }

    /// <summary>The number of commits that are neither merged nor pushed.</summary>
    public required int Commits { get; init; }

    /// <summary>Why it is not known what the worktree holds; null if it is known.</summary>
    public string? Unclear { get; init; }

    /// <summary>The programs and tasks that use it.</summary>
    public required IReadOnlyList<string> Users { get; init; }

    /// <summary>Why nothing works in it anymore; null if its task exists.</summary>
    public string? Orphaned { get; init; }
}

/// <param name="Unknown">Folders of worktrees without a record, and records that cannot be read.</param>
public sealed record WorktreeListResult(IReadOnlyList<WorktreeView> Worktrees, IReadOnlyList<string> Unknown);

/// <param name="Task">The ID of the task.</param>
/// <param name="CommitMessage">Commits the changes of the worktree first; null refuses a worktree with changes.</param>
/// <param name="AbortOnConflict">True to leave the main checkout as it was if there are conflicts.</param>
public sealed record WorktreeMergeParams(string Task, string? CommitMessage = null, bool AbortOnConflict = false);

/// <param name="Task">The ID of the task.</param>
public sealed record WorktreeRemoveParams(string Task);

/// <param name="Outcome"><c>merged</c>, <c>upToDate</c>, <c>conflict</c> (to be resolved in the main checkout) or <c>aborted</c>.</param>
/// <param name="Into">The branch of the main checkout.</param>
/// <param name="Conflicts">The files with conflicts, relative to the main checkout.</param>
public sealed record WorktreeMergeResult(string Outcome, string Branch, string Into, IReadOnlyList<string> Conflicts);

/// <param name="Trash">The folder in the trash.</param>
public sealed record WorktreeRemoveResult(string Task, string Trash, string Branch, bool BranchDeleted);
