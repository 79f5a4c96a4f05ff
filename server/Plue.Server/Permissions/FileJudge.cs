using Plue.Server.Platform;

namespace Plue.Server.Permissions;

/// <summary>Judges reading and changing one file, by where it really leads.</summary>
/// <param name="ordinary">Patterns of guarded files that the user takes for ordinary ones.</param>
internal sealed class FileJudge(ProtectedPaths protectedPaths, string userHome, Func<IReadOnlyList<string>> ordinary)
{
    private const int KeyHead = 256;
    private const string OtherNothing = "/dev/null";

    /// <param name="tool">Which rules that allow count.</param>
    public Finding Read(string path, Rights rights, RuleBook book, string tool)
    {
        if (rights.Workspace is null) { return Finding.Deny("No folder is open, so there is nothing to read."); }
        if (path == OtherNothing) { return Finding.Allow("It is empty."); }
        if (Target(path) is not { } target) { return Finding.AlwaysAsk($"Where {path} leads cannot be known."); }
        if (WhyNotRead(path, target, rights) is { } why) { return Finding.Deny($"{Path.GetFileName(path.TrimEnd('/'))} {why}.", target); }

        var restricted = book.Read(Path.GetFullPath(path), target);
        if (restricted is not null) { return restricted with { Where = target }; }

        return IsWithin(rights, target) ? Finding.Allow("Files of the workspace may be read.")
            : book.AllowsPath(tool, target) ? Finding.Allow("A rule allows it.")
            : Finding.Ask("It lies outside the workspace.", target);
    }

    /// <param name="isByShell">A command does it: outside the workspace that is asked about, where a tool does not go at all.</param>
    public Finding Change(string path, Rights rights, RuleBook book, string tool, bool isByShell)
    {
        if (rights.Workspace is null) { return Finding.Deny("No folder is open, so there is nothing to change."); }
        if (path == OtherNothing && isByShell) { return Finding.Allow("It goes nowhere."); }

        var target = Target(path);
        if (target is not null && IsProtected(path, target)) { return Finding.Deny($"{Path.GetFileName(path)} belongs to Plue or holds sign-ins, and no model changes it.", target); }

        var restricted = target is null ? book.Change(Path.GetFullPath(path)) : book.Change(Path.GetFullPath(path), target);
        if (restricted is { Decision: Decision.Deny }) { return restricted with { Where = target }; }
        if (rights.Mode == PermissionMode.PlanOnly) { return Plan; }
        if (target is null) { return Finding.AlwaysAsk($"Where {path} leads cannot be known."); }

        if (!IsWithin(rights, target))
        {
            return isByShell ? Finding.AlwaysAsk($"It would change {target}, which lies outside the workspace.", target) : Finding.Deny($"It leads to {target}, and only files of the workspace may be changed.", target);
        }

        if (Guard(path, target, rights) is { } guarded) { return guarded; }
        if (IsTop(target, rights)) { return Finding.AlwaysAsk($"It would change {target} as a whole.", target); }
        if (restricted is not null) { return restricted with { Where = target }; }

        return rights.Mode == PermissionMode.EditFreely ? Finding.Allow("Files of the workspace may be changed.")
            : book.AllowsPath(tool, target) ? Finding.Allow("A rule allows it.")
            : Finding.Ask("It changes a file.", target);
    }

    /// <summary>What speaks against a command that is not known only to read and names this path; null for nothing.</summary>
    public Finding? Touch(string path, Rights rights, RuleBook book)
    {
        if (Target(path) is not { } target) { return Finding.AlwaysAsk($"Where {path} leads cannot be known."); }
        if (WhyNotRead(path, target, rights) is { } why) { return Finding.Deny($"{Path.GetFileName(path.TrimEnd('/'))} {why}.", target); }

        var (full, none) = (Path.GetFullPath(path), Finding.Allow(""));
        var found = (book.Read(full, target) ?? none).Or(book.Change(full, target) ?? none).Or(Guard(path, target, rights) ?? none);
        return found.Decision == Decision.Allow ? null : found with { Where = target };
    }

    /// <summary>The root, the user's folder, the workspace, or what one of them lies in.</summary>
    public bool IsTop(string target, Rights rights) =>
        RealPath.LiesIn(target, RealPath.TargetOf(userHome) ?? userHome) || (rights.Workspace is { } folder && RealPath.LiesIn(target, RealPath.TargetOf(folder) ?? folder));

    /// <returns>Null when it cannot be known: also where it depends on whether <c>..</c> is taken before or after a link.</returns>
    public static string? Target(string path)
    {
        var target = RealPath.TargetOf(path);
        return target is null || !path.Contains("..", StringComparison.Ordinal) || RealPath.TargetOf(Path.GetFullPath(path)) == target ? target : null;
    }

    public static bool IsWithin(Rights rights, string target) => rights.Workspace is { } folder && RealPath.TargetOf(folder) is { } real && RealPath.LiesIn(real, target);

    public static Finding Plan { get; } = Finding.Deny("Only plans are made now: nothing is changed or run. Say what you would do.");

    private Finding? Guard(string path, string target, Rights rights)
    {
        var real = rights.Workspace is { } folder ? RealPath.TargetOf(folder) : null;
        var why = GuardedPaths.WhyNotChange(Path.GetFullPath(path), rights.Workspace, ordinary) ?? GuardedPaths.WhyNotChange(target, real, ordinary);
        if (why is null && real is not null && RealPath.LiesIn(real, target) && GitFolder.IsChanged(target, real)) { why = "with it its folder is a repository, and Git runs what that says"; }
        if (why is null && rights.Workspace is { } workspace && GuardedPaths.GitFolderOf(workspace) is { } git && RealPath.LiesIn(git, target)) { why = "version control runs what it says"; }

        return why is not null ? Finding.AlwaysAsk($"{target} is asked about each time: {why}.", target)
            : IsProtected(path, target) ? Finding.Deny($"{Path.GetFileName(path)} belongs to Plue or holds sign-ins, and no model changes it.", target) : null;
    }

    private bool IsProtected(string path, string target) => protectedPaths.WhyNot(path, target) is not null;

    private string? WhyNotRead(string path, string target, Rights rights) =>
        protectedPaths.WhyNot(path, target) ?? GuardedPaths.WhyNotRead(Path.GetFullPath(path), rights.Workspace) ?? GuardedPaths.WhyNotRead(target, null) ?? WhyNotContent(target);

    /// <summary>A private key may have any name.</summary>
    private static string? WhyNotContent(string target)
    {
        try
        {
            if (!File.Exists(target)) { return null; }

            using var file = OrdinaryFile.OpenRead(target);
            var head = new byte[KeyHead];
            return ProtectedPaths.WhyNot(head.AsSpan(0, file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Whoever cannot open it cannot read it either.
            return null;
        }
    }
}
