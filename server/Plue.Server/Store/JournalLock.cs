using System.Diagnostics;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Store;

/// <summary>
/// One writer per journal: an operating system lock on <c>&lt;journal&gt;.lock</c>. It ends with its process, however that
/// ends, so the lock of a dead owner is available immediately and a reused process id has no effect. The content of the file
/// only identifies the owner: process id, start time (UTC) and a random token, separated by spaces. A stale or
/// forged file has no effect. File systems without locks offer no such protection.
/// </summary>
internal sealed class JournalLock : IDisposable
{
    private const int Attempts = 8;
    private const int NoSuchFile = 2;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan RequestLifetime = TimeSpan.FromSeconds(5);

    private readonly FileStream file;
    private readonly string token;

    private JournalLock(FileStream file, string token) => (this.file, this.token) = (file, token);

    /// <summary>True if the lock file on disk is still the one that was locked. A deleted file no longer excludes others.</summary>
    public bool IsIntact
    {
        get
        {
            // Compares the file on disk with the open one by stat, which takes a tenth of the time.
            if (
                UnixCalls.StatusOf(file.SafeFileHandle) is { } own
                && UnixCalls.StatusOf(file.SafeFileHandle, file.Name)?.Stamp == own.Stamp
            )
            {
                return true;
            }

            try
            {
                return OperatingSystem.IsWindows() || HasToken(token, file.Name);
            }
            catch (IOException)
            {
                return true;
                // The disk cannot report the file; this does not mean that another process owns it.
            }
        }
    }

    /// <param name="subject">The kind of journal for error messages: <c>chat</c>.</param>
    /// <exception cref="FailureException">Conflict: another process is the owner. StoreReadOnly: the lock could not be created.</exception>
    public static JournalLock Acquire(string journal, string subject)
    {
        for (var attempt = 1; ; attempt++)
        {
            // Several attempts, because a probe by IsHeld briefly looks like an owner.
            if (TryAcquire(journal, subject) is { } acquired)
            {
                return acquired;
            }

            if (attempt == Attempts)
            {
                throw new FailureException(
                    FailureKind.Conflict,
                    $"Another window is writing to this {subject}. Try again when it has finished."
                );
            }

            Thread.Sleep(Pause);
        }
    }

    /// <summary>True if a process, possibly this one, owns the journal.</summary>
    public static bool IsHeld(string journal)
    {
        var path = PathOf(journal);
        try
        {
            if (!File.Exists(path))
            {
                return false;
            }

            var access = OperatingSystem.IsWindows() ? FileAccess.Write : FileAccess.Read;
            using var probe = DurableFile.OpenPrivate(path, FileMode.Open, access, FileShare.ReadWrite | FileShare.Delete);
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    /// <summary>Asks the owner to release the lock between two writes.</summary>
    public static void RequestRelease(string journal)
    {
        try
        {
            if (IsReleaseRequested(journal))
            {
                return;
            }

            using var mark = DurableFile.OpenPrivate(
                RequestPathOf(journal),
                FileMode.Create,
                FileAccess.Write,
                FileShare.ReadWrite | FileShare.Delete
            );
            mark.WriteByte((byte)'\n');
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Without the request, the wait may be longer.
        }
    }

    /// <summary>True if another process is waiting. The request of a killed process expires after a few seconds.</summary>
    public static bool IsReleaseRequested(string journal) =>
        new FileInfo(RequestPathOf(journal)) is { Exists: true } mark && DateTime.UtcNow - mark.LastWriteTimeUtc < RequestLifetime;

    /// <summary>Removes the request. Processes that still wait make a new one.</summary>
    public static void ClearRequest(string journal)
    {
        try
        {
            File.Delete(RequestPathOf(journal));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        { /* It ends by itself. */
        }
    }

    private static string RequestPathOf(string journal) => journal + ".wanted";

    public static string PathOf(string journal) => journal + ".lock";

    /// <summary>Deletes the file while it is still locked, so that no one's lock is deleted by another.</summary>
    public void Dispose()
    {
        if (!OperatingSystem.IsWindows() && IsIntact)
        {
            try
            {
                File.Delete(file.Name);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            { /* A file left behind is without effect. */
            }
        }

        file.Dispose();
    }

    /// <returns>Null if it is held or being probed.</returns>
    /// <exception cref="FailureException">StoreReadOnly: the lock could not be created.</exception>
    public static JournalLock? TryAcquire(string journal, string subject)
    {
        var path = PathOf(journal);
        FileStream lockFile;
        try
        {
            if (new FileInfo(path).LinkTarget is not null)
            {
                throw new FailureException(
                    FailureKind.StoreReadOnly,
                    $"{path} is a link, so this {subject} is not opened for writing. Remove the link."
                );
            }

            var share = OperatingSystem.IsWindows() ? FileShare.Read : FileShare.None;
            var options = OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None;
            lockFile = DurableFile.OpenPrivate(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, share, options);
        }
        catch (IOException exception) when (FileLock.IsHeldElsewhere(exception))
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.From(exception, $"This {subject} cannot be opened for writing");
        }

        // The former owner may have deleted the file between opening and locking; then the lock has no effect.
        var newToken = Guid.NewGuid().ToString("N");
        try
        {
            var content = Encoding.ASCII.GetBytes(FormattableString.Invariant($"{Environment.ProcessId} {StartTime.Value:O} {newToken}\n"));
            lockFile.SetLength(0);
            lockFile.Write(content);
            if (HasToken(newToken, path))
            {
                return new JournalLock(lockFile, newToken);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            lockFile.Dispose();
            throw StoreFailure.From(exception, $"This {subject} cannot be opened for writing");
        }

        lockFile.Dispose();
        return null;
    }

    private static readonly Lazy<DateTime> StartTime = new(() =>
    {
        using var self = Process.GetCurrentProcess();
        return self.StartTime.ToUniversalTime();
    });

    /// <summary>True if the lock file exists and contains the token.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    private static bool HasToken(string token, string path)
    {
        Span<byte> buffer = stackalloc byte[256];
        try
        {
            using var handle = RegularFile.OpenHandle(path);
            return Encoding
                .ASCII.GetString(buffer[..RandomAccess.Read(handle, buffer, 0)])
                .EndsWith(token + "\n", StringComparison.Ordinal);
        }
        catch (IOException exception) when (exception is FileNotFoundException || exception.HResult == NoSuchFile)
        {
            return false;
        }
    }
}
