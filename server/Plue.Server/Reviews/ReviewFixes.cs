using Plue.Server.Chat;
using Plue.Server.Edits;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Tools;

namespace Plue.Server.Reviews;

/// <param name="Question">Why the user must confirm first, as a sentence; null if the fix was applied.</param>
internal sealed record AppliedFix(StoredReview Review, string? Question);

/// <summary>Applies the fix of a finding like an edit of an agent: it can be accepted, rejected and undone.</summary>
internal sealed class ReviewFixes(ChatServices services, ReviewRecords records)
{
    private const string ToolName = "review";

    /// <param name="isConfirmed">True if the user confirmed the change of a guarded file.</param>
    /// <exception cref="FailureException">Untrusted; NotFound; Conflict: the lines changed, so nothing was changed.</exception>
    public async Task<AppliedFix> ApplyAsync(string id, string findingId, bool isConfirmed, CancellationToken cancellationToken)
    {
        var review = records.Get(id);
        var finding = ReviewRecords.Find(review, findingId);
        var fix = finding.Fix ?? throw new FailureException(FailureKind.NotFound, "This finding has no fix that can be applied.");
        if (services.Workspace.TrustedFolders?.Resolved() is not { } folders || folders.FolderOf(review.Folder) is null)
        {
            throw new FailureException(FailureKind.Untrusted, $"Open and trust {review.Folder} to apply the fix.");
        }

        try
        {
            var path = WorkspacePath.Resolve(folders, Path.Combine(review.Folder, finding.File));
            if (!isConfirmed && GuardedPaths.ChangeReason(path.Full, path.Workspace) is { } reason)
            {
                return new AppliedFix(review, $"{path.Shown} is guarded: {reason}.");
            }

            await WriteAsync(review, finding, fix, path, cancellationToken);
        }
        catch (ToolFailureException fault)
        {
            throw new FailureException(FailureKind.Conflict, fault.Message, fault);
        }

        return new AppliedFix(await records.SetStateAsync(id, findingId, FindingState.Resolved, cancellationToken), null);
    }

    private async Task WriteAsync(
        StoredReview review,
        StoredFinding finding,
        StoredFix fix,
        WorkspacePath path,
        CancellationToken cancellationToken
    )
    {
        var version = await WorkspaceFile.ReadAsync(path, services.Editor, cancellationToken);
        var text = FileText.Of(version.Content);
        if (text?.Encode(text.Content) is not { } same || !same.AsSpan().SequenceEqual(version.Content))
        {
            throw new ToolFailureException($"{path.Display} is not text that can be edited safely. Nothing was changed.");
        }

        var changed =
            Replaced(text.Content, fix)
            ?? throw new ToolFailureException($"The lines of {path.Display} changed after the review. Nothing was changed.");
        var after =
            text.Encode(changed)
            ?? throw new ToolFailureException($"The encoding of {path.Display} cannot represent the fix. Nothing was changed.");
        var scope = await services.Edits.Log.BeginAsync(
            new EditAuthor(review.Id, finding.Id, finding.Id, ToolName),
            path.Workspace,
            [path.Full],
            version.Unsaved is null ? null : new Dictionary<string, byte[]> { [path.Full] = version.Content },
            cancellationToken
        );
        try
        {
            await WorkspaceFile.WriteAsync(path, version, after, changed, services.Editor, new SeenFiles());
        }
        finally
        {
            await scope.EndAsync(CancellationToken.None);
        }
    }

    /// <summary>Replaces the lines where they were, or where they are now if they are there only once. Keeps the line ends.</summary>
    /// <returns>Null if they changed or it is not clear where they are.</returns>
    internal static string? Replaced(string text, StoredFix fix)
    {
        var lines = text.Split('\n');
        var before = fix.Before.Split('\n');
        bool IsAt(int at) =>
            at >= 0
            && at + before.Length <= lines.Length
            && before.AsSpan().SequenceEqual([.. lines.Skip(at).Take(before.Length).Select(line => line.TrimEnd('\r'))]);
        var start = fix.From - 1;
        if (!IsAt(start))
        {
            var places = Enumerable.Range(0, lines.Length).Where(IsAt).Take(2).ToList();
            if (places.Count != 1)
            {
                return null;
            }

            start = places[0];
        }

        var end = LineEnds.IsWindows(text) ? "\r" : "";
        IEnumerable<string> added = fix.After.Length == 0 ? [] : fix.After.Split('\n').Select(line => line + end);
        return string.Join('\n', lines.Take(start).Concat(added).Concat(lines.Skip(start + before.Length)));
    }
}
