using Plue.Server.Platform;

namespace Plue.Server.Permissions;

/// <summary>Which file a program's name leads to, and whether only the system's owner could have put it there.</summary>
/// <param name="searchPath">The PATH of commands.</param>
internal sealed class SystemPrograms(string? searchPath)
{
    private static readonly string[] Folders = ["/bin", "/usr/bin", "/sbin", "/usr/sbin", "/usr/lib/cargo/bin"];

    /// <returns>The program's own name; null when it cannot be known, or it is not the system's.</returns>
    /// <param name="workspace">Its folders, where a model can put what it likes.</param>
    public string? NameOf(string program, IReadOnlyList<string> workspace)
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }
        if (program.Contains('/', StringComparison.Ordinal))
        {
            return IsInSystemFolder(Path.GetDirectoryName(program)!) && IsInSystemFolder(program) ? Path.GetFileName(program) : null;
        }

        foreach (var folder in (searchPath ?? "").Split(':'))
        {
            // The first that fits runs: a folder that the workspace can fill decides before the system does.
            if (
                !Path.IsPathRooted(folder)
                || (workspace.Count > 0 && (RealPath.TargetOf(folder) is not { } real || workspace.Any(one => RealPath.IsUnder(one, real))))
            )
            {
                return null;
            }

            var file = Path.Combine(folder, program);
            if (File.Exists(file))
            {
                return IsInSystemFolder(folder) && IsInSystemFolder(file) ? program : null;
            }
        }

        return null;
    }

    /// <summary>Whether a bare name may lead into the workspace, where a model can put what it likes.</summary>
    public bool IsInWorkspace(string program, IReadOnlyList<string> workspace)
    {
        if (OperatingSystem.IsWindows() || program.Contains('/', StringComparison.Ordinal))
        {
            return false;
        }

        foreach (var folder in (searchPath ?? "").Split(':'))
        {
            if (!Path.IsPathRooted(folder))
            {
                return true;
            }
            if (File.Exists(Path.Combine(folder, program)))
            {
                return workspace.Any(one => RealPath.IsInside(Path.Combine(folder, program), one) || RealPath.IsInside(folder, one));
            }
        }

        return false;
    }

    private static bool IsInSystemFolder(string path) =>
        Path.IsPathRooted(path) && RealPath.TargetOf(path) is { } real && Folders.Any(folder => RealPath.IsUnder(folder, real));
}
