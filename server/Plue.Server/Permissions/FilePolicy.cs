using Plue.Server.Platform;

namespace Plue.Server.Permissions;

/// <summary>Evaluates reads and changes of a file by its real path.</summary>
/// <param name="ordinary">Patterns of guarded files that the user treats as regular files.</param>
internal sealed class FilePolicy(ProtectedPaths protectedPaths, string userHome, Func<IReadOnlyList<string>> ordinary)
{
    private const int KeyHead = 256;
    private const string NullDevice = "/dev/null";

    /// <param name="tool">The tool whose allow rules apply.</param>
    public Evaluation Read(string path, Rights rights, RuleSet ruleSet, string tool)
    {
        if (rights.Folders is null)
        {
            return Evaluation.Deny("No workspace folder is open, so no file can be read.");
        }
        if (path == NullDevice)
        {
            return Evaluation.Allow("It is empty.");
        }
        if (Target(path) is not { } target)
        {
            return Evaluation.AlwaysAsk($"The target of {path} could not be resolved.");
        }
        if (ReadDenialReason(path, target, rights) is { } why)
        {
            return Evaluation.Deny($"{Path.GetFileName(path.TrimEnd('/'))} {why}.", target);
        }

        var restricted = ruleSet.Read(tool, Path.GetFullPath(path), target);
        if (restricted is not null)
        {
            return restricted with { Where = target };
        }

        return IsWithin(rights, target) ? Evaluation.Allow("Workspace files may be read.")
            : ruleSet.AllowsPath(tool, target) ? Evaluation.Allow("A permission rule allows it.")
            : Evaluation.Ask("It is outside the workspace.", target);
    }

    /// <param name="isByShell">True for a command: outside of the workspace, commands require approval, and tools are denied.</param>
    public Evaluation Change(string path, Rights rights, RuleSet ruleSet, string tool, bool isByShell)
    {
        if (rights.Folders is null)
        {
            return Evaluation.Deny("No workspace folder is open, so no file can be changed.");
        }
        if (path == NullDevice && isByShell)
        {
            return Evaluation.Allow("It goes nowhere.");
        }

        var target = Target(path);
        if (target is not null && IsProtected(path, target))
        {
            return Evaluation.Deny($"{Path.GetFileName(path)} belongs to Plue or stores credentials, so models cannot change it.", target);
        }

        var restricted = target is null
            ? ruleSet.Change(tool, Path.GetFullPath(path))
            : ruleSet.Change(tool, Path.GetFullPath(path), target);
        if (restricted is { Decision: Decision.Deny })
        {
            return restricted with { Where = target };
        }
        if (rights.Mode.DeniesChanges())
        {
            return NoChanges(rights);
        }
        if (target is null)
        {
            return Evaluation.AlwaysAsk($"The target of {path} could not be resolved.");
        }

        if (!IsWithin(rights, target))
        {
            return isByShell
                ? Evaluation.AlwaysAsk($"It would change {target}, which is outside the workspace.", target)
                : Evaluation.Deny($"It resolves to {target}. Only workspace files may be changed.", target);
        }

        if (Guard(path, target, rights) is { } guarded)
        {
            return guarded;
        }
        if (IsTop(target, rights))
        {
            return Evaluation.AlwaysAsk($"It would change all of {target}.", target);
        }
        if (restricted is not null)
        {
            return restricted with { Where = target };
        }

        return rights.Mode == PermissionMode.EditFreely ? Evaluation.Allow("Workspace files may be changed.")
            : ruleSet.AllowsPath(tool, target) ? Evaluation.Allow("A permission rule allows it.")
            : Evaluation.Ask("It changes a file.", target);
    }

    /// <summary>Evaluates a path in a command that is not read-only; null if nothing forbids it.</summary>
    public Evaluation? Touch(string path, Rights rights, RuleSet ruleSet)
    {
        if (Target(path) is not { } target)
        {
            return Evaluation.AlwaysAsk($"The target of {path} could not be resolved.");
        }
        if (ReadDenialReason(path, target, rights) is { } why)
        {
            return Evaluation.Deny($"{Path.GetFileName(path.TrimEnd('/'))} {why}.", target);
        }

        var (full, none) = (Path.GetFullPath(path), Evaluation.Allow(""));
        var found = (ruleSet.Read(null, full, target) ?? none)
            .StricterOf(ruleSet.Change(null, full, target) ?? none)
            .StricterOf(Guard(path, target, rights) ?? none);
        return found.Decision == Decision.Allow ? null : found with { Where = target };
    }

    /// <summary>True for the root, the user's folder, the workspace folders, and folders that contain one of them.</summary>
    public bool IsTop(string target, Rights rights) =>
        RealPath.IsUnder(target, RealPath.TargetOf(userHome) ?? userHome)
        || rights.Folders?.Paths.Any(folder => RealPath.IsUnder(target, RealPath.TargetOf(folder) ?? folder)) == true;

    /// <returns>Null if unknown, or if it depends on whether <c>..</c> is resolved before or after a link.</returns>
    public static string? Target(string path)
    {
        var target = RealPath.TargetOf(path);
        return target is null || !path.Contains("..", StringComparison.Ordinal) || RealPath.TargetOf(Path.GetFullPath(path)) == target
            ? target
            : null;
    }

    public static bool IsWithin(Rights rights, string target) => FolderOf(rights, target) is not null;

    /// <summary>Gets the real path of the workspace folder that contains a target; null if it is outside.</summary>
    public static string? FolderOf(Rights rights, string target) =>
        FoldersOf(rights).FirstOrDefault(folder => RealPath.IsUnder(folder, target));

    /// <summary>Gets the real paths of the workspace folders.</summary>
    public static IReadOnlyList<string> FoldersOf(Rights rights) =>
        [.. (rights.Folders?.Paths ?? []).Select(RealPath.TargetOf).OfType<string>()];

    /// <summary>Gets the denial of a change by the mode.</summary>
    public static Evaluation NoChanges(Rights rights) =>
        Evaluation.Deny(
            rights.Mode == PermissionMode.ReadOnly
                ? "Ask mode is on: nothing can be changed or run. Answer from what you can read."
                : "Plan mode is on: nothing can be changed or run. Describe what you would do."
        );

    private Evaluation? Guard(string path, string target, Rights rights)
    {
        var real = FolderOf(rights, target);
        var why =
            GuardedPaths.ChangeReason(Path.GetFullPath(path), NamedFolderOf(path, rights), ordinary)
            ?? GuardedPaths.ChangeReason(target, real, ordinary);
        if (why is null && real is not null && GitFolder.IsChanged(target, real))
        {
            why = "it makes its folder a Git repository, whose configuration can run commands";
        }
        if (
            why is null
            && rights.Folders?.Paths.Any(folder => GuardedPaths.GitFolderOf(folder) is { } git && RealPath.IsUnder(git, target)) == true
        )
        {
            why = "version control runs commands from it";
        }

        return why is not null ? Evaluation.AlwaysAsk($"{target} requires approval each time: {why}.", target)
            : IsProtected(path, target)
                ? Evaluation.Deny($"{Path.GetFileName(path)} belongs to Plue or stores credentials, so models cannot change it.", target)
            : null;
    }

    private static string? NamedFolderOf(string path, Rights rights) => rights.Folders?.FolderOf(Path.GetFullPath(path))?.Path;

    private bool IsProtected(string path, string target) => protectedPaths.DenialReason(path, target) is not null;

    private string? ReadDenialReason(string path, string target, Rights rights) =>
        protectedPaths.ReadDenialReason(path, target)
        ?? GuardedPaths.ReadReason(Path.GetFullPath(path), NamedFolderOf(path, rights))
        ?? GuardedPaths.ReadReason(target, null)
        ?? ContentDenialReason(target);

    /// <summary>Gets why the content denies reading: a private key can have any name.</summary>
    private static string? ContentDenialReason(string target)
    {
        try
        {
            if (!File.Exists(target))
            {
                return null;
            }

            using var file = RegularFile.OpenRead(target);
            var head = new byte[KeyHead];
            return ProtectedPaths.DenialReason(head.AsSpan(0, file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A file that cannot be opened needs no check.
            return null;
        }
    }
}
