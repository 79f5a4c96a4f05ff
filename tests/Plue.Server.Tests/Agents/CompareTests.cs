using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using Plue.Server.Tests.Worktrees;
using static Plue.Server.Tests.Testing.ChatScript;
using static Plue.Server.Tests.Worktrees.WorktreeHome;

namespace Plue.Server.Tests.Agents;

/// <summary>The same goal given to several models, with real worktrees and checks.</summary>
public sealed class CompareTests
{
    private const string Checked =
        "available_tools: ['read', 'write', 'bash'], checks: [{ command: 'test -e made.txt' }, { command: 'grep -q good made.txt' }], budget: { usd: 0.5, rounds: 20 }";

    [Fact]
    public async Task Contestants_work_in_worktrees_with_checks_and_the_chosen_one_is_merged()
    {
        await using var home = await StartAsync();
        home.Script = asked =>
            asked.Asked % 2 == 0
                ? Calls(
                    "",
                    ("w", "write", $$"""{"path":"made.txt","content":"{{(asked.Model == "large" ? "good\nlines\n" : "bad\n")}}"}""")
                )
                : Answer("Done.");
        var compare = await CompareAsync(home, new { usd = 1 }, ("checked", "large"), ("checked", "small"));
        var uri = (string)compare["uri"]!;
        var (good, bad) = (TaskOf(compare, 0), TaskOf(compare, 1));
        await EndAsync(home, good, bad);

        var view = await GetAsync(home, uri);
        Assert.Equal("Make a file", (string?)view["goal"]);
        Assert.Equal(["done", "failed"], Contestants(view).Select(one => (string?)one["task"]!["status"]));
        Assert.Equal("passed passed|passed failed", string.Join('|', Contestants(view).Select(ChecksOf)));
        Assert.Equal((1, 2, 0), DiffOf(Contestants(view)[0]));
        Assert.Equal((1, 1, 0), DiffOf(Contestants(view)[1]));
        Assert.All(Contestants(view), one => Assert.NotNull(one["task"]!["worktree"]));
        Assert.False(File.Exists(Path.Combine(home.Folder, "made.txt")));

        var refused = await home.Client.RequestAsync("compare/choose", new { uri, task = good });
        Assert.Contains("The branch is not merged", refused.ToJsonString(), StringComparison.Ordinal);
        await home.Client.ResultAsync(
            "worktree/merge",
            new
            {
                task = good,
                commitMessage = "Make it",
                abortOnConflict = false,
            }
        );
        var chosen = await home.Client.ResultAsync("compare/choose", new { uri, task = good });
        Assert.Equal([true, false], Contestants(chosen!).Select(one => (bool)one["isChosen"]!));
        Assert.Equal("good\nlines\n", await File.ReadAllTextAsync(Path.Combine(home.Folder, "made.txt"), Cancel));

        // Everything is in the journals.
        await using var again = await InMemorySidecar.StartAsync(home.Sidecar.Home, folder: home.Folder, trusted: true);
        var stored = await again.Client.ResultAsync("compare/get", new { uri });
        Assert.Equal(chosen!["contestants"]![1]!["checks"]!.ToJsonString(), stored!["contestants"]![1]!["checks"]!.ToJsonString());
        Assert.True((bool)stored["contestants"]![0]!["isChosen"]!);
        var listed = await again.Client.ResultAsync("compare/list", new { });
        Assert.Equal(uri, (string?)Assert.Single(listed!["compares"]!.AsArray())!["uri"]);
    }

    [Fact]
    public async Task Contestants_share_one_budget()
    {
        await using var home = await StartAsync();
        home.Script = _ => AgentsHome.Paid("Done.", 1000);
        var compare = await CompareAsync(home, new { usd = 1, rounds = 1 }, ("worker", "small"), ("free", "small"));
        var started = Contestants(compare).Where(one => one["task"] is not null).Select(one => (string)one["task"]!["uri"]!);
        await EndAsync(home, [.. started]);

        var view = await GetAsync(home, (string)compare["uri"]!);
        Assert.Equal((1m, 1), ((decimal)view["budget"]!["usd"]!, (int)view["budget"]!["rounds"]!));
        Assert.Equal(1, (int)view["spent"]!["rounds"]!);
        var done = Assert.Single(Contestants(view), one => (string?)one["task"]?["status"] == "done");
        Assert.Equal((decimal)view["spent"]!["usd"]!, (decimal)done["task"]!["totalSpent"]!["usd"]!);
        // The other one had no round left, before it started or at its first request.
        var other = Assert.Single(Contestants(view), one => one != done);
        Assert.True(
            (string?)other["task"]?["status"] == "over_budget"
                || ((string?)other["problem"])?.StartsWith("No budget is left", StringComparison.Ordinal) == true,
            other.ToJsonString()
        );
    }

    [Fact]
    public async Task A_compare_that_cannot_start_creates_nothing()
    {
        await using var home = await StartAsync();
        foreach (
            var (contestants, reason) in new (object[], string)[]
            {
                ([One("worker", "small")], "Select 2 to 6"),
                ([One("worker", "small"), One("missing", "small")], "There is no template missing"),
                ([One("worker", "small"), One("worker", "gone")], "gone"),
            }
        )
        {
            var refused = await home.Client.RequestAsync("compare/start", new { goal = "Do it", contestants });
            Assert.Contains(reason, refused.ToJsonString(), StringComparison.Ordinal);
        }

        Assert.Empty(await home.ListAsync());
        Assert.Empty((await home.Client.ResultAsync("compare/list", new { }))!["compares"]!.AsArray());
    }

    private static async Task<AgentsHome> StartAsync()
    {
        var home = await AgentsHome.StartAsync(hasRealTools: true);
        home.WriteTemplate("checked", Checked);
        home.WriteTemplate("free", "available_tools: ['read'], budget: { usd: 0.5, rounds: 20 }");
        await using var git = new WorktreeHome();
        await File.WriteAllTextAsync(Path.Combine(home.Folder, "readme.txt"), "First", Cancel);
        await git.GitInAsync(home.Folder, "init", "--quiet", "--initial-branch=main");
        await git.GitInAsync(home.Folder, "config", "user.name", "Test");
        await git.GitInAsync(home.Folder, "config", "user.email", "test@example.com");
        await git.CommitAsync(home.Folder, "First");
        return home;
    }

    private static object One(string templateId, string provider) => new { templateId, provider };

    private static async Task<JsonNode> CompareAsync(AgentsHome home, object budget, params (string Template, string Provider)[] all) =>
        (
            await home.Client.ResultAsync(
                "compare/start",
                new
                {
                    goal = "Make a file",
                    contestants = all.Select(one => One(one.Template, one.Provider)),
                    budget,
                }
            )
        )!;

    private static async Task<JsonNode> GetAsync(AgentsHome home, string uri) =>
        (await home.Client.ResultAsync("compare/get", new { uri }))!;

    private static string TaskOf(JsonNode compare, int at) => (string)Contestants(compare)[at]["task"]!["uri"]!;

    private static IReadOnlyList<JsonNode> Contestants(JsonNode compare) => [.. compare["contestants"]!.AsArray().Select(one => one!)];

    private static string ChecksOf(JsonNode contestant) =>
        string.Join(' ', contestant["checks"]!.AsArray().Select(check => (string)check!["state"]!));

    private static (int, int, int) DiffOf(JsonNode contestant) =>
        ((int)contestant["diff"]!["files"]!, (int)contestant["diff"]!["added"]!, (int)contestant["diff"]!["removed"]!);

    /// <summary>Allows every approval until the tasks have ended.</summary>
    private static async Task EndAsync(AgentsHome home, params string[] uris)
    {
        while (
            (await home.ListAsync()).Count(task =>
                uris.Contains((string?)task!["uri"]) && (string?)task["status"] is "done" or "failed" or "over_budget"
            ) < uris.Length
        )
        {
            foreach (var asked in (await home.Client.ResultAsync("approval/list"))!["approvals"]!.AsArray())
            {
                // Only its checks are asked about.
                Assert.NotEqual("write", (string?)asked!["toolName"]);
                await home.Client.RequestAsync(
                    "approval/answer",
                    new
                    {
                        id = (string)asked["id"]!,
                        fingerprint = (string)asked["fingerprint"]!,
                        decision = "once",
                    }
                );
            }

            await home.Client.NextAsync("task/event");
        }
    }
}
