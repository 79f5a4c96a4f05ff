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

    /// <summary>The branch of the main checkout; null if none is checked out, and in lists.</summary>
    public string? Into { get; init; }

    /// <summary>What it got in addition to the files of its commit; null before that began.</summary>
    public ProvisioningView? Provisioning { get; init; }
}

/// <summary>What a worktree got in addition to the files of its commit.</summary>
/// <param name="Seconds">How long its steps took.</param>
/// <param name="Bytes">The size of the worktree at the end, without linked files; null before.</param>
public sealed record ProvisioningView(bool HasEnded, double Seconds, long? Bytes, IReadOnlyList<ProvisioningStepView> Steps);

/// <param name="Kind"><c>file</c>, <c>link</c>, <c>copy</c> or <c>run</c>.</param>
/// <param name="Name">The folder, file or command.</param>
/// <param name="State"><c>waiting</c>, <c>running</c>, <c>done</c>, <c>skipped</c> or <c>failed</c>.</param>
/// <param name="Note">Why it was skipped or failed, as a sentence.</param>
/// <param name="Seconds">Null if it did not run.</param>
public sealed record ProvisioningStepView(string Kind, string Name, string State, string? Note, double? Seconds);

/// <summary>The git worktree in which a task works.</summary>
/// <param name="Task">The ID of the task that it belongs to: the task itself or one above it.</param>
/// <param name="Folder">The folder in which the task works.</param>
/// <param name="Repository">The checkout into which the branch is merged.</param>
/// <param name="State"><c>creating</c>, <c>ready</c>, <c>merging</c>, <c>removing</c> or <c>removed</c>.</param>
public sealed record TaskWorktreeView(string Task, string Folder, string Branch, string Repository, string State)
{
    /// <summary>What it got in addition to the files of its commit; null before that began.</summary>
    public ProvisioningView? Provisioning { get; init; }
}

/// <param name="Unknown">Folders of worktrees without a record, and records that cannot be read.</param>
public sealed record WorktreeListResult(IReadOnlyList<WorktreeView> Worktrees, IReadOnlyList<string> Unknown);

/// <param name="Task">The ID or address of the task.</param>
/// <param name="CommitMessage">Commits the changes of the worktree first; null refuses a worktree with changes.</param>
/// <param name="AbortOnConflict">True to leave the main checkout as it was if there are conflicts.</param>
public sealed record WorktreeMergeParams(string Task, string? CommitMessage = null, bool AbortOnConflict = false);

/// <param name="Problem">Why tasks of the window cannot have a worktree, as a sentence; null if they can.</param>
public sealed record WorktreeCheckResult(string? Problem);

/// <param name="Task">The ID or address of the task.</param>
public sealed record WorktreeTaskParams(string Task);

/// <param name="Task">The ID or address of the task.</param>
public sealed record WorktreeCommitParams(string Task, string Message);

public sealed record WorktreeCommitResult(string Branch, string Commit);

/// <param name="Path">Relative to the root of the worktree, with <c>/</c>.</param>
public sealed record WorktreeFileView(string Path, EditKind Kind, int Added, int Removed);

/// <param name="Root">The absolute path of the worktree.</param>
/// <param name="Base">The commit with which it is compared.</param>
/// <param name="Total">The number of changed files; the list is cut off where there are too many.</param>
public sealed record WorktreeChangesResult(string Root, string Branch, string Base, IReadOnlyList<WorktreeFileView> Files, int Total);

/// <param name="Task">The ID or address of the task.</param>
/// <param name="Path">Relative to the root of the worktree.</param>
public sealed record WorktreeContentParams(string Task, string Path);

/// <param name="Root">The absolute path of the worktree.</param>
/// <param name="Patch">Changes of tracked files that are not committed; cut off if it is long.</param>
public sealed record WorktreePendingResult(string Root, string Patch, IReadOnlyList<string> Untracked);

/// <param name="Outcome"><c>merged</c>, <c>upToDate</c>, <c>conflict</c> (to be resolved in the main checkout) or <c>aborted</c>.</param>
/// <param name="Into">The branch of the main checkout.</param>
/// <param name="Conflicts">The files with conflicts, relative to the main checkout.</param>
public sealed record WorktreeMergeResult(string Outcome, string Branch, string Into, IReadOnlyList<string> Conflicts);

/// <param name="Trash">The folder in the trash.</param>
public sealed record WorktreeRemoveResult(string Task, string Trash, string Branch, bool BranchDeleted);

/// <summary>What a pull request would push, for a confirmation.</summary>
/// <param name="Address">Where it is pushed, without a user name and password.</param>
/// <param name="Base">The branch that gets the changes; null for the default branch.</param>
/// <param name="Commits">The number of commits that are not on the remote.</param>
public sealed record WorktreePullRequestPlan(string Branch, string Remote, string Address, string? Base, string Commit, int Commits);

/// <param name="Task">The ID or address of the task.</param>
/// <param name="Confirmed">What the user saw; nothing is pushed if it is another by now.</param>
public sealed record WorktreePullRequestParams(string Task, string Title, string Body, WorktreePullRequestPlan Confirmed);

/// <param name="Address">The address of the pull request.</param>
public sealed record WorktreePullRequestResult(string Address);
