using Plue.Server.Messages;
using Plue.Server.Worktrees;
using static Plue.Server.Tests.Worktrees.WorktreeHome;

namespace Plue.Server.Tests.Worktrees;

/// <summary>Pull requests of worktrees, with the real git, a bare repository as the remote, and a program named gh.</summary>
public sealed class PullRequestTests : IAsyncDisposable
{
    private const string Gh = """
        case "$*" in
        "auth status") exit "$(cat "$HERE/status")" ;;
        *) printf '%s|' "$@" > "$HERE/called"; cat >> "$HERE/called"; echo Creating; echo https://example.com/shop/pull/7 ;;
        esac
        """;

    private readonly string programs = Directory.CreateTempSubdirectory("plue-test-").FullName;
    private readonly string remote = Path.Combine(Directory.CreateTempSubdirectory("plue-test-").FullName, "shop.git");
    private WorktreeHome home = null!;

    public ValueTask DisposeAsync() => home is null ? ValueTask.CompletedTask : home.DisposeAsync();

    [Fact]
    public async Task The_branch_is_pushed_to_the_remote_that_was_shown_and_gh_creates_the_pull_request()
    {
        var (requests, made) = await CreateAsync();
        var refused = await Assert.ThrowsAsync<FailureException>(() => requests.PlanAsync(made.Task, Cancel));
        Assert.Contains("not committed", refused.Message, StringComparison.Ordinal);
        var (_, commit) = await home.All.Commits.CommitAsync(made.Task, "Change", Cancel);

        var plan = await requests.PlanAsync(made.Task, Cancel);
        Assert.Equal(("origin", remote, "main", commit, 1), (plan.Remote, plan.Address, plan.Base, plan.Commit, plan.Commits));
        Assert.NotEqual(0, (await home.GitInAsync(remote, "try", "rev-parse", "--verify", "--quiet", made.Branch)).Code);

        var changed = await Assert.ThrowsAsync<FailureException>(() =>
            requests.CreateAsync(made.Task, "A title", "Text", ("origin", "https://example.org/other.git", "main", commit), Cancel)
        );
        Assert.Contains("nothing was pushed", changed.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(programs, "called")));

        var address = await requests.CreateAsync(made.Task, "A title", "Text", (plan.Remote, plan.Address, plan.Base, commit), Cancel);
        Assert.Equal("https://example.com/shop/pull/7", address);
        Assert.Equal(commit, (await home.GitInAsync(remote, "rev-parse", made.Branch)).Output);
        Assert.Equal(
            $"pr|create|--head|{made.Branch}|--title|A title|--body-file|-|--base|main|Text",
            (await File.ReadAllTextAsync(Path.Combine(programs, "called"), Cancel)).Trim()
        );

        // The commits are on a remote, so the worktree can be removed, and its branch is kept.
        Assert.False((await home.Worktrees.RemoveAsync(made.Task, Cancel)).IsBranchDeleted);
    }

    [Fact]
    public async Task Without_a_gh_that_is_signed_in_nothing_is_pushed()
    {
        var (requests, made) = await CreateAsync();
        await home.All.Commits.CommitAsync(made.Task, "Change", Cancel);
        await File.WriteAllTextAsync(Path.Combine(programs, "status"), "1", Cancel);
        var refused = await Assert.ThrowsAsync<FailureException>(() => requests.PlanAsync(made.Task, Cancel));
        Assert.Equal("gh is not signed in. Run gh auth login in a terminal, then try again.", refused.Message);

        File.Delete(Path.Combine(programs, "gh"));
        var missing = await Assert.ThrowsAsync<FailureException>(() => requests.PlanAsync(made.Task, Cancel));
        Assert.StartsWith("gh was not found", missing.Message, StringComparison.Ordinal);
    }

    private async Task<(PullRequests Requests, StoredWorktree Made)> CreateAsync()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The script needs a shell.");
        home = await WorktreeHome.CreateAsync();
        await home.GitAsync("init", "--quiet", "--bare", remote);
        await home.GitAsync("remote", "add", "origin", remote);
        await home.GitAsync("push", "--quiet", "--set-upstream", "origin", "main");
        var script = Path.Combine(programs, "gh");
        await File.WriteAllTextAsync(script, $"#!/bin/sh\nHERE={programs}\n{Gh}\n", Cancel);
        await File.WriteAllTextAsync(Path.Combine(programs, "status"), "0", Cancel);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        string? Variable(string name) =>
            name == "PATH"
                ? $"{programs}{Path.PathSeparator}{Path.GetDirectoryName(GitScript.Real)}{Path.PathSeparator}/usr/bin{Path.PathSeparator}/bin"
                : Environment.GetEnvironmentVariable(name);
        var git = new Git(Variable);
        var records = new WorktreeRecords(home.Paths);
        var inspector = new WorktreeInspector(git, home.Services.Store.Chats);
        var made = await home.NewAsync("Change lines");
        await home.WriteAsync(made.Folder, "lines.txt", Lines(3, "other"));
        return (new PullRequests(git, records, inspector, home.Worktrees, home.All.Commits, new SignedInPrograms(Variable)), made);
    }
}
