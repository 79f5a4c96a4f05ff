using Microsoft.Win32.SafeHandles;
using Plue.Server.Platform;

namespace Plue.Server.Policy;

/// <summary>
/// Checks that only an administrator can change a policy file: on Unix, root owns it and all its folders, and no other user can write to them.
/// </summary>
internal static class PolicyTrust
{
    private const uint WritableByOthers = 0x12;
    private const uint Root = 0;

    /// <returns>Why the file is not trusted, as a sentence; null if it is.</returns>
    /// <param name="realPath">The path with links resolved.</param>
    public static string? ProblemOf(SafeFileHandle file, string realPath)
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }
        if (ProblemOf(realPath, UnixCalls.OwnerOf(file)) is { } problem)
        {
            return problem;
        }

        for (var folder = Path.GetDirectoryName(realPath); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            using var handle = UnixCalls.OpenFolder(folder);
            if ((handle.IsInvalid ? $"{folder} cannot be opened." : ProblemOf(folder, UnixCalls.OwnerOf(handle))) is { } ofFolder)
            {
                return ofFolder;
            }
        }

        return null;
    }

    /// <param name="found">Null if unknown.</param>
    internal static string? ProblemOf(string path, (uint Owner, uint Mode)? found) =>
        found is not { } status ? $"The owner of {path} is not known."
        : status.Owner != Root ? $"{path} is not owned by root."
        : (status.Mode & WritableByOthers) != 0 ? $"{path} can be changed by users other than root."
        : null;
}
