using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Rpc;

/// <summary>template/* over the protocol.</summary>
public sealed class TemplateHandlersTests : IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("plue-templates-").FullName;

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public async Task Templates_are_listed_by_name_valid_ones_before_those_with_errors()
    {
        await using var sidecar = await InMemorySidecar.StartAsync(home);
        Write("templates/ai-chat.json5", "{ id: 'ai-chat', name: 'My chat' ");
        Write("templates/scout.json5", "{ id: 'scout', name: 'A scout', parent_template: 'task', metadata: { icon: 'search' } }");
        Write("templates/broken.json5", "{ id: 'broken', name: 'Broken', parent_template: 'task', fields: 3 }");
        Write("templates/recipe.json5", "{ id: 'recipe', name: 'Recipe', fields: [{ name: 'title', type: 'text' }] }");

        var all = (await sidecar.Client.ResultAsync("template/list", new { }))!["templates"]!.AsArray();
        var names = all.Select(template => (string?)template!["name"]).ToList();
        Assert.Equal(
            names.Order(StringComparer.OrdinalIgnoreCase),
            names.Where(name => name != "My chat").Append("My chat").Order(StringComparer.OrdinalIgnoreCase)
        );
        var chats = all.Where(template => (string?)template!["id"] == "ai-chat").ToList();
        Assert.Equal(
            [(true, "shipped"), (false, "user")],
            chats.Select(template => ((bool)template!["isActive"]!, (string)template["layer"]!))
        );
        Assert.NotEmpty(chats[1]!["problems"]!.AsArray());

        var tasks = await ListAsync(sidecar, "tasks");
        Assert.Contains("scout", tasks.Select(template => (string?)template!["id"]));
        Assert.False((bool)tasks.Single(template => (string?)template!["id"] == "broken")!["isActive"]!);
        Assert.Equal(["plan", "recipe", "trigger"], (await ListAsync(sidecar, "items")).Select(template => (string?)template!["id"]));
    }

    [Fact]
    public async Task A_template_is_given_with_its_parents_fields_and_where_its_codices_live()
    {
        await using var sidecar = await InMemorySidecar.StartAsync(home);
        Write("templates/scout.json5", "{ id: 'scout', name: 'A scout', parent_template: 'task', metadata: { icon: 'search' } }");
        var scout = await sidecar.Client.ResultAsync("template/get", new { id = "scout" });
        Assert.Equal(
            ("task", "tasks", "search", "charts.green"),
            ((string?)scout!["parentTemplate"], (string?)scout["collection"], (string?)scout["icon"], (string?)scout["color"])
        );
        Assert.EndsWith("scout.json5", (string?)scout["path"], StringComparison.Ordinal);
        Assert.Contains("goal", scout["fields"]!.AsArray().Select(field => (string?)field!["name"]));
        Assert.Null((string?)(await sidecar.Client.ResultAsync("template/get", new { id = "task" }))!["path"]);
        Assert.Equal(
            "The template scoot does not exist. Did you mean `scout`?",
            (string?)(await sidecar.Client.RequestAsync("template/get", new { id = "scoot" }))["error"]?["message"]
        );
    }

    [Theory]
    [InlineData("template/get")]
    [InlineData("template/try")]
    [InlineData("template/schema")]
    public async Task A_template_whose_file_has_an_error_is_refused_with_that_error(string method)
    {
        await using var sidecar = await InMemorySidecar.StartAsync(home);
        Write("templates/scout.json5", "{ id: 'scout', name: 7 }");
        var error = (await sidecar.Client.RequestAsync(method, new { id = "scout" }))["error"];
        Assert.Equal(
            "The template scout has an error at line 1, column 22: `name` is a number where text was expected.",
            (string?)error?["message"]
        );
    }

    private static async Task<JsonArray> ListAsync(InMemorySidecar sidecar, string collection) =>
        (await sidecar.Client.ResultAsync("template/list", new { collection }))!["templates"]!.AsArray();

    private void Write(string name, string text)
    {
        var path = Path.Combine(home, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
