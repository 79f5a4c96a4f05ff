using System.Globalization;
using Plue.Server.Messages;

namespace Plue.Server.Worktrees;

/// <summary>What a pull request would push, for a confirmation.</summary>
/// <param name="Remote">The name of the remote.</param>
/// <param name="Address">The address to which is pushed, without a user name and password.</param>
/// <param name="Base">The branch of the remote that gets the changes; null for its default branch.</param>
/// <param name="Commit">The commit that is pushed.</param>
/// <param name="Commits">The number of commits that are not on the remote.</param>
internal sealed record PullRequestPlan(StoredWorktree Record, string Remote, string Address, string? Base, string Commit, int Commits);

/// <summary>Pushes the branch of a worktree and creates a pull request with the user's <c>gh</c>.</summary>
internal sealed class PullRequests(
    Git git,
    WorktreeRecords records,
    WorktreeInspector inspector,
    Worktrees worktrees,
    WorktreeCommits commits,
    SignedInPrograms programs
)
{
    private const int MaxOutput = 64 * 1024;
    private const string Origin = "origin";

    /// <summary>Finds out what would be pushed where. Changes nothing, and requires a signed-in gh.</summary>
    /// <exception cref="FailureException">Conflict or NotFound: why there can be no pull request.</exception>
    public async Task<PullRequestPlan> PlanAsync(string task, CancellationToken cancellationToken)
    {
        var record = worktrees.GetReady(task);
        commits.RefuseWorking(record);
        if ((await inspector.StatusAsync(record.Path, cancellationToken)).Count > 0)
        {
            throw Refused(
                "The worktree has changes that are not committed, so they would not be part of the pull request. Commit them first."
            );
        }

        await RequireGhAsync(record, cancellationToken);
        var (remote, baseBranch) = await TargetAsync(record, cancellationToken);
        var address = await LineAsync(record, cancellationToken, "remote", "get-url", "--push", remote);
        var commit = await LineAsync(record, cancellationToken, "rev-parse", "--verify", $"refs/heads/{record.Branch}");
        var count = await LineAsync(record, cancellationToken, "rev-list", "--count", commit, "--not", $"--remotes={remote}");
        return int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? new PullRequestPlan(record, remote, WithoutUser(address), baseBranch, commit, number)
            : throw Refused($"{record.Branch} has no commits that are not on {remote}, so there is nothing for a pull request.");
    }

    /// <summary>Pushes what the user confirmed, and creates the pull request.</summary>
    /// <param name="confirmed">What the user saw; another state is refused.</param>
    /// <returns>The address of the pull request.</returns>
    /// <exception cref="FailureException">Conflict: why there is none, with what was pushed.</exception>
    public async Task<string> CreateAsync(
        string task,
        string title,
        string body,
        (string Remote, string Address, string? Base, string Commit) confirmed,
        CancellationToken cancellationToken
    )
    {
        if (string.IsNullOrWhiteSpace(title))
        {
            throw new FailureException(FailureKind.MissingField, "Enter a title for the pull request.");
        }

        using var turn = await records.LockAsync(task, cancellationToken);
        var plan = await PlanAsync(task, cancellationToken);
        if ((plan.Remote, plan.Address, plan.Base, plan.Commit) != confirmed)
        {
            throw Refused("The branch or its remote changed since it was shown, so nothing was pushed. Try again.");
        }

        var (record, remote) = (plan.Record, plan.Remote);
        var branch = $"refs/heads/{record.Branch}";
        var push = await programs.RunAsync(
            GitProgram(record),
            record.Repository,
            ["push", "--porcelain", remote, $"{plan.Commit}:{branch}"],
            "",
            MaxOutput,
            cancellationToken
        );
        if (!push.IsDone)
        {
            throw Refused($"git could not push {record.Branch} to {remote} ({push.Reason}). No pull request was created.");
        }

        List<string> arguments = ["pr", "create", "--head", record.Branch, "--title", title];
        arguments.AddRange(body.Length == 0 ? ["--body", ""] : ["--body-file", "-"]);
        if (plan.Base is { } into)
        {
            arguments.AddRange(["--base", into]);
        }

        var made = await programs.RunAsync(GhProgram(record), record.Repository, arguments, body, MaxOutput, cancellationToken);
        var address = made
            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .LastOrDefault(line => Uri.TryCreate(line, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps);
        return made.IsDone && address is not null
            ? address
            : throw Refused(
                $"{record.Branch} was pushed to {remote}, but gh did not create the pull request ({made.Reason}). Run gh pr create in {record.Path}."
            );
    }

    /// <summary>Gets the remote of the current branch of the main checkout and its branch there; otherwise origin or the only remote.</summary>
    private async Task<(string Remote, string? Base)> TargetAsync(StoredWorktree record, CancellationToken cancellationToken)
    {
        var remotes = (await git.ReadAsync(record.Repository, cancellationToken, "remote")).Output.Split(
            '\n',
            StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
        );
        var upstream = await git.ReadAsync(
            record.Repository,
            cancellationToken,
            "rev-parse",
            "--abbrev-ref",
            "--symbolic-full-name",
            "@{upstream}"
        );
        if (upstream.IsDone && remotes.FirstOrDefault(name => upstream.Line.StartsWith($"{name}/", StringComparison.Ordinal)) is { } found)
        {
            return (found, upstream.Line[(found.Length + 1)..]);
        }

        var remote =
            remotes.Contains(Origin, StringComparer.Ordinal) ? Origin
            : remotes is [var only] ? only
            : null;
        return remote is not null
            ? (remote, null)
            : throw Refused(
                remotes.Length == 0
                    ? $"{record.Repository} has no remote to push to. Add one, or merge the branch."
                    : $"It is not clear to which remote of {record.Repository} {record.Branch} belongs. Set an upstream for the branch that is checked out there."
            );
    }

    private async Task RequireGhAsync(StoredWorktree record, CancellationToken cancellationToken)
    {
        var status = await programs.RunAsync(GhProgram(record), record.Repository, ["auth", "status"], "", MaxOutput, cancellationToken);
        if (!status.IsDone)
        {
            throw Refused("gh is not signed in. Run gh auth login in a terminal, then try again.");
        }
    }

    private string GhProgram(StoredWorktree record) =>
        git.Find("gh", record.Repository, record.Path)
        ?? throw new FailureException(
            FailureKind.NotFound,
            "gh was not found, and pull requests need it. Install the GitHub CLI, or push the branch and create the pull request yourself."
        );

    private string GitProgram(StoredWorktree record) =>
        git.Find("git", record.Repository, record.Path) ?? throw new FailureException(FailureKind.NotFound, "git was not found.");

    private async Task<string> LineAsync(StoredWorktree record, CancellationToken cancellationToken, params IReadOnlyList<string> arguments)
    {
        var result = await git.ReadAsync(record.Repository, cancellationToken, arguments);
        return result.IsDone ? result.Line : throw Refused($"git {arguments[0]} failed in {record.Repository} ({result.Reason}).");
    }

    private static string WithoutUser(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri)
        && uri.UserInfo.Length > 0
        && uri.Scheme.StartsWith("http", StringComparison.Ordinal)
            ? new UriBuilder(uri) { UserName = "", Password = "" }.Uri.ToString()
            : address;

    private static FailureException Refused(string sentence) => new(FailureKind.Conflict, sentence);
}
