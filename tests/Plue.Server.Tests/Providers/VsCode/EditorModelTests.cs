using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Providers.VsCode;

/// <summary>A chat with language models of other extensions, offered by a simulated editor.</summary>
public sealed class EditorModelTests
{
    [Fact]
    public async Task Lists_the_models_of_all_vendors_but_Plue()
    {
        await using var sidecar = await StartAsync("acme/big");
        var client = sidecar.Client;
        client.Start("provider/models", new { id = "scripted" }, out var models);
        var (id, asked) = await client.AskedAsync("host/languageModels");
        Assert.Null(asked["vendor"]);
        await client.AnswerAsync(id, new { models = new[] { Model("acme", "big"), Model("plue", "house/small"), Model("globex", "a/b") } });
        var listed = (await models)["result"]?["models"]?.AsArray();
        Assert.Equal(["acme/big", "globex/a/b"], listed?.Select(model => (string?)model?["id"]) ?? []);
        Assert.All(listed ?? [], model => Assert.Null(model?["inputPerMillion"]));
    }

    [Fact]
    public async Task Sends_a_request_to_the_vendor_in_the_name_of_the_model()
    {
        await using var sidecar = await StartAsync("globex/a/b");
        var client = sidecar.Client;
        var uri = await client.CreateChatAsync();
        await client.ResultAsync("codex/update", new { uri, set = new { available_tools = Array.Empty<string>() } });
        await client.ResultAsync("message/send", new { codexId = uri, text = "Hi" });
        var (id, asked) = await client.AskedAsync("host/languageModel");
        Assert.Equal(("globex", "a/b"), ((string?)asked["vendor"], (string?)asked["model"]));
        await client.NotifyAsync(
            "host/languageModelEvent",
            new { streamId = (string?)asked["streamId"], @event = new { kind = "text", text = "Hello" } }
        );
        await client.AnswerAsync(id, new { stopReason = "endTurn" });
        await client.TurnAsync();
        var answer = (await client.ResultAsync("codex/get", new { uri }))?["messages"]?.AsArray().Last();
        Assert.Equal(("Hello", (JsonNode?)null), (Text(answer), answer?["cost"]));
    }

    [Theory]
    [InlineData("plue/house/small", "badRequest")]
    [InlineData("big", "modelNotFound")]
    public async Task Refuses_its_own_models_and_names_without_a_vendor(string model, string kind)
    {
        await using var sidecar = await StartAsync(model);
        var client = sidecar.Client;
        var uri = await client.CreateChatAsync();
        await client.ResultAsync("codex/update", new { uri, set = new { available_tools = Array.Empty<string>() } });
        await client.ResultAsync("message/send", new { codexId = uri, text = "Hi" });
        var end = (await client.TurnAsync())[^1]["event"];
        Assert.Equal(("failed", kind), ((string?)end?["stopReason"], (string?)end?["error"]?["kind"]));
    }

    private static object Model(string vendor, string id) =>
        new
        {
            id,
            name = id,
            vendor,
            family = "gpt",
            version = "1",
            maxInputTokens = 64000,
        };

    private static async Task<InMemorySidecar> StartAsync(string model)
    {
        var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("scripted", $"{{ name: 'Editor', provider_type: 'vscode', model: '{model}', retry_policy: 'none' }}");
        return sidecar;
    }
}
