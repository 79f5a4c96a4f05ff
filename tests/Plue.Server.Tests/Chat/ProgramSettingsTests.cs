using Plue.Server.Permissions;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Chat;

/// <summary>Skills and hooks of Plue in a chat with the real Claude Code.</summary>
public sealed class ProgramSettingsTests() : ClaudeCodeChat(settings: "", fields: ", { name: 'permission_mode', default: 'edit' }")
{
    private protected override void WriteFiles() =>
        Write(
            Path.Combine(Sidecar.Home, "skills", "poem"),
            "SKILL.md",
            "---\nname: poem\ndescription: Writes poems about code.\nallowed-tools: Read\n---\nEach line about $ARGUMENTS has seven syllables.\n"
        );

    [Fact]
    public async Task Claude_Code_gets_the_list_of_skills_and_loads_one_with_the_tool()
    {
        Calls("mcp__plue__skill", """{"name":"poem","arguments":"git"}""");
        await Sidecar.Client.AskAsync(Uri, "Work.");
        Assert.Contains("Writes poems about code.", Endpoint.Requests.First(), StringComparison.Ordinal);
        Assert.Contains("Each line about git has seven syllables.", Endpoint.Requests.Last(), StringComparison.Ordinal);
        var last = (await Sidecar.Client.ResultAsync("codex/get", new { uri = Uri }))!["messages"]!.AsArray()[^1]!;
        Assert.Contains(
            last["instructions"]!.AsArray(),
            source => (string?)source!["kind"] == "skill" && ((string?)source["title"])!.Contains("poem", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_loaded_skill_restricts_the_tools_of_the_same_response()
    {
        Calls("mcp__plue__skill", """{"name":"poem"}""");
        Calls("Write", $$"""{"file_path":"{{Folder}}/b.txt","content":"beta"}""");
        var asking = Sidecar.Client.AskAsync(Uri, "Work.");
        var write = await AskedAsync(asking);
        Assert.Contains("The skill poem does not name it among its tools.", write.Request.Reason, StringComparison.Ordinal);
        Answer(write);
        await asking;
        Assert.Equal("beta", await File.ReadAllTextAsync(Path.Combine(Folder, "b.txt")));
    }

    [Fact]
    public async Task Hooks_in_the_settings_of_Claude_Code_run_once_and_after_approval()
    {
        Directory.CreateDirectory(Path.Combine(Folder, ".claude"));
        await File.WriteAllTextAsync(
            Path.Combine(Folder, ".claude", "settings.json"),
            """{"hooks":{"UserPromptSubmit":[{"hooks":[{"type":"command","command":"echo ran >> ran.txt; echo The sprint ends on Friday."}]}]}}"""
        );
        var asking = Sidecar.Client.AskAsync(Uri, "Work.");
        var hook = await AskedAsync(asking);
        Assert.Equal(ApprovalKind.Hook, hook.Request.Kind);
        Answer(hook);
        await asking;
        Assert.Contains("The sprint ends on Friday.", Endpoint.Requests.First(), StringComparison.Ordinal);
        Assert.Equal("ran\n", await File.ReadAllTextAsync(Path.Combine(Folder, "ran.txt")));
    }
}
