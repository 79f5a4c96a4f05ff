using System.Text;
using Plue.Server.Editor;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;

namespace Plue.Server.Tools;

/// <summary>Reads and writes workspace files by descriptor, with errors as sentences for the model.</summary>
internal static class WorkspaceFile
{
    /// <summary>The maximum size in bytes of a file that is read or changed.</summary>
    public const int MaxBytes = 32 * 1024 * 1024;

    /// <exception cref="ToolFailureException">The file cannot be read.</exception>
    public static byte[] Read(WorkspacePath path) =>
        TryRead(path) ?? throw new ToolFailureException($"There is no file {path.Display}.{Hint(path)}");

    /// <summary>Reads the unsaved text in the editor if there is any, otherwise the file.</summary>
    /// <inheritdoc cref="TryReadAsync"/>
    public static async Task<FileVersion> ReadAsync(WorkspacePath path, EditorWindow? editor, CancellationToken cancellationToken) =>
        await TryReadAsync(path, editor, cancellationToken)
        ?? throw new ToolFailureException($"There is no file {path.Display}.{Hint(path)}");

    /// <returns>Null if the file does not exist.</returns>
    /// <exception cref="ToolFailureException">The file cannot be read.</exception>
    public static async Task<FileVersion?> TryReadAsync(WorkspacePath path, EditorWindow? editor, CancellationToken cancellationToken)
    {
        var typed = editor is null ? null : await editor.ReadUnsavedAsync(path.Full, cancellationToken);
        var onDisk = TryRead(path);
        if (typed is null)
        {
            return onDisk is null ? null : new FileVersion(onDisk, null);
        }
        if (Encoding.UTF8.GetByteCount(typed) > MaxBytes)
        {
            throw new ToolFailureException($"{path.Display} has unsaved changes in the editor and is too large to be read there.");
        }

        // The editor saves it in the file's encoding.
        var encoded = (FileText.Of(onDisk) ?? new FileText("", null)).Encode(typed);
        return encoded is null
            ? throw new ToolFailureException(
                $"{path.Display} has unsaved changes in the editor that the encoding of the file cannot represent. Ask the user to save it."
            )
            : new FileVersion(encoded, typed);
    }

    /// <returns>Null if the file does not exist.</returns>
    /// <exception cref="ToolFailureException">The file cannot be read.</exception>
    public static byte[]? TryRead(WorkspacePath path)
    {
        if (path.Relative.Length == 0)
        {
            throw new ToolFailureException("The path is the workspace folder, not a file. Use `search` to list its files.");
        }

        try
        {
            using var folder = new FolderHandle(path.Workspace);
            return folder.Read(path.Relative, MaxBytes)
                ?? throw new ToolFailureException(
                    $"{path.Display} is larger than {MaxBytes / (1024 * 1024)} MiB. Use `search` to find the location, or a command that prints part of it."
                );
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (NotAFileException fault)
        {
            throw new ToolFailureException(
                fault.IsFolder
                    ? $"{path.Display} is a folder. Use `search` with `files` to list its contents."
                    : $"{path.Display} is a pipe, socket or device, not a regular file, so it was not read.",
                fault
            );
        }
        catch (UnauthorizedAccessException fault)
        {
            throw new ToolFailureException($"{path.Display} could not be read: permission denied.", fault);
        }
        catch (IOException fault)
        {
            throw new ToolFailureException($"{path.Display} could not be read ({fault.Message.TrimEnd('.')}).", fault);
        }
    }

    /// <summary>Writes to where the file was read: unsaved text in the editor, as one undoable edit, otherwise the file.</summary>
    /// <param name="before">Null if the file must not exist.</param>
    /// <returns>A note for the model; empty for none.</returns>
    /// <exception cref="ToolFailureException">The text was not written, or the editor did not confirm it.</exception>
    public static async Task<string> WriteAsync(
        WorkspacePath path,
        FileVersion? before,
        byte[] after,
        string text,
        EditorWindow? editor,
        SeenFiles seen
    )
    {
        CheckNotAwaited(path);
        EditorWriteOutcome outcome;
        try
        {
            outcome = editor is null
                ? EditorWriteOutcome.NotUnsaved
                : await editor.WriteUnsavedAsync(path.Full, TextOf(before), text, CancellationToken.None);
        }
        catch (FailureException fault)
        {
            throw new ToolFailureException(
                $"{path.Display} has unsaved changes in the editor, which did not confirm the edit ({fault.Message.TrimEnd('.')}). It may have been changed there. Read it again.",
                fault
            );
        }

        switch (outcome)
        {
            case EditorWriteOutcome.NotUnsaved:
                Write(path, after, before is null ? null : FolderHandle.HashOf(before.Content));
                seen.Record(path.Full, FolderHandle.HashOf(after));
                RecordCells(path, text, seen);
                return "";
            case EditorWriteOutcome.Saved:
                RecordCells(path, text, seen);
                return Saved(path, text, seen);
            case EditorWriteOutcome.Changed:
                throw new ToolFailureException(
                    $"The user changed {path.Display} in the editor in the meantime. Nothing was changed. Read it again."
                );
            default:
                throw new ToolFailureException(
                    $"{path.Display} has unsaved changes, and the editor could not save it, perhaps because the file changed on the disk. Nothing was changed. Ask the user to save it or to discard the changes."
                );
        }
    }

    private static string TextOf(FileVersion? version) =>
        version is null ? "" : version.Unsaved ?? FileText.Of(version.Content)?.Content ?? "";

    private static void RecordCells(WorkspacePath path, string text, SeenFiles seen)
    {
        if (Notebook.IsNotebook(path.Relative) && Notebook.Of(text) is { } notebook)
        {
            seen.Record(Notebook.SeenKey(path.Full), notebook.HashOfCells);
        }
    }

    /// <summary>Gets the note about a file that the editor saved, and possibly formatted.</summary>
    private static string Saved(WorkspacePath path, string text, SeenFiles seen)
    {
        var now = Read(path);
        if (
            Notebook.IsNotebook(path.Relative)
            && FileText.Of(now) is { } file
            && Notebook.Of(file.Content)?.HashOfCells == Notebook.Of(text)?.HashOfCells
        )
        {
            // The editor rewrites the whole notebook.
            seen.Record(path.Full, FolderHandle.HashOf(now));
            return " It had unsaved changes in the editor and was saved with them.";
        }
        if (FileText.Of(now) is not { } saved || LineEnds.ToUnix(saved.Content) != LineEnds.ToUnix(text))
        {
            return " It had unsaved changes in the editor and was saved with them; the editor changed it further on save, so read it again.";
        }

        seen.Record(path.Full, FolderHandle.HashOf(now));
        return " It had unsaved changes in the editor and was saved with them.";
    }

    private static void CheckNotAwaited(WorkspacePath path)
    {
        if (GuardedWatch.IsAwaited(RealPath.TargetOf(path.Full) ?? path.Full))
        {
            throw new ToolFailureException(
                $"{path.Shown} was not written because a command is running in the workspace and could change it. Try again after the command ends."
            );
        }
    }

    /// <param name="expected">The hash of the current content; null if the file must not exist.</param>
    /// <exception cref="ToolFailureException">Nothing was written.</exception>
    public static void Write(WorkspacePath path, ReadOnlySpan<byte> content, string? expected)
    {
        CheckNotAwaited(path);
        try
        {
            using var folder = new FolderHandle(path.Workspace);
            folder.Write(path.Relative, content, expected);
        }
        catch (FileChangedException fault)
        {
            throw new ToolFailureException($"{path.Display} changed in the meantime. Nothing was written. Read it again.", fault);
        }
        catch (UnauthorizedAccessException fault)
        {
            throw new ToolFailureException($"{path.Display} could not be written: permission denied. Nothing was changed.", fault);
        }
        catch (IOException fault)
        {
            throw new ToolFailureException($"{path.Display} was not written ({fault.Message.TrimEnd('.')}). Nothing was changed.", fault);
        }
    }

    /// <summary>Gets a hint with a similar name.</summary>
    private static string Hint(WorkspacePath path)
    {
        try
        {
            var folder = Path.GetDirectoryName(path.Full)!;
            if (!RealPath.ResolvesInto(folder, path.Workspace) || !Directory.Exists(folder))
            {
                return " Use `search` with `files` to find it.";
            }

            var names = Directory.EnumerateFileSystemEntries(folder).Take(2000).Select(entry => Path.GetFileName(entry)!).ToList();
            return NearestName.Hint(Path.GetFileName(path.Full), names) is { Length: > 0 } hint
                ? hint
                : " Use `search` with `files` to find it.";
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
