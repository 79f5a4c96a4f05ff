using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Agents.AgentsHome;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Agents;

/// <summary>
/// Kills the process of a task tree at any point. Each agent is restored at its last stored step, and can be continued, stopped or abandoned. Of the three
/// children, one waits for the user, one is over its budget and one completes.
/// </summary>
public sealed class TaskKillTests
{
    private const int MostEvents = 30;
    private static readonly string[] Settled = ["done", "failed", "stopped", "interrupted", "over_budget"];
    private static readonly string[] Ended = ["done", "failed", "stopped"];

    /// <summary>The number of kill points; PLUE_KILL_POINTS overrides it.</summary>
    private static int Points => int.TryParse(Environment.GetEnvironmentVariable("PLUE_KILL_POINTS"), out var points) ? points : 6;

    [Fact]
    public async Task A_tree_that_is_killed_at_any_point_comes_back_and_reaches_its_end()
    {
        var random = new Random(20260);
        for (var point = 0; point < Points; point++)
        {
            await KillAsync(random.Next(0, MostEvents), (After)(point % 3));
        }
    }

    private enum After
    {
        Resume,
        Stop,
        Drop,
    }

    /// <param name="events">The number of events before the kill, unless the tree comes to rest earlier.</param>
    private static async Task KillAsync(int events, After after)
    {
        await using var endpoint = new ScriptedEndpoint { Route = Script };
        var (home, folder) = (
            Directory.CreateTempSubdirectory("plue-test-").FullName,
            Directory.CreateTempSubdirectory("plue-test-").FullName
        );
        File.WriteAllText(Path.Combine(folder, "a.txt"), "alpha");
        Write(home, endpoint.Url);
        WriteTemplate(
            home,
            "planner",
            """
            max_spawned_tasks: 5, provider_ref: 'codex://providers/large', available_tools: ['spawn_task'], budget: { usd: 1, rounds: 40 },
            outputs: { type: 'object', required: ['summary'], properties: { summary: { type: 'string' } } }
            """
        );
        string uri;
        await using (var first = await SidecarProcess.StartAsync(home, folder: folder))
        {
            uri = (string)(await first.Client.ResultAsync("task/spawn", new { templateId = "planner", goal = "Plan it" }))!["uri"]!;
            Dictionary<string, string?> stands = [];
            while (
                events-- > 0
                && !(
                    stands.GetValueOrDefault("one") == "waiting_for_approval"
                    && stands.GetValueOrDefault("two") == "over_budget"
                    && stands.GetValueOrDefault("three") == "done"
                )
            )
            {
                var task = (await first.Client.NextAsync("task/event"))["task"];
                stands[(string?)task?["title"] ?? ""] = (string?)task?["status"];
            }

            await first.KillAsync();
        }

        await using var again = await InMemorySidecar.StartAsync(home, folder, trusted: true);
        var rows = await RowsAsync(again.Client, uri);
        Assert.All(rows, row => Assert.Contains((string?)row!["status"], Settled));
        Assert.All(rows.Where(row => (string?)row!["uri"] != uri), row => Assert.Equal(uri, (string?)row!["parentId"]));
        Assert.Empty((await again.Client.ResultAsync("approval/list"))!["approvals"]!.AsArray());
        foreach (var row in rows)
        {
            foreach (var message in (await ChatAsync(again.Client, (string)row!["uri"]!))["messages"]!.AsArray())
            {
                var parts = message!["parts"]!.AsArray();
                Assert.Equal(
                    parts.Count(part => (string?)part!["kind"] == "toolUse"),
                    parts.Count(part => (string?)part!["kind"] == "toolResult")
                );
            }
        }

        if (after != After.Resume)
        {
            await again.Client.ResultAsync(
                after == After.Stop ? "task/stop" : "task/discard",
                after == After.Stop ? new { uri, includeSubtasks = true } : new { uri }
            );
            Assert.All(await RowsAsync(again.Client, uri), row => Assert.Contains((string?)row!["status"], Ended));
            return;
        }

        await again.Client.ResultAsync("task/resume", new { uri });
        await ToItsEndAsync(again.Client, uri);
        Assert.Equal("All done.", (string?)(await again.Client.ResultAsync("task/get", new { uri }))!["outputs"]!["summary"]);

        var children = (await RowsAsync(again.Client, uri)).Where(row => (string?)row!["uri"] != uri).ToList();
        Assert.All(children.GroupBy(row => (string?)row!["title"]), same => Assert.Single(same));
        Assert.All(children, row => Assert.Equal("done", (string?)row!["status"]));
        // The result of a child belongs to the call that spawned it.
        var results = (await ChatAsync(again.Client, uri))["messages"]!
            .AsArray()
            .SelectMany(message => message!["parts"]!.AsArray())
            .Where(part => (string?)part!["kind"] == "toolResult")
            .ToList();
        foreach (var child in children)
        {
            var result = results.Single(part => (string?)part!["toolUseId"] == (string?)child!["toolUseId"])!;
            Assert.True(result["error"] is null, result.ToJsonString());
            Assert.Equal((string?)child!["uri"], (string?)JsonNode.Parse((string)result["result"]!)!["task"]);
        }
    }

    /// <summary>Acts as a user who allows every approval and increases exceeded budgets.</summary>
    private static async Task ToItsEndAsync(RpcClient client, string uri)
    {
        HashSet<string> given = [];
        while (true)
        {
            var rows = await RowsAsync(client, uri);
            if (rows.Any(row => (string?)row!["uri"] == uri && (string?)row["status"] == "done"))
            {
                return;
            }

            foreach (
                var over in rows.Where(row => (string?)row!["status"] == "over_budget").Select(row => (string)row!["uri"]!).Where(given.Add)
            )
            {
                await client.ResultAsync("task/setBudget", new { uri = over, budget = new { rounds = 5 } });
                await client.ResultAsync("task/resume", new { uri = over });
            }

            foreach (var asked in (await client.ResultAsync("approval/list"))!["approvals"]!.AsArray())
            {
                await client.ResultAsync(
                    "approval/answer",
                    new
                    {
                        id = (string)asked!["id"]!,
                        fingerprint = (string)asked["fingerprint"]!,
                        decision = "once",
                    }
                );
            }

            await client.NextAsync("task/event");
        }
    }

    private static async Task<JsonNode> ChatAsync(RpcClient client, string uri) => (await client.ResultAsync("codex/get", new { uri }))!;

    private static ScriptedAnswer Script(ScriptedRequest request)
    {
        if (request.Target.EndsWith("/models", StringComparison.Ordinal))
        {
            return ScriptedAnswer.Json("""{"data":[{"id":"large"},{"id":"small"}]}""");
        }

        var body = JsonNode.Parse(request.Body)!;
        var messages = body["messages"]!.AsArray();
        var hasResult = messages.Any(message => (string?)message!["role"] == "tool");
        if ((string?)body["model"] == "large")
        {
            return hasResult
                ? Calls("", ("f1", "finish", """{"summary":"All done."}"""))
                : Calls("I split it.", Spawn("c1", "one"), Spawn("c2", "two", budget: new { rounds = 1 }), Spawn("c3", "three"));
        }

        var goal = messages.First(message => (string?)message!["role"] == "user")!.ToJsonString();
        return hasResult ? Answer("Ended.")
            : goal.Contains("one", StringComparison.Ordinal) ? Calls("", ("w1", "write", """{"path":"one.txt","content":"1"}"""))
            : goal.Contains("two", StringComparison.Ordinal) ? Calls("", ("r1", "read", """{"path":"a.txt"}"""))
            : ScriptedAnswer.Events().Send(Chunk("Begun. ")).Pause(TimeSpan.FromMilliseconds(60)).Send(Chunk("Ended.")).Send(End);
    }
}
