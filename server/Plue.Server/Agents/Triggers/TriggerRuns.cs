using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Agents.Triggers;

/// <summary>The records of all triggers, one file each, which several windows change. An unreadable record stops its trigger, because the budget of the day is in it.</summary>
internal sealed class TriggerRuns(PluePaths paths)
{
    private const int MaxBytes = 1024 * 1024;

    /// <summary>The number of kept runs, in addition to those of the last two days.</summary>
    private const int MaxRuns = 100;
    private static readonly TimeSpan KeptTime = TimeSpan.FromDays(2);
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(10);

    /// <param name="key">The key of the trigger.</param>
    /// <exception cref="FailureException">StoreReadOnly: the record cannot be read.</exception>
    public StoredTriggerRuns Read(string key)
    {
        var path = PathOf(key);
        try
        {
            return RegularFile.MayExist(path)
                ? JsonSerializer.Deserialize(
                    RegularFile.Read(path, MaxBytes) ?? throw new IOException("It is too large."),
                    TriggerRunsJson.Default.StoredTriggerRuns
                )
                    is { Runs: not null } stored
                    ? stored
                    : throw new JsonException("It is empty.")
                : StoredTriggerRuns.Empty;
        }
        catch (FileNotFoundException)
        {
            return StoredTriggerRuns.Empty;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new FailureException(
                FailureKind.StoreReadOnly,
                $"The record of its runs, {path}, cannot be read, so its budget of today is not known. Delete the file to begin again.",
                fault
            );
        }
    }

    /// <summary>Changes a record while no other process does.</summary>
    /// <param name="change">Returns the same record to change nothing.</param>
    /// <exception cref="FailureException">StoreReadOnly: nothing was changed.</exception>
    public StoredTriggerRuns Change(string key, DateTimeOffset now, Func<StoredTriggerRuns, StoredTriggerRuns> change)
    {
        try
        {
            using var turn = FileLock.Acquire(paths.LockFile($"trigger-{key}"), LockTimeout);
            var before = Read(key);
            var after = change(before);
            if (!ReferenceEquals(before, after))
            {
                after = after with { Runs = Kept(after.Runs, now) };
                DurableFile.Replace(PathOf(key), JsonSerializer.SerializeToUtf8Bytes(after, TriggerRunsJson.Default.StoredTriggerRuns));
            }
            return after;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.StoreReadOnly,
                $"The run of the trigger was not recorded ({fault.Message.TrimEnd('.')}), so nothing was started. Make {paths.TriggerRuns} writable, then try again.",
                fault
            );
        }
    }

    /// <summary>Keeps all tasks of the last days, because their cost counts, and the newest other runs.</summary>
    private static IReadOnlyList<StoredTriggerRun> Kept(IReadOnlyList<StoredTriggerRun> runs, DateTimeOffset now) =>
        runs.Count <= MaxRuns
            ? runs
            :
            [
                .. runs.Take(runs.Count - MaxRuns).Where(run => run.NotRun is null && now - run.Time < KeptTime),
                .. runs.Skip(runs.Count - MaxRuns),
            ];

    private string PathOf(string key) => Path.Combine(paths.TriggerRuns, key + ".json");
}
