using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Rpc;

/// <summary>A new chat that its user leaves without a message is discarded.</summary>
public sealed class UnusedChatTests
{
    [Fact]
    public async Task A_chat_in_which_nothing_was_stored_is_discarded_and_leaves_nothing_behind()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var uri = await sidecar.Client.CreateChatAsync("tour");
        string[] Files() => Directory.GetFiles(sidecar.Home, $"*{uri.Split('/')[^1]}*", SearchOption.AllDirectories);
        Assert.NotEmpty(Files());

        await sidecar.Client.ResultAsync("codex/discardEmpty", new { uri });

        Assert.Empty((await sidecar.Client.ResultAsync("codex/list", new { collection = "chats" }))!["items"]!.AsArray());
        Assert.Empty((await sidecar.Client.ResultAsync("codex/list", new { collection = "chats", deleted = true }))!["items"]!.AsArray());
        Assert.Equal("notFound", await FailureOf("codex/get", sidecar, uri));
        Assert.Empty(Files());
    }

    [Theory]
    [InlineData("title", "Kept")]
    [InlineData("pinned", true)]
    [InlineData("archived", true)]
    public async Task A_chat_that_the_user_changed_is_kept(string field, object value)
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var uri = await sidecar.Client.CreateChatAsync("tour");
        await sidecar.Client.ResultAsync("codex/update", new Dictionary<string, object> { ["uri"] = uri, [field] = value });

        Assert.Equal("conflict", await FailureOf("codex/discardEmpty", sidecar, uri));
        Assert.NotNull(await sidecar.Client.ResultAsync("codex/get", new { uri }));
    }

    [Fact]
    public async Task A_chat_with_a_message_is_kept()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var uri = await sidecar.Client.CreateChatAsync("tour");
        await sidecar.Client.ResultAsync("message/send", new { codexId = uri, text = "Hello" });
        await sidecar.Client.TurnAsync();

        Assert.Equal("conflict", await FailureOf("codex/discardEmpty", sidecar, uri));
        Assert.Equal(2, (int)(await sidecar.Client.ResultAsync("codex/get", new { uri }))!["codex"]!["messageCount"]!);
    }

    private static async Task<string?> FailureOf(string method, InMemorySidecar sidecar, string uri) =>
        (string?)(await sidecar.Client.RequestAsync(method, new { uri }))["error"]?["data"]?["kind"];
}
