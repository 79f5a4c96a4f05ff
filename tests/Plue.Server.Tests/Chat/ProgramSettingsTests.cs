using Plue.Server.Permissions;
using Plue.Server.Tests.Providers.ClaudeCode;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Chat;

/// <summary>Skills and hooks of Plue in a chat with the real Claude Code.</summary>
public sealed class ProgramSettingsTests : IAsyncLifetime
{
    private readonly ScriptedMessagesEndpoint endpoint = new();
    private readonly string folder = Directory.CreateTempSubdirectory("plue-test-").FullName;
    private InMemorySidecar sidecar = null!;
    private string uri = "";

    public async ValueTask InitializeAsync()
    {
        var config = Directory.CreateTempSubdirectory("plue-test-").FullName;
        var cli = ClaudeCodeBench.Script($"export CLAUDE_CONFIG_DIR='{config}'\nexec '{ClaudeCodeBench.RealCli()}' \"$@\"");
        sidecar = await InMemorySidecar.StartAsync(folder: folder, trusted: true);
        sidecar.WriteProvider(
            "scripted",
            $"{{ name: 'CC', provider_type: 'claude-code', cli_path: '{cli}', endpoint: '{endpoint.Address}', model: 'sonnet' }}"
        );
        sidecar.WriteTemplate(
            "worker",
            "{ id: 'worker', name: 'Worker', parent_template: 'ai-chat', fields: [{ name: 'available_tools', default: ['read', 'write', 'skill'] }, { name: 'permission_mode', default: 'edit' }] }"
        );
        var skill = Directory.CreateDirectory(Path.Combine(sidecar.Home, "skills", "poem")).FullName;
        await File.WriteAllTextAsync(
            Path.Combine(skill, "SKILL.md"),
            "---\nname: poem\ndescription: Writes poems about code.\nallowed-tools: Read\n---\nEach line about $ARGUMENTS has seven syllables.\n"
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
    public async Task Claude_Code_gets_the_list_of_skills_and_loads_one_with_the_tool()
    {
        Calls("mcp__plue__skill", """{"name":"poem","arguments":"git"}""");
        await sidecar.Client.AskAsync(uri, "Work.");
        Assert.Contains("Writes poems about code.", endpoint.Requests.First(), StringComparison.Ordinal);
        Assert.Contains("Each line about git has seven syllables.", endpoint.Requests.Last(), StringComparison.Ordinal);
        var last = (await sidecar.Client.ResultAsync("codex/get", new { uri }))!["messages"]!.AsArray()[^1]!;
        Assert.Contains(
            last["steeredBy"]!.AsArray(),
            source => (string?)source!["kind"] == "skill" && ((string?)source["title"])!.Contains("poem", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_loaded_skill_restricts_the_tools_of_the_same_response()
    {
        Calls("mcp__plue__skill", """{"name":"poem"}""");
        Calls("Write", $$"""{"file_path":"{{folder}}/b.txt","content":"beta"}""");
        var asking = sidecar.Client.AskAsync(uri, "Work.");
        var write = await AskedAsync(asking);
        Assert.Contains("The skill poem does not name it among its tools.", write.Request.Why, StringComparison.Ordinal);
        Answer(write);
        await asking;
        Assert.Equal("beta", await File.ReadAllTextAsync(Path.Combine(folder, "b.txt")));
    }

    [Fact]
    public async Task Hooks_in_the_settings_of_Claude_Code_run_once_and_after_approval()
    {
        Directory.CreateDirectory(Path.Combine(folder, ".claude"));
        await File.WriteAllTextAsync(
            Path.Combine(folder, ".claude", "settings.json"),
            """{"hooks":{"UserPromptSubmit":[{"hooks":[{"type":"command","command":"echo ran >> ran.txt; echo The sprint ends on Friday."}]}]}}"""
        );
        var asking = sidecar.Client.AskAsync(uri, "Work.");
        var hook = await AskedAsync(asking);
        Assert.Equal(ApprovalKind.Hook, hook.Request.Kind);
        Answer(hook);
        await asking;
        Assert.Contains("The sprint ends on Friday.", endpoint.Requests.First(), StringComparison.Ordinal);
        Assert.Equal("ran\n", await File.ReadAllTextAsync(Path.Combine(folder, "ran.txt")));
    }

    private async Task<PendingApproval> AskedAsync(Task asking)
    {
        for (var i = 0; i < 2400 && !asking.IsCompleted && sidecar.Services.Permissions.Approvals.Pending.Count == 0; i++)
        {
            // The inbox raises no event; poll it until it changes.
            await Task.Delay(25);
        }

        Assert.NotEmpty(sidecar.Services.Permissions.Approvals.Pending);
        return sidecar.Services.Permissions.Approvals.Pending[0];
    }

    private void Answer(PendingApproval asked) =>
        sidecar.Services.Permissions.Approvals.Answer(
            asked.Id,
            asked.Fingerprint,
            new ApprovalAnswer(ApprovalDecision.Once),
            includeEqual: false
        );

    private void Calls(string name, string input) =>
        endpoint.Then(async exchange =>
        {
            await exchange.StartAsync();
            await exchange.BlockAsync(
                $$$"""{"type":"tool_use","id":"toolu_{{{name}}}","name":"{{{name}}}","input":{}}""",
                $$"""{"type":"input_json_delta","partial_json":{{ScriptedMessagesEndpoint.Exchange.Quote(input)}}}"""
            );
            await exchange.EndAsync("tool_use");
        });
}
