using System.Diagnostics.CodeAnalysis;

namespace Plue.Server.Platform;

/// <param name="Name">As the window shows it: unique in the workspace, without slashes.</param>
/// <param name="Path">Absolute.</param>
public sealed record WorkspaceFolder(string Name, string Path);

/// <summary>
/// The folders of a workspace, at least one. With one, paths are relative to it. With several, paths begin with the name of their folder, as VS Code shows them:
/// <c>api/src/main.ts</c>. A folder inside another one is a part of that one.
/// </summary>
public sealed class WorkspaceFolders
{
    private WorkspaceFolders(IReadOnlyList<WorkspaceFolder> all, bool areSeveral) => (All, AreSeveral) = (all, areSeveral);

    public IReadOnlyList<WorkspaceFolder> All { get; }

    /// <summary>The folder of commands and of relative paths.</summary>
    public WorkspaceFolder First => All[0];

    /// <summary>True if the window has several, also if only one of them is here.</summary>
    public bool AreSeveral { get; }

    public IEnumerable<string> Paths => All.Select(folder => folder.Path);

    /// <summary>A workspace with one folder.</summary>
    public static WorkspaceFolders Of(string path) => new([new WorkspaceFolder(NameOf(path), path)], areSeveral: false);

    /// <returns>Null without folders.</returns>
    public static WorkspaceFolders? Of(IReadOnlyList<WorkspaceFolder> folders)
    {
        var real = folders.Select(folder => RealPath.Of(folder.Path)).ToList();
        bool IsRepeated(int at) =>
            Enumerable
                .Range(0, folders.Count)
                .Any(other => other != at && RealPath.IsUnder(real[other], real[at]) && (real[other] != real[at] || other < at));

        return folders.Count == 0 ? null : new WorkspaceFolders([.. folders.Where((_, at) => !IsRepeated(at))], folders.Count > 1);
    }

    /// <summary>The same folders without links in their paths.</summary>
    public WorkspaceFolders Resolved() => new([.. All.Select(folder => folder with { Path = RealPath.Of(folder.Path) })], AreSeveral);

    /// <summary>Those that exist; null if none does.</summary>
    public WorkspaceFolders? Existing() =>
        All.Where(folder => Directory.Exists(folder.Path)).ToList() is { Count: > 0 } there
            ? new WorkspaceFolders(there, AreSeveral)
            : null;

    /// <returns>The folder that a path is in, name by name; null if it is outside of all.</returns>
    public WorkspaceFolder? FolderOf(string path) => All.FirstOrDefault(folder => RealPath.IsUnder(folder.Path, path));

    /// <summary>Whether a path, or what it links to, is in one of the folders: for what is kept away from. Null has none.</summary>
    public static bool IsInside(WorkspaceFolders? folders, string path) =>
        folders?.Paths.Any(folder => RealPath.IsInside(path, folder)) == true;

    /// <summary>A path in a folder as it is shown, with <c>/</c>.</summary>
    /// <param name="relative">From the folder; empty for the folder itself.</param>
    public string Shown(WorkspaceFolder folder, string relative) =>
        !AreSeveral ? relative
        : relative.Length == 0 ? folder.Name
        : $"{folder.Name}/{relative}";

    /// <summary>The folder and the path in it of a path as <see cref="Shown"/> returns it.</summary>
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
    /// The path that a user or a model names: absolute, or from a folder whose name it begins with, or from the first folder. A path that does not exist there,
    /// but does in another folder, is of that one.
    /// </summary>
    /// <returns>Not normalized, and perhaps outside the workspace.</returns>
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
