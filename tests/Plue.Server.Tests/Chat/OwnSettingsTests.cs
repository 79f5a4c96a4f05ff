using Plue.Server.Permissions;
using Plue.Server.Tests.Providers.Acp;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Chat;

/// <summary>The real Claude Code with the choice to use its own skills, hooks and agents in a trusted folder.</summary>
public sealed class OwnSettingsTests() : ClaudeCodeChat(settings: ", own_settings: true", fields: "")
{
    private protected override void WriteFiles()
    {
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
    }

    [Fact]
    public async Task Asks_once_in_a_folder_and_then_uses_its_skills_and_hooks()
    {
        Calls("Skill", """{"skill":"poem"}""");
        var asking = Sidecar.Client.AskAsync(Uri, "Work.");
        var asked = await AskedAsync(asking);
        Assert.Equal(ApprovalKind.Hook, asked.Request.Kind);
        Assert.Contains("outside Plue's sandbox", asked.Request.Reason, StringComparison.Ordinal);
        Assert.Empty(Endpoint.Requests);
        Answer(asked);
        await asking;
        Assert.Contains("Each line has seven syllables.", Endpoint.Requests.Last(), StringComparison.Ordinal);
        Assert.DoesNotContain("mcp__plue__skill", Endpoint.Requests.First(), StringComparison.Ordinal);
        // Plue does not run the hook a second time.
        Assert.Equal("ran\n", await File.ReadAllTextAsync(Path.Combine(Folder, "hooked.txt")));
        await Sidecar.Client.AskAsync(Uri, "Again.");
        Assert.Equal("ran\nran\n", await File.ReadAllTextAsync(Path.Combine(Folder, "hooked.txt")));
        // Other settings are asked about again.
        Write(".mcp.json", """{"mcpServers":{}}""");
        asking = Sidecar.Client.AskAsync(Uri, "Once more.");
        Answer(await AskedAsync(asking));
        await asking;
    }

    [Fact]
    public async Task A_mode_without_changes_uses_none_of_them()
    {
        await Sidecar.Client.ResultAsync("codex/update", new { uri = Uri, set = new { permission_mode = "plan" } });
        await Sidecar.Client.AskAsync(Uri, "Work.");
        Assert.DoesNotContain("Writes poems.", Endpoint.Requests.Last(), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Folder, "hooked.txt")));
    }

    [Fact]
    public async Task A_key_of_the_vault_is_not_given_to_its_hooks()
    {
        Sidecar.WriteProvider(
            "keyed",
            $"{{ name: 'Keyed', provider_type: 'claude-code', endpoint: '{Endpoint.Address}', model: 'sonnet', own_settings: true, api_key_ref: 'vault://keyed/api_key' }}"
        );
        var other = (string?)
            (await Sidecar.Client.ResultAsync("codex/create", new { templateId = "worker", providerId = "keyed" }))?["uri"];
        await Sidecar.Client.AskAsync(other!, "Work.");
        var last = (await Sidecar.Client.ResultAsync("codex/get", new { uri = other }))!["messages"]!.AsArray()[^1]!;
        Assert.Contains("with a key of the vault", last.ToJsonString(), StringComparison.Ordinal);
        Assert.Empty(Endpoint.Requests);
    }

    [Fact]
    public async Task A_tool_of_its_MCP_server_waits_for_approval()
    {
        var server = Path.Combine(Repository.Root, "tests", "Plue.Server.Tests", "Tools", "Mcp", "hostile-server.mjs");
        Write(".mcp.json", $$"""{ "mcpServers": { "hand": { "command": "{{AcpBench.Node}}", "args": ["{{server}}"] } } }""");
        Write(".claude/settings.local.json", """{"enableAllProjectMcpServers":true,"permissions":{"allow":["mcp__hand__echo"]}}""");
        Calls("mcp__hand__echo", """{"word":"roundabout"}""");
        var asking = Sidecar.Client.AskAsync(Uri, "Work.");
        Answer(await AskedAsync(asking));
        var call = await AskedAsync(asking);
        Assert.Equal((ApprovalKind.ServerTool, "hand/echo\n{\"word\":\"roundabout\"}"), (call.Request.Kind, call.Request.ActionText));
        Answer(call);
        await asking;
        var last = Endpoint.Requests.Last();
        Assert.Contains("roundabout", last[last.IndexOf("tool_result", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_settings_allow_nothing()
    {
        Calls("Write", $$"""{"file_path":"{{Folder}}/b.txt","content":"beta"}""");
        var asking = Sidecar.Client.AskAsync(Uri, "Work.");
        Answer(await AskedAsync(asking));
        var write = await AskedAsync(asking);
        Assert.Equal((ApprovalKind.Write, "beta"), (write.Request.Kind, write.Request.ActionText));
        Answer(write, ApprovalDecision.Deny);
        await asking;
        Assert.False(File.Exists(Path.Combine(Folder, "b.txt")));
    }

    [Fact]
    public async Task Denied_settings_end_the_response_with_the_reason()
    {
        var asking = Sidecar.Client.AskAsync(Uri, "Work.");
        Answer(await AskedAsync(asking), ApprovalDecision.Deny);
        await asking;
        Assert.Empty(Endpoint.Requests);
        Assert.False(File.Exists(Path.Combine(Folder, "hooked.txt")));
        var last = (await Sidecar.Client.ResultAsync("codex/get", new { uri = Uri }))!["messages"]!.AsArray()[^1]!;
        Assert.Contains("own settings", last.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Steps_of_its_agents_are_shown_under_the_call_that_started_them()
    {
        Calls("Agent", """{"description":"d","prompt":"look","subagent_type":"helper"}""");
        Calls("Read", $$"""{"file_path":"{{Folder}}/notes.txt"}""");
        Endpoint.ThenText("The agent is done.").ThenText("All done.");
        var asking = Sidecar.Client.AskAsync(Uri, "Work.");
        Answer(await AskedAsync(asking));
        var events = await asking;
        var steps = string.Concat(events.Where(one => Kind(one) == "toolCallProgress").Select(one => one.ToJsonString()));
        Assert.Contains("notes.txt", steps, StringComparison.Ordinal);
        var last = (await Sidecar.Client.ResultAsync("codex/get", new { uri = Uri }))!["messages"]!.AsArray()[^1]!;
        Assert.Equal("All done.", Text(last));
    }

    private void Write(string name, string text) => Write(Folder, name, text);
}
