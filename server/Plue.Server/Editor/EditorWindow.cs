using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Editor;

/// <summary>
/// The editor of this window, and the paths of its documents with unsaved changes. The editor reports these paths, so that saved files need no request.
/// Thread-safe.
/// </summary>
internal sealed class EditorWindow
{
    /// <summary>The note for a text that differs from the file on disk.</summary>
    public const string UnsavedNote = "unsaved changes in the editor";

    private static readonly StringComparer PathComparer = OperatingSystem.IsLinux()
        ? StringComparer.Ordinal
        : StringComparer.OrdinalIgnoreCase;
    private volatile IReadOnlyDictionary<string, string> unsaved = new Dictionary<string, string>();

    /// <summary>Gets or sets the editor; null without a window.</summary>
    public IEditor? Editor { get; set; }

    public IEnumerable<string> Unsaved => unsaved.Keys;

    public bool HasUnsaved => unsaved.Count > 0;

    /// <param name="paths">All documents with unsaved changes, as named by the editor.</param>
    public void SetUnsaved(IEnumerable<string> paths)
    {
        Dictionary<string, string> now = new(PathComparer);
        // Links are resolved once per document, because a rename updates the list thousands of times.
        var known = unsaved.ToDictionary(one => one.Value, one => one.Key, StringComparer.Ordinal);
        foreach (var path in paths.Where(Path.IsPathFullyQualified))
        {
            now[known.GetValueOrDefault(path) ?? RealPath.TargetOf(path) ?? path] = path;
        }

        unsaved = now;
    }

    public bool IsUnsaved(string realPath) => Editor is not null && unsaved.ContainsKey(realPath);

    /// <returns>The text in the editor; null if the document has no unsaved changes.</returns>
    /// <exception cref="FailureException">The editor did not respond.</exception>
    public async Task<string?> ReadUnsavedAsync(string realPath, CancellationToken cancellationToken) =>
        Editor is { } editor && unsaved.TryGetValue(realPath, out var path) ? await editor.ReadAsync(path, cancellationToken) : null;

    /// <param name="expected">The text that was read.</param>
    /// <returns><see cref="EditorWriteOutcome.NotUnsaved"/> if the file on disk has to be written.</returns>
    /// <exception cref="FailureException">The editor did not respond.</exception>
    public async Task<EditorWriteOutcome> WriteUnsavedAsync(
        string realPath,
        string expected,
        string text,
        CancellationToken cancellationToken
    ) =>
        Editor is { } editor && unsaved.TryGetValue(realPath, out var path)
            ? await editor.WriteAsync(path, expected, text, cancellationToken)
            : EditorWriteOutcome.NotUnsaved;

    /// <summary>Gets the editor's name of a file: a folder opened through a link keeps the link's path.</summary>
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
