using Microsoft.Extensions.Logging;
using Plue.Server.Platform;

namespace Plue.Server.Edits;

/// <summary>The services for agent edits, which share one journal.</summary>
internal sealed class EditServices : IDisposable
{
    /// <summary>The maximum size of each text in <see cref="EditedFile"/>.</summary>
    private const int MaxShownBytes = 1024 * 1024;

    private readonly EditStore store;

    /// <param name="isUnsaved">True if the file with this real path has unsaved changes in the editor.</param>
    public EditServices(PluePaths paths, Func<string, bool> isUnsaved, TimeProvider time, ILogger logger)
    {
        store = new EditStore(paths, time, logger);
        Log = new EditLog(store, isUnsaved);
        Reviews = new EditReviews(Log);
        Turns = new EditTurns(Log);
    }

    public EditLog Log { get; }
    public EditReviews Reviews { get; }
    public EditTurns Turns { get; }

    /// <summary>Reverts the changes of these turns in the workspace folders. Does nothing without one.</summary>
    /// <param name="workspace">The trusted folders in which the chat or task works.</param>
    /// <exception cref="Messages.FailureException">StoreReadOnly: nothing was changed.</exception>
    public Task<UndoOutcome> UndoTurnsAsync(
        WorkspaceFolders? workspace,
        string codexId,
        IReadOnlyList<string> turnIds,
        CancellationToken cancellationToken
    ) => workspace is { } folders ? Turns.UndoAsync(folders, Of(codexId, turnIds), cancellationToken) : NoOutcome;

    /// <summary>Reapplies changes that were undone.</summary>
    /// <exception cref="Messages.FailureException">StoreReadOnly: nothing was changed.</exception>
    public Task<UndoOutcome> RedoTurnsAsync(
        WorkspaceFolders? workspace,
        string codexId,
        IReadOnlyList<string> turnIds,
        CancellationToken cancellationToken
    ) => workspace is { } folders ? Turns.RedoAsync(folders, Of(codexId, turnIds), cancellationToken) : NoOutcome;

    /// <summary>Gets the text files that one call changed. Binary and large files are omitted.</summary>
    /// <exception cref="Messages.FailureException">StoreReadOnly: the record cannot be read.</exception>
    public IReadOnlyList<EditedFile> FilesOf(string codexId, string toolUseId)
    {
        var codex = EditLog.IdOf(codexId);
        var edits = store.Read(history => history.Edits.Where(edit => edit.By.Codex == codex && edit.By.ToolUse == toolUseId).ToList());
        List<EditedFile> files = [];
        foreach (var edit in edits)
        {
            if (TryRead(edit.Before, out var before) && TryRead(edit.After, out var after))
            {
                files.Add(new EditedFile(Path.GetFullPath(edit.Path, edit.By.Workspace), before, after));
            }
        }

        return files;
    }

    /// <summary>True if a chat or task has changes of files that the user did not decide about, in any folder.</summary>
    /// <exception cref="Messages.FailureException">StoreReadOnly: the record cannot be read.</exception>
    public bool HasPendingChanges(string codexId)
    {
        var codex = EditLog.IdOf(codexId);
        return store.Read(history => history.Reviews.Any(review => review.Codex == codex && review.IsPending));
    }

    public void Dispose() => store.Dispose();

    private bool TryRead(FileState state, out string? text)
    {
        text = null;
        if (state.Kind == Platform.FileEntryKind.Absent)
        {
            return true;
        }
        if (
            state is not { Kind: Platform.FileEntryKind.File, Hash: { } hash }
            || !store.Contents.Has(hash)
            || store.Contents.LengthOf(hash) > MaxShownBytes
        )
        {
            return false;
        }

        var bytes = store.Contents.Read(hash);
        text = EncodingDetector.Detect([bytes])?.GetString(bytes);
        return text is not null;
    }

    private static Task<UndoOutcome> NoOutcome => Task.FromResult(new UndoOutcome(0, []));

    private static Func<TurnEdit, bool> Of(string codexId, IReadOnlyList<string> turnIds) =>
        EditLog.IdOf(codexId) is var codex ? edit => edit.By.Codex == codex && turnIds.Contains(edit.By.Turn) : _ => false;
}
