using System.Text.Json.Nodes;
using Plue.Server.Permissions;
using Plue.Server.Tests.Providers.ClaudeCode;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Chat;

/// <summary>A chat with the real Claude Code and all services: it runs its own rounds, and each tool call goes through Plue.</summary>
public sealed class ProgramRoundsTests : IAsyncLifetime
{
    private readonly ScriptedMessagesEndpoint endpoint = new();
    private readonly TestTools tools = new();
    private readonly string folder = Directory.CreateTempSubdirectory("plue-test-").FullName;
    private InMemorySidecar sidecar = null!;
    private string uri = "";

    public async ValueTask InitializeAsync()
    {
        File.WriteAllText(Path.Combine(folder, "a.txt"), "alpha");
        var config = Directory.CreateTempSubdirectory("plue-test-").FullName;
        var cli = ClaudeCodeBench.Script($"export CLAUDE_CONFIG_DIR='{config}'\nexec '{ClaudeCodeBench.RealCli()}' \"$@\"");
        sidecar = await InMemorySidecar.StartAsync(folder: folder, trusted: true, tools: [tools]);
        sidecar.WriteProvider(
            "scripted",
            $"{{ name: 'CC', provider_type: 'claude-code', cli_path: '{cli}', endpoint: '{endpoint.Address}', model: 'sonnet' }}"
        );
        sidecar.WriteTemplate(
            "worker",
            "{ id: 'worker', name: 'Worker', parent_template: 'ai-chat', fields: [{ name: 'available_tools', default: ['read', 'write', 'edit', 'bash'] }] }"
        );
        uri =
            (string?)(await sidecar.Client.ResultAsync("codex/create", new { templateId = "worker", providerId = "scripted" }))?["uri"]
            ?? "";
    }

    public async ValueTask DisposeAsync()
    {
        await sidecar.DisposeAsync();
        await endpoint.DisposeAsync();
    }

    [Fact]
    public async Task Its_own_tools_and_ours_are_judged_asked_about_and_kept_with_the_answer()
    {
        endpoint
            .Then(exchange =>
                CallsAsync(
                    exchange,
                    ("t1", "Read", $$"""{"file_path":"{{folder}}/a.txt"}"""),
                    ("t2", "Write", $$"""{"file_path":"{{folder}}/b.txt","content":"beta"}""")
                )
            )
            .Then(exchange => CallsAsync(exchange, ("t3", "mcp__plue__bash", """{"path":"c.txt","text":"gamma"}""")))
            .ThenText("Done.");
        tools.Gate.SetResult();
        var asking = sidecar.Client.AskAsync(uri, "Work.");
        var write = await AskedAsync();
        Assert.Equal((ApprovalKind.Write, "beta"), (write.Request.Kind, write.Request.ActionText));
        Assert.Equal("t2", write.Request.ToolUseId);
        Answer(write);
        var ours = await AskedAsync();
        Assert.Equal(("bash", "gamma"), (ours.Request.ToolName, ours.Request.ActionText));
        Answer(ours);
        var events = await asking;

        Assert.Contains("toolCallProgress", events.Select(Kind));
        var answer = (await sidecar.Client.ResultAsync("codex/get", new { uri }))!["messages"]!.AsArray()[^1]!;
        var parts = answer["parts"]!.AsArray();
        Assert.Equal(
            ["Read", "Write", "bash"],
            parts.Where(part => (string?)part!["kind"] == "toolUse").Select(part => (string?)part!["toolName"])
        );
        Assert.Equal(
            ["t1", "t2", "t3"],
            parts.Where(part => (string?)part!["kind"] == "toolResult").Select(part => (string?)part!["toolUseId"]).Order()
        );
        Assert.Equal("Done.", Text(answer));
        Assert.Equal(
            ("beta", "gamma"),
            (await File.ReadAllTextAsync(Path.Combine(folder, "b.txt")), await File.ReadAllTextAsync(Path.Combine(folder, "c.txt")))
        );
        Assert.Equal(["bash c.txt"], tools.Done);
        var offered = JsonNode.Parse(endpoint.Requests.First())!["tools"]!
            .AsArray()
            .Select(tool => (string?)tool!["name"])
            .Where(name => name != "DeferredToolPlaceholder");
        Assert.Equal(["Edit", "Read", "Write", "mcp__plue__bash"], offered.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_stop_during_an_approval_cancels_it_and_the_response_is_stopped()
    {
        endpoint.Then(exchange => CallsAsync(exchange, ("t1", "Write", $$"""{"file_path":"{{folder}}/b.txt","content":"beta"}""")));
        var asking = sidecar.Client.AskAsync(uri, "Work.");
        await AskedAsync();
        await sidecar.Client.ResultAsync("message/stop", new { codexId = uri });
        await asking;
        for (var i = 0; i < 400 && sidecar.Services.Permissions.Approvals.Pending.Count > 0; i++)
        {
            // The inbox raises no event; poll it until it changes.
            await Task.Delay(25);
        }

        Assert.Empty(sidecar.Services.Permissions.Approvals.Pending);
        var answer = (await sidecar.Client.ResultAsync("codex/get", new { uri }))!["messages"]!.AsArray()[^1]!;
        Assert.Equal("stopped", (string?)answer["status"]);
        Assert.False(File.Exists(Path.Combine(folder, "b.txt")));
        await sidecar.Client.AskAsync(uri, "Again.");
        answer = (await sidecar.Client.ResultAsync("codex/get", new { uri }))!["messages"]!.AsArray()[^1]!;
        Assert.Equal("Hello", Text(answer));
    }

    private async Task<PendingApproval> AskedAsync()
    {
        for (var i = 0; i < 800 && sidecar.Services.Permissions.Approvals.Pending.Count == 0; i++)
        {
            // The inbox raises no event; poll it until it changes.
            await Task.Delay(25);
        }

        return sidecar.Services.Permissions.Approvals.Pending[0];
    }

    private void Answer(PendingApproval asked) =>
        sidecar.Services.Permissions.Approvals.Answer(
            asked.Id,
            asked.Fingerprint,
            new ApprovalAnswer(ApprovalDecision.Once),
            includeEqual: false
        );

    private static async Task CallsAsync(ScriptedMessagesEndpoint.Exchange exchange, params (string Id, string Name, string Input)[] calls)
    {
        await exchange.StartAsync();
        foreach (var (id, name, input) in calls)
        {
            await exchange.BlockAsync(
                $$$"""{"type":"tool_use","id":"{{{id}}}","name":"{{{name}}}","input":{}}""",
                $$"""{"type":"input_json_delta","partial_json":{{ScriptedMessagesEndpoint.Exchange.Quote(input)}}}"""
            );
        }

        await exchange.EndAsync("tool_use");
    }
}
