using Plue.Server.Platform;
using Plue.Server.Worktrees;

namespace Plue.Server.Health;

/// <summary>Lists worktrees that nothing works in anymore, with what they hold.</summary>
internal sealed class WorktreeChecks(WorktreeServices worktrees)
{
    private const string Name = "Worktrees";

    public async Task<IReadOnlyList<HealthRow>> AllAsync(CancellationToken cancellationToken)
    {
        var report = await worktrees.ReportAsync(cancellationToken);
        List<HealthRow> rows =
        [
            .. report
                .Rows.Where(row => row.Orphaned is not null)
                .Select(row =>
                    HealthRow.Warning(Name, $"{row.Record.Path} holds {row.Contents.Description}. {row.Orphaned}") with
                    {
                        Advice = $"Run: plue worktrees show {row.Record.Task}",
                    }
                ),
            .. report.Strangers.Select(path =>
                HealthRow.Warning(Name, $"{path} does not belong to a known task. It was left as it is.") with
                {
                    Advice = "Save what you need from it, then delete it yourself.",
                }
            ),
        ];
        return rows.Count > 0 ? rows
            : report.Rows.Count == 0 ? [HealthRow.Ok(Name, "No task has a git worktree.")]
            : [HealthRow.Ok(Name, $"{Plural.Of(report.Rows.Count, "git worktree")} of tasks.")];
    }
}
