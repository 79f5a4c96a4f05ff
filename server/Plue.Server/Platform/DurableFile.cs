using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Plue.Server.Platform;

/// <summary>
/// Writes that survive a power cut. .NET's own flush ignores fsync errors, so fsync is called and checked here;
/// directories are 0700 and files 0600 whatever the umask.
/// </summary>
public static partial class DurableFile
{
    private const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode PrivateDirectory = PrivateFile | UnixFileMode.UserExecute;

    /// <summary>Replaces the file or leaves the old one: write new, fsync, rename, fsync the directory.</summary>
    /// <exception cref="IOException">
    /// Nothing was changed; or, when only the last of these failed, what replaced an older file is there and a power cut may bring that one back.
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

    /// <summary>As <see cref="Replace"/>, with the content of another file.</summary>
    /// <exception cref="IOException">As for <see cref="Replace"/>.</exception>
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

    /// <summary>Opens unbuffered; a new file has mode 0600 from its first moment.</summary>
    /// <inheritdoc cref="RegularFile.Open" path="/exception"/>
    public static FileStream OpenPrivate(
        string path,
        FileMode mode,
        FileAccess access,
        FileShare share = FileShare.Read,
        FileOptions fileOptions = FileOptions.None
    ) => RegularFile.Open(path, mode, access, share, fileOptions, PrivateFile);

    /// <summary>Waits until what was written is on the disk.</summary>
    /// <exception cref="IOException">The disk said no; what was written may be lost.</exception>
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

    /// <summary>Creates the folder and the missing ones above it, each 0700 and each known to the disk; folders that exist stay as they are.</summary>
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
