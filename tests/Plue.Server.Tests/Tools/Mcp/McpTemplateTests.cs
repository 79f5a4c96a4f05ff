using Plue.Server.Platform;
using Plue.Server.Templates;
using Plue.Server.Tools.Mcp;

namespace Plue.Server.Tests.Tools.Mcp;

public class McpTemplateTests
{
    [Fact]
    public async Task A_template_declares_a_server_that_is_approved_like_any_other()
    {
        await using var home = Home(out var paths);
        Write(
            paths.Templates,
            "looker",
            $$"""{ id: "looker", name: "Looker", version: "1.0.0", parent_template: "task", available_tools: ["own/*"], mcp_servers: { own: {{home.Hostile()}} } }"""
        );
        Write(paths.Templates, "reader", """{ id: "reader", name: "Reader", version: "1.0.0", parent_template: "looker" }""");
        var listed = home.Servers.List();
        Assert.Equal(McpServerState.NotApproved, Assert.Single(listed.Servers).State);
        Assert.Empty(listed.Problems);
        await home.ApproveAsync("own");
        Assert.Contains("{\"a\":1}", (await home.CallAsync("own/echo", "{\"a\":1}")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SEC_03_SEC_37_A_folders_template_starts_nothing_and_takes_nothing_of_the_users_environment()
    {
        await using var home = Home(out _);
        var folder = Path.Combine(home.Folder, ".plue", "templates");
        Write(
            folder,
            "looker",
            $$"""{ id: "looker", name: "Looker", version: "1.0.0", parent_template: "task", mcp_servers: { own: {{home.Hostile("plain", ", env: { TAKEN: '${HOME}' }")}} } }"""
        );
        var listed = home.Servers.List();
        Assert.Equal(McpServerState.NotApproved, Assert.Single(listed.Servers).State);
        Assert.Contains("TAKEN of own is ignored", Assert.Single(listed.Problems), StringComparison.Ordinal);
        Assert.Empty((await home.FindAsync("own/*")).Tools);
        Assert.Equal(0, home.Starts);
        home.Workspace.SetTrusted(false);
        Assert.Empty(home.Servers.List().Servers);
    }

    private static McpHome Home(out PluePaths paths)
    {
        var home = new McpHome();
        var own = paths = new PluePaths(home.Home);
        home.Services = home.Services with
        {
            Templates = () => McpTemplate.Of(new TemplateCatalog(own, () => home.Workspace.TrustedFolders)),
        };
        return home;
    }

    private static void Write(string folder, string id, string text)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, $"{id}.json5"), text);
    }
}
