namespace Plue.Server.Platform;

/// <summary>The workspace folder of the window. While it is not trusted, its files are not read and no process runs in it.</summary>
public sealed class Workspace
{
    private volatile string? trustedFolder;
    private volatile string? folder;

    /// <summary>Null without a folder, and as long as the folder is not trusted.</summary>
    public string? TrustedFolder => trustedFolder;

    /// <summary>The open folder, trusted or not: only to keep away from what is in it.</summary>
    public string? OpenFolder => folder;

    public void Open(string? path, bool trusted)
    {
        folder = path;
        SetTrusted(trusted);
    }

    public void SetTrusted(bool trusted) => trustedFolder = trusted && Directory.Exists(folder) ? folder : null;
}
