using System.Globalization;
using System.Text;
using Plue.Server.Platform;

namespace Plue.Server.Worktrees;

/// <summary>Finds the processes that work in a folder or have a file of it open. Only Linux lists them; elsewhere only tasks are known.</summary>
internal static class FolderUsers
{
    private const string Processes = "/proc";

    public static IReadOnlyList<string> Of(string folder)
    {
        if (!OperatingSystem.IsLinux())
        {
            return [];
        }

        var real = RealPath.Of(folder);
        List<string> users = [];
        foreach (var process in Directory.EnumerateDirectories(Processes))
        {
            if (
                int.TryParse(Path.GetFileName(process), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                && id != Environment.ProcessId
                && Links(process).Any(target => RealPath.IsUnder(real, target))
            )
            {
                users.Add($"{NameOf(process)} (process {id.ToString(CultureInfo.InvariantCulture)})");
            }
        }

        return users;
    }

    private static IEnumerable<string> Links(string process)
    {
        List<string> links = [Path.Combine(process, "cwd")];
        try
        {
            links.AddRange(Directory.EnumerateFileSystemEntries(Path.Combine(process, "fd")));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // It has ended, or belongs to another user.
        }

        return links.Select(TargetOf).OfType<string>();
    }

    private static string? TargetOf(string link)
    {
        try
        {
            return new FileInfo(link).LinkTarget;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // As above.
            return null;
        }
    }

    private static string NameOf(string process)
    {
        var name = Encoding.UTF8.GetString(ChildProcessTree.ReadOfKernel(Path.Combine(process, "comm"))).Trim();
        return name.Length == 0 ? "a program" : HiddenCharacters.VisibleLine(name);
    }
}
