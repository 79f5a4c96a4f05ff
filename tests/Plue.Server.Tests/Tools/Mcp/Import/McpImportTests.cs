using System.Diagnostics;
using Plue.Server.Messages;
using Plue.Server.Tests.Providers.ClaudeCode;
using Plue.Server.Tools.Mcp;
using Plue.Server.Tools.Mcp.Import;

namespace Plue.Server.Tests.Tools.Mcp.Import;

public sealed class McpImportTests : IAsyncLifetime
{
    private const string Key = "ghp_0123456789abcdefghijABCDEFGHIJ";
    private readonly McpHome home = new();

    /// <summary>Ignores programs on this machine.</summary>
    public McpImportTests() => home.Services = home.Services with { Environment = new Dictionary<string, string>() };

    private McpImport Import => new(home.Services, home.Servers);

    private string Target => Path.Combine(home.Home, "mcp.json5");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => home.DisposeAsync();

    [Fact]
    public void Finds_the_servers_of_every_program_with_its_own_keys()
    {
        WriteAll();
        var found = Import.Find(Path.Combine(home.Home, "User"), CancellationToken.None);
        Assert.Equal(
            [
                "VS Code: user-files (node user.js)",
                "Claude Code: everywhere (node all.js), project (node one.js)",
                "Claude Desktop: desktop (npx -y notes)",
                "Cursor: web (https://cursor.example.com/mcp)",
                "Zed: zed-tool (/bin/zed-tool --stdio)",
                "Codex CLI: docs (npx -y docs), remote (https://codex.example.com/mcp)",
                $"VS Code: folder-tool (node {home.Folder}/server.js)",
            ],
            found.Select(file => $"{file.Program}: {string.Join(", ", file.Servers.Select(one => $"{one.Name} ({one.Command})"))}")
        );
        Assert.All(found.SelectMany(file => file.Servers), server => Assert.Null(server.Problem));
    }

    [Fact]
    public async Task Imported_servers_are_declared_and_wait_for_approval()
    {
        WriteAll();
        await File.WriteAllTextAsync(Target, "{\n  // Mine.\n  mcpServers: { own: { command: \"node\" } },\n}\n");
        var chosen = Choices(Import.Find(Path.Combine(home.Home, "User"), CancellationToken.None));
        var imported = await Import.ImportAsync(chosen, storeKeys: true, Path.Combine(home.Home, "User"), CancellationToken.None);
        Assert.Equal(
            ["user-files", "everywhere", "project", "desktop", "web", "zed-tool", "docs", "remote", "folder-tool"],
            imported.Servers.Select(server => server.Name)
        );
        var text = await File.ReadAllTextAsync(Target);
        Assert.Contains("// Mine.", text, StringComparison.Ordinal);
        var servers = home.Servers.List().Servers.ToDictionary(server => server.Declaration.Name);
        Assert.Equal(10, servers.Count);
        Assert.All(servers.Values, server => Assert.NotEqual(McpServerState.Running, server.State));
        Assert.Equal("/work/one", servers["project"].Declaration.Folder);
        Assert.Equal("Bearer ${CODEX_TOKEN}", servers["remote"].Declaration.Headers["Authorization"]);
        Assert.Equal("${FROM_OUTSIDE}", servers["docs"].Declaration.Environment["FROM_OUTSIDE"]);
        Assert.Equal(home.Folder, servers["folder-tool"].Declaration.Folder);
        Assert.Equal("${env:HOST}", servers["web"].Declaration.Headers["X-Host"]);
    }

    [Fact]
    public async Task Keys_go_to_the_vault_for_their_server_only_and_never_into_the_file()
    {
        Write(
            "User/mcp.json",
            $$"""
            { "servers": {
                "hub": { "command": {{McpHome.Text(McpHome.Node)}}, "args": ["x.js"], "env": { "GITHUB_TOKEN": "{{Key}}", "LOG": "1" } },
                "web": { "url": "https://web.example.com/mcp", "headers": { "Authorization": "Bearer plain-but-secret" } },
                "asks": { "command": "node", "env": { "API_KEY": "${input:key}" } } } }
            """
        );
        var choices = Choices(Import.Find(Path.Combine(home.Home, "User"), CancellationToken.None));
        var imported = await Import.ImportAsync(choices, storeKeys: true, Path.Combine(home.Home, "User"), CancellationToken.None);
        var text = await File.ReadAllTextAsync(Target);
        Assert.DoesNotContain(Key, text, StringComparison.Ordinal);
        Assert.DoesNotContain("plain-but-secret", text, StringComparison.Ordinal);
        Assert.Equal("vault://mcp-hub/github_token", home.Status("hub").Declaration.Environment["GITHUB_TOKEN"]);
        Assert.Equal("1", home.Status("hub").Declaration.Environment["LOG"]);
        Assert.Equal("Bearer vault://mcp-web/authorization", home.Status("web").Declaration.Headers["Authorization"]);
        Assert.Equal(
            Key,
            (await home.Secrets.GetAsync("vault://mcp-hub/github_token", home.Status("hub").SecretOrigin!, default)).Reveal()
        );
        Assert.Equal([new Uri("https://web.example.com")], home.Secrets.OriginsOf("vault://mcp-web/authorization"));
        Assert.Equal(
            ["API_KEY of asks was not stored because the file does not contain it. Store it in the vault as vault://mcp-asks/api_key."],
            imported.Notes
        );
    }

    [Fact]
    public async Task Reads_the_servers_that_Claude_Code_itself_added()
    {
        await AddInClaudeCodeAsync("--scope", "user", "files", "--env", "LOG=1", "--", "npx", "-y", "server-files", "/notes");
        await AddInClaudeCodeAsync("--transport", "http", "tracker", "https://tracker.example.com/mcp", "--header", $"X-Key: {Key}");
        var choices = Choices(Import.Find(null, CancellationToken.None));
        Assert.Equal(["files", "tracker"], (await Import.ImportAsync(choices, true, null, default)).Servers.Select(server => server.Name));
        var files = home.Status("files").Declaration;
        Assert.Equal(("npx", "-y server-files /notes", "1"), (files.Command, string.Join(' ', files.Arguments), files.Environment["LOG"]));
        var tracker = home.Status("tracker").Declaration;
        Assert.Equal("https://tracker.example.com/mcp", tracker.Address!.OriginalString);
        Assert.Equal("vault://mcp-tracker/x_key", tracker.Headers["X-Key"]);
        Assert.DoesNotContain(Key, await File.ReadAllTextAsync(Target), StringComparison.Ordinal);
    }

    [Fact]
    public void Reads_the_servers_that_Codex_CLI_added()
    {
        // Written by `codex mcp add` of Codex CLI 0.169.0.
        Write(
            ".codex/config.toml",
            """
            [mcp_servers.files]
            command = "npx"
            args = ["-y", "server-files", "/notes"]

            [mcp_servers.files.env]
            LOG = "1"

            [mcp_servers.tracker]
            url = "https://tracker.example.com/mcp"
            bearer_token_env_var = "TRACKER_TOKEN"
            """
        );
        Assert.Equal(
            ["files (npx -y server-files /notes)", "tracker (https://tracker.example.com/mcp)"],
            Assert.Single(Import.Find(null, CancellationToken.None)).Servers.Select(one => $"{one.Name} ({one.Command})")
        );
    }

    [Fact]
    public async Task No_key_is_stored_without_the_consent_of_the_user()
    {
        Write("User/mcp.json", $$"""{ "servers": { "hub": { "command": "node", "env": { "TOKEN": "{{Key}}" } } } }""");
        var choices = Choices(Import.Find(Path.Combine(home.Home, "User"), CancellationToken.None));
        var imported = await Import.ImportAsync(choices, storeKeys: false, Path.Combine(home.Home, "User"), CancellationToken.None);
        Assert.Empty(home.Secrets.References);
        Assert.DoesNotContain(Key, await File.ReadAllTextAsync(Target), StringComparison.Ordinal);
        Assert.StartsWith(
            "TOKEN of hub was not stored because you chose to leave it out.",
            Assert.Single(imported.Notes),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("""{ "command": "node", "args": ["--api-key", "abcdefghijklmnop"] }""", "It seems to have a key in its arguments.")]
    [InlineData("""{ "command": "node", "args": ["--token=abcdefghijklmnop"] }""", "It seems to have a key in its arguments.")]
    [InlineData("""{ "url": "https://x.example.com/mcp?api_key=abcdef" }""", "It seems to have a key in its url.")]
    [InlineData("""{ "command": "node", "args": ["${input:path}"] }""", "It uses ${input:path} where Plue replaces no variables.")]
    [InlineData("""{ "type": "sse", "url": "https://x.example.com/sse" }""", "It uses the deprecated SSE transport")]
    [InlineData("""{ "command": "node", "envFile": "${workspaceFolder}/.env" }""", "It reads its variables from a file (envFile)")]
    public async Task A_server_that_Plue_cannot_run_is_listed_with_the_reason_and_not_imported(string declared, string reason)
    {
        Write(".cursor/mcp.json", $$"""{ "mcpServers": { "odd": {{declared}} } }""");
        var odd = Assert.Single(Assert.Single(Import.Find(null, CancellationToken.None)).Servers);
        Assert.StartsWith(reason, odd.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain("abcdef", odd.Command, StringComparison.Ordinal);
        var choice = new McpImportChoice(Path.Combine(home.Home, ".cursor", "mcp.json"), "odd");
        await Assert.ThrowsAsync<FailureException>(() => Import.ImportAsync([choice], true, null, CancellationToken.None));
        Assert.False(File.Exists(Target));
    }

    [Fact]
    public async Task A_second_import_adds_nothing_and_a_taken_name_gets_a_number()
    {
        Write(".cursor/mcp.json", """{ "mcpServers": { "tool": { "command": "one", "env": { "TOKEN": "first-token" } } } }""");
        Write(".claude.json", """{ "mcpServers": { "tool": { "command": "two", "env": { "TOKEN": "second-token" } } } }""");
        var choices = Choices(Import.Find(null, CancellationToken.None));
        Assert.Equal(
            ["tool", "tool-2"],
            (await Import.ImportAsync(choices, false, null, CancellationToken.None)).Servers.Select(server => server.Name)
        );
        Assert.Equal("vault://mcp-tool-2/token", home.Status("tool-2").Declaration.Environment["TOKEN"]);
        Assert.All(Import.Find(null, CancellationToken.None).SelectMany(file => file.Servers), server => Assert.True(server.IsPresent));
        Assert.Empty((await Import.ImportAsync(choices, false, null, CancellationToken.None)).Servers.Select(server => server.Name));
    }

    [Fact]
    public void SEC_03_A_workspace_that_is_not_trusted_is_not_read()
    {
        WriteAll();
        home.Workspace.SetTrusted(false);
        Assert.DoesNotContain(
            Import.Find(null, CancellationToken.None),
            file => file.Path.StartsWith(home.Folder, StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_damaged_file_is_named_with_its_line_and_hides_no_other()
    {
        WriteAll();
        Write(".codex/config.toml", "model = \"x\"\n[mcp_servers.docs\n");
        Write(".cursor/mcp.json", "{ \"mcpServers\": { ");
        var found = Import.Find(null, CancellationToken.None);
        Assert.Equal("Line 2 is not valid TOML.", found.Single(file => file.Program == "Codex CLI").Problem);
        Assert.StartsWith("Line 1:", found.Single(file => file.Program == "Cursor").Problem, StringComparison.Ordinal);
        Assert.Contains(found, file => file.Program == "Zed" && file.Servers.Count == 1);
    }

    private async Task AddInClaudeCodeAsync(params string[] server)
    {
        using var process = Process.Start(
            new ProcessStartInfo(ClaudeCodeBench.RealCli(), ["mcp", "add", .. server])
            {
                WorkingDirectory = home.Folder,
                RedirectStandardOutput = true,
                Environment =
                {
                    ["HOME"] = home.Home,
                    ["USERPROFILE"] = home.Home,
                    ["CLAUDE_CONFIG_DIR"] = null,
                    ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1",
                },
            }
        )!;
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }

    private static List<McpImportChoice> Choices(IReadOnlyList<McpFoundFile> found) =>
        [.. found.SelectMany(file => file.Servers.Select(server => new McpImportChoice(file.Path, server.Key)))];

    private void WriteAll()
    {
        Write(
            "User/mcp.json",
            """{ "servers": { "user files": { "type": "stdio", "command": "node", "args": ["user.js"] } }, "inputs": [] }"""
        );
        Write(
            ".claude.json",
            """
            { "numStartups": 3, "mcpServers": { "everywhere": { "type": "stdio", "command": "node", "args": ["all.js"], "env": {} } },
              "projects": { "/work/one": { "mcpServers": { "project": { "command": "node", "args": ["one.js"] } } }, "/work/two": { "allowedTools": [] } } }
            """
        );
        Write(
            OperatingSystem.IsWindows() ? "AppData/Roaming/Claude/claude_desktop_config.json"
                : OperatingSystem.IsMacOS() ? "Library/Application Support/Claude/claude_desktop_config.json"
                : ".config/Claude/claude_desktop_config.json",
            """{ "mcpServers": { "desktop": { "command": "npx", "args": ["-y", "notes"] } } }"""
        );
        Write(
            ".cursor/mcp.json",
            """{ "mcpServers": { "web": { "url": "https://cursor.example.com/mcp", "headers": { "X-Host": "${env:HOST}" } } } }"""
        );
        Write(
            OperatingSystem.IsWindows() ? "AppData/Roaming/Zed/settings.json" : ".config/zed/settings.json",
            """
            // Zed settings
            { "context_servers": {
                "zed-tool": { "source": "custom", "command": { "path": "/bin/zed-tool", "args": ["--stdio"], "env": { "A": "b" } } },
                "from-an-extension": { "settings": { "x": 1 } },
                "off": { "enabled": false, "command": "off" } }, }
            """
        );
        Write(
            ".codex/config.toml",
            """
            model = "gpt"
            [mcp_servers.docs]
            command = "npx"
            args = ["-y", "docs"]
            env_vars = ["FROM_OUTSIDE"]
            [mcp_servers.remote]
            url = "https://codex.example.com/mcp"
            bearer_token_env_var = "CODEX_TOKEN"
            """
        );
        Write(
            Path.Combine(home.Folder, ".vscode", "mcp.json"),
            """{ "servers": { "folder-tool": { "command": "node", "args": ["${workspaceFolder}/server.js"] } } }"""
        );
    }

    private void Write(string path, string text)
    {
        var full = Path.Combine(home.Home, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }
}
