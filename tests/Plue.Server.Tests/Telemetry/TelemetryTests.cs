using System.Text.Json.Nodes;
using Plue.Server.Messages;
using Plue.Server.Tests.Agents;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Telemetry;

/// <summary>The data that a collector on loopback receives.</summary>
public sealed class TelemetryTests : IAsyncDisposable
{
    private readonly ScriptedEndpoint collector = new() { Route = _ => ScriptedAnswer.Json("{}") };
    private readonly List<JsonNode> spans = [];

    public ValueTask DisposeAsync() => collector.DisposeAsync();

    [Fact]
    public async Task A_turn_with_a_tool_call_is_a_trace_without_content()
    {
        await using var chat = await ToolChat.StartAsync(
            "edit",
            Calls("I look.", ("c1", "read", """{"path":"secret-name.txt"}""")),
            Answer("The canary sings.")
        );
        Export(chat.Home);
        chat.Write("secret-name.txt", "canary");
        await chat.AskAsync("Where is the canary?");

        var agent = await SpanAsync("invoke_agent ai-chat");
        var tool = await SpanAsync("execute_tool read");
        var rounds = spans.Where(span => (string?)span["name"] == "chat model").ToList();
        Assert.Equal(2, rounds.Count);
        Assert.Null(agent["parentSpanId"]);
        Assert.All([.. rounds, tool], span => Assert.Equal((string?)agent["spanId"], (string?)span["parentSpanId"]));
        Assert.Single(spans.Select(span => (string?)span["traceId"]).Distinct());
        Assert.Equal((3, 1, 1), ((int?)rounds[0]["kind"], (int?)agent["kind"], (int?)tool["kind"]));
        Assert.Equal("openai-compatible", Attribute(rounds[0], "gen_ai.provider.name"));
        Assert.Equal("127.0.0.1", Attribute(rounds[0], "server.address"));
        Assert.Equal("c1", Attribute(tool, "gen_ai.tool.call.id"));
        Assert.True(long.Parse((string)agent["endTimeUnixNano"]!) >= long.Parse((string)agent["startTimeUnixNano"]!));
        Assert.DoesNotContain(
            "canary",
            string.Concat(collector.Requests.Select(request => request.Body)),
            StringComparison.OrdinalIgnoreCase
        );
        Assert.DoesNotContain("secret-name", string.Concat(collector.Requests.Select(request => request.Body)), StringComparison.Ordinal);

        var metrics = JsonNode.Parse((await RequestAsync("/v1/metrics")).Body)!["resourceMetrics"]![0]!["scopeMetrics"]![0]![
            "metrics"
        ]!.AsArray();
        Assert.Contains(metrics, metric => (string?)metric!["name"] == "gen_ai.client.operation.duration");
    }

    [Fact]
    public async Task Content_is_exported_if_it_is_switched_on()
    {
        await using var chat = await ToolChat.StartAsync(
            "edit",
            Calls("I look.", ("c1", "read", """{"path":"a.txt"}""")),
            Answer("Alpha.")
        );
        Export(chat.Home, "telemetry_content: true");
        chat.Write("a.txt", "alpha");
        await chat.AskAsync("What is in it?");
        await SpanAsync("invoke_agent ai-chat");
        var rounds = spans.Where(span => (string?)span["name"] == "chat model").ToList();
        Assert.Contains("What is in it?", Attribute(rounds[0], "gen_ai.input.messages"), StringComparison.Ordinal);
        Assert.Contains("tool_call", Attribute(rounds[0], "gen_ai.output.messages"), StringComparison.Ordinal);
        Assert.Contains("Alpha.", Attribute(rounds[1], "gen_ai.output.messages"), StringComparison.Ordinal);
        var tool = await SpanAsync("execute_tool read");
        Assert.Contains("alpha", Attribute(tool, "gen_ai.tool.call.result"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_tree_is_one_trace_in_which_a_child_is_under_the_call_that_started_it()
    {
        await using var home = await AgentsHome.StartAsync();
        Export(home.Sidecar.Home);
        home.Script = asked =>
            asked.Model == "small" ? Answer("Did it.")
            : asked.Asked == 0 ? Calls("", AgentsHome.Spawn("c1", "one"))
            : Answer("Done.");
        await home.StatusAsync(await home.SpawnAsync("planner", "Plan it"), "done");

        var root = await SpanAsync("invoke_agent planner");
        var child = await SpanAsync("invoke_agent worker");
        var call = await SpanAsync("execute_tool spawn_task");
        Assert.Equal((string?)root["spanId"], (string?)call["parentSpanId"]);
        Assert.Equal((string?)call["spanId"], (string?)child["parentSpanId"]);
        Assert.Single(spans.Select(span => (string?)span["traceId"]).Distinct());
    }

    [Fact]
    public async Task A_failed_turn_has_the_kind_of_its_error_and_not_its_text()
    {
        await using var chat = await ToolChat.StartAsync("edit", ScriptedAnswer.Json("""{"error":{"message":"canary"}}""", 400));
        Export(chat.Home);
        await chat.AskAsync("Hello?");
        var agent = await SpanAsync("invoke_agent ai-chat");
        Assert.Equal((2, "bad_request"), ((int?)agent["status"]?["code"], Attribute(agent, "error.type")));
        Assert.DoesNotContain("canary", string.Concat(collector.Requests.Select(request => request.Body)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stopped_turn_ends_as_stopped_and_is_no_error()
    {
        await using var chat = await ToolChat.StartAsync("edit", ScriptedAnswer.Events().Send(Chunk("Half")).Hang());
        Export(chat.Home);
        var ended = chat.ComesAsync<Plue.Server.Chat.TurnEvent.TurnFinished>();
        var begun = chat.ComesAsync<Plue.Server.Chat.TurnEvent.TextDelta>();
        await chat.Chat.SendAsync(new Plue.Server.Chat.Draft("Hello?"), mayWait: false, CancellationToken.None);
        await begun;
        await chat.Chat.StopAsync(Plue.Server.Chat.StopCause.User);
        await ended;
        var agent = await SpanAsync("invoke_agent ai-chat");
        Assert.Null(agent["status"]?["code"]);
        Assert.Contains("stopped", agent["attributes"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("silent")]
    [InlineData("refusing")]
    [InlineData("redirecting")]
    public async Task A_collector_that_does_not_accept_anything_holds_up_no_turn(string kind)
    {
        await using var chat = await ToolChat.StartAsync("edit", Answer("One"), Answer("Two"));
        collector.Route = _ =>
            kind switch
            {
                "silent" => ScriptedAnswer.Silence(),
                "redirecting" => ScriptedAnswer.Json("{}", 307, ("Location", "http://127.0.0.1:1/")),
                _ => ScriptedAnswer.Json("{}", 500),
            };
        Export(chat.Home);
        if (kind == "gone")
        {
            await collector.DisposeAsync();
        }

        Assert.Equal(StopReason.EndTurn, (await chat.AskAsync("Hello?")).Reason);
        if (kind != "gone")
        {
            await collector.NextRequestAsync();
        }
        Assert.Equal(StopReason.EndTurn, (await chat.AskAsync("And?")).Reason);
    }

    [Fact]
    public async Task Without_an_endpoint_nothing_is_sent()
    {
        await using var chat = await ToolChat.StartAsync("edit", Answer("One"), Answer("Two"));
        await chat.AskAsync("Hello?");
        Export(chat.Home);
        await chat.AskAsync("And?");
        await SpanAsync("invoke_agent ai-chat");
        Assert.Single(spans, span => (string?)span["name"] == "invoke_agent ai-chat");
    }

    [Fact]
    public async Task A_header_comes_from_the_vault_if_the_secret_is_for_the_collector()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        await using var endpoint = new ScriptedEndpoint(Answer("One"));
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        await sidecar.UnlockedVaultAsync();
        await sidecar.Services.Vault.Vault.StoreAsync(
            "vault://telemetry/key",
            "canary-key",
            [collector.Url.ToString()],
            CancellationToken.None
        );
        Export(sidecar.Home, "telemetry_headers: [{ name: 'authorization', value: 'Bearer vault://telemetry/key' }]");
        var chat = await sidecar.Client.ResultAsync("codex/create", new { templateId = "ai-chat", providerId = "scripted" });
        await sidecar.Client.ResultAsync("message/send", new { codexId = (string?)chat?["uri"], text = "Hello" });
        var request = await RequestAsync("/v1/traces");
        Assert.Equal("Bearer canary-key", request.Headers["authorization"]);
    }

    private void Export(string home, string more = "") =>
        File.WriteAllText(Path.Combine(home, "config.json5"), $"{{ telemetry_endpoint: '{collector.Url}', {more} }}");

    /// <summary>Waits for the span with this name and skips others.</summary>
    private async Task<JsonNode> SpanAsync(string name)
    {
        while (spans.Find(span => (string?)span["name"] == name) is null)
        {
            var body = JsonNode.Parse((await RequestAsync("/v1/traces")).Body)!;
            spans.AddRange(body["resourceSpans"]![0]!["scopeSpans"]![0]!["spans"]!.AsArray().Select(span => span!));
        }

        return spans.Find(span => (string?)span["name"] == name)!;
    }

    private async Task<ScriptedRequest> RequestAsync(string target)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            var request = await collector.NextRequestAsync(limit.Token);
            if (request.Target == target)
            {
                return request;
            }
        }
    }

    private static string? Attribute(JsonNode span, string key) =>
        (string?)span["attributes"]!.AsArray().Single(one => (string?)one!["key"] == key)!["value"]!["stringValue"];
}
