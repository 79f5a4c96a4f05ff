using Plue.Protocol;
using Plue.Server.Worktrees;

namespace Plue.Server.Rpc;

/// <summary>Converts worktrees to the protocol.</summary>
internal static class WorktreeViews
{
    public static WorktreeView View(WorktreeRow row) =>
        new()
        {
            Task = row.Record.Task,
            Title = row.Record.Title,
            Folder = row.Record.Folder,
            Branch = row.Record.Branch,
            Base = row.Record.Base,
            Repository = row.Record.Repository,
            State = row.Record.State.ToString().ToLowerInvariant(),
            Changed = row.Contents.Changed,
            Untracked = row.Contents.Untracked,
            Commits = row.Contents.Commits,
            Unclear = row.Contents.Unclear,
            Users = row.Contents.Users,
            Orphaned = row.Orphaned,
            Into = row.Into,
            Provisioning = View(row.Record.Provisioning),
        };

    public static TaskWorktreeView View(StoredWorktree record) =>
        new(record.Task, record.Folder, record.Branch, record.Repository, record.State.ToString().ToLowerInvariant())
        {
            Provisioning = View(record.Provisioning),
        };

    private static ProvisioningView? View(StoredProvisioning? provisioning) =>
        provisioning is null
            ? null
            : new(
                provisioning.HasEnded,
                provisioning.Steps.Sum(step => step.Seconds ?? 0),
                provisioning.Bytes,
                [
                    .. provisioning.Steps.Select(step => new ProvisioningStepView(
                        step.Kind.ToString().ToLowerInvariant(),
                        step.Name,
                        step.State.ToString().ToLowerInvariant(),
                        step.Note,
                        step.Seconds
                    )),
                ]
            );

    public static WorktreeChangesResult View((StoredWorktree Record, IReadOnlyList<WorktreeFile> Files, int Total) changes) =>
        new(
            changes.Record.Path,
            changes.Record.Branch,
            changes.Record.Base,
            [.. changes.Files.Select(file => new WorktreeFileView(file.Path, (EditKind)file.Change, file.Added, file.Removed))],
            changes.Total
        );

    public static WorktreePullRequestPlan View(PullRequestPlan plan) =>
        new(plan.Record.Branch, plan.Remote, plan.Address, plan.Base, plan.Commit, plan.Commits);

    public static WorktreePendingResult View((StoredWorktree Record, string Patch, IReadOnlyList<string> Untracked) pending) =>
        new(pending.Record.Path, pending.Patch, pending.Untracked);

    public static WorktreeListResult View(WorktreeReport report) => new([.. report.Rows.Select(View)], report.Strangers);

    public static WorktreeRemoveResult View((StoredWorktree Record, bool IsBranchDeleted) removed) =>
        new(removed.Record.Task, removed.Record.Trash ?? "", removed.Record.Branch, removed.IsBranchDeleted);

    public static WorktreeMergeResult View(MergeResult result, StoredWorktree record) =>
        new(
            result.Outcome switch
            {
                MergeOutcome.Merged => "merged",
                MergeOutcome.UpToDate => "upToDate",
                MergeOutcome.Conflict => "conflict",
                _ => "aborted",
            },
            record.Branch,
            result.Into,
            result.Conflicts
        );

    public static string Sentence(MergeResult result, StoredWorktree record) =>
        result.Outcome switch
        {
            MergeOutcome.Merged => $"{record.Branch} was merged into {result.Into}.",
            MergeOutcome.UpToDate => $"{result.Into} already has everything of {record.Branch}.",
            MergeOutcome.Conflict =>
                $"The merge into {result.Into} has conflicts. Resolve them in {record.Repository} and commit, or undo it with: git merge --abort",
            _ => $"{record.Branch} was not merged, because there are conflicts. {record.Repository} is as it was.",
        };
}
