using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Worktrees;

/// <summary>The records of all worktrees in Plue's folder.</summary>
internal sealed class WorktreeRecords(PluePaths paths)
{
    private const string Extension = ".json";
    private const int MaxLength = 64 * 1024;
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(30);

    /// <summary>A checkout of a large repository takes minutes.</summary>
    private static readonly TimeSpan RepositoryLockTimeout = TimeSpan.FromMinutes(10);

    /// <returns>Null if the task has no record.</returns>
    /// <exception cref="FailureException">StoreReadOnly: the record cannot be read.</exception>
    public StoredWorktree? Find(string task)
    {
        var path = PathOf(task);
        try
        {
            return File.Exists(path) ? Read(path) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            throw StoreFailure.From(fault, $"The record of a worktree, {path}, could not be read");
        }
    }

    /// <summary>Gets the records, newest first, and the paths of records that cannot be read.</summary>
    public (IReadOnlyList<StoredWorktree> Records, IReadOnlyList<string> Unreadable) List()
    {
        List<StoredWorktree> records = [];
        List<string> unreadable = [];
        foreach (
            var path in Directory.Exists(paths.WorktreeRecords) ? Directory.EnumerateFiles(paths.WorktreeRecords, "*" + Extension) : []
        )
        {
            try
            {
                records.Add(Read(path));
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
            {
                unreadable.Add(path);
            }
        }

        return ([.. records.OrderByDescending(record => record.CreatedAt)], unreadable);
    }

    /// <exception cref="FailureException">StoreReadOnly: the record was not changed, so nothing else may be.</exception>
    public StoredWorktree Write(StoredWorktree record)
    {
        try
        {
            DurableFile.Replace(PathOf(record.Task), JsonSerializer.SerializeToUtf8Bytes(record, WorktreeJson.Default.StoredWorktree));
            return record;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.From(fault, "The record of the worktree was not saved, and nothing was changed");
        }
    }

    /// <summary>Waits until no other process changes the worktree of this task.</summary>
    /// <exception cref="FailureException">Conflict; NotFound: not an ID.</exception>
    public Task<IDisposable> LockAsync(string task, CancellationToken cancellationToken) =>
        AcquireAsync($"worktree-{Checked(task)}", LockTimeout, cancellationToken);

    /// <summary>Waits until no other process adds or removes a worktree of this repository: git fails if it reads one that is half written.</summary>
    /// <exception cref="FailureException">Conflict.</exception>
    public Task<IDisposable> LockRepositoryAsync(string repository, CancellationToken cancellationToken) =>
        AcquireAsync(
            $"repository-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(repository)))[..16]}",
            RepositoryLockTimeout,
            cancellationToken
        );

    private async Task<IDisposable> AcquireAsync(string name, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            return await FileLock.AcquireAsync(paths.LockFile(name), timeout, cancellationToken);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.Conflict,
                $"Another process is changing the worktree of this task ({fault.Message.TrimEnd('.')}). Try again when it has finished.",
                fault
            );
        }
    }

    private static StoredWorktree Read(string path) =>
        JsonSerializer.Deserialize(
            RegularFile.Read(path, MaxLength) ?? throw new IOException($"{path} is too large."),
            WorktreeJson.Default.StoredWorktree
        ) ?? throw new JsonException($"{path} is empty.");

    private string PathOf(string task) => Path.Combine(paths.WorktreeRecords, Checked(task) + Extension);

    /// <exception cref="FailureException">NotFound: it is not an ID, so it must not become part of a path.</exception>
    private static string Checked(string task) =>
        ChatStore.IsId(task) ? task : throw new FailureException(FailureKind.NotFound, "This is not the ID of a task.");
}
