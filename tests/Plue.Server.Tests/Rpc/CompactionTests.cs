using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>Compaction of long chats and generation of titles, as a window sees them.</summary>
public sealed class CompactionTests
{
    private static readonly string Long = string.Concat(Enumerable.Repeat("Some words about the date parser. ", 100));

    [Fact]
    public async Task On_request_earlier_messages_are_summarized_and_the_summary_is_shown_and_sent()
    {
        await using var endpoint = new ScriptedEndpoint(Answer(Long), Answer("Second"), Answer("SUMMARY"), Answer("Third"));
        await using var sidecar = await StartAsync(endpoint);
        var uri = await sidecar.Client.CreateChatAsync();
        await sidecar.Client.AskAsync(uri, "First question " + Long);
        await sidecar.Client.AskAsync(uri, "Second question");
        var result = await sidecar.Client.ResultAsync("message/compact", new { codexId = uri });
        Assert.True((long?)result?["tokensAfter"] < (long?)result?["tokensBefore"]);
        var events = await sidecar.Client.TurnAsync();
        Assert.Equal(["turnStarted", "waiting", "messageAdded", "turnFinished"], events.Select(Kind));

        await sidecar.Client.AskAsync(uri, "Third question");
        var sent = JsonNode.Parse(endpoint.Requests[^1].Body)!["messages"]!.AsArray();
        Assert.Equal(["system", "user", "assistant", "user"], sent.Select(message => (string?)message?["role"]));
        Assert.Contains("SUMMARY", (string?)sent[1]?["content"]);
        Assert.Contains("Second question", (string?)sent[1]?["content"]);
        Assert.DoesNotContain("First question", (string?)sent[1]?["content"]);
        var chat = await sidecar.Client.ResultAsync("codex/get", new { uri });
        Assert.Equal(7, chat!["messages"]!.AsArray().Count);
        Assert.StartsWith("First question", Texts(chat)[0]);
        Assert.Equal(2, (int?)chat["messages"]![4]!["compaction"]!["messages"]);
    }

    [Fact]
    public async Task A_nearly_full_window_is_made_room_in_before_the_question_is_sent()
    {
        await using var endpoint = new ScriptedEndpoint(Answer(Long), Answer("SUMMARY"), Answer("SUMMARY"), Answer("Second"));
        await using var sidecar = await StartAsync(endpoint, window: 2000);
        var uri = await sidecar.Client.CreateChatAsync();
        await sidecar.Client.AskAsync(uri, "First question " + Long);
        var meter = await sidecar.Client.ResultAsync("message/context", new { codexId = uri, draft = "1234" });
        Assert.Equal((2000, 1700), ((long?)meter?["window"], (long?)meter?["compactsAt"]));
        Assert.True((long?)meter?["tokens"] >= 1700);

        var events = await sidecar.Client.AskAsync(uri, "Second question");
        Assert.Equal(
            "turnStarted waiting messageAdded messageStarted",
            string.Join(' ', events.Select(Kind).SkipWhile(kind => kind != "turnStarted").Take(4))
        );
        Assert.Equal(1, events.Count(item => Kind(item) == "turnFinished"));
        Assert.InRange(endpoint.Requests.Count, 3, 4);
        Assert.DoesNotContain("First question", endpoint.Requests[^1].Body);
        Assert.Contains("Second question", endpoint.Requests[^1].Body);
        Assert.True((long?)(await sidecar.Client.ResultAsync("message/context", new { codexId = uri }))?["tokens"] < 1700);
    }

    [Fact]
    public async Task Another_answer_to_a_question_uses_the_summary_that_was_made_for_the_first()
    {
        await using var endpoint = new ScriptedEndpoint(Answer(Long), Answer("SUMMARY"), Answer("Second"), Answer("Second again"));
        await using var sidecar = await StartAsync(endpoint, window: 6000);
        var uri = await sidecar.Client.CreateChatAsync();
        await sidecar.Client.AskAsync(uri, "First question " + Long);
        await sidecar.Client.AskAsync(uri, "Second question " + string.Concat(Enumerable.Repeat(Long, 4)));
        Assert.Equal(3, endpoint.Requests.Count);
        var before = await sidecar.Client.ResultAsync("codex/get", new { uri });
        await sidecar.Client.ResultAsync(
            "message/retry",
            new { codexId = uri, messageId = (string?)before!["messages"]!.AsArray()[^1]!["id"] }
        );
        await sidecar.Client.TurnAsync();
        Assert.Equal(4, endpoint.Requests.Count);
        Assert.Contains("SUMMARY", endpoint.Requests[^1].Body);
        var after = await sidecar.Client.ResultAsync("codex/get", new { uri });
        Assert.Equal(before["messages"]!.AsArray().Count, after!["messages"]!.AsArray().Count);
        Assert.Equal(2, after["messages"]!.AsArray()[^1]!["alternatives"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_long_question_after_a_short_chat_is_not_paid_for_twice()
    {
        await using var endpoint = new ScriptedEndpoint(Answer("Hello."), Answer("Second"));
        await using var sidecar = await StartAsync(endpoint, window: 2000);
        var uri = await sidecar.Client.CreateChatAsync();
        await sidecar.Client.AskAsync(uri, "Hi");
        await sidecar.Client.AskAsync(uri, "Second question " + Long + Long);
        Assert.Equal(2, endpoint.Requests.Count);
        Assert.Contains("Second question", endpoint.Requests[^1].Body);
    }

    [Fact]
    public async Task A_failed_summary_does_not_prevent_sending_the_message()
    {
        await using var endpoint = new ScriptedEndpoint(
            Answer(Long),
            ScriptedAnswer.Json("{\"error\":{\"message\":\"no\"}}", 500),
            Answer("Second")
        );
        await using var sidecar = await StartAsync(endpoint, window: 2000);
        var uri = await sidecar.Client.CreateChatAsync();
        await sidecar.Client.AskAsync(uri, "First question " + Long);
        await sidecar.Client.AskAsync(uri, "Second question");
        Assert.Contains("First question", endpoint.Requests[^1].Body);
        Assert.Equal("Second", Texts(await sidecar.Client.ResultAsync("codex/get", new { uri })).Last());
    }

    [Fact]
    public async Task Stopping_a_summary_leaves_the_chat_as_it_was()
    {
        await using var endpoint = new ScriptedEndpoint(Answer(Long), Answer("Second"), ScriptedAnswer.Events().Send(Chunk("SUM")).Hang());
        await using var sidecar = await StartAsync(endpoint);
        var uri = await sidecar.Client.CreateChatAsync();
        await sidecar.Client.AskAsync(uri, "First question " + Long);
        await sidecar.Client.AskAsync(uri, "Second question");
        sidecar.Client.Start("message/compact", new { codexId = uri }, out var reply);
        while (endpoint.Requests.Count < 3)
        {
            await endpoint.NextRequestAsync();
        }
        await sidecar.Client.ResultAsync("message/stop", new { codexId = uri });
        Assert.NotNull((await reply)["error"]);
        Assert.Equal("stopped", (string?)(await sidecar.Client.TurnAsync())[^1]["event"]?["stopReason"]);
        Assert.Equal(4, (await sidecar.Client.ResultAsync("codex/get", new { uri }))!["messages"]!.AsArray().Count);
    }

    [Fact]
    public async Task The_small_model_names_a_chat_once_and_its_price_is_counted()
    {
        await using var large = new ScriptedEndpoint(Answer("Because of line 12."), Answer("No."));
        await using var small = new ScriptedEndpoint(
            ScriptedAnswer
                .Events()
                .Send(Chunk("\"Date parser accepts February 30\"\nSure!"))
                .Send("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":5,\"cost\":0.25}}\n\n")
                .Send(End)
        );
        await using var sidecar = await StartAsync(large);
        sidecar.WriteProvider("small", InMemorySidecar.ProviderAt(small.Url));
        await File.WriteAllTextAsync(Path.Combine(sidecar.Home, "config.json5"), "{ default_small: 'codex://providers/small' }");
        var uri = await sidecar.Client.CreateChatAsync();
        await sidecar.Client.ResultAsync("message/send", new { codexId = uri, text = "why does february 30 parse\nin this file" });
        await sidecar.Client.NextAsync(
            "codex/changed",
            changed => (string?)changed["codex"]?["title"] == "Date parser accepts February 30"
        );
        await sidecar.Client.ResultAsync("message/send", new { codexId = uri, text = "And March 32?" });
        await sidecar.Client.NextAsync(
            "message/event",
            item => Kind(item) == "messageFinished" && Text(item["event"]?["message"]) == "No."
        );
        var chat = await sidecar.Client.ResultAsync("codex/get", new { uri });
        Assert.Equal("Date parser accepts February 30", (string?)chat?["codex"]?["title"]);
        Assert.Equal(4, chat!["messages"]!.AsArray().Count);
        Assert.Equal(0.25m, (decimal?)chat["codex"]!["cost"]);
        Assert.Single(small.Requests);
    }

    [Fact]
    public async Task A_chat_that_its_user_named_keeps_that_name()
    {
        await using var endpoint = new ScriptedEndpoint(Answer("Because."));
        await using var sidecar = await StartAsync(endpoint);
        await File.WriteAllTextAsync(Path.Combine(sidecar.Home, "config.json5"), "{ default_small: 'codex://providers/scripted' }");
        var uri = await sidecar.Client.CreateChatAsync();
        await sidecar.Client.ResultAsync("codex/update", new { uri, title = "Mine" });
        await sidecar.Client.AskAsync(uri, "why");
        await sidecar.Client.AskAsync(uri, "why else");
        Assert.Equal(2, endpoint.Requests.Count);
        Assert.Equal("Mine", (string?)(await sidecar.Client.ResultAsync("codex/get", new { uri }))?["codex"]?["title"]);
    }

    private static async Task<InMemorySidecar> StartAsync(ScriptedEndpoint endpoint, int? window = null)
    {
        var sidecar = await InMemorySidecar.StartAsync();
        if (window is not null)
        {
            Directory.CreateDirectory(Path.Combine(sidecar.Home, "catalog"));
            await File.WriteAllTextAsync(
                Path.Combine(sidecar.Home, "catalog", "own.json"),
                new JsonObject
                {
                    ["id"] = "own",
                    ["name"] = "Own",
                    ["type"] = "openai-compat",
                    ["api_endpoint"] = $"{endpoint.Url}v1",
                    ["default_large_model_id"] = "model",
                    ["default_small_model_id"] = "model",
                    ["models"] = new JsonArray(
                        new JsonObject
                        {
                            ["id"] = "model",
                            ["name"] = "Model",
                            ["context_window"] = window,
                            ["default_max_tokens"] = 100,
                        }
                    ),
                }.ToJsonString()
            );
        }

        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url, window is null ? "" : "catalog_provider: 'own'"));
        return sidecar;
    }
}
