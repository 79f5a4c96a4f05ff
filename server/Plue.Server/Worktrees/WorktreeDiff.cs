using System.Globalization;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Worktrees;

internal enum WorktreeChange
{
    Created,
    Modified,
    Deleted,
}

/// <param name="Path">Relative to the root of the worktree.</param>
/// <param name="Added">The number of added lines; 0 for a binary file.</param>
internal sealed record WorktreeFile(string Path, WorktreeChange Change, int Added, int Removed);

/// <summary>Compares a worktree, with changes that are not committed, with the commit at which its branch began.</summary>
internal sealed class WorktreeDiff(Git git, Worktrees worktrees)
{
    private const int MaxFiles = 2000;
    private const int MaxDiff = 400_000;
    private const int MaxCountedBytes = 1024 * 1024;

    // Programs that git attributes name do not run.
    private static readonly string[] Diff = ["diff", "--no-ext-diff", "--no-textconv", "--no-renames"];

    /// <summary>Gets the changed files by path, at most 2,000, and the total number.</summary>
    /// <exception cref="FailureException">NotFound; Conflict: git failed.</exception>
    public async Task<(StoredWorktree Record, IReadOnlyList<WorktreeFile> Files, int Total)> FilesAsync(
        string task,
        CancellationToken cancellationToken
    )
    {
        var record = worktrees.GetReady(task);
        var states = await ReadAsync(record, [.. Diff, "--name-status", "-z", record.Base], cancellationToken);
        var sizes = (await ReadAsync(record, [.. Diff, "--numstat", "-z", record.Base], cancellationToken)).Parts.Select(line =>
            line.Split('\t', 3)
        );
        var size = sizes
            .Where(line => line.Length == 3)
            .ToDictionary(line => line[2], line => (Number(line[0]), Number(line[1])), StringComparer.Ordinal);
        List<WorktreeFile> files = [];
        for (var at = 0; at + 1 < states.Parts.Count; at += 2)
        {
            var (state, path) = (states.Parts[at], states.Parts[at + 1]);
            var (added, removed) = size.GetValueOrDefault(path);
            files.Add(
                new WorktreeFile(
                    path,
                    state[0] switch
                    {
                        'A' => WorktreeChange.Created,
                        'D' => WorktreeChange.Deleted,
                        _ => WorktreeChange.Modified,
                    },
                    added,
                    removed
                )
            );
        }

        var untracked = await UntrackedAsync(record, cancellationToken);
        files.AddRange(
            untracked.Select((path, at) => new WorktreeFile(path, WorktreeChange.Created, at < MaxFiles ? LinesOf(record, path) : 0, 0))
        );
        return (record, [.. files.OrderBy(file => file.Path, StringComparer.Ordinal).Take(MaxFiles)], files.Count);
    }

    /// <returns>The number of lines of a file; 0 if it is binary, too large, or cannot be read.</returns>
    private static int LinesOf(StoredWorktree record, string path)
    {
        try
        {
            return
                Path.Combine(record.Path, path) is var file
                && RealPath.ResolvesInto(file, record.Path)
                && RegularFile.Read(file, MaxCountedBytes) is { } content
                && !content.Contains((byte)0)
                ? content.Count(one => one == '\n') + (content is [.., not (byte)'\n'] ? 1 : 0)
                : 0;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // It is listed without a size.
            return 0;
        }
    }

    /// <summary>Gets the text of a file at the commit where the branch began; null if it did not exist.</summary>
    /// <param name="path">Relative to the root of the worktree.</param>
    /// <exception cref="FailureException">NotFound; Timeout.</exception>
    public async Task<string?> BaseTextAsync(string task, string path, CancellationToken cancellationToken)
    {
        var record = worktrees.GetReady(task);
        var text = await git.ReadAsync(record.Path, cancellationToken, "cat-file", "blob", $"{record.Base}:{path}");
        return text.IsDone ? text.Output : null;
    }

    /// <summary>Gets the changes that are not committed as a patch, cut at 400,000 characters, and the paths of untracked files.</summary>
    /// <exception cref="FailureException">NotFound; Conflict: git failed.</exception>
    public async Task<(StoredWorktree Record, string Patch, IReadOnlyList<string> Untracked)> PendingAsync(
        string task,
        CancellationToken cancellationToken
    )
    {
        var record = worktrees.GetReady(task);
        var patch = (await ReadAsync(record, [.. Diff, "HEAD"], cancellationToken)).Output;
        return (record, patch.Length > MaxDiff ? patch[..MaxDiff] : patch, await UntrackedAsync(record, cancellationToken));
    }

    private async Task<IReadOnlyList<string>> UntrackedAsync(StoredWorktree record, CancellationToken cancellationToken) =>
        (await ReadAsync(record, ["ls-files", "--others", "--exclude-standard", "-z"], cancellationToken)).Parts;

    private async Task<GitResult> ReadAsync(StoredWorktree record, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var result = await git.ReadAsync(record.Path, cancellationToken, arguments);
        return result.IsDone
            ? result
            : throw new FailureException(
                FailureKind.Conflict,
                $"git {arguments[0]} failed in {record.Path} ({result.Reason}). Run it there to see why."
            );
    }

    private static int Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
