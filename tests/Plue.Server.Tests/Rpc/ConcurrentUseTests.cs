using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>Concurrent requests for one chat.</summary>
public sealed class ConcurrentUseTests
{
    [Fact]
    public async Task Of_parallel_sends_one_is_stored_and_answered_and_the_others_are_rejected()
    {
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Events().Send(Chunk("Half")).Hang());
        await using var sidecar = await StartAsync(endpoint);
        var uri = await sidecar.Client.CreateChatAsync();
        var replies = await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(number =>
                {
                    sidecar.Client.Start("message/send", new { codexId = uri, text = $"question {number}" }, out var reply);
                    return reply;
                })
        );

        Assert.Single(replies, reply => reply["error"] is null);
        Assert.All(replies.Where(reply => reply["error"] is not null), reply => Assert.Equal("conflict", ErrorKind(reply)));
        await sidecar.Client.ResultAsync("message/stop", new { codexId = uri });
        var roles = (await sidecar.Client.ResultAsync("codex/get", new { uri }))
            ?["messages"]?.AsArray()
            .Select(message => (string?)message?["role"]);
        Assert.Equal(["user", "assistant"], roles);
    }

    [Fact]
    public async Task A_chat_that_was_deleted_while_it_answered_does_not_come_back()
    {
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Events().Send(Chunk("Half")).Hang());
        await using var sidecar = await StartAsync(endpoint);
        var client = sidecar.Client;
        for (var round = 0; round < 5; round++)
        {
            var uri = await client.CreateChatAsync();
            await client.ResultAsync("message/send", new { codexId = uri, text = "Tell me" });
            await client.NextAsync("message/event", item => Kind(item) == "textDelta");
            await client.ResultAsync("codex/delete", new { uri });
            await client.NextAsync("codex/changed", item => (string?)item["uri"] == uri && item["codex"] is null);
            var other = await client.CreateChatAsync();
            var next = await client.NextAsync("codex/changed", item => (string?)item["uri"] == uri || (string?)item["uri"] == other);
            Assert.Equal(other, (string?)next["uri"]);
        }
    }

    [Fact]
    public async Task Sending_stopping_and_deleting_in_any_order_ends_every_request()
    {
        await using var endpoint = new ScriptedEndpoint(Answer("one ", "two ", "three"));
        await using var sidecar = await StartAsync(endpoint);
        for (var round = 0; round < 25; round++)
        {
            var uri = await sidecar.Client.CreateChatAsync();
            List<Task<JsonObject>> replies = [];
            foreach (
                var method in new[] { "message/send", "message/send", "message/stop", "codex/get", "codex/delete" }.OrderBy(_ =>
                    Random.Shared.Next()
                )
            )
            {
                sidecar.Client.Start(
                    method,
                    method.StartsWith("codex", StringComparison.Ordinal) ? new { uri } : new { codexId = uri, text = "x" },
                    out var reply
                );
                replies.Add(reply);
            }

            foreach (var reply in await Task.WhenAll(replies))
            {
                Assert.Contains(ErrorKind(reply), new[] { null, "conflict", "notFound" });
            }
            Assert.Equal("notFound", ErrorKind(await sidecar.Client.RequestAsync("codex/get", new { uri })));
        }
    }

    [Fact]
    public async Task Another_provider_does_not_get_the_model_of_the_last_one()
    {
        await using var endpoint = new ScriptedEndpoint(Answer("ok"));
        await using var sidecar = await StartAsync(endpoint);
        sidecar.WriteProvider("other", InMemorySidecar.ProviderAt(endpoint.Url).Replace("'model'", "'its-own'", StringComparison.Ordinal));
        var uri = await sidecar.Client.CreateChatAsync();
        await sidecar.Client.ResultAsync(
            "message/send",
            new
            {
                codexId = uri,
                text = "Hi",
                model = "chosen",
            }
        );
        await sidecar.Client.TurnAsync();
        await sidecar.Client.ResultAsync(
            "message/send",
            new
            {
                codexId = uri,
                text = "Hi",
                provider = "other",
            }
        );
        await sidecar.Client.TurnAsync();
        Assert.Equal(["chosen", "its-own"], endpoint.Requests.Select(request => (string?)JsonNode.Parse(request.Body)?["model"]));
    }

    [Fact]
    public async Task A_send_that_is_refused_leaves_the_chat_with_its_provider()
    {
        await using var endpoint = new ScriptedEndpoint(Answer("ok"));
        await using var sidecar = await StartAsync(endpoint);
        var uri = await sidecar.Client.CreateChatAsync();
        Assert.Equal(
            "notFound",
            ErrorKind(
                await sidecar.Client.RequestAsync(
                    "message/send",
                    new
                    {
                        codexId = uri,
                        text = "Hi",
                        provider = "nobody",
                    }
                )
            )
        );
        Assert.Equal("scripted", (string?)(await sidecar.Client.ResultAsync("codex/get", new { uri }))?["codex"]?["providerId"]);
    }

    [Fact]
    public async Task Nothing_is_hidden_while_an_answer_is_written_and_nothing_that_is_not_there()
    {
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Events().Send(Chunk("Half")).Hang());
        await using var sidecar = await StartAsync(endpoint);
        var uri = await sidecar.Client.CreateChatAsync();
        var sent = await sidecar.Client.ResultAsync("message/send", new { codexId = uri, text = "Hi" });
        var messageId = (string?)sent?["messageId"];
        Assert.Equal("conflict", ErrorKind(await sidecar.Client.RequestAsync("message/discard", new { codexId = uri, messageId })));
        Assert.Equal("conflict", ErrorKind(await sidecar.Client.RequestAsync("message/retry", new { codexId = uri, messageId })));
        await sidecar.Client.ResultAsync("message/stop", new { codexId = uri });
        Assert.Equal(
            "notFound",
            ErrorKind(await sidecar.Client.RequestAsync("message/discard", new { codexId = uri, messageId = "msg_nothing" }))
        );
    }

    [Fact]
    public async Task Two_hundred_chats_stream_at_once_and_none_sees_the_text_of_another()
    {
        const int chats = 200;
        await using var endpoint = new ScriptedEndpoint
        {
            Route = request =>
            {
                var question = (string?)JsonNode.Parse(request.Body)?["messages"]?.AsArray().Last()?["content"] ?? "";
                return Answer([.. Enumerable.Range(0, 20).Select(number => $"{question}.{number} ")]);
            },
        };
        await using var sidecar = await StartAsync(endpoint);
        var uris = await Task.WhenAll(Enumerable.Range(0, chats).Select(_ => sidecar.Client.CreateChatAsync()));
        foreach (
            var reply in await Task.WhenAll(
                uris.Select(
                    (uri, number) =>
                    {
                        sidecar.Client.Start("message/send", new { codexId = uri, text = $"q{number}" }, out var reply);
                        return reply;
                    }
                )
            )
        )
        {
            Assert.Null(reply["error"]);
        }

        var received = uris.ToDictionary(uri => uri, _ => "");
        for (var ended = 0; ended < chats; )
        {
            var item = await sidecar.Client.NextAsync("message/event");
            if (Kind(item) == "textDelta")
            {
                received[(string?)item["codexId"] ?? ""] += (string?)item["event"]?["text"];
            }
            if (Kind(item) == "turnFinished")
            {
                ended++;
            }
        }

        for (var number = 0; number < chats; number++)
        {
            Assert.Equal(string.Concat(Enumerable.Range(0, 20).Select(token => $"q{number}.{token} ")), received[uris[number]]);
        }
    }

    private static async Task<InMemorySidecar> StartAsync(ScriptedEndpoint endpoint)
    {
        var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        return sidecar;
    }
}
