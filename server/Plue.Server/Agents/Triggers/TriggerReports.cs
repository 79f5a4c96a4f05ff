using Plue.Server.Platform;

namespace Plue.Server.Agents.Triggers;

/// <summary>Makes events of what the editor reports. What is outside the trusted folders of the window is no event.</summary>
internal sealed class TriggerReports(Workspace workspace, TimeProvider time)
{
    /// <param name="paths">Absolute paths of files that were saved.</param>
    public IReadOnlyList<TriggerEvent> Saved(IReadOnlyList<string> paths) =>
        [
            .. paths
                .Where(Path.IsPathFullyQualified)
                .Select(path => (Path: path, Folder: workspace.TrustedFolders?.FolderOf(path)?.Path))
                .Where(file => file.Folder is not null)
                .GroupBy(
                    file => file.Folder!,
                    file => new TriggerEvent.SavedFile(
                        file.Path,
                        Path.GetRelativePath(file.Folder!, file.Path).Replace(Path.DirectorySeparatorChar, '/'),
                        File.GetLastWriteTimeUtc(file.Path)
                    )
                )
                .Select(group => new TriggerEvent.FileSaved(group.Key, [.. group])),
        ];

    /// <param name="root">The absolute path of the repository.</param>
    /// <param name="conflicts">Relative to the repository.</param>
    /// <returns>Null if no trusted folder is in the repository, or the other way around.</returns>
    public TriggerEvent? Git(string root, GitChange change, string? branch, string? commit, IReadOnlyList<string> conflicts)
    {
        if (
            !Path.IsPathFullyQualified(root)
            || workspace.TrustedFolders?.Paths.FirstOrDefault(folder => RealPath.IsUnder(root, folder) || RealPath.IsUnder(folder, root))
                is not { } folder
        )
        {
            return null;
        }

        // Each window reports the change when it notices it, which may be minutes later. Git writes these files once for each change.
        var id = change switch
        {
            GitChange.Commit => $"commit {root} {commit}",
            GitChange.Branch => $"branch {root} {branch} {ModifiedOf(root, "HEAD")}",
            _ => $"conflict {root} {commit} {ModifiedOf(root, "MERGE_MSG")}",
        };
        return new TriggerEvent.GitChanged(id, change, folder, branch, commit, conflicts);
    }

    /// <param name="folder">The path of a workspace folder.</param>
    /// <returns>Null if it is no trusted folder.</returns>
    public TriggerEvent? Problems(string folder, int errors, int warnings) =>
        workspace.TrustedFolders?.Paths.Contains(folder, StringComparer.Ordinal) == true
            ? new TriggerEvent.ProblemsChanged(folder, errors, warnings, time.GetUtcNow())
            : null;

    /// <summary>Gets when git last wrote a file of the repository, also in a worktree or submodule, whose <c>.git</c> is a file that names the folder.</summary>
    private static long ModifiedOf(string root, string name)
    {
        const int maxBytes = 8192;
        const string prefix = "gitdir: ";
        var git = Path.Combine(root, ".git");
        try
        {
            if (!Directory.Exists(git) && RegularFile.Read(git, maxBytes) is { } link)
            {
                var text = System.Text.Encoding.UTF8.GetString(link).Trim();
                git = text.StartsWith(prefix, StringComparison.Ordinal) ? Path.Combine(root, text[prefix.Length..]) : git;
            }
            return File.GetLastWriteTimeUtc(Path.Combine(git, name)).Ticks;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return 0; // Another window's report of the same change then counts as a change of its own.
        }
    }
}
