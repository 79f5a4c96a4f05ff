using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Plue.Server.Platform;

/// <summary>
/// Reads what a user named without ever waiting for it: a pipe that nobody writes to, a device that never ends, a file that grows meanwhile.
/// </summary>
public static partial class OrdinaryFile
{
    private const int LinuxNonBlocking = 0x800;
    private const int LinuxCloseOnExec = 0x80000;
    private const int MacNonBlocking = 0x4;
    private const int MacCloseOnExec = 0x1000000;

    /// <param name="most">Bytes; a larger file is not read.</param>
    /// <returns>Null when the file is larger than <paramref name="most"/>.</returns>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    /// <exception cref="NotSupportedException">It is a folder, a pipe, a socket or a device.</exception>
    /// <exception cref="IOException">The disk said no.</exception>
    public static byte[]? Read(string path, int most)
    {
        if (Directory.Exists(path)) { throw new NotSupportedException("It is a folder."); }
        if (IsOfTheSystem(path)) { throw new NotSupportedException("It is not an ordinary file."); }

        using var handle = Open(path);
        return Read(handle, most);
    }

    /// <summary>As <see cref="Read(string,int)"/>, of a file that was opened without waiting.</summary>
    internal static byte[]? Read(SafeFileHandle handle, int most)
    {
        var size = LengthOf(handle);
        if (size > most) { return null; }

        var content = new byte[size];
        var read = 0;
        while (read < content.Length && RandomAccess.Read(handle, content.AsSpan(read), read) is > 0 and var more) { read += more; }

        // A device and what the system makes up have no size and yet something to read.
        if (size == 0 && RandomAccess.Read(handle, new byte[1], 0) > 0) { throw new NotSupportedException("It is not an ordinary file."); }
        return read == content.Length ? content : content[..read];
    }

    /// <summary>Opens a file that is too large to be read at once.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    /// <exception cref="NotSupportedException">It is a folder, a pipe, a socket or a device.</exception>
    /// <exception cref="IOException">The disk said no.</exception>
    public static FileStream OpenRead(string path)
    {
        if (Directory.Exists(path)) { throw new NotSupportedException("It is a folder."); }
        if (IsOfTheSystem(path)) { throw new NotSupportedException("It is not an ordinary file."); }

        var handle = Open(path);
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

    /// <summary>What lies in shared memory is an ordinary file.</summary>
    private static bool IsOfTheSystem(string path) =>
        !OperatingSystem.IsWindows() && !path.StartsWith("/dev/shm/", StringComparison.Ordinal) && new[] { "/dev/", "/proc/", "/sys/" }.Any(folder => path.StartsWith(folder, StringComparison.Ordinal));

    private static long LengthOf(SafeFileHandle handle)
    {
        try { return RandomAccess.GetLength(handle); }
        catch (NotSupportedException) { throw new NotSupportedException("It is not an ordinary file."); }
    }

    private static SafeFileHandle Open(string path)
    {
        if (OperatingSystem.IsWindows()) { return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete); }

        var handle = open(path, OperatingSystem.IsLinux() ? LinuxNonBlocking | LinuxCloseOnExec : MacNonBlocking | MacCloseOnExec);
        if (!handle.IsInvalid) { return handle; }

        var (error, message) = (Marshal.GetLastPInvokeError(), Marshal.GetLastPInvokeErrorMessage());
        handle.Dispose();
        throw error switch
        {
            2 or 20 => new FileNotFoundException(message, path), // ENOENT, ENOTDIR
            1 or 13 => new UnauthorizedAccessException(message), // EPERM, EACCES
            6 or 102 => new NotSupportedException("It is not an ordinary file."), // ENXIO for a socket, EOPNOTSUPP on macOS
            _ => new IOException(message, error),
        };
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);
}
