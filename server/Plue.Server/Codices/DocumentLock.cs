using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Codices;

/// <summary>A turn at the documents of one kind, for every process of this home.</summary>
internal static class DocumentLock
{
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(10);

    /// <param name="kind">A collection, or <c>settings</c>.</param>
    /// <param name="what">The beginning of the sentence: <c>The settings were not changed</c>.</param>
    /// <exception cref="FailureException">Conflict: another process held it too long. StoreReadOnly.</exception>
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
