using System.Text.Json.Nodes;
using Plue.Server.Tests.Agents;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Agents.AgentsHome;
using static Plue.Server.Tests.Testing.ChatScript;
using static Plue.Server.Tests.Worktrees.WorktreeHome;

namespace Plue.Server.Tests.Worktrees;

/// <summary>Tasks with <c>isolation: "worktree"</c>, with Plue's own tools.</summary>
public sealed class IsolatedTaskTests
{
    private static readonly (string, string, string) Write = ("w1", "write", """{"path":"made.txt","content":"made"}""");

    [Fact]
    public async Task An_isolated_task_reads_and_writes_only_in_its_worktree_with_the_instructions_there()
    {
        await using var home = await AgentsHome.StartAsync(hasRealTools: true);
        var folder = await RepositoryAsync(home);
        await File.WriteAllTextAsync(Path.Combine(folder, "AGENTS.md"), "Rule that is not committed.", Cancel);
        List<string> requests = [];
        home.Endpoint.Route = request =>
        {
            if (request.Target.EndsWith("/models", StringComparison.Ordinal))
            {
                return ScriptedAnswer.Json("""{"data":[{"id":"large"},{"id":"small"}]}""");
            }

            requests.Add(request.Body);
            return requests.Count == 1 ? Calls("", Write, ("b1", "bash", """{"command":"pwd"}""")) : Answer("Done.");
        };
        var uri = await SpawnAsync(home, "worker", "Make a file");
        await AllowAsync(home, uri);

        var made = home.Sidecar.Services.Worktrees.Worktrees.Find(uri.Split('/')[^1])!;
        Assert.Equal("made", await File.ReadAllTextAsync(Path.Combine(made.Folder, "made.txt"), Cancel));
        Assert.False(File.Exists(Path.Combine(folder, "made.txt")));
        Assert.Contains("Committed rule.", requests[0], StringComparison.Ordinal);
        Assert.DoesNotContain("Rule that is not committed.", requests[0], StringComparison.Ordinal);
        Assert.Contains(made.Folder, requests[^1], StringComparison.Ordinal);
        Assert.Equal($"branch {made.Branch} in {made.Folder}", (string?)(await ResultAsync(home, uri))["worktree"]);

        // The review of the worktree's folder has the change.
        await using var review = await InMemorySidecar.StartAsync(home.Sidecar.Home, made.Folder, trusted: true);
        var edits = await review.Client.ResultAsync("edit/list", new { });
        Assert.Equal("made.txt", (string?)Assert.Single(edits!["files"]!.AsArray())!["path"]);
    }

    [Fact]
    public async Task Changes_of_an_isolated_task_are_reviewed_and_merged_in_the_window_of_its_main_checkout()
    {
        await using var home = await AgentsHome.StartAsync(hasRealTools: true);
        await File.WriteAllTextAsync(Path.Combine(home.Folder, "notes.txt"), "committed\n", Cancel);
        var folder = await RepositoryAsync(home);
        home.Script = asked =>
            asked.Asked switch
            {
                0 => Calls("", Write, ("r1", "read", """{"path":"notes.txt"}""")),
                1 => Calls("", ("w2", "write", """{"path":"notes.txt","content":"changed\n"}""")),
                _ => Answer("Done."),
            };
        var uri = await SpawnAsync(home, "worker", "Change a file");
        await AllowAsync(home, uri);

        var place = (await home.StatusAsync(uri, "done"))["worktree"]!;
        var worktree = (string)place["folder"]!;
        Assert.Equal(uri.Split('/')[^1], (string?)place["task"]);
        var files = (await home.Client.ResultAsync("edit/list", new { }))!["files"]!.AsArray();
        Assert.Equal(["made.txt", "notes.txt"], files.Select(file => (string)file!["path"]!));
        Assert.All(files, file => Assert.Equal(worktree, (string?)file!["folder"]));
        var before = await home.Client.ResultAsync(
            "edit/content",
            new
            {
                codexId = uri,
                path = "notes.txt",
                folder = worktree,
            }
        );
        Assert.Equal("committed\n", (string?)before!["text"]);

        // The page of the task names the file as the agent does.
        await home.Client.ResultAsync("edit/reject", new { codexId = uri, path = "made.txt" });
        Assert.False(File.Exists(Path.Combine(worktree, "made.txt")));
        var changes = await home.Client.ResultAsync("worktree/changes", new { task = uri });
        Assert.Equal(
            ("notes.txt", "modified"),
            Assert.Single(changes!["files"]!.AsArray().Select(file => ((string)file!["path"]!, (string)file["kind"]!)))
        );
        var merged = await home.Client.ResultAsync(
            "worktree/merge",
            new
            {
                task = uri,
                commitMessage = "Change the notes",
                abortOnConflict = false,
            }
        );
        Assert.Equal("merged", (string?)merged!["outcome"]);
        Assert.Equal("changed\n", await File.ReadAllTextAsync(Path.Combine(folder, "notes.txt"), Cancel));
        Assert.Empty((await home.Client.ResultAsync("edit/list", new { }))!["files"]!.AsArray());
    }

    [Fact]
    public async Task Subtasks_work_in_the_worktree_of_their_parent_or_in_their_own()
    {
        await using var home = await AgentsHome.StartAsync(hasRealTools: true);
        var folder = await RepositoryAsync(home);
        home.WriteTemplate(
            "planner",
            "max_spawned_tasks: 5, provider_ref: 'codex://providers/large', available_tools: ['write', 'spawn_task'], isolation: 'worktree', permissions: { allow: ['spawn_task(*)'] }, budget: { usd: 1, rounds: 40 }, fields: [{ name: 'permission_mode', default: 'edit' }]"
        );
        home.Script = asked =>
            asked.Model == "small"
                ? (asked.Asked == 0 ? Calls("", ("w1", "write", $$"""{"path":"{{asked.Goal}}.txt","content":"x"}""")) : Answer("Part."))
            : asked.Asked == 0
                ? Calls(
                    "",
                    Spawn("c1", "shared"),
                    Spawn("c2", "own") with
                    {
                        Parameters = """{"template":"worker","goal":"own","isolation":"worktree"}""",
                    }
                )
            : Answer("Whole.");
        var uri = await home.SpawnAsync("planner", "Plan it");
        await AllowAsync(home, uri);

        var worktrees = home.Sidecar.Services.Worktrees.Worktrees;
        var own = (string)(await home.NamedAsync("own", "done"))["uri"]!;
        var (parent, child) = (worktrees.Find(uri.Split('/')[^1])!, worktrees.Find(own.Split('/')[^1])!);
        Assert.True(File.Exists(Path.Combine(parent.Folder, "shared.txt")));
        Assert.True(File.Exists(Path.Combine(child.Folder, "own.txt")));
        Assert.False(File.Exists(Path.Combine(parent.Folder, "own.txt")));
        Assert.Empty(Directory.EnumerateFiles(folder, "*.txt"));
    }

    [Theory]
    [InlineData(null, 1)]
    [InlineData("none", 0)]
    public async Task The_second_of_two_parallel_subtasks_that_write_gets_a_worktree_unless_the_call_chooses_its_place(
        string? isolation,
        int expected
    )
    {
        await using var home = await AgentsHome.StartAsync(hasRealTools: true);
        var folder = await RepositoryAsync(home);
        home.WriteTemplate(
            "planner",
            "max_spawned_tasks: 5, provider_ref: 'codex://providers/large', available_tools: ['spawn_task'], permissions: { allow: ['spawn_task(*)'] }, budget: { usd: 1, rounds: 40 }, fields: [{ name: 'permission_mode', default: 'edit' }]"
        );
        (string, string, string) Call(string id, string goal) =>
            isolation is null
                ? Spawn(id, goal)
                : Spawn(id, goal) with
                {
                    Parameters = $$"""{"template":"worker","goal":"{{goal}}","isolation":"{{isolation}}"}""",
                };
        home.Script = asked =>
            asked.Model == "small"
                ? (asked.Asked == 0 ? Calls("", ("w1", "write", $$"""{"path":"{{asked.Goal}}.txt","content":"x"}""")) : Answer("Part."))
            : asked.Asked == 0 ? Calls("", Call("c1", "one"), Call("c2", "two"))
            // Nothing works beside the third, and the folder has changes.
            : asked.Asked == 1 ? Calls("", Call("c3", "three"))
            : Answer("Whole.");
        await home.StatusAsync(await home.SpawnAsync("planner", "Plan it"), "done");

        List<string> own = [];
        foreach (var goal in (string[])["one", "two", "three"])
        {
            var uri = (string)(await home.NamedAsync(goal, "done"))["uri"]!;
            if (home.Sidecar.Services.Worktrees.Worktrees.Find(uri.Split('/')[^1]) is { } record)
            {
                Assert.True(File.Exists(Path.Combine(record.Folder, $"{goal}.txt")));
                own.Add(goal);
            }
        }

        Assert.Equal(expected, own.Count);
        Assert.DoesNotContain("three", own);
        Assert.Equal(3 - expected, Directory.EnumerateFiles(folder, "*.txt").Count());
    }

    [Fact]
    public async Task A_task_that_cannot_have_a_worktree_is_refused_and_not_stored()
    {
        await using var home = await AgentsHome.StartAsync(hasRealTools: true);
        var refused = await home.Client.RequestAsync("task/spawn", Isolated("worker", "Do it"));
        Assert.Contains("is not in a git repository", refused.ToJsonString(), StringComparison.Ordinal);
        Assert.Empty(await home.ListAsync());
    }

    private static object Isolated(string templateId, string goal) =>
        new
        {
            templateId,
            goal,
            values = new { isolation = "worktree" },
        };

    private static async Task<string> SpawnAsync(AgentsHome home, string template, string goal) =>
        (string)(await home.Client.ResultAsync("task/spawn", Isolated(template, goal)))!["uri"]!;

    private static async Task<JsonNode> ResultAsync(AgentsHome home, string uri) =>
        JsonNode.Parse(home.Sidecar.Services.Store.Chats.Read(uri.Split('/')[^1]).Values["result"].GetRawText())!;

    /// <summary>Allows every approval until the task has ended.</summary>
    private static async Task AllowAsync(AgentsHome home, string uri)
    {
        while ((await home.ListAsync()).All(task => (string?)task!["uri"] != uri || (string?)task["status"] is not ("done" or "failed")))
        {
            foreach (var asked in (await home.Client.ResultAsync("approval/list"))!["approvals"]!.AsArray())
            {
                await home.Client.ResultAsync(
                    "approval/answer",
                    new
                    {
                        id = (string)asked!["id"]!,
                        fingerprint = (string)asked["fingerprint"]!,
                        decision = "once",
                    }
                );
            }

            await home.Client.NextAsync("task/event");
        }

        Assert.Equal("done", (string?)(await home.StatusAsync(uri, "done", "failed"))["status"]);
    }

    private static async Task<string> RepositoryAsync(AgentsHome home)
    {
        await using var git = new WorktreeHome();
        await File.WriteAllTextAsync(Path.Combine(home.Folder, "AGENTS.md"), "Committed rule.", Cancel);
        await git.GitInAsync(home.Folder, "init", "--quiet", "--initial-branch=main");
        await git.GitInAsync(home.Folder, "config", "user.name", "Test");
        await git.GitInAsync(home.Folder, "config", "user.email", "test@example.com");
        await git.CommitAsync(home.Folder, "First");
        return home.Folder;
    }
}
