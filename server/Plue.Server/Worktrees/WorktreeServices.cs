using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Worktrees;

/// <summary>The services for the worktrees of tasks.</summary>
internal sealed class WorktreeServices
{
    private readonly PluePaths paths;
    private readonly WorktreeRecords records;
    private readonly WorktreeInspector inspector;

    public WorktreeServices(PlatformServices platform, StoreServices store)
    {
        paths = platform.Paths;
        records = new WorktreeRecords(paths);
        var git = new Git(Environment.GetEnvironmentVariable);
        inspector = new WorktreeInspector(git, store.Chats);
        Worktrees = new Worktrees(paths, platform.Time, git, records, inspector);
        Merge = new WorktreeMerge(git, records, inspector, Worktrees);
    }

    public Worktrees Worktrees { get; }
    public WorktreeMerge Merge { get; }

    /// <summary>Lists all worktrees with what they hold.</summary>
    public Task<WorktreeReport> ReportAsync(CancellationToken cancellationToken) =>
        WorktreeReport.CreateAsync(paths, records, inspector, cancellationToken);

    /// <exception cref="Messages.FailureException">NotFound: the task has no worktree.</exception>
    public Task<WorktreeRow> RowAsync(string task, CancellationToken cancellationToken) =>
        WorktreeReport.RowAsync(Worktrees.Get(task), inspector, cancellationToken);
}
