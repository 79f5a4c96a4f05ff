using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Edits;

/// <summary>The edits of one tool call in the folders of a workspace: one edit scope per folder. Paths are shown relative to the workspace.</summary>
internal sealed class FolderEdits : IEditScope
{
    private readonly WorkspaceFolders folders;
    private readonly List<(WorkspaceFolder Folder, IEditScope Scope)> scopes = [];

    private FolderEdits(WorkspaceFolders folders) => this.folders = folders;

    /// <inheritdoc cref="IEditLog.BeginAsync"/>
    public static async ValueTask<IEditScope> BeginAsync(
        IEditLog log,
        EditAuthor author,
        WorkspaceFolders folders,
        IReadOnlyList<string>? paths,
        IReadOnlyDictionary<string, byte[]>? unsaved,
        CancellationToken cancellationToken
    )
    {
        if (!folders.AreSeveral)
        {
            return await log.BeginAsync(author, folders.First.Path, paths, unsaved, cancellationToken);
        }

        var all = new FolderEdits(folders);
        try
        {
            foreach (var folder in folders.All)
            {
                var own = paths?.Where(path => folders.FolderOf(RealOf(path)) == folder).ToList();
                if (own is not { Count: 0 })
                {
                    all.scopes.Add((folder, await log.BeginAsync(author, folder.Path, own, unsaved, cancellationToken)));
                }
            }
        }
        catch
        {
            await all.EndAsync(CancellationToken.None);
            throw;
        }

        return all;
    }

    public async ValueTask<IReadOnlyList<FileChange>> EndAsync(CancellationToken cancellationToken)
    {
        List<FileChange> changes = [];
        foreach (var (folder, scope) in scopes)
        {
            var own = await scope.EndAsync(cancellationToken);
            changes.AddRange(own.Select(change => change with { Path = folders.Shown(folder, change.Path) }));
        }

        return changes;
    }

    /// <summary>Gets the real path of a file. If the last part is a link, the link itself is what changes.</summary>
    private static string RealOf(string path) =>
        Path.GetDirectoryName(path) is { } parent ? Path.Combine(RealPath.Of(parent), Path.GetFileName(path)) : path;
}
