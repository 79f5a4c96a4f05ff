using Microsoft.Extensions.Logging;
using Plue.Server.Platform;

namespace Plue.Server.Store;

/// <summary>Where deleted files lie until their time is over. A file's time of change says since when it is there.</summary>
public static class Trash
{
    /// <summary>Called before a file is moved to the trash, so that its days count from now and not from when it was last written.</summary>
    /// <exception cref="IOException">Or UnauthorizedAccessException: the file cannot be touched and should stay where it is.</exception>
    public static void Stamp(string file, TimeProvider time) => File.SetLastWriteTimeUtc(file, time.GetUtcNow().UtcDateTime);

    /// <summary>Folders in the trash have it before their names; others are not Plue's.</summary>
    public const string FolderPrefix = "folder-";

    /// <summary>Moves a folder to the trash.</summary>
    /// <exception cref="IOException">Or UnauthorizedAccessException: it cannot be moved, such as from another disk, and stays where it is.</exception>
    public static void MoveFolder(string folder, string target, TimeProvider time)
    {
        Directory.Move(folder, target);
        Directory.SetLastWriteTimeUtc(target, time.GetUtcNow().UtcDateTime);
    }

    /// <summary>Removes for good what has lain there longer. What cannot be removed stays, and the log reports it.</summary>
    /// <returns>How many files went.</returns>
    public static int RemoveOlderThan(TimeSpan age, PluePaths paths, TimeProvider time, ILogger logger)
    {
        var removed = 0;
        try
        {
            var folder = new DirectoryInfo(paths.Trash);
            // A trash that is a link may lead to where somebody keeps other things.
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
