using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>Chats created by editor features, such as inline edits.</summary>
public sealed class BackgroundChatTests
{
    private const string Usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":500,\"cost\":0.25}}\n\n";

    [Theory]
    [InlineData("inline-edit", "Inline edit", "You edit code in place")]
    [InlineData("commit-message", "Commit message", "You write commit messages")]
    public async Task Uses_the_small_model_without_tools_and_its_cost_stays_after_it_is_deleted(string template, string name, string prompt)
    {
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Events().Send(Chunk("Done")).Send(Usage).Send(End));
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("large", InMemorySidecar.ProviderAt(new Uri("http://127.0.0.1:9")));
        sidecar.WriteProvider("small", InMemorySidecar.ProviderAt(endpoint.Url));
        await File.WriteAllTextAsync(
            Path.Combine(sidecar.Home, "config.json5"),
            "{ default_large: 'codex://providers/large', default_small: { provider: 'small', model: 'small-1' } }"
        );

        var uri = await CreateAsync(sidecar, template);
        Assert.Empty((await sidecar.Client.ResultAsync("codex/list", new { collection = "chats" }))?["items"]?.AsArray() ?? []);
        await sidecar.Client.AskAsync(uri, "Make it shorter");

        var request = JsonNode.Parse(Assert.Single(endpoint.Requests).Body);
        Assert.Equal("small-1", (string?)request?["model"]);
        Assert.Null(request?["tools"]);
        Assert.StartsWith(prompt, (string?)request?["messages"]?[0]?["content"], StringComparison.Ordinal);

        await sidecar.Client.ResultAsync("codex/delete", new { uri });
        var deleted = await sidecar.Client.ResultAsync("codex/list", new { collection = "chats", deleted = true });
        Assert.Equal(0, (int?)deleted?["total"]);
        var usage = await sidecar.Client.ResultAsync("usage/summary", new { });
        Assert.Equal((name, 1), ((string?)usage?["templates"]?[0]?["name"], (int?)usage?["templates"]?[0]?["figures"]?["responses"]));
    }

    [Fact]
    public async Task Continues_as_a_listed_chat_with_the_instructions_and_tools_of_other_chats()
    {
        await using var endpoint = new ScriptedEndpoint(Answer("Done"), Answer("Because"));
        var folder = Directory.CreateTempSubdirectory("plue-folder-").FullName;
        await using var sidecar = await InMemorySidecar.StartAsync(folder: folder, trusted: true);
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        var uri = await CreateAsync(sidecar, "inline-edit");
        await sidecar.Client.AskAsync(uri, "Make it shorter");

        var fields = (await sidecar.Client.ResultAsync("template/get", new { id = "ai-chat" }))?["fields"]?.AsArray() ?? [];
        var set = new JsonObject(
            fields
                .Where(field => (string?)field?["name"] is "system_prompt_ref" or "available_tools" or "permission_mode")
                .Select(field => KeyValuePair.Create((string)field!["name"]!, field["default"]?.DeepClone()))
        );
        await sidecar.Client.ResultAsync(
            "codex/update",
            new
            {
                uri,
                archived = false,
                set,
            }
        );
        await sidecar.Client.AskAsync(uri, "Why?");

        Assert.Equal(uri, (string?)(await sidecar.Client.ResultAsync("codex/list", new { collection = "chats" }))?["items"]?[0]?["uri"]);
        var request = JsonNode.Parse(endpoint.Requests[^1].Body);
        Assert.StartsWith("You are the assistant in Plue", (string?)request?["messages"]?[0]?["content"], StringComparison.Ordinal);
        Assert.NotEmpty(request?["tools"]?.AsArray() ?? []);
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<string> CreateAsync(InMemorySidecar sidecar, string template) =>
        (string)
            (
                await sidecar.Client.ResultAsync(
                    "codex/create",
                    new
                    {
                        templateId = template,
                        title = "Inline edit: shorter",
                        values = new { archived = true },
                    }
                )
            )!["uri"]!;
}
