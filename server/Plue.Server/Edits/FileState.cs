using Plue.Server.Platform;

namespace Plue.Server.Edits;

/// <summary>The recorded state of a file.</summary>
/// <param name="Hash">The hash of the content in <see cref="ContentStore"/>, or of a link's target; null for other kinds.</param>
/// <param name="Mode">The nine permission bits; 0 for other kinds than files.</param>
internal sealed record FileState(FileEntryKind Kind, string? Hash = null, int Mode = 0)
{
    public static readonly FileState Absent = new(FileEntryKind.Absent);

    public bool IsKept => Kind == FileEntryKind.Absent || Hash is not null;

    /// <summary>Stores the current content. It is durable after <see cref="ContentStore.Sync"/>.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static FileState Keep(FolderHandle folder, string path, ContentStore contents)
    {
        // A file that is replaced while being read is read again.
        for (var tries = 0; ; tries++)
        {
            var found = folder.Stat(path);
            if (found.Kind is not (FileEntryKind.File or FileEntryKind.Link))
            {
                return new FileState(found.Kind);
            }

            try
            {
                return folder.ReadOrLink(path, ContentStore.MaxBytes) is { } content
                    ? new FileState(found.Kind, contents.Put(content), found.Kind == FileEntryKind.File ? found.Mode : 0)
                    : new FileState(FileEntryKind.Other);
            }
            catch (Exception fault) when (fault is FileNotFoundException or NotAFileException && tries < 3)
            { /* It became another thing meanwhile: once more. */
            }
            catch (NotAFileException)
            {
                return new FileState(FileEntryKind.Other);
            }
        }
    }

    /// <summary>Restores the file to this state.</summary>
    /// <exception cref="IOException">The file was not changed.</exception>
    public void Restore(FolderHandle folder, string path, ContentStore contents)
    {
        switch (Kind)
        {
            case FileEntryKind.Absent:
                folder.Delete(path);
                break;
            case FileEntryKind.File:
                folder.Replace(path, contents.Read(Hash!), Mode);
                break;
            case FileEntryKind.Link:
                folder.ReplaceByLink(path, System.Text.Encoding.UTF8.GetString(contents.Read(Hash!)));
                break;
            default:
                throw new IOException($"{path} was not a file, so its earlier state was not stored.");
        }
    }
}
