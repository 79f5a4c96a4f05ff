using System.Text.Json.Nodes;
using FsCheck.Fluent;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>Edits, regenerated responses, undo and copies, as a window sees them.</summary>
public sealed class BranchTests : IAsyncLifetime
{
    private readonly ScriptedEndpoint endpoint = new();
    private InMemorySidecar sidecar = null!;
    private string uri = "";
    private int answers;

    public async ValueTask InitializeAsync()
    {
        endpoint.Route = _ => Answer($"answer {Interlocked.Increment(ref answers)}");
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
    public async Task An_edited_message_creates_a_branch_followed_by_its_response()
    {
        await AskAsync("one");
        await AskAsync("two");
        var first = Id(await GetAsync(), 0);
        var sent = await sidecar.Client.ResultAsync(
            "message/edit",
            new
            {
                codexId = uri,
                messageId = first,
                text = "one, changed",
            }
        );
        var events = await sidecar.Client.TurnAsync();
        Assert.Equal("branchChanged", Kind(events[0]));
        Assert.Equal(["one, changed", "answer 3"], Texts(await GetAsync()));
        var message = (await GetAsync())?["messages"]?[0];
        Assert.Equal([first, (string?)sent?["messageId"]], Alternatives(message));
        Assert.Equal(2, JsonNode.Parse(LastRequest.Body)?["messages"]?.AsArray().Count(item => (string?)item?["role"] != "assistant"));

        await sidecar.Client.ResultAsync("codex/switchBranch", new { uri, messageId = first });
        Assert.Equal(["one", "answer 1", "two", "answer 2"], Texts(await GetAsync()));
        await sidecar.Client.NextAsync("message/event", item => Kind(item) == "branchChanged");
        Assert.Equal(
            "conflict",
            ErrorKind(
                await sidecar.Client.RequestAsync(
                    "message/edit",
                    new
                    {
                        codexId = uri,
                        messageId = Id(await GetAsync(), 1),
                        text = "x",
                    }
                )
            )
        );
    }

    [Fact]
    public async Task An_edited_question_leaves_the_title_as_it_is()
    {
        await AskAsync("one");
        await sidecar.Client.ResultAsync(
            "message/edit",
            new
            {
                codexId = uri,
                messageId = Id(await GetAsync(), 0),
                text = "something else",
            }
        );
        await sidecar.Client.TurnAsync();
        Assert.Equal("something else", Texts(await GetAsync())[0]);
        Assert.Equal("one", (string?)(await GetAsync())?["codex"]?["title"]);
    }

    [Fact]
    public async Task Another_model_that_is_asked_once_leaves_the_chat_with_its_own()
    {
        sidecar.WriteProvider("other", InMemorySidecar.ProviderAt(endpoint.Url));
        await AskAsync("one");
        await sidecar.Client.ResultAsync(
            "message/retry",
            new
            {
                codexId = uri,
                messageId = Id(await GetAsync(), 0),
                provider = "other",
                model = "special",
            }
        );
        await sidecar.Client.TurnAsync();
        Assert.Equal("special", (string?)JsonNode.Parse(LastRequest.Body)?["model"]);
        var chat = await GetAsync();
        Assert.Equal("other", (string?)chat?["messages"]?[1]?["providerInfo"]?["providerId"]);
        Assert.Equal("scripted", (string?)chat?["codex"]?["providerId"]);
    }

    [Fact]
    public async Task A_second_response_creates_a_branch_and_the_events_and_the_chat_report_it()
    {
        await AskAsync("one");
        await AskAsync("two");
        var chat = await GetAsync();
        var (question, old) = (Id(chat, 0), Id(chat, 1));
        await sidecar.Client.ResultAsync("message/retry", new { codexId = uri, messageId = old });
        var events = await sidecar.Client.TurnAsync();
        var finished = events.Single(item => Kind(item) == "messageFinished")["event"]?["message"];
        Assert.Equal([old, (string?)finished?["id"]], Alternatives(finished));
        Assert.Equal((question, "answer 3"), ((string?)finished?["parentId"], Text(finished)));
        Assert.Equal(["one", "answer 3"], Texts(await GetAsync()));
        Assert.DoesNotContain("answer 1", LastRequest.Body, StringComparison.Ordinal);

        await sidecar.Client.ResultAsync("codex/switchBranch", new { uri, messageId = old });
        Assert.Equal(["one", "answer 1", "two", "answer 2"], Texts(await GetAsync()));
    }

    [Fact]
    public async Task A_message_sent_after_undo_creates_a_branch_beside_the_hidden_message()
    {
        await AskAsync("one");
        await sidecar.Client.ResultAsync("codex/undo", new { uri });
        var chat = await GetAsync();
        Assert.Equal((0, false, true), (Texts(chat).Count, (bool)chat!["canUndo"]!, (bool)chat["canRedo"]!));
        await sidecar.Client.ResultAsync("codex/redo", new { uri });
        Assert.Equal(["one", "answer 1"], Texts(await GetAsync()));
        await sidecar.Client.ResultAsync("codex/undo", new { uri });
        var added = (await AskAsync("other")).Single(item => Kind(item) == "messageAdded")["event"]?["message"];
        Assert.Equal(2, Alternatives(added).Count);
        Assert.Equal("conflict", ErrorKind(await sidecar.Client.RequestAsync("codex/redo", new { uri })));
    }

    [Fact]
    public async Task Deleting_a_message_removes_its_successors_and_shows_the_sibling_branch()
    {
        await AskAsync("one");
        await AskAsync("two");
        await AskAsync("three");
        await sidecar.Client.ResultAsync(
            "message/edit",
            new
            {
                codexId = uri,
                messageId = Id(await GetAsync(), 2),
                text = "two, changed",
            }
        );
        await sidecar.Client.TurnAsync();
        await sidecar.Client.ResultAsync("message/discard", new { codexId = uri, messageId = Id(await GetAsync(), 2) });
        Assert.Equal(["one", "answer 1", "two", "answer 2", "three", "answer 3"], Texts(await GetAsync()));
        await sidecar.Client.ResultAsync("message/discard", new { codexId = uri, messageId = Id(await GetAsync(), 2) });
        Assert.Equal(["one", "answer 1"], Texts(await GetAsync()));
        await sidecar.Client.ResultAsync("message/discard", new { codexId = uri, messageId = Id(await GetAsync(), 1) });
        await sidecar.Client.NextAsync("message/event", item => Kind(item) == "messageRemoved");
        Assert.Equal(["one"], Texts(await GetAsync()));
    }

    [Fact]
    public async Task Deleting_an_answer_shows_the_other_one()
    {
        await AskAsync("one");
        await sidecar.Client.ResultAsync("message/retry", new { codexId = uri, messageId = Id(await GetAsync(), 0) });
        await sidecar.Client.TurnAsync();
        await sidecar.Client.ResultAsync("message/discard", new { codexId = uri, messageId = Id(await GetAsync(), 1) });
        Assert.Equal(["one", "answer 1"], Texts(await GetAsync()));
        Assert.Empty(Alternatives((await GetAsync())?["messages"]?[1]));
    }

    [Fact]
    public async Task A_copy_is_independent_and_adds_no_cost()
    {
        endpoint.Route = _ =>
            ScriptedAnswer
                .Events()
                .Send(Chunk("answer"))
                .Send("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":500,\"cost\":0.25}}\n\n")
                .Send(End);
        sidecar.WriteProvider(
            "scripted",
            InMemorySidecar
                .ProviderAt(endpoint.Url)
                .Replace("retry_policy", "catalog_provider: 'openrouter', retry_policy", StringComparison.Ordinal)
        );
        await AskAsync("one");
        await AskAsync("two");
        await sidecar.Client.ResultAsync(
            "codex/update",
            new
            {
                uri,
                title = "Mine",
                tags = new[] { "a" },
                options = new { maxTokens = 7 },
            }
        );
        var before = await GetAsync();
        var journal = File.ReadAllBytes(JournalOf(uri));
        var fork = await sidecar.Client.ResultAsync("codex/fork", new { uri, messageId = Id(before, 1) });
        Assert.Equal(
            ("Mine (fork)", 2, 7, "a"),
            ((string?)fork?["title"], (int?)fork?["messageCount"], (int?)fork?["options"]?["maxTokens"], (string?)fork?["tags"]?[0])
        );
        Assert.Null(fork?["cost"]);
        Assert.Equal(0.5, (double?)before?["codex"]?["cost"]);
        Assert.Equal(journal, File.ReadAllBytes(JournalOf(uri)));

        var copy = (string?)fork?["uri"] ?? "";
        Assert.NotEqual(Id(before, 0), Id(await GetAsync(copy), 0));
        await sidecar.Client.AskAsync(copy, "three");
        Assert.Equal(["one", "answer", "three", "answer"], Texts(await GetAsync(copy)));
        Assert.Equal(4, Texts(await GetAsync()).Count);
        await sidecar.Client.ResultAsync("usage/summary", new { }); // flushes pending writes
        Directory.Delete(Path.Combine(sidecar.Home, "index", "usage"), recursive: true);
        var summary = await sidecar.Client.ResultAsync("usage/summary", new { });
        Assert.Equal((3, 0.75), ((int?)summary?["total"]?["responses"], (double?)summary?["total"]?["cost"]));
    }

    [Fact]
    public async Task The_history_lists_events_in_short_sentences_newest_first()
    {
        await AskAsync("one");
        await sidecar.Client.ResultAsync(
            "message/edit",
            new
            {
                codexId = uri,
                messageId = Id(await GetAsync(), 0),
                text = "other",
            }
        );
        await sidecar.Client.TurnAsync();
        await sidecar.Client.ResultAsync("codex/undo", new { uri });
        await sidecar.Client.ResultAsync(
            "codex/update",
            new
            {
                uri,
                title = "Named",
                pinned = true,
            }
        );
        var versions = (await sidecar.Client.ResultAsync("codex/history", new { uri }))?["versions"]?.AsArray() ?? [];
        Assert.Equal(
            [
                "you: Pinned the chat.",
                "you: Changed the title to \"Named\".",
                "you: Undid the last turn.",
                "model: Responded.",
                "you: Edited and resent \"other\".",
                "model: Responded.",
                "you: Sent \"one\".",
                "you: Created the chat.",
            ],
            versions.Select(version => $"{version?["author"]}: {version?["summary"]}")
        );
        Assert.True((bool)versions[0]!["isCurrent"]!);
        Assert.False((bool)versions[1]!["isCurrent"]!);
    }

    [Fact]
    public async Task A_deleted_chat_is_listed_as_deleted_and_comes_back_whole()
    {
        await AskAsync("one");
        await sidecar.Client.ResultAsync("codex/delete", new { uri });
        Assert.Empty(await ListAsync(new { collection = "chats" }));
        Assert.Equal([uri], await ListAsync(new { collection = "chats", deleted = true }));
        await sidecar.Client.ResultAsync("codex/restore", new { uri });
        await sidecar.Client.NextAsync("codex/changed", item => (string?)item["codex"]?["title"] == "one");
        Assert.Equal(["one", "answer 1"], Texts(await GetAsync()));
        Assert.Empty(await ListAsync(new { collection = "chats", deleted = true }));
    }

    /// <summary>No user action removes a stored message from the file, and the visible branch is restored after a restart.</summary>
    [Fact]
    public async Task Nothing_that_was_stored_is_ever_lost_and_the_shown_branch_outlives_a_restart()
    {
        foreach (var steps in Gen.Sample(Gen.NonEmptyListOf(Gen.Choose(0, 699)), 12, 14))
        {
            uri = await sidecar.Client.CreateChatAsync();
            HashSet<string> stored = [];
            foreach (var step in steps)
            {
                await StepAsync(step / 100, step % 100);
                foreach (var id in Ids(await GetAsync()))
                {
                    stored.Add(id);
                }
            }

            var shown = await GetAsync();
            var home = sidecar.Home;
            await sidecar.DisposeAsync();
            var text = await File.ReadAllTextAsync(JournalOf(uri));
            Assert.All(stored, id => Assert.Contains($"\"id\":\"{id}\"", text, StringComparison.Ordinal));
            sidecar = await InMemorySidecar.StartAsync(home);
            var again = await GetAsync();
            Assert.Equal(Ids(shown), Ids(again));
            Assert.Equal(Texts(shown), Texts(again));
            Assert.Equal(
                shown?["messages"]?.AsArray().Select(message => string.Join(' ', Alternatives(message))),
                again?["messages"]?.AsArray().Select(message => string.Join(' ', Alternatives(message)))
            );
            Assert.Equal(((bool?)shown?["canUndo"], (bool?)shown?["canRedo"]), ((bool?)again?["canUndo"], (bool?)again?["canRedo"]));
        }
    }

    private async Task StepAsync(int what, int which)
    {
        var ids = Ids(await GetAsync());
        if (ids.Count == 0 || what == 0)
        {
            await AskAsync($"question {which}");
            return;
        }

        var messageId = ids[which % ids.Count];
        var alternatives = Alternatives((await sidecar.Client.ResultAsync("message/get", new { codexId = uri, messageId })));
        var (method, parameters) = what switch
        {
            1 => (
                "message/edit",
                (object)
                    new
                    {
                        codexId = uri,
                        messageId,
                        text = $"changed {which}",
                    }
            ),
            2 => ("message/retry", new { codexId = uri, messageId }),
            3 => (
                "codex/switchBranch",
                new { uri, messageId = alternatives.Count > 0 ? alternatives[which % alternatives.Count] : messageId }
            ),
            4 => ("codex/undo", new { uri }),
            5 => ("codex/redo", new { uri }),
            _ => ("message/discard", new { codexId = uri, messageId }),
        };
        var reply = await sidecar.Client.RequestAsync(method, parameters);
        if (reply["error"] is not null)
        {
            Assert.Equal("conflict", ErrorKind(reply));
        }
        else if (reply["result"]?["turnId"] is not null)
        {
            await sidecar.Client.TurnAsync();
        }
    }

    private Task<List<JsonObject>> AskAsync(string text) => sidecar.Client.AskAsync(uri, text);

    private Task<JsonNode?> GetAsync(string? other = null) => sidecar.Client.ResultAsync("codex/get", new { uri = other ?? uri });

    private ScriptedRequest LastRequest => endpoint.Requests[^1];

    private async Task<IEnumerable<string?>> ListAsync(object parameters) =>
        (await sidecar.Client.ResultAsync("codex/list", parameters))?["items"]?.AsArray().Select(item => (string?)item?["uri"]) ?? [];

    private string JournalOf(string address) => Path.Combine(sidecar.Home, "codices", "chats", address.Split('/')[^1] + ".jsonl");

    private static string Id(JsonNode? chat, int index) => (string?)chat?["messages"]?[index]?["id"] ?? "";

    private static List<string> Ids(JsonNode? chat) =>
        [.. chat?["messages"]?.AsArray().Select(message => (string?)message?["id"] ?? "") ?? []];

    private static List<string?> Alternatives(JsonNode? message) =>
        [.. message?["alternatives"]?.AsArray().Select(id => (string?)id) ?? []];
}
