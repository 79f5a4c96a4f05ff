using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Permissions;

/// <summary>
/// Real commands in the real sandboxes, as root and as an ordinary user. Denied operations are run outside the sandbox first, to verify that the test can
/// fail.
/// </summary>
[UnsupportedOSPlatform("windows")]
public sealed class SandboxTests : IDisposable
{
    private const string Nobody = "65534";
    private readonly string top = RealPath.Of(Directory.CreateTempSubdirectory("plue-sandbox-test-").FullName);

    public SandboxTests()
    {
        foreach (var folder in new[] { "", "work", "outside", "home", "home/.ssh", "home/.plue" })
        {
            Directory.CreateDirectory(In(folder));
        }

        File.WriteAllText(In("home/.ssh/id_ed25519"), "canary-ssh");
        File.WriteAllText(In("home/.plue/vault.json"), "canary-vault");
        File.WriteAllText(In("home/notes.txt"), "harmless");
        File.WriteAllText(In("outside/a.txt"), "outside");
    }

    public static TheoryData<SandboxKind, bool> Kinds =>
        new()
        {
            { SandboxKind.Bubblewrap, true },
            { SandboxKind.Bubblewrap, false },
            { SandboxKind.Landlock, true },
            { SandboxKind.Landlock, false },
        };

    public void Dispose() => Directory.Delete(top, recursive: true);

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task It_writes_in_the_workspace_and_its_own_folder_for_temporary_files(SandboxKind kind, bool asRoot) =>
        Assert.Equal(
            "one\ntwo\n0",
            await RunAsync(
                kind,
                asRoot,
                "echo one > a.txt && cat a.txt && mkdir -p b/c && mv a.txt b/c/ && echo two > $TMPDIR/x && cat $TMPDIR/x; echo x > /dev/null"
            )
        );

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task It_writes_in_the_other_workspace_folders_and_nothing_guarded_in_them(SandboxKind kind, bool asRoot)
    {
        var other = In("outside");
        Directory.CreateDirectory(Path.Combine(other, ".vscode"));
        File.WriteAllText(Path.Combine(other, ".vscode/tasks.json"), "{}");
        Assert.Equal("one\n0", await RunAsync(kind, asRoot, $"echo one > {other}/new.txt; cat {other}/new.txt", others: [other]));
        if (kind == SandboxKind.Bubblewrap)
        {
            await RunAsync(kind, asRoot, $"echo x > {other}/.vscode/tasks.json", others: [other]);
            Assert.Equal("{}", File.ReadAllText(Path.Combine(other, ".vscode/tasks.json")));
        }

        await using var child = Start(kind, asRoot, $"mkdir {other}/.husky; sleep 300", false, out var held, [other]);
        using var _ = held;
        using var killing = held.Violation.Register(child.Kill);
        await child.Exited.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Contains("`.husky` appeared in the workspace", held.Finish(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(other, ".husky")));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task No_write_outside_of_the_workspace(SandboxKind kind, bool asRoot)
    {
        var outside = In("outside");
        await RunAsync(
            kind,
            asRoot,
            $"echo x > {outside}/a.txt; echo x > {outside}/b.txt; rm {outside}/a.txt; mv {outside} {outside}2; truncate -s 0 {outside}/a.txt; ln -s {outside} way; echo x > way/a.txt; ln {outside}/a.txt hard; echo x > hard; touch $HOME/.bashrc /etc/plue-test /plue-test /usr/plue-test"
        );
        Assert.Equal("outside", File.ReadAllText(Path.Combine(outside, "a.txt")));
        Assert.Single(Directory.GetFileSystemEntries(outside));
        Assert.False(File.Exists(In("home/.bashrc")) || File.Exists("/etc/plue-test") || File.Exists("/plue-test"));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task The_vault_and_private_keys_cannot_be_read(SandboxKind kind, bool asRoot)
    {
        var text = await RunAsync(
            kind,
            asRoot,
            $"cat {In("home")}/.ssh/id_ed25519; cat {In("home")}/.plue/vault.json; ls -a {In("home")}/.ssh; ln -s {In("home")}/.ssh s; cat s/*; cat /proc/1/root{In("home")}/.plue/vault.json; cat /proc/{Environment.ProcessId}/root{In("home")}/.plue/vault.json; cat /proc/{Environment.ProcessId}/environ"
        );
        Assert.DoesNotContain("canary", text, StringComparison.Ordinal);
        Assert.DoesNotContain("id_ed25519\n", text.Replace("id_ed25519: ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("PATH=", text, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_readable_folder_in_a_hidden_one_is_read_and_run_and_not_changed(SandboxKind kind, bool asRoot)
    {
        Directory.CreateDirectory(In("home/.plue/skills/pdf"));
        var script = In("home/.plue/skills/pdf/run.sh");
        File.WriteAllText(script, "echo runs");
        Assert.StartsWith(
            "runs\n",
            await RunAsync(kind, asRoot, $"sh {script}; echo x > {script}; touch {script}2"),
            StringComparison.Ordinal
        );
        Assert.Equal("echo runs", File.ReadAllText(script));
        Assert.False(File.Exists(script + "2"));
        Assert.DoesNotContain("canary", await RunAsync(kind, asRoot, $"cat {script}/../../../vault.json"), StringComparison.Ordinal);

        // A link to another folder gives no access.
        Directory.Delete(In("home/.plue/skills"), recursive: true);
        Directory.CreateSymbolicLink(In("home/.plue/skills"), In("home/.ssh"));
        Assert.DoesNotContain(
            "canary",
            await RunAsync(kind, asRoot, $"cat {In("home/.plue/skills/id_ed25519")} {In("home/.ssh/id_ed25519")}"),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Nothing_reaches_the_network(SandboxKind kind, bool asRoot)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var udp = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var (tcpPort, udpPort) = (((IPEndPoint)listener.LocalEndpoint).Port, ((IPEndPoint)udp.Client.LocalEndPoint!).Port);
        var line = $"exec 3<>/dev/tcp/127.0.0.1/{tcpPort} && echo REACHED; echo x > /dev/udp/127.0.0.1/{udpPort} && echo SENT";
        var text = await RunAsync(kind, asRoot, line);
        Assert.DoesNotContain("REACHED", text, StringComparison.Ordinal);
        Assert.False(listener.Pending());
        Assert.Equal(0, udp.Available);
        Assert.Contains("REACHED", await RunAsync(SandboxKind.None, true, line), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Allowing_the_network_changes_nothing_else(SandboxKind kind, bool asRoot)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Assert.Contains(
            "REACHED",
            await RunAsync(
                kind,
                asRoot,
                $"exec 3<>/dev/tcp/127.0.0.1/{((IPEndPoint)listener.LocalEndpoint).Port} && echo REACHED; echo x > {In("outside")}/a.txt",
                network: true
            ),
            StringComparison.Ordinal
        );
        Assert.Equal("outside", File.ReadAllText(In("outside/a.txt")));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_socket_in_run_like_that_of_Docker_is_not_reached(SandboxKind kind, bool asRoot)
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root may make one in /run.");
        Assert.SkipUnless(File.Exists("/usr/bin/python3"), "Needs Python to connect to it.");
        var path = $"/run/plue-test-{Guid.NewGuid():N}.sock";
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        try
        {
            File.SetUnixFileMode(path, (UnixFileMode)0b110_110_110);
            socket.Listen();
            var line = $"/usr/bin/python3 -c \"import socket; socket.socket(socket.AF_UNIX).connect('{path}'); print('REACHED')\"";
            Assert.DoesNotContain("REACHED", await RunAsync(kind, asRoot, line), StringComparison.Ordinal);
            Assert.DoesNotContain("REACHED", await RunAsync(kind, asRoot, line, network: true), StringComparison.Ordinal);
            Assert.Contains("REACHED", await RunAsync(SandboxKind.None, true, line), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task It_has_no_powers_and_gets_none(SandboxKind kind, bool asRoot)
    {
        var text = await RunAsync(kind, asRoot, "grep -E 'NoNewPrivs|CapEff|CapBnd' /proc/self/status");
        Assert.Contains("NoNewPrivs:\t1", text, StringComparison.Ordinal);
        Assert.Contains("CapEff:\t0000000000000000", text, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Root_cannot_mount_its_way_out(SandboxKind kind, bool asRoot)
    {
        await RunAsync(
            kind,
            asRoot,
            $"mount -o remount,rw,bind / ; mount -o remount,rw / ; mount -t tmpfs x {In("outside")}; umount -l {In("home")}/.plue; unshare -rm sh -c 'mount -o remount,rw,bind /; echo x > {In("outside")}/a.txt'; echo x > {In("outside")}/a.txt; cat {In("home")}/.plue/vault.json"
        );
        Assert.Equal("outside", File.ReadAllText(In("outside/a.txt")));
    }

    /// <summary>Shows why capabilities are dropped: with them, the same command writes outside.</summary>
    [Fact]
    public void Root_with_its_powers_escapes_from_bubblewrap_by_a_remount()
    {
        Assert.SkipUnless(Environment.UserName == "root" && File.Exists("/usr/bin/bwrap"), "Needs root and bubblewrap.");
        var line = $"mount -o remount,rw,bind / && echo x > {In("outside")}/a.txt";
        Tools.ToolFixture.Shell($"bwrap --unshare-net --ro-bind / / --bind {In("work")} {In("work")} sh -c '{line}'", top);
        Assert.Equal("x\n", File.ReadAllText(In("outside/a.txt")));
        File.WriteAllText(In("outside/a.txt"), "outside");
        Tools.ToolFixture.Shell($"bwrap --unshare-net --cap-drop ALL --ro-bind / / --bind {In("work")} {In("work")} sh -c '{line}'", top);
        Assert.Equal("outside", File.ReadAllText(In("outside/a.txt")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SEC_12_Version_control_and_the_settings_of_editors_that_exist_are_read_only(bool asRoot)
    {
        Directory.CreateDirectory(In("work/.git/hooks"));
        Directory.CreateDirectory(In("work/.claude"));
        File.WriteAllText(In("work/.git/config"), "[core]\n");
        File.WriteAllText(In("work/.mcp.json"), "{}");
        await RunAsync(
            SandboxKind.Bubblewrap,
            asRoot,
            "echo x > .git/hooks/pre-commit; echo x >> .git/config; mv .git g; rm -rf .git; echo x > .mcp.json; rm .mcp.json; echo x > .claude/settings.json; echo x > fine.txt"
        );
        Assert.Equal(("[core]\n", "{}"), (File.ReadAllText(In("work/.git/config")), File.ReadAllText(In("work/.mcp.json"))));
        Assert.Equal([".claude", ".git", ".mcp.json", "fine.txt"], Entries());
        Assert.Empty(Directory.GetFileSystemEntries(In("work/.git/hooks")).Concat(Directory.GetFileSystemEntries(In("work/.claude"))));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task SEC_12_Nothing_guarded_appears_in_the_folder_while_commands_run_and_one_is_killed(SandboxKind kind, bool asRoot)
    {
        Assert.Equal(0, Tools.ToolFixture.Shell("git init -q sub && git -C sub config core.fsync none", In("work")).Code);
        var appeared = new System.Collections.Concurrent.ConcurrentQueue<string?>();
        using (var watcher = new FileSystemWatcher(In("work")) { NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName })
        {
            watcher.Created += (_, change) => appeared.Enqueue(change.Name);
            watcher.EnableRaisingEvents = true;
            for (var i = 0; i < 5; i++)
            {
                Assert.Equal("sub\n0", await RunAsync(kind, asRoot, "ls -A"));
            }

            Assert.Equal("0", await RunAsync(kind, asRoot, "git -c safe.directory='*' -C sub status --porcelain --untracked-files=all"));
            await using var child = Start(kind, asRoot, "echo begun; sleep 300", false, out var held);
            using var _ = held;
            await child.ReadLineAsync(default);
            child.Kill();
            await child.Exited.WaitAsync(TimeSpan.FromSeconds(10));
            Assert.Equal(["sub"], Entries());
            File.WriteAllText(In("work/last.txt"), "");
            Assert.True(SpinWait.SpinUntil(() => appeared.Contains("last.txt"), TimeSpan.FromSeconds(10)));
        }

        Assert.Equal(["last.txt"], appeared);
    }

    public static TheoryData<SandboxKind, bool, string, string> WaysToMakeOne
    {
        get
        {
            var ways = new TheoryData<SandboxKind, bool, string, string>();
            foreach (var name in Sandbox.GuardedFolders.Concat(Sandbox.GuardedFiles))
            {
                ways.Add(SandboxKind.Bubblewrap, true, $"mkdir {name}", name);
            }

            foreach (
                var (kind, asRoot) in new[]
                {
                    (SandboxKind.Bubblewrap, true),
                    (SandboxKind.Bubblewrap, false),
                    (SandboxKind.Landlock, true),
                    (SandboxKind.Landlock, false),
                }
            )
            {
                ways.Add(kind, asRoot, "mkdir .VSCode", ".VSCode");
                ways.Add(kind, asRoot, "echo x > .envrc", ".envrc");
                ways.Add(kind, asRoot, "mkdir -p g/hooks; echo x > g/config; mv g .git", ".git");
                ways.Add(kind, asRoot, "echo 'gitdir: sub' > .git", ".git");
                ways.Add(kind, asRoot, "ln -s sub .git", ".git");
                ways.Add(kind, asRoot, "echo '{}' > m; ln m .mcp.json", ".mcp.json");
                ways.Add(kind, asRoot, "while true; do mkdir .claude 2> /dev/null; done", ".claude");
                ways.Add(kind, asRoot, "for i in {1..20000}; do : > f$i; done; mkdir .husky", ".husky");
            }

            return ways;
        }
    }

    [Theory]
    [MemberData(nameof(WaysToMakeOne))]
    public async Task SEC_11_SEC_12_A_guarded_name_that_appears_ends_the_command_and_is_renamed(
        SandboxKind kind,
        bool asRoot,
        string line,
        string name
    )
    {
        await using var child = Start(kind, asRoot, $"{line}; sleep 300", false, out var held);
        using var _ = held;
        using var killing = held.Violation.Register(child.Kill);
        await child.Exited.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Contains($"`{name}` appeared in the workspace", held.Finish(), StringComparison.Ordinal);
        Assert.DoesNotContain(name, Entries());
        Assert.False(
            Directory.Exists(In($"work/{name}.blocked")) && Directory.GetFileSystemEntries(In($"work/{name}.blocked")).Length == 0
        );
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task SEC_12_The_content_of_a_new_guarded_folder_is_kept_under_another_name(SandboxKind kind, bool asRoot)
    {
        File.WriteAllText(In("work/.git.blocked"), "of the user");
        await using var child = Start(kind, asRoot, "mkdir g; echo x > g/config; mv g .git; sleep 300", false, out var held);
        using var _ = held;
        using var killing = held.Violation.Register(child.Kill);
        await child.Exited.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Contains("It was renamed to `.git.blocked-2`", held.Finish(), StringComparison.Ordinal);
        Assert.Equal(
            ("x\n", "of the user"),
            (File.ReadAllText(In("work/.git.blocked-2/config")), File.ReadAllText(In("work/.git.blocked")))
        );
    }

    /// <summary>Nothing would monitor such a process anymore.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SEC_12_A_command_in_bubblewrap_ends_with_its_parent_process(bool asRoot)
    {
        await using var child = Start(
            SandboxKind.Bubblewrap,
            asRoot,
            "trap '' TERM HUP; echo begun; while true; do sleep 1; done",
            false,
            out var held
        );
        using var _ = held;
        await child.ReadLineAsync(default);
        child.CloseInput();
        await child.Exited.WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void Leftovers_of_older_versions_are_deleted_only_if_empty_and_created_together()
    {
        var names = Sandbox.GuardedFolders.Concat(Sandbox.GuardedFiles).ToList();
        Directory.CreateDirectory(In("work/.git"));
        Directory.CreateDirectory(In("work/.vscode"));
        var later = DateTime.UtcNow.AddHours(2);
        SandboxLeftovers.Remove(In("work"), names, later);
        Assert.Equal([".git", ".vscode"], Entries());

        Directory.CreateDirectory(In("work/.idea"));
        File.WriteAllText(In("work/.envrc"), "");
        File.WriteAllText(In("work/.mcp.json"), "{}");
        Directory.CreateDirectory(In("work/.claude/skills"));
        SandboxLeftovers.Remove(In("work"), names, DateTime.UtcNow);
        Assert.Equal([".claude", ".envrc", ".git", ".idea", ".mcp.json", ".vscode"], Entries());
        SandboxLeftovers.Remove(In("work"), names, later);
        Assert.Equal([".claude", ".mcp.json"], Entries());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task REL_34_Its_end_ends_everything_a_daemon_without_our_mark_too(SandboxKind kind, bool asRoot)
    {
        var mark = $"5{Random.Shared.Next(1_000_000, 9_999_999)}";
        var daemon = kind == SandboxKind.Bubblewrap ? $"env -i setsid sleep {mark} & " : "";
        await RunAsync(kind, asRoot, $"{daemon} setsid sleep {mark} & (setsid sh -c 'sleep {mark} & sleep {mark}' &) ; echo done");
        Assert.Empty(Running(mark));
        await using (
            var child = Start(
                kind,
                asRoot,
                $"{daemon} setsid sleep {mark} & trap '' TERM; echo begun; while true; do sleep {mark}; done",
                false,
                out var held
            )
        )
        {
            using var _ = held;
            await child.ReadLineAsync(default);
            await child.EndAsync(urgent: true).WaitAsync(TimeSpan.FromSeconds(10));
        }

        Assert.Empty(Running(mark));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task It_cannot_end_programs_outside(SandboxKind kind, bool asRoot)
    {
        Assert.SkipWhen(
            kind == SandboxKind.Landlock && Landlock.Version < Landlock.WithSignals,
            "This kernel's Landlock holds no signals."
        );
        using var victim = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("/bin/sleep", ["300"]))!;
        try
        {
            await RunAsync(kind, asRoot, $"kill -9 {victim.Id}");
            Assert.False(victim.HasExited);
        }
        finally
        {
            victim.Kill();
        }
    }

    [Fact]
    public async Task A_pipe_that_closes_early_ends_its_writer_quietly() =>
        Assert.Equal("y\n0", await RunAsync(SandboxKind.Landlock, true, "yes | head -n 1"));

    [Fact]
    public async Task The_sandbox_is_detected_by_running_it_once_and_unusable_ones_are_skipped()
    {
        var sandbox = new Sandbox([], null, [SandboxKind.SandboxExec, SandboxKind.Landlock]);
        Assert.Equal(SandboxKind.None, await sandbox.KindAsync(default));
        Assert.Contains("No sandbox", Sandbox.Describe(SandboxKind.None, new SandboxRules("/x")), StringComparison.Ordinal);
        Assert.Equal(
            "Runs in a sandbox: it can write only to the workspace and has no network access.",
            Sandbox.Describe(SandboxKind.Bubblewrap, new SandboxRules("/x"))
        );
        Assert.Contains(
            "Network access is allowed.",
            Sandbox.Describe(SandboxKind.Bubblewrap, new SandboxRules("/x") { AllowNetwork = true }),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_profile_for_macOS_quotes_what_a_folder_is_called()
    {
        var profile = SandboxProfile.Create(new SandboxRules("/a \"b\\"), "/tmp/x", ["/home/.ssh"], [], [".git"]);
        Assert.Contains("(allow file-write* (subpath \"/a \\\"b\\\\\"))", profile, StringComparison.Ordinal);
        Assert.Contains("(deny network*)", profile, StringComparison.Ordinal);
        Assert.True(
            profile.IndexOf("(allow file-write* (subpath", StringComparison.Ordinal) < profile.IndexOf(".git", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void The_profile_for_macOS_allows_a_worktree_in_Plues_hidden_folder_but_not_its_guarded_files()
    {
        var profile = SandboxProfile.Create(new SandboxRules("/home/.plue/worktrees/a/b"), "/tmp/x", ["/home/.plue"], [], [".git"]);
        int At(string rule) => profile.IndexOf(rule, StringComparison.Ordinal);
        var allowed = At("(allow file-read* file-write* (subpath \"/home/.plue/worktrees/a/b\"))");
        Assert.InRange(allowed, At("(deny file-read* file-write* (subpath \"/home/.plue\"))") + 1, int.MaxValue);
        Assert.InRange(At("(deny file-write* (subpath \"/home/.plue/worktrees/a/b/.git\"))"), allowed + 1, int.MaxValue);
    }

    /// <summary>Returns stdout, stderr and the exit code.</summary>
    private async Task<string> RunAsync(SandboxKind kind, bool asRoot, string line, bool network = false, string[]? others = null)
    {
        await using var child = Start(kind, asRoot, line, network, out var held, others);
        using var _ = held;
        var output = new List<byte>();
        var buffer = new byte[4096];
        while (await child.ReadAsync(buffer, default) is > 0 and var count)
        {
            output.AddRange(buffer[..count]);
        }

        return $"{System.Text.Encoding.UTF8.GetString([.. output])}{await child.Exited.WaitAsync(TimeSpan.FromSeconds(30))}";
    }

    private ChildProcess Start(SandboxKind kind, bool asRoot, string line, bool network, out SandboxedStart held, string[]? others = null)
    {
        Assert.SkipWhen(kind == SandboxKind.Bubblewrap && !File.Exists("/usr/bin/bwrap"), "bubblewrap is not installed.");
        Assert.SkipWhen(kind == SandboxKind.Landlock && !Landlock.IsSupported, "This kernel has no Landlock.");
        Assert.SkipWhen(!asRoot && Environment.UserName != "root", "Runs as an ordinary user already.");
        var start = new ChildProcessStart
        {
            Program = "/bin/bash",
            Arguments = ["-c", $"exec 2>&1; {line}"],
            Environment = new Dictionary<string, string>
            {
                ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                ["HOME"] = In("home"),
            },
            WorkingDirectory = In("work"),
        };
        var sandbox = new Sandbox(
            [In("home/.plue"), In("home/.ssh"), In("home/.nothing")],
            SidecarProcess.Executable,
            [kind],
            [In("home/.plue/skills"), In("home/.plue/missing")]
        );
        if (!asRoot)
        {
            Tools.ToolFixture.Shell($"chmod 755 {top}; chown -R {Nobody} {top}", "/");
        }

        held = sandbox.Prepare(kind, start, new SandboxRules(In("work")) { AllowNetwork = network, Others = others ?? [] });
        var ready = held.Start;
        if (!asRoot)
        {
            if (ready.Environment.TryGetValue("TMPDIR", out var temporary) && temporary != "/tmp")
            {
                Tools.ToolFixture.Shell($"chown {Nobody} {temporary}", "/");
            }

            ready = ready with
            {
                Program = "/usr/bin/setpriv",
                Arguments = ["--reuid", Nobody, "--regid", Nobody, "--clear-groups", ready.Program, .. ready.Arguments],
            };
        }

        return ChildProcess.Start(ready);
    }

    private IEnumerable<string?> Entries() =>
        Directory.GetFileSystemEntries(In("work")).Select(Path.GetFileName).Order(StringComparer.Ordinal);

    private string In(string name) => Path.Combine(top, name);

    private static List<string> Running(string mark) =>
        [
            .. Directory
                .EnumerateDirectories("/proc")
                .Where(folder => int.TryParse(Path.GetFileName(folder), out _))
                .Where(folder =>
                {
                    try
                    {
                        return File.ReadAllText(Path.Combine(folder, "cmdline")).Contains(mark, StringComparison.Ordinal);
                    }
                    catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
                    {
                        return false;
                    }
                }),
        ];
}
