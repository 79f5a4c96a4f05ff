using Plue.Server.Platform;
using Plue.Server.Providers.External;
using Plue.Server.Tests.Providers.Acp;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Agents.AgentsHome;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Agents;

/// <summary>External agents as specialists of an orchestrator, and their recovery after a kill at any moment.</summary>
public sealed class AcpTaskTests
{
    private const int Kills = 20;
    private const string Price = "{ input: 10, output: 10 }";
    private const string Work =
        "say One.\nedit a.txt alpha\nplan\nwrite b.txt beta\nsay Two.\nedit c.txt gamma\nthink Hm.\nedit d.txt delta\nsay Three.";

    public AcpTaskTests() =>
        Assert.SkipUnless(OperatingSystem.IsLinux() && AcpBench.Node is not null, "The agent of these tests needs Linux and node.");

    [Fact]
    public async Task Works_as_a_subtask_and_counts_against_the_budget_of_its_parent()
    {
        await using var home = await AgentsHome.StartAsync(hasRealTools: true);
        WriteAgent(home.Sidecar.Home, "agent");
        WriteAgent(home.Sidecar.Home, "other");
        home.WriteTemplate("hand", Hand("agent"));
        home.WriteTemplate("second", Hand("other"));
        home.Script = asked =>
            asked.Asked == 0
                ? Calls("", Spawn("c1", "edit a.txt alpha\nsay Made a.", "hand"), Spawn("c2", "edit b.txt beta\nsay Made b.", "second"))
                : Answer("Good.");
        var uri = await home.SpawnAsync("planner", "Plan it");
        await home.StatusAsync(uri, "done");

        var rows = (await home.ListAsync(uri)).Where(row => (string?)row!["uri"] != uri).ToList();
        Assert.Equal(["done", "done"], rows.Select(row => (string?)row!["status"]));
        Assert.All(rows, row => Assert.True((decimal?)row!["spent"]!["usd"] > 0, row!.ToJsonString()));
        var parent = (await home.GetAsync(uri))["task"]!;
        Assert.Equal(
            (decimal?)parent["totalSpent"]!["usd"],
            (decimal?)parent["spent"]!["usd"] + rows.Sum(row => (decimal?)row!["spent"]!["usd"])
        );
        Assert.Equal(
            ("alpha", "beta"),
            (
                await File.ReadAllTextAsync(Path.Combine(home.Folder, "a.txt")),
                await File.ReadAllTextAsync(Path.Combine(home.Folder, "b.txt"))
            )
        );
        Assert.Equal(
            ["a.txt", "b.txt"],
            (await home.Client.ResultAsync("edit/list", new { codexId = uri }))!["files"]!
                .AsArray()
                .Select(file => (string?)file!["path"])
                .Order()
        );
    }

    [Fact]
    public async Task Is_stopped_at_the_budget_of_its_task()
    {
        await using var home = await AgentsHome.StartAsync(hasRealTools: true);
        WriteAgent(home.Sidecar.Home, "agent");
        home.WriteTemplate("hand", Hand("agent").Replace("rounds: 20", "rounds: 2", StringComparison.Ordinal));
        var uri = await home.SpawnAsync("hand", string.Join('\n', Enumerable.Range(0, 9).Select(i => $"ask {i}.txt x\nsay Next.")));
        await home.StatusAsync(uri, "over_budget");
        Assert.InRange(Directory.EnumerateFiles(home.Folder).Count(), 1, 8);
    }

    [Fact]
    public async Task Killed_at_twenty_points_its_changes_are_to_review_and_the_chat_goes_on()
    {
        foreach (var points in Enumerable.Range(1, Kills).Chunk(4))
        {
            await Task.WhenAll(points.Select(KillAsync));
        }
    }

    /// <param name="events">The number of response events before the kill.</param>
    private static async Task KillAsync(int events)
    {
        var home = Directory.CreateTempSubdirectory("plue-test-").FullName;
        var folder = RealPath.Of(Directory.CreateTempSubdirectory("plue-test-").FullName);
        WriteAgent(home, "agent");
        string uri;
        // A killed process does not delete its temporary files.
        var temporary = new Dictionary<string, string> { ["TMPDIR"] = Directory.CreateTempSubdirectory("plue-test-").FullName };
        await using (var first = await SidecarProcess.StartAsync(home, folder: folder, environment: temporary))
        {
            uri = (string)(await first.Client.ResultAsync("codex/create", new { templateId = "ai-chat", providerId = "agent" }))!["uri"]!;
            await first.Client.ResultAsync("codex/update", new { uri, set = new { permission_mode = "edit" } });
            await first.Client.ResultAsync("message/send", new { codexId = uri, text = Work });
            for (string? kind = null; events > 0 && kind != "turnFinished"; events--)
            {
                kind = Kind(await first.Client.NextAsync("message/event"));
            }

            await first.KillAsync();
        }

        await using var again = await InMemorySidecar.StartAsync(home, folder, trusted: true);
        await again.Client.AskAsync(uri, "say Again.");
        var chat = await again.Client.ResultAsync("codex/get", new { uri });
        Assert.Equal("Again.", Text(chat!["messages"]!.AsArray()[^1]));
        var listed = (await again.Client.ResultAsync("edit/list", new { codexId = uri }))!["files"]!
            .AsArray()
            .Select(file => (string?)file!["path"])
            .Order();
        Assert.Equal(Directory.EnumerateFiles(folder).Select(Path.GetFileName).Order(), listed);
    }

    private static string Hand(string provider) =>
        $"provider_ref: 'codex://providers/{provider}', available_tools: ['read', 'write', 'edit', 'bash'], budget: {{ usd: 0.5, rounds: 20 }}, fields: [{{ name: 'permission_mode', default: 'edit' }}]";

    private static void WriteAgent(string home, string id)
    {
        var program = AcpBench.Program();
        InMemorySidecar.WriteProvider(
            home,
            id,
            $"{{ name: '{id}', provider_type: 'acp', command: '{program}', model_prices: {{ default: {Price}, small: {Price} }} }}"
        );
        var programs = new ExternalPrograms(new PluePaths(home), null, () => null, TimeProvider.System);
        programs.Approve(program, programs.Inspect(program).Sha256);
    }
}
