using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>Messages that a user sends during a response.</summary>
public sealed class QueueTests : IAsyncLifetime
{
    private readonly ScriptedEndpoint endpoint = new();
    private readonly Queue<TaskCompletionSource> gates = new();
    private InMemorySidecar sidecar = null!;
    private string uri = "";

    public async ValueTask InitializeAsync()
    {
        // Each response starts immediately and waits for its gate; without one it completes.
        endpoint.Route = request =>
            request.Target.EndsWith("/models", StringComparison.Ordinal) ? ScriptedAnswer.Silence()
            : gates.TryDequeue(out var gate) ? ScriptedAnswer.Events().Send(Chunk("begun")).Gate(gate.Task).Send(End)
            : Answer("whole");
        sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        uri = await sidecar.Client.CreateChatAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await sidecar.DisposeAsync();
        await endpoint.DisposeAsync();
    }

    [Fact]
    public async Task Messages_sent_during_a_response_are_queued_and_sent_in_order()
    {
        var gate = await BeginAsync("one");
        var queued = await QueueAsync("two");
        Assert.Equal((true, null), ((bool?)queued?["queued"], (string?)queued?["turnId"]));
        await QueueAsync("three");
        Assert.Equal(["two", "three"], await QueuedAsync());
        Assert.Equal("conflict", ErrorKind(await sidecar.Client.RequestAsync("message/send", new { codexId = uri, text = "now" })));
        gate.SetResult();
        List<JsonObject> events =
        [
            .. await sidecar.Client.TurnAsync(),
            .. await sidecar.Client.TurnAsync(),
            .. await sidecar.Client.TurnAsync(),
        ];
        Assert.Equal(["one", "begun", "two", "whole", "three", "whole"], await TextsAsync());
        Assert.Empty(await QueuedAsync());
        Assert.Equal(3, events.Count(item => Kind(item) == "turnFinished"));
        Assert.Equal(["two", "three"], events.Where(item => Kind(item) == "messageAdded").Select(item => Text(item["event"]?["message"])));
        Assert.Equal(
            [2, 1, 0],
            events
                .Where(item => Kind(item) == "queueChanged")
                .Select(item => item["event"]?["queue"]?.AsArray().Count ?? -1)
                .SkipWhile(count => count == 1)
                .ToList()
        );
        Assert.Equal(
            (string?)queued?["messageId"],
            (string?)events.First(item => Kind(item) == "messageAdded")["event"]?["message"]?["id"]
        );
    }

    [Fact]
    public async Task A_message_is_sent_immediately_when_no_response_is_in_progress()
    {
        var sent = await QueueAsync("one");
        Assert.NotNull(sent?["turnId"]);
        await sidecar.Client.TurnAsync();
        Assert.Equal(["one", "whole"], await TextsAsync());
    }

    [Fact]
    public async Task The_queue_survives_stop_and_restart_and_continues_on_request()
    {
        await BeginAsync("one");
        var two = (string?)(await QueueAsync("two"))?["messageId"];
        await QueueAsync("three");
        await sidecar.Client.ResultAsync("message/stop", new { codexId = uri });
        Assert.Equal(["two", "three"], await QueuedAsync());
        Assert.Equal(["one", "begun"], await TextsAsync());

        await sidecar.DisposeAsync();
        sidecar = await InMemorySidecar.StartAsync(sidecar.Home);
        Assert.Equal(["two", "three"], await QueuedAsync());
        Assert.Null((await sidecar.Client.ResultAsync("codex/get", new { uri }))?["turnId"]);
        await sidecar.Client.ResultAsync("message/steer", new { codexId = uri, queuedId = two });
        await sidecar.Client.TurnAsync();
        await sidecar.Client.TurnAsync();
        Assert.Equal(["one", "begun", "two", "whole", "three", "whole"], await TextsAsync());
    }

    [Fact]
    public async Task After_a_failure_it_waits()
    {
        var gate = new TaskCompletionSource();
        endpoint.Route = _ => ScriptedAnswer.Events().Send(Chunk("begun")).Gate(gate.Task).Cut();
        await sidecar.Client.ResultAsync("message/send", new { codexId = uri, text = "one" });
        await sidecar.Client.NextAsync("message/event", item => Kind(item) == "textDelta");
        await QueueAsync("two");
        gate.SetResult();
        Assert.Equal("failed", (string?)(await sidecar.Client.TurnAsync())[^1]["event"]?["stopReason"]);
        Assert.Equal(["two"], await QueuedAsync());
    }

    [Fact]
    public async Task A_steering_message_stops_the_response_keeps_its_text_and_is_sent_first()
    {
        await BeginAsync("one");
        await QueueAsync("later");
        await sidecar.Client.ResultAsync("message/steer", new { codexId = uri, text = "shorter" });
        List<JsonObject> events =
        [
            .. await sidecar.Client.TurnAsync(),
            .. await sidecar.Client.TurnAsync(),
            .. await sidecar.Client.TurnAsync(),
        ];
        Assert.Equal(
            ["stopped", "endTurn", "endTurn"],
            events.Where(item => Kind(item) == "turnFinished").Select(item => (string?)item["event"]?["stopReason"])
        );
        Assert.Equal(["one", "begun", "shorter", "whole", "later", "whole"], await TextsAsync());
        Assert.Contains("begun", endpoint.Requests[1].Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_queued_message_can_be_removed()
    {
        var gate = await BeginAsync("one");
        var two = (string?)(await QueueAsync("two"))?["messageId"];
        await sidecar.Client.ResultAsync("message/unqueue", new { codexId = uri, queuedId = two });
        Assert.Equal("notFound", ErrorKind(await sidecar.Client.RequestAsync("message/unqueue", new { codexId = uri, queuedId = two })));
        Assert.Equal("notFound", ErrorKind(await sidecar.Client.RequestAsync("message/steer", new { codexId = uri, queuedId = two })));
        gate.SetResult();
        await sidecar.Client.TurnAsync();
        Assert.Equal(["one", "begun"], await TextsAsync());
    }

    [Fact]
    public async Task Stopping_during_discovery_of_the_provider_sends_no_request()
    {
        sidecar.WriteProvider(
            "scripted",
            $"{{ name: 'Scripted', provider_type: 'openai-compatible', endpoint: '{endpoint.Url}v1', retry_policy: 'none' }}"
        );
        sidecar.Client.Start("message/send", new { codexId = uri, text = "one" }, out var reply);
        while (!(await endpoint.NextRequestAsync()).Target.EndsWith("/models", StringComparison.Ordinal)) { }
        await sidecar.Client.ResultAsync("message/stop", new { codexId = uri });
        Assert.Equal("It was stopped before it was sent.", (string?)(await reply)["error"]?["message"]);
        Assert.Empty(await TextsAsync());
    }

    private async Task<TaskCompletionSource> BeginAsync(string text)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        gates.Enqueue(gate);
        await sidecar.Client.ResultAsync("message/send", new { codexId = uri, text });
        await sidecar.Client.NextAsync("message/event", item => Kind(item) == "textDelta");
        return gate;
    }

    private Task<JsonNode?> QueueAsync(string text) =>
        sidecar.Client.ResultAsync(
            "message/send",
            new
            {
                codexId = uri,
                text,
                queue = true,
            }
        );

    private async Task<IEnumerable<string?>> QueuedAsync() =>
        (await sidecar.Client.ResultAsync("codex/get", new { uri }))?["queue"]?.AsArray().Select(item => (string?)item?["text"]) ?? [];

    private async Task<List<string>> TextsAsync() => Texts(await sidecar.Client.ResultAsync("codex/get", new { uri }));
}
