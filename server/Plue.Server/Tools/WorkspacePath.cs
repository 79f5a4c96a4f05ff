using Plue.Server.Permissions;
using Plue.Server.Platform;

namespace Plue.Server.Tools;

/// <summary>A file or folder of the workspace as named by a model, and its real location. All links are resolved here, once, and none later.</summary>
/// <param name="Folders">The workspace folders, with their real paths.</param>
/// <param name="Folder">The folder that contains it.</param>
/// <param name="Requested">The absolute path as given.</param>
/// <param name="Relative">Relative to the folder, with links resolved and with <c>/</c>; empty for the folder itself.</param>
internal sealed record WorkspacePath(WorkspaceFolders Folders, WorkspaceFolder Folder, string Requested, string Relative)
{
    private const int MaxLinks = 40;
    private const int MaxLength = 4096;

    /// <summary>Gets the real path of the folder.</summary>
    public string Workspace => Folder.Path;

    /// <summary>Gets the path relative to the workspace. With several folders, it starts with the folder's name.</summary>
    public string Shown => Folders.Shown(Folder, Relative);

    /// <summary>The path for display: one line, hidden characters visible.</summary>
    public string Display => HiddenCharacters.VisibleLine(Shown);

    public string Full => Relative.Length == 0 ? Workspace : Path.Combine(Workspace, Relative.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>Gets the actions for both paths if they differ, because a rule can match either.</summary>
    public IReadOnlyList<ToolAction> ActionsFor(Func<string, ToolAction> action) =>
        Requested == Full ? [action(Full)] : [action(Full), action(Requested)];

    /// <param name="named">Absolute, or relative to the workspace.</param>
    /// <exception cref="ToolFailureException">The path is outside of the workspace, invalid, or contains a cycle of links.</exception>
    public static WorkspacePath Resolve(WorkspaceFolders? folders, string named)
    {
        if (folders is null)
        {
            throw new ToolFailureException("No workspace folder is open, so no files are available.");
        }
        if (named.Length > MaxLength || named.Contains('\0', StringComparison.Ordinal))
        {
            throw new ToolFailureException("`path` is not a valid file path. Use a path relative to the workspace, with `/`.");
        }
        if (OperatingSystem.IsWindows() && named.AsSpan(Math.Min(2, named.Length)).Contains(':'))
        {
            throw new ToolFailureException($"{HiddenCharacters.VisibleLine(named)} is not a valid file path.");
        }

        var shown = HiddenCharacters.VisibleLine(named);
        var full = Path.GetFullPath(folders.Locate(named));
        string real;
        try
        {
            real = ResolveLinks(full);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new ToolFailureException(
                $"{shown} could not be resolved ({HiddenCharacters.VisibleLine(fault.Message.TrimEnd('.'))}).",
                fault
            );
        }

        return At(folders, real, full.TrimEnd(Path.DirectorySeparatorChar))
            ?? throw new ToolFailureException(
                real == full
                    ? $"{shown} is outside the workspace. Only workspace files are available."
                    : $"{shown} is a link to {HiddenCharacters.VisibleLine(real)}, outside the workspace. Only workspace files are available."
            );
    }

    /// <summary>Gets the path for a file named by the editor.</summary>
    /// <returns>Null for a file outside of the workspace.</returns>
    public static WorkspacePath? Find(WorkspaceFolders folders, string path) =>
        Path.IsPathFullyQualified(path) && (RealPath.TargetOf(path) ?? path) is var real ? At(folders, real, real) : null;

    private static WorkspacePath? At(WorkspaceFolders folders, string real, string requested)
    {
        if (folders.FolderOf(real) is not { } folder)
        {
            return null;
        }

        var relative = Path.GetRelativePath(folder.Path, real).Replace(Path.DirectorySeparatorChar, '/');
        return new WorkspacePath(folders, folder, requested, relative == "." ? "" : relative);
    }

    /// <summary>Resolves all links in a path, whether or not its target exists.</summary>
    /// <exception cref="IOException">The links form a cycle.</exception>
    private static string ResolveLinks(string full)
    {
        var at = Path.GetPathRoot(full)!;
        var links = 0;
        var names = new Stack<string>(Names(full[at.Length..]));
        while (names.TryPop(out var name))
        {
            if (name == "..")
            {
                at = Path.GetDirectoryName(at) ?? at;
                continue;
            }

            var next = Path.Combine(at, name);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                at = next;
                continue;
            }
            if (++links > MaxLinks)
            {
                throw new IOException("its links form a cycle");
            }
            if (Path.IsPathRooted(target))
            {
                at = Path.GetPathRoot(target)!;
            }

            foreach (var one in Names(target[(Path.GetPathRoot(target)?.Length ?? 0)..]))
            {
                names.Push(one);
            }
        }

        return at;
    }

    /// <summary>Gets the names of a path in reverse order.</summary>
    private static IEnumerable<string> Names(string path) =>
        path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries)
            .Where(name => name != ".")
            .Reverse();
}
