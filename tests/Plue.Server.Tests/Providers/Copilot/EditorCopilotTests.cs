using System.Text.Json.Nodes;
using Plue.Server.Providers;
using Plue.Server.Providers.VsCode;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Providers.Copilot;

/// <summary>A chat with GitHub Copilot through the editor, which the test simulates.</summary>
public sealed class EditorCopilotTests
{
    [Fact]
    public async Task A_chat_streams_the_response_of_the_editors_model()
    {
        await using var sidecar = await StartAsync();
        var (client, uri) = (sidecar.Client, await CreateChatAsync(sidecar));
        await client.ResultAsync("message/send", new { codexId = uri, text = "Hi 👋" });
        var (id, asked) = await client.AskedAsync("host/languageModel");
        Assert.Equal(("copilot", "gpt-x"), ((string?)asked["vendor"], (string?)asked["model"]));
        var last = asked["messages"]?.AsArray().Last();
        Assert.Equal(
            ("user", "text", "Hi 👋"),
            ((string?)last?["role"], (string?)last?["parts"]?[0]?["kind"], (string?)last?["parts"]?[0]?["text"])
        );

        await SayAsync(client, asked, "Hello ");
        await SayAsync(client, asked, "wörld");
        await client.AnswerAsync(id, new { stopReason = "endTurn" });
        var events = await client.TurnAsync();
        Assert.Equal("endTurn", (string?)events[^1]["event"]?["stopReason"]);
        var answer = (await client.ResultAsync("codex/get", new { uri }))?["messages"]?.AsArray().Last();
        Assert.Equal("Hello wörld", Text(answer));
    }

    [Fact]
    public async Task The_prompt_goes_first_and_the_history_follows()
    {
        await using var sidecar = await StartAsync();
        var (client, uri) = (sidecar.Client, await CreateChatAsync(sidecar));
        await AnswerAsync(client, uri, "one", "first");
        await client.ResultAsync("message/send", new { codexId = uri, text = "two" });
        var (id, asked) = await client.AskedAsync("host/languageModel");
        var messages =
            asked["messages"]?.AsArray().Select(message => ((string?)message?["role"], (string?)message?["parts"]?[0]?["text"])).ToArray()
            ?? [];
        Assert.Equal([("user", "one"), ("assistant", "first"), ("user", "two")], messages[^3..]);
        Assert.Equal(4, messages.Length);
        await client.AnswerAsync(id, new { stopReason = "endTurn" });
        await client.TurnAsync();
    }

    [Fact]
    public async Task A_tool_call_arrives_whole()
    {
        await using var sidecar = await StartAsync();
        var (client, uri) = (sidecar.Client, await CreateChatAsync(sidecar));
        await client.ResultAsync("message/send", new { codexId = uri, text = "Read it" });
        var (id, asked) = await client.AskedAsync("host/languageModel");
        await SayAsync(client, asked, "I look.");
        await NotifyAsync(
            client,
            asked,
            new
            {
                kind = "toolCall",
                toolUseId = "call-7",
                toolName = "read",
                parameters = "{\"path\":\"a.txt\"}",
            }
        );
        await client.AnswerAsync(id, new { stopReason = "endTurn" });
        await client.TurnAsync();
        var parts = (await client.ResultAsync("codex/get", new { uri }))?["messages"]?.AsArray().Last()?["parts"]?.AsArray();
        var use = parts?.Single(part => (string?)part?["kind"] == "toolUse");
        Assert.Equal(
            ("call-7", "read", "{\"path\":\"a.txt\"}"),
            ((string?)use?["toolUseId"], (string?)use?["toolName"], (string?)use?["parameters"])
        );
    }

    [Theory]
    [InlineData("[1]"), InlineData("{\"path\":"), InlineData("nonsense")]
    public async Task A_tool_call_that_is_no_object_runs_nothing(string parameters)
    {
        await using var sidecar = await StartAsync();
        var (client, uri) = (sidecar.Client, await CreateChatAsync(sidecar));
        await client.ResultAsync("message/send", new { codexId = uri, text = "Read it" });
        var (id, asked) = await client.AskedAsync("host/languageModel");
        await NotifyAsync(
            client,
            asked,
            new
            {
                kind = "toolCall",
                toolUseId = "call-7",
                toolName = "read",
                parameters,
            }
        );
        await client.AnswerAsync(id, new { stopReason = "endTurn" });
        Assert.Null((await client.TurnAsync())[^1]["event"]?["error"]);
        // The chat has no tools, so the call's result is an error that says so.
        var parts = (await client.ResultAsync("codex/get", new { uri }))?["messages"]?.AsArray().Last()?["parts"]?.AsArray();
        var use = parts?.Single(part => (string?)part?["kind"] == "toolUse");
        Assert.Equal("{}", (string?)use?["parameters"]);
        Assert.NotNull((string?)parts?.Single(part => (string?)part?["kind"] == "toolResult")?["error"]);
    }

    [Theory]
    [InlineData("permissionDenied"), InlineData("modelNotFound"), InlineData("rateLimited"), InlineData("refused")]
    public async Task A_refusal_of_the_editor_ends_the_turn_with_its_kind(string kind)
    {
        await using var sidecar = await StartAsync();
        var (client, uri) = (sidecar.Client, await CreateChatAsync(sidecar));
        await client.ResultAsync("message/send", new { codexId = uri, text = "Hi" });
        var (id, _) = await client.AskedAsync("host/languageModel");
        await client.RefuseAsync(id, -33000, "You did not allow it.", new { kind });
        var end = (await client.TurnAsync())[^1]["event"];
        Assert.Equal(
            ("failed", kind, "You did not allow it."),
            ((string?)end?["stopReason"], (string?)end?["error"]?["kind"], (string?)end?["error"]?["message"])
        );
    }

    [Fact]
    public async Task Stopping_stops_the_model_and_keeps_the_text()
    {
        await using var sidecar = await StartAsync();
        var (client, uri) = (sidecar.Client, await CreateChatAsync(sidecar));
        await client.ResultAsync("message/send", new { codexId = uri, text = "Hi" });
        var (id, asked) = await client.AskedAsync("host/languageModel");
        await SayAsync(client, asked, "Half");
        await client.NextAsync("message/event", item => Kind(item) == "textDelta");
        client.Start("message/stop", new { codexId = uri }, out var stopped);
        Assert.Equal(id, (long?)(await client.NextAsync("$/cancelRequest"))["id"]);
        await stopped;
        // The editor may send more text before it receives the cancellation.
        await SayAsync(client, asked, " and more");
        await client.RefuseAsync(id, -32800, "Cancelled.");
        var answer = (await client.ResultAsync("codex/get", new { uri }))?["messages"]?.AsArray().Last();
        Assert.Equal(("Half", "stopped"), (Text(answer), (string?)answer?["status"]));
    }

    [Fact]
    public async Task An_answer_that_the_editor_cuts_is_not_taken_for_whole()
    {
        await using var sidecar = await StartAsync();
        var (client, uri) = (sidecar.Client, await CreateChatAsync(sidecar));
        await client.ResultAsync("message/send", new { codexId = uri, text = "Hi" });
        var (id, asked) = await client.AskedAsync("host/languageModel");
        await SayAsync(client, asked, "Half");
        await client.RefuseAsync(id, -32800, "Cancelled.");
        Assert.Equal("cutStream", (string?)(await client.TurnAsync())[^1]["event"]?["error"]?["kind"]);
    }

    [Fact]
    public async Task An_editor_that_goes_in_the_middle_leaves_the_text_behind()
    {
        string home,
            uri;
        await using (var sidecar = await StartAsync())
        {
            home = sidecar.Home;
            uri = await CreateChatAsync(sidecar);
            await sidecar.Client.ResultAsync("message/send", new { codexId = uri, text = "Hi" });
            var (_, asked) = await sidecar.Client.AskedAsync("host/languageModel");
            await SayAsync(sidecar.Client, asked, "Half");
            await sidecar.Client.NextAsync("message/event", item => Kind(item) == "textDelta");
        }

        await using var again = await InMemorySidecar.StartAsync(home);
        var answer = (await again.Client.ResultAsync("codex/get", new { uri }))?["messages"]?.AsArray().Last();
        Assert.Equal("Half", Text(answer));
        Assert.NotEqual("complete", (string?)answer?["status"]);
    }

    [Fact]
    public async Task The_models_of_the_editor_are_listed_and_tested()
    {
        await using var sidecar = await StartAsync();
        var client = sidecar.Client;
        client.Start("provider/models", new { id = "scripted" }, out var models);
        var (id, asked) = await client.AskedAsync("host/languageModels");
        Assert.Equal("copilot", (string?)asked["vendor"]);
        await client.AnswerAsync(id, new { models = new[] { Model } });
        var listed = (await models)["result"]?["models"]?[0];
        Assert.Equal(("gpt-x", "GPT X", 64000L), ((string?)listed?["id"], (string?)listed?["name"], (long?)listed?["contextLength"]));

        client.Start("provider/test", new { id = "scripted" }, out var test);
        await client.AnswerAsync((await client.AskedAsync("host/languageModels")).Id, new { models = Array.Empty<object>() });
        var summary = (await test)["result"];
        Assert.Equal("error", (string?)summary?["status"]);
        Assert.Contains("sign in there", (string?)summary?["error"]?["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fails_with_advice_and_without_retries_if_no_editor_is_connected()
    {
        await using var provider = new EditorModelProvider(
            new ProviderSettings
            {
                Id = "copilot",
                Name = "Copilot",
                Kind = ProviderKinds.GithubCopilot,
            },
            EditorModelProvider.Copilot,
            () => null,
            TimeProvider.System
        );
        var request = new ProviderRequest
        {
            CodexId = "chat_1",
            Model = "gpt-x",
            Messages = [],
        };
        var failed = Assert.IsType<ProviderEvent.Failed>(
            Assert.Single(
                await provider
                    .StreamAsync(request, TestContext.Current.CancellationToken)
                    .ToListAsync(TestContext.Current.CancellationToken)
            )
        );
        Assert.False(failed.Failure.IsRetryable);
        Assert.Contains("auth_type", failed.Failure.Message, StringComparison.Ordinal);
        Assert.Equal(failed.Failure, await provider.CheckAsync(TestContext.Current.CancellationToken));
    }

    private static readonly object Model = new
    {
        id = "gpt-x",
        name = "GPT X",
        vendor = "copilot",
        family = "gpt",
        version = "1",
        maxInputTokens = 64000,
    };

    private static async Task<InMemorySidecar> StartAsync()
    {
        var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("scripted", "{ name: 'Copilot', provider_type: 'github-copilot', model: 'gpt-x', retry_policy: 'none' }");
        return sidecar;
    }

    /// <summary>Creates a chat without tools, so that the editor is not asked whether its model supports them.</summary>
    private static async Task<string> CreateChatAsync(InMemorySidecar sidecar)
    {
        var uri = await sidecar.Client.CreateChatAsync();
        await sidecar.Client.ResultAsync("codex/update", new { uri, set = new { available_tools = Array.Empty<string>() } });
        return uri;
    }

    private static async Task AnswerAsync(RpcClient client, string uri, string question, string answer)
    {
        await client.ResultAsync("message/send", new { codexId = uri, text = question });
        var (id, asked) = await client.AskedAsync("host/languageModel");
        await SayAsync(client, asked, answer);
        await client.AnswerAsync(id, new { stopReason = "endTurn" });
        await client.TurnAsync();
    }

    private static Task SayAsync(RpcClient client, JsonObject asked, string text) =>
        NotifyAsync(client, asked, new { kind = "text", text });

    private static Task NotifyAsync(RpcClient client, JsonObject asked, object next) =>
        client.NotifyAsync("host/languageModelEvent", new { streamId = (string?)asked["streamId"], @event = next });
}
