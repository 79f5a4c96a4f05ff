using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Editor;

/// <summary>The editor of this window, and its documents with unsaved changes: it reports their paths, so that a saved file costs no request. Thread-safe.</summary>
public sealed class EditorWindow
{
    /// <summary>For the note that a text is not the one on the disk.</summary>
    public const string UnsavedNote = "unsaved changes in the editor";

    private static readonly StringComparer PathComparer = OperatingSystem.IsLinux()
        ? StringComparer.Ordinal
        : StringComparer.OrdinalIgnoreCase;
    private volatile IReadOnlyDictionary<string, string> unsaved = new Dictionary<string, string>();

    /// <summary>Null without a window.</summary>
    public IEditor? Editor { get; set; }

    /// <summary>The real paths of documents with unsaved changes.</summary>
    public IEnumerable<string> Unsaved => unsaved.Keys;

    public bool HasUnsaved => unsaved.Count > 0;

    /// <param name="paths">All that there are, as the editor names them.</param>
    public void SetUnsaved(IEnumerable<string> paths)
    {
        Dictionary<string, string> now = new(PathComparer);
        // Links are followed once for each document: a rename changes the list thousands of times.
        var known = unsaved.ToDictionary(one => one.Value, one => one.Key, StringComparer.Ordinal);
        foreach (var path in paths.Where(Path.IsPathFullyQualified))
        {
            now[known.GetValueOrDefault(path) ?? RealPath.TargetOf(path) ?? path] = path;
        }

        unsaved = now;
    }

    public bool IsUnsaved(string realPath) => Editor is not null && unsaved.ContainsKey(realPath);

    /// <returns>The text in the editor; null if the document has no unsaved changes.</returns>
    /// <exception cref="FailureException">The editor did not answer.</exception>
    public async Task<string?> ReadUnsavedAsync(string realPath, CancellationToken cancellationToken) =>
        Editor is { } editor && unsaved.TryGetValue(realPath, out var path) ? await editor.ReadAsync(path, cancellationToken) : null;

    /// <param name="expected">The text as it was read.</param>
    /// <returns><see cref="EditorWriteOutcome.NotUnsaved"/> if the file itself is to be written.</returns>
    /// <exception cref="FailureException">The editor did not answer.</exception>
    public async Task<EditorWriteOutcome> WriteUnsavedAsync(
        string realPath,
        string expected,
        string text,
        CancellationToken cancellationToken
    ) =>
        Editor is { } editor && unsaved.TryGetValue(realPath, out var path)
            ? await editor.WriteAsync(path, expected, text, cancellationToken)
            : EditorWriteOutcome.NotUnsaved;

    /// <summary>As the editor names a file: a folder that was opened by a link keeps its name.</summary>
    /// <param name="opened">The folders as they were opened.</param>
    public static string NameOf(string realPath, WorkspaceFolders? opened)
    {
        foreach (var folder in opened?.Paths ?? [])
        {
            if (RealPath.Of(folder) is var real && real != folder && RealPath.IsUnder(real, realPath))
            {
                return Path.GetFullPath(Path.GetRelativePath(real, realPath), folder);
            }
        }

        return realPath;
    }
}
