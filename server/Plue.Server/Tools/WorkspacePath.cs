using Plue.Server.Permissions;
using Plue.Server.Platform;

namespace Plue.Server.Tools;

/// <summary>A file or folder of the workspace as a model names it, and where it really is: every link on the way is followed once, here, and none later.</summary>
/// <param name="Folders">Of the workspace, with their real paths.</param>
/// <param name="Folder">The folder that it is in.</param>
/// <param name="Requested">Absolute, as it was named.</param>
/// <param name="Relative">From its folder, without links, with <c>/</c>; empty for the folder itself.</param>
internal sealed record WorkspacePath(WorkspaceFolders Folders, WorkspaceFolder Folder, string Requested, string Relative)
{
    private const int MaxLinks = 40;
    private const int MaxLength = 4096;

    /// <summary>The real path of its folder.</summary>
    public string Workspace => Folder.Path;

    /// <summary>From the workspace: with several folders it begins with the name of its folder.</summary>
    public string Shown => Folders.Shown(Folder, Relative);

    /// <summary>The path for display: one line, hidden characters visible.</summary>
    public string Display => HiddenCharacters.VisibleLine(Shown);

    public string Full => Relative.Length == 0 ? Workspace : Path.Combine(Workspace, Relative.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>Both names are judged when they differ: a rule may speak of either.</summary>
    public IReadOnlyList<ToolAction> ActionsFor(Func<string, ToolAction> action) =>
        Requested == Full ? [action(Full)] : [action(Full), action(Requested)];

    /// <param name="named">From the workspace, or absolute.</param>
    /// <exception cref="ToolFailureException">It leads out of the workspace, nowhere or in a cycle.</exception>
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

    /// <summary>A path that the editor names.</summary>
    /// <returns>Null for a file outside the workspace.</returns>
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

    /// <summary>The path with every link in it followed, whether or not there is something at its end.</summary>
    /// <exception cref="IOException">The links lead in a cycle.</exception>
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

    /// <summary>The last first.</summary>
    private static IEnumerable<string> Names(string path) =>
        path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries)
            .Where(name => name != ".")
            .Reverse();
}
