using Plue.Protocol;
using Plue.Server.Worktrees;

namespace Plue.Server.Rpc;

/// <summary>worktree/*: the git worktrees of tasks.</summary>
internal sealed class WorktreeHandlers(WorktreeServices services)
{
    public void Register(RpcServer server)
    {
        server.Map(Methods.WorktreeList, async (_, cancellationToken) => WorktreeViews.View(await services.ReportAsync(cancellationToken)));
        server.Map(
            Methods.WorktreeMerge,
            async (parameters, cancellationToken) =>
                WorktreeViews.View(
                    await services.Merge.MergeAsync(
                        parameters.Task,
                        parameters.CommitMessage,
                        parameters.AbortOnConflict,
                        cancellationToken
                    ),
                    services.Worktrees.Get(parameters.Task)
                )
        );
        server.Map(
            Methods.WorktreeRemove,
            async (parameters, cancellationToken) =>
                WorktreeViews.View(await services.Worktrees.RemoveAsync(parameters.Task, cancellationToken))
        );
    }
}
