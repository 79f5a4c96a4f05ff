using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Chat;

/// <summary>A model that calls tools, over the whole house: real journal, real files, a vendor on loopback.</summary>
public sealed class ToolRoundsTests : IAsyncLifetime
{
    private readonly ScriptedEndpoint endpoint = new();
    private readonly TestTools tools = new();
    private readonly string folder = Directory.CreateTempSubdirectory("plue-test-").FullName;
    private readonly Queue<ScriptedAnswer> answers = new();
    private InMemorySidecar sidecar = null!;
    private string uri = "";

    public async ValueTask InitializeAsync()
    {
        endpoint.Route = request => request.Target.EndsWith("/models", StringComparison.Ordinal) ? ScriptedAnswer.Silence() : answers.TryDequeue(out var next) ? next : Answer("done");
        File.WriteAllText(Path.Combine(folder, "a.txt"), "alpha");
        File.WriteAllText(Path.Combine(folder, "b.txt"), "beta");
        sidecar = await InMemorySidecar.StartAsync(folder: folder, trusted: true, tools: [tools]);
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        uri = await sidecar.Client.CreateChatAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await sidecar.DisposeAsync();
        await endpoint.DisposeAsync();
    }

    [Fact]
    public async Task A_model_that_calls_a_tool_is_asked_again_with_the_result()
    {
        Then(Calls("I look.", ("c1", "read", """{"path":"a.txt"}""")), Answer("It says alpha."));
        var events = await sidecar.Client.AskAsync(uri, "What is in a.txt?");

        Assert.Equal(
            ["turnStarted", "messageStarted", "toolCallStarted", "toolCallFinished", "messageFinished", "messageStarted", "messageFinished", "turnFinished"],
            events.Select(Kind).Where(kind => kind is not ("messageAdded" or "textDelta" or "toolCallDelta" or "waiting")).ToList());
        var messages = (await ChatAsync())["messages"]!.AsArray();
        Assert.Equal(["What is in a.txt?", "I look.", "It says alpha."], messages.Select(Text));
        Assert.Equal([null, "toolUse", "endTurn"], messages.Select(message => (string?)message!["stopReason"]));
        Assert.Equal(["text", "toolUse", "toolResult"], messages[1]!["parts"]!.AsArray().Select(part => (string?)part!["kind"]));
        Assert.Equal((string?)messages[1]!["id"], (string?)messages[2]!["parentId"]);

        var sent = Sent(1);
        Assert.Equal(["user", "assistant", "tool"], sent.Where(message => (string?)message!["role"] != "system").Select(message => (string?)message!["role"]));
        Assert.Equal(("c1", "alpha"), ((string?)sent[^1]!["tool_call_id"], (string?)sent[^1]!["content"]));
        Assert.Equal(["read", "write"], JsonNode.Parse(endpoint.Requests[^1].Body)!["tools"]!.AsArray().Select(tool => (string?)tool!["function"]!["name"]));
    }

    private void Then(params ScriptedAnswer[] next)
    {
        foreach (var answer in next) { answers.Enqueue(answer); }
    }

    private async Task<JsonNode> ChatAsync() => (await sidecar.Client.ResultAsync("codex/get", new { uri }))!;

    /// <summary>The messages of the request of this number, from 0.</summary>
    private JsonArray Sent(int at) => JsonNode.Parse(endpoint.Requests.Where(request => request.Method == "POST").ToList()[at].Body)!["messages"]!.AsArray();
}
