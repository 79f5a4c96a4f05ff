using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Codices;

/// <summary>An exclusive lock on the documents of one collection, shared by all processes that use this home folder.</summary>
internal static class DocumentLock
{
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(10);

    /// <param name="kind">A collection name or <c>settings</c>.</param>
    /// <param name="what">The start of the error message: <c>The settings were not changed</c>.</param>
    /// <exception cref="FailureException">Conflict: the wait for another process timed out. StoreReadOnly.</exception>
    public static IDisposable Acquire(PluePaths paths, string kind, string what)
    {
        try
        {
            return FileLock.Acquire(paths.LockFile(kind), LockTimeout);
        }
        catch (IOException exception) when (FileLock.IsHeldElsewhere(exception))
        {
            throw new FailureException(FailureKind.Conflict, $"{what} because another window is writing. Try again.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.StoreReadOnly,
                $"{what}: {exception.Message} Make {paths.Home} writable, then try again.",
                exception
            );
        }
    }
}
