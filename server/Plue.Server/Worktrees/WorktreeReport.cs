using Plue.Server.Platform;

namespace Plue.Server.Worktrees;

/// <param name="Orphaned">Why nothing works in it anymore, as a sentence; null if its task exists.</param>
internal sealed record WorktreeRow(StoredWorktree Record, WorktreeContents Contents, string? Orphaned)
{
    /// <summary>Gets the branch of the main checkout; null if none is checked out, or in a list.</summary>
    public string? Into { get; init; }
}

/// <summary>The worktrees of all tasks with what they hold, also those that a killed process or a deleted task left behind.</summary>
/// <param name="Strangers">Folders where worktrees are stored that have no record, and records that cannot be read.</param>
internal sealed record WorktreeReport(IReadOnlyList<WorktreeRow> Rows, IReadOnlyList<string> Strangers)
{
    public static async Task<WorktreeReport> CreateAsync(
        PluePaths paths,
        WorktreeRecords records,
        WorktreeInspector inspector,
        CancellationToken cancellationToken
    )
    {
        var (stored, unreadable) = records.List();
        List<WorktreeRow> rows = [];
        foreach (var record in stored.Where(record => record.State != WorktreeState.Removed))
        {
            rows.Add(await RowAsync(record, inspector, cancellationToken));
        }

        var known = stored
            .Where(record => record.State != WorktreeState.Removed)
            .Select(record => record.Path)
            .ToHashSet(StringComparer.Ordinal);
        var folders = Directory.Exists(paths.Worktrees)
            ? Directory.EnumerateDirectories(paths.Worktrees).SelectMany(Directory.EnumerateDirectories)
            : [];
        return new WorktreeReport(rows, [.. folders.Where(folder => !known.Contains(folder)).Order(StringComparer.Ordinal), .. unreadable]);
    }

    public static async Task<WorktreeRow> RowAsync(StoredWorktree record, WorktreeInspector inspector, CancellationToken cancellationToken)
    {
        var contents = await inspector.InspectAsync(record, cancellationToken);
        return new WorktreeRow(record, contents, contents.Users.Count > 0 ? null : Orphan(record, contents, inspector));
    }

    private static string? Orphan(StoredWorktree record, WorktreeContents contents, WorktreeInspector inspector) =>
        record.State switch
        {
            WorktreeState.Creating => "Its creation was interrupted. It continues when the task does.",
            WorktreeState.Merging => "Its merge was interrupted. Merge it again, or finish the merge in the main checkout.",
            WorktreeState.Removing => "Its removal was interrupted. Remove it again.",
            _ when !contents.Exists => "Its folder does not exist anymore.",
            _ when record.Provisioning is { HasEnded: false, Missing: var missing } =>
                $"Its provisioning was interrupted, and continues when the task does. {string.Join(" ", missing)}",
            _ when inspector.IsDeleted(record) => "Its task was deleted.",
            _ => null,
        };
}
