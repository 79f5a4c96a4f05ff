namespace Plue.Server.Platform;

/// <summary>The workspace folders of the window. While they are not trusted, their files are not read and no process runs in them.</summary>
internal sealed class Workspace
{
    private volatile WorkspaceFolders? trusted;
    private volatile WorkspaceFolders? open;
    private volatile bool isTrusted;

    /// <summary>Null if no folder is open or the workspace is not trusted. Folders that do not exist are omitted.</summary>
    public WorkspaceFolders? TrustedFolders => trusted;

    /// <summary>The first of <see cref="TrustedFolders"/>.</summary>
    public string? TrustedFolder => trusted?.First.Path;

    /// <summary>The open folders, trusted or not; only for denying access to them.</summary>
    public WorkspaceFolders? OpenFolders => open;

    /// <summary>The first of <see cref="OpenFolders"/>.</summary>
    public string? OpenFolder => open?.First.Path;

    public void Open(string? path, bool trusted) => Open(path is null ? null : WorkspaceFolders.Of(path), trusted);

    public void Open(WorkspaceFolders? folders, bool trusted)
    {
        open = folders;
        SetTrusted(trusted);
    }

    /// <summary>Sets the folders after some were added or removed. A workspace is trusted as a whole.</summary>
    public void Change(WorkspaceFolders? folders) => Open(folders, isTrusted);

    public void SetTrusted(bool trusted)
    {
        isTrusted = trusted;
        this.trusted = trusted ? open?.Existing() : null;
    }
}
