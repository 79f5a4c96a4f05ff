using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Agents.AgentsHome;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Agents;

/// <summary>
/// Six agents in one tree, and two windows that show them. The process of one window, or of both, is killed at thirty random points, and the tree is resumed
/// in a window that is left or opened: nothing that either window received is lost, and no call is run twice.
/// </summary>
public sealed class TwoWindowsKillTests
{
    private const int Kills = 30;
    private const int Subtasks = 5;
    private const int CallsOfSubtask = 20;
    private const int MaxEvents = 40;
    private static readonly TimeSpan TakeoverTime = TimeSpan.FromSeconds(30);

    private readonly Random random = new(1930);
    private readonly string home = Directory.CreateTempSubdirectory("plue-test-").FullName;
    private readonly string folder = Directory.CreateTempSubdirectory("plue-test-").FullName;
    private readonly Dictionary<string, string> acknowledged = new(StringComparer.Ordinal); // text by message
    private readonly HashSet<string> owners = new(StringComparer.Ordinal); // chats of acknowledged messages
    private readonly SidecarProcess?[] windows = new SidecarProcess?[2];
    private readonly Dictionary<string, string> temporary = new() { ["TMPDIR"] = Directory.CreateTempSubdirectory("plue-test-").FullName }; // a killed process does not delete its files
    private int calls;
    private volatile bool areKillsOver;

    private string Runs => Path.Combine(folder, "runs.txt");

    [Fact]
    public async Task A_tree_of_six_in_two_windows_that_are_killed_at_thirty_points_loses_nothing_and_reaches_its_end()
    {
        await using var endpoint = new ScriptedEndpoint { Route = Respond };
        Write(home, endpoint.Url);
        const string tools =
            "permissions: { allow: ['bash'] }, fields: [{ name: 'permission_mode', default: 'edit' }], budget: { usd: 5, rounds: 1000 }";
        WriteTemplate(
            home,
            "planner",
            $"max_spawned_tasks: {Subtasks}, provider_ref: 'codex://providers/large', available_tools: ['spawn_task'], {tools}"
        );
        WriteTemplate(home, "worker", $"provider_ref: 'codex://providers/small', available_tools: ['bash'], {tools}");
        try
        {
            await OpenAsync();
            var uri = (string)
                (await windows[0]!.Client.ResultAsync("task/spawn", new { templateId = "planner", goal = "Plan it" }))!["uri"]!;
            while ((await RowsAsync(windows[0]!.Client, uri)).Count < 1 + Subtasks)
            {
                await windows[0]!.Client.ReceivedAsync().WaitAsync(TakeoverTime);
                Read(windows[0]!.Client.TakeReceived());
            }

            for (var kill = 0; kill < Kills; kill++)
            {
                Assert.False(await WorkAsync(uri, random.Next(1, MaxEvents)), $"The tree was done after {kill} kills.");
                await KillAsync(random.Next(3));
                await OpenAsync();
                await CheckAsync(uri);
            }

            areKillsOver = true;
            await WorkAsync(uri, int.MaxValue);
            await CheckAsync(uri);
            foreach (var window in windows)
            {
                var rows = await RowsAsync(window!.Client, uri);
                Assert.Equal(1 + Subtasks, rows.Count);
                Assert.All(rows, row => Assert.Equal("done", (string?)row!["status"]));
            }
        }
        finally
        {
            foreach (var window in windows.OfType<SidecarProcess>())
            {
                await window.DisposeAsync();
            }
        }
    }

    /// <summary>Resumes what a kill interrupted, in either window, and returns after this many events or when the tree is done.</summary>
    /// <returns>True if it is done.</returns>
    private async Task<bool> WorkAsync(string uri, int events)
    {
        var client = windows[random.Next(2)]!.Client;
        var left = events;
        while (left > 0)
        {
            var rows = await RowsAsync(client, uri);
            var root = (string?)rows.Single(row => (string?)row!["uri"] == uri)!["status"];
            if (root == "done")
            {
                return true;
            }

            if (root == "interrupted")
            {
                await client.ResultAsync("task/resume", new { uri });
            }

            foreach (var row in rows)
            {
                // An open chat follows what another window writes.
                await client.ResultAsync("codex/get", new { uri = (string)row!["uri"]! });
            }

            await client.ReceivedAsync().WaitAsync(TakeoverTime);
            foreach (var window in windows)
            {
                left -= Read(window!.Client.TakeReceived());
            }
        }

        return false;
    }

    private async Task KillAsync(int which)
    {
        for (var at = 0; at < windows.Length; at++)
        {
            if (which == at || which == windows.Length)
            {
                await windows[at]!.KillAsync();
                Read(windows[at]!.Client.TakeReceived());
                await windows[at]!.DisposeAsync();
                windows[at] = null;
            }
        }
    }

    private async Task OpenAsync()
    {
        for (var at = 0; at < windows.Length; at++)
        {
            windows[at] ??= await SidecarProcess.StartAsync(home, folder: folder, environment: temporary);
        }
    }

    /// <returns>The number of events.</returns>
    private int Read(IReadOnlyList<JsonObject> received)
    {
        var events = received.Where(one => (string?)one["method"] == "message/event").Select(one => one["params"]!).ToList();
        foreach (var parameters in events)
        {
            var happened = parameters["event"]!;
            if ((string?)happened["kind"] is "messageFinished" or "messageAdded" && happened["message"] is { } message)
            {
                acknowledged[(string)message["id"]!] = Text(message);
                owners.Add((string)parameters["codexId"]!);
            }
        }

        return events.Count;
    }

    /// <summary>Both windows show every message that one of them received, and each call ran at most once.</summary>
    private async Task CheckAsync(string uri)
    {
        foreach (var window in windows)
        {
            var rows = await RowsAsync(window!.Client, uri);
            Assert.All(rows.GroupBy(row => (string?)row!["title"]), same => Assert.Single(same));
            Dictionary<string, string> stored = new(StringComparer.Ordinal);
            foreach (var owner in owners)
            {
                foreach (var message in (await window.Client.ResultAsync("codex/get", new { uri = owner }))!["messages"]!.AsArray())
                {
                    stored[(string)message!["id"]!] = Text(message);
                }
            }

            Assert.All(acknowledged, one => Assert.Equal(one.Value, stored.GetValueOrDefault(one.Key)));
        }

        var lines = File.Exists(Runs) ? await File.ReadAllLinesAsync(Runs) : [];
        Assert.Equal(lines.Distinct(), lines);
    }

    /// <summary>The parent starts five subtasks and ends after them. Each call of a subtask is another one.</summary>
    private ScriptedAnswer Respond(ScriptedRequest request)
    {
        if (request.Target.EndsWith("/models", StringComparison.Ordinal))
        {
            return ScriptedAnswer.Json("""{"data":[{"id":"large"},{"id":"small"}]}""");
        }

        var body = JsonNode.Parse(request.Body)!;
        var results = body["messages"]!.AsArray().Count(message => (string?)message!["role"] == "tool");
        if ((string?)body["model"] == "large")
        {
            return results > 0
                ? Answer("All done.")
                : Calls("I split it.", [.. Enumerable.Range(1, Subtasks).Select(at => Spawn($"c{at}", $"Part {at}"))]);
        }

        var number = Interlocked.Increment(ref calls);
        // One of them works until the kills are over.
        var isLast = request.Body.Contains($"Part {Subtasks}", StringComparison.Ordinal);
        return results >= CallsOfSubtask && (areKillsOver || !isLast)
            ? Answer("Ended.")
            : Calls($"Step {number}.", ($"b{number}", "bash", $$"""{"command":"echo ran-{{number}} >> {{Runs}}"}"""));
    }
}
