using Plue.Server.Messages;

namespace Plue.Server.Worktrees;

internal enum MergeOutcome
{
    /// <summary>The branch had nothing to merge.</summary>
    UpToDate,
    Merged,

    /// <summary>The main checkout has a merge with conflicts that the user resolves.</summary>
    Conflict,

    /// <summary>There were conflicts, and the main checkout is as it was.</summary>
    Aborted,
}

/// <param name="Into">The branch of the main checkout.</param>
/// <param name="Conflicts">The files with conflicts, relative to the main checkout.</param>
internal sealed record MergeResult(MergeOutcome Outcome, string Into, IReadOnlyList<string> Conflicts);

/// <summary>Brings the work of a task back: merges its branch into the current branch of the main checkout.</summary>
internal sealed class WorktreeMerge(
    Git git,
    WorktreeRecords records,
    WorktreeInspector inspector,
    Worktrees worktrees,
    WorktreeCommits commits
)
{
    /// <param name="commitMessage">Commits the changes of the worktree first; null refuses a worktree with changes.</param>
    /// <param name="abortsOnConflict">True to leave the main checkout as it was if there are conflicts.</param>
    /// <exception cref="FailureException">Conflict: nothing was merged, and why. NotFound.</exception>
    public async Task<MergeResult> MergeAsync(
        string task,
        string? commitMessage,
        bool abortsOnConflict,
        CancellationToken cancellationToken
    )
    {
        using var turn = await records.LockAsync(task, cancellationToken);
        var record = worktrees.GetReady(task);
        commits.RefuseWorking(record);
        var into = await TargetAsync(record, cancellationToken);
        await commits.CommitAsync(record, commitMessage, cancellationToken);
        await RefuseTouchedAsync(record, cancellationToken);
        records.Write(record with { State = WorktreeState.Merging });
        var before = await HeadAsync(record.Repository, cancellationToken);
        var merge = await git.WriteAsync(
            record.Repository,
            runsHooks: true,
            cancellationToken,
            "merge",
            "--no-ff",
            "--no-edit",
            "-m",
            $"Merge {record.Branch}: {record.Title}",
            record.Branch
        );
        var result = merge.IsDone
            ? new MergeResult(
                before == await HeadAsync(record.Repository, cancellationToken) ? MergeOutcome.UpToDate : MergeOutcome.Merged,
                into,
                []
            )
            : await UnfinishedAsync(record, into, merge, abortsOnConflict, cancellationToken);
        records.Write(record with { State = WorktreeState.Ready });
        return result;
    }

    /// <summary>Gets the branch to merge into.</summary>
    private async Task<string> TargetAsync(StoredWorktree record, CancellationToken cancellationToken)
    {
        var branch =
            await inspector.BranchAsync(record.Repository, cancellationToken)
            ?? throw Refused(
                $"No branch is checked out in {record.Repository}, so nothing was merged. Check out the branch that should get the changes."
            );
        return await inspector.OperationAsync(record.Repository, cancellationToken) is { } operation
            ? throw Refused(
                $"A git operation is not finished in {record.Repository} ({operation}), so nothing was merged. Finish or abort it, then try again."
            )
            : branch;
    }

    /// <summary>Refuses a merge that would touch files with changes in the main checkout.</summary>
    private async Task RefuseTouchedAsync(StoredWorktree record, CancellationToken cancellationToken)
    {
        var touched = await git.ReadAsync(
            record.Repository,
            cancellationToken,
            "diff",
            "--name-only",
            "--no-renames",
            "-z",
            $"HEAD...refs/heads/{record.Branch}"
        );
        if (!touched.IsDone)
        {
            throw Refused($"git could not compare {record.Branch} with the main checkout ({touched.Reason}), so nothing was merged.");
        }

        var files = touched.Parts.ToHashSet(StringComparer.Ordinal);
        var own = (await inspector.StatusAsync(record.Repository, cancellationToken))
            .Select(entry => entry.Path)
            .Where(files.Contains)
            .ToList();
        if (own.Count > 0)
        {
            throw Refused(
                $"{record.Repository} has changes of your own in files that the merge would change: {WorktreeCommits.Named(own)}. Nothing was merged. Commit or stash them, then try again."
            );
        }
    }

    private async Task<MergeResult> UnfinishedAsync(
        StoredWorktree record,
        string into,
        GitResult merge,
        bool abortsOnConflict,
        CancellationToken cancellationToken
    )
    {
        if (await inspector.OperationAsync(record.Repository, cancellationToken) is not "MERGE_HEAD")
        {
            records.Write(record with { State = WorktreeState.Ready });
            throw Refused($"git did not merge {record.Branch} ({merge.Reason}). {record.Repository} was not changed.");
        }

        var conflicts = await git.ReadAsync(record.Repository, cancellationToken, "diff", "--name-only", "--diff-filter=U", "-z");
        if (!abortsOnConflict)
        {
            return new MergeResult(MergeOutcome.Conflict, into, conflicts.Parts);
        }

        var abort = await git.WriteAsync(record.Repository, runsHooks: false, cancellationToken, "merge", "--abort");
        return abort.IsDone
            ? new MergeResult(MergeOutcome.Aborted, into, conflicts.Parts)
            : throw Refused(
                $"The merge has conflicts and could not be aborted ({abort.Reason}). Finish or abort it in {record.Repository}."
            );
    }

    private async Task<string> HeadAsync(string checkout, CancellationToken cancellationToken)
    {
        var head = await git.ReadAsync(checkout, cancellationToken, "rev-parse", "--verify", "HEAD");
        return head.IsDone ? head.Line : throw Refused($"git could not find the commit of {checkout} ({head.Reason}).");
    }

    private static FailureException Refused(string sentence) => new(FailureKind.Conflict, sentence);
}
