using System.Net;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;

namespace Plue.Server.Tests.Permissions;

public sealed class PermissionPolicyTests : IDisposable
{
    private readonly PermissionFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public void A_tool_that_the_template_does_not_list_does_not_exist_for_its_agent()
    {
        var agent = fixture.Agent(PermissionMode.EditFreely, allow: ["write", "bash"], tools: ["read", "github/*"]);
        Assert.Equal(Decision.Allow, fixture.Read("a.txt", agent).Decision);
        Assert.Equal(Decision.Deny, fixture.Change("a.txt", agent).Decision);
        Assert.Equal(Decision.Deny, fixture.Command("ls", agent).Decision);
        Assert.Equal(
            Decision.Ask,
            fixture.Policy.Evaluate("github/create_issue", new ToolAction.CallServer("github", "create_issue"), [agent]).Decision
        );
        Assert.Equal(Decision.Deny, fixture.Policy.Evaluate("gitlab/x", new ToolAction.CallServer("gitlab", "x"), [agent]).Decision);
        Assert.Equal(Decision.Allow, fixture.Policy.Evaluate("todo", new ToolAction.OwnRecord(), [agent]).Decision);
        Assert.Equal(Decision.Deny, fixture.Policy.Evaluate("read", new ToolAction.ReadFile(fixture.At("a.txt")), []).Decision);
    }

    [Fact]
    public void A_parents_list_of_tools_does_not_limit_its_child()
    {
        var (child, parent) = (
            fixture.Agent(PermissionMode.EditFreely),
            fixture.Agent(PermissionMode.EditFreely, tools: ["read", "spawn_task"])
        );
        Assert.Equal(Decision.Allow, fixture.Change("a.txt", child, parent).Decision);
    }

    [Fact]
    public void Deny_counts_before_ask_and_ask_before_allow()
    {
        Assert.Equal(Decision.Allow, fixture.Change("docs/a.md", fixture.Agent(allow: ["write(docs/**)"])).Decision);
        Assert.Equal(
            Decision.Ask,
            fixture
                .Change("docs/a.md", fixture.Agent(PermissionMode.EditFreely, allow: ["write(docs/**)"], ask: ["write(docs/a.md)"]))
                .Decision
        );
        Assert.Equal(
            Decision.Deny,
            fixture
                .Change(
                    "docs/a.md",
                    fixture.Agent(PermissionMode.EditFreely, allow: ["write(docs/**)"], ask: ["write"], deny: ["edit(docs)"])
                )
                .Decision
        );
        Assert.Equal(Decision.Ask, fixture.Change("src/a.md", fixture.Agent(allow: ["write(docs/**)"])).Decision);
        Assert.Equal(Decision.Deny, fixture.Read("a.txt", fixture.Agent(allow: ["read"], deny: ["read(*.txt)"])).Decision);
        Assert.Equal(Decision.Deny, fixture.Command("cat a.txt", fixture.Agent(allow: ["bash"], deny: ["read(*.txt)"])).Decision);
        Assert.Equal(Decision.Deny, fixture.Command("ls", fixture.Agent(deny: ["bash"])).Decision);
        Assert.Equal(Decision.Ask, fixture.Command("ls", fixture.Agent(ask: ["bash(ls)"])).Decision);
    }

    [Fact]
    public void A_rule_that_restricts_and_cannot_be_read_makes_everything_ask()
    {
        var agent = fixture.Agent(PermissionMode.EditFreely, allow: ["bash", "write"], deny: ["bsah(rm *)"]);
        Assert.Equal(Decision.Ask, fixture.Command("ls", agent).Decision);
        Assert.Equal(Decision.Ask, fixture.Change("a.txt", agent).Decision);
    }

    [Fact]
    public void Each_mode_asks_for_its_documented_actions()
    {
        Assert.Equal(Decision.Allow, fixture.Read("a.txt").Decision);
        Assert.Equal(Decision.Ask, fixture.Change("a.txt", fixture.Agent()).Decision);
        Assert.Equal(Decision.Allow, fixture.Change("a.txt", fixture.Agent(PermissionMode.EditFreely)).Decision);
        Assert.Equal(Decision.Ask, fixture.Command("npm test", fixture.Agent(PermissionMode.EditFreely)).Decision);
        var plan = fixture.Agent(PermissionMode.PlanOnly, allow: ["write", "bash", "github/*", "spawn_task"]);
        Assert.Equal(Decision.Allow, fixture.Read("a.txt", plan).Decision);
        foreach (
            var action in (ToolAction[])
                [
                    new ToolAction.ChangeFile(fixture.At("a.txt"), FileChangeKind.Create),
                    new ToolAction.SpawnTask("task"),
                    new ToolAction.Fetch(new Uri("https://a.example")),
                    new ToolAction.RunCommand("npm test", fixture.Workspace),
                ]
        )
        {
            var verdict = fixture.Policy.Evaluate("bash", action, [plan]);
            Assert.Equal((Decision.Deny, null), (verdict.Decision, verdict.Rule));
        }
    }

    [Fact]
    public void In_ask_mode_files_are_read_pages_are_asked_for_and_nothing_is_changed()
    {
        var agent = fixture.Agent(PermissionMode.ReadOnly, allow: ["write", "bash", "spawn_task"]);
        Assert.Equal(Decision.Allow, fixture.Read("a.txt", agent).Decision);
        Assert.Equal(Decision.Deny, fixture.Change("a.txt", agent).Decision);
        Assert.Equal(Decision.Deny, fixture.Command("npm test", agent).Decision);
        Assert.Equal(Decision.Deny, fixture.Policy.Evaluate("spawn_task", new ToolAction.SpawnTask("task"), [agent]).Decision);
        Assert.Equal(Decision.Ask, fixture.Policy.Evaluate("fetch", new ToolAction.Fetch(new Uri("https://a.example")), [agent]).Decision);
    }

    [Fact]
    public void Without_a_folder_nothing_is_read_changed_or_run()
    {
        var agent = fixture.Agent(PermissionMode.EditFreely, allow: ["read", "write", "bash"]) with { Folders = null };
        Assert.Equal(Decision.Deny, fixture.Read("a.txt", agent).Decision);
        Assert.Equal(Decision.Deny, fixture.Change("a.txt", agent).Decision);
        Assert.Equal(Decision.Deny, fixture.Command("ls", agent).Decision);
    }

    [Fact]
    public void SEC_57_A_subtask_never_has_more_rights_than_its_parent()
    {
        var child = fixture.Agent(PermissionMode.EditFreely, allow: ["bash(npm *)", "write", "github/*"], title: "Child");
        Assert.Equal(Decision.Allow, fixture.Command("npm test", child).Decision);
        Assert.Equal(Decision.Ask, fixture.Command("npm test", child, fixture.Agent()).Decision);
        Assert.Equal(Decision.Allow, fixture.Command("npm test", child, fixture.Agent(allow: ["bash(npm test)"])).Decision);
        Assert.Equal(Decision.Ask, fixture.Change("a.txt", child, fixture.Agent(), fixture.Agent(PermissionMode.EditFreely)).Decision);
        Assert.Equal(
            Decision.Deny,
            fixture.Change("a.txt", child, fixture.Agent(PermissionMode.EditFreely), fixture.Agent(PermissionMode.PlanOnly)).Decision
        );
        Assert.Equal(
            Decision.Deny,
            fixture
                .Command("npm test", child, fixture.Agent(allow: ["bash"]), fixture.Agent(allow: ["bash"], deny: ["bash(npm *)"]))
                .Decision
        );
        Assert.Equal(
            Decision.Deny,
            fixture
                .Change("a.txt", child, fixture.Agent(PermissionMode.EditFreely) with { Folders = WorkspaceFolders.Of(fixture.At("sub")) })
                .Decision
        );
        Assert.Equal(
            Decision.Allow,
            fixture
                .Change(
                    "sub/b.txt",
                    child,
                    fixture.Agent(PermissionMode.EditFreely) with
                    {
                        Folders = WorkspaceFolders.Of(fixture.At("sub")),
                    }
                )
                .Decision
        );
    }

    [Fact]
    public void Rules_decide_which_subtasks_may_be_spawned()
    {
        Verdict Spawn(string id, params Rights[] rights) => fixture.Policy.Evaluate("spawn_task", new ToolAction.SpawnTask(id), rights);
        Assert.Equal(Decision.Allow, Spawn("task-reviewer", fixture.Agent()).Decision);
        Assert.Equal(Decision.Deny, Spawn("task-orchestrator", fixture.Agent(deny: ["spawn_task(task-orchestrator)"])).Decision);
        Assert.Equal(
            Decision.Deny,
            Spawn("task-orchestrator", fixture.Agent(), fixture.Agent(deny: ["spawn_task(task-orchestrator)"])).Decision
        );
        Assert.Equal(Decision.Ask, Spawn("task-orchestrator", fixture.Agent(allow: ["spawn_task(task-reviewer)"])).Decision);
        Assert.Equal(Decision.Allow, Spawn("task-reviewer", fixture.Agent(allow: ["spawn_task(task-reviewer)"])).Decision);
    }

    [Fact]
    public void SEC_15_Always_means_exactly_what_was_shown_in_this_folder_and_with_this_tool()
    {
        var rule = fixture.Command("npm test -- 'a b'").Rule;
        Assert.Equal("bash(npm test -- 'a b')", rule);
        fixture.Rules.Add(rule!, fixture.Workspace);
        Assert.Equal(Decision.Allow, fixture.Command("npm   test -- \"a b\"").Decision);
        foreach (
            var other in (string[])
                [
                    "npm test -- a b",
                    "npm test",
                    "npm test -- 'a b' c",
                    "npm test -- 'a b'; id",
                    "npm test -- 'a b' > out",
                    "x=1 npm test -- 'a b'",
                    "cd sub && npm test -- 'a b'",
                ]
        )
        {
            Assert.Equal((other, Decision.Ask), (other, fixture.Command(other).Decision));
        }

        Assert.Equal(
            Decision.Ask,
            fixture.Command("npm test -- 'a b'", fixture.Agent() with { Folders = WorkspaceFolders.Of(fixture.Sibling) }).Decision
        );
        Assert.Equal(Decision.Deny, fixture.Command("npm test -- 'a b'", fixture.Agent(deny: ["bash(npm *)"])).Decision);
        Assert.Equal(Decision.Ask, fixture.Command("npm test -- 'a b'", fixture.Agent(ask: ["bash(npm *)"])).Decision);
    }

    [Fact]
    public void SEC_15_A_star_in_what_was_allowed_is_a_star()
    {
        fixture.Rules.Add(fixture.Command("grep -r '*' .").Rule!, fixture.Workspace);
        Assert.Equal(Decision.Allow, fixture.Command("grep -r '*' .").Decision);
        Assert.Equal(Decision.Ask, fixture.Command("grep -r 'x' .").Decision);
        Assert.Equal(Decision.Ask, fixture.Command("grep -r 'x' . ; touch '*' .").Decision);
    }

    [Fact]
    public void SEC_15_A_line_of_several_commands_is_allowed_as_that_line_only()
    {
        Assert.Equal("bash(cd sub && npm test ; npm run lint)", fixture.Command("cd sub && npm test\nnpm run lint").Rule);
        var rule = fixture.Command("npm test && npm run lint").Rule;
        fixture.Rules.Add(rule!, fixture.Workspace);
        Assert.Equal(Decision.Allow, fixture.Command("npm test && npm run lint").Decision);
        Assert.Equal(Decision.Ask, fixture.Command("npm test").Decision);
        Assert.Equal(Decision.Ask, fixture.Command("npm test || npm run lint").Decision);
    }

    [Fact]
    public void SEC_15_A_stored_rule_never_reaches_what_is_asked_about_each_time()
    {
        fixture.Rules.Add("write(.vscode/settings.json)", fixture.Workspace);
        fixture.Rules.Add("bash(sh -c ls)", fixture.Workspace);
        fixture.Rules.Add("bash(cp a.txt .mcp.json)", fixture.Workspace);
        Assert.Equal(Decision.Ask, fixture.Change(".vscode/settings.json").Decision);
        Assert.Equal(Decision.Ask, fixture.Command("sh -c ls").Decision);
        Assert.Equal(Decision.Ask, fixture.Command("cp a.txt .mcp.json").Decision);
    }

    [Fact]
    public void A_file_that_was_allowed_is_allowed_for_that_tool()
    {
        var rule = fixture.Change("sub/../a.txt", fixture.Agent()).Rule;
        Assert.Equal("write(a.txt)", rule);
        fixture.Rules.Add(rule!, fixture.Workspace);
        Assert.Equal(Decision.Allow, fixture.Change("a.txt", fixture.Agent()).Decision);
        Assert.Equal(
            Decision.Ask,
            fixture
                .Policy.Evaluate("edit", new ToolAction.ChangeFile(fixture.At("a.txt"), FileChangeKind.Modify), [fixture.Agent()])
                .Decision
        );
        Assert.Equal(Decision.Ask, fixture.Change("sub/b.txt", fixture.Agent()).Decision);
    }

    [Fact]
    public void Stored_rules_lie_outside_of_the_workspace_and_are_readable_by_their_owner_alone()
    {
        fixture.Rules.Add("bash(npm test)", fixture.Workspace);
        fixture.Rules.Add("bash(npm test)", fixture.Workspace);
        var again = new StoredRules(fixture.Paths, TimeProvider.System);
        var rule = Assert.Single(again.List());
        Assert.Equal(("bash(npm test)", fixture.Workspace), (rule.Rule, rule.Folder));
        Assert.False(fixture.Paths.Rules.StartsWith(fixture.Workspace, StringComparison.Ordinal));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(fixture.Paths.Rules));
        }

        again.Remove(rule.Id);
        Assert.Equal(Decision.Ask, fixture.Command("npm test").Decision);
        Assert.Equal(FailureKind.NotFound, Assert.Throws<FailureException>(() => again.Remove(rule.Id)).Failure.Kind);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("{\"rules\":[{\"id\":null}]}")]
    public void A_damaged_file_of_rules_allows_nothing_and_is_left_alone(string content)
    {
        Directory.CreateDirectory(fixture.Paths.Home);
        File.WriteAllText(fixture.Paths.Rules, content);
        Assert.Empty(fixture.Rules.List());
        Assert.Equal(
            FailureKind.Conflict,
            Assert.Throws<FailureException>(() => fixture.Rules.Add("bash(ls)", fixture.Workspace)).Failure.Kind
        );
        Assert.Equal(content, File.ReadAllText(fixture.Paths.Rules));
    }

    [Theory]
    [InlineData("http://127.0.0.1/")]
    [InlineData("http://localhost:8080/x")]
    [InlineData("http://LOCALHOST./")]
    [InlineData("http://a.localhost/")]
    [InlineData("http://2130706433/")]
    [InlineData("http://0x7f.1/")]
    [InlineData("http://[::1]/")]
    [InlineData("http://[::ffff:10.0.0.1]/")]
    [InlineData("http://[64:ff9b::a00:1]/")]
    [InlineData("http://[fe80::1]/")]
    [InlineData("http://[fd00::1]/")]
    [InlineData("http://10.1.2.3/")]
    [InlineData("http://172.20.0.1/")]
    [InlineData("http://192.168.0.1/")]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("http://metadata.google.internal/")]
    [InlineData("http://router/")]
    [InlineData("http://0.0.0.0/")]
    [InlineData("http://100.64.0.1/")]
    [InlineData("ftp://example.com/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("https://example.com@evil.test/")]
    [InlineData("https://user:word@example.com/")]
    public void SEC_49_This_machine_and_the_networks_around_it_are_refused(string address) =>
        Assert.Equal(Decision.Deny, fixture.Fetch(address, fixture.Agent(PermissionMode.EditFreely, allow: ["github/*"])).Decision);

    [Fact]
    public void SEC_49_SEC_56_A_host_asks_until_a_rule_names_exactly_it()
    {
        var verdict = fixture.Fetch("https://Example.com/a?b");
        Assert.Equal((Decision.Ask, "fetch(example.com)"), (verdict.Decision, verdict.Rule));
        fixture.Rules.Add(verdict.Rule!, fixture.Workspace);
        Assert.Equal(Decision.Allow, fixture.Fetch("https://example.com/other").Decision);
        foreach (
            var other in (string[])
                [
                    "https://example.com.evil.test/",
                    "https://evil-example.com/",
                    "https://sub.example.com/",
                    "https://example.com:8443/",
                    "https://exаmple.com/",
                ]
        )
        {
            Assert.Equal((other, Decision.Ask), (other, fixture.Fetch(other).Decision));
        }

        Assert.True(NetworkTarget.IsPrivate(IPAddress.Parse("2002:7f00:1::")));
        Assert.False(NetworkTarget.IsPrivate(IPAddress.Parse("93.184.216.34")));
        Assert.False(NetworkTarget.IsPrivate(IPAddress.Parse("2606:2800:220:1::1")));
    }

    [Fact]
    public void A_command_in_another_folder_is_offered_no_rule()
    {
        Directory.CreateDirectory(fixture.At("sub"));
        Verdict In(string folder) => fixture.Policy.Evaluate("bash", new ToolAction.RunCommand("npm test", folder), [fixture.Agent()]);
        Assert.Equal((Decision.Ask, "bash(npm test)"), (In(fixture.Workspace).Decision, In(fixture.Workspace).Rule));
        Assert.Equal((Decision.Ask, null), (In(fixture.At("sub")).Decision, In(fixture.At("sub")).Rule));
    }

    [Fact]
    public void SEC_24_An_action_that_cannot_be_shown_completely_offers_no_rule()
    {
        string? RuleOf(string path) => fixture.Change(path, fixture.Agent()).Rule;
        var longest = string.Join('/', Enumerable.Repeat(new string('a', 99), 9).Append(new string('b', 93)));
        Assert.Equal($"write({longest})", RuleOf(longest));
        Assert.Null(RuleOf(longest + "b"));
        Assert.Null(RuleOf("bell\u0007.txt"));
        Assert.Null(RuleOf("turned\u202e.txt"));
    }

    [Fact]
    public void SEC_56_A_tool_of_a_server_asks_until_a_rule_names_it()
    {
        Verdict Call(string tool, Rights rights) =>
            fixture.Policy.Evaluate($"github/{tool}", new ToolAction.CallServer("github", tool), [rights]);
        Assert.Equal(
            (Decision.Ask, "github/create_issue"),
            (Call("create_issue", fixture.Agent(PermissionMode.EditFreely)).Decision, Call("create_issue", fixture.Agent()).Rule)
        );
        Assert.Equal(Decision.Allow, Call("create_issue", fixture.Agent(allow: ["github/create_issue"])).Decision);
        Assert.Equal(Decision.Ask, Call("delete_repo", fixture.Agent(allow: ["github/create_issue"])).Decision);
        Assert.Equal(Decision.Deny, Call("delete_repo", fixture.Agent(allow: ["github/*"], deny: ["github/delete_repo"])).Decision);
    }

    [Fact]
    public void Files_of_each_workspace_folder_are_inside_and_guarded()
    {
        var several = Several(fixture.Agent(PermissionMode.EditFreely));
        var other = fixture.Sibling;
        Assert.Equal(Decision.Allow, fixture.Read(Path.Combine(other, "a.txt"), several).Decision);
        Assert.Equal(Decision.Allow, fixture.Change(Path.Combine(other, "a.txt"), several).Decision);
        Assert.Equal(Decision.Deny, fixture.Change(Path.Combine(other, "a.txt"), fixture.Agent(PermissionMode.EditFreely)).Decision);
        Assert.Equal(Decision.Deny, fixture.Change(Path.Combine(fixture.Home, "a.txt"), several).Decision);
        foreach (var guarded in new[] { ".vscode/tasks.json", ".git/config", ".mcp.json" })
        {
            Assert.Equal(Decision.Ask, fixture.Change(Path.Combine(other, guarded), several).Decision);
        }
        Assert.Equal(Decision.Deny, fixture.Read(Path.Combine(other, ".env"), several).Decision);
        Assert.Equal(Decision.Allow, fixture.Command($"cat {other}/a.txt", several).Decision);
        Assert.Contains("all of", fixture.Command($"rm -r {other}", several).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_relative_rule_is_about_each_workspace_folder()
    {
        var several = Several(fixture.Agent(PermissionMode.EditFreely, deny: ["read(secrets/**)"], allow: ["write(docs/**)"]));
        Assert.Equal(Decision.Deny, fixture.Read(Path.Combine(fixture.Sibling, "secrets/a.txt"), several).Decision);
        Assert.Equal(Decision.Deny, fixture.Read("secrets/a.txt", several).Decision);
        var asking = Several(fixture.Agent(allow: ["write(docs/**)"]));
        Assert.Equal(Decision.Allow, fixture.Change(Path.Combine(fixture.Sibling, "docs/a.md"), asking).Decision);
    }

    [Fact]
    public void A_stored_rule_is_about_the_folder_of_its_file_or_command()
    {
        var several = Several(fixture.Agent());
        var file = Path.Combine(fixture.Sibling, "a.txt");
        Verdict InSibling(string command) =>
            fixture.Policy.Evaluate("bash", new ToolAction.RunCommand(command, fixture.Sibling), [several]);
        Assert.Equal(("write(a.txt)", fixture.Sibling), (fixture.Change(file, several).Rule, fixture.Change(file, several).RuleFolder));
        Assert.Equal(("bash(npm test)", fixture.Sibling), (InSibling("npm test").Rule, InSibling("npm test").RuleFolder));

        fixture.Rules.Add("write(a.txt)", fixture.Sibling);
        fixture.Rules.Add("bash(npm test)", fixture.Sibling);
        Assert.Equal(Decision.Allow, fixture.Change(file, several).Decision);
        Assert.Equal(Decision.Ask, fixture.Change("a.txt", several).Decision);
        Assert.Equal(Decision.Allow, InSibling("npm test").Decision);
        Assert.Equal(Decision.Ask, InSibling($"cd {fixture.Workspace} && npm test").Decision);
        Assert.Equal(Decision.Ask, fixture.Command("npm test", several).Decision);
        Assert.Equal(Decision.Ask, fixture.Command($"cd {fixture.Sibling} && npm test", several).Decision);
    }

    private Rights Several(Rights agent) =>
        agent with
        {
            Folders = WorkspaceFolders.Of([new WorkspaceFolder("proj", fixture.Workspace), new WorkspaceFolder("evil", fixture.Sibling)]),
        };
}
