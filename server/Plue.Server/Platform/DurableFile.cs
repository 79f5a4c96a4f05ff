using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Plue.Server.Platform;

/// <summary>
/// Writes that survive a power failure. .NET's flush ignores fsync errors, so fsync is called and checked here.
/// Directories are created with mode 0700 and files with 0600, regardless of the umask.
/// </summary>
internal static partial class DurableFile
{
    private const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode PrivateDirectory = PrivateFile | UnixFileMode.UserExecute;

    /// <summary>Replaces the file atomically: writes a new file, syncs it, renames it and syncs the directory.</summary>
    /// <exception cref="IOException">
    /// Nothing was changed. If only the last sync failed, the new content is in place, but a power failure may restore the old file.
    /// </exception>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        var temporary = TemporaryBeside(path);
        try
        {
            using var stream = OpenPrivate(temporary, FileMode.CreateNew, FileAccess.Write);
            stream.Write(content);
            Sync(stream.SafeFileHandle);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        Rename(temporary, path);
    }

    /// <summary>Like <see cref="Replace"/>, with the content of another file.</summary>
    /// <exception cref="IOException">See <see cref="Replace"/>.</exception>
    public static void Copy(string from, string path)
    {
        var temporary = TemporaryBeside(path);
        try
        {
            using var source = RegularFile.OpenRead(from);
            using var target = OpenPrivate(temporary, FileMode.CreateNew, FileAccess.Write);
            source.CopyTo(target);
            Sync(target.SafeFileHandle);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        Rename(temporary, path);
    }

    /// <summary>Moves a file to an unused name and creates the folder if missing.</summary>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public static void Move(string from, string to)
    {
        var (source, target) = (Path.GetDirectoryName(Path.GetFullPath(from))!, Path.GetDirectoryName(Path.GetFullPath(to))!);
        CreatePrivateDirectory(target);
        File.Move(from, to);
        try
        {
            SyncDirectory(target);
            SyncDirectory(source);
        }
        catch
        {
            File.Move(to, from);
            throw;
        }
    }

    private static void Rename(string temporary, string path)
    {
        var isNew = !File.Exists(path);
        try
        {
            File.Move(temporary, path, overwrite: true);
            SyncDirectory(Path.GetDirectoryName(temporary)!);
        }
        catch
        {
            File.Delete(temporary);
            if (isNew)
            {
                File.Delete(path);
            }
            throw;
        }
    }

    private static string TemporaryBeside(string path)
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(path)) ?? throw new IOException($"{path} has no directory.");
        CreatePrivateDirectory(directory);
        return Path.Combine(directory, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}.tmp");
    }

    /// <summary>Opens a file unbuffered; a new file is created with mode 0600.</summary>
    /// <inheritdoc cref="RegularFile.Open" path="/exception"/>
    public static FileStream OpenPrivate(
        string path,
        FileMode mode,
        FileAccess access,
        FileShare share = FileShare.Read,
        FileOptions fileOptions = FileOptions.None
    ) => RegularFile.Open(path, mode, access, share, fileOptions, PrivateFile);

    /// <summary>Waits until written data is on the disk.</summary>
    /// <exception cref="IOException">The sync failed; written data may be lost.</exception>
    public static void Sync(SafeFileHandle handle)
    {
        if (OperatingSystem.IsWindows())
        {
            RandomAccess.FlushToDisk(handle);
            return;
        }

        if (fsync(handle) != 0)
        {
            throw new IOException(
                $"The disk did not store the data (fsync: {Marshal.GetLastPInvokeErrorMessage()}).",
                Marshal.GetLastPInvokeError()
            );
        }
    }

    public static void SyncDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var handle = UnixCalls.OpenFolder(directory);
        if (handle.IsInvalid || fsync(handle) != 0)
        {
            throw new IOException(
                $"The folder {directory} could not be synced ({Marshal.GetLastPInvokeErrorMessage()}).",
                Marshal.GetLastPInvokeError()
            );
        }
    }

    /// <summary>Creates the folder and its missing parents with mode 0700 and syncs each; existing folders do not change.</summary>
    public static void CreatePrivateDirectory(string directory)
    {
        if (Directory.Exists(directory))
        {
            return;
        }

        var parent = Path.GetDirectoryName(Path.GetFullPath(directory));
        if (parent is not null)
        {
            CreatePrivateDirectory(parent);
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
            return;
        }

        Directory.CreateDirectory(directory, PrivateDirectory);
        if (parent is not null)
        {
            SyncDirectory(parent);
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle fd);
}
