using Plue.Server.Permissions;
using Plue.Server.Tests.Providers.Acp;
using Plue.Server.Tests.Providers.ClaudeCode;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Chat;

/// <summary>The real Claude Code with the choice to use its own skills, hooks and agents in a trusted folder.</summary>
public sealed class OwnSettingsTests : IAsyncLifetime
{
    private readonly ScriptedMessagesEndpoint endpoint = new();
    private readonly string folder = Directory.CreateTempSubdirectory("plue-test-").FullName;
    private InMemorySidecar sidecar = null!;
    private string uri = "";
    private int calls;

    public async ValueTask InitializeAsync()
    {
        var config = Directory.CreateTempSubdirectory("plue-test-").FullName;
        var cli = ClaudeCodeBench.Script($"export CLAUDE_CONFIG_DIR='{config}'\nexec '{ClaudeCodeBench.RealCli()}' \"$@\"");
        sidecar = await InMemorySidecar.StartAsync(folder: folder, trusted: true);
        sidecar.WriteProvider(
            "scripted",
            $"{{ name: 'CC', provider_type: 'claude-code', cli_path: '{cli}', endpoint: '{endpoint.Address}', model: 'sonnet', own_settings: true }}"
        );
        sidecar.WriteTemplate(
            "worker",
            "{ id: 'worker', name: 'Worker', parent_template: 'ai-chat', fields: [{ name: 'available_tools', default: ['read', 'write', 'skill'] }] }"
        );
        Write(".claude/skills/poem/SKILL.md", "---\nname: poem\ndescription: Writes poems.\n---\nEach line has seven syllables.\n");
        Write(".claude/agents/helper.md", "---\nname: helper\ndescription: Helps.\n---\nYou help.\n");
        Write(
            ".claude/settings.json",
            """
            {"permissions":{"allow":["Write"]},"hooks":{
              "UserPromptSubmit":[{"hooks":[{"type":"command","command":"echo ran >> hooked.txt"}]}],
              "PreToolUse":[{"hooks":[{"type":"command","command":"echo '{\"hookSpecificOutput\":{\"hookEventName\":\"PreToolUse\",\"permissionDecision\":\"allow\"}}'"}]}]}}
            """
        );
        Write("notes.txt", "the notes\n");
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
    public async Task Asks_once_in_a_folder_and_then_uses_its_skills_and_hooks()
    {
        Calls("Skill", """{"skill":"poem"}""");
        var asking = sidecar.Client.AskAsync(uri, "Work.");
        var asked = await AskedAsync(asking);
        Assert.Equal(ApprovalKind.Hook, asked.Request.Kind);
        Assert.Contains("outside Plue's sandbox", asked.Request.Why, StringComparison.Ordinal);
        Assert.Empty(endpoint.Requests);
        Answer(asked);
        await asking;
        Assert.Contains("Each line has seven syllables.", endpoint.Requests.Last(), StringComparison.Ordinal);
        Assert.DoesNotContain("mcp__plue__skill", endpoint.Requests.First(), StringComparison.Ordinal);
        // Plue does not run the hook a second time.
        Assert.Equal("ran\n", await File.ReadAllTextAsync(Path.Combine(folder, "hooked.txt")));
        await sidecar.Client.AskAsync(uri, "Again.");
        Assert.Equal("ran\nran\n", await File.ReadAllTextAsync(Path.Combine(folder, "hooked.txt")));
        // Other settings are asked about again.
        Write(".mcp.json", """{"mcpServers":{}}""");
        asking = sidecar.Client.AskAsync(uri, "Once more.");
        Answer(await AskedAsync(asking));
        await asking;
    }

    [Fact]
    public async Task A_mode_without_changes_uses_none_of_them()
    {
        await sidecar.Client.ResultAsync("codex/update", new { uri, set = new { permission_mode = "plan" } });
        await sidecar.Client.AskAsync(uri, "Work.");
        Assert.DoesNotContain("Writes poems.", endpoint.Requests.Last(), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(folder, "hooked.txt")));
    }

    [Fact]
    public async Task A_key_of_the_vault_is_not_given_to_its_hooks()
    {
        sidecar.WriteProvider(
            "keyed",
            $"{{ name: 'Keyed', provider_type: 'claude-code', endpoint: '{endpoint.Address}', model: 'sonnet', own_settings: true, api_key_ref: 'vault://keyed/api_key' }}"
        );
        var other = (string?)
            (await sidecar.Client.ResultAsync("codex/create", new { templateId = "worker", providerId = "keyed" }))?["uri"];
        await sidecar.Client.AskAsync(other!, "Work.");
        var last = (await sidecar.Client.ResultAsync("codex/get", new { uri = other }))!["messages"]!.AsArray()[^1]!;
        Assert.Contains("with a key of the vault", last.ToJsonString(), StringComparison.Ordinal);
        Assert.Empty(endpoint.Requests);
    }

    [Fact]
    public async Task A_tool_of_its_MCP_server_waits_for_approval()
    {
        var server = Path.Combine(Repository.Root, "tests", "Plue.Server.Tests", "Tools", "Mcp", "hostile-server.mjs");
        Write(".mcp.json", $$"""{ "mcpServers": { "hand": { "command": "{{AcpBench.Node}}", "args": ["{{server}}"] } } }""");
        Write(".claude/settings.local.json", """{"enableAllProjectMcpServers":true,"permissions":{"allow":["mcp__hand__echo"]}}""");
        Calls("mcp__hand__echo", """{"word":"roundabout"}""");
        var asking = sidecar.Client.AskAsync(uri, "Work.");
        Answer(await AskedAsync(asking));
        var call = await AskedAsync(asking);
        Assert.Equal((ApprovalKind.ServerTool, "hand/echo\n{\"word\":\"roundabout\"}"), (call.Request.Kind, call.Request.What));
        Answer(call);
        await asking;
        var last = endpoint.Requests.Last();
        Assert.Contains("roundabout", last[last.IndexOf("tool_result", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_settings_allow_nothing()
    {
        Calls("Write", $$"""{"file_path":"{{folder}}/b.txt","content":"beta"}""");
        var asking = sidecar.Client.AskAsync(uri, "Work.");
        Answer(await AskedAsync(asking));
        var write = await AskedAsync(asking);
        Assert.Equal((ApprovalKind.Write, "beta"), (write.Request.Kind, write.Request.What));
        Answer(write, ApprovalDecision.Deny);
        await asking;
        Assert.False(File.Exists(Path.Combine(folder, "b.txt")));
    }

    [Fact]
    public async Task Denied_settings_end_the_response_with_the_reason()
    {
        var asking = sidecar.Client.AskAsync(uri, "Work.");
        Answer(await AskedAsync(asking), ApprovalDecision.Deny);
        await asking;
        Assert.Empty(endpoint.Requests);
        Assert.False(File.Exists(Path.Combine(folder, "hooked.txt")));
        var last = (await sidecar.Client.ResultAsync("codex/get", new { uri }))!["messages"]!.AsArray()[^1]!;
        Assert.Contains("own settings", last.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Steps_of_its_agents_are_shown_under_the_call_that_started_them()
    {
        Calls("Agent", """{"description":"d","prompt":"look","subagent_type":"helper"}""");
        Calls("Read", $$"""{"file_path":"{{folder}}/notes.txt"}""");
        endpoint.ThenText("The agent is done.").ThenText("All done.");
        var asking = sidecar.Client.AskAsync(uri, "Work.");
        Answer(await AskedAsync(asking));
        var events = await asking;
        var steps = string.Concat(events.Where(one => Kind(one) == "toolCallProgress").Select(one => one.ToJsonString()));
        Assert.Contains("notes.txt", steps, StringComparison.Ordinal);
        var last = (await sidecar.Client.ResultAsync("codex/get", new { uri }))!["messages"]!.AsArray()[^1]!;
        Assert.Equal("All done.", Text(last));
    }

    private void Write(string name, string text)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    /// <summary>The next approval; fails when the response ends without one.</summary>
    private async Task<PendingApproval> AskedAsync(Task asking)
    {
        var approvals = sidecar.Services.Permissions.Approvals;
        var changed = new TaskCompletionSource<PendingApproval>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look()
        {
            if (approvals.Pending is [var first, ..])
            {
                changed.TrySetResult(first);
            }
        }

        approvals.Changed += Look;
        Look();
        await Task.WhenAny(changed.Task, asking).WaitAsync(TimeSpan.FromSeconds(60));
        approvals.Changed -= Look;
        Assert.True(changed.Task.IsCompleted, "Nothing was asked.");
        return await changed.Task;
    }

    private void Answer(PendingApproval asked, ApprovalDecision decision = ApprovalDecision.Once) =>
        sidecar.Services.Permissions.Approvals.Answer(asked.Id, asked.Fingerprint, new ApprovalAnswer(decision), includeEqual: false);

    private void Calls(string name, string input)
    {
        var id = $"toolu_{++calls}";
        endpoint.Then(async exchange =>
        {
            await exchange.StartAsync();
            await exchange.BlockAsync(
                $$$"""{"type":"tool_use","id":"{{{id}}}","name":"{{{name}}}","input":{}}""",
                $$"""{"type":"input_json_delta","partial_json":{{ScriptedMessagesEndpoint.Exchange.Quote(input)}}}"""
            );
            await exchange.EndAsync("tool_use");
        });
    }
}
