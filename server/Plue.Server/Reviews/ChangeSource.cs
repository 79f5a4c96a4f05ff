using System.Globalization;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Worktrees;

namespace Plue.Server.Reviews;

/// <summary>Reads the changes of a folder with git, or of a pull request with <c>gh</c>. Changes nothing.</summary>
internal sealed class ChangeSource(Git git, SignedInPrograms programs, ProtectedPaths protectedPaths)
{
    private const int MaxFiles = 1000;
    private const int MaxFileBytes = 256 * 1024;

    /// <summary>The longest diff of a file that is sent: about a third of the smallest usual context window.</summary>
    private const int MaxFileLength = 120_000;
    private const int MaxPullRequestBytes = 16 * 1024 * 1024;

    // Programs that git attributes name do not run.
    private static readonly string[] Diff =
    [
        "diff",
        "--no-color",
        "--no-ext-diff",
        "--no-textconv",
        "--no-renames",
        "--submodule=short",
        "--src-prefix=a/",
        "--dst-prefix=b/",
        "--unified=10",
        "--relative",
    ];

    /// <exception cref="FailureException">NotFound: git or gh is not installed. Conflict: it failed. BadRequest: there are no such commits.</exception>
    public async Task<ReviewChanges> ReadAsync(string folder, ReviewTarget target, CancellationToken cancellationToken)
    {
        var real = RealPath.Of(folder);
        await RequireRepositoryAsync(real, cancellationToken);
        var files = target.Source switch
        {
            ReviewSource.WorkingTree =>
            [
                .. DiffReader.Read(await DiffAsync(real, [await HeadAsync(real, cancellationToken)], cancellationToken)),
                .. await UntrackedAsync(real, cancellationToken),
            ],
            ReviewSource.Staged => DiffReader.Read(await DiffAsync(real, ["--cached"], cancellationToken)),
            ReviewSource.Range => DiffReader.Read(
                await DiffAsync(real, await CommitsAsync(real, target, cancellationToken), cancellationToken)
            ),
            _ => await PullRequestAsync(real, target.PullRequest ?? 0, cancellationToken),
        };
        List<ChangedFile> sent = [];
        List<StoredOmission> omitted = [];
        foreach (var file in files.Where(file => file.Path.Length > 0).OrderBy(file => file.Path, StringComparer.Ordinal))
        {
            if (Omission(real, file, sent.Count) is { } omission)
            {
                omitted.Add(omission);
            }
            else if (file.Hunks.Count > 0)
            {
                sent.Add(file);
            }
        }

        return new ReviewChanges(real, sent, omitted);
    }

    private StoredOmission? Omission(string folder, ChangedFile file, int sent)
    {
        var full = Path.GetFullPath(file.Path, folder);
        if (!RealPath.IsUnder(folder, full))
        {
            return new StoredOmission(file.Path, "is outside of the folder", IsLimit: false);
        }
        if (file.IsDeleted)
        {
            return new StoredOmission(file.Path, "was deleted", IsLimit: false);
        }
        if (file.IsBinary)
        {
            return new StoredOmission(file.Path, "is binary", IsLimit: false);
        }
        if (
            (
                protectedPaths.DenialReason(full, RealPath.Of(full))
                ?? GuardedPaths.ReadReason(full, folder)
                ?? (file.Hunks.Any(HasKey) ? "contains a private key and is never sent" : null)
            ) is
            { } reason
        )
        {
            return new StoredOmission(file.Path, reason, IsLimit: false);
        }
        if (file.Length > MaxFileLength)
        {
            return new StoredOmission(
                file.Path,
                string.Create(CultureInfo.InvariantCulture, $"has too many changes ({file.Length / 1024:N0} KB)"),
                IsLimit: true
            );
        }

        return sent < MaxFiles
            ? null
            : new StoredOmission(
                file.Path,
                string.Create(CultureInfo.InvariantCulture, $"is beyond the first {MaxFiles:N0} files"),
                IsLimit: true
            );
    }

    private static bool HasKey(IReadOnlyList<DiffLine> hunk) =>
        hunk.Any(line =>
            line.Text.Contains("-----BEGIN ", StringComparison.Ordinal)
            && ProtectedPaths.DenialReason(Encoding.UTF8.GetBytes(line.Text.TrimStart())) is not null
        );

    private async Task RequireRepositoryAsync(string folder, CancellationToken cancellationToken)
    {
        if (git.Find("git", folder) is null)
        {
            throw new FailureException(
                FailureKind.NotFound,
                "git was not found, and a review reads changes with it. Install git, then try again."
            );
        }

        var inside = await git.ReadAsync(folder, cancellationToken, "rev-parse", "--is-inside-work-tree");
        if (!inside.IsDone || inside.Line != "true")
        {
            throw new FailureException(
                FailureKind.Conflict,
                inside.IsDone || inside.Error.Contains("not a git repository", StringComparison.OrdinalIgnoreCase)
                    ? $"{folder} is not in a checkout of a git repository, so there are no changes to review. Open a repository, or run git init."
                    : $"git could not read the repository of {folder} ({inside.Reason}). Run git status there to see why."
            );
        }
    }

    /// <summary>Gets the current commit, or the empty tree in a repository without commits.</summary>
    private async Task<string> HeadAsync(string folder, CancellationToken cancellationToken)
    {
        var head = await git.ReadAsync(folder, cancellationToken, "rev-parse", "--verify", "--quiet", "HEAD^{commit}");
        return head is { IsDone: true, Line.Length: > 0 }
            ? head.Line
            : Done(folder, await git.ReadAsync(folder, cancellationToken, "hash-object", "-t", "tree", "--stdin"), "hash-object").Line;
    }

    private async Task<IReadOnlyList<string>> CommitsAsync(string folder, ReviewTarget target, CancellationToken cancellationToken)
    {
        var (from, to, isFromMergeBase) = target.Ends();
        var (first, last) = (await CommitAsync(folder, from, cancellationToken), await CommitAsync(folder, to, cancellationToken));
        if (!isFromMergeBase)
        {
            return [first, last];
        }

        var began = await git.ReadAsync(folder, cancellationToken, "merge-base", first, last);
        return began is { IsDone: true, Line.Length: > 0 }
            ? [began.Line, last]
            : throw new FailureException(
                FailureKind.BadRequest,
                $"{from} and {to} have no commit in common. Write the range with two dots."
            );
    }

    private async Task<string> CommitAsync(string folder, string name, CancellationToken cancellationToken)
    {
        var commit = await git.ReadAsync(
            folder,
            cancellationToken,
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            $"{name}^{{commit}}"
        );
        return commit is { IsDone: true, Line.Length: > 0 }
            ? commit.Line.Split('\n')[^1]
            : throw new FailureException(
                FailureKind.BadRequest,
                $"There is no commit {HiddenCharacters.VisibleLine(name)} in {folder}. Check the name, or fetch it first."
            );
    }

    private async Task<string> DiffAsync(string folder, IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        Done(folder, await git.ReadAsync(folder, cancellationToken, [.. Diff, .. arguments, "--", "."]), "diff").Output;

    private async Task<IReadOnlyList<ChangedFile>> UntrackedAsync(string folder, CancellationToken cancellationToken)
    {
        var listed = Done(
            folder,
            await git.ReadAsync(folder, cancellationToken, "ls-files", "--others", "--exclude-standard", "-z", "--", "."),
            "ls-files"
        );
        using var handle = new FolderHandle(folder);
        return [.. listed.Parts.Where(path => !path.EndsWith('/')).Select(path => Untracked(handle, path))];
    }

    private static ChangedFile Untracked(FolderHandle folder, string path)
    {
        try
        {
            if (folder.Read(path, MaxFileBytes) is not { } content)
            {
                // It is named with its size as a limit.
                return new ChangedFile(
                    path,
                    [
                        [new DiffLine('+', 1, new string(' ', MaxFileBytes))],
                    ]
                );
            }
            if (FileText.Of(content) is not { } text)
            {
                return new ChangedFile(path, []) { IsBinary = true };
            }

            var lines = text.Content.Split('\n').Select(line => line.TrimEnd('\r')).ToList();
            if (lines[^1].Length == 0)
            {
                lines.RemoveAt(lines.Count - 1);
            }

            return new ChangedFile(
                path,
                [
                    [.. lines.Select((line, at) => new DiffLine('+', at + 1, line))],
                ]
            );
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A link, a socket, or a file that has just been deleted has no text of its own.
            return new ChangedFile(path, []) { IsBinary = true };
        }
    }

    private async Task<IReadOnlyList<ChangedFile>> PullRequestAsync(string folder, int number, CancellationToken cancellationToken)
    {
        if (number <= 0)
        {
            throw new FailureException(FailureKind.BadRequest, "Give the number of the pull request.");
        }

        var gh =
            git.Find("gh", folder)
            ?? throw new FailureException(
                FailureKind.NotFound,
                "gh was not found, and pull requests are read with it. Install the GitHub CLI, or check out the branch and review its range."
            );
        var diff = await programs.RunAsync(
            gh,
            folder,
            ["pr", "diff", number.ToString(CultureInfo.InvariantCulture), "--color", "never"],
            "",
            MaxPullRequestBytes + 1,
            cancellationToken
        );
        if (!diff.IsDone)
        {
            throw new FailureException(
                FailureKind.Conflict,
                $"gh could not read pull request {number} ({diff.Reason}). Check the number and gh auth status."
            );
        }
        if (Encoding.UTF8.GetByteCount(diff.Output) > MaxPullRequestBytes)
        {
            throw new FailureException(
                FailureKind.Conflict,
                $"The diff of pull request {number} is larger than {MaxPullRequestBytes / 1024 / 1024} MB. Check out the branch and review its range."
            );
        }

        var prefix = Done(folder, await git.ReadAsync(folder, cancellationToken, "rev-parse", "--show-prefix"), "rev-parse").Line;
        return
        [
            .. DiffReader
                .Read(diff.Output)
                .Where(file => file.Path.StartsWith(prefix, StringComparison.Ordinal))
                .Select(file => file with { Path = file.Path[prefix.Length..] }),
        ];
    }

    private static GitResult Done(string folder, GitResult result, string command) =>
        result.IsDone
            ? result
            : throw new FailureException(
                FailureKind.Conflict,
                $"git {command} failed in {folder} ({result.Reason}). Run it there to see why."
            );
}
