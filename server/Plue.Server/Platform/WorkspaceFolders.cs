using System.Diagnostics.CodeAnalysis;

namespace Plue.Server.Platform;

/// <param name="Name">The name in the window: unique in the workspace, without slashes.</param>
/// <param name="Path">An absolute path.</param>
public sealed record WorkspaceFolder(string Name, string Path);

/// <summary>
/// The folders of a workspace, at least one. With one folder, paths are relative to it. With several, paths start with the name of their folder,
/// as VS Code shows them: <c>api/src/main.ts</c>. A folder inside another one is part of it.
/// </summary>
public sealed class WorkspaceFolders
{
    private WorkspaceFolders(IReadOnlyList<WorkspaceFolder> all, bool areSeveral) => (All, AreSeveral) = (all, areSeveral);

    public IReadOnlyList<WorkspaceFolder> All { get; }

    /// <summary>The base of commands and relative paths.</summary>
    public WorkspaceFolder First => All[0];

    /// <summary>True if the window has several folders, even if this instance contains only one of them.</summary>
    public bool AreSeveral { get; }

    public IEnumerable<string> Paths => All.Select(folder => folder.Path);

    /// <summary>A workspace with one folder.</summary>
    public static WorkspaceFolders Of(string path) => new([new WorkspaceFolder(NameOf(path), path)], areSeveral: false);

    /// <returns>Null if there are no folders.</returns>
    public static WorkspaceFolders? Of(IReadOnlyList<WorkspaceFolder> folders)
    {
        var real = folders.Select(folder => RealPath.Of(folder.Path)).ToList();
        bool IsRepeated(int at) =>
            Enumerable
                .Range(0, folders.Count)
                .Any(other => other != at && RealPath.IsUnder(real[other], real[at]) && (real[other] != real[at] || other < at));

        return folders.Count == 0 ? null : new WorkspaceFolders([.. folders.Where((_, at) => !IsRepeated(at))], folders.Count > 1);
    }

    /// <summary>Returns the folders with all links resolved.</summary>
    public WorkspaceFolders Resolved() => new([.. All.Select(folder => folder with { Path = RealPath.Of(folder.Path) })], AreSeveral);

    /// <summary>Returns the folders that exist; null if none does.</summary>
    public WorkspaceFolders? Existing() =>
        All.Where(folder => Directory.Exists(folder.Path)).ToList() is { Count: > 0 } there
            ? new WorkspaceFolders(there, AreSeveral)
            : null;

    /// <returns>The folder that contains the path, compared by name; null if none does.</returns>
    public WorkspaceFolder? FolderOf(string path) => All.FirstOrDefault(folder => RealPath.IsUnder(folder.Path, path));

    /// <summary>True if a path, or its link target, is in one of the folders. Use it to deny access. False if <paramref name="folders"/> is null.</summary>
    public static bool IsInside(WorkspaceFolders? folders, string path) =>
        folders?.Paths.Any(folder => RealPath.IsInside(path, folder)) == true;

    /// <summary>Returns the display path of a path in a folder, with <c>/</c>.</summary>
    /// <param name="relative">Relative to the folder; empty for the folder itself.</param>
    public string Shown(WorkspaceFolder folder, string relative) =>
        !AreSeveral ? relative
        : relative.Length == 0 ? folder.Name
        : $"{folder.Name}/{relative}";

    /// <summary>Splits a display path, as returned by <see cref="Shown"/>, into the folder and the path in it.</summary>
    public bool TryFind(string shown, [NotNullWhen(true)] out WorkspaceFolder? folder, out string relative)
    {
        (folder, relative) = (First, shown);
        if (!AreSeveral)
        {
            return true;
        }

        var end = shown.IndexOf('/', StringComparison.Ordinal);
        var name = end < 0 ? shown : shown[..end];
        (folder, relative) = (All.FirstOrDefault(one => one.Name == name), end < 0 ? "" : shown[(end + 1)..]);
        return folder is not null;
    }

    /// <summary>
    /// Resolves a path from a user or a model: absolute, relative to the folder whose name it starts with, or relative to the first folder.
    /// A path that exists only in another folder resolves to that one.
    /// </summary>
    /// <returns>A path that is not normalized and may be outside the workspace.</returns>
    public string Locate(string named)
    {
        var inFirst = Path.Combine(First.Path, named);
        if (!AreSeveral || Path.IsPathRooted(named))
        {
            return inFirst;
        }

        var plain = named.Replace(Path.DirectorySeparatorChar, '/');
        while (plain.StartsWith("./", StringComparison.Ordinal))
        {
            plain = plain[2..];
        }

        var byName = TryFind(plain, out var folder, out var relative) ? Path.Combine(folder.Path, relative) : null;
        return All.Select(one => Path.Combine(one.Path, named)).Prepend(byName).OfType<string>().FirstOrDefault(Path.Exists)
            ?? byName
            ?? inFirst;
    }

    private static string NameOf(string path) =>
        Path.GetFileName(path.TrimEnd(Path.DirectorySeparatorChar)) is { Length: > 0 } name ? name : path;
}
