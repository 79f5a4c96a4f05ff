using Plue.Server.Platform;

namespace Plue.Server.Permissions;

/// <summary>
/// Detects folders that Git uses as a repository although they are not named <c>.git</c>: those with a file HEAD and the folders objects and refs, or a file
/// commondir that refers to these. Git uses the config and the hooks in them.
/// </summary>
internal static class GitFolder
{
    private const int Essential = 2;
    private static readonly string[] Essentials = ["HEAD", "objects", "refs"];
    private static readonly HashSet<string> Parts = new(StringComparer.Ordinal)
    {
        "HEAD",
        "objects",
        "refs",
        "commondir",
        "config",
        "config.worktree",
        "hooks",
        "info",
        "packed-refs",
        "gitdir",
    };
    private static readonly string[] HarmlessOptions =
    [
        "--no-pager",
        "-P",
        "--no-optional-locks",
        "--literal-pathspecs",
        "--no-replace-objects",
        "--no-advice",
        "--version",
        "--help",
    ];

    public static bool IsGitFolder(string folder) =>
        File.Exists(Path.Combine(folder, "HEAD"))
        && (
            File.Exists(Path.Combine(folder, "commondir"))
            || (Directory.Exists(Path.Combine(folder, "objects")) && Directory.Exists(Path.Combine(folder, "refs")))
        );

    /// <summary>
    /// True if a change of this path affects a folder that is a repository or would become one: the path is a part such as HEAD, objects, refs, commondir,
    /// config or hooks, and next to it, including itself, there are two of HEAD, objects and refs, or HEAD and commondir.
    /// </summary>
    /// <param name="path">The real path.</param>
    /// <param name="workspace">The real path of the workspace; folders above it are ignored.</param>
    public static bool IsChanged(string path, string workspace)
    {
        for (var at = path; at.Length > workspace.Length && Path.GetDirectoryName(at) is { } folder; at = folder)
        {
            var name = NameOf(at);
            // HEAD is a file, so the content of a folder with this name does not matter.
            if (!Parts.Contains(name) || (name == "HEAD" && at != path))
            {
                continue;
            }
            if (Essentials.Count(Has) >= Essential || (Has("HEAD") && Has("commondir")))
            {
                return true;
            }

            bool Has(string one) => one == name || Path.Exists(Path.Combine(folder, one));
        }

        return false;
    }

    /// <summary>Gets the name as Git compares it; only some file systems ignore case.</summary>
    private static string NameOf(string path) =>
        OperatingSystem.IsLinux()
            ? Path.GetFileName(path)
            : Parts.FirstOrDefault(one => GuardedPaths.Fold(one) == GuardedPaths.Fold(Path.GetFileName(path))) ?? "";

    /// <summary>
    /// True if Git, started in the workspace folder, uses a repository that no agent could have created: the workspace's <c>.git</c> or that of a parent
    /// folder, and no argument selects another one.
    /// </summary>
    /// <param name="words">The words of a git command.</param>
    /// <param name="workspace">The real path of the workspace.</param>
    /// <param name="isUnsettled">True if another command on the line can change the workspace before Git runs.</param>
    public static bool IsOwn(IReadOnlyList<string> words, string workspace, bool isUnsettled)
    {
        var own = Path.Combine(workspace, ".git");
        if (!IsGitFolder(own) && GuardedPaths.GitFolderOf(workspace) is null && (isUnsettled || Path.Exists(own) || IsGitFolder(workspace)))
        {
            return false;
        }

        // Options before the subcommand can select another repository or change its settings.
        var options = words.Skip(1).TakeWhile(word => word.StartsWith('-'));
        return options.All(HarmlessOptions.Contains) && !words.Skip(1).Any(word => NamesOtherRepository(word, workspace));
    }

    private static bool NamesOtherRepository(string word, string workspace)
    {
        foreach (var named in (string[])[word, word[(word.IndexOf('=', StringComparison.Ordinal) + 1)..]])
        {
            var path = named.StartsWith("file://", StringComparison.OrdinalIgnoreCase) ? named["file://".Length..] : named;
            if (path.Length is 0 or > 4096 || path.Contains('\0', StringComparison.Ordinal))
            {
                continue;
            }

            var folder = Path.Combine(workspace, path);
            if (
                Directory.Exists(folder)
                && RealPath.TargetOf(folder) is var real
                && real != workspace
                && (real is null || IsGitFolder(real) || Path.Exists(Path.Combine(real, ".git")))
            )
            {
                return true;
            }
        }

        return false;
    }
}
