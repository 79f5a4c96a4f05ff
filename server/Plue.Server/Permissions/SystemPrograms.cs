using Plue.Server.Platform;

namespace Plue.Server.Permissions;

/// <summary>Resolves program names, and determines whether only the owner of the system could have installed the program.</summary>
/// <param name="searchPath">The PATH of commands.</param>
internal sealed class SystemPrograms(string? searchPath)
{
    private static readonly string[] Folders = ["/bin", "/usr/bin", "/sbin", "/usr/sbin", "/usr/lib/cargo/bin"];

    /// <returns>The name of the program; null if it is unknown or not a system program.</returns>
    /// <param name="workspace">The workspace folders, which a model can write to.</param>
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
            // The first match runs, so a PATH folder in the workspace takes precedence over the system.
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

    /// <summary>True if a name without a path may resolve to a program in the workspace, which a model can write to.</summary>
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
