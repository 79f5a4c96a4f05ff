using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Plue.Server.Platform;

/// <summary>
/// Opens regular files by path without blocking: a folder, pipe, socket or device is refused, even if it appears concurrently.
/// <c>BannedSymbols.txt</c> bans all other ways to open a file.
/// </summary>
internal static partial class RegularFile
{
    private const int DiskType = 1;

    /// <param name="maxBytes">The maximum size; a larger file is not read.</param>
    /// <returns>Null if the file is larger than <paramref name="maxBytes"/>.</returns>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    /// <exception cref="NotAFileException">The path is a folder, pipe, socket or device.</exception>
    /// <exception cref="IOException">A disk error.</exception>
    public static byte[]? Read(string path, int maxBytes)
    {
        using var handle = OpenHandle(path);
        return Read(handle, maxBytes);
    }

    /// <summary>Reads a file of any size that fits into an array.</summary>
    /// <inheritdoc cref="Read(string,int)" path="/exception"/>
    public static byte[] Read(string path) => Read(path, Array.MaxLength) ?? throw new IOException("It is too large.");

    /// <summary>False if there is no file, without the cost of an exception. True also if its folder cannot be searched.</summary>
    public static bool MayExist(string path) => OperatingSystem.IsWindows() ? File.Exists(path) : !UnixCalls.IsMissing(path);

    /// <summary>Reads a file that was opened in non-blocking mode.</summary>
    internal static byte[]? Read(SafeFileHandle handle, int maxBytes)
    {
        var size = LengthOf(handle);
        if (size > maxBytes)
        {
            return null;
        }

        var content = new byte[size];
        var read = 0;
        while (read < content.Length && RandomAccess.Read(handle, content.AsSpan(read), read) is > 0 and var more)
        {
            read += more;
        }

        // Files in /proc have size 0 but have content.
        if (size == 0 && RandomAccess.Read(handle, new byte[1], 0) > 0)
        {
            throw new NotAFileException(isFolder: false);
        }
        return read == content.Length ? content : content[..read];
    }

    /// <summary>Opens a file that is too large to read at once, regardless of locks by other processes.</summary>
    /// <inheritdoc cref="Read(string,int)" path="/exception"/>
    public static FileStream OpenRead(string path)
    {
        var handle = OpenHandle(path);
        try
        {
            LengthOf(handle);
            return new FileStream(handle, FileAccess.Read, bufferSize: 0);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Like <see cref="OpenRead"/>, for reads at given offsets.</summary>
    /// <inheritdoc cref="Read(string,int)" path="/exception"/>
    public static SafeFileHandle OpenHandle(string path)
    {
        if (Directory.Exists(path))
        {
            throw new NotAFileException(isFolder: true);
        }
        if (IsSystemFile(path))
        {
            throw new NotAFileException(isFolder: false);
        }

        return OperatingSystem.IsWindows()
            ? OpenOnWindows(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.None)
            : OpenOnUnix(path, FileMode.Open, FileAccess.Read, default);
    }

    /// <summary>Opens or creates a file, unbuffered.</summary>
    /// <param name="share">
    /// Locks as .NET does on Unix: <see cref="FileShare.None"/> acquires an exclusive advisory lock, and reading a shared one, without waiting.
    /// </param>
    /// <param name="newFile">The permissions of a new file on Unix, before the umask.</param>
    /// <exception cref="FileNotFoundException">The file does not exist and is not created.</exception>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    /// <exception cref="NotAFileException">The path is a folder, pipe, socket or device.</exception>
    /// <exception cref="IOException">Another process holds the lock (<see cref="FileLock.IsHeldElsewhere"/>), or a disk error.</exception>
    public static FileStream Open(string path, FileMode mode, FileAccess access, FileShare share, FileOptions options, UnixFileMode newFile)
    {
        if (OperatingSystem.IsWindows())
        {
            return new FileStream(OpenOnWindows(path, mode, access, share, options), access, bufferSize: 0);
        }

        var handle = OpenOnUnix(path, mode, access, newFile);
        try
        {
            if (share == FileShare.None)
            {
                return new LockedFile(handle, access, path);
            }
            if (access == FileAccess.Read)
            {
                UnixCalls.Lock(handle, UnixCalls.SharedLock);
            }

            return new FileStream(handle, access, bufferSize: 0);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Files in shared memory are regular files.</summary>
    private static bool IsSystemFile(string path) =>
        !OperatingSystem.IsWindows()
        && !path.StartsWith("/dev/shm/", StringComparison.Ordinal)
        && new[] { "/dev/", "/proc/", "/sys/" }.Any(folder => path.StartsWith(folder, StringComparison.Ordinal));

    private static long LengthOf(SafeFileHandle handle)
    {
        try
        {
            return RandomAccess.GetLength(handle);
        }
        catch (NotSupportedException)
        {
            throw new NotAFileException(isFolder: false);
        }
    }

    private static SafeFileHandle OpenOnUnix(string path, FileMode mode, FileAccess access, UnixFileMode newFile)
    {
        var flags =
            access switch
            {
                FileAccess.Read => 0,
                FileAccess.Write => UnixCalls.WriteOnly,
                _ => UnixCalls.ReadWrite,
            }
            | mode switch
            {
                FileMode.CreateNew => UnixCalls.CreateNew,
                FileMode.Create or FileMode.OpenOrCreate => UnixCalls.Create,
                _ => 0,
            };
        var handle = UnixCalls.Open(path, flags | UnixCalls.NonBlocking, newFile);
        if (handle.IsInvalid)
        {
            var (error, message) = (Marshal.GetLastPInvokeError(), Marshal.GetLastPInvokeErrorMessage());
            handle.Dispose();
            throw Error(path, mode, error, message);
        }

        try
        {
            if (UnixCalls.TypeOf(handle) is { } kind && kind != UnixCalls.RegularFileType)
            {
                throw new NotAFileException(kind == UnixCalls.FolderType);
            }
            if (mode is FileMode.Create or FileMode.Truncate)
            {
                RandomAccess.SetLength(handle, 0);
            }

            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private static Exception Error(string path, FileMode mode, int error, string message) =>
        error switch
        {
            UnixCalls.NoEntry when mode is FileMode.Open or FileMode.Truncate => new FileNotFoundException($"{path} is not there.", path),
            UnixCalls.NoEntry => new DirectoryNotFoundException($"The folder of {path} does not exist."),
            UnixCalls.NotADirectory => new FileNotFoundException($"{path} is not there.", path),
            UnixCalls.NotPermitted or UnixCalls.AccessDenied => new UnauthorizedAccessException($"Access to the path '{path}' is denied."),
            UnixCalls.IsFolder => new NotAFileException(isFolder: true),
            // The error of a non-blocking open of a pipe without a reader, or of a socket.
            6 or 102 => new NotAFileException(isFolder: false),
            _ => new IOException($"{message} : '{path}'", error),
        };

    private static SafeFileHandle OpenOnWindows(string path, FileMode mode, FileAccess access, FileShare share, FileOptions options)
    {
        if (Directory.Exists(path))
        {
            throw new NotAFileException(isFolder: true);
        }

#pragma warning disable RS0030 // This class is the allowed wrapper.
        var handle = File.OpenHandle(path, mode, access, share, options);
#pragma warning restore RS0030
        if (GetFileType(handle) == DiskType)
        {
            return handle;
        }

        handle.Dispose();
        throw new NotAFileException(isFolder: false);
    }

    [LibraryImport("kernel32.dll")]
    private static partial int GetFileType(SafeFileHandle file);

    /// <summary>Unlocks before closing, because a child process that is being started briefly holds a copy of the handle.</summary>
    private sealed class LockedFile : FileStream
    {
        private readonly SafeFileHandle handle;

        public LockedFile(SafeFileHandle handle, FileAccess access, string path)
            : base(handle, access, bufferSize: 0)
        {
            this.handle = handle;
            UnixCalls.Lock(handle, UnixCalls.ExclusiveLock);
            Name = path;
        }

        public override string Name { get; }

        protected override void Dispose(bool disposing)
        {
            if (disposing && !handle.IsClosed)
            {
                UnixCalls.Unlock(handle);
            }

            base.Dispose(disposing);
        }
    }
}
