using System.Text.Json.Nodes;
using Plue.Protocol;
using Plue.Server.Messages;
using Plue.Server.Tests.Store;
using Plue.Server.Tests.Testing;
using MessageRole = Plue.Server.Messages.MessageRole;

namespace Plue.Server.Tests.Rpc;

public sealed class SearchHandlersTests
{
    [Fact]
    public async Task A_window_is_notified_of_hits_and_then_of_their_count()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var fixture = new StoreFixture(sidecar.Home);
        var id = await fixture.NewChatAsync("Where is the needle?", "Here: NEEDLE.");
        var result = await sidecar.Client.ResultAsync(
            "search/chats",
            new
            {
                searchId = "s1",
                text = "needle",
                role = "assistant",
            }
        );
        Assert.Equal("""{"hits":1,"chats":1,"isTruncated":false,"unreadable":0}""", result?.ToJsonString());

        var notification = await sidecar.Client.NextAsync("search/hits");
        Assert.Equal("s1", (string?)notification["searchId"]);
        var hit = Assert.Single(notification["hits"]?.AsArray() ?? []);
        Assert.Equal(
            ($"codex://chats/{id}", "A title", "assistant", "Here: NEEDLE.", 6, 6),
            (
                (string?)hit?["codexId"],
                (string?)hit?["title"],
                (string?)hit?["role"],
                (string?)hit?["snippet"],
                (int?)hit?["start"],
                (int?)hit?["length"]
            )
        );
    }

    [Fact]
    public async Task A_search_is_cancelled_like_any_request_and_the_next_one_goes_on_by_itself()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var fixture = new StoreFixture(sidecar.Home);
        await using (var journal = fixture.NewStore().Create("ai-chat", null, null, null))
        {
            for (var i = 0; i < 20; i++)
            {
                await journal.AppendAsync(
                    StoreFixture.NewMessage(MessageRole.User, "needle " + new string('x', 2_000)),
                    CancellationToken.None
                );
            }
        }

        var first = Directory.GetFiles(fixture.Paths.Chats, "*.jsonl")[0];
        for (var i = 0; i < 300; i++)
        {
            File.Copy(first, fixture.PathOf(Ids.New("chat")));
        }

        var request = sidecar.Client.Start(
            "search/chats",
            new
            {
                searchId = "old",
                text = "needle",
                limit = 5_000,
            },
            out var reply
        );
        await sidecar.Client.NotifyAsync("$/cancelRequest", new { id = request });
        var next = await sidecar.Client.ResultAsync(
            "search/chats",
            new
            {
                searchId = "new",
                text = "needle",
                limit = 7,
            }
        );
        Assert.Equal(ErrorCodes.RequestCancelled, (int?)(await reply)["error"]?["code"]);
        Assert.Equal((7, true), ((int?)next?["hits"], (bool?)next?["isTruncated"]));
        for (var notification = 0; notification < 7; )
        {
            notification += (await sidecar.Client.NextAsync("search/hits", parameters => (string?)parameters["searchId"] == "new"))["hits"]
                is JsonArray hits
                ? hits.Count
                : 0;
        }
    }
}
