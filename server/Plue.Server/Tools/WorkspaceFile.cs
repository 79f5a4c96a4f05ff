using Plue.Server.Permissions;
using Plue.Server.Platform;

namespace Plue.Server.Tools;

/// <summary>Reads and writes files of the workspace by descriptor, and says in a sentence for the model what went wrong.</summary>
internal static class WorkspaceFile
{
    /// <summary>Bytes of a file that is read or changed.</summary>
    public const int MaxBytes = 32 * 1024 * 1024;

    /// <exception cref="ToolFailureException">It cannot be read.</exception>
    public static byte[] Read(WorkspacePath path) => TryRead(path) ?? throw new ToolFailureException($"There is no file {path.Display}.{Hint(path)}");

    /// <returns>Null when there is no such file.</returns>
    /// <exception cref="ToolFailureException">It cannot be read.</exception>
    public static byte[]? TryRead(WorkspacePath path)
    {
        if (path.Relative.Length == 0) { throw new ToolFailureException("That is the workspace itself and no file. Use `search` to list its files."); }

        try
        {
            using var folder = new FolderHandle(path.Workspace);
            return folder.Read(path.Relative, MaxBytes) ?? throw new ToolFailureException($"{path.Display} is larger than {MaxBytes / (1024 * 1024)} MiB. Use `search` to find the place, or a command that shows a part of it.");
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException) { return null; }
        catch (NotAFileException fault)
        {
            throw new ToolFailureException(fault.IsFolder
                ? $"{path.Display} is a folder. Use `search` with `files` to list what is in it."
                : $"{path.Display} is no ordinary file but a pipe, a socket or a device, and is not read.", fault);
        }
        catch (UnauthorizedAccessException fault) { throw new ToolFailureException($"{path.Display} may not be read: the system refuses it.", fault); }
        catch (IOException fault) { throw new ToolFailureException($"{path.Display} could not be read ({fault.Message.TrimEnd('.')}).", fault); }
    }

    /// <param name="expected">The hash of what is there now; null when there must be nothing.</param>
    /// <exception cref="ToolFailureException">It was not written.</exception>
    public static void Write(WorkspacePath path, ReadOnlySpan<byte> content, string? expected)
    {
        if (GuardedWatch.IsAwaited(RealPath.TargetOf(path.Full) ?? path.Full))
        {
            throw new ToolFailureException($"{path.Relative} was not written, because a command runs in the workspace and could change it. Try again when the command has ended.");
        }

        try
        {
            using var folder = new FolderHandle(path.Workspace);
            folder.Write(path.Relative, content, expected);
        }
        catch (FileChangedException fault) { throw new ToolFailureException($"{path.Display} changed meanwhile. Nothing was written; read it again.", fault); }
        catch (UnauthorizedAccessException fault) { throw new ToolFailureException($"{path.Display} may not be written: the system refuses it. Nothing was changed.", fault); }
        catch (IOException fault)
        {
            throw new ToolFailureException($"{path.Display} was not written ({fault.Message.TrimEnd('.')}). Nothing was changed.", fault);
        }
    }

    /// <summary>What was meant, perhaps.</summary>
    private static string Hint(WorkspacePath path)
    {
        try
        {
            var folder = Path.GetDirectoryName(path.Full)!;
            if (!RealPath.ResolvesInto(folder, path.Workspace) || !Directory.Exists(folder)) { return " Use `search` with `files` to find it."; }

            var names = Directory.EnumerateFileSystemEntries(folder).Take(2000).Select(entry => Path.GetFileName(entry)!).ToList();
            return NearestName.Hint(Path.GetFileName(path.Full), names) is { Length: > 0 } hint ? hint : " Use `search` with `files` to find it.";
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException) { return ""; }
    }
}
