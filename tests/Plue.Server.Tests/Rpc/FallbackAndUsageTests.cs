using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>Fallbacks, sent requests and costs, as a window sees them.</summary>
public sealed class FallbackAndUsageTests
{
    private const string Usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":500,\"cost\":0.25}}\n\n";

    [Fact]
    public async Task A_fallback_response_names_its_provider_and_is_stored()
    {
        await using var busy = new ScriptedEndpoint(ScriptedAnswer.Json("{\"error\":{\"message\":\"Too many\"}}", 503));
        await using var other = new ScriptedEndpoint(Answer("Hello"));
        string home,
            uri;
        await using (var sidecar = await InMemorySidecar.StartAsync())
        {
            home = sidecar.Home;
            sidecar.WriteProvider("busy", InMemorySidecar.ProviderAt(busy.Url));
            sidecar.WriteProvider("off", InMemorySidecar.ProviderAt(other.Url, "enabled: false"));
            sidecar.WriteProvider(
                "other",
                InMemorySidecar.ProviderAt(other.Url).Replace("Scripted", "The other", StringComparison.Ordinal)
            );
            uri = await sidecar.Client.CreateChatAsync("busy");
            await sidecar.Client.ResultAsync(
                "codex/update",
                new
                {
                    uri,
                    fallbacks = new object[] { new { providerId = "missing" }, new { providerId = "off" }, new { providerId = "other" } },
                }
            );
            var events = await sidecar.Client.AskAsync(uri, "Hi");
            var named = events.Single(item => Kind(item) == "fallbackUsed")["event"]?["providerInfo"];
            Assert.Equal(("other", "The other"), ((string?)named?["providerId"], (string?)named?["providerName"]));
            Assert.Contains("is not available now", (string?)named?["fallbackReason"], StringComparison.Ordinal);
            Assert.Equal(1, events.Count(item => Kind(item) == "turnFinished"));
        }

        await using var again = await InMemorySidecar.StartAsync(home);
        var chat = await again.Client.ResultAsync("codex/get", new { uri });
        Assert.Equal("Hello", Texts(chat).Last());
        var info = chat?["messages"]?[1]?["providerInfo"];
        Assert.Equal("other", (string?)info?["providerId"]);
        Assert.Contains("is not available now", (string?)info?["fallbackReason"], StringComparison.Ordinal);
        Assert.True((double?)chat?["messages"]?[1]?["timing"]?["durationMs"] > 0);
        Assert.Equal(["missing", "off", "other"], chat?["codex"]?["fallbacks"]?.AsArray().Select(item => (string?)item?["providerId"]));
    }

    [Fact]
    public async Task A_chat_without_fallbacks_uses_those_of_the_settings()
    {
        await using var busy = new ScriptedEndpoint(ScriptedAnswer.Json("{\"error\":{\"message\":\"Insufficient credits\"}}", 402));
        await using var other = new ScriptedEndpoint(Answer("Hello"));
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("busy", InMemorySidecar.ProviderAt(busy.Url));
        sidecar.WriteProvider("other", InMemorySidecar.ProviderAt(other.Url));
        await WriteConfigAsync(sidecar, "{ fallbacks: ['other'] }");
        var events = await sidecar.Client.AskAsync(await sidecar.Client.CreateChatAsync("busy"), "Hi");
        Assert.Equal("other", (string?)events.Single(item => Kind(item) == "fallbackUsed")["event"]?["providerInfo"]?["providerId"]);
    }

    [Fact]
    public async Task A_disabled_or_missing_selected_provider_is_an_error_without_fallback()
    {
        await using var other = new ScriptedEndpoint(Answer("Hello"));
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("off", InMemorySidecar.ProviderAt(other.Url, "enabled: false"));
        sidecar.WriteProvider("other", InMemorySidecar.ProviderAt(other.Url));
        await WriteConfigAsync(sidecar, "{ fallbacks: ['other'] }");
        foreach (var (provider, kind) in new[] { ("off", "providerDisabled"), ("gone", "notFound") })
        {
            var uri = await sidecar.Client.CreateChatAsync(provider);
            Assert.Equal(kind, ErrorKind(await sidecar.Client.RequestAsync("message/send", new { codexId = uri, text = "Hi" })));
            Assert.Empty(Texts(await sidecar.Client.ResultAsync("codex/get", new { uri })));
        }

        Assert.Empty(other.Requests);
    }

    [Fact]
    public async Task A_wait_that_the_vendor_asks_for_is_shown_and_stopping_ends_it_at_once()
    {
        await using var endpoint = new ScriptedEndpoint(
            ScriptedAnswer.Json("{\"error\":{\"message\":\"Slow down\"}}", 429, ("Retry-After", "50"))
        );
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider(
            "scripted",
            InMemorySidecar.ProviderAt(endpoint.Url).Replace("retry_policy: 'none'", "retry_policy: 'standard'", StringComparison.Ordinal)
        );
        var uri = await sidecar.Client.CreateChatAsync();
        await sidecar.Client.ResultAsync("message/send", new { codexId = uri, text = "Hi" });
        var waiting = await sidecar.Client.NextAsync("message/event", item => Kind(item) == "retrying");
        var until = (DateTimeOffset?)waiting["event"]?["until"];
        await sidecar.Client.ResultAsync("message/stop", new { codexId = uri });
        Assert.True(DateTimeOffset.UtcNow < until);
        var events = await sidecar.Client.TurnAsync();
        Assert.Equal("stopped", (string?)events[^1]["event"]?["stopReason"]);
        Assert.Single(endpoint.Requests);
    }

    [Fact]
    public async Task A_provider_that_failed_three_times_is_skipped_and_shown_in_cooldown()
    {
        await using var busy = new ScriptedEndpoint(ScriptedAnswer.Json("{\"error\":{\"message\":\"Down\"}}", 503));
        await using var other = new ScriptedEndpoint(Answer("Hello"));
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("busy", InMemorySidecar.ProviderAt(busy.Url));
        sidecar.WriteProvider("other", InMemorySidecar.ProviderAt(other.Url));
        await WriteConfigAsync(sidecar, "{ fallbacks: ['other'] }");
        var uri = await sidecar.Client.CreateChatAsync("busy");
        for (var time = 0; time < 3; time++)
        {
            await sidecar.Client.AskAsync(uri, "Hi");
        }

        var rows = (await sidecar.Client.ResultAsync("provider/list"))?["items"]?.AsArray();
        Assert.NotNull(rows?.Single(row => (string?)row?["id"] == "busy")?["cooldownUntil"]);
        var events = await sidecar.Client.AskAsync(uri, "Hi");
        Assert.Contains(
            "is in cooldown until",
            (string?)events.Single(item => Kind(item) == "fallbackUsed")["event"]?["providerInfo"]?["fallbackReason"],
            StringComparison.Ordinal
        );
        Assert.Equal(3, busy.Requests.Count);
    }

    [Fact]
    public async Task The_nearest_option_wins_and_is_sent()
    {
        await using var endpoint = new ScriptedEndpoint(Answer("Hello"));
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider(
            "scripted",
            InMemorySidecar.ProviderAt(endpoint.Url, "temperature: 0.1, max_tokens: 11, stop_sequences: ['P']")
        );
        Directory.CreateDirectory(Path.Combine(sidecar.Home, "templates"));
        await File.WriteAllTextAsync(
            Path.Combine(sidecar.Home, "templates", "careful.json5"),
            "{ id: 'careful', name: 'Careful', parent_template: 'ai-chat', fields: [{ name: 'temperature', type: 'number', default: 0.2 }, { name: 'max_tokens', type: 'number', default: 22 }] }"
        );
        var uri =
            (string?)(await sidecar.Client.ResultAsync("codex/create", new { templateId = "careful", providerId = "scripted" }))?["uri"]
            ?? "";
        var updated = await sidecar.Client.ResultAsync("codex/update", new { uri, options = new { temperature = 0.3 } });
        Assert.Equal(0.3, (double?)updated?["options"]?["temperature"]);
        await sidecar.Client.AskAsync(uri, "Hi");
        var body = JsonNode.Parse((await endpoint.NextRequestAsync()).Body);
        Assert.Equal(
            (0.3, 22, "P"),
            ((double?)body?["temperature"], (int?)(body?["max_tokens"] ?? body?["max_completion_tokens"]), (string?)body?["stop"]?[0])
        );

        await sidecar.Client.ResultAsync("codex/update", new { uri, options = new { stopSequences = Array.Empty<string>() } });
        await sidecar.Client.AskAsync(uri, "Hi");
        body = JsonNode.Parse((await endpoint.NextRequestAsync()).Body);
        Assert.Equal((0.2, "P"), ((double?)body?["temperature"], (string?)body?["stop"]?[0]));
        Assert.Equal(
            "missingField",
            ErrorKind(await sidecar.Client.RequestAsync("codex/update", new { uri, options = new { temperature = 3 } }))
        );
        Assert.Equal(
            "missingField",
            ErrorKind(await sidecar.Client.RequestAsync("codex/update", new { uri, fallbacks = new[] { new { providerId = "../x" } } }))
        );
    }

    [Fact]
    public async Task Options_are_in_the_list_after_a_restart()
    {
        string home,
            uri;
        await using (var sidecar = await InMemorySidecar.StartAsync())
        {
            home = sidecar.Home;
            uri = await sidecar.Client.CreateChatAsync("tour");
            await sidecar.Client.ResultAsync(
                "codex/update",
                new
                {
                    uri,
                    options = new { maxTokens = 5, reasoningLevel = "high" },
                    fallbacks = new[] { new { providerId = "tour", model = "m" } },
                }
            );
        }

        for (var start = 0; start < 2; start++) // the second list comes from the index
        {
            await using var again = await InMemorySidecar.StartAsync(home);
            var row = (await again.Client.ResultAsync("codex/list", new { collection = "chats" }))?["items"]?[0];
            Assert.Equal(
                (5, "high", "tour", "m"),
                (
                    (int?)row?["options"]?["maxTokens"],
                    (string?)row?["options"]?["reasoningLevel"],
                    (string?)row?["fallbacks"]?[0]?["providerId"],
                    (string?)row?["fallbacks"]?[0]?["model"]
                )
            );
        }
    }

    [Fact]
    public async Task Daily_costs_remain_after_the_chat_is_deleted()
    {
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Events().Send(Chunk("Hello")).Send(Usage).Send(End));
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        var uri = await sidecar.Client.CreateChatAsync();
        await sidecar.Client.AskAsync(uri, "=1+1");
        var summary = await sidecar.Client.ResultAsync("usage/summary", new { utcOffsetMinutes = 60 });
        Assert.Equal(
            (1, 1000, 500),
            ((int?)summary?["total"]?["responses"], (int?)summary?["total"]?["inputTokens"], (int?)summary?["total"]?["outputTokens"])
        );
        Assert.Equal(DateTimeOffset.UtcNow.AddHours(1).ToString("yyyy-MM-dd"), (string?)summary?["days"]?[0]?["day"]);
        Assert.Equal((uri, "=1+1"), ((string?)summary?["chats"]?[0]?["key"], (string?)summary?["chats"]?[0]?["name"]));
        Assert.Equal(("model", "Scripted"), ((string?)summary?["models"]?[0]?["key"], (string?)summary?["models"]?[0]?["providerName"]));
        Assert.Equal("Chat", (string?)summary?["templates"]?[0]?["name"]);
        Assert.NotNull(summary?["total"]?["firstTokenMs"]);
        var csv = (string?)(await sidecar.Client.ResultAsync("usage/csv", new { }))?["csv"] ?? "";
        Assert.Contains(",\"'=1+1\",", csv, StringComparison.Ordinal);
        Assert.Equal(3, csv.Split("\r\n").Length);

        await sidecar.Client.ResultAsync("codex/delete", new { uri });
        summary = await sidecar.Client.ResultAsync("usage/summary", new { });
        Assert.Equal((1, "Deleted chat"), ((int?)summary?["total"]?["responses"], (string?)summary?["chats"]?[0]?["name"]));
        Assert.Empty((await sidecar.Client.ResultAsync("usage/summary", new { to = "2020-01-01" }))?["days"]?.AsArray() ?? []);
        Assert.Equal("missingField", ErrorKind(await sidecar.Client.RequestAsync("usage/summary", new { from = "yesterday" })));
    }

    [Fact]
    public async Task Usage_of_a_task_is_shown_under_the_title_of_the_task()
    {
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Events().Send(Chunk("Done")).Send(Usage).Send(End));
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        var uri = (string?)
            (
                await sidecar.Client.ResultAsync(
                    "task/spawn",
                    new
                    {
                        templateId = "task",
                        goal = "Count the files",
                        values = new { permission_mode = "plan" },
                    }
                )
            )?["uri"];
        await sidecar.Client.NextAsync(
            "task/event",
            item => (string?)item["taskId"] == uri && (string?)item["task"]?["status"] is "done" or "failed"
        );
        var row = (await sidecar.Client.ResultAsync("usage/summary", new { }))?["chats"]?[0];
        Assert.Equal((uri, "Count the files"), ((string?)row?["key"], (string?)row?["name"]));
        Assert.Contains(
            "Count the files",
            (string?)(await sidecar.Client.ResultAsync("usage/csv", new { }))?["csv"],
            StringComparison.Ordinal
        );

        await sidecar.Client.ResultAsync("codex/delete", new { uri });
        Assert.Equal("Deleted task", (string?)(await sidecar.Client.ResultAsync("usage/summary", new { }))?["chats"]?[0]?["name"]);
    }

    [Theory]
    [InlineData("budget_usd_per_day: 0.25", "Today's responses have cost $0.25, and your limit is $0.25 a day.")]
    [InlineData("budget_usd_per_chat: 0.2", "This chat has cost $0.25, and your limit for a chat is $0.20.")]
    public async Task At_the_limit_a_message_is_refused_before_it_is_stored(string setting, string sentence)
    {
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Events().Send(Chunk("Hello")).Send(Usage).Send(End));
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider(
            "scripted",
            "{ name: 'Scripted', provider_type: 'openai-compatible', catalog_provider: 'openrouter', endpoint: '"
                + endpoint.Url
                + "v1', model: 'model', retry_policy: 'none' }"
        );
        await WriteConfigAsync(sidecar, $"{{ {setting} }}");
        var uri = await sidecar.Client.CreateChatAsync();
        await sidecar.Client.AskAsync(uri, "Hi");
        var refused = await sidecar.Client.RequestAsync("message/send", new { codexId = uri, text = "Again" });
        Assert.Equal("budgetExceeded", ErrorKind(refused));
        Assert.StartsWith(sentence, (string?)refused["error"]?["message"], StringComparison.Ordinal);
        Assert.Equal(["Hi", "Hello"], Texts(await sidecar.Client.ResultAsync("codex/get", new { uri })));
        var free = await sidecar.Client.ResultAsync(
            "message/send",
            new
            {
                codexId = uri,
                text = "What is a codex?",
                provider = "tour",
            }
        );
        Assert.NotNull(free?["turnId"]);
        await sidecar.Client.ResultAsync("message/stop", new { codexId = uri });
    }

    private static Task WriteConfigAsync(InMemorySidecar sidecar, string json5) =>
        File.WriteAllTextAsync(Path.Combine(sidecar.Home, "config.json5"), json5);
}
