using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Agents.AgentsHome;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Agents;

/// <summary>A tree whose program is killed at any point comes back as it was, and can be gone on with or given up.</summary>
public sealed class TaskKillTests
{
    private static readonly string[] Settled = ["done", "failed", "stopped", "interrupted", "over_budget"];

    /// <summary>How many points; PLUE_KILL_POINTS says another number.</summary>
    private static int Points => int.TryParse(Environment.GetEnvironmentVariable("PLUE_KILL_POINTS"), out var points) ? points : 6;

    [Fact]
    public async Task A_tree_that_is_killed_at_any_point_comes_back_and_reaches_its_end()
    {
        var random = new Random(20260);
        for (var point = 0; point < Points; point++) { await KillAsync(random.Next(0, 700), resumes: point % 3 != 2); }
    }

    private static async Task KillAsync(int milliseconds, bool resumes)
    {
        await using var endpoint = new ScriptedEndpoint { Route = Script };
        var home = Directory.CreateTempSubdirectory("plue-test-").FullName;
        Write(home, endpoint.Url);
        string uri;
        await using (var first = await SidecarProcess.StartAsync(home))
        {
            uri = (string)(await first.Client.ResultAsync("task/spawn", new { templateId = "planner", goal = "Plan it" }))!["uri"]!;
            await Task.Delay(milliseconds); // the point is meant to be anywhere
            await first.KillAsync();
        }

        await using var again = await InMemorySidecar.StartAsync(home);
        var rows = await RowsAsync(again.Client, uri);
        Assert.All(rows, row => Assert.True(Settled.Contains((string?)row!["status"]), $"killed after {milliseconds} ms: {row}"));
        Assert.All(rows.Where(row => (string?)row!["uri"] != uri), row => Assert.Equal(uri, (string?)row!["parentId"]));
        foreach (var row in rows)
        {
            var chat = await again.Client.ResultAsync("codex/get", new { uri = (string?)row!["uri"] });
            foreach (var message in chat!["messages"]!.AsArray())
            {
                var parts = message!["parts"]!.AsArray();
                Assert.Equal(parts.Count(part => (string?)part!["kind"] == "toolUse"), parts.Count(part => (string?)part!["kind"] == "toolResult"));
            }
        }

        if (!resumes)
        {
            await again.Client.ResultAsync("task/drop", new { uri });
            Assert.All(await RowsAsync(again.Client, uri), row => Assert.Contains((string?)row!["status"], (string[])["done", "stopped", "failed"]));
            return;
        }

        if ((string?)rows.Single(row => (string?)row!["uri"] == uri)!["status"] == "done") { return; }

        await again.Client.ResultAsync("task/resume", new { uri });
        for (var isDone = false; !isDone;)
        {
            isDone = (await RowsAsync(again.Client, uri)).Any(row => (string?)row!["uri"] == uri && (string?)row["status"] == "done");
            if (!isDone) { await again.Client.NextAsync("task/event", item => (string?)item["taskId"] == uri); }
        }

        var children = (await RowsAsync(again.Client, uri)).Where(row => (string?)row!["uri"] != uri).ToList();
        Assert.All(children.GroupBy(row => (string?)row!["title"]), same => Assert.Single(same));
        Assert.All(children, row => Assert.Equal("done", (string?)row!["status"]));
    }

    private static async Task<JsonArray> RowsAsync(RpcClient client, string uri) => (await client.ResultAsync("task/list", new { root = uri }))!["tasks"]!.AsArray();

    private static ScriptedAnswer Script(ScriptedRequest request)
    {
        if (request.Target.EndsWith("/models", StringComparison.Ordinal)) { return ScriptedAnswer.Json("""{"data":[{"id":"large"},{"id":"small"}]}"""); }

        var body = JsonNode.Parse(request.Body)!;
        if ((string?)body["model"] == "small") { return ScriptedAnswer.Events().Send(Chunk("Begun. ")).Pause(TimeSpan.FromMilliseconds(120)).Send(Chunk("Ended.")).Send(End); }

        // It plans once, and again only when nothing came of that.
        var said = body["messages"]!.ToJsonString();
        return said.Contains("This is what came of it", StringComparison.Ordinal) || said.Contains("\"tool_call_id\"", StringComparison.Ordinal)
            ? ScriptedAnswer.Events().Pause(TimeSpan.FromMilliseconds(60)).Send(Chunk("All done.")).Send(End)
            : Calls("I split it.", Spawn("c1", "one"), Spawn("c2", "two"), Spawn("c3", "three"));
    }
}
