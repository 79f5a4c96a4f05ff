using System.Diagnostics;
using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Cli;

/// <summary>The <c>plue template</c> process: stdout, stderr and exit code.</summary>
public sealed class TemplateProcessTests : IAsyncDisposable
{
    private readonly PlueHome home = new();

    public ValueTask DisposeAsync() => home.DisposeAsync();

    [Fact]
    public async Task A_new_agent_type_is_checked_shown_and_tried_from_a_shell()
    {
        home.Write(
            "templates/scout.json5",
            "{\n  id: 'scout', name: 'Scout', parent_template: 'task', budget: { usd: 1 },\n  system_prompt_ref: 'codex://prompts/scuot',\n}"
        );
        home.Write("prompts/scout.md", "You are a scout.");
        home.Write("providers/p.json5", "{ provider_type: 'tour', name: 'Tour' }");
        var wrong = await RunAsync("template", "check", "scout");
        Assert.Equal(
            (1, "templates/scout.json5:3:22 error codex://prompts/scuot does not exist. Did you mean `scout`? [reference]\n", ""),
            wrong
        );

        home.Write(
            "templates/scout.json5",
            "{ id: 'scout', name: 'Scout', parent_template: 'task', budget: { usd: 1 }, system_prompt_ref: 'codex://prompts/scout' }"
        );
        Assert.Equal((0, "", ""), await RunAsync("template", "check", "scout"));
        Assert.Contains(
            "scout  Scout  tasks  user  from task\n",
            (await RunAsync("template", "list", "--collection", "tasks")).Stdout,
            StringComparison.Ordinal
        );
        Assert.Contains("  goal  textarea  required\n", (await RunAsync("template", "show", "scout")).Stdout, StringComparison.Ordinal);
        var tried = await RunAsync("template", "try", "scout", "--set", "goal=Look around", "--json");
        var result = JsonNode.Parse(tried.Stdout)!;
        Assert.Equal(
            ("You are a scout.", "Look around", "p", true),
            (
                (string?)result["system"],
                (string?)result["message"],
                (string?)result["provider"]!["providerId"],
                (bool)result["provider"]!["isFree"]!
            )
        );
        Assert.Contains(
            "You are a scout.\n\nLook around\n",
            (await RunAsync("template", "try", "scout", "--set", "goal=Look around")).Stdout,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Strict_checks_fail_on_warnings_but_not_on_missing_providers_of_the_machine()
    {
        var folder = Path.Combine(home.Folder, "work");
        home.Write(
            "work/.plue/templates/theirs.json5",
            "{ id: 'theirs', name: 'Theirs', parent_template: 'task', budget: { usd: 1 }, provider_ref: 'codex://providers/default-small' }"
        );
        Assert.DoesNotContain("theirs", (await RunAsync("template", "list")).Stdout, StringComparison.Ordinal);
        var found = await RunAsync("template", "check", "--workspace", folder, "--strict", "--json");
        Assert.Equal(0, found.ExitCode);
        Assert.Equal(
            ["reference.machine"],
            JsonNode.Parse(found.Stdout)!["findings"]!.AsArray().Select(finding => (string?)finding!["code"])
        );

        home.Write(
            "work/.plue/templates/circle.json5",
            "{ id: 'circle', name: 'C', parent_template: 'task', budget: { usd: 1 }, automation: { hooks: [{ trigger: 'created', action: 'spawn_task', template: 'circle' }] } }"
        );
        Assert.Equal(0, (await RunAsync("template", "check", "circle", "--workspace", folder)).ExitCode);
        var strict = await RunAsync("template", "check", "circle", "--workspace", folder, "--strict");
        Assert.Equal(1, strict.ExitCode);
        Assert.EndsWith("[risk.spawn-loop]\n", strict.Stdout, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bad_usage_ends_with_2_and_a_missing_item_with_1()
    {
        Assert.Equal(2, (await RunAsync("template", "check", "--workspace", Path.Combine(home.Folder, "nowhere"))).ExitCode);
        Assert.Equal(2, (await RunAsync("template", "try", "task", "--set", "goal")).ExitCode);
        Assert.Equal(2, (await RunAsync("template", "show")).ExitCode);
        Assert.Equal(
            (1, "The template tusk does not exist. Did you mean `task`?\n"),
            await RunAsync("template", "check", "tusk") is var gone ? (gone.ExitCode, gone.Stderr) : default
        );
    }

    [Fact]
    public async Task The_schema_is_printed_for_another_editor()
    {
        var schema = await RunAsync("template", "schema");
        Assert.Equal(
            await File.ReadAllTextAsync(
                Path.Combine(Repository.Root, "schemas", "template.schema.json"),
                TestContext.Current.CancellationToken
            ),
            schema.Stdout
        );
        Assert.Equal(
            "A conversation with an AI provider.",
            (string?)JsonNode.Parse((await RunAsync("template", "schema", "ai-chat")).Stdout)!["description"]
        );
    }

    [Fact]
    public async Task A_document_is_renamed_from_a_shell()
    {
        home.Write("prompts/old.md", "Hello.");
        home.Write("templates/x.json5", "{ id: 'x', name: 'X', parent_template: 'task', system_prompt_ref: 'codex://prompts/old' }");
        Assert.Equal(
            (0, "codex://prompts/new\nchanged  prompt  codex://templates/x  X\n", ""),
            await RunAsync("codex", "rename", "codex://prompts/old", "new", "--dry-run")
        );
        Assert.True(home.Has("prompts/old.md"));
        Assert.Equal(
            "codex://prompts/new",
            (string?)JsonNode.Parse((await RunAsync("codex", "rename", "codex://prompts/old", "new", "--json")).Stdout)!["uri"]
        );
        Assert.False(home.Has("prompts/old.md"));
        Assert.Equal(
            (1, "codex://prompts/title ships with Plue and cannot be renamed. Create a copy with the name you want.\n"),
            await RunAsync("codex", "rename", "codex://prompts/title", "mine") is var refused ? (refused.ExitCode, refused.Stderr) : default
        );
    }

    private async Task<(int ExitCode, string Stdout, string Stderr)> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(SidecarProcess.Executable, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = home.Folder,
                Environment = { ["PLUE_HOME"] = home.Folder },
            }
        )!;
        var (stdout, stderr) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await stdout, await stderr);
    }
}
