using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Edits;

/// <param name="Files">The number of changed files.</param>
/// <param name="Conflicts">One sentence for each file that was not changed.</param>
internal sealed record UndoOutcome(int Files, IReadOnlyList<string> Conflicts);

/// <summary>Undoes and redoes the changes of turns in files that have not changed since. Other files are reported and stay unchanged.</summary>
internal sealed class EditTurns(EditLog log)
{
    private EditStore Store => log.Store;

    /// <exception cref="FailureException">StoreReadOnly: nothing was changed.</exception>
    public Task<UndoOutcome> UndoAsync(WorkspaceFolders folders, Func<TurnEdit, bool> which, CancellationToken cancellationToken) =>
        Task.Run(() => Apply(folders, which, isUndo: true), cancellationToken);

    /// <exception cref="FailureException">StoreReadOnly: nothing was changed.</exception>
    public Task<UndoOutcome> RedoAsync(WorkspaceFolders folders, Func<TurnEdit, bool> which, CancellationToken cancellationToken) =>
        Task.Run(() => Apply(folders, which, isUndo: false), cancellationToken);

    private UndoOutcome Apply(WorkspaceFolders folders, Func<TurnEdit, bool> which, bool isUndo)
    {
        var outcomes = folders.All.Select(folder => Apply(RealPath.Of(folder.Path), which, isUndo)).ToList();
        return new UndoOutcome(outcomes.Sum(one => one.Files), [.. outcomes.SelectMany(one => one.Conflicts)]);
    }

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
            var inProgress = history.Open.Where(begun => begun.Workspace == workspace && Store.IsInProgress(begun)).ToList();
            foreach (
                var file in chosen.GroupBy(edit => edit.Path, StringComparer.Ordinal).OrderBy(file => file.Key, StringComparer.Ordinal)
            )
            {
                var way = (isUndo ? file.Reverse() : file).ToList();
                if (inProgress.Any(begun => begun.Files.Any(one => one.Path == file.Key)))
                {
                    conflicts.Add($"An agent is changing {file.Key} right now, so it was not changed.");
                    continue;
                }

                if (log.WhyNotWritten(workspace, file.Key) is { } unsaved)
                {
                    conflicts.Add(unsaved);
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
                    conflicts.Add($"{file.Key} was not changed: {exception.Message}");
                    continue;
                }

                files += from == end ? 0 : 1;
                records.AddRange(
                    way.GroupBy(edit => (edit.By.Codex, edit.By.Turn))
                        .Select(turn =>
                            Record(
                                history,
                                [.. turn],
                                isUndo,
                                isUndo && turn.Contains(way[0]) ? from : null,
                                !isUndo && turn.Contains(way[^1]) ? end : null
                            )
                        )
                );
            }

            return records;
        });
        foreach (var codex in records.Select(record => record.Codex).Distinct(StringComparer.Ordinal))
        {
            log.NotifyChanged(codex);
        }

        return new UndoOutcome(files, conflicts);
    }

    /// <summary>Gets the resulting state. Changes rejected before an undo stay rejected after a redo.</summary>
    private static FileState EndOf(EditHistory history, List<TurnEdit> way, bool isUndo)
    {
        if (isUndo)
        {
            return way[^1].Before;
        }

        var (by, path) = (way[^1].By, way[^1].Path);
        return
            history.UndoOf(by.Workspace, by.Codex, by.Turn, path) is { Before: { } was } undone
            && history.ReviewOf(by.Workspace, by.Codex, path) is { } review
            && review.Base == undone.Base
            && review.Left == undone.Left
            ? was
            : way[^1].After;
    }

    /// <summary>
    /// Gets why a file cannot be changed; null if it can. Each step must start at the end state of the previous one, and the first at the current file.
    /// </summary>
    private string? FindConflict(
        EditHistory history,
        FolderHandle folder,
        List<TurnEdit> way,
        bool isUndo,
        FileState end,
        out FileState now
    )
    {
        var path = way[0].Path;
        now = FileState.Absent;
        try
        {
            now = FileState.Keep(folder, path, Store.Contents);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"{path} was not changed: {exception.Message}";
        }

        // The file was changed before a crash, but not recorded.
        if (now == end)
        {
            return null;
        }

        var at = isUndo && history.MatchesDecisions(way[0], now) ? way[0].After : now;
        foreach (var edit in way)
        {
            var (from, to) = isUndo ? (edit.After, edit.Before) : (edit.Before, edit.After);
            if (!to.IsKept)
            {
                return $"No earlier version of {path} is stored because it was too large or not a regular file, so it was not changed.";
            }
            if (at != from)
            {
                return $"{path} was changed by others since, so it was left unchanged.";
            }

            at = to;
        }

        return end.Hash is { } hash && !Store.Contents.Has(hash)
            ? $"The earlier version of {path} is no longer stored, so it was not changed."
            : null;
    }

    /// <param name="was">The earlier state; null if the previous step defines it.</param>
    /// <param name="becomes">The new state; null if the next step defines it.</param>
    private EditRecord Record(EditHistory history, List<TurnEdit> way, bool isUndo, FileState? was, FileState? becomes)
    {
        var (first, last) = (way[0], way[^1]);
        var by = first.By;
        var (from, to) = isUndo ? (was ?? first.After, last.Before) : (first.Before, becomes ?? last.After);
        var review = history.ReviewOf(by.Workspace, by.Codex, first.Path) ?? new Review(by.Workspace, by.Codex, first.Path);
        var undone = isUndo ? null : history.UndoOf(by.Workspace, by.Codex, by.Turn, first.Path);
        // Restores the pending changes of before. If something else changed in between, the restored state counts as reviewed.
        var file =
            isUndo ? FileReview.Undo(review, from, to, Store.Contents)
            : undone is { BaseBefore: { } wasBase, LeftBefore: { } wasLeft } && review.Base == undone.Base && review.Left == undone.Left
                ? new FileRecord(first.Path, from, to, wasBase, wasLeft)
            : FileReview.Add(review, first.Path, from, to, Store.Contents);
        return by with
        {
            Type = isUndo ? EditRecord.Undone : EditRecord.Redone,
            Scope = "",
            Process = "",
            Checkpoint = null,
            Time = null,
            Files = [file],
        };
    }
}
