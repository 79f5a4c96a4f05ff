using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

public sealed class SidecarTests
{
    [Fact]
    public async Task A_question_is_streamed_stored_and_there_again_after_a_restart()
    {
        await using var endpoint = new ScriptedEndpoint(Answer("Hello ", "wörld 😀"));
        string home,
            uri;
        await using (var sidecar = await InMemorySidecar.StartAsync())
        {
            home = sidecar.Home;
            sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
            uri = await sidecar.Client.CreateChatAsync();
            await sidecar.Client.ResultAsync("message/send", new { codexId = uri, text = "What is this?\nReally." });
            var events = await sidecar.Client.TurnAsync();

            Assert.Equal(["messageAdded", "turnStarted", "messageStarted"], events.Take(3).Select(Kind));
            Assert.Equal(
                "Hello wörld 😀",
                string.Concat(events.Where(item => Kind(item) == "textDelta").Select(item => (string?)item["event"]?["text"]))
            );
            Assert.Equal(["messageFinished", "turnFinished"], events.TakeLast(2).Select(Kind));
            Assert.Equal(Enumerable.Range(1, events.Count).Select(number => (long)number), events.Select(item => (long?)item["seq"] ?? 0));
        }

        await using var again = await InMemorySidecar.StartAsync(home);
        var chat = await again.Client.ResultAsync("codex/get", new { uri });
        Assert.Equal(["What is this?\nReally.", "Hello wörld 😀"], Texts(chat));
        Assert.Equal("What is this?", (string?)chat?["codex"]?["title"]);
        Assert.Null(chat?["turnId"]);
        var list = await again.Client.ResultAsync("codex/list", new { collection = "chats" });
        Assert.Equal(uri, (string?)list?["items"]?[0]?["uri"]);
    }

    [Fact]
    public async Task A_snapshot_taken_while_it_streams_and_the_events_after_it_are_the_whole_answer()
    {
        var gate = new TaskCompletionSource();
        var answer = ScriptedAnswer.Events().Send(Chunk("one ")).Gate(gate.Task);
        for (var number = 0; number < 200; number++)
        {
            answer.Send(Chunk($"{number} "));
        }
        await using var endpoint = new ScriptedEndpoint(answer.Send(End));
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        var uri = await sidecar.Client.CreateChatAsync();
        await sidecar.Client.ResultAsync("message/send", new { codexId = uri, text = "Count" });
        await sidecar.Client.NextAsync("message/event", item => Kind(item) == "textDelta");
        gate.SetResult();

        var snapshot = await sidecar.Client.ResultAsync("codex/get", new { uri });
        var seen = Texts(snapshot).Last();
        var lastSeq = (long?)snapshot?["lastSeq"] ?? 0;
        if (snapshot?["turnId"] is not null)
        {
            foreach (var item in await sidecar.Client.TurnAsync())
            {
                if ((long?)item["seq"] > lastSeq && Kind(item) == "textDelta")
                {
                    seen += (string?)item["event"]?["text"];
                }
            }
        }

        Assert.Equal("one " + string.Concat(Enumerable.Range(0, 200).Select(number => $"{number} ")), seen);
    }

    [Fact]
    public async Task Stopping_ends_the_turn_once_and_keeps_the_text()
    {
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Events().Send(Chunk("Half an")).Hang());
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        var uri = await sidecar.Client.CreateChatAsync();
        await sidecar.Client.ResultAsync("message/send", new { codexId = uri, text = "Tell me" });
        await sidecar.Client.NextAsync("message/event", item => Kind(item) == "textDelta");
        await sidecar.Client.ResultAsync("message/stop", new { codexId = uri });
        Assert.Equal("stopped", (string?)(await sidecar.Client.TurnAsync())[^1]["event"]?["stopReason"]);
        await endpoint.ClientLeft.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await sidecar.Client.ResultAsync("message/stop", new { codexId = uri });

        var chat = await sidecar.Client.ResultAsync("codex/get", new { uri });
        Assert.Equal("Half an", Texts(chat).Last());
        Assert.Equal("stopped", (string?)chat?["messages"]?[1]?["status"]);
    }

    [Fact]
    public async Task Going_on_sends_the_partial_answer_and_a_retry_hides_it()
    {
        await using var endpoint = new ScriptedEndpoint(
            ScriptedAnswer.Events().Send(Chunk("Half")).Cut(),
            Answer(" and the rest"),
            Answer("All anew")
        );
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        var uri = await sidecar.Client.CreateChatAsync();
        var sent = await sidecar.Client.ResultAsync("message/send", new { codexId = uri, text = "Tell me" });
        var first = (await sidecar.Client.TurnAsync())[^1]["event"];
        Assert.Equal("failed", (string?)first?["stopReason"]);
        Assert.Equal("cutStream", (string?)first?["error"]?["kind"]);

        var messages = (await sidecar.Client.ResultAsync("codex/get", new { uri }))?["messages"]?.AsArray();
        await sidecar.Client.ResultAsync(
            "message/retry",
            new
            {
                codexId = uri,
                messageId = (string?)messages?[1]?["id"],
                @continue = true,
            }
        );
        await sidecar.Client.TurnAsync();
        Assert.Contains(
            "Half",
            (await endpoint.NextRequestAsync()).Body + (await endpoint.NextRequestAsync()).Body,
            StringComparison.Ordinal
        );
        Assert.Equal(["Tell me", "Half", " and the rest"], Texts(await sidecar.Client.ResultAsync("codex/get", new { uri })));

        await sidecar.Client.ResultAsync("message/retry", new { codexId = uri, messageId = (string?)sent?["messageId"] });
        await sidecar.Client.TurnAsync();
        Assert.Equal(["Tell me", "All anew"], Texts(await sidecar.Client.ResultAsync("codex/get", new { uri })));
    }

    [Fact]
    public async Task Renaming_archiving_and_deleting_notify_the_tree()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var uri = await sidecar.Client.CreateChatAsync("tour");
        await sidecar.Client.ResultAsync("codex/update", new { uri, title = "Renamed" });
        await sidecar.Client.NextAsync("codex/changed", item => (string?)item["codex"]?["title"] == "Renamed");
        await sidecar.Client.ResultAsync("codex/update", new { uri, archived = true });
        Assert.Empty((await sidecar.Client.ResultAsync("codex/list", new { collection = "chats" }))?["items"]?.AsArray() ?? []);
        Assert.Single(
            (await sidecar.Client.ResultAsync("codex/list", new { collection = "chats", includeArchived = true }))?["items"]?.AsArray()
                ?? []
        );
        await sidecar.Client.ResultAsync("codex/delete", new { uri });
        await sidecar.Client.NextAsync("codex/changed", item => item["codex"] is null);
        Assert.Equal("notFound", (string?)(await sidecar.Client.RequestAsync("codex/get", new { uri }))["error"]?["data"]?["kind"]);
    }

    [Fact]
    public async Task A_key_reaches_its_own_origin_and_no_reply_and_no_file()
    {
        const string key = "sk-canary-0123456789abcdef";
        await using var endpoint = new ScriptedEndpoint(Answer("ok"));
        await using var other = new ScriptedEndpoint(Answer("never"));
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url, "api_key_ref: 'vault://scripted/api_key'"));
        var client = sidecar.Client;
        await client.ResultAsync("vault/create", new { method = "passphrase", secret = "correct horse battery" });
        var stored = await client.ResultAsync(
            "vault/store",
            new
            {
                reference = "vault://scripted/api_key",
                secret = key,
                origins = new[] { endpoint.Url.ToString() },
            }
        );
        Assert.Equal("cdef", (string?)stored?["lastFour"]);

        var uri = await sidecar.Client.CreateChatAsync();
        await client.ResultAsync("message/send", new { codexId = uri, text = "Hi" });
        await client.TurnAsync();
        Assert.Equal($"Bearer {key}", (await endpoint.NextRequestAsync()).Headers["authorization"]);

        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(other.Url, "api_key_ref: 'vault://scripted/api_key'"));
        await client.ResultAsync("message/send", new { codexId = uri, text = "Hi again" });
        var refused = (await client.TurnAsync())[^1]["event"]?["error"];
        Assert.Equal("keyNotBoundToOrigin", (string?)refused?["kind"]);
        Assert.Empty(other.Requests);

        var everything = Directory
            .EnumerateFiles(sidecar.Home, "*", SearchOption.AllDirectories)
            .Where(file => !file.EndsWith(".lock", StringComparison.Ordinal))
            .Select(File.ReadAllText);
        Assert.DoesNotContain(everything, text => text.Contains(key, StringComparison.Ordinal));
        foreach (var method in new[] { "vault/list", "vault/status", "provider/list" })
        {
            Assert.DoesNotContain(key, (await client.ResultAsync(method))?.ToJsonString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_server_that_wants_no_key_answers_without_one_even_while_the_vault_is_locked()
    {
        await using var endpoint = new ScriptedEndpoint(Answer("free"), Answer("free again"));
        await using var sidecar = await InMemorySidecar.StartAsync();
        var client = sidecar.Client;
        var configured = await client.ResultAsync(
            "provider/configure",
            new
            {
                name = "Local",
                kind = "openai-compatible",
                endpoint = $"{endpoint.Url}v1",
                model = "model",
            }
        );
        var uri = await client.CreateChatAsync((string?)configured?["id"] ?? "");
        await client.ResultAsync("message/send", new { codexId = uri, text = "Hi" });
        Assert.Equal("endTurn", (string?)(await client.TurnAsync())[^1]["event"]?["stopReason"]);
        Assert.False((await endpoint.NextRequestAsync()).Headers.ContainsKey("authorization"));

        await client.ResultAsync("vault/create", new { method = "passphrase", secret = "correct horse battery" });
        await client.ResultAsync("vault/lock");
        await client.ResultAsync("message/send", new { codexId = uri, text = "Hi again" });
        Assert.Equal("endTurn", (string?)(await client.TurnAsync())[^1]["event"]?["stopReason"]);
    }

    [Fact]
    public async Task A_vendor_without_a_key_asks_for_one()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        await sidecar.Client.ResultAsync(
            "provider/configure",
            new
            {
                id = "vendor",
                name = "Vendor",
                kind = "anthropic",
                endpoint = "http://127.0.0.1:9",
                model = "model",
            }
        );
        var uri = await sidecar.Client.CreateChatAsync("vendor");
        await sidecar.Client.ResultAsync("message/send", new { codexId = uri, text = "Hi" });
        var error = (await sidecar.Client.TurnAsync())[^1]["event"]?["error"];
        Assert.Equal("providerAuthFailed", (string?)error?["kind"]);
        Assert.Equal("Vendor has no key yet. Set one, then try again.", (string?)error?["message"]);
    }
}
