using Plue.Server.Permissions;

namespace Plue.Server.Tests.Permissions;

public sealed class CommandTests : IDisposable
{
    private readonly PermissionFixture fixture = new();

    public CommandTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no sh here.");

    public void Dispose() => fixture.Dispose();

    [Theory]
    [InlineData("cat", Decision.Allow, "")]
    [InlineData("npm run dev", Decision.Allow, "")]
    [InlineData("make serve", Decision.Ask, "make can run what it reads. It is typed into @.")]
    [InlineData("bash", Decision.Ask, "bash can run what it reads. It is typed into @.")]
    [InlineData("python3.12 -i", Decision.Ask, "python3.12 can run what it reads. It is typed into @.")]
    [InlineData("cat | sqlite3 a.db", Decision.Ask, "sqlite3 can run what it reads. It is typed into @.")]
    [InlineData("timeout 5 psql", Decision.Ask, "timeout can run what it reads. It is typed into @.")]
    [InlineData("$SHELL", Decision.Ask, "Plue cannot determine which program of @ reads the text.")]
    [InlineData("cargo watch", Decision.Ask, "It is typed into @, which no permission rule allows.")]
    [InlineData("rm b.txt", Decision.Deny, "The permission rule bash(rm *) denies it.")]
    public void Input_is_allowed_only_for_commands_that_are_allowed_and_do_not_run_it(string command, Decision decision, string reason)
    {
        string[] allow = ["bash(npm *)", "bash(make *)", "bash(bash*)", "bash(python3.12 *)", "bash(sqlite3 *)", "bash(timeout *)"];
        var verdict = fixture.Policy.Evaluate(
            "bash_process",
            new ToolAction.SendInput(command, fixture.Workspace),
            [fixture.Agent(allow: allow, deny: ["bash(rm *)"], tools: ["bash", "bash_process"])]
        );
        Assert.Equal(decision, verdict.Decision);
        if (decision != Decision.Allow)
        {
            Assert.Equal(reason.Replace("@", command, StringComparison.Ordinal), verdict.Reason);
        }
    }

    [Theory]
    [InlineData(PermissionMode.PlanOnly)]
    [InlineData(PermissionMode.ReadOnly)]
    public void No_input_is_sent_in_a_mode_without_changes(PermissionMode mode) =>
        Assert.Equal(
            Decision.Deny,
            fixture
                .Policy.Evaluate(
                    "bash_process",
                    new ToolAction.SendInput("npm run dev", fixture.Workspace),
                    [fixture.Agent(mode, allow: ["bash(npm *)"], tools: ["bash_process"])]
                )
                .Decision
        );

    [Theory]
    [InlineData("git status")]
    [InlineData("git --no-pager diff --stat")]
    [InlineData("git add a.txt && git status")]
    [InlineData("git log -- sub")]
    public void A_rule_for_git_holds_in_the_repository_of_the_workspace(string command)
    {
        MakeRepository(".git");
        Assert.Equal(Decision.Allow, fixture.Command(command, fixture.Agent(allow: ["bash(git *)"])).Decision);
    }

    [Theory]
    [InlineData("cd sub && git status")]
    [InlineData("cd . && git status")]
    [InlineData("git -C sub status")]
    [InlineData("git -Csub status")]
    [InlineData("git --git-dir=bare status")]
    [InlineData("git --git-dir bare status")]
    [InlineData("git --work-tree=sub status")]
    [InlineData("git --bare status")]
    [InlineData("git -c core.fsmonitor=./a.txt status")]
    [InlineData("git --exec-path=sub status")]
    [InlineData("GIT_DIR=bare git status")]
    [InlineData("env GIT_DIR=bare git status")]
    [InlineData("export GIT_DIR=bare; git status")]
    [InlineData("/usr/bin/git -C sub status")]
    [InlineData("git push ./bare main")]
    [InlineData("git fetch file://@/bare")]
    [InlineData("git diff nested")]
    public void A_rule_for_git_does_not_hold_where_another_repository_could_be_meant(string command)
    {
        MakeRepository(".git");
        MakeRepository("bare");
        MakeRepository("nested/.git");
        var verdict = fixture.Command(
            command.Replace("@", fixture.Workspace, StringComparison.Ordinal),
            fixture.Agent(allow: ["bash(git *)", "bash(/usr/bin/git *)", "bash(env *)", "bash(cd *)"])
        );
        Assert.Equal((Decision.Ask, null), (verdict.Decision, verdict.Rule));
    }

    [Fact]
    public void A_rule_for_git_does_not_hold_where_files_of_the_workspace_make_it_a_repository()
    {
        var agent = fixture.Agent(allow: ["bash(git *)", "bash(make *)"]);
        Assert.Equal(Decision.Allow, fixture.Command("git status", agent).Decision);
        Assert.Equal(Decision.Ask, fixture.Command("make x && git status", agent).Decision);
        MakeRepository("");
        Assert.Equal((Decision.Ask, null), (fixture.Command("git status", agent).Decision, fixture.Command("git status", agent).Rule));
        // Git ignores an invalid .git and treats the folder itself as the repository.
        Directory.CreateDirectory(fixture.At(".git"));
        Assert.Equal(Decision.Ask, fixture.Command("git status", agent).Decision);
        MakeRepository(".git");
        Assert.Equal(Decision.Allow, fixture.Command("git status", agent).Decision);
    }

    [Fact]
    public void An_always_allowed_git_command_does_not_apply_in_another_repository()
    {
        fixture.Rules.Add("bash(git status)", fixture.Workspace);
        Assert.Equal(Decision.Allow, fixture.Command("git status").Decision);
        MakeRepository("");
        Assert.Equal(Decision.Ask, fixture.Command("git status").Decision);
    }

    private void MakeRepository(string folder)
    {
        fixture.Write(Path.Combine(folder, "HEAD"), "ref: refs/heads/main\n");
        fixture.Write(Path.Combine(folder, "config"), "[core]\n\tbare = true\n");
        Directory.CreateDirectory(fixture.At(Path.Combine(folder, "objects")));
        Directory.CreateDirectory(fixture.At(Path.Combine(folder, "refs")));
    }

    [Theory]
    [InlineData("ls")]
    [InlineData("ls -la sub")]
    [InlineData("cat a.txt sub/b.txt")]
    [InlineData("cat -- a.txt")]
    [InlineData("head -n 5 a.txt")]
    [InlineData("head -5 a.txt")]
    [InlineData("tail -n+2 a.txt")]
    [InlineData("wc -l a.txt | sort -rn | head -1")]
    [InlineData("cat < a.txt 2>/dev/null")]
    [InlineData("grep -n two a.txt")]
    [InlineData("grep -e two -e one a.txt")]
    [InlineData("find . -name '*.txt' -type f")]
    [InlineData("find sub \\( -name a -o -name b \\) -print")]
    [InlineData("echo hello && pwd")]
    [InlineData("cd sub && cat b.txt ../a.txt")]
    [InlineData("test -f a.txt && echo yes || echo no")]
    [InlineData("[ -d sub ]")]
    [InlineData("sort -k 2,3 -t : a.txt")]
    [InlineData("date -u +%s")]
    [InlineData("/bin/cat a.txt")]
    [InlineData("cat <<'E'\n$(rm x)\nE")]
    public void Read_only_commands_in_the_workspace_are_allowed(string command) =>
        Assert.Equal(Decision.Allow, fixture.Command(command).Decision);

    [Theory]
    [InlineData("sort -o a.txt a.txt")]
    [InlineData("sort --output=a.txt a.txt")]
    [InlineData("sort --outp=a.txt a.txt")]
    [InlineData("sort -no a.txt")]
    [InlineData("sort --compress-program=./x a.txt")]
    [InlineData("sort --files0-from=a.txt")]
    [InlineData("find . -exec id ;")]
    [InlineData("find . -delete")]
    [InlineData("find . -fprint out")]
    [InlineData("find . -ok id \\;")]
    [InlineData("find . -fls out")]
    [InlineData("grep -r two .")]
    [InlineData("grep -f a.txt a.txt")]
    [InlineData("rg --pre ./x two a.txt")]
    [InlineData("rg --pre=./x two a.txt")]
    [InlineData("rg two")]
    [InlineData("rg --hostname-bin ./x two a.txt")]
    [InlineData("uniq a.txt out.txt")]
    [InlineData("file -C -m a.txt")]
    [InlineData("file -m a.txt a.txt")]
    [InlineData("file -z a.txt")]
    [InlineData("date -s 2020-01-01")]
    [InlineData("date 010203042020")]
    [InlineData("date -f a.txt")]
    [InlineData("tail -f a.txt")]
    [InlineData("test -v 'a[$(id)]'")]
    [InlineData("[ -v 'a[$(id)]' ]")]
    [InlineData("cat --unknown a.txt")]
    [InlineData("wc --files0-from=a.txt")]
    [InlineData("diff -l a.txt sub/b.txt")]
    [InlineData("sed -n 1p a.txt")]
    [InlineData("sed 's/a/b/e' a.txt")]
    [InlineData("awk '{print}' a.txt")]
    [InlineData("git status")]
    [InlineData("git log")]
    [InlineData("git diff")]
    public void SEC_17_An_option_that_writes_runs_or_is_not_known_asks(string command) =>
        Assert.Equal(Decision.Ask, fixture.Command(command).Decision);

    [Fact]
    public void SEC_05_Git_is_never_done_without_asking_because_its_repository_names_programs()
    {
        foreach (
            var command in (string[])
                ["git status", "git --no-pager diff", "git -c core.fsmonitor=false status", "git log --oneline", "/usr/bin/git show"]
        )
        {
            Assert.Equal(Decision.Ask, fixture.Command(command).Decision);
        }
    }

    [Theory]
    [InlineData("ls; rm -r sub")]
    [InlineData("ls\nrm -r sub")]
    [InlineData("ls & rm -r sub")]
    [InlineData("ls && rm -r sub")]
    [InlineData("ls | tee out")]
    [InlineData("cat <(rm -r sub)")]
    [InlineData("$(echo rm) -r sub")]
    [InlineData("echo `rm -r sub`")]
    [InlineData("echo hi > out")]
    [InlineData("echo hi >> a.txt")]
    [InlineData("> a.txt")]
    [InlineData("(echo hi) > a.txt")]
    [InlineData("cat a.txt 2>out")]
    [InlineData("cat a.txt <>out")]
    [InlineData("cat a.txt >|out")]
    public void SEC_16_Each_command_and_each_redirect_is_judged_alone(string command) =>
        Assert.Equal(Decision.Ask, fixture.Command(command).Decision);

    [Fact]
    public void SEC_16_A_rule_for_one_command_does_not_apply_to_others_in_the_line()
    {
        var agent = fixture.Agent(allow: ["bash(npm test*)"]);
        Assert.Equal(Decision.Allow, fixture.Command("npm test --quick", agent).Decision);
        Assert.Equal(Decision.Allow, fixture.Command("cd sub && npm test", agent).Decision);
        foreach (
            var command in (string[])
                [
                    "npm test; id",
                    "npm test && id",
                    "npm test | id",
                    "npm test & id",
                    "npm test\nid",
                    "npm test $(id)",
                    "npm test > /tmp/x",
                    "x=1 npm test",
                ]
        )
        {
            Assert.Equal(Decision.Ask, fixture.Command(command, agent).Decision);
        }
    }

    [Theory]
    [InlineData("cd .git && echo x > config")]
    [InlineData("cd sub && cd ../.vscode && echo x > settings.json")]
    [InlineData("true && cd sub; cat b.txt")]
    [InlineData("cd gone; cat a.txt")]
    [InlineData("cd .. && ls")]
    [InlineData("cd / && ls")]
    [InlineData("cd; ls")]
    [InlineData("cd inner && cd .. && ls")]
    public void SEC_13_Rules_apply_to_the_folder_in_which_a_command_runs(string command)
    {
        Directory.CreateDirectory(fixture.At(".git"));
        Directory.CreateDirectory(fixture.At(".vscode"));
        Directory.CreateDirectory(fixture.At("sub/deep/er"));
        fixture.Link("inner", "sub/deep/er");
        var verdict = fixture.Command(command, fixture.Agent(PermissionMode.EditFreely));
        Assert.Equal(Decision.Ask, verdict.Decision);
        Assert.Null(verdict.Rule);
    }

    [Theory]
    [InlineData("PATH=. ls")]
    [InlineData("export PATH=.")]
    [InlineData("alias ls=rm; ls")]
    [InlineData("eval ls")]
    [InlineData("source a.txt")]
    [InlineData(". ./a.txt")]
    [InlineData("set -x")]
    [InlineData("unset x")]
    [InlineData("exec ls")]
    [InlineData("trap ls EXIT")]
    [InlineData("declare x")]
    [InlineData("read x")]
    [InlineData("hash -p /tmp/x ls")]
    [InlineData("enable -f x y")]
    [InlineData("ls() { rm x; }")]
    public void SEC_18_Commands_that_change_the_shell_state_need_approval_each_time(string command)
    {
        var verdict = fixture.Command(command, fixture.Agent(PermissionMode.EditFreely, allow: ["bash"]));
        Assert.Equal((Decision.Ask, null), (verdict.Decision, verdict.Rule));
    }

    [Fact]
    public void SEC_19_No_package_manager_interpreter_or_build_tool_is_done_without_asking()
    {
        foreach (
            var program in (string[])
                [
                    "npm install",
                    "npm test",
                    "npx x",
                    "yarn",
                    "pnpm i",
                    "pip install x",
                    "cargo build",
                    "make",
                    "dotnet build",
                    "node -v",
                    "python3 -V",
                    "perl -v",
                    "ruby x",
                    "go test",
                    "docker ps",
                    "kubectl get x",
                    "apt list",
                    "mvn test",
                ]
        )
        {
            foreach (var mode in (PermissionMode[])[PermissionMode.Ask, PermissionMode.EditFreely])
            {
                Assert.Equal(Decision.Ask, fixture.Command(program, fixture.Agent(mode)).Decision);
            }
        }
    }

    [Theory]
    [InlineData("sh -c 'ls'")]
    [InlineData("/bin/sh -c ls")]
    [InlineData("bash a.txt")]
    [InlineData("busybox ls")]
    [InlineData("env ls")]
    [InlineData("sudo ls")]
    [InlineData("xargs ls")]
    [InlineData("timeout 5 ls")]
    [InlineData("nohup ls")]
    [InlineData("ssh host ls")]
    [InlineData("command ls")]
    [InlineData("find . -exec cat {} +")]
    public void SEC_20_A_program_that_runs_another_is_asked_about_each_time(string command)
    {
        var verdict = fixture.Command(command, fixture.Agent(PermissionMode.EditFreely, allow: ["bash"]));
        Assert.Equal((Decision.Ask, null), (verdict.Decision, verdict.Rule));
    }

    [Theory]
    [InlineData("rm x")]
    [InlineData("r''m x")]
    [InlineData("/bin/rm x")]
    [InlineData("sh -c 'rm x'")]
    [InlineData("sh -c 'ls; rm x'")]
    [InlineData("bash -lc \"env A=b rm x\"")]
    [InlineData("env -i A=b rm x")]
    [InlineData("sudo -u me rm x")]
    [InlineData("ls | xargs rm x")]
    [InlineData("ls | xargs rm")]
    [InlineData("ssh -p 22 host 'ls && rm x'")]
    [InlineData("timeout -k 5 3 rm x")]
    [InlineData("nohup nice -n 5 rm x")]
    [InlineData("busybox rm x")]
    [InlineData("ssh host rm x")]
    [InlineData("eval 'rm' x")]
    [InlineData("find . -exec rm {} \\;")]
    [InlineData("find . -delete")]
    [InlineData("ls; rm x; echo $y")]
    public void SEC_20_A_rule_that_denies_looks_inside_of_what_runs_another(string command)
    {
        var verdict = fixture.Command(command, fixture.Agent(allow: ["bash"], deny: ["bash(rm *)"]));
        Assert.Equal(Decision.Deny, verdict.Decision);
        Assert.Contains("bash(rm *)", verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void SEC_09_SEC_20_A_program_counts_by_the_file_that_would_run()
    {
        var tools = Directory.CreateDirectory(fixture.At("tools")).FullName;
        File.CreateSymbolicLink(Path.Combine(tools, "cat"), "/bin/rm");
        File.CreateSymbolicLink(Path.Combine(tools, "npm"), "/bin/rm");
        using var first = new PermissionFixture($"{tools}:/usr/bin:/bin");
        using var relative = new PermissionFixture(".:/usr/bin:/bin");
        Assert.Equal(Decision.Ask, first.Command("cat a.txt").Decision);
        Assert.Equal(Decision.Ask, relative.Command("cat a.txt").Decision);
        Assert.Equal(Decision.Ask, fixture.Command("tools/cat a.txt").Decision);
        Assert.Equal(Decision.Ask, fixture.Command($"{tools}/cat a.txt").Decision);
        var inside = new PermissionPolicy(fixture.Paths, fixture.Rules, fixture.Home, $"{tools}:/usr/bin", "/bin/sh").Evaluate(
            "bash",
            new ToolAction.RunCommand("npm test", fixture.Workspace),
            [fixture.Agent(allow: ["bash(npm *)"])]
        );
        Assert.Equal((Decision.Ask, null), (inside.Decision, inside.Rule));
    }

    [Fact]
    public void SEC_60_A_hostile_line_is_judged_quickly()
    {
        var agent = fixture.Agent(allow: ["bash"], deny: ["bash(*a*b*c*d*)"]);
        foreach (
            var line in (string[])
                [
                    "sudo " + string.Join(' ', Enumerable.Repeat("a", 4_900)),
                    string.Join(' ', Enumerable.Repeat("eval", 1_900)),
                    "sh -c '" + string.Join(" ", Enumerable.Repeat("sh -c a", 1_200)) + "'",
                ]
        )
        {
            var began = System.Diagnostics.Stopwatch.GetTimestamp();
            Assert.Equal(Decision.Ask, fixture.Command(line, agent).Decision);
            Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(20));
        }
    }

    [Fact]
    public void SEC_21_A_line_for_another_shell_always_asks()
    {
        foreach (var shell in (string[])["cmd.exe", "/usr/bin/fish", "/bin/zsh", "pwsh"])
        {
            using var other = new PermissionFixture(shell: shell);
            var verdict = other.Command("ls", other.Agent(allow: ["bash"]));
            Assert.Equal((Decision.Ask, null), (verdict.Decision, verdict.Rule));
        }
    }

    [Fact]
    public void SEC_22_Nothing_that_reaches_the_network_is_done_without_asking()
    {
        foreach (
            var command in (string[])
                [
                    "curl http://x.test",
                    "wget x",
                    "ping x",
                    "nslookup x",
                    "dig x",
                    "host x",
                    "getent hosts x",
                    "nc x 1",
                    "telnet x",
                    "scp a b:",
                    "ftp x",
                    "cat a.txt > /dev/tcp/x/1",
                    "openssl s_client",
                    "git fetch",
                    "rsync a b:",
                ]
        )
        {
            Assert.Equal(Decision.Ask, fixture.Command(command).Decision);
        }
    }

    [Theory]
    [InlineData("rm -rf /", "/")]
    [InlineData("rm -rf ~/", "~")]
    [InlineData("rm -rf ~", "~")]
    [InlineData("rm -rf .", ".")]
    [InlineData("rm -rf ..", "~")]
    [InlineData("rm -rf sub/..", ".")]
    [InlineData("rm -rf here", ".")]
    [InlineData("rmdir ../../", "~/..")]
    [InlineData("mv . /tmp/x", ".")]
    [InlineData("sudo rm -rf /", "/")]
    [InlineData("sh -c 'rm -rf ~'", "~")]
    [InlineData("cd sub && rm -rf ..", ".")]
    [InlineData("find / -delete", "/")]
    public void SEC_23_Taking_away_a_folder_that_much_hangs_on_asks_and_names_it(string command, string target)
    {
        fixture.Link("here", ".");
        var verdict = fixture.Command(command, fixture.Agent(PermissionMode.EditFreely, allow: ["bash"]));
        Assert.Equal((Decision.Ask, null), (verdict.Decision, verdict.Rule));
        var expected = target switch
        {
            "/" => "/",
            "~" => fixture.Home,
            "~/.." => Path.GetDirectoryName(fixture.Home),
            _ => fixture.Workspace,
        };
        Assert.Equal(expected, verdict.Where);
        Assert.Contains(expected!, verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void SEC_25_A_command_cannot_read_files_that_may_not_be_read()
    {
        fixture.Write(".env", "KEY=1");
        fixture.Write("key.txt", "-----BEGIN OPENSSH PRIVATE KEY-----\n");
        fixture.Write("secret/plan.md", "plan");
        fixture.Link("innocent", ".env");
        Directory.CreateDirectory(Path.Combine(fixture.Home, ".ssh"));
        var agent = fixture.Agent(PermissionMode.EditFreely, allow: ["bash", "read"], deny: ["read(secret/**)"]);
        foreach (
            var command in (string[])
                [
                    "cat .env",
                    "cat ./sub/../.env",
                    "cat innocent",
                    "cat key.txt",
                    "cat < .env",
                    "head -c 10 ~/.ssh/id_ed25519",
                    "cat secret/plan.md",
                    "cd secret && cat plan.md",
                    "python3 x.py .env",
                    "cp .env x",
                    "tar --files-from=.env x",
                    "sh -c 'cat .env'",
                    "env cat secret/plan.md",
                ]
        )
        {
            Assert.Equal((command, Decision.Deny), (command, fixture.Command(command, agent).Decision));
        }

        Assert.Equal(Decision.Ask, fixture.Command("cat /etc/passwd").Decision);
        Assert.Equal(Decision.Ask, fixture.Command("cat ../proj-evil/x").Decision);
        Assert.Equal(Decision.Ask, fixture.Command("ls ~").Decision);
        Assert.Equal(Decision.Ask, fixture.Command("cat /proc/self/environ").Decision);
    }

    [Fact]
    public void A_read_behind_a_command_that_can_change_the_world_is_asked_about()
    {
        var agent = fixture.Agent(allow: ["bash(ln *)", "bash(npm *)"]);
        Assert.Equal(Decision.Ask, fixture.Command("ln -s /etc x && cat x/passwd", agent).Decision);
        Assert.Equal(Decision.Ask, fixture.Command("npm run evil | cat a.txt", agent).Decision);
        Assert.Equal(Decision.Allow, fixture.Command("cat a.txt && npm run x", agent).Decision);
    }

    [Fact]
    public void Freely_edited_files_may_be_written_by_a_harmless_command_and_guarded_ones_not()
    {
        var agent = fixture.Agent(PermissionMode.EditFreely);
        Assert.Equal(Decision.Allow, fixture.Command("echo hi > new.txt", agent).Decision);
        Assert.Equal(Decision.Allow, fixture.Command("cat a.txt sub/b.txt >> sub/c.txt", agent).Decision);
        Assert.Equal(Decision.Ask, fixture.Command("echo hi > .git/hooks/pre-commit", agent).Decision);
        Assert.Equal(Decision.Ask, fixture.Command("echo hi > ../x", agent).Decision);
        Assert.Equal(Decision.Ask, fixture.Command("npm test", agent).Decision);
    }

    [Fact]
    public void SEC_10_A_rule_for_a_command_does_not_reach_guarded_files()
    {
        var agent = fixture.Agent(PermissionMode.EditFreely, allow: ["bash"]);
        foreach (
            var command in (string[])
                [
                    "cp a.txt .vscode/settings.json",
                    "tee .mcp.json",
                    "install a.txt .git/hooks/pre-commit",
                    "dd if=a.txt of=.vscode/tasks.json",
                    "mv a.txt CLAUDE.md",
                    "touch .claude/settings.json",
                    "rm -r .git",
                ]
        )
        {
            Assert.Equal(
                (command, Decision.Ask, (string?)null),
                (command, fixture.Command(command, agent).Decision, fixture.Command(command, agent).Rule)
            );
        }
    }

    [Fact]
    public void When_only_plans_are_made_commands_read_and_nothing_else()
    {
        var agent = fixture.Agent(PermissionMode.PlanOnly, allow: ["bash"]);
        Assert.Equal(Decision.Allow, fixture.Command("cat a.txt | wc -l", agent).Decision);
        foreach (var command in (string[])["npm test", "echo x > out", "cat $x", "rm -rf /", "sh -c ls"])
        {
            Assert.Equal((command, Decision.Deny), (command, fixture.Command(command, agent).Decision));
        }
    }
}
