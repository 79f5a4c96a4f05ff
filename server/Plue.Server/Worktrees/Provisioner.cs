using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Worktrees;

/// <summary>
/// Links folders and copies files of the main checkout into a worktree. Nothing is overwritten, nothing is linked out of the repository, and each step is
/// recorded before it begins, so that a step that was killed can be repeated.
/// </summary>
internal sealed class Provisioner(PluePaths paths, Git git, WorktreeRecords records)
{
    private const int MaxLinks = 50_000;
    private const int MaxFileBytes = 10 * 1024 * 1024;
    private const int MaxLockBytes = 64 * 1024 * 1024;
    private const int MaxMeasuredFiles = 200_000;

    /// <summary>Folders with a dot hold caches that programs write to, except these.</summary>
    private static readonly string[] DotFolders = [".bin", ".pnpm"];

    private static readonly EnumerationOptions OwnFiles = new()
    {
        RecurseSubdirectories = true,
        IgnoreInaccessible = true,
        AttributesToSkip = FileAttributes.ReparsePoint,
    };

    /// <summary>Waits until no other process changes the worktree of this task.</summary>
    /// <exception cref="FailureException">Conflict.</exception>
    public Task<IDisposable> LockAsync(string task, CancellationToken cancellationToken) => records.LockAsync(task, cancellationToken);

    /// <summary>Records the steps of a plan. Steps that ended before are not repeated.</summary>
    public StoredWorktree Begin(StoredWorktree record, ProvisioningPlan plan)
    {
        var ended = record.Provisioning?.Steps ?? [];
        return records.Write(
            record with
            {
                Provisioning = new StoredProvisioning([
                    .. plan.Steps.Select(step => ended.FirstOrDefault(other => (other.Kind, other.Name) == (step.Kind, step.Name)) ?? step),
                ]),
            }
        );
    }

    /// <summary>Records the new state of a step.</summary>
    public StoredWorktree Write(StoredWorktree record, int at, ProvisioningStep step)
    {
        var steps = record.Provisioning!.Steps.ToArray();
        steps[at] = step;
        return records.Write(record with { Provisioning = record.Provisioning with { Steps = steps } });
    }

    /// <summary>Records that no step is left, with the size of the worktree.</summary>
    public StoredWorktree End(StoredWorktree record, IReadOnlyList<ProvisioningStep> steps) =>
        records.Write(
            record with
            {
                Provisioning = new StoredProvisioning(steps, HasEnded: true, steps.Count == 0 ? null : BytesOf(record.Path)),
            }
        );

    /// <summary>Links a folder, entry by entry, if its lock file is equal in both checkouts.</summary>
    public async Task<ProvisioningStep> LinkAsync(
        StoredWorktree record,
        ProvisioningLink link,
        ProvisioningStep step,
        CancellationToken cancellationToken
    )
    {
        var (source, target) = (Path.Combine(record.Repository, link.Folder), Path.Combine(record.Path, link.Folder));
        if (!Directory.Exists(source))
        {
            return step.Skip("It does not exist in the main checkout.");
        }
        if (!RealPath.ResolvesInto(source, record.Repository) || !RealPath.ResolvesInto(target, record.Path))
        {
            return step.Skip("It is a link out of the repository.");
        }
        if (step.State != ProvisioningState.Running && Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any())
        {
            return step.Skip("It exists in the worktree already.");
        }
        if (!IsEqual(Path.Combine(record.Repository, link.Lock), Path.Combine(record.Path, link.Lock), record))
        {
            return step.Skip(
                $"{link.Lock} is not the same in the main checkout, so the folder was not linked. Install it in the worktree."
            );
        }
        if (!await IsIgnoredAsync(record, link.Folder + "/", cancellationToken))
        {
            return step.Skip("git does not ignore it, so the links would become part of the changes.");
        }

        try
        {
            var outside = await Task.Run(() => LinkEntries(record, source, target, cancellationToken), cancellationToken);
            return step.Done(outside == 0 ? null : $"{Plural.Of(outside, "link")} out of the repository not made.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return step.Fail($"It could not be linked ({fault.Message.TrimEnd('.')}).");
        }
    }

    /// <summary>Copies an ignored file.</summary>
    public async Task<ProvisioningStep> CopyAsync(
        StoredWorktree record,
        string file,
        ProvisioningStep step,
        CancellationToken cancellationToken
    )
    {
        var (source, target) = (Path.Combine(record.Repository, file), Path.Combine(record.Path, file));
        if (!File.Exists(source))
        {
            return step.Skip("It does not exist in the main checkout.");
        }
        if (!RealPath.ResolvesInto(source, record.Repository) || !RealPath.ResolvesInto(target, record.Path))
        {
            return step.Skip("It is a link out of the repository.");
        }
        if (Path.Exists(target))
        {
            return step.State == ProvisioningState.Running ? step.Done() : step.Skip("It exists in the worktree already.");
        }
        if (!await IsIgnoredAsync(record, file, cancellationToken))
        {
            return step.Skip("git does not ignore it, so the copy would become part of the changes.");
        }
        if (new FileInfo(source).Length > MaxFileBytes)
        {
            return step.Skip("It is larger than 10 MB.");
        }

        // Not beside the target, where a part of it would be an untracked file after a kill.
        var temporary = Path.Combine(paths.WorktreeRecords, $"{record.Task}.copy");
        try
        {
            DurableFile.Copy(source, temporary);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Move(temporary, target);
            return step.Done();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return step.Fail($"It could not be copied ({fault.Message.TrimEnd('.')}).");
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>
    /// Creates a folder with a link for each entry. A link of the folder itself would not be ignored by patterns such as <c>node_modules/</c>, and what a
    /// program adds to it would be in the main checkout.
    /// </summary>
    /// <returns>The number of entries that lead out of the repository.</returns>
    private static int LinkEntries(StoredWorktree record, string source, string target, CancellationToken cancellationToken)
    {
        var (repository, folder, outside, count) = (RealPath.Of(record.Repository), RealPath.Of(source), 0, 0);
        void LinkIn(DirectoryInfo from, string to)
        {
            Directory.CreateDirectory(to);
            foreach (var entry in from.EnumerateFileSystemInfos())
            {
                cancellationToken.ThrowIfCancellationRequested();
                var at = Path.Combine(to, entry.Name);
                var isFolder = entry is DirectoryInfo && entry.LinkTarget is null;
                if (isFolder && entry.Name.StartsWith('@'))
                {
                    // Packages of a scope, which can be those of the repository itself.
                    LinkIn((DirectoryInfo)entry, at);
                }
                else if (!(isFolder && entry.Name.StartsWith('.') && !DotFolders.Contains(entry.Name)) && !IsTaken(at))
                {
                    var real = RealPath.Of(entry.FullName);
                    if (!RealPath.IsUnder(repository, real))
                    {
                        outside++;
                        continue;
                    }
                    if (++count > MaxLinks)
                    {
                        throw new IOException($"It has more than {MaxLinks} entries.");
                    }

                    // A package of the repository itself is that of the worktree.
                    var leads = RealPath.IsUnder(folder, real) ? real : Path.Combine(record.Path, Path.GetRelativePath(repository, real));
                    if (isFolder || Directory.Exists(real))
                    {
                        Directory.CreateSymbolicLink(at, leads);
                    }
                    else
                    {
                        File.CreateSymbolicLink(at, leads);
                    }
                }
            }
        }

        LinkIn(new DirectoryInfo(source), target);
        return outside;
    }

    /// <summary>True also for a link that leads nowhere.</summary>
    private static bool IsTaken(string path) => Path.Exists(path) || new FileInfo(path).LinkTarget is not null;

    private static bool IsEqual(string source, string target, StoredWorktree record)
    {
        try
        {
            return RealPath.ResolvesInto(source, record.Repository)
                && RealPath.ResolvesInto(target, record.Path)
                && RegularFile.Read(source, MaxLockBytes) is { } one
                && RegularFile.Read(target, MaxLockBytes) is { } other
                && one.AsSpan().SequenceEqual(other);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Without one of them it is not known what the folder should hold.
            return false;
        }
    }

    private async Task<bool> IsIgnoredAsync(StoredWorktree record, string path, CancellationToken cancellationToken) =>
        (await git.ReadAsync(record.Path, cancellationToken, "check-ignore", "--quiet", "--", path)).IsDone;

    private static long BytesOf(string folder) =>
        new DirectoryInfo(folder).EnumerateFiles("*", OwnFiles).Take(MaxMeasuredFiles).Sum(file => file.Length);
}
