using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Edits;

/// <summary>What undoing or redoing did.</summary>
/// <param name="Files">How many were changed.</param>
/// <param name="Conflicts">One sentence for each that was left as it is.</param>
public sealed record UndoOutcome(int Files, IReadOnlyList<string> Conflicts);

/// <summary>Takes back what turns changed, and brings it back: only in files that are still as the turns left them. Everything else is told and left alone.</summary>
internal sealed class EditTurns(EditLog log)
{
    private EditStore Store => log.Store;

    /// <exception cref="FailureException">StoreReadOnly: nothing was changed.</exception>
    public Task<UndoOutcome> UndoAsync(string workspace, Func<TurnEdit, bool> which, CancellationToken cancellationToken) =>
        Task.Run(() => Apply(RealPath.Of(workspace), which, isUndo: true), cancellationToken);

    /// <exception cref="FailureException">StoreReadOnly: nothing was changed.</exception>
    public Task<UndoOutcome> RedoAsync(string workspace, Func<TurnEdit, bool> which, CancellationToken cancellationToken) =>
        Task.Run(() => Apply(RealPath.Of(workspace), which, isUndo: false), cancellationToken);

    private UndoOutcome Apply(string workspace, Func<TurnEdit, bool> which, bool isUndo)
    {
        log.Settle(workspace);
        List<string> conflicts = [];
        List<EditRecord> records = [];
        var files = 0;
        Store.Change(history =>
        {
            using var folder = new FolderHandle(workspace);
            var chosen = history.Edits.Where(edit => edit.By.Workspace == workspace && edit.IsUndone != isUndo && which(edit)).ToList();
            var underWay = history.Open.Where(begun => begun.Workspace == workspace && Store.IsInProgress(begun)).ToList();
            foreach (var file in chosen.GroupBy(edit => edit.Path, StringComparer.Ordinal).OrderBy(file => file.Key, StringComparer.Ordinal))
            {
                var way = (isUndo ? file.Reverse() : file).ToList();
                if (underWay.Any(begun => begun.Files.Any(one => one.Path == file.Key)))
                {
                    conflicts.Add($"{file.Key} is being changed by an agent at this moment, so it was left as it is.");
                    continue;
                }

                var end = EndOf(history, way, isUndo);
                if (FindConflict(history, folder, way, isUndo, end, out var from) is { } why)
                {
                    conflicts.Add(why);
                    continue;
                }

                try
                {
                    end.Restore(folder, file.Key, Store.Contents);
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FailureException)
                {
                    conflicts.Add($"{file.Key} was left as it is: {exception.Message}");
                    continue;
                }

                files += from == end ? 0 : 1;
                records.AddRange(way.GroupBy(edit => (edit.By.Codex, edit.By.Turn)).Select(turn => Record(
                    history, [.. turn], isUndo, isUndo && turn.Contains(way[0]) ? from : null, !isUndo && turn.Contains(way[^1]) ? end : null)));
            }

            return records;
        });
        foreach (var codex in records.Select(record => record.Codex).Distinct(StringComparer.Ordinal)) { log.NotifyChanged(codex); }

        return new UndoOutcome(files, conflicts);
    }

    /// <summary>What the file becomes. What was rejected before a turn was taken back stays so when the turn comes back.</summary>
    private static FileState EndOf(EditHistory history, List<TurnEdit> way, bool isUndo)
    {
        if (isUndo) { return way[^1].Before; }

        var (by, path) = (way[^1].By, way[^1].Path);
        return history.UndoOf(by.Workspace, by.Codex, by.Turn, path) is { Before: { } was } undone && history.ReviewOf(by.Workspace, by.Codex, path) is { } review
            && review.Base == undone.Base && review.Left == undone.Left ? was : way[^1].After;
    }

    /// <summary>Each step has to begin where the one before it ended, and the first where the file is.</summary>
    private string? FindConflict(EditHistory history, FolderHandle folder, List<TurnEdit> way, bool isUndo, FileState end, out FileState now)
    {
        var path = way[0].Path;
        now = FileState.Absent;
        try { now = FileState.Keep(folder, path, Store.Contents); }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException) { return $"{path} was left as it is: {exception.Message}"; }

        // Killed after it was done and before it was written down.
        if (now == end) { return null; }

        var at = isUndo && history.IsAsDecided(way[0], now) ? way[0].After : now;
        foreach (var edit in way)
        {
            var (from, to) = isUndo ? (edit.After, edit.Before) : (edit.Before, edit.After);
            if (!to.IsKept) { return $"How {path} was is not kept, because it was too large or no ordinary file, so it was left as it is."; }
            if (at != from) { return $"{path} was changed by somebody else since, so it was left as it is."; }

            at = to;
        }

        return end.Hash is { } hash && !Store.Contents.Has(hash) ? $"How {path} was is not kept any more, so it was left as it is." : null;
    }

    /// <param name="was">How the file was; null where the step before this turn's says it.</param>
    /// <param name="becomes">What it becomes; null where the next step says it.</param>
    private EditRecord Record(EditHistory history, List<TurnEdit> way, bool isUndo, FileState? was, FileState? becomes)
    {
        var (first, last) = (way[0], way[^1]);
        var by = first.By;
        var (from, to) = isUndo ? (was ?? first.After, last.Before) : (first.Before, becomes ?? last.After);
        var review = history.ReviewOf(by.Workspace, by.Codex, first.Path) ?? new Review(by.Workspace, by.Codex, first.Path);
        var undone = isUndo ? null : history.UndoOf(by.Workspace, by.Codex, by.Turn, first.Path);
        // As it was under review before; when something else came between, what is brought back counts as decided.
        var file = isUndo ? FileReview.Undo(review, from, to, Store.Contents)
            : undone is { BaseBefore: { } wasBase, LeftBefore: { } wasLeft } && review.Base == undone.Base && review.Left == undone.Left ? new FileRecord(first.Path, from, to, wasBase, wasLeft)
            : FileReview.Add(review, first.Path, from, to, Store.Contents);
        return by with { Type = isUndo ? EditRecord.Undone : EditRecord.Redone, Scope = "", Process = "", Checkpoint = null, Time = null, Files = [file] };
    }
}
