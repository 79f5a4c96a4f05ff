using Plue.Server.Messages;
using Plue.Server.Tools.Mcp;

namespace Plue.Server.Tests.Tools.Mcp;

public class McpApprovalTests
{
    [Fact]
    public async Task SEC_03_A_folder_that_is_opened_starts_nothing()
    {
        await using var home = new McpHome();
        home.WriteFolder(("folder", home.Hostile()));
        home.WriteUser(("own", home.Hostile()));
        Assert.All(home.Servers.List().Servers, server => Assert.Equal(McpServerState.NotApproved, server.State));
        var (tools, notes) = await home.FindAsync("folder/*", "own/*");
        Assert.Empty(tools);
        Assert.All(notes, note => Assert.Contains("not approved", note, StringComparison.Ordinal));
        await Assert.ThrowsAsync<FailureException>(() => home.Servers.StartAsync("folder", CancellationToken.None));
        Assert.Equal(0, home.Starts);
    }

    [Fact]
    public async Task SEC_03_A_folder_that_is_not_trusted_declares_no_server()
    {
        await using var home = new McpHome();
        home.WriteFolder(("folder", home.Hostile()));
        await home.ApproveAsync("folder");
        home.Workspace.SetTrusted(false);
        Assert.Empty(home.Servers.List().Servers);
        Assert.Contains("The server folder does not exist.", (await home.FindAsync("folder/echo")).Notes);
        Assert.Equal(0, home.Starts);
    }

    [Fact]
    public async Task An_approved_server_starts_when_it_is_first_used_and_not_before()
    {
        await using var home = new McpHome();
        home.WriteUser(("own", home.Hostile()));
        await home.ApproveAsync("own");
        Assert.Equal(McpServerState.Stopped, home.Status("own").State);
        Assert.Equal(0, home.Starts);
        Assert.Contains("{\"a\":1}", (await home.CallAsync("own/echo", "{\"a\":1}")).Text, StringComparison.Ordinal);
        Assert.Equal((McpServerState.Running, 1), (home.Status("own").State, home.Starts));
        Assert.All(home.Status("own").Tools, tool => Assert.True(tool.Tokens > 0));
    }

    [Fact]
    public async Task Approval_applies_to_exactly_what_the_user_reviewed()
    {
        await using var home = new McpHome();
        home.WriteUser(("own", home.Hostile()));
        var seen = home.Status("own").Fingerprint;
        home.WriteUser(("own", home.Hostile("many")));
        var fault = await Assert.ThrowsAsync<FailureException>(() => home.Servers.ApproveAsync("own", seen, CancellationToken.None));
        Assert.Equal(FailureKind.Conflict, fault.Failure.Kind);
        Assert.Equal(McpServerState.NotApproved, home.Status("own").State);
    }

    [Theory]
    [InlineData("\"cwd\": \"/\"", "Changed: folder: was ")]
    [InlineData("\"env\": { \"A\": \"2\" }", "Changed: value of the variable A.")]
    [InlineData("\"env\": { \"A\": \"1\", \"NODE_OPTIONS\": \"--require /tmp/x.js\" }", "New: value of the variable NODE_OPTIONS.")]
    [InlineData("\"env\": {}", "Gone: value of the variable A.")]
    public async Task SEC_35_A_changed_server_needs_approval_again_and_the_change_is_shown(string now, string change)
    {
        await using var home = new McpHome();
        home.WriteFolder(("folder", home.Hostile("plain", ", \"env\": { \"A\": \"1\" }")));
        await home.ApproveAsync("folder");
        await home.CallAsync("folder/echo");
        home.WriteFolder(("folder", home.Hostile("plain", $", \"env\": {{ \"A\": \"1\" }}, {now}")));
        var status = home.Status("folder");
        Assert.Equal(McpServerState.NotApproved, status.State);
        Assert.Contains(status.Changes!, text => text.StartsWith(change, StringComparison.Ordinal));
        Assert.DoesNotContain(status.Changes!, text => text.Contains("--require", StringComparison.Ordinal));
        Assert.Contains(
            "has changed since it was approved",
            Assert.Single((await home.FindAsync("folder/echo")).Notes),
            StringComparison.Ordinal
        );
        Assert.Equal(1, home.Starts);
        await home.ApproveAsync("folder");
        Assert.Equal(McpServerState.Stopped, home.Status("folder").State);
    }

    [Fact]
    public async Task SEC_35_A_swapped_argument_or_script_is_asked_about_again()
    {
        await using var home = new McpHome();
        var script = Path.Combine(home.Folder, "server.mjs");
        File.Copy(McpHome.Script, script);
        string Declared(string mood) => $$"""{ "command": {{McpHome.Text(McpHome.Node)}}, "args": ["server.mjs", "{{mood}}"] }""";
        home.WriteFolder(("folder", Declared("plain")));
        await home.ApproveAsync("folder");
        await home.CallAsync("folder/echo");
        home.WriteFolder(("folder", Declared("many")));
        Assert.Equal(["Changed: argument 2: was plain, is now many"], home.Status("folder").Changes!);
        home.WriteFolder(("folder", Declared("plain")));
        Assert.Null(home.Status("folder").Changes);
        File.AppendAllText(script, "\n// more");
        Assert.Equal([$"Changed: content of {script}."], home.Status("folder").Changes!);
    }

    [Fact]
    public async Task SEC_35_A_server_of_the_folder_does_not_replace_one_of_the_user()
    {
        await using var home = new McpHome();
        home.WriteUser(("both", home.Hostile()));
        await home.ApproveAsync("both");
        home.WriteFolder(("both", home.Hostile("many")), ("Both", home.Hostile("many")));
        var (servers, problems) = home.Servers.List();
        Assert.Equal(Path.Combine(home.Home, "mcp.json5"), Assert.Single(servers).Declaration.Source);
        Assert.Equal(2, problems.Count);
        Assert.Null(servers[0].Changes);
    }

    [Fact]
    public async Task A_server_cannot_have_the_name_of_the_tools_of_VS_Code()
    {
        await using var home = new McpHome();
        home.WriteUser(("vscode", home.Hostile()));
        var (servers, problems) = home.Servers.List();
        Assert.Empty(servers);
        Assert.Contains("this name means other tools", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SEC_35_Changed_tools_suspend_the_approval_until_they_are_seen()
    {
        await using var home = new McpHome();
        home.WriteUser(("own", home.Hostile("changing")));
        await home.ApproveAsync("own");
        var (tools, _) = await home.FindAsync("own/echo");
        await home.RunAsync(tools[0]);
        await home.Servers.StopAsync("own", CancellationToken.None);
        File.WriteAllText(home.Notes + ".mood", "changed");
        var fault = await Assert.ThrowsAsync<FailureException>(() => home.Servers.StartAsync("own", CancellationToken.None));
        Assert.Contains("tools of the server own have changed", fault.Message, StringComparison.Ordinal);
        var status = home.Status("own");
        Assert.Equal(McpServerState.NotApproved, status.State);
        Assert.Equal(2, status.Changes!.Count);
        Assert.StartsWith("Changed tool echo:\n", status.Changes[0], StringComparison.Ordinal);
        Assert.Contains("\n-  Does it.\n+  Now it sends your files away.\n", status.Changes[0], StringComparison.Ordinal);
        Assert.Equal("Renamed tool: was silent, is now extra.", status.Changes[1]);
        Assert.Empty((await home.FindAsync("own/echo")).Tools);
        await Assert.ThrowsAsync<Plue.Server.Tools.ToolFailureException>(() => home.RunAsync(tools[0]));
        await home.ApproveAsync("own");
        Assert.Contains("own/extra", (await home.FindAsync("own/*")).Tools.Select(tool => tool.Name));
        // The model knows the old tool; the new one with the same name must not be called instead.
        Assert.Contains(
            "no longer has this tool",
            (await Assert.ThrowsAsync<Plue.Server.Tools.ToolFailureException>(() => home.RunAsync(tools[0]))).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("both", "   Does it.\n+  Well.\n", "+        \"description\": \"Where your⟨U+200B⟩ files go.\"\n")]
    [InlineData("schema", "+      \"to\": {\n+        \"type\": \"string\"\n")]
    [InlineData("annotations", "+Annotations:\n+  {\n+    \"readOnlyHint\": true\n")]
    [InlineData("result", "+Result:\n+  {\n+    \"type\": \"object\"\n")]
    [InlineData("title", "+Title:\n+  Harm⟨U+202E⟩less\n")]
    [InlineData("added", "New tool extra:\nDescription:\n  Sends.⟨U+000D⟩Parameters:\n  none\nParameters:\n  {", "\"to\"")]
    [InlineData("exchanged", "New tool other:\nDescription:\n  Another one.\n", "Removed tool silent.")]
    [InlineData("long", "field0", "field150", "field299")]
    public async Task SEC_35_Every_difference_of_changed_tools_is_shown(string change, params string[] parts)
    {
        await using var home = new McpHome();
        home.WriteUser(("own", home.Hostile("changing")));
        await home.ApproveAsync("own");
        await home.Servers.StartAsync("own", CancellationToken.None);
        await home.Servers.StopAsync("own", CancellationToken.None);
        File.WriteAllText(home.Notes + ".mood", change);
        await Assert.ThrowsAsync<FailureException>(() => home.Servers.StartAsync("own", CancellationToken.None));
        var shown = string.Join('\n', home.Status("own").Changes!);
        Assert.All(parts, part => Assert.Contains(part, shown, StringComparison.Ordinal));
        await home.ApproveAsync("own");
        await home.Servers.StartAsync("own", CancellationToken.None);
        Assert.Equal(McpServerState.Running, home.Status("own").State);
    }

    [Fact]
    public async Task SEC_35_A_changed_program_and_changed_tools_are_shown_together()
    {
        await using var home = new McpHome();
        home.WriteUser(("own", home.Hostile("changing")));
        await home.ApproveAsync("own");
        await home.Servers.StartAsync("own", CancellationToken.None);
        await home.Servers.StopAsync("own", CancellationToken.None);
        File.WriteAllText(home.Notes + ".mood", "schema");
        await Assert.ThrowsAsync<FailureException>(() => home.Servers.StartAsync("own", CancellationToken.None));
        home.WriteUser(("own", home.Hostile("changing", ", \"env\": { \"A\": \"1\" }")));
        Assert.Equal(
            ["New: value of the variable A.", "Changed tool echo"],
            home.Status("own").Changes!.Select(change => change.Split(':', 3) is ["New", ..] ? change : change[..17])
        );
    }

    [Fact]
    public async Task SEC_35_A_change_is_shown_also_where_an_older_version_kept_only_descriptions()
    {
        await using var home = new McpHome();
        home.WriteUser(("own", home.Hostile("changing")));
        await home.ApproveAsync("own");
        await home.Servers.StartAsync("own", CancellationToken.None);
        var file = Path.Combine(home.Home, "mcp-approvals.json");
        var stored = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(file))!;
        foreach (var tool in stored["servers"]![0]!["tools"]!.AsArray())
        {
            tool!.AsObject().Remove("definition");
            tool.AsObject().Remove("is_gone");
        }

        File.WriteAllText(file, stored.ToJsonString());
        await home.Servers.StopAsync("own", CancellationToken.None);
        await home.Servers.StartAsync("own", CancellationToken.None);
        Assert.Equal(McpServerState.Running, home.Status("own").State);
        await home.Servers.StopAsync("own", CancellationToken.None);
        File.WriteAllText(home.Notes + ".mood", "schema");
        await Assert.ThrowsAsync<FailureException>(() => home.Servers.StartAsync("own", CancellationToken.None));
        Assert.Contains("\"to\": {", Assert.Single(home.Status("own").Changes!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tool_that_goes_and_comes_back_is_no_question()
    {
        await using var home = new McpHome();
        home.WriteUser(("own", home.Hostile("changing")));
        await home.ApproveAsync("own");
        await home.Servers.StartAsync("own", CancellationToken.None);
        File.WriteAllText(home.Notes + ".mood", "changed");
        await home.Servers.StopAsync("own", CancellationToken.None);
        await Assert.ThrowsAsync<FailureException>(() => home.Servers.StartAsync("own", CancellationToken.None));
        await home.ApproveAsync("own");
        await home.Servers.StartAsync("own", CancellationToken.None);
        Assert.Equal(["own/echo", "own/extra"], home.Status("own").Tools.Select(tool => tool.Name));
        Assert.Equal(McpServerState.Running, home.Status("own").State);
    }

    [Fact]
    public async Task A_revoked_server_is_stopped_and_asked_about_again()
    {
        await using var home = new McpHome();
        home.WriteUser(("own", home.Hostile()));
        await home.ApproveAsync("own");
        var (tools, _) = await home.FindAsync("own/echo");
        await home.Servers.RevokeAsync("own", CancellationToken.None);
        Assert.Equal(McpServerState.NotApproved, home.Status("own").State);
        await Assert.ThrowsAsync<Plue.Server.Tools.ToolFailureException>(() => home.RunAsync(tools[0]));
        Assert.Equal(1, home.Starts);
    }

    [Fact]
    public async Task SEC_09_A_program_name_is_never_resolved_in_the_workspace()
    {
        await using var home = new McpHome();
        var planted = Path.Combine(home.Folder, "bin", "planted");
        Directory.CreateDirectory(Path.GetDirectoryName(planted)!);
        File.WriteAllText(planted, "#!/bin/sh\ntouch started\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(planted, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        var environment = home.Services.Environment.ToDictionary(pair => pair.Key, pair => pair.Value);
        environment["PATH"] = string.Join(Path.PathSeparator, ["bin", ".", Path.GetDirectoryName(planted)!, environment["PATH"]]);
        home.Services = home.Services with { Environment = environment };
        home.WriteFolder(("byname", """{ "command": "planted" }"""), ("bypath", """{ "command": "bin/planted" }"""));
        Assert.Contains("was not found on PATH", home.Status("byname").Error, StringComparison.Ordinal);
        // A full path can be approved, and the approval is for that path.
        Assert.Equal((McpServerState.NotApproved, planted), (home.Status("bypath").State, home.Status("bypath").Program));
    }

    [Fact]
    public async Task Reads_configuration_files_of_other_products_and_reports_their_errors()
    {
        await using var home = new McpHome();
        home.WriteUser(
            ("a__b", home.Hostile()),
            ("name with spaces", home.Hostile()),
            ("nothing", "{ \"autoApprove\": [\"*\"] }"),
            ("old", """{ "type": "sse", "url": "https://example.com/sse" }"""),
            ("web", """{ "type": "http", "url": "https://example.com/mcp", "unknown": 1, "headers": { "X": "1" } }"""),
            ("off", """{ "command": "x", "disabled": true }""")
        );
        var (servers, problems) = home.Servers.List();
        Assert.Equal(["nothing", "old", "web"], servers.Select(server => server.Declaration.Name));
        Assert.Equal([McpServerState.Failed, McpServerState.Failed, McpServerState.NotApproved], servers.Select(server => server.State));
        Assert.Equal(2, problems.Count);
        File.WriteAllText(Path.Combine(home.Folder, ".mcp.json"), "{ nonsense");
        Assert.Equal(3, home.Servers.List().Problems.Count);
    }

    [Fact]
    public async Task Servers_are_also_declared_in_the_settings()
    {
        await using var home = new McpHome();
        File.WriteAllText(Path.Combine(home.Home, "config.json5"), $"{{ mcp_servers: {{ own: {home.Hostile()} }} }}");
        await home.ApproveAsync("own");
        Assert.NotEmpty((await home.FindAsync("own/*")).Tools);
    }
}
