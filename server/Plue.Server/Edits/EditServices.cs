using Microsoft.Extensions.Logging;
using Plue.Server.Platform;

namespace Plue.Server.Edits;

/// <summary>Everything about what agents change, over one record.</summary>
internal sealed class EditServices : IDisposable
{
    private readonly EditStore store;
    private readonly Func<WorkspaceFolders?> trustedFolders;

    /// <param name="trustedFolders">The open folders; null while there is none or they are not trusted.</param>
    /// <param name="isUnsaved">True if the file with this real path has unsaved changes in the editor.</param>
    public EditServices(
        PluePaths paths,
        Func<WorkspaceFolders?> trustedFolders,
        Func<string, bool> isUnsaved,
        TimeProvider time,
        ILogger logger
    )
    {
        store = new EditStore(paths, time, logger);
        this.trustedFolders = trustedFolders;
        Log = new EditLog(store, isUnsaved);
        Reviews = new EditReviews(Log);
        Turns = new EditTurns(Log);
    }

    public EditLog Log { get; }
    public EditReviews Reviews { get; }
    public EditTurns Turns { get; }

    /// <summary>Reverts what these turns of a chat or task changed in the open folders; nothing without one.</summary>
    /// <exception cref="Messages.FailureException">StoreReadOnly: nothing was changed.</exception>
    public Task<UndoOutcome> UndoTurnsAsync(string codexId, IReadOnlyList<string> turnIds, CancellationToken cancellationToken) =>
        trustedFolders() is { } folders ? Turns.UndoAsync(folders, Of(codexId, turnIds), cancellationToken) : NoOutcome;

    /// <summary>Restores what was undone.</summary>
    /// <exception cref="Messages.FailureException">StoreReadOnly: nothing was changed.</exception>
    public Task<UndoOutcome> RedoTurnsAsync(string codexId, IReadOnlyList<string> turnIds, CancellationToken cancellationToken) =>
        trustedFolders() is { } folders ? Turns.RedoAsync(folders, Of(codexId, turnIds), cancellationToken) : NoOutcome;

    public void Dispose() => store.Dispose();

    private static Task<UndoOutcome> NoOutcome => Task.FromResult(new UndoOutcome(0, []));

    private static Func<TurnEdit, bool> Of(string codexId, IReadOnlyList<string> turnIds) =>
        EditLog.IdOf(codexId) is var codex ? edit => edit.By.Codex == codex && turnIds.Contains(edit.By.Turn) : _ => false;
}
