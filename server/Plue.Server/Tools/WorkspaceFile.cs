using Plue.Server.Permissions;
using Plue.Server.Platform;

namespace Plue.Server.Tools;

/// <summary>Reads and writes workspace files by descriptor, with errors as sentences for the model.</summary>
internal static class WorkspaceFile
{
    /// <summary>Bytes of a file that is read or changed.</summary>
    public const int MaxBytes = 32 * 1024 * 1024;

    /// <exception cref="ToolFailureException">It cannot be read.</exception>
    public static byte[] Read(WorkspacePath path) =>
        TryRead(path) ?? throw new ToolFailureException($"There is no file {path.Display}.{Hint(path)}");

    /// <returns>Null when there is no such file.</returns>
    /// <exception cref="ToolFailureException">It cannot be read.</exception>
    public static byte[]? TryRead(WorkspacePath path)
    {
        if (path.Relative.Length == 0)
        {
            throw new ToolFailureException("The path is the workspace folder, not a file. Use `search` to list its files.");
        }

        try
        {
            using var folder = new FolderHandle(path.Workspace);
            return folder.Read(path.Relative, MaxBytes)
                ?? throw new ToolFailureException(
                    $"{path.Display} is larger than {MaxBytes / (1024 * 1024)} MiB. Use `search` to find the location, or a command that prints part of it."
                );
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (NotAFileException fault)
        {
            throw new ToolFailureException(
                fault.IsFolder
                    ? $"{path.Display} is a folder. Use `search` with `files` to list its contents."
                    : $"{path.Display} is a pipe, socket or device, not a regular file, so it was not read.",
                fault
            );
        }
        catch (UnauthorizedAccessException fault)
        {
            throw new ToolFailureException($"{path.Display} could not be read: permission denied.", fault);
        }
        catch (IOException fault)
        {
            throw new ToolFailureException($"{path.Display} could not be read ({fault.Message.TrimEnd('.')}).", fault);
        }
    }

    /// <param name="expected">The hash of what is there now; null when there must be nothing.</param>
    /// <exception cref="ToolFailureException">It was not written.</exception>
    public static void Write(WorkspacePath path, ReadOnlySpan<byte> content, string? expected)
    {
        if (GuardedWatch.IsAwaited(RealPath.TargetOf(path.Full) ?? path.Full))
        {
            throw new ToolFailureException(
                $"{path.Relative} was not written because a command is running in the workspace and could change it. Try again after the command ends."
            );
        }

        try
        {
            using var folder = new FolderHandle(path.Workspace);
            folder.Write(path.Relative, content, expected);
        }
        catch (FileChangedException fault)
        {
            throw new ToolFailureException($"{path.Display} changed in the meantime. Nothing was written. Read it again.", fault);
        }
        catch (UnauthorizedAccessException fault)
        {
            throw new ToolFailureException($"{path.Display} could not be written: permission denied. Nothing was changed.", fault);
        }
        catch (IOException fault)
        {
            throw new ToolFailureException($"{path.Display} was not written ({fault.Message.TrimEnd('.')}). Nothing was changed.", fault);
        }
    }

    /// <summary>Gets a hint with a similar name.</summary>
    private static string Hint(WorkspacePath path)
    {
        try
        {
            var folder = Path.GetDirectoryName(path.Full)!;
            if (!RealPath.ResolvesInto(folder, path.Workspace) || !Directory.Exists(folder))
            {
                return " Use `search` with `files` to find it.";
            }

            var names = Directory.EnumerateFileSystemEntries(folder).Take(2000).Select(entry => Path.GetFileName(entry)!).ToList();
            return NearestName.Hint(Path.GetFileName(path.Full), names) is { Length: > 0 } hint
                ? hint
                : " Use `search` with `files` to find it.";
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
