using Plue.Server.Messages;
using Plue.Server.Worktrees;
using static Plue.Server.Tests.Worktrees.WorktreeHome;

namespace Plue.Server.Tests.Worktrees;

/// <summary>Merges of worktrees into the main checkout, with the real git.</summary>
public sealed class WorktreeMergeTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Three_tasks_that_edit_the_same_file_are_merged_with_one_conflict(bool aborts)
    {
        await using var home = await CreateAsync();
        var made = await Task.WhenAll(home.NewAsync("Top"), home.NewAsync("Bottom"), home.NewAsync("Top again"));
        await home.WriteAsync(made[0].Path, "lines.txt", Lines(1, "first"));
        await home.WriteAsync(made[1].Path, "lines.txt", Lines(10, "second"));
        await home.WriteAsync(made[2].Path, "lines.txt", Lines(1, "third"));

        Assert.Equal(MergeOutcome.Merged, (await MergeAsync(home, made[0], "First")).Outcome);
        Assert.Equal(MergeOutcome.Merged, (await MergeAsync(home, made[1], "Second")).Outcome);
        var before = (await home.GitAsync("rev-parse", "HEAD")).Output;
        var third = await MergeAsync(home, made[2], "Third", aborts);
        Assert.Equal(aborts ? MergeOutcome.Aborted : MergeOutcome.Conflict, third.Outcome);
        Assert.Equal(("main", "lines.txt"), (third.Into, Assert.Single(third.Conflicts)));
        var text = await File.ReadAllTextAsync(Path.Combine(home.Repository, "lines.txt"), Cancel);
        if (aborts)
        {
            Assert.Equal(
                (before, ""),
                ((await home.GitAsync("rev-parse", "HEAD")).Output, (await home.GitAsync("status", "--porcelain")).Output)
            );
            Assert.StartsWith("first\nline 2\n", text, StringComparison.Ordinal);
            Assert.EndsWith("second\n", text, StringComparison.Ordinal);
            return;
        }

        // A merge that waits is finished as usual, and until then no other begins.
        Assert.Contains("<<<<<<<", text, StringComparison.Ordinal);
        var fault = await Assert.ThrowsAsync<FailureException>(() => MergeAsync(home, made[0], null));
        Assert.Contains("MERGE_HEAD", fault.Message, StringComparison.Ordinal);
        await home.WriteAsync(home.Repository, "lines.txt", Lines(1, "both"));
        await home.CommitAsync(home.Repository, "Resolved");
        Assert.Equal(MergeOutcome.UpToDate, (await MergeAsync(home, made[2], null)).Outcome);
        Assert.All(made, one => Assert.True(Directory.Exists(one.Path)));
        Assert.True((await home.Worktrees.RemoveAsync(made[2].Task, Cancel)).IsBranchDeleted);
    }

    [Fact]
    public async Task Changes_that_are_not_committed_are_merged_only_if_the_user_commits_them()
    {
        await using var home = await CreateAsync();
        var made = await home.NewAsync("One");
        await home.WriteAsync(made.Path, "new.txt", "new");
        var fault = await Assert.ThrowsAsync<FailureException>(() => MergeAsync(home, made, null));
        Assert.Contains("changes that are not committed: new.txt", fault.Message, StringComparison.Ordinal);
        Assert.Equal("?? new.txt", (await home.GitInAsync(made.Path, "status", "--porcelain")).Output);

        await MergeAsync(home, made, "Add a file");
        Assert.Equal("new", await File.ReadAllTextAsync(Path.Combine(home.Repository, "new.txt"), Cancel));
        Assert.Equal("Add a file", (await home.GitInAsync(made.Path, "log", "-1", "--format=%s")).Output);
    }

    [Theory]
    [InlineData("lines.txt", false)]
    [InlineData("new.txt", false)]
    [InlineData("other.txt", true)]
    public async Task Changes_of_the_user_in_the_main_checkout_are_never_touched(string name, bool isMerged)
    {
        await using var home = await CreateAsync();
        var made = await home.NewAsync("One");
        await home.WriteAsync(made.Path, "lines.txt", Lines(1, "agent"));
        await home.WriteAsync(made.Path, "new.txt", "agent");
        await home.WriteAsync(home.Repository, name, "mine");
        if (isMerged)
        {
            Assert.Equal(MergeOutcome.Merged, (await MergeAsync(home, made, "Work")).Outcome);
        }
        else
        {
            var fault = await Assert.ThrowsAsync<FailureException>(() => MergeAsync(home, made, "Work"));
            Assert.Contains($"would change: {name}", fault.Message, StringComparison.Ordinal);
        }

        Assert.Equal("mine", await File.ReadAllTextAsync(Path.Combine(home.Repository, name), Cancel));
    }

    [Fact]
    public async Task Nothing_is_merged_without_a_branch_in_the_main_checkout()
    {
        await using var home = await CreateAsync();
        var made = await home.NewAsync("One");
        await home.GitAsync("checkout", "--quiet", "--detach");
        var fault = await Assert.ThrowsAsync<FailureException>(() => MergeAsync(home, made, null));
        Assert.Contains("No branch is checked out", fault.Message, StringComparison.Ordinal);
    }

    private static Task<MergeResult> MergeAsync(WorktreeHome home, StoredWorktree made, string? message, bool aborts = false) =>
        home.All.Merge.MergeAsync(made.Task, message, aborts, Cancel);

    [Fact]
    public async Task The_changes_since_the_base_include_commits_and_untracked_files_and_a_commit_leaves_them_the_same()
    {
        await using var home = await WorktreeHome.CreateAsync();
        var made = await home.NewAsync("Change lines");
        await home.WriteAsync(made.Folder, "lines.txt", WorktreeHome.Lines(3, "other"));
        await home.CommitAsync(made.Folder, "Other");
        File.Delete(Path.Combine(made.Folder, ".gitignore"));
        await home.WriteAsync(made.Folder, "new.txt", "new\n");

        var (_, files, total) = await home.All.Diff.FilesAsync(made.Task, WorktreeHome.Cancel);
        Assert.Equal(
            [
                new WorktreeFile(".gitignore", WorktreeChange.Deleted, 0, 1),
                new WorktreeFile("lines.txt", WorktreeChange.Modified, 1, 1),
                new WorktreeFile("new.txt", WorktreeChange.Created, 1, 0),
            ],
            files
        );
        Assert.Equal(3, total);
        Assert.Equal(WorktreeHome.Lines(), await home.All.Diff.BaseTextAsync(made.Task, "lines.txt", WorktreeHome.Cancel));
        Assert.Null(await home.All.Diff.BaseTextAsync(made.Task, "new.txt", WorktreeHome.Cancel));
        var (_, patch, untracked) = await home.All.Diff.PendingAsync(made.Task, WorktreeHome.Cancel);
        Assert.Equal(["new.txt"], untracked);
        Assert.Contains("-node_modules", patch, StringComparison.Ordinal);
        Assert.DoesNotContain("+other", patch, StringComparison.Ordinal);

        var (_, commit) = await home.All.Commits.CommitAsync(made.Task, "All of it", WorktreeHome.Cancel);
        Assert.Equal($"{commit} All of it", (await home.GitAsync("log", "-1", "--format=%H %s", made.Branch)).Output);
        Assert.Equal(3, (await home.All.Diff.FilesAsync(made.Task, WorktreeHome.Cancel)).Total);
        var refused = await Assert.ThrowsAsync<FailureException>(() =>
            home.All.Commits.CommitAsync(made.Task, "Nothing", WorktreeHome.Cancel)
        );
        Assert.Contains("no changes to commit", refused.Message, StringComparison.Ordinal);
    }
}
