using System.Diagnostics;

namespace Plue.Server.Platform;

/// <summary>
/// An advisory file lock for files that several processes change. The operating system releases it when the holder exits for any reason. The lock file
/// is kept, because removing it would let two processes hold the lock. File systems without locks have no such protection.
/// </summary>
internal static class FileLock
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits for the lock; disposing the result releases it.</summary>
    /// <param name="path">The path of the lock file; its folder is created if missing.</param>
    /// <exception cref="IOException">
    /// Another process held the lock longer than <paramref name="timeout"/>, or locks are not supported, which fails immediately.
    /// </exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not writable.</exception>
    public static IDisposable Acquire(string path, TimeSpan timeout)
    {
        for (var began = Stopwatch.GetTimestamp(); ; )
        {
            if (TryAcquire(path, isLast: Stopwatch.GetElapsedTime(began) >= timeout) is { } turn)
            {
                return turn;
            }

            Thread.Sleep(Pause);
        }
    }

    /// <inheritdoc cref="Acquire"/>
    public static async Task<IDisposable> AcquireAsync(string path, TimeSpan timeout, CancellationToken cancellationToken)
    {
        for (var began = Stopwatch.GetTimestamp(); ; )
        {
            if (TryAcquire(path, isLast: Stopwatch.GetElapsedTime(began) >= timeout) is { } turn)
            {
                return turn;
            }

            await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>True if opening failed because another process holds the lock: EWOULDBLOCK (11 on Linux, 35 on macOS), or a sharing violation on Windows.</summary>
    public static bool IsHeldElsewhere(IOException exception) =>
        exception is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException)
        && (OperatingSystem.IsWindows() ? (exception.HResult & 0xFFFF) is 32 or 33 : exception.HResult is 11 or 35);

    private static FileStream? TryAcquire(string path, bool isLast)
    {
        try
        {
            DurableFile.CreatePrivateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            return DurableFile.OpenPrivate(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (!isLast && IsHeldElsewhere(exception))
        {
            return null;
        }
    }
}
