using Plue.Protocol;
using Plue.Server.Edits;
using Plue.Server.Messages;
using Plue.Server.Worktrees;

namespace Plue.Server.Rpc;

/// <summary>worktree/*: the git worktrees of tasks.</summary>
/// <param name="folder">Returns the trusted folder of which worktrees are made; null for none.</param>
/// <param name="changed">Publishes the row of a task whose worktree changed, by its ID.</param>
internal sealed class WorktreeHandlers(WorktreeServices services, EditReviews reviews, Func<string?> folder, Action<string> changed)
{
    public void Register(RpcServer server)
    {
        server.Map(Methods.WorktreeList, async (_, cancellationToken) => WorktreeViews.View(await services.ReportAsync(cancellationToken)));
        server.Map(Methods.WorktreeCheck, async (_, cancellationToken) => new WorktreeCheckResult(await ProblemAsync(cancellationToken)));
        server.Map(
            Methods.WorktreeGet,
            async (asked, cancellationToken) => WorktreeViews.View(await services.RowAsync(IdOf(asked.Task), cancellationToken))
        );
        server.Map(
            Methods.WorktreeChanges,
            async (asked, cancellationToken) => WorktreeViews.View(await services.Diff.FilesAsync(IdOf(asked.Task), cancellationToken))
        );
        server.Map(
            Methods.WorktreeContent,
            async (asked, cancellationToken) =>
                new EditContentResult(await services.Diff.BaseTextAsync(IdOf(asked.Task), asked.Path, cancellationToken))
        );
        server.Map(
            Methods.WorktreePending,
            async (asked, cancellationToken) => WorktreeViews.View(await services.Diff.PendingAsync(IdOf(asked.Task), cancellationToken))
        );
        server.Map(
            Methods.WorktreeCommit,
            async (asked, cancellationToken) =>
            {
                var (record, commit) = await services.Commits.CommitAsync(IdOf(asked.Task), asked.Message, cancellationToken);
                changed(record.Task);
                return new WorktreeCommitResult(record.Branch, commit);
            }
        );
        server.Map(
            Methods.WorktreeMerge,
            async (asked, cancellationToken) =>
            {
                var id = IdOf(asked.Task);
                var result = await services.Merge.MergeAsync(id, asked.CommitMessage, asked.AbortOnConflict, cancellationToken);
                var record = services.Worktrees.Get(id);
                if (result.Outcome is MergeOutcome.Merged or MergeOutcome.Conflict)
                {
                    // What is merged is reviewed; undoing it in the worktree would not undo it in the main checkout.
                    reviews.AcceptAll(record.Folder);
                }

                changed(id);
                return WorktreeViews.View(result, record);
            }
        );
        server.Map(
            Methods.WorktreePlanPullRequest,
            async (asked, cancellationToken) =>
                WorktreeViews.View(await services.PullRequests.PlanAsync(IdOf(asked.Task), cancellationToken))
        );
        server.Map(
            Methods.WorktreeCreatePullRequest,
            async (asked, cancellationToken) =>
            {
                var (id, seen) = (IdOf(asked.Task), asked.Confirmed);
                var address = await services.PullRequests.CreateAsync(
                    id,
                    asked.Title,
                    asked.Body,
                    (seen.Remote, seen.Address, seen.Base, seen.Commit),
                    cancellationToken
                );
                changed(id);
                return new WorktreePullRequestResult(address);
            }
        );
        server.Map(
            Methods.WorktreeRemove,
            async (asked, cancellationToken) =>
            {
                var removed = await services.Worktrees.RemoveAsync(IdOf(asked.Task), cancellationToken);
                changed(removed.Record.Task);
                return WorktreeViews.View(removed);
            }
        );
    }

    private async Task<string?> ProblemAsync(CancellationToken cancellationToken)
    {
        try
        {
            await services.Worktrees.CheckAsync(
                folder() ?? throw new FailureException(FailureKind.Untrusted, "No trusted folder is open."),
                cancellationToken
            );
            return null;
        }
        catch (FailureException fault)
        {
            return fault.Message;
        }
    }

    private static string IdOf(string task) => EditLog.IdOf(task);
}
