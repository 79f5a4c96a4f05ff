using System.Diagnostics;
using System.Text.Json.Nodes;
using Plue.Server.Tests.Agents;
using Plue.Server.Tests.Testing;
using Plue.Server.Worktrees;
using static Plue.Server.Tests.Testing.ChatScript;
using static Plue.Server.Tests.Worktrees.WorktreeHome;

namespace Plue.Server.Tests.Worktrees;

/// <summary>
/// Kills a <c>plue</c> process with SIGKILL before or after a git command. Between two of these commands it stores its record and moves the folder, so the
/// points surround every step.
/// </summary>
public sealed class WorktreeKillTests
{
    [Theory]
    [InlineData("ls-tree", false)]
    [InlineData("worktree list", false)]
    [InlineData("worktree add", false)]
    [InlineData("worktree add", true)]
    public async Task Killed_while_it_creates_a_worktree_the_task_gets_it_when_it_continues(string command, bool isAfter)
    {
        await using var home = await CreateAsync();
        await using var endpoint = new ScriptedEndpoint { Route = _ => Answer("Done.") };
        AgentsHome.Write(home.Home, endpoint.Url);
        Assert.Equal(
            137,
            await RunAsync(
                home,
                KillAt(command, isAfter),
                ["task", "run", "worker", "Do it", "--isolation", "worktree", "--workspace", home.Repository]
            )
        );
        Assert.Equal("", (await home.GitAsync("status", "--porcelain")).Output);
        var report = await home.All.ReportAsync(Cancel);
        Assert.Empty(report.Strangers);
        foreach (var row in report.Rows)
        {
            Assert.Equal(WorktreeState.Creating, row.Record.State);
            Assert.NotNull(row.Orphaned);
            var made = await home.Worktrees.EnsureAsync(row.Record.Task, row.Record.Title, null, Cancel);
            Assert.Equal(Lines(), await File.ReadAllTextAsync(Path.Combine(made.Folder, "lines.txt"), Cancel));
        }

        Assert.Equal(command == "ls-tree" ? 0 : 1, report.Rows.Count);
        Assert.All((await home.All.ReportAsync(Cancel)).Rows, row => Assert.True(row.Contents.IsEmpty));
    }

    [Theory]
    [InlineData("status", false)]
    [InlineData("worktree list", false)]
    [InlineData("worktree remove", false)]
    [InlineData("worktree remove", true)]
    [InlineData("branch --delete", true)]
    public async Task Killed_while_it_removes_a_worktree_everything_is_in_the_folder_or_in_the_trash(string command, bool isAfter)
    {
        await using var home = await CreateAsync();
        var made = await home.NewAsync("One");
        Directory.CreateDirectory(Path.Combine(made.Path, "node_modules"));
        await home.WriteAsync(made.Path, "node_modules/ignored.txt", "ignored");
        Assert.Equal(137, await RunAsync(home, KillAt(command, isAfter), ["worktrees", "remove", made.Task]));

        var record = home.Worktrees.Find(made.Task)!;
        var folder = record.State == WorktreeState.Ready ? made.Path : record.Trash!;
        Assert.Equal("ignored", await File.ReadAllTextAsync(Path.Combine(folder, "node_modules", "ignored.txt"), Cancel));
        var report = await home.All.ReportAsync(Cancel);
        Assert.Equal(record.State == WorktreeState.Ready, Assert.Single(report.Rows).Orphaned is null);
        Assert.Empty(report.Strangers);

        var (removed, _) = await home.Worktrees.RemoveAsync(made.Task, Cancel);
        Assert.True(File.Exists(Path.Combine(removed.Trash!, "node_modules", "ignored.txt")));
        Assert.DoesNotContain(made.Path, (await home.GitAsync("worktree", "list")).Output, StringComparison.Ordinal);
        Assert.False(await home.HasBranchAsync(made.Branch));
    }

    /// <summary>The only point that no git command surrounds.</summary>
    [Fact]
    public async Task Killed_between_the_record_and_the_move_to_the_trash_the_removal_checks_the_worktree_again()
    {
        await using var home = await CreateAsync();
        var made = await home.NewAsync("One");
        new WorktreeRecords(home.Paths).Write(
            made with
            {
                State = WorktreeState.Removing,
                Trash = Path.Combine(home.Paths.Trash, "folder-worktree-one"),
            }
        );
        await home.WriteAsync(made.Path, "work.txt", "work");
        await Assert.ThrowsAsync<Plue.Server.Messages.FailureException>(() => home.Worktrees.RemoveAsync(made.Task, Cancel));
        Assert.True(File.Exists(Path.Combine(made.Path, "work.txt")));
    }

    [Theory]
    [InlineData("add", true)]
    [InlineData("commit", true)]
    [InlineData("merge", false)]
    [InlineData("merge", true)]
    public async Task Killed_while_it_merges_the_work_is_in_the_worktree_on_the_branch_or_merged(string command, bool isAfter)
    {
        await using var home = await CreateAsync();
        var made = await home.NewAsync("One");
        await home.WriteAsync(made.Path, "lines.txt", Lines(1, "agent"));
        await home.WriteAsync(made.Path, "new.txt", "agent");
        Assert.Equal(137, await RunAsync(home, KillAt(command, isAfter), ["worktrees", "merge", made.Task, "--commit", "Work"]));

        Assert.Equal("agent", await File.ReadAllTextAsync(Path.Combine(made.Path, "new.txt"), Cancel));
        var row = Assert.Single((await home.All.ReportAsync(Cancel)).Rows);
        Assert.Equal(command == "merge" ? WorktreeState.Merging : WorktreeState.Ready, row.Record.State);
        var isMerged = (command, isAfter) == ("merge", true);
        Assert.Equal(isMerged, row.Contents.IsEmpty);

        var again = await home.All.Merge.MergeAsync(made.Task, "Work", abortsOnConflict: false, Cancel);
        Assert.Equal(isMerged ? MergeOutcome.UpToDate : MergeOutcome.Merged, again.Outcome);
        Assert.Equal(Lines(1, "agent"), await File.ReadAllTextAsync(Path.Combine(home.Repository, "lines.txt"), Cancel));
        Assert.Equal(WorktreeState.Ready, home.Worktrees.Find(made.Task)!.State);
    }

    [Fact]
    public async Task The_command_line_lists_shows_merges_and_removes()
    {
        await using var home = await CreateAsync();
        var made = await home.NewAsync("One");
        await home.WriteAsync(made.Path, "new.txt", "agent");
        var list = JsonNode.Parse(await OutputAsync(home, 0, "worktrees", "list", "--json"))!["worktrees"]!.AsArray();
        Assert.Equal((made.Task, 1), ((string?)Assert.Single(list)!["task"], (int?)list[0]!["untracked"]));
        Assert.Contains("Holds: 1 untracked file", await OutputAsync(home, 0, "worktrees", "show", made.Task), StringComparison.Ordinal);
        await OutputAsync(home, 1, "worktrees", "remove", made.Task);
        var merged = JsonNode.Parse(
            await OutputAsync(home, 0, "worktrees", "merge", $"codex://tasks/{made.Task}", "--commit", "Work", "--json")
        )!;
        Assert.Equal(("merged", "main"), ((string?)merged["outcome"], (string?)merged["into"]));
        var removed = JsonNode.Parse(await OutputAsync(home, 0, "worktrees", "remove", made.Task, "--json"))!;
        Assert.True((bool)removed["branchDeleted"]!);
    }

    private static string KillAt(string command, bool isAfter) =>
        $"case \" $* \" in *\" {command} \"*) {(isAfter ? "git_real \"$@\"; " : "")}kill -9 $PPID; exit 1;; esac; exec git_real \"$@\"";

    private static async Task<string> OutputAsync(WorktreeHome home, int code, params string[] arguments)
    {
        using var process = Begin(home, Environment.GetEnvironmentVariable("PATH")!, arguments);
        var error = process.StandardError.ReadToEndAsync(Cancel);
        var output = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        Assert.True(code == process.ExitCode, await error);
        return output;
    }

    private static async Task<int> RunAsync(WorktreeHome home, string script, string[] arguments)
    {
        var folder = Directory.CreateTempSubdirectory("plue-test-").FullName;
        await GitScript.WriteAsync(folder, script);
        using var process = Begin(home, $"{folder}:{Environment.GetEnvironmentVariable("PATH")}", arguments);
        var read = Task.WhenAll(process.StandardError.ReadToEndAsync(Cancel), process.StandardOutput.ReadToEndAsync(Cancel));
        await process.WaitForExitAsync(Cancel);
        await read;
        return process.ExitCode;
    }

    private static Process Begin(WorktreeHome home, string path, string[] arguments) =>
        Process.Start(
            new ProcessStartInfo(SidecarProcess.Executable, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["PLUE_HOME"] = home.Home, ["PATH"] = path },
            }
        )!;
}
