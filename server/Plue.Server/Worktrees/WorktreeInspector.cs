using System.Globalization;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Worktrees;

/// <summary>Determines what a worktree holds and who uses it. Whatever git does not answer clearly counts as not known.</summary>
internal sealed class WorktreeInspector(Git git, ChatStore chats)
{
    /// <summary>Files in git's folder that exist while an operation waits for the user.</summary>
    private static readonly string[] Operations =
    [
        "MERGE_HEAD",
        "CHERRY_PICK_HEAD",
        "REVERT_HEAD",
        "rebase-merge",
        "rebase-apply",
        "BISECT_LOG",
    ];

    public async Task<WorktreeContents> InspectAsync(StoredWorktree record, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(record.Path))
        {
            // Without the folder, only the branch can hold something.
            return await CountAsync(record, isThere: false, cancellationToken);
        }

        return await CountAsync(record, isThere: true, cancellationToken) with
        {
            Users = [.. TasksIn(record), .. FolderUsers.Of(record.Path)],
        };
    }

    /// <summary>Gets the paths that differ from the last commit, relative to the checkout, with untracked ones.</summary>
    /// <exception cref="FailureException">Conflict: git's answer is not clear.</exception>
    public async Task<IReadOnlyList<(string State, string Path)>> StatusAsync(string checkout, CancellationToken cancellationToken)
    {
        // Without these options, the user's configuration could hide files.
        var status = await git.ReadAsync(
            checkout,
            cancellationToken,
            "status",
            "--porcelain=v1",
            "-z",
            "--no-renames",
            "--untracked-files=all",
            "--ignore-submodules=none"
        );
        if (!status.IsDone)
        {
            throw Unclear($"git status failed in {checkout} ({status.Reason})");
        }

        List<(string, string)> entries = [];
        foreach (var entry in status.Parts)
        {
            entries.Add(
                entry.Length > 3 && entry[2] == ' '
                    ? (entry[..2], entry[3..])
                    : throw Unclear($"git status printed an unknown line in {checkout}")
            );
        }

        return entries;
    }

    /// <summary>Gets the operation, such as a merge, that waits for the user in a checkout; null for none.</summary>
    /// <exception cref="FailureException">Conflict: git's answer is not clear.</exception>
    public async Task<string?> OperationAsync(string checkout, CancellationToken cancellationToken)
    {
        var folder = await git.ReadAsync(checkout, cancellationToken, "rev-parse", "--path-format=absolute", "--git-dir");
        return folder is { IsDone: true, Line.Length: > 0 }
            ? Operations.FirstOrDefault(name => Path.Exists(Path.Combine(folder.Line, name)))
            : throw Unclear($"git could not find the repository of {checkout} ({folder.Reason})");
    }

    /// <summary>Gets the branch of a checkout; null if none is checked out.</summary>
    public async Task<string?> BranchAsync(string checkout, CancellationToken cancellationToken) =>
        await git.ReadAsync(checkout, cancellationToken, "symbolic-ref", "--quiet", "--short", "HEAD")
            is { IsDone: true, Line.Length: > 0 } found
            ? found.Line
            : null;

    /// <summary>Gets the titles of the running tasks that work in this worktree: its own and their subtasks.</summary>
    public IReadOnlyList<string> TasksIn(StoredWorktree record)
    {
        var parents = chats.ListAll().ToDictionary(chat => chat.Id, chat => chat, StringComparer.Ordinal);
        bool IsUnder(ChatSummary chat)
        {
            HashSet<string> seen = new(StringComparer.Ordinal);
            for (var at = chat; seen.Add(at.Id); )
            {
                if (at.Id == record.Task)
                {
                    return true;
                }
                if (at.SpawnedBy is not { } above || !CodexUri.TryParse(above, out var uri) || !parents.TryGetValue(uri.Name, out at!))
                {
                    return false;
                }
            }

            return false;
        }

        return [.. parents.Values.Where(chat => IsUnder(chat) && chats.IsInUse(chat.Id)).Select(chat => $"the task \"{chat.Title}\"")];
    }

    /// <summary>True if the task of a worktree is no longer among the chats and tasks.</summary>
    public bool IsDeleted(StoredWorktree record) => !chats.Exists(record.Task);

    private async Task<WorktreeContents> CountAsync(StoredWorktree record, bool isThere, CancellationToken cancellationToken)
    {
        var (changed, untracked, commits) = (0, 0, 0);
        try
        {
            if (isThere)
            {
                await CheckIsOwnAsync(record, cancellationToken);
                var entries = await StatusAsync(record.Path, cancellationToken);
                untracked = entries.Count(entry => entry.State == "??");
                changed = entries.Count - untracked;
                await CheckHiddenAsync(record, cancellationToken);
            }

            commits = await CommitsAsync(record, isThere, cancellationToken);
            if (isThere && await OperationAsync(record.Path, cancellationToken) is { } operation)
            {
                throw Unclear($"A git operation waits for you in {record.Path} ({operation})");
            }

            return new WorktreeContents(isThere, changed, untracked, commits, null, []);
        }
        catch (FailureException fault)
        {
            return new WorktreeContents(isThere, changed, untracked, commits, fault.Message, []);
        }
    }

    /// <summary>git uses the repository of a parent folder if the link of the worktree is gone, and would answer for that one.</summary>
    private async Task CheckIsOwnAsync(StoredWorktree record, CancellationToken cancellationToken)
    {
        var top = await git.ReadAsync(record.Path, cancellationToken, "rev-parse", "--path-format=absolute", "--show-toplevel");
        if (!top.IsDone || Platform.RealPath.Of(top.Line) != Platform.RealPath.Of(record.Path))
        {
            throw Unclear(
                $"{record.Path} is no longer a worktree of {record.Repository} ({(top.IsDone ? $"git found {top.Line}" : top.Reason)})"
            );
        }
    }

    /// <summary>Files marked as unchanged or not checked out are not listed by git status, whatever they contain.</summary>
    private async Task CheckHiddenAsync(StoredWorktree record, CancellationToken cancellationToken)
    {
        var files = await git.ReadAsync(record.Path, cancellationToken, "ls-files", "-v", "-z");
        if (!files.IsDone)
        {
            throw Unclear($"git could not list the files of {record.Path} ({files.Reason})");
        }
        if (files.Parts.FirstOrDefault(file => file[0] == 'S' || char.IsAsciiLetterLower(file[0])) is { } hidden)
        {
            throw Unclear($"git does not compare {hidden[2..]}, because it is marked as unchanged");
        }
    }

    private async Task<int> CommitsAsync(StoredWorktree record, bool isThere, CancellationToken cancellationToken)
    {
        var branch = await git.ReadAsync(
            record.Repository,
            cancellationToken,
            "rev-parse",
            "--verify",
            "--quiet",
            $"refs/heads/{record.Branch}"
        );
        // Exit code 1 without output means that there is no such branch; others are errors.
        if (!branch.IsDone && (branch.ExitCode != 1 || branch.Error.Length > 0))
        {
            throw Unclear($"git could not find {record.Branch} in {record.Repository} ({branch.Reason})");
        }

        List<string> tips = branch.IsDone ? [branch.Line] : [];
        if (isThere)
        {
            // Another branch, or none, can be checked out by now.
            var head = await git.ReadAsync(record.Path, cancellationToken, "rev-parse", "--verify", "HEAD^{commit}");
            tips.Add(head.IsDone ? head.Line : throw Unclear($"git could not find the commit of {record.Path} ({head.Reason})"));
        }
        if (tips.Count == 0)
        {
            return 0;
        }

        // Branches of other tasks do not count: they can be removed, too.
        var count = await git.ReadAsync(
            record.Repository,
            cancellationToken,
            ["rev-list", "--count", .. tips, "--not", "--exclude=plue/*", "--branches", "--remotes"]
        );
        return count.IsDone && int.TryParse(count.Line, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Unclear($"git could not count the commits of {record.Branch} ({count.Reason})");
    }

    private static FailureException Unclear(string what) => new(FailureKind.Conflict, $"{what}, so nothing is removed.");
}
