using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Rpc;

/// <summary>The serialized list is reused while it does not change.</summary>
public sealed class ChatListTests
{
    [Fact]
    public async Task A_list_shows_what_changed_since_the_last_one()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        async Task<string> Titles(object asked) =>
            string.Join(
                ' ',
                (await sidecar.Client.ResultAsync("codex/list", asked))!["items"]!.AsArray().Select(item => (string?)item?["title"])
            );
        var all = new { collection = "chats" };
        var first = await sidecar.Client.CreateChatAsync("tour");
        await sidecar.Client.ResultAsync("codex/update", new { uri = first, title = "one" });
        Assert.Equal("one", await Titles(all));
        Assert.Equal("one", await Titles(all));

        await sidecar.Client.ResultAsync("codex/update", new { uri = first, title = "two" });
        Assert.Equal("two", await Titles(all));

        var second = await sidecar.Client.CreateChatAsync("tour");
        await sidecar.Client.ResultAsync("codex/update", new { uri = second, title = "three" });
        Assert.Equal("three two", await Titles(all));
        Assert.Equal("three", await Titles(new { collection = "chats", limit = 1 }));
        Assert.Equal("three two", await Titles(all));
        Assert.Equal("", await Titles(new { collection = "tasks" }));

        await sidecar.Client.ResultAsync("codex/delete", new { uri = second });
        Assert.Equal("two", await Titles(all));
    }
}
