using System.Diagnostics;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Store;

/// <summary>
/// One writer per journal: an operating system lock on <c>&lt;journal&gt;.lock</c>. It ends with the process that holds it, however that
/// ends, so a dead owner is taken over at once, a reused process id means nothing and nobody has to be asked or killed. The file's
/// content only says who the owner is: process id, start time (UTC) and a random token, separated by spaces. A file left behind or
/// forged by hand is without effect. On a file system without locks there is no such protection.
/// </summary>
internal sealed class JournalLock : IDisposable
{
    private const int Attempts = 8;
    private const int NoSuchFile = 2; // ENOENT
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan RequestLifetime = TimeSpan.FromSeconds(5);

    private readonly FileStream file;
    private readonly string token;

    private JournalLock(FileStream file, string token) => (this.file, this.token) = (file, token);

    /// <summary>Whether the lock file is still the one that was locked: deleted by hand, it keeps nobody out.</summary>
    public bool IsIntact
    {
        get
        {
            // The file of this name and the one that is open here are the same: asked of the system, because that takes a tenth of the time.
            if (UnixCalls.StatusOf(file.SafeFileHandle) is { } own && UnixCalls.StatusOf(file.SafeFileHandle, file.Name)?.Stamp == own.Stamp) { return true; }

            try { return OperatingSystem.IsWindows() || HasToken(token, file.Name); }
            catch (IOException) { return true; } // a disk that cannot say so is no sign of another owner
        }
    }

    /// <param name="subject">What the journal holds, for the sentence: <c>chat</c>.</param>
    /// <exception cref="FailureException">Conflict: another owner lives. StoreReadOnly: no lock can be made here.</exception>
    public static JournalLock Acquire(string journal, string subject)
    {
        for (var attempt = 1; ; attempt++)
        {
            // Several attempts, because a glance of IsHeld looks like an owner for a moment.
            if (TryAcquire(journal, subject) is { } acquired) { return acquired; }

            if (attempt == Attempts) { throw new FailureException(FailureKind.Conflict, $"Another window is writing to this {subject}. Try again when it has finished."); }

            Thread.Sleep(Pause);
        }
    }

    /// <summary>Whether some process, this one included, owns the journal now.</summary>
    public static bool IsHeld(string journal)
    {
        var path = PathOf(journal);
        try
        {
            if (!File.Exists(path)) { return false; }

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

    /// <summary>Leaves word that somebody waits, so that who writes one message after the other lets it in between.</summary>
    public static void RequestRelease(string journal)
    {
        try
        {
            if (IsReleaseRequested(journal)) { return; }

            using var mark = DurableFile.OpenPrivate(RequestPathOf(journal), FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            mark.WriteByte((byte)'\n');
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Without it the wait may be longer.
        }
    }

    /// <summary>Whether somebody waits; the word of one that was killed counts a few seconds.</summary>
    public static bool IsReleaseRequested(string journal) =>
        new FileInfo(RequestPathOf(journal)) is { Exists: true } mark && DateTime.UtcNow - mark.LastWriteTimeUtc < RequestLifetime;

    /// <summary>Nobody waits any more; who still does says so again.</summary>
    public static void ClearRequest(string journal)
    {
        try { File.Delete(RequestPathOf(journal)); }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException) { /* It ends by itself. */ }
    }

    private static string RequestPathOf(string journal) => journal + ".wanted";

    public static string PathOf(string journal) => journal + ".lock";

    /// <summary>Deletes the file while it is still locked, so that nobody's lock is deleted by another.</summary>
    public void Dispose()
    {
        if (!OperatingSystem.IsWindows() && IsIntact)
        {
            try { File.Delete(file.Name); }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException) { /* A file left behind is without effect. */ }
        }

        file.Dispose();
    }

    /// <returns>Null when it is held, or when somebody glances at it.</returns>
    /// <exception cref="FailureException">StoreReadOnly: no lock can be made here.</exception>
    public static JournalLock? TryAcquire(string journal, string subject)
    {
        var path = PathOf(journal);
        FileStream file;
        try
        {
            if (new FileInfo(path).LinkTarget is not null)
            {
                throw new FailureException(FailureKind.StoreReadOnly, $"{path} is a link, so this {subject} is not opened for writing. Remove the link.");
            }

            var share = OperatingSystem.IsWindows() ? FileShare.Read : FileShare.None;
            var options = OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None;
            file = DurableFile.OpenPrivate(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, share, options);
        }
        catch (IOException exception) when (FileLock.IsHeldElsewhere(exception))
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.From(exception, $"This {subject} cannot be opened for writing");
        }

        // Between opening and locking, the former owner may have deleted this very file: then the lock is on nothing.
        var token = Guid.NewGuid().ToString("N");
        try
        {
            var content = Encoding.ASCII.GetBytes(FormattableString.Invariant($"{Environment.ProcessId} {StartTime.Value:O} {token}\n"));
            file.SetLength(0);
            file.Write(content);
            if (HasToken(token, path)) { return new JournalLock(file, token); }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            file.Dispose();
            throw StoreFailure.From(exception, $"This {subject} cannot be opened for writing");
        }

        file.Dispose();
        return null;
    }

    private static readonly Lazy<DateTime> StartTime = new(() =>
    {
        using var self = Process.GetCurrentProcess();
        return self.StartTime.ToUniversalTime();
    });

    /// <summary>Whether the lock file of this name is the one that carries the token; one that is not there is not.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    private static bool HasToken(string token, string path)
    {
        Span<byte> buffer = stackalloc byte[256];
        try
        {
            using var handle = RegularFile.OpenHandle(path);
            return Encoding.ASCII.GetString(buffer[..RandomAccess.Read(handle, buffer, 0)]).EndsWith(token + "\n", StringComparison.Ordinal);
        }
        catch (IOException exception) when (exception is FileNotFoundException || exception.HResult == NoSuchFile)
        {
            return false;
        }
    }
}
