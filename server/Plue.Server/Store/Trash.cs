using Microsoft.Extensions.Logging;
using Plue.Server.Platform;

namespace Plue.Server.Store;

/// <summary>The folder of deleted files until they expire. The modification time of a file is the time of its deletion.</summary>
internal static class Trash
{
    /// <summary>Sets the modification time of a file before it is moved to the trash, so that its retention starts now.</summary>
    /// <exception cref="IOException">Or UnauthorizedAccessException: the file cannot be touched and should stay where it is.</exception>
    public static void Stamp(string file, TimeProvider time) => File.SetLastWriteTimeUtc(file, time.GetUtcNow().UtcDateTime);

    /// <summary>The prefix of folders in the trash. Other folders are not Plue's.</summary>
    public const string FolderPrefix = "folder-";

    /// <summary>Moves a folder to the trash.</summary>
    /// <exception cref="IOException">Or UnauthorizedAccessException: it cannot be moved, such as from another disk, and stays where it is.</exception>
    public static void MoveFolder(string folder, string target, TimeProvider time)
    {
        Directory.Move(folder, target);
        Directory.SetLastWriteTimeUtc(target, time.GetUtcNow().UtcDateTime);
    }

    /// <summary>Deletes expired files. Files that cannot be deleted stay and are logged.</summary>
    /// <returns>The number of deleted files.</returns>
    public static int RemoveOlderThan(TimeSpan age, PluePaths paths, TimeProvider time, ILogger logger)
    {
        var removed = 0;
        try
        {
            var folder = new DirectoryInfo(paths.Trash);
            // A trash folder that is a link may lead to other files of the user.
            if (!folder.Exists || folder.LinkTarget is not null)
            {
                return 0;
            }

            var oldest = time.GetUtcNow().UtcDateTime - age;
            foreach (var file in folder.EnumerateFiles().Where(file => file.LastWriteTimeUtc < oldest))
            {
                try
                {
                    file.Delete();
                    removed++;
                }
                catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
                {
                    logger.LogWarning("{File} could not be deleted from the trash: {Reason}", file.Name, fault.Message);
                }
            }

            foreach (
                var old in folder
                    .EnumerateDirectories($"{FolderPrefix}*")
                    .Where(old => old.LinkTarget is null && old.LastWriteTimeUtc < oldest)
            )
            {
                try
                {
                    old.Delete(recursive: true);
                    removed++;
                }
                catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
                {
                    logger.LogWarning("{File} could not be deleted from the trash: {Reason}", old.Name, fault.Message);
                }
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            logger.LogWarning("The trash could not be read: {Reason}", fault.Message);
        }

        if (removed > 0)
        {
            logger.LogInformation("{Count} files were deleted from the trash after {Days} days", removed, age.TotalDays);
        }
        return removed;
    }
}
