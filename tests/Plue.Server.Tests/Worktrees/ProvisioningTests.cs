using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Tests.Agents;
using Plue.Server.Tests.Testing;
using Plue.Server.Tools.Hooks;
using Plue.Server.Worktrees;
using static Plue.Server.Tests.Testing.ChatScript;
using static Plue.Server.Tests.Worktrees.WorktreeHome;

namespace Plue.Server.Tests.Worktrees;

/// <summary>The provisioning of worktrees, with real folders, links, commands and approvals.</summary>
public sealed class ProvisioningTests
{
    private const string File5 =
        "{ link: [{ folder: 'node_modules', lock: 'package-lock.json' }], copy: ['.env.local', 'cache.bin'], run: ['cat node_modules/left/index.js > built.log'] }";

    [Fact]
    public async Task A_worktree_gets_links_copies_and_commands_after_one_approval()
    {
        await using var home = await AgentsHome.StartAsync(hasRealTools: true);
        var folder = await RepositoryAsync(home, File5);
        var first = await SpawnAsync(home);
        var asked = await AllowAsync(home, first);
        Assert.Equal(["hook", "read"], asked.Select(one => (string?)one["kind"]));
        Assert.Equal(
            "link node_modules if package-lock.json is equal\ncopy .env.local\ncopy cache.bin\nrun (at most 600 s) cat node_modules/left/index.js > built.log",
            (string?)asked[0]["actionText"]
        );
        Assert.Equal(".env.local", (string?)asked[1]["actionText"]);

        var record = RecordOf(home, first);
        Assert.All(
            record.Provisioning!.Steps,
            step => Assert.Equal((ProvisioningState.Done, true), (step.State, step.Seconds is not null))
        );
        Assert.True(record.Provisioning.HasEnded && record.Provisioning.Bytes > 0);
        Assert.Equal("left", await TextAsync(record.Path, "node_modules/left/index.js"));
        Assert.Equal("left", await TextAsync(record.Path, "built.log"));
        Assert.Equal("KEY=1", await TextAsync(record.Path, ".env.local"));
        Assert.Equal("cached", await TextAsync(record.Path, "cache.bin"));
        // A package of the repository itself is that of the worktree.
        await File.WriteAllTextAsync(Path.Combine(record.Path, "packages", "util", "index.js"), "changed", Cancel);
        Assert.Equal("changed", await TextAsync(record.Path, "node_modules/@shop/util/index.js"));
        Assert.Equal("util", await TextAsync(folder, "packages/util/index.js"));
        Assert.False(Path.Exists(Path.Combine(record.Path, "node_modules", ".cache")));
        await using var git = new WorktreeHome();
        Assert.Equal("M packages/util/index.js", (await git.GitInAsync(record.Path, "status", "--porcelain")).Output);

        // The same content is not asked about again, except for files with secrets.
        var second = await SpawnAsync(home);
        Assert.Equal("read", (string?)Assert.Single(await AllowAsync(home, second, "deny"))["kind"]);
        var other = RecordOf(home, second);
        Assert.False(File.Exists(Path.Combine(other.Path, ".env.local")));
        Assert.Equal(
            (ProvisioningState.Skipped, "You declined it."),
            (other.Provisioning!.Steps[1].State, other.Provisioning.Steps[1].Note)
        );
        var view = (await home.StatusAsync(second, "done"))["worktree"]!["provisioning"]!;
        Assert.Equal(["done", "skipped", "done", "done"], view["steps"]!.AsArray().Select(step => (string?)step!["state"]));

        await File.WriteAllTextAsync(Path.Combine(folder, ".plue", "worktree.json5"), "{ run: ['true'] }", Cancel);
        Assert.Equal(
            "run (at most 600 s) true",
            (string?)Assert.Single(await AllowAsync(home, await SpawnAsync(home), "deny"))["actionText"]
        );
    }

    [Fact]
    public async Task A_removed_worktree_and_its_expired_trash_leave_what_was_linked()
    {
        await using var home = await AgentsHome.StartAsync(hasRealTools: true);
        var folder = await RepositoryAsync(home, "{ link: [{ folder: 'node_modules', lock: 'package-lock.json' }] }");
        var uri = await SpawnAsync(home);
        await AllowAsync(home, uri);
        Assert.Equal("left", await TextAsync(RecordOf(home, uri).Path, "node_modules/left/index.js"));

        var removed = await home.Client.ResultAsync("worktree/remove", new { task = uri });
        Assert.Equal("left", await TextAsync((string)removed!["trash"]!, "node_modules/left/index.js"));
        var paths = new PluePaths(home.Sidecar.Home);
        Assert.Equal(1, Trash.RemoveOlderThan(TimeSpan.FromDays(-1), paths, TimeProvider.System, NullLogger.Instance));
        Assert.False(Path.Exists((string)removed["trash"]!));
        Assert.Equal("left", await TextAsync(folder, "node_modules/left/index.js"));
        Assert.Equal("util", await TextAsync(folder, "packages/util/index.js"));
    }

    [Fact]
    public async Task Installed_packages_are_proposed_once_and_not_linked_if_the_lock_file_differs()
    {
        await using var home = await AgentsHome.StartAsync(hasRealTools: true);
        var folder = await RepositoryAsync(home, null);
        var uri = await SpawnAsync(home);
        Assert.Equal(
            "link node_modules if package-lock.json is equal",
            (string?)Assert.Single(await AllowAsync(home, uri, "deny"))["actionText"]
        );
        Assert.False(Path.Exists(Path.Combine(RecordOf(home, uri).Path, "node_modules")));
        Assert.Empty(await AllowAsync(home, await SpawnAsync(home)));

        new HookApprovals(new PluePaths(home.Sidecar.Home), TimeProvider.System).Approve(
            ProvisioningFile.Read(folder).Hash,
            RecordOf(home, uri).Repository,
            "detected",
            "new worktree",
            ""
        );
        await File.WriteAllTextAsync(Path.Combine(folder, "package-lock.json"), "{} ", Cancel);
        var third = await SpawnAsync(home);
        Assert.Empty(await AllowAsync(home, third));
        var step = Assert.Single(RecordOf(home, third).Provisioning!.Steps);
        Assert.Equal(ProvisioningState.Skipped, step.State);
        Assert.StartsWith("package-lock.json is not the same", step.Note, StringComparison.Ordinal);
        Assert.False(Path.Exists(Path.Combine(RecordOf(home, third).Path, "node_modules")));
    }

    [Fact]
    public async Task A_failed_denied_or_slow_command_has_a_reason_and_the_task_works_in_the_worktree()
    {
        await using var home = await AgentsHome.StartAsync(hasRealTools: true);
        home.WriteTemplate(
            "worker",
            "provider_ref: 'codex://providers/small', available_tools: ['read'], permissions: { deny: ['bash(rm *)'] }, budget: { usd: 0.5, rounds: 20 }, fields: [{ name: 'permission_mode', default: 'edit' }]"
        );
        await RepositoryAsync(home, "{ run: ['echo broken; exit 3', 'rm -r packages', 'sleep 600', 'true'], timeout_s: 1 }");
        var uri = await SpawnAsync(home);
        await AllowAsync(home, uri);
        var steps = RecordOf(home, uri).Provisioning!.Steps;
        Assert.Equal(
            [ProvisioningState.Failed, ProvisioningState.Failed, ProvisioningState.Failed, ProvisioningState.Done],
            steps.Select(step => step.State)
        );
        Assert.StartsWith("broken [Exit code 3", steps[0].Note, StringComparison.Ordinal);
        Assert.StartsWith("It was denied: ", steps[1].Note, StringComparison.Ordinal);
        Assert.Contains("1 s", steps[2].Note, StringComparison.Ordinal);
        Assert.True(Directory.Exists(Path.Combine(RecordOf(home, uri).Path, "packages")));
    }

    [Fact]
    public async Task Nothing_is_linked_or_copied_out_of_the_repository_over_a_file_or_into_the_changes()
    {
        await using var home = await CreateAsync();
        var outside = Directory.CreateTempSubdirectory("plue-test-").FullName;
        await home.WriteAsync(outside, "secret", "secret");
        await home.WriteAsync(home.Repository, "package-lock.json", "{}");
        await home.WriteAsync(home.Repository, ".gitignore", "node_modules/\n.env\nleak\n");
        await home.CommitAsync(home.Repository, "Second");
        Directory.CreateDirectory(Path.Combine(home.Repository, "node_modules", "mine"));
        Directory.CreateDirectory(Path.Combine(home.Repository, "open"));
        Directory.CreateSymbolicLink(Path.Combine(home.Repository, "node_modules", "far"), outside);
        Directory.CreateSymbolicLink(Path.Combine(home.Repository, "leak"), outside);
        await home.WriteAsync(home.Repository, ".env", "main");
        await home.WriteAsync(home.Repository, "open.txt", "open");
        var record = await home.NewAsync("One");
        await home.WriteAsync(record.Path, ".env", "own");
        var work = home.All.Provisioner;
        Task<ProvisioningStep> LinkAsync(string folder) =>
            work.LinkAsync(record, new(folder, "package-lock.json"), new(ProvisioningKind.Link, folder), Cancel);
        Task<ProvisioningStep> CopyAsync(string file) => work.CopyAsync(record, file, new(ProvisioningKind.Copy, file), Cancel);

        var linked = await LinkAsync("node_modules");
        Assert.Equal((ProvisioningState.Done, "1 link out of the repository not made."), (linked.State, linked.Note));
        Assert.True(Directory.Exists(Path.Combine(record.Path, "node_modules", "mine")));
        Assert.False(Path.Exists(Path.Combine(record.Path, "node_modules", "far")));
        Assert.Equal("It exists in the worktree already.", (await LinkAsync("node_modules")).Note);
        Assert.Equal("It is a link out of the repository.", (await LinkAsync("leak")).Note);
        Assert.StartsWith("git does not ignore it", (await LinkAsync("open")).Note, StringComparison.Ordinal);
        Assert.Equal("It is a link out of the repository.", (await CopyAsync("leak/secret")).Note);
        Assert.Equal("It exists in the worktree already.", (await CopyAsync(".env")).Note);
        Assert.Equal("own", await TextAsync(record.Path, ".env"));
        Assert.StartsWith("git does not ignore it", (await CopyAsync("open.txt")).Note, StringComparison.Ordinal);
        Assert.Equal("", (await home.GitInAsync(record.Path, "status", "--porcelain")).Output);
    }

    [Theory]
    [InlineData("{ link: [{ folder: '../other', lock: 'a' }] }", "../other is not a path")]
    [InlineData("{ copy: ['/etc/passwd'] }", "/etc/passwd is not a path")]
    [InlineData("{ copy: ['.git/config'] }", ".git/config is not a path")]
    [InlineData("{ copy: ['a', 1] }", "copy must be a list")]
    [InlineData("{ run: ['a\\nb'] }", "a command must be one line")]
    [InlineData("{ run: ['a'], timeout_s: 0 }", "timeout_s must be")]
    [InlineData("{ links: [] }", "unknown key links")]
    [InlineData("{ link: [", "line 1")]
    public async Task A_file_that_cannot_be_used_is_refused_with_the_reason(string text, string reason)
    {
        var folder = Directory.CreateTempSubdirectory("plue-test-").FullName;
        Directory.CreateDirectory(Path.Combine(folder, ".plue"));
        await File.WriteAllTextAsync(Path.Combine(folder, ".plue", "worktree.json5"), text, Cancel);
        var refused = Assert.Throws<FailureException>(() => ProvisioningFile.Read(folder));
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    /// <summary>The commands of git surround the steps that link and copy; the last case kills the process while a command runs.</summary>
    [Theory]
    [InlineData("node_modules/", false)]
    [InlineData("node_modules/", true)]
    [InlineData("cache.bin", true)]
    [InlineData(null, false)]
    public async Task Killed_while_it_provisions_the_next_start_finishes_and_until_then_the_report_names_what_is_missing(
        string? path,
        bool isAfter
    )
    {
        await using var home = await CreateAsync();
        await using var endpoint = new ScriptedEndpoint { Route = _ => Answer("Done.") };
        AgentsHome.Write(home.Home, endpoint.Url);
        await FillAsync(
            home.Repository,
            $"{{ link: [{{ folder: 'node_modules', lock: 'package-lock.json' }}], copy: ['cache.bin'], run: ['test -e go.log || sleep 600', 'true'] }}"
        );
        await home.CommitAsync(home.Repository, "Files");
        new HookApprovals(home.Paths, TimeProvider.System).Approve(
            ProvisioningFile.Read(home.Repository).Hash,
            home.Repository,
            ProvisioningFile.Name,
            "new worktree",
            ""
        );
        string[] run = ["task", "run", "worker", "Do it", "--isolation", "worktree", "--workspace", home.Repository];
        await KillAsync(home, path, isAfter, run);

        var row = Assert.Single((await home.All.ReportAsync(Cancel)).Rows);
        Assert.False(row.Record.Provisioning!.HasEnded);
        Assert.Contains("Its provisioning was interrupted", row.Orphaned, StringComparison.Ordinal);
        Assert.Contains("true is not done yet.", row.Orphaned, StringComparison.Ordinal);
        Assert.True(row.Contents.IsEmpty);
        Assert.Equal("left", await TextAsync(home.Repository, "node_modules/left/index.js"));

        await File.WriteAllTextAsync(Path.Combine(row.Record.Path, "go.log"), "", Cancel);
        using var again = Start(
            home,
            Environment.GetEnvironmentVariable("PATH")!,
            ["task", "resume", row.Record.Task, "--workspace", home.Repository]
        );
        var error = again.StandardError.ReadToEndAsync(Cancel);
        await again.StandardOutput.ReadToEndAsync(Cancel);
        await again.WaitForExitAsync(Cancel);
        Assert.True(again.ExitCode == 0, await error);
        var record = home.Worktrees.Find(row.Record.Task)!;
        Assert.True(record.Provisioning!.HasEnded);
        Assert.All(record.Provisioning.Steps, step => Assert.Equal(ProvisioningState.Done, step.State));
        Assert.Equal("left", await TextAsync(record.Path, "node_modules/left/index.js"));
        Assert.Equal("cached", await TextAsync(record.Path, "cache.bin"));
        Assert.Equal("", (await home.GitInAsync(record.Path, "status", "--porcelain")).Output);
    }

    /// <summary>Kills the process at a git command, or when the record says that a command of the file runs.</summary>
    private static async Task KillAsync(WorktreeHome home, string? path, bool isAfter, string[] arguments)
    {
        var folder = Directory.CreateTempSubdirectory("plue-test-").FullName;
        if (path is not null)
        {
            await GitScript.WriteAsync(
                folder,
                $"case \" $* \" in *\"check-ignore --quiet -- {path} \"*) {(isAfter ? "git_real \"$@\"; " : "")}kill -9 $PPID; exit 1;; esac; exec git_real \"$@\""
            );
        }

        Directory.CreateDirectory(home.Paths.WorktreeRecords);
        var running = new TaskCompletionSource();
        using var watcher = new FileSystemWatcher(home.Paths.WorktreeRecords);
        watcher.Renamed += (_, _) =>
        {
            if (Runs(home))
            {
                running.TrySetResult();
            }
        };
        watcher.EnableRaisingEvents = true;
        using var process = Start(home, $"{folder}:{Environment.GetEnvironmentVariable("PATH")}", arguments);
        var read = Task.WhenAll(process.StandardError.ReadToEndAsync(Cancel), process.StandardOutput.ReadToEndAsync(Cancel));
        if (path is null)
        {
            await running.Task.WaitAsync(Cancel);
            process.Kill();
        }

        await process.WaitForExitAsync(Cancel);
        await read;
        Assert.Equal(137, process.ExitCode);
    }

    private static bool Runs(WorktreeHome home) =>
        new WorktreeRecords(home.Paths)
            .List()
            .Records.Any(record =>
                record.Provisioning?.Steps.Any(step => step is { Kind: ProvisioningKind.Run, State: ProvisioningState.Running }) == true
            );

    private static Process Start(WorktreeHome home, string path, string[] arguments) =>
        Process.Start(
            new ProcessStartInfo(SidecarProcess.Executable, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["PLUE_HOME"] = home.Home, ["PATH"] = path },
            }
        )!;

    private static StoredWorktree RecordOf(AgentsHome home, string uri) =>
        home.Sidecar.Services.Worktrees.Worktrees.Find(uri.Split('/')[^1])!;

    private static Task<string> TextAsync(string folder, string file) => File.ReadAllTextAsync(Path.Combine(folder, file), Cancel);

    private static async Task<string> SpawnAsync(AgentsHome home) =>
        (string)
            (
                await home.Client.ResultAsync(
                    "task/spawn",
                    new
                    {
                        templateId = "worker",
                        goal = "Do it",
                        values = new { isolation = "worktree" },
                    }
                )
            )!["uri"]!;

    /// <summary>Answers every approval until the task has ended.</summary>
    /// <returns>The approvals, in order.</returns>
    private static async Task<IReadOnlyList<JsonNode>> AllowAsync(AgentsHome home, string uri, string decision = "once")
    {
        List<JsonNode> all = [];
        while ((await home.ListAsync()).All(task => (string?)task!["uri"] != uri || (string?)task["status"] is not ("done" or "failed")))
        {
            foreach (var asked in (await home.Client.ResultAsync("approval/list"))!["approvals"]!.AsArray())
            {
                all.Add(asked!);
                await home.Client.ResultAsync(
                    "approval/answer",
                    new
                    {
                        id = (string)asked!["id"]!,
                        fingerprint = (string)asked["fingerprint"]!,
                        decision,
                    }
                );
            }

            await home.Client.NextAsync("task/event");
        }

        Assert.Equal("done", (string?)(await home.StatusAsync(uri, "done", "failed"))["status"]);
        return all;
    }

    private static async Task<string> RepositoryAsync(AgentsHome home, string? file)
    {
        await using var git = new WorktreeHome();
        await git.GitInAsync(home.Folder, "init", "--quiet", "--initial-branch=main");
        await git.GitInAsync(home.Folder, "config", "user.name", "Test");
        await git.GitInAsync(home.Folder, "config", "user.email", "test@example.com");
        await FillAsync(home.Folder, file);
        await git.CommitAsync(home.Folder, "First");
        return home.Folder;
    }

    /// <summary>Writes a repository with installed packages, one of which is its own.</summary>
    private static async Task FillAsync(string folder, string? file)
    {
        Dictionary<string, string> files = new()
        {
            [".gitignore"] = "node_modules/\n.env*\n*.bin\n*.log\n",
            ["package-lock.json"] = "{}",
            ["packages/util/index.js"] = "util",
            ["node_modules/left/index.js"] = "left",
            ["node_modules/.cache/one"] = "cache",
            [".env.local"] = "KEY=1",
            ["cache.bin"] = "cached",
        };
        if (file is not null)
        {
            files[".plue/worktree.json5"] = file;
        }
        foreach (var (name, text) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, name))!);
            await File.WriteAllTextAsync(Path.Combine(folder, name), text, Cancel);
        }

        Directory.CreateDirectory(Path.Combine(folder, "node_modules", "@shop"));
        Directory.CreateSymbolicLink(Path.Combine(folder, "node_modules", "@shop", "util"), "../../packages/util");
    }
}
