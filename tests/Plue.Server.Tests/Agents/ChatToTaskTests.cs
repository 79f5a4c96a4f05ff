using System.Text.Json.Nodes;
using Plue.Server.Tests.Store;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Agents.AgentsHome;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Agents;

/// <summary>Converts a chat to a task in place, and back.</summary>
public sealed class ChatToTaskTests
{
    [Fact]
    public async Task A_chat_becomes_a_task_with_its_address_branches_title_tags_and_pins()
    {
        await using var home = await StartAsync();
        var uri = await ChatAsync(home);
        await home.Client.ResultAsync(
            "codex/update",
            new
            {
                uri,
                title = "Dates",
                tags = new[] { "mine" },
                set = new { context_files = new[] { "a.ts" }, permission_mode = "edit" },
            }
        );
        // Another branch beside the first message.
        var first = (string)(await home.ChatAsync(uri))["messages"]![0]!["id"]!;
        await home.Client.ResultAsync(
            "message/edit",
            new
            {
                codexId = uri,
                messageId = first,
                text = "Count again",
            }
        );
        await home.Client.TurnAsync();
        await home.Client.ResultAsync("codex/switchBranch", new { uri, messageId = first });

        var view = await ConvertAsync(home, uri);

        Assert.Equal((uri, "Dates", "worker"), ((string?)view["uri"], (string?)view["title"], (string?)view["templateId"]));
        await home.StatusAsync(uri, "done");
        var chat = await home.ChatAsync(uri);
        Assert.Equal(["Count", "Done.", "Fix it.", "Done."], Texts(chat));
        Assert.Equal(2, chat["messages"]![0]!["alternatives"]!.AsArray().Count);
        Assert.Equal(("mine", "a.ts"), ((string?)chat["codex"]!["tags"]![0], (string?)chat["contextFiles"]![0]!["path"]));
        Assert.Equal(("edit", "Fix it."), ((string?)chat["values"]!["permission_mode"], (string?)chat["values"]!["goal"]));
        // Only this one moved from the list of chats to that of tasks.
        Assert.Empty((await home.Client.ResultAsync("codex/list", new { collection = "chats" }))!["items"]!.AsArray());
        Assert.Equal(uri, (string?)Assert.Single(await home.ListAsync())!["uri"]);
    }

    [Fact]
    public async Task What_the_chat_used_does_not_count_against_the_budget_and_stays_in_its_cost()
    {
        await using var home = await StartAsync();
        home.Script = _ => Paid("Done.", 1000);
        var uri = await ChatAsync(home);
        var before = (decimal)(await home.ChatAsync(uri))["codex"]!["cost"]!;
        Assert.True(before > 0);

        await ConvertAsync(home, uri, new { rounds = 1 });

        var task = await home.StatusAsync(uri, "done");
        Assert.Equal(1, (int)task["spent"]!["rounds"]!);
        var own = (decimal)task["spent"]!["usd"]!;
        Assert.Equal(before + own, (decimal)(await home.ChatAsync(uri))["codex"]!["cost"]!);
    }

    [Fact]
    public async Task A_task_that_was_a_chat_becomes_that_chat_again_and_keeps_what_it_did()
    {
        await using var home = await StartAsync();
        var uri = await ChatAsync(home);
        await home.Client.ResultAsync("codex/update", new { uri, set = new { permission_mode = "plan" } });
        await ConvertAsync(home, uri);
        await home.Client.TurnAsync();
        await home.StatusAsync(uri, "done");

        var row = (await home.Client.ResultAsync("task/continueAsChat", new { uri }))!;

        Assert.Equal((uri, "ai-chat", null), ((string?)row["uri"], (string?)row["templateId"], (string?)row["taskStatus"]));
        Assert.Equal(("large", null), ((string?)row["providerId"], (string?)row["model"]));
        var chat = await home.ChatAsync(uri);
        Assert.Equal(4, chat["messages"]!.AsArray().Count);
        Assert.Equal(["permission_mode"], chat["values"]!.AsObject().Select(value => value.Key));
        Assert.Empty(await home.ListAsync());
        // It continues as a chat, and can become a task again.
        await home.Client.ResultAsync("message/send", new { codexId = uri, text = "Thanks" });
        await home.Client.TurnAsync();
        await ConvertAsync(home, uri, new { rounds = 1 });
        Assert.Equal(1, (int)(await home.StatusAsync(uri, "done"))["spent"]!["rounds"]!);
        var history = (await home.Client.ResultAsync("codex/history", new { uri }))!["versions"]!.AsArray();
        Assert.Equal(2, history.Count(change => (string?)change!["summary"] == "Turned the chat into a task."));
        Assert.Single(history, change => (string?)change!["summary"] == "Turned the task back into a chat.");
    }

    [Fact]
    public async Task What_cannot_become_the_other_is_refused_and_stays_as_it_is()
    {
        await using var home = await StartAsync();
        var uri = await ChatAsync(home);
        async Task<string?> RefusedAsync(string method, object parameters) =>
            (string?)(await home.Client.RequestAsync(method, parameters))["error"]?["data"]?["kind"];

        Assert.Equal("missingField", await RefusedAsync("task/convert", Wish(uri, goal: " ")));
        Assert.Equal("missingField", await RefusedAsync("task/convert", Wish(uri, template: "ai-chat")));
        Assert.Equal("notFound", await RefusedAsync("task/convert", Wish(uri, template: "none")));
        Assert.Equal("conflict", await RefusedAsync("task/continueAsChat", new { uri }));
        var chat = await home.ChatAsync(uri);
        Assert.Equal((2, "ai-chat"), (chat["messages"]!.AsArray().Count, (string?)chat["codex"]!["templateId"]));

        await ConvertAsync(home, uri);
        await home.StatusAsync(uri, "done");
        Assert.Equal("conflict", await RefusedAsync("task/convert", Wish(uri)));
        var made = await home.SpawnAsync("worker", "Alone");
        await home.StatusAsync(made, "done");
        Assert.Equal("conflict", await RefusedAsync("task/continueAsChat", new { uri = made }));
    }

    [Fact]
    public async Task The_model_that_was_chosen_for_the_task_works_on_it_and_else_the_template_chooses()
    {
        await using var home = await StartAsync();
        var (chosen, routed) = (await ChatAsync(home), await ChatAsync(home));
        await home.Client.ResultAsync(
            "task/convert",
            new
            {
                uri = chosen,
                templateId = "worker",
                goal = "Fix it.",
                provider = "large",
                model = "large",
            }
        );
        await ConvertAsync(home, routed);
        Assert.Equal("large", (string?)(await home.StatusAsync(chosen, "done"))["model"]);
        Assert.Equal("small", (string?)(await home.StatusAsync(routed, "done"))["providerId"]);
    }

    [Fact]
    public async Task Killed_at_any_byte_of_the_write_it_is_the_chat_or_the_task_and_no_message_is_lost()
    {
        await using var home = await StartAsync();
        var uri = await ChatAsync(home);
        var path = JournalOf(home.Sidecar.Home, uri);
        var start = (int)new FileInfo(path).Length;
        await ConvertAsync(home, uri);
        await home.StatusAsync(uri, "done");
        await home.Sidecar.DisposeAsync();
        var whole = File.ReadAllBytes(path);
        var goal = Array.IndexOf(whole, (byte)'\n', start) + 1;
        var end = Array.IndexOf(whole, (byte)'\n', goal) + 1;
        Assert.True(start < goal && goal < end);

        using var store = new StoreFixture();
        var copy = Path.Combine(Directory.CreateDirectory(store.Paths.Chats).FullName, Path.GetFileName(path));
        for (var length = start; length <= end; length++)
        {
            File.WriteAllBytes(copy, whole[..length]);
            var chat = store.NewStore().Read(Path.GetFileNameWithoutExtension(path));
            // Only the line break at the end of the record may be missing.
            Assert.Equal(length >= end - 1, chat.IsTask);
            Assert.Equal(length >= end - 1 ? "worker" : "ai-chat", chat.TemplateId);
            Assert.Equal(
                length >= goal - 1 ? ["Count", "Done.", "Fix it."] : ["Count", "Done."],
                chat.Messages.Select(message => message.Text)
            );
            // A task whose process is gone is not running.
            Assert.Equal(chat.IsTask ? "interrupted" : null, chat.Summarize().TaskStatus);
        }
    }

    [Fact]
    public async Task A_process_that_is_killed_before_the_task_began_leaves_a_task_that_can_be_resumed()
    {
        await using var endpoint = new ScriptedEndpoint { Route = _ => Answer("Done.") };
        var (home, folder) = (
            Directory.CreateTempSubdirectory("plue-test-").FullName,
            Directory.CreateTempSubdirectory("plue-test-").FullName
        );
        Write(home, endpoint.Url);
        string uri;
        await using (var first = await SidecarProcess.StartAsync(home, folder: folder))
        {
            uri = (string)(await first.Client.ResultAsync("codex/create", new { templateId = "ai-chat", providerId = "large" }))!["uri"]!;
            endpoint.Route = _ => ScriptedAnswer.Events().Gate(new TaskCompletionSource().Task);
            await first.Client.ResultAsync("task/convert", Wish(uri));
            await first.KillAsync();
        }

        endpoint.Route = _ => Answer("Done.");
        await using var again = await InMemorySidecar.StartAsync(home, folder, trusted: true);
        var task = Assert.Single((await again.Client.ResultAsync("task/list", new { }))!["tasks"]!.AsArray())!;
        Assert.Equal((uri, "interrupted"), ((string?)task["uri"], (string?)task["status"]));
        await again.Client.ResultAsync("task/resume", new { uri });
        await again.Client.NextAsync("task/event", item => (string?)item["task"]?["status"] == "done");
        Assert.Equal("Fix it.", Texts((await again.Client.ResultAsync("codex/get", new { uri }))!)[0]);
    }

    /// <summary>Creates a chat with a message and its response.</summary>
    private static async Task<string> ChatAsync(AgentsHome home)
    {
        var made = await home.Client.ResultAsync("codex/create", new { templateId = "ai-chat", providerId = "large" });
        var uri = (string)made!["uri"]!;
        await home.Client.ResultAsync("message/send", new { codexId = uri, text = "Count" });
        await home.Client.TurnAsync();
        return uri;
    }

    private static object Wish(string uri, string goal = "Fix it.", string template = "worker") =>
        new
        {
            uri,
            templateId = template,
            goal,
        };

    private static async Task<JsonNode> ConvertAsync(AgentsHome home, string uri, object? budget = null) =>
        (
            await home.Client.ResultAsync(
                "task/convert",
                new
                {
                    uri,
                    templateId = "worker",
                    goal = "Fix it.",
                    budget,
                }
            )
        )!;

    private static string JournalOf(string home, string uri) =>
        Path.Combine(home, "codices", "chats", uri[(uri.LastIndexOf('/') + 1)..] + ".jsonl");

    private static List<string> Texts(JsonNode chat) =>
        [
            .. chat["messages"]!
                .AsArray()
                .Select(message => string.Concat(message!["parts"]!.AsArray().Select(part => (string?)part!["content"]))),
        ];
}
