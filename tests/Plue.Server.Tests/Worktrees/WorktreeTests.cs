using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Messages;
using Plue.Server.Store;
using Plue.Server.Worktrees;
using static Plue.Server.Tests.Worktrees.WorktreeHome;

namespace Plue.Server.Tests.Worktrees;

/// <summary>Worktrees of tasks with the real git: creation, and removal that loses nothing.</summary>
public sealed class WorktreeTests
{
    [Fact]
    public async Task A_worktree_is_a_checkout_of_the_last_commit_on_its_own_branch_and_is_recorded()
    {
        await using var home = await CreateAsync();
        await home.WriteAsync(home.Repository, "lines.txt", "not committed");
        var made = await home.NewAsync("Fix the Date Parser!");
        Assert.StartsWith(Path.Combine(home.Home, "worktrees", "shop", "fix-the-date-parser-"), made.Path, StringComparison.Ordinal);
        Assert.Equal($"plue/{Path.GetFileName(made.Path)}", made.Branch);
        Assert.Equal(Lines(), await File.ReadAllTextAsync(Path.Combine(made.Folder, "lines.txt"), Cancel));
        Assert.Equal(made.Branch, (await home.GitInAsync(made.Path, "branch", "--show-current")).Output);
        Assert.Equal((WorktreeState.Ready, home.Repository), (home.Worktrees.Find(made.Task)!.State, made.Repository));
        Assert.Equal("not committed", await File.ReadAllTextAsync(Path.Combine(home.Repository, "lines.txt"), Cancel));
    }

    [Fact]
    public async Task The_worktree_of_a_subfolder_has_the_same_subfolder_as_its_folder()
    {
        await using var home = await CreateAsync();
        var api = Directory.CreateDirectory(Path.Combine(home.Repository, "api")).FullName;
        await home.WriteAsync(api, "a.txt", "a");
        await home.CommitAsync(home.Repository, "Second");
        var made = await home.NewAsync("One", api);
        Assert.Equal(Path.Combine(made.Path, "api"), made.Folder);
        Assert.True(File.Exists(Path.Combine(made.Folder, "a.txt")));
    }

    [Fact]
    public async Task Parallel_tasks_get_a_worktree_each()
    {
        await using var home = await CreateAsync();
        var made = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => home.NewAsync("Same title")));
        Assert.Equal(4, made.Select(one => one.Path).Distinct().Count());
        Assert.All(made, one => Assert.True(File.Exists(Path.Combine(one.Path, "lines.txt"))));
        Assert.Equal(4, (await home.All.ReportAsync(Cancel)).Rows.Count(row => row.Contents.IsEmpty));
    }

    [Fact]
    public async Task A_subtask_starts_from_the_commit_of_its_parents_worktree_and_belongs_to_the_main_checkout()
    {
        await using var home = await CreateAsync();
        var parent = await home.NewAsync("Parent");
        await home.WriteAsync(parent.Path, "new.txt", "new");
        await home.CommitAsync(parent.Path, "In the worktree");
        var child = await home.NewAsync("Child", parent.Folder);
        Assert.Equal(home.Repository, child.Repository);
        Assert.True(File.Exists(Path.Combine(child.Path, "new.txt")));
    }

    [Theory]
    [InlineData("none", "is not in a git repository")]
    [InlineData("bare", "is a bare git repository")]
    [InlineData("empty", "has no commits yet")]
    [InlineData("submodules", "has submodules")]
    public async Task A_folder_of_which_no_worktree_can_be_made_is_refused_with_the_reason(string kind, string reason)
    {
        await using var home = await CreateAsync();
        var folder = Directory.CreateTempSubdirectory("plue-test-").FullName;
        if (kind == "bare")
        {
            await home.GitInAsync(folder, "init", "--quiet", "--bare");
        }
        else if (kind == "empty")
        {
            await home.GitInAsync(folder, "init", "--quiet");
        }
        else if (kind == "submodules")
        {
            folder = home.Repository;
            await home.GitAsync("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", (await CreateAsync()).Repository, "lib");
            await home.CommitAsync(folder, "With a submodule");
        }

        var fault = await Assert.ThrowsAsync<FailureException>(() => home.NewAsync("One", folder));
        Assert.Equal(FailureKind.BadRequest, fault.Failure.Kind);
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
        Assert.Empty((await home.All.ReportAsync(Cancel)).Rows);
    }

    [Theory]
    [InlineData("", "git was not found")]
    [InlineData("echo git version 2.20.1", "git 2.20.1 is too old")]
    [InlineData("echo hello", "did not print a version")]
    [InlineData("exec sleep 600", "did not end within")]
    public async Task A_missing_or_unusable_git_is_one_clear_sentence(string script, string reason)
    {
        await using var home = await CreateAsync();
        var worktrees = await WithGitAsync(home, script, TimeSpan.FromSeconds(1));
        var fault = await Assert.ThrowsAsync<FailureException>(() => worktrees.CheckAsync(home.Repository, Cancel));
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
    }

    /// <summary>claude-code#35862: a resumed agent took the commit of the first one as the beginning, and the cleanup found nothing new.</summary>
    [Fact]
    public async Task Commits_of_an_earlier_run_of_the_task_are_kept_after_it_was_resumed()
    {
        await using var home = await CreateAsync();
        var first = await home.NewAsync("One");
        await home.WriteAsync(first.Path, "work.txt", "work");
        await home.CommitAsync(first.Path, "Work");
        var again = await home.Worktrees.EnsureAsync(first.Task, "One", home.Repository, Cancel);
        Assert.Equal(first with { State = WorktreeState.Ready }, again);
        await RefusedAsync(home, first, "1 commit that is not merged or pushed");
    }

    /// <summary>claude-code#35862: another session removed a worktree in which an agent worked.</summary>
    [Fact]
    public async Task A_worktree_that_a_task_of_another_process_or_a_program_uses_is_kept()
    {
        await using var home = await CreateAsync();
        var made = await home.NewAsync("One");
        using (JournalLock.Acquire(home.Services.Store.Chats.PathOf(made.Task), "task"))
        {
            await RefusedAsync(home, made, "the task \"One\"");
        }

        Assert.SkipUnless(OperatingSystem.IsLinux(), "Other systems do not list the folders of processes.");
        using var program = Process.Start(new ProcessStartInfo("sleep", ["600"]) { WorkingDirectory = made.Folder })!;
        try
        {
            await RefusedAsync(home, made, $"(process {program.Id})");
        }
        finally
        {
            program.Kill();
            await program.WaitForExitAsync(Cancel);
        }

        await home.Worktrees.RemoveAsync(made.Task, Cancel);
    }

    /// <summary>claude-code#35862: the check did not list untracked files, which the configuration of the user can hide, too.</summary>
    [Fact]
    public async Task Untracked_files_are_kept_even_if_git_is_configured_to_hide_them()
    {
        await using var home = await CreateAsync();
        await home.GitAsync("config", "status.showUntrackedFiles", "no");
        var made = await home.NewAsync("One");
        await home.WriteAsync(made.Path, "draft.txt", "draft");
        await RefusedAsync(home, made, "1 untracked file");
    }

    [Theory]
    [InlineData("lines.txt", "1 changed file")]
    [InlineData("hidden", "marked as unchanged")]
    [InlineData("detached", "1 commit that is not merged or pushed")]
    [InlineData("merge", "waits for you")]
    [InlineData("unlinked", "is no longer a worktree")]
    public async Task Work_that_exists_only_in_the_worktree_is_kept(string kind, string reason)
    {
        await using var home = await CreateAsync();
        var made = await home.NewAsync("One");
        if (kind == "detached")
        {
            await home.GitInAsync(made.Path, "checkout", "--quiet", "--detach");
            await home.WriteAsync(made.Path, "work.txt", "work");
            await home.CommitAsync(made.Path, "Work");
        }
        else if (kind == "merge")
        {
            var folder = (await home.GitInAsync(made.Path, "rev-parse", "--absolute-git-dir")).Output;
            await home.WriteAsync(folder, "MERGE_HEAD", made.Base);
        }
        else if (kind == "unlinked")
        {
            File.Delete(Path.Combine(made.Path, ".git"));
        }
        else
        {
            await home.WriteAsync(made.Path, "lines.txt", "changed");
            if (kind == "hidden")
            {
                await home.GitInAsync(made.Path, "update-index", "--assume-unchanged", "lines.txt");
            }
        }

        await RefusedAsync(home, made, reason);
    }

    /// <summary>The cleanups of other programs took a failed check as proof that nothing is there.</summary>
    [Theory]
    [InlineData("status", "exit 128")]
    [InlineData("status", "echo garbage; exit 0")]
    [InlineData("status", "exec sleep 600")]
    [InlineData("rev-list", "exit 0")]
    [InlineData("ls-files", "exit 1")]
    [InlineData("rev-parse", "exit 128")]
    public async Task An_unclear_answer_of_git_keeps_the_worktree(string command, string answer)
    {
        await using var home = await CreateAsync();
        var made = await home.NewAsync("One");
        var worktrees = await WithGitAsync(
            home,
            $"case \" $* \" in *\" {command} \"*) {answer};; esac; exec git_real \"$@\"",
            TimeSpan.FromSeconds(2)
        );
        await Assert.ThrowsAsync<FailureException>(() => worktrees.RemoveAsync(made.Task, Cancel));
        Assert.True(File.Exists(Path.Combine(made.Path, "lines.txt")));
        Assert.Equal(WorktreeState.Ready, home.Worktrees.Find(made.Task)!.State);
    }

    [Fact]
    public async Task A_removed_worktree_is_in_the_trash_and_its_merged_branch_is_deleted()
    {
        await using var home = await CreateAsync();
        var made = await home.NewAsync("One");
        // Links out of the worktree, such as to shared packages, are not followed.
        var shared = Directory.CreateTempSubdirectory("plue-test-").FullName;
        await home.WriteAsync(shared, "package.json", "{}");
        Directory.CreateSymbolicLink(Path.Combine(made.Path, "node_modules"), shared);
        await home.WriteAsync(made.Path, "work.txt", "work");
        await home.CommitAsync(made.Path, "Work");
        await home.GitAsync("merge", "--quiet", made.Branch);

        var (removed, isBranchDeleted) = await home.Worktrees.RemoveAsync(made.Task, Cancel);
        Assert.True(isBranchDeleted);
        Assert.False(await home.HasBranchAsync(made.Branch));
        Assert.False(Directory.Exists(made.Path));
        Assert.Equal("work", await File.ReadAllTextAsync(Path.Combine(removed.Trash!, "work.txt"), Cancel));
        Assert.DoesNotContain(made.Path, (await home.GitAsync("worktree", "list")).Output, StringComparison.Ordinal);
        Assert.Empty((await home.All.ReportAsync(Cancel)).Rows);

        Trash.RemoveOlderThan(TimeSpan.FromDays(-1), home.Paths, TimeProvider.System, NullLogger.Instance);
        Assert.False(Directory.Exists(removed.Trash));
        Assert.True(File.Exists(Path.Combine(shared, "package.json")));
    }

    /// <summary>Other programs deleted the branches of agents with commits that were nowhere else.</summary>
    [Fact]
    public async Task A_branch_is_kept_until_its_commits_are_merged_or_pushed()
    {
        await using var home = await CreateAsync();
        var made = await home.NewAsync("One");
        await home.WriteAsync(made.Path, "work.txt", "work");
        await home.CommitAsync(made.Path, "Work");
        // The branch of another task is not a safe place.
        await home.GitAsync("branch", "plue/other", made.Branch);
        await RefusedAsync(home, made, "1 commit that is not merged or pushed");
        Assert.True(await home.HasBranchAsync(made.Branch));

        var remote = Directory.CreateTempSubdirectory("plue-test-").FullName;
        await home.GitInAsync(remote, "init", "--quiet", "--bare");
        await home.GitAsync("remote", "add", "origin", remote);
        await home.GitAsync("push", "--quiet", "origin", made.Branch);
        var (_, isBranchDeleted) = await home.Worktrees.RemoveAsync(made.Task, Cancel);
        Assert.False(isBranchDeleted);
        Assert.True(await home.HasBranchAsync(made.Branch));
    }

    [Fact]
    public async Task A_task_whose_worktree_was_removed_does_not_get_another_folder()
    {
        await using var home = await CreateAsync();
        var made = await home.NewAsync("One");
        await home.Worktrees.RemoveAsync(made.Task, Cancel);
        var fault = await Assert.ThrowsAsync<FailureException>(() => home.Worktrees.EnsureAsync(made.Task, "One", home.Repository, Cancel));
        Assert.Contains("was removed", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Orphans_are_listed_with_what_they_hold()
    {
        await using var home = await CreateAsync();
        var (deleted, lost) = (await home.NewAsync("Deleted"), await home.NewAsync("Lost"));
        await home.WriteAsync(deleted.Path, "draft.txt", "draft");
        home.Services.Store.Chats.Delete(deleted.Task);
        await home.WriteAsync(lost.Path, "work.txt", "work");
        await home.CommitAsync(lost.Path, "Work");
        Directory.Delete(lost.Path, recursive: true);
        var stranger = Directory.CreateDirectory(Path.Combine(home.Paths.Worktrees, "shop", "stranger")).FullName;

        var report = await home.All.ReportAsync(Cancel);
        Assert.Equal([stranger], report.Strangers);
        var rows = report.Rows.ToDictionary(row => row.Record.Task, row => (row.Orphaned, row.Contents.Description));
        Assert.Equal(("Its task was deleted.", "1 untracked file"), rows[deleted.Task]);
        Assert.Equal(("Its folder does not exist anymore.", "1 commit that is not merged or pushed"), rows[lost.Task]);
        var health = await new Plue.Server.Health.WorktreeChecks(home.All).AllAsync(Cancel);
        Assert.Equal(3, health.Count(row => row.State == Plue.Server.Health.HealthState.Warning));
    }

    private static async Task RefusedAsync(WorktreeHome home, StoredWorktree made, string reason)
    {
        var fault = await Assert.ThrowsAsync<FailureException>(() => home.Worktrees.RemoveAsync(made.Task, Cancel));
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
        Assert.True(Directory.Exists(made.Path));
        Assert.True(await home.HasBranchAsync(made.Branch));
        Assert.Equal(WorktreeState.Ready, home.Worktrees.Find(made.Task)!.State);
    }

    /// <summary>Creates worktrees that use a script as git; empty for none.</summary>
    private static async Task<Plue.Server.Worktrees.Worktrees> WithGitAsync(WorktreeHome home, string script, TimeSpan timeout)
    {
        var folder = Directory.CreateTempSubdirectory("plue-test-").FullName;
        if (script.Length > 0)
        {
            await GitScript.WriteAsync(folder, script);
        }

        var git = new Git(name => name == "PATH" ? folder : Environment.GetEnvironmentVariable(name), timeout);
        var inspector = new WorktreeInspector(git, home.Services.Store.Chats);
        return new Plue.Server.Worktrees.Worktrees(home.Paths, TimeProvider.System, git, new WorktreeRecords(home.Paths), inspector);
    }
}
