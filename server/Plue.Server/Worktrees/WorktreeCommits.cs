using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Worktrees;

/// <summary>Commits the changes of a worktree on its branch.</summary>
internal sealed class WorktreeCommits(Git git, WorktreeRecords records, WorktreeInspector inspector, Worktrees worktrees)
{
    private const int MaxNamed = 5;

    /// <returns>The commit.</returns>
    /// <exception cref="FailureException">Conflict: nothing was committed, and why. NotFound.</exception>
    public async Task<(StoredWorktree Record, string Commit)> CommitAsync(string task, string message, CancellationToken cancellationToken)
    {
        using var turn = await records.LockAsync(task, cancellationToken);
        var record = worktrees.GetReady(task);
        RefuseWorking(record);
        if ((await inspector.StatusAsync(record.Path, cancellationToken)).Count == 0)
        {
            throw Refused($"The worktree of \"{record.Title}\" has no changes to commit.");
        }

        await CommitAsync(record, message, cancellationToken);
        var head = await git.ReadAsync(record.Path, cancellationToken, "rev-parse", "--verify", "HEAD");
        return head.IsDone ? (record, head.Line) : throw Refused($"git could not find the commit of {record.Path} ({head.Reason}).");
    }

    /// <summary>Refuses while a task works in the worktree.</summary>
    /// <exception cref="FailureException">Conflict.</exception>
    public void RefuseWorking(StoredWorktree record)
    {
        if (inspector.TasksIn(record) is { Count: > 0 } tasks)
        {
            throw Refused(
                $"{record.Branch} was left as it is, because {string.Join(", ", tasks)} still works on it. Wait for it, or stop it."
            );
        }
    }

    /// <summary>Commits all changes. The record is locked by the caller.</summary>
    /// <param name="message">Null refuses a worktree with changes.</param>
    /// <exception cref="FailureException">Conflict: nothing was committed, and why.</exception>
    public async Task CommitAsync(StoredWorktree record, string? message, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(record.Path))
        {
            return;
        }

        var head = await git.ReadAsync(record.Path, cancellationToken, "symbolic-ref", "--quiet", "HEAD");
        if (!head.IsDone || head.Line != $"refs/heads/{record.Branch}")
        {
            throw Refused(
                $"{record.Path} is not on the branch {record.Branch} anymore, so nothing was committed. Check it out there, then try again."
            );
        }
        if (await inspector.StatusAsync(record.Path, cancellationToken) is not { Count: > 0 } changes)
        {
            return;
        }
        if (message is null)
        {
            throw Refused(
                $"The worktree has changes that are not committed: {Named(changes.Select(change => change.Path))}. Review them with plue edits list --workspace {record.Folder}, then merge with --commit \"message\"."
            );
        }
        if (string.IsNullOrWhiteSpace(message))
        {
            throw new FailureException(FailureKind.MissingField, "Enter a commit message.");
        }

        foreach (
            var arguments in (string[][])
                [
                    ["add", "--all"],
                    ["commit", "--quiet", "-m", message],
                ]
        )
        {
            var done = await git.WriteAsync(record.Path, runsHooks: false, cancellationToken, arguments);
            if (!done.IsDone)
            {
                throw Refused(
                    $"git {arguments[0]} failed in {record.Path} ({done.Reason}), so nothing was committed. The changes are still there."
                );
            }
        }
    }

    /// <summary>Names the first files of a list for a sentence.</summary>
    public static string Named(IEnumerable<string> files)
    {
        var all = files.Select(HiddenCharacters.VisibleLine).ToList();
        return all.Count <= MaxNamed
            ? string.Join(", ", all)
            : $"{string.Join(", ", all.Take(MaxNamed))} and {Plural.Of(all.Count - MaxNamed, "other file")}";
    }

    private static FailureException Refused(string sentence) => new(FailureKind.Conflict, sentence);
}
