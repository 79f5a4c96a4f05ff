using Plue.Server.Platform;

namespace Plue.Server.Permissions;

/// <summary>
/// Deletes empty files and folders that earlier versions created in a workspace as mount points and left behind when they were killed. They are empty, guarded,
/// created in groups of three or more within a second, and older than any command can run. Everything else belongs to the user.
/// </summary>
internal static class SandboxLeftovers
{
    private const int MinTogether = 3;
    private const int RemoveFolder = 0x200;
    private static readonly TimeSpan MinAge = TimeSpan.FromHours(1);
    private static readonly TimeSpan MaxSpread = TimeSpan.FromSeconds(1);

    /// <param name="names">The names that those versions created at the top level of the workspace.</param>
    public static void Remove(string workspace, IReadOnlyList<string> names, DateTime now)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var folder = UnixCalls.OpenFolder(workspace);
        if (folder.IsInvalid)
        {
            return;
        }

        var empty = names
            .Select(name => (Name: name, Facts: UnixCalls.StatusOf(folder, name)))
            .Where(one => one.Facts is { } status && IsEmpty(Path.Combine(workspace, one.Name), status))
            .ToList();
        if (empty.Count < MinTogether)
        {
            return;
        }

        var (first, last) = (empty.Min(one => one.Facts!.Value.Changed), empty.Max(one => one.Facts!.Value.Changed));
        if (last - first > MaxSpread || now - last < MinAge)
        {
            return;
        }

        // The system refuses to remove a non-empty folder.
        foreach (var (name, status) in empty)
        {
            _ = UnixCalls.unlinkat(folder, name, status!.Value.IsFolder ? RemoveFolder : 0);
        }
    }

    private static bool IsEmpty(string path, UnixCalls.FileStatus status)
    {
        try
        {
            return status.IsFolder ? !Directory.EnumerateFileSystemEntries(path).Any() : status is { IsRegularFile: true, Size: 0 };
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
