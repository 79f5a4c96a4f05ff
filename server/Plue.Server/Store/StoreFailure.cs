using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>Describes a disk error in one sentence with a way to fix it.</summary>
internal static class StoreFailure
{
    /// <param name="what">The beginning of the sentence: <c>This chat was not saved</c>.</param>
    public static FailureException From(Exception exception, string what) =>
        exception as FailureException ?? new FailureException(FailureKind.StoreReadOnly, $"{what}: {Why(exception)}", exception);

    private static string Why(Exception exception) =>
        exception is UnauthorizedAccessException
            ? "Plue has no permission to write to its data folder. Check the folder's owner and permissions, then try again."
            : (exception.HResult & 0xFFFF) switch
            {
                28 or 112 => "there is no space left on the disk. Free some space and try again.", // ENOSPC, ERROR_DISK_FULL
                122 or 69 => "your disk quota is used up. Free some space and try again.", // EDQUOT on Linux, on macOS
                27 => "the file reached the maximum size of the file system. Start a new chat.", // EFBIG
                30 or 19 => "the disk is read-only. Make it writable, or move the data folder with PLUE_HOME.", // EROFS, ERROR_WRITE_PROTECT
                _ => $"{exception.Message.TrimEnd('.')}. Check the disk and try again.",
            };
}
