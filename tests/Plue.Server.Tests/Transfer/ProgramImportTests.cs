using Microsoft.Extensions.Logging;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Transfer.Programs;
using Plue.Server.Vault;

namespace Plue.Server.Tests.Transfer;

public sealed class ProgramImportTests : IAsyncDisposable
{
    private const string Key = "sk-test-0123456789abcdef0123456789";
    private readonly string root = Directory.CreateTempSubdirectory("plue-switch-").FullName;
    private readonly Services services;
    private static readonly ServerChoices NoServers = new(StoreKeys: false, EditorFolder: null);
    private readonly CancellationToken none = CancellationToken.None;

    public ProgramImportTests()
    {
        services = new Services(LogLevel.None, new PluePaths(Path.Combine(root, "plue"), Path.Combine(root, "user")));
        Directory.CreateDirectory(Path.Combine(root, "work"));
        services.Platform.Trust(Path.Combine(root, "work"));
    }

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        Directory.Delete(root, recursive: true);
    }

    private ProgramImport Import => services.ProgramImport;

    private string Write(string name, string text)
    {
        var path = Path.GetFullPath(Path.Combine(root, name));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    private IReadOnlyList<ImportCandidate> Found(string program, ImportKind kind) =>
        Import
            .Find(ProgramImport.Program(program), null, none)
            .Where(group => group.Kind == kind)
            .SelectMany(group => group.Items)
            .ToList();

    private async Task<ImportedItem> ImportedAsync(string program, ImportKind kind, string run = "run")
    {
        var items = Found(program, kind);
        var report = await Import.ImportAsync(
            run,
            ProgramImport.Program(program),
            kind,
            [.. items.Select(item => item.Id)],
            NoServers,
            none
        );
        Assert.Empty(report.Failed);
        return Assert.Single(report.Imported);
    }

    private Task<ProgramUndoReport> UndoAsync(string run = "run") =>
        Import.UndoAsync(
            run,
            (address, _) =>
            {
                services.Store.Chats.Delete(CodexUri.Parse(address).Name);
                return Task.CompletedTask;
            },
            address => services.Codices.Documents.Of(CodexUri.Parse(address).Collection).Delete(CodexUri.Parse(address).Name),
            none
        );

    [Fact]
    public async Task An_agent_becomes_a_template_with_its_prompt_and_only_tools_that_it_had()
    {
        Write(
            "user/.claude/agents/reviewer.md",
            """
            ---
            name: reviewer
            description: Reviews "changes" before a commit.
            tools: Read, Grep, Bash(git diff:*), Teleport, mcp__github__get_issue
            model: opus
            ---
            You review code. Keep {{braces}}.
            """
        );
        var item = await ImportedAsync("claude-code", ImportKind.Agents);
        Assert.Equal("codex://templates/reviewer", item.Address);
        Assert.Contains(item.Notes, note => note.Contains("opus", StringComparison.Ordinal));
        Assert.Contains(item.Notes, note => note.Contains("Teleport", StringComparison.Ordinal));
        var template = services.Codices.Documents.Get(CodexUri.Parse(item.Address));
        Assert.Equal(["read", "search", "bash", "github/get_issue"], template.Values.GetStrings("available_tools"));
        Assert.DoesNotContain(template.Problems, problem => problem.IsError);
        Assert.Equal(@"You review code. Keep \{{braces}}.", services.Codices.Prompts.Get("codex://prompts/reviewer").Text);
    }

    [Theory]
    [InlineData(
        ".opencode/agent/tester.md",
        "opencode",
        "---\ndescription: Tests.\ntools:\n  write: false\n  bash: false\n---\nYou test.",
        "edit",
        "bash"
    )]
    [InlineData(
        ".github/agents/tester.agent.md",
        "vscode",
        "---\ndescription: Tests.\ntools: ['search', 'editFiles']\n---\nYou test.",
        "edit",
        "bash"
    )]
    [InlineData(
        ".codex/agents/tester.toml",
        "codex",
        "name = \"Tester\"\ndeveloper_instructions = \"\"\"\nYou test.\n\"\"\"\n[mcp]\nname = \"x\"\n",
        "edit",
        "fetch"
    )]
    [InlineData(
        ".roomodes",
        "roo-code",
        "customModes:\n  - slug: tester\n    name: Tester\n    roleDefinition: |-\n      You test.\n    groups:\n      - read\n      - - edit\n        - fileRegex: x\n    source: project\n",
        "edit",
        "bash"
    )]
    [InlineData(
        ".roomodes",
        "roo-code",
        "customModes:\n- name: Tester\n  slug: tester\n  groups: [read, [edit, { fileRegex: '\\.md$', description: Markdown }]]\n  roleDefinition: You test.\n- name: Other\n  slug: other\n  roleDefinition: ''\n  groups:\n  - command\n",
        "edit",
        "bash"
    )]
    [InlineData(
        ".kilocodemodes",
        "kilo-code",
        """{"customModes":[{"slug":"tester","name":"Tester","roleDefinition":"You test.","groups":["read",["edit",{}]]}]}""",
        "edit",
        "bash"
    )]
    public async Task Agents_and_modes_of_a_workspace_become_templates(string name, string program, string text, string has, string hasNot)
    {
        Write($"work/{name}", text);
        var item = await ImportedAsync(program, ImportKind.Agents);
        var template = services.Codices.Documents.Get(CodexUri.Parse(item.Address));
        Assert.Contains(has, template.Values.GetStrings("available_tools"));
        Assert.DoesNotContain(hasNot, template.Values.GetStrings("available_tools"));
        Assert.Equal("You test.", services.Codices.Prompts.Get(template.Values.GetString("system_prompt_ref")!).Text);
    }

    [Theory]
    [InlineData(
        "user/.claude/commands/git/fix.md",
        "claude-code",
        "---\nargument-hint: [issue]\n---\nFix $ARGUMENTS, then $1. {{x}}",
        @"Fix {{input}}, then {{argument1}}. \{{x}}"
    )]
    [InlineData("user/.gemini/commands/fix.toml", "gemini-cli", "description = \"Fixes\"\nprompt = '''Fix {{args}}'''", "Fix {{input}}")]
    [InlineData(
        "work/.github/prompts/fix.prompt.md",
        "vscode",
        "---\nmode: agent\n---\nFix ${input:issue:which one} in ${file}",
        "Fix {{issue}} in {{file}}"
    )]
    [InlineData("user/.cursor/commands/fix.md", "cursor", "Fix it", "Fix it")]
    public async Task Commands_become_prompts_with_their_arguments(string name, string program, string text, string expected)
    {
        Write(name, text);
        var item = await ImportedAsync(program, ImportKind.Prompts);
        Assert.Equal(expected, services.Codices.Prompts.Get(item.Address).Text);
        Assert.Empty(services.Codices.Documents.Get(CodexUri.Parse(item.Address)).Problems);
    }

    [Fact]
    public async Task Instructions_of_the_user_become_a_section_that_can_be_undone_while_it_is_unchanged()
    {
        var source = Write("user/.claude/CLAUDE.md", "Be brief.");
        Write("plue/AGENTS.md", "Mine.\n");
        var item = await ImportedAsync("claude-code", ImportKind.Instructions);
        Assert.Contains("Be brief.", File.ReadAllText(item.Address));
        Assert.Equal((1, 0), ((await UndoAsync()).Removed, 0));
        Assert.Equal("Mine.\n", File.ReadAllText(item.Address));

        await ImportedAsync("claude-code", ImportKind.Instructions, "second");
        File.WriteAllText(item.Address, File.ReadAllText(item.Address).Replace("Be brief.", "Be long."));
        Assert.Contains(source, Assert.Single((await UndoAsync("second")).Kept));
        Assert.Contains("Be long.", File.ReadAllText(item.Address));
    }

    [Fact]
    public async Task Rules_of_a_workspace_keep_the_files_to_which_they_apply()
    {
        Write("work/.cursor/rules/style.mdc", "---\nglobs: src/**/*.ts, lib/**\nalwaysApply: false\n---\nNo semicolons.");
        var item = await ImportedAsync("cursor", ImportKind.Instructions);
        Assert.Equal(Path.Combine(root, "work", ".github", "instructions", "style.instructions.md"), item.Address);
        Assert.Equal("---\napplyTo: \"src/**/*.ts, lib/**\"\n---\nNo semicolons.\n", File.ReadAllText(item.Address));
        Assert.Equal(1, (await UndoAsync()).Removed);
        Assert.False(File.Exists(item.Address));
        Assert.NotEmpty(Directory.EnumerateFiles(services.Platform.Paths.Trash));
    }

    [Fact]
    public async Task A_link_in_a_workspace_that_leads_out_of_it_is_not_read()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Directory.CreateDirectory(Path.Combine(root, "work"));
        var outside = Write("outside.md", "Secret.");
        File.CreateSymbolicLink(Path.Combine(root, "work", ".cursorrules"), outside);
        var item = Assert.Single(Found("cursor", ImportKind.Instructions));
        var report = await Import.ImportAsync("run", ProgramImport.Program("cursor"), ImportKind.Instructions, [item.Id], NoServers, none);
        Assert.Contains("outside the workspace", Assert.Single(report.Failed).Message);
    }

    [Fact]
    public async Task Keys_go_to_the_vault_for_their_origin_alone_and_leave_it_when_the_import_is_undone()
    {
        Write("user/.codex/auth.json", $$"""{"OPENAI_API_KEY":"{{Key}}","tokens":null}""");
        Write(
            "user/.claude/settings.json",
            $$$"""{"env":{"ANTHROPIC_API_KEY":"{{{Key}}}a","ANTHROPIC_BASE_URL":"https://proxy.example.com/v1","OTHER":"x"}}"""
        );
        Write(
            "user/.local/share/opencode/auth.json",
            $$$"""{"groq":{"type":"api","key":"{{{Key}}}b"},"anthropic":{"type":"oauth","access":"t"}}"""
        );
        Write("work/.env", $"GEMINI_API_KEY={Key}c\nDATABASE_PASSWORD=x\n");
        await services.Vault.Vault.CreateAsync(UnlockMethod.Passphrase("correct horse battery"), none);
        var expected = new Dictionary<string, string>
        {
            ["codex"] = "https://api.openai.com",
            ["claude-code"] = "https://proxy.example.com",
            ["opencode"] = "https://api.groq.com",
            ["workspace"] = "https://generativelanguage.googleapis.com",
        };
        foreach (var (program, origin) in expected)
        {
            Assert.Equal(origin, Assert.Single(Found(program, ImportKind.Keys)).Detail);
            var item = await ImportedAsync(program, ImportKind.Keys);
            var entry = Assert.Single(await services.Vault.Vault.ListAsync(none), entry => entry.Reference == item.Address);
            Assert.Equal([origin], entry.Origins.Select(one => one.TrimEnd('/')));
        }

        Assert.DoesNotContain(Key, File.ReadAllText(services.Platform.Paths.Imports));
        Assert.NotNull(Assert.Single(Found("codex", ImportKind.Keys)).Address);
        Assert.Equal(4, (await UndoAsync()).Removed);
        Assert.Empty(await services.Vault.Vault.ListAsync(none));
        Assert.Null(Assert.Single(Found("codex", ImportKind.Keys)).Address);
    }

    [Fact]
    public async Task A_run_is_undone_as_a_whole_and_nothing_is_imported_twice()
    {
        Write("user/.gemini/tmp/w/chats/session-1.jsonl", File.ReadAllText(Samples.Of("gemini-cli.jsonl")));
        Write("user/.gemini/commands/fix.toml", "prompt = \"Fix it\"");
        var chat = await ImportedAsync("gemini-cli", ImportKind.Chats);
        var prompt = await ImportedAsync("gemini-cli", ImportKind.Prompts);
        Assert.Equal(
            [chat.Address, prompt.Address],
            ((ImportKind[])[ImportKind.Chats, ImportKind.Prompts]).Select(kind => Found("gemini-cli", kind).Single().Address)
        );
        var again = await Import.ImportAsync(
            "other",
            ProgramImport.Program("gemini-cli"),
            ImportKind.Prompts,
            [Found("gemini-cli", ImportKind.Prompts).Single().Id],
            NoServers,
            none
        );
        Assert.Equal(prompt.Address, Assert.Single(again.Failed).ExistingChatId);
        Assert.Equal("run", Import.LastRun?.Id);

        var report = await UndoAsync();
        Assert.Equal((2, 0), (report.Removed, report.Kept.Count));
        Assert.Null(Import.LastRun);
        Assert.Empty(services.Store.Chats.List());
        Assert.Single(services.Store.Chats.ListDeleted());
        Assert.Null(services.Codices.Prompts.Find(CodexUri.Parse(prompt.Address)));
        Assert.Single(services.Codices.Documents.Of(CodexCollection.Prompts).Deleted());
        Assert.All((ImportKind[])[ImportKind.Chats, ImportKind.Prompts], kind => Assert.Null(Found("gemini-cli", kind).Single().Address));
        await Assert.ThrowsAsync<FailureException>(() => UndoAsync());
    }

    [Fact]
    public void Files_of_an_untrusted_workspace_are_not_looked_at()
    {
        Write("work/.github/prompts/fix.prompt.md", "Fix it");
        Write("work/.env", $"OPENAI_API_KEY={Key}\n");
        services.Platform.Workspace.SetTrusted(false);
        Assert.Empty(Found("vscode", ImportKind.Prompts));
        Assert.Empty(Found("workspace", ImportKind.Keys));
    }

    [Fact]
    public async Task An_item_that_was_not_found_cannot_be_imported_by_its_path()
    {
        var path = Write("elsewhere/agent.md", "You are an agent.");
        var report = await Import.ImportAsync("run", ProgramImport.Program("claude-code"), ImportKind.Agents, [path], NoServers, none);
        Assert.Equal("It is no longer there. Search again.", Assert.Single(report.Failed).Message);
    }

    [Fact]
    public async Task A_file_that_is_too_large_or_holds_a_key_is_reported_and_the_others_are_imported()
    {
        Write("user/.claude/commands/large.md", new string('x', SettingFile.MaxBytes + 1));
        Write("user/.claude/commands/leak.md", "Use ghp_0123456789abcdefghijABCDEFGHIJ012345 for it.");
        Write("user/.claude/commands/good.md", "Good.");
        var ids = Found("claude-code", ImportKind.Prompts).Select(item => item.Id).ToList();
        var report = await Import.ImportAsync("run", ProgramImport.Program("claude-code"), ImportKind.Prompts, ids, NoServers, none);
        Assert.Equal("codex://prompts/good", Assert.Single(report.Imported).Address);
        Assert.Equal(2, report.Failed.Count);
        Assert.Contains("256 KB", report.Failed[0].Message);
        Assert.Contains("Do not store keys", report.Failed[1].Message);
    }

    [Fact]
    public async Task Servers_of_a_program_are_imported_with_references_to_their_keys_and_leave_with_them()
    {
        var source = Write(
            "work/.cursor/mcp.json",
            $$"""{ "mcpServers": { "tool": { "command": "/bin/sh", "args": ["-c", "true"], "env": { "TOOL_API_KEY": "{{Key}}" } } } }"""
        );
        await services.Vault.Vault.CreateAsync(UnlockMethod.Passphrase("correct horse battery"), none);
        var found = Assert.Single(Found("cursor", ImportKind.McpServers));
        Assert.Equal(("tool", source, "TOOL_API_KEY"), (found.Title, found.Path, Assert.Single(found.Keys)));
        var report = await Import.ImportAsync(
            "run",
            ProgramImport.Program("cursor"),
            ImportKind.McpServers,
            [found.Id],
            new ServerChoices(StoreKeys: true, EditorFolder: null),
            none
        );
        Assert.Empty(report.Failed);
        var target = Path.Combine(root, "plue", "mcp.json5");
        Assert.Contains("vault://", File.ReadAllText(target), StringComparison.Ordinal);
        Assert.DoesNotContain(Key, File.ReadAllText(target) + File.ReadAllText(services.Platform.Paths.Imports), StringComparison.Ordinal);
        Assert.Single(await services.Vault.Vault.ListAsync(none));
        Assert.Equal("tool", Found("cursor", ImportKind.McpServers).Single().Address);

        var undone = await UndoAsync();
        Assert.Equal((2, 0), (undone.Removed, undone.Kept.Count));
        Assert.DoesNotContain("tool", File.ReadAllText(target), StringComparison.Ordinal);
        Assert.Empty(await services.Vault.Vault.ListAsync(none));
        Assert.Null(Found("cursor", ImportKind.McpServers).Single().Address);
    }

    [Fact]
    public async Task A_server_that_changed_since_its_import_stays_with_its_key()
    {
        Write(
            "work/.cursor/mcp.json",
            $$"""{ "mcpServers": { "tool": { "command": "/bin/sh", "env": { "TOOL_API_KEY": "{{Key}}" } } } }"""
        );
        await services.Vault.Vault.CreateAsync(UnlockMethod.Passphrase("correct horse battery"), none);
        var servers = services.Tools.McpImport;
        var file = servers.Find(null, none).Single(one => one.Path.StartsWith(root, StringComparison.Ordinal));
        Import.RecordServers(
            await servers.ImportAsync(
                [new Plue.Server.Tools.Mcp.Import.McpImportChoice(file.Path, file.Servers[0].Key)],
                storeKeys: true,
                null,
                none
            )
        );
        var target = Path.Combine(root, "plue", "mcp.json5");
        File.WriteAllText(target, File.ReadAllText(target).Replace("/bin/sh", "/bin/bash", StringComparison.Ordinal));
        var undone = await UndoAsync(Import.LastRun!.Id);
        Assert.Equal(0, undone.Removed);
        Assert.Contains(undone.Kept, why => why.Contains("server tool was kept because it changed", StringComparison.Ordinal));
        Assert.Contains(undone.Kept, why => why.Contains("because the server tool uses it", StringComparison.Ordinal));
        Assert.Single(await services.Vault.Vault.ListAsync(none));
    }

    [Fact]
    public async Task An_imported_skill_goes_to_the_trash_while_it_is_unchanged()
    {
        Write("source/greet/SKILL.md", "---\nname: greet\ndescription: Greets.\n---\nSay hello.");
        var place = services.Platform.Paths.Skills;
        string Import(out string run)
        {
            var path = Assert.Single(services.Codices.Skills.Import(Path.Combine(root, "source", "greet"), place));
            this.Import.RecordSkills([path]);
            run = this.Import.LastRun!.Id;
            return path;
        }

        var path = Import(out var first);
        Assert.Equal(1, (await UndoAsync(first)).Removed);
        Assert.False(Directory.Exists(Path.GetDirectoryName(path)));
        Assert.Single(Directory.EnumerateDirectories(services.Platform.Paths.Trash));

        path = Import(out var second);
        File.AppendAllText(path, " And more.");
        Assert.Contains("changed since the import", Assert.Single((await UndoAsync(second)).Kept), StringComparison.Ordinal);
        Assert.True(File.Exists(path));
    }

    [Fact]
    public async Task Chats_and_keys_of_chosen_files_are_undone_as_one_run_each()
    {
        await services.Vault.Vault.CreateAsync(UnlockMethod.Passphrase("correct horse battery"), none);
        await services.Vault.Vault.StoreAsync("vault://demo/key", Key, ["https://example.com"], none);
        Import.RecordKeys(["vault://demo/key"]);
        Assert.True(Import.LastRun!.HasKeys);
        Assert.Equal(1, (await UndoAsync(Import.LastRun.Id)).Removed);
        Assert.Empty(await services.Vault.Vault.ListAsync(none));

        Import.RecordChats("chosen", ["codex://chats/chat_1"]);
        Import.RecordChats("chosen", ["codex://chats/chat_2"]);
        Assert.Equal(("chosen", 2), (Import.LastRun!.Id, Import.LastRun.Entries.Count));
    }
}
