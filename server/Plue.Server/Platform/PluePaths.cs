using System.Runtime.InteropServices;

namespace Plue.Server.Platform;

/// <summary>The paths of a user's data. <c>PLUE_HOME</c> changes the base folder, and <c>PLUE_MANAGED_POLICY</c> adds a policy.</summary>
/// <param name="userFolder">The home folder, for files shared with other programs; null reads none of them.</param>
public sealed class PluePaths(string home, string? userFolder = null)
{
    public string Home { get; } = Path.GetFullPath(home);
    public string? SharedFolder => userFolder;
    public string Config => Path.Combine(Home, "config.json5");
    public string Providers => Path.Combine(Home, "providers");
    public string Templates => Path.Combine(Home, "templates");
    public string Prompts => Path.Combine(Home, "prompts");
    public string Items => Path.Combine(Home, "items");

    public string Skills => Path.Combine(Home, "skills");

    /// <summary>Approved and disabled skills.</summary>
    public string SkillStates => Path.Combine(Home, "skill-choices.json");

    /// <summary>User instructions for all folders.</summary>
    public string Instructions => Path.Combine(Home, "AGENTS.md");

    /// <summary>The versions of documents.</summary>
    public string History => Path.Combine(Home, "history");

    /// <summary>Approvals of external programs.</summary>
    public string Approvals => Path.Combine(Home, "approvals.json");

    public string Rules => Path.Combine(Home, "permissions.json");

    /// <summary>Approved instruction files with hidden characters.</summary>
    public string AllowedTexts => Path.Combine(Home, "allowed-texts.json");
    public string Catalog => Path.Combine(Home, "catalog");
    public string CatalogBackups => Path.Combine(Catalog, ".backups");
    public string Vault => Path.Combine(Home, "vault.json");
    public string Chats => Path.Combine(Home, "codices", "chats");
    public string Tasks => Path.Combine(Home, "codices", "tasks");

    /// <summary>Attachments, by SHA-256.</summary>
    public string Blobs => Path.Combine(Home, "blobs");

    /// <summary>The record of agent edits and the earlier file contents.</summary>
    public string Edits => Path.Combine(Home, "edits");

    /// <summary>The git worktrees of tasks: a folder for each repository, and in it one for each task.</summary>
    public string Worktrees => Path.Combine(Home, "worktrees");

    /// <summary>The records of worktrees, which are kept if a worktree is not.</summary>
    public string WorktreeRecords => Path.Combine(Home, "worktree-records");

    /// <summary>The reviews of changes with their findings.</summary>
    public string Reviews => Path.Combine(Home, "reviews");

    /// <summary>What triggers ran: a file for each.</summary>
    public string TriggerRuns => Path.Combine(Home, "trigger-runs");

    /// <summary>What each import from other programs created.</summary>
    public string Imports => Path.Combine(Home, "imports.json");

    /// <summary>Copies of files from before a newer version rewrote them.</summary>
    public string Backups => Path.Combine(Home, "backups");
    public string Index => Path.Combine(Home, "index");
    public string Logs => Path.Combine(Home, "logs");
    public string Trash => Path.Combine(Home, "trash");

    /// <summary>Actions that the organization policy denied.</summary>
    public string Refusals => Path.Combine(Home, "refusals.jsonl");
    public string OldRefusals => Path.Combine(Home, "refusals.old.jsonl");

    /// <summary>The organization policy. Only an administrator can write it, and no environment variable changes its path.</summary>
    public string Policy { get; init; } =
        PolicyOf(
            OperatingSystem.IsWindows() ? OSPlatform.Windows
                : OperatingSystem.IsMacOS() ? OSPlatform.OSX
                : OSPlatform.Linux,
            Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData)
        );

    /// <param name="commonData">The folder of Windows for data of all users; others do not use it.</param>
    /// <returns>An absolute path, or one that does not exist if Windows names no such folder.</returns>
    internal static string PolicyOf(OSPlatform system, string commonData) =>
        system == OSPlatform.Windows ? $@"{commonData}\Plue\policy.json5"
        : system == OSPlatform.OSX ? "/Library/Application Support/Plue/policy.json5"
        : "/etc/plue/policy.json5";

    /// <summary>A policy that applies in addition to <see cref="Policy"/>, so it can only restrict further; null for none.</summary>
    public string? AddedPolicy { get; init; }

    /// <summary>Gets the lock file of documents of this kind; see <see cref="FileLock"/>.</summary>
    public string LockFile(string kind) => Path.Combine(Home, "locks", kind);

    /// <summary>Gets the absolute home folder; the root if the system has none. It may not exist, as in a container.</summary>
    public static string UserFolder =>
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify) is var folder
        && Path.IsPathFullyQualified(folder)
            ? folder
        // Never relative to the current folder, which may be untrusted.
        : Path.GetPathRoot(Environment.SystemDirectory) is { Length: > 0 } root ? root
        : "/";

    /// <summary>Gets the paths without creating folders; they are created on the first write.</summary>
    public static PluePaths FromEnvironment()
    {
        var home = Environment.GetEnvironmentVariable("PLUE_HOME");
        var policy = Environment.GetEnvironmentVariable("PLUE_MANAGED_POLICY");
        return new PluePaths(string.IsNullOrWhiteSpace(home) ? Path.Combine(UserFolder, ".plue") : home, UserFolder)
        {
            AddedPolicy = string.IsNullOrWhiteSpace(policy) ? null : Path.GetFullPath(policy),
        };
    }
}
