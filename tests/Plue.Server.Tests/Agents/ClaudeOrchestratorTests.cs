using System.Text.Json.Nodes;
using Plue.Server.Tests.Providers.ClaudeCode;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Agents;

/// <summary>The real claude CLI delegates work to a cheaper model through Plue's MCP server; a scripted endpoint plays each model.</summary>
public sealed class ClaudeOrchestratorTests : IAsyncLifetime
{
    private const string Handed = """{"summary":"One part was done.","results":[{"goal":"one","outcome":"done"}]}""";

    private readonly ScriptedMessagesEndpoint claude = new();
    private readonly ScriptedEndpoint local = new();
    private readonly string home = Directory.CreateTempSubdirectory("plue-test-").FullName;
    private readonly string folder = Directory.CreateTempSubdirectory("plue-test-").FullName;
    private SidecarProcess sidecar = null!;
    private int calls;

    private RpcClient Client => sidecar.Client;

    public async ValueTask InitializeAsync()
    {
        AgentsHome.Write(home, local.Url);
        InMemorySidecar.WriteProvider(
            home,
            "claude",
            $"{{ name: 'Claude Code', provider_type: 'claude-code', cli_path: '{ClaudeCodeBench.RealCli()}', endpoint: '{claude.Address}', api_key_ref: 'vault://claude/api_key', model: 'sonnet' }}"
        );
        sidecar = await SidecarProcess.StartAsync(
            home,
            folder: folder,
            environment: new Dictionary<string, string> { ["HOME"] = home, ["CLAUDE_CONFIG_DIR"] = Path.Combine(home, "claude") }
        );
        await Client.ResultAsync("vault/create", new { method = "passphrase", secret = "correct horse battery" });
        await Client.ResultAsync(
            "vault/store",
            new
            {
                reference = "vault://claude/api_key",
                secret = "test-key-1234567890",
                origins = new[] { claude.Address.ToString() },
            }
        );
    }

    public async ValueTask DisposeAsync()
    {
        if (sidecar is not null)
        {
            await sidecar.DisposeAsync();
        }
        await claude.DisposeAsync();
        await local.DisposeAsync();
    }

    [Fact]
    public async Task The_orchestrator_starts_a_task_receives_its_result_and_returns_its_own()
    {
        local.Route = request =>
            request.Target.EndsWith("/models", StringComparison.Ordinal) ? Models() : AgentsHome.Paid("The part is done.", 1000);
        Calls("spawn_task", """{"template":"worker","goal":"one"}""");
        Calls("finish", Handed);
        var uri = await SpawnAsync();
        var done = await StatusAsync(uri, "done");

        Assert.Contains("The part is done.", claude.Requests.ElementAt(1), StringComparison.Ordinal);
        var rows = await RowsAsync(uri);
        var child = rows.Single(row => (string?)row!["uri"] != uri)!;
        Assert.Equal(
            (uri, "done", "toolu_1", "one"),
            ((string?)child["parentId"], (string?)child["status"], (string?)child["toolUseId"], (string?)child["title"])
        );
        Assert.Equal(0.01m, (decimal?)child["spent"]!["usd"]);
        var (own, inAll) = (
            (decimal?)done["spent"]!["usd"],
            (decimal?)(await Client.ResultAsync("task/get", new { uri }))!["task"]!["totalSpent"]!["usd"]
        );
        Assert.True(own > 0, $"The orchestrator cost {own}.");
        Assert.Equal(own + 0.01m, inAll);
        Assert.Equal("One part was done.", (string?)(await Client.ResultAsync("task/get", new { uri }))!["outputs"]!["summary"]);
    }

    [Fact]
    public async Task Stopping_it_stops_the_task_that_it_waits_for()
    {
        local.Route = request =>
            request.Target.EndsWith("/models", StringComparison.Ordinal) ? Models() : ScriptedAnswer.Events().Send(Chunk("Half")).Hang();
        Calls("spawn_task", """{"template":"worker","goal":"one"}""");
        var uri = await SpawnAsync();
        await Client.NextAsync(
            "task/event",
            item => (string?)item["task"]?["title"] == "one" && (string?)item["task"]?["status"] == "running"
        );
        await StatusAsync(uri, "waiting_for_child");
        await Client.ResultAsync("task/stop", new { uri });
        while ((await RowsAsync(uri)).Any(row => (string?)row!["status"] != "stopped"))
        {
            await Client.NextAsync("task/event");
        }
    }

    private async Task<string> SpawnAsync() =>
        (string)
            (
                await Client.ResultAsync(
                    "task/spawn",
                    new
                    {
                        templateId = "task-orchestrator",
                        goal = "Have it done",
                        provider = "claude",
                        model = "sonnet",
                    }
                )
            )!["uri"]!;

    private async Task<JsonNode> StatusAsync(string uri, string status)
    {
        while (true)
        {
            if ((await RowsAsync(uri)).FirstOrDefault(row => (string?)row!["uri"] == uri) is { } now)
            {
                if ((string?)now["status"] == status)
                {
                    return now;
                }
                Assert.False((string?)now["status"] is "failed" or "over_budget", now.ToJsonString());
            }

            await Client.NextAsync("task/event");
        }
    }

    private async Task<JsonArray> RowsAsync(string uri) => (await Client.ResultAsync("task/list", new { root = uri }))!["tasks"]!.AsArray();

    private static ScriptedAnswer Models() => ScriptedAnswer.Json("""{"data":[{"id":"large"},{"id":"small"}]}""");

    /// <summary>Makes the model's next response call a tool of Plue.</summary>
    private void Calls(string tool, string input)
    {
        var id = $"toolu_{++calls}";
        claude.Then(async exchange =>
        {
            await exchange.StartAsync();
            await exchange.BlockAsync(
                $$$"""{"type":"tool_use","id":"{{{id}}}","name":"mcp__plue__{{{tool}}}","input":{}}""",
                $$"""{"type":"input_json_delta","partial_json":{{ScriptedMessagesEndpoint.Exchange.Quote(input)}}}"""
            );
            await exchange.EndAsync("tool_use");
        });
    }
}
