using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Rpc;

/// <summary>A new chat that is closed without a message is discarded.</summary>
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

    private const string Review = """
        { id: 'review', name: 'Review', parent_template: 'ai-chat', fields: [
          { name: 'permission_mode', type: 'select', options: ['ask', 'plan'], default: 'ask' },
          { name: 'depth', type: 'select', options: ['quick', 'thorough'], default: 'quick' },
          { name: 'tags', type: 'array', items: { type: 'text' }, default: ['review'] } ] }
        """;

    [Fact]
    public async Task Another_template_keeps_the_id_and_what_the_user_set()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteTemplate("review", Review);
        var uri = await sidecar.Client.CreateChatAsync("tour");
        var set = new Dictionary<string, object>
        {
            ["title"] = "Mine",
            ["model"] = "chosen",
            ["permission_mode"] = "plan",
            ["context_files"] = new[] { "a.ts" },
        };
        await sidecar.Client.ResultAsync("codex/update", new { uri, set });

        var row = await sidecar.Client.ResultAsync("codex/changeTemplate", new { uri, templateId = "review" });

        Assert.Equal(
            (uri, "review", "Mine", "tour", "chosen", "review"),
            (
                (string?)row!["uri"],
                (string?)row["templateId"],
                (string?)row["title"],
                (string?)row["providerId"],
                (string?)row["model"],
                (string?)row["tags"]![0]
            )
        );
        var chat = (await sidecar.Client.ResultAsync("codex/get", new { uri }))!;
        Assert.Equal(("plan", "a.ts"), ((string?)chat["values"]!["permission_mode"], (string?)chat["contextFiles"]![0]!["path"]));
        var changes = (await sidecar.Client.ResultAsync("codex/history", new { uri }))!["versions"]!.AsArray();
        Assert.Contains(changes, change => (string?)change!["summary"] == "Changed the template to review.");
        Assert.Single((await sidecar.Client.ResultAsync("codex/list", new { collection = "chats" }))!["items"]!.AsArray());
    }

    [Fact]
    public async Task Another_template_replaces_what_the_former_gave_and_what_it_does_not_allow()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteTemplate("review", Review);
        var uri = await sidecar.Client.CreateChatAsync("tour");
        await sidecar.Client.ResultAsync("codex/update", new { uri, set = new { permission_mode = "edit" } });
        await sidecar.Client.ResultAsync(
            "codex/changeTemplate",
            new
            {
                uri,
                templateId = "review",
                values = new { depth = "thorough" },
            }
        );
        var chat = (await sidecar.Client.ResultAsync("codex/get", new { uri }))!;
        Assert.Equal((null, "thorough"), ((string?)chat["values"]!["permission_mode"], (string?)chat["values"]!["depth"]));

        await sidecar.Client.ResultAsync("codex/changeTemplate", new { uri, templateId = "ai-chat" });

        chat = (await sidecar.Client.ResultAsync("codex/get", new { uri }))!;
        Assert.Empty(chat["values"]!.AsObject());
        Assert.Equal(("ai-chat", 0), ((string?)chat["codex"]!["templateId"], chat["codex"]!["tags"]!.AsArray().Count));
        // Nothing was stored in the chat yet.
        await sidecar.Client.ResultAsync("codex/discardEmpty", new { uri });
    }

    [Fact]
    public async Task A_template_that_lacks_a_value_or_is_of_something_else_is_refused_and_the_chat_keeps_its_own()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteTemplate(
            "ticket",
            "{ id: 'ticket', name: 'Ticket', parent_template: 'ai-chat', fields: [{ name: 'ticket', type: 'text', required: true }] }"
        );
        var uri = await sidecar.Client.CreateChatAsync("tour");
        async Task<(string?, string?)> RefusedAsync(object parameters)
        {
            var error = (await sidecar.Client.RequestAsync("codex/changeTemplate", parameters))["error"]!;
            return ((string?)error["data"]!["kind"], (string?)error["message"]);
        }

        Assert.Equal(
            ("missingField", "The template was not changed. `ticket` is missing."),
            await RefusedAsync(new { uri, templateId = "ticket" })
        );
        Assert.Equal(("missingField", "task is not a chat template."), await RefusedAsync(new { uri, templateId = "task" }));
        Assert.Equal(("notFound", "There is no template none."), await RefusedAsync(new { uri, templateId = "none" }));
        await sidecar.Client.ResultAsync("message/send", new { codexId = uri, text = "Hello" });
        await sidecar.Client.TurnAsync();
        Assert.Equal("conflict", (await RefusedAsync(new { uri, templateId = "ai-chat" })).Item1);
        Assert.Equal("ai-chat", (string?)(await sidecar.Client.ResultAsync("codex/get", new { uri }))!["codex"]!["templateId"]);
    }

    private static async Task<string?> FailureOf(string method, InMemorySidecar sidecar, string uri) =>
        (string?)(await sidecar.Client.RequestAsync(method, new { uri }))["error"]?["data"]?["kind"];
}
