using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Worktrees;

/// <summary>Creates, finds and removes the git worktrees of tasks. Each step is recorded before it begins.</summary>
internal sealed class Worktrees(PluePaths paths, TimeProvider time, Git git, WorktreeRecords records, WorktreeInspector inspector)
{
    private const int MaxSlug = 40;

    /// <summary>Gets the record of a task; null for none.</summary>
    public StoredWorktree? Find(string task) => records.Find(task);

    /// <summary>Checks whether a worktree can be made of a folder. Changes nothing.</summary>
    /// <exception cref="FailureException">Why it cannot.</exception>
    public Task CheckAsync(string folder, CancellationToken cancellationToken) => GitRepository.FindAsync(git, folder, cancellationToken);

    /// <summary>Gets the worktree of a task, and creates it if there is none.</summary>
    /// <param name="source">The folder whose current commit it starts from; null to create none.</param>
    /// <exception cref="FailureException">Why the task has no worktree, with what was kept.</exception>
    public async Task<StoredWorktree> EnsureAsync(string task, string title, string? source, CancellationToken cancellationToken)
    {
        using var turn = await records.LockAsync(task, cancellationToken);
        switch (records.Find(task))
        {
            case { State: WorktreeState.Ready or WorktreeState.Merging } ready when Directory.Exists(ready.Folder):
                return ready;
            case { State: WorktreeState.Ready or WorktreeState.Merging } lost:
                throw new FailureException(
                    FailureKind.NotFound,
                    $"The worktree of this task, {lost.Folder}, does not exist anymore. Commits on {lost.Branch} are kept in {lost.Repository}. Start a new task."
                );
            case { State: WorktreeState.Removing or WorktreeState.Removed } removed:
                throw new FailureException(
                    FailureKind.NotFound,
                    $"The worktree of this task was removed; its files are in {removed.Trash} until the trash is emptied. Start a new task."
                );
            case { } begun:
                return await AddAsync(begun, cancellationToken);
            case null when source is null:
                throw new FailureException(
                    FailureKind.NotFound,
                    "The worktree of this task does not exist. Open its folder and start a new task."
                );
            case null:
                return await AddAsync(await PlanAsync(task, title, source, cancellationToken), cancellationToken);
        }
    }

    /// <summary>Moves a worktree to the trash if nothing would be lost, and deletes its branch if that is merged.</summary>
    /// <exception cref="FailureException">Conflict: it is in use, holds work, or git's answer is not clear; nothing was changed. NotFound.</exception>
    public async Task<(StoredWorktree Record, bool IsBranchDeleted)> RemoveAsync(string task, CancellationToken cancellationToken)
    {
        using var turn = await records.LockAsync(task, cancellationToken);
        var record = Get(task);
        if (record.State == WorktreeState.Removed)
        {
            throw new FailureException(FailureKind.NotFound, $"This worktree was removed already. Its files are in {record.Trash}.");
        }
        if (record.State == WorktreeState.Creating)
        {
            // Nothing has worked in it, and an unfinished checkout looks like deleted files.
            RefuseUsers([.. inspector.TasksIn(record), .. FolderUsers.Of(record.Path)], record);
        }
        else
        {
            await RefuseAsync(record, cancellationToken);
        }

        using var repository = await records.LockRepositoryAsync(record.Repository, cancellationToken);
        record = records.Write(record with { State = WorktreeState.Removing, Trash = record.Trash ?? TrashPathOf(record) });
        MoveToTrash(record.Path, record.Trash!);
        await UnregisterAsync(record, cancellationToken);
        // Refused by git itself if a commit is neither merged nor pushed.
        var branch = await git.WriteAsync(record.Repository, runsHooks: false, cancellationToken, "branch", "--delete", record.Branch);
        return (records.Write(record with { State = WorktreeState.Removed }), branch.IsDone);
    }

    /// <exception cref="FailureException">NotFound: the task has no worktree.</exception>
    public StoredWorktree Get(string task) =>
        records.Find(task)
        ?? throw new FailureException(FailureKind.NotFound, $"There is no worktree of {task}. List them with: plue worktrees list");

    /// <exception cref="FailureException">NotFound: the task has no worktree. Conflict: it is being created or was removed.</exception>
    public StoredWorktree GetReady(string task) =>
        Get(task) is { State: WorktreeState.Ready or WorktreeState.Merging } ready
            ? ready
            : throw new FailureException(
                FailureKind.Conflict,
                $"The worktree of \"{Get(task).Title}\" is {Get(task).State.ToString().ToLowerInvariant()}, so it has nothing to use."
            );

    /// <summary>Gets the worktrees whose main checkout contains one of these folders or is in one of them.</summary>
    public IReadOnlyList<StoredWorktree> Of(WorkspaceFolders folders)
    {
        var real = folders.Resolved().Paths.ToList();
        return
        [
            .. records
                .List()
                .Records.Where(record =>
                    record.State is WorktreeState.Ready or WorktreeState.Merging
                    && real.Any(folder => RealPath.IsUnder(record.Repository, folder) || RealPath.IsUnder(folder, record.Repository))
                    && Directory.Exists(record.Folder)
                ),
        ];
    }

    private async Task<StoredWorktree> PlanAsync(string task, string title, string source, CancellationToken cancellationToken)
    {
        var repository = await GitRepository.FindAsync(git, source, cancellationToken);
        // A subtask of a task with a worktree starts from its commit, and is merged where that is merged.
        var owner = records.List().Records.FirstOrDefault(other => RealPath.Of(other.Path) == RealPath.Of(repository.Root));
        var root = owner?.Repository ?? repository.Root;
        var slug = await SlugAsync(task, title, root, cancellationToken);
        return records.Write(
            new StoredWorktree(
                task,
                title,
                root,
                Path.Combine(paths.Worktrees, FileName(Path.GetFileName(root)), slug),
                repository.Prefix,
                $"plue/{slug}",
                repository.Head,
                WorktreeState.Creating,
                time.GetUtcNow()
            )
        );
    }

    private async Task<StoredWorktree> AddAsync(StoredWorktree record, CancellationToken cancellationToken)
    {
        using var turn = await records.LockRepositoryAsync(record.Repository, cancellationToken);
        if (Path.Exists(record.Path))
        {
            // A killed process left a part of it. No task has worked there.
            MoveToTrash(record.Path, TrashPathOf(record));
        }

        await UnregisterAsync(record, cancellationToken);
        DurableFile.CreatePrivateDirectory(Path.GetDirectoryName(record.Path)!);
        var added = await git.WriteAsync(
            record.Repository,
            runsHooks: false,
            cancellationToken,
            // The lock keeps prune commands of other programs from forgetting it.
            await HasBranchAsync(record.Repository, record.Branch, cancellationToken)
                ? ["worktree", "add", "--lock", record.Path, record.Branch]
                : ["worktree", "add", "--lock", "-b", record.Branch, record.Path, record.Base]
        );
        if (!added.IsDone || !Directory.Exists(record.Folder))
        {
            throw new FailureException(
                FailureKind.Conflict,
                added.IsDone
                    ? $"{record.Prefix} is not in the last commit of {record.Repository}, so the worktree has no such folder. Commit it, then start the task again."
                    : $"git could not create the worktree {record.Path} ({added.Reason}). Fix that, then start the task again."
            );
        }

        return records.Write(record with { State = WorktreeState.Ready });
    }

    /// <summary>Removes git's entry of a worktree whose folder does not exist.</summary>
    private async Task UnregisterAsync(StoredWorktree record, CancellationToken cancellationToken)
    {
        var list = await git.ReadAsync(record.Repository, cancellationToken, "worktree", "list", "--porcelain");
        if (!list.IsDone)
        {
            throw new FailureException(
                FailureKind.Conflict,
                $"git could not list the worktrees of {record.Repository} ({list.Reason}). The branch {record.Branch} was kept. Try again."
            );
        }

        // The folder is in the trash, so git only removes its own entry. Prune would also remove those of other worktrees.
        if (!Path.Exists(record.Path) && list.Output.Split('\n').Contains($"worktree {RealPath.Of(record.Path)}"))
        {
            var removed = await git.WriteAsync(
                record.Repository,
                runsHooks: false,
                cancellationToken,
                "worktree",
                "remove",
                "--force",
                "--force",
                record.Path
            );
            if (!removed.IsDone)
            {
                throw new FailureException(
                    FailureKind.Conflict,
                    $"git kept its entry of the worktree {record.Path} ({removed.Reason}). The branch {record.Branch} was kept. Try again."
                );
            }
        }
    }

    private async Task RefuseAsync(StoredWorktree record, CancellationToken cancellationToken)
    {
        var contents = await inspector.InspectAsync(record, cancellationToken);
        RefuseUsers(contents.Users, record);
        if (!contents.IsEmpty)
        {
            throw new FailureException(
                FailureKind.Conflict,
                contents.Unclear is { } why
                    ? $"The worktree {record.Path} was kept. {why}"
                    : $"The worktree {record.Path} was kept, because it holds {contents.Description}. Merge it with: plue worktrees merge {record.Task}"
            );
        }
    }

    private static void RefuseUsers(IReadOnlyList<string> users, StoredWorktree record)
    {
        if (users.Count > 0)
        {
            throw new FailureException(
                FailureKind.Conflict,
                $"The worktree {record.Path} was kept, because it is in use by {string.Join(", ", users)}."
            );
        }
    }

    private void MoveToTrash(string folder, string target)
    {
        if (!Path.Exists(folder))
        {
            return;
        }

        try
        {
            DurableFile.CreatePrivateDirectory(paths.Trash);
            Trash.MoveFolder(folder, target, time);
            DurableFile.SyncDirectory(paths.Trash);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.From(fault, $"{folder} could not be moved to the trash and was kept");
        }
    }

    private string TrashPathOf(StoredWorktree record) =>
        Path.Combine(
            paths.Trash,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Trash.FolderPrefix}worktree-{Path.GetFileName(record.Path)}-{time.GetUtcNow():yyyyMMddHHmmssfff}"
            )
        );

    private async Task<bool> HasBranchAsync(string repository, string branch, CancellationToken cancellationToken) =>
        (await git.ReadAsync(repository, cancellationToken, "rev-parse", "--verify", "--quiet", $"refs/heads/{branch}")).IsDone;

    /// <summary>Gets a name from the title that no folder and no branch has. The end comes from the task, so names of tasks never meet.</summary>
    private async Task<string> SlugAsync(string task, string title, string repository, CancellationToken cancellationToken)
    {
        var end = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(task)))[..6];
        var start = $"{FileName(title)}-{end}";
        for (var number = 1; ; number++)
        {
            var slug = number == 1 ? start : string.Create(CultureInfo.InvariantCulture, $"{start}-{number}");
            if (
                !await HasBranchAsync(repository, $"plue/{slug}", cancellationToken)
                && !Path.Exists(Path.Combine(paths.Worktrees, FileName(Path.GetFileName(repository)), slug))
            )
            {
                return slug;
            }
        }
    }

    private static string FileName(string text)
    {
        var name = new StringBuilder(MaxSlug);
        foreach (var letter in text.ToLowerInvariant().TakeWhile(_ => name.Length < MaxSlug))
        {
            if (char.IsAsciiLetterOrDigit(letter))
            {
                name.Append(letter);
            }
            else if (name.Length > 0 && name[^1] != '-')
            {
                name.Append('-');
            }
        }

        return name.ToString().Trim('-') is { Length: > 0 } found ? found : "task";
    }
}
