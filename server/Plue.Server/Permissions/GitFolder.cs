using Plue.Server.Platform;

namespace Plue.Server.Permissions;

/// <summary>
/// Folders that Git treats as a repository although they are not named <c>.git</c>: those with a file HEAD and the folders objects and refs, or a file commondir that
/// refers to these. Git uses the config and the hooks in them.
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
    /// Whether a change of this path is one of a folder that is a repository or is about to become one: of HEAD, objects, refs, commondir, config, hooks and their like,
    /// where two of HEAD, objects and refs are beside it or would be with it; HEAD and commondir count as two.
    /// </summary>
    /// <param name="path">Where it leads.</param>
    /// <param name="workspace">Its real path. What lies above it does not count.</param>
    public static bool IsChanged(string path, string workspace)
    {
        for (var at = path; at.Length > workspace.Length && Path.GetDirectoryName(at) is { } folder; at = folder)
        {
            var name = NameOf(at);
            // HEAD is a file: what is in a folder of that name is none of Git's.
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

    /// <summary>Checks the exact name as Git does; only some file systems ignore case.</summary>
    private static string NameOf(string path) =>
        OperatingSystem.IsLinux()
            ? Path.GetFileName(path)
            : Parts.FirstOrDefault(one => GuardedPaths.Fold(one) == GuardedPaths.Fold(Path.GetFileName(path))) ?? "";

    /// <summary>
    /// True if Git, started in the workspace folder, uses a repository that no agent could have created: the workspace's own <c>.git</c>, or that of a folder
    /// above it, and no argument selects another one.
    /// </summary>
    /// <param name="words">A call of git.</param>
    /// <param name="workspace">Its real path.</param>
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
        return options.All(HarmlessOptions.Contains) && !words.Skip(1).Any(word => IsAnother(word, workspace));
    }

    private static bool IsAnother(string word, string workspace)
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
