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
        Commits = new WorktreeCommits(git, records, inspector, Worktrees);
        Merge = new WorktreeMerge(git, records, inspector, Worktrees, Commits);
        Diff = new WorktreeDiff(git, Worktrees);
        Provisioner = new Provisioner(paths, git, records);
        PullRequests = new PullRequests(
            git,
            records,
            inspector,
            Worktrees,
            Commits,
            new SignedInPrograms(Environment.GetEnvironmentVariable)
        );
    }

    public Worktrees Worktrees { get; }
    public WorktreeCommits Commits { get; }
    public WorktreeMerge Merge { get; }
    public WorktreeDiff Diff { get; }
    public Provisioner Provisioner { get; }
    public PullRequests PullRequests { get; }

    /// <summary>Lists all worktrees with what they hold.</summary>
    public Task<WorktreeReport> ReportAsync(CancellationToken cancellationToken) =>
        WorktreeReport.CreateAsync(paths, records, inspector, cancellationToken);

    /// <summary>True if a worktree can be made of a folder, and the whole repository has no changes that are not committed.</summary>
    public async Task<bool> IsCommittedAsync(string folder, CancellationToken cancellationToken)
    {
        try
        {
            await Worktrees.CheckAsync(folder, cancellationToken);
            return (await inspector.StatusAsync(folder, cancellationToken)).Count == 0;
        }
        catch (Messages.FailureException)
        {
            return false;
        }
    }

    /// <exception cref="Messages.FailureException">NotFound: the task has no worktree.</exception>
    public async Task<WorktreeRow> RowAsync(string task, CancellationToken cancellationToken)
    {
        var record = Worktrees.Get(task);
        return await WorktreeReport.RowAsync(record, inspector, cancellationToken) with
        {
            Into = await inspector.BranchAsync(record.Repository, cancellationToken),
        };
    }
}
