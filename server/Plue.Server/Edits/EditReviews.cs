using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Edits;

/// <summary>Lists pending changes and applies the user's decisions about them. Running agents are not blocked.</summary>
internal sealed class EditReviews(EditLog log)
{
    private EditStore Store => log.Store;

    /// <param name="which">Filters by codex id; null returns all pending changes.</param>
    public IReadOnlyList<FileReview> List(string workspace, Func<string, bool>? which)
    {
        var real = RealPath.Of(workspace);
        log.Settle(real);
        var reviews = Store.Read(history =>
            history.Reviews.Where(review => review.Workspace == real && (which?.Invoke(review.Codex) ?? review.IsPending)).ToList()
        );
        if (reviews.Count == 0)
        {
            return [];
        }

        using var folder = new FolderHandle(real);
        List<FileReview> found = [];
        foreach (var review in reviews.OrderBy(review => review.Path, StringComparer.Ordinal))
        {
            if (Open(review, folder) is { } file && (which is not null || file.IsPending))
            {
                found.Add(file);
            }
        }

        return found;
    }

    /// <summary>Gets the edits in all these folders, oldest first.</summary>
    public IReadOnlyList<TurnEdit> Edits(IEnumerable<string> folders)
    {
        var real = folders.Select(RealPath.Of).ToHashSet(StringComparer.Ordinal);
        return Store.Read(history => history.Edits.Where(edit => real.Contains(edit.By.Workspace)).ToList());
    }

    /// <returns>One sentence for each file that was not changed.</returns>
    /// <exception cref="FailureException">Conflict: the hunk no longer exists. StoreReadOnly: the decision was not recorded.</exception>
    public IReadOnlyList<string> Decide(string workspace, string codexId, string? path, string? hunkId, bool isAccepted)
    {
        var real = RealPath.Of(workspace);
        log.Settle(real);
        List<string> conflicts = [];
        List<EditRecord> records = [];
        Store.Change(history =>
        {
            using var folder = new FolderHandle(real);
            foreach (
                var review in history
                    .Reviews.Where(review =>
                        review.Workspace == real && review.Codex == codexId && review.IsPending && (path is null || review.Path == path)
                    )
                    .ToList()
            )
            {
                try
                {
                    if (Open(review, folder) is not { IsPending: true } file)
                    {
                        continue;
                    }

                    if (!isAccepted && log.WhyNotWritten(real, review.Path) is { } why)
                    {
                        conflicts.Add(why);
                        continue;
                    }

                    string? refused = null;
                    if ((isAccepted ? file.Accept(hunkId) : file.Reject(hunkId, folder, out refused)) is { } decided)
                    {
                        records.Add(
                            new EditRecord
                            {
                                Type = isAccepted ? EditRecord.Accepted : EditRecord.Rejected,
                                Codex = codexId,
                                Workspace = real,
                                Files = [decided],
                            }
                        );
                    }
                    else if (hunkId is not null && refused is null)
                    {
                        throw new FailureException(FailureKind.Conflict, $"{review.Path} changed since it was shown. Review it again.");
                    }

                    if (refused is not null)
                    {
                        conflicts.Add(refused);
                    }
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
                {
                    conflicts.Add($"{review.Path} was not changed: {exception.Message}");
                }
            }

            return records;
        });
        if (records.Count > 0)
        {
            log.NotifyChanged(codexId);
        }

        return conflicts;
    }

    /// <summary>Accepts the pending changes of all chats and tasks in a folder.</summary>
    /// <exception cref="FailureException">StoreReadOnly: the decision was not recorded.</exception>
    public void AcceptAll(string workspace)
    {
        foreach (var codex in List(workspace, null).Select(file => file.Review.Codex).Distinct(StringComparer.Ordinal))
        {
            Decide(workspace, codex, path: null, hunkId: null, isAccepted: true);
        }
    }

    /// <returns>The text without pending changes, or the current text if there are none; null if the file did not exist.</returns>
    /// <exception cref="FailureException">NotFound.</exception>
    public string? Before(string workspace, string codexId, string path)
    {
        var real = RealPath.Of(workspace);
        using var folder = new FolderHandle(real);
        var review =
            Store.Read(history => history.ReviewOf(real, codexId, path))
            ?? throw new FailureException(FailureKind.NotFound, $"No agent has changed {path}.");
        return (
            Open(review, folder) ?? throw new FailureException(FailureKind.NotFound, $"The earlier version of {path} is no longer stored.")
        ).Before;
    }

    /// <returns>Null if the earlier version is no longer stored or cannot be shown.</returns>
    private FileReview? Open(Review review, FolderHandle folder)
    {
        try
        {
            return FileReview.Of(review, folder, Store.Contents);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FailureException)
        {
            Microsoft.Extensions.Logging.LoggerExtensions.LogWarning(
                Store.Logger,
                "{Path} cannot be reviewed: {Why}",
                review.Path,
                exception.Message
            );
            return null;
        }
    }
}
