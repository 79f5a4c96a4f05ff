using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>Plue's models in VS Code's chat.</summary>
public sealed class ModelHandlersTests
{
    private const string Priced = "model_prices: { coder: { input: 1000, output: 2000 } }";

    [Fact]
    public async Task The_answer_comes_in_events_and_its_cost_is_in_the_usage_without_a_chat()
    {
        await using var endpoint = new ScriptedEndpoint(Answer("One", "Two"));
        await using var sidecar = await StartAsync(endpoint, Priced);
        var reply = await sidecar.Client.ResultAsync("model/sendRequest", Ask(User("Hello")));

        Assert.Equal("endTurn", (string?)reply?["stopReason"]);
        // Two deltas are one event if both arrive within a frame.
        var text = "";
        while (text.Length < "OneTwo".Length)
        {
            var (stream, more) = TextOf(await sidecar.Client.NextAsync("model/event"));
            Assert.Equal("s1", stream);
            text += more;
        }

        Assert.Equal("OneTwo", text);
        var body = JsonNode.Parse(endpoint.Requests[0].Body);
        Assert.Equal(("system", "Be brief."), ((string?)body?["messages"]?[0]?["role"], (string?)body?["messages"]?[0]?["content"]));
        Assert.Equal("find", (string?)body?["tools"]?[0]?["function"]?["name"]);
        var usage = await sidecar.Client.ResultAsync("usage/summary", new { });
        Assert.Equal("VS Code chat", (string?)Assert.Single(usage?["templates"]?.AsArray() ?? [])?["name"]);
        Assert.Empty(usage?["chats"]?.AsArray() ?? []);
    }

    [Fact]
    public async Task A_call_goes_to_the_editor_and_its_result_back_with_the_reasoning_before_it()
    {
        var reasoned =
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"reasoning_content\":\"Look first.\"},\"finish_reason\":null}]}\n\n";
        var called =
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"find\",\"arguments\":\"{}\"}}]},\"finish_reason\":null}]}\n\n";
        var ended = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n";
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Events().Send(reasoned + called + ended), Answer("Found."));
        await using var sidecar = await StartAsync(endpoint);
        var reply = await sidecar.Client.ResultAsync("model/sendRequest", Ask(User("Find it")));
        Assert.Equal("toolUse", (string?)reply?["stopReason"]);
        var call = (await sidecar.Client.NextAsync("model/event"))["event"];
        Assert.Equal(("toolCall", "find"), ((string?)call?["kind"], (string?)call?["toolName"]));

        var id = (string?)call?["toolUseId"];
        object[] parts =
        [
            new
            {
                kind = "toolUse",
                toolUseId = id,
                toolName = "find",
                parameters = "{}",
            },
        ];
        object[] results =
        [
            new
            {
                kind = "toolResult",
                toolUseId = id,
                text = "a.txt",
            },
        ];
        await sidecar.Client.ResultAsync(
            "model/sendRequest",
            Ask(User("Find it"), new { role = "assistant", parts }, new { role = "user", parts = results })
        );
        var messages = JsonNode.Parse(endpoint.Requests[1].Body)?["messages"];
        Assert.Equal("Look first.", (string?)messages?[2]?["reasoning_content"]);
        Assert.Equal(("tool", "a.txt"), ((string?)messages?[3]?["role"], (string?)messages?[3]?["content"]));
    }

    [Fact]
    public async Task Images_are_sent()
    {
        await using var endpoint = new ScriptedEndpoint(Answer("A cat."));
        await using var sidecar = await StartAsync(endpoint);
        object[] parts =
        [
            new
            {
                kind = "image",
                mediaType = "image/png",
                data = "aGk=",
            },
            new { kind = "text", text = "What is it?" },
        ];
        await sidecar.Client.ResultAsync("model/sendRequest", Ask(new { role = "user", parts }));
        Assert.Contains("data:image/png;base64,aGk=", endpoint.Requests[0].Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_closes_the_connection_and_its_estimated_cost_is_counted()
    {
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Events().Send(Chunk("One")).Hang());
        await using var sidecar = await StartAsync(endpoint, Priced);
        var id = sidecar.Client.Start("model/sendRequest", Ask(User(new string('x', 4000))), out var reply);
        await sidecar.Client.NextAsync("model/event");
        await sidecar.Client.NotifyAsync("$/cancelRequest", new { id });
        Assert.NotNull((await reply)["error"]);
        await endpoint.ClientLeft.Task.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        var csv = (string?)(await sidecar.Client.ResultAsync("usage/csv", new { }))?["csv"] ?? "";
        Assert.Contains(",VS Code chat,vscode-chat,", csv, StringComparison.Ordinal);
        Assert.Contains(",estimate,", csv, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_limit_refuses_it_before_anything_is_sent()
    {
        await using var endpoint = new ScriptedEndpoint(Answer("One"));
        await using var sidecar = await StartAsync(endpoint, Priced);
        await sidecar.Client.ResultAsync("settings/set", new { name = "budget_usd_per_day", value = 0.0001 });
        await sidecar.Client.ResultAsync("model/sendRequest", Ask(User(new string('x', 4000))));
        var refused = await sidecar.Client.RequestAsync("model/sendRequest", Ask(User("Again")));
        Assert.Equal("budgetExceeded", ErrorKind(refused));
        Assert.Single(endpoint.Requests);
    }

    [Fact]
    public async Task Programs_with_their_own_tools_are_not_offered()
    {
        await using var endpoint = new ScriptedEndpoint(Answer("One"));
        await using var sidecar = await StartAsync(endpoint, Priced);
        sidecar.WriteProvider("claude", "{ name: 'Claude', provider_type: 'claude-code' }");
        var listed = (await sidecar.Client.ResultAsync("model/list"))?["providers"]?.AsArray() ?? [];
        Assert.Equal("scripted", (string?)Assert.Single(listed)?["id"]);
        Assert.Equal("model", (string?)listed[0]?["models"]?[0]?["id"]);
        Assert.Equal("badRequest", ErrorKind(await sidecar.Client.RequestAsync("model/sendRequest", Ask(User("Hello"), "claude"))));
    }

    private static async Task<InMemorySidecar> StartAsync(ScriptedEndpoint endpoint, string extra = "")
    {
        var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url, extra));
        return sidecar;
    }

    private static object User(string text) => new { role = "user", parts = new object[] { new { kind = "text", text } } };

    private static object Ask(params object[] messages) => Ask(messages, "scripted");

    private static object Ask(object message, string providerId) => Ask([message], providerId);

    private static object Ask(object[] messages, string providerId) =>
        new
        {
            streamId = "s1",
            providerId,
            model = "coder",
            system = "Be brief.",
            messages,
            tools = new object[]
            {
                new
                {
                    name = "find",
                    description = "Finds files.",
                    schema = """{"type":"object","properties":{}}""",
                },
            },
        };

    private static (string?, string?) TextOf(JsonObject parameters) =>
        ((string?)parameters["streamId"], (string?)parameters["event"]?["text"]);
}
