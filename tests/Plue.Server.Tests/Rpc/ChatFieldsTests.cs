using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>Fields of a chat, chat lists with fields, and reading of messages.</summary>
public sealed class ChatFieldsTests : IAsyncLifetime
{
    private readonly ScriptedEndpoint endpoint = new() { Route = _ => Answer("An answer with Apples and apples") };
    private InMemorySidecar sidecar = null!;
    private string uri = "";

    public async ValueTask InitializeAsync()
    {
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
    public async Task Fields_are_set_and_taken_away_by_the_names_that_the_template_gives()
    {
        var row = await UpdateAsync(
            new
            {
                uri,
                set = new
                {
                    title = "Mine",
                    model = "big",
                    temperature = 0.5,
                    max_tokens = 9,
                    stop_sequences = new[] { "END" },
                    reasoning_level = "high",
                    tags = new[] { " a ", "A", "b" },
                    pinned = true,
                    archived = true,
                    context_files = new[] { "src/a.ts" },
                },
            }
        );
        Assert.Equal(
            ("Mine", "big", 0.5, 9, "END", "high"),
            (
                (string?)row?["title"],
                (string?)row?["model"],
                (double?)row?["options"]?["temperature"],
                (int?)row?["options"]?["maxTokens"],
                (string?)row?["options"]?["stopSequences"]?[0],
                (string?)row?["options"]?["reasoningLevel"]
            )
        );
        Assert.Equal((true, true, "a,b"), ((bool?)row?["pinned"], (bool?)row?["archived"], Tags(row)));

        row = await UpdateAsync(
            new
            {
                uri,
                set = new
                {
                    title = (string?)null,
                    temperature = (double?)null,
                    pinned = (bool?)null,
                    provider_ref = "codex://providers/tour",
                },
                append = new { tags = "c" },
            }
        );
        Assert.Equal(
            ("New chat", null, 9, false, "a,b,c"),
            (
                (string?)row?["title"],
                (double?)row?["options"]?["temperature"],
                (int?)row?["options"]?["maxTokens"],
                (bool?)row?["pinned"],
                Tags(row)
            )
        );
        Assert.Equal(("tour", null), ((string?)row?["providerId"], (string?)row?["model"]));
    }

    [Fact]
    public async Task A_field_that_is_not_there_or_cannot_have_the_value_is_refused_with_a_sentence()
    {
        Assert.Equal("A chat has no field `titel`. Did you mean `title`?", await RefusedAsync(new { uri, set = new { titel = "x" } }));
        Assert.Equal("`title` must be a string.", await RefusedAsync(new { uri, set = new { title = 1 } }));
        Assert.Equal("The temperature must be a number from 0 to 2.", await RefusedAsync(new { uri, set = new { temperature = 3 } }));
        Assert.Equal("`pinned` is not a list: put it in `set`.", await RefusedAsync(new { uri, append = new { pinned = true } }));
        Assert.Equal("A tag must be one line of up to 64 characters.", await RefusedAsync(new { uri, tags = new[] { "two\nlines" } }));
        Assert.Contains(
            "codex://providers/NAME",
            await RefusedAsync(new { uri, set = new { provider_ref = "../x" } }),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "user or assistant",
            await RefusedAsync(new { uri, append = new { messages = new { role = "system", content = "x" } } }),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_user_template_defines_fields_of_its_chats()
    {
        sidecar.WriteTemplate(
            "review",
            """
            { id: 'review', name: 'Review', parent_template: 'ai-chat', fields: [
              { name: 'depth', type: 'select', options: ['quick', 'thorough'], default: 'quick' },
              { name: 'ticket', type: 'text', required: true },
              { name: 'areas', type: 'array', items: { type: 'text' }, default: ['code'] },
              { name: 'tags', type: 'array', items: { type: 'text' }, default: ['review'] } ] }
            """
        );
        Assert.Equal(
            "Nothing was created. `ticket` is missing.",
            await RefusedAsync("codex/create", new { templateId = "review", providerId = "scripted" })
        );
        Assert.Equal(
            "Nothing was created. `ticket` is empty.",
            await RefusedAsync(
                "codex/create",
                new
                {
                    templateId = "review",
                    providerId = "scripted",
                    values = new { ticket = " " },
                }
            )
        );
        var made = await sidecar.Client.ResultAsync(
            "codex/create",
            new
            {
                templateId = "review",
                providerId = "scripted",
                values = new
                {
                    ticket = "PL-1",
                    temperature = 0.2,
                    title = "Look",
                },
            }
        );
        var own = (string)made!["uri"]!;
        Assert.Equal(("Look", 0.2, "review"), ((string?)made["title"], (double?)made["options"]?["temperature"], Tags(made)));

        await UpdateAsync(
            new
            {
                uri = own,
                set = new { depth = "thorough", system_prompt_override = "Be kind." },
                append = new { areas = "tests" },
            }
        );
        Assert.Equal(
            """{"ticket":"PL-1","depth":"thorough","system_prompt_override":"Be kind.","areas":["code","tests"]}""",
            await ValuesAsync(own)
        );
        await UpdateAsync(new { uri = own, set = new { depth = (string?)null } });
        Assert.Equal("""{"ticket":"PL-1","system_prompt_override":"Be kind.","areas":["code","tests"]}""", await ValuesAsync(own));

        Assert.Equal(
            "Nothing was changed. `depth` must be one of quick, thorough.",
            await RefusedAsync(new { uri = own, set = new { depth = "deep" } })
        );
        Assert.Equal(
            "A chat has no field `tickets`. Did you mean `ticket`?",
            await RefusedAsync(new { uri = own, set = new { tickets = "x" } })
        );
        Assert.Equal("`depth` is not a list: put it in `set`.", await RefusedAsync(new { uri = own, append = new { depth = "quick" } }));
        Assert.StartsWith(
            "Do not store keys in files.",
            await RefusedAsync("codex/update", new { uri = own, set = new { ticket = "sk-canary-0123456789abcdef" } }, "permissionDenied"),
            StringComparison.Ordinal
        );

        var history = (await sidecar.Client.ResultAsync("codex/history", new { uri = own }))?["versions"]?.AsArray();
        Assert.Equal("Set depth.", (string?)history?[0]?["summary"]);
        var copy = (string)(await sidecar.Client.ResultAsync("codex/fork", new { uri = own }))!["uri"]!;
        Assert.Equal(await ValuesAsync(own), await ValuesAsync(copy));
        await using var again = await InMemorySidecar.StartAsync(sidecar.Home);
        Assert.Equal("PL-1", (string?)(await again.Client.ResultAsync("codex/get", new { uri = own }))?["values"]?["ticket"]);
    }

    [Fact]
    public async Task Two_writers_cannot_overwrite_each_other()
    {
        var version = (long?)(await UpdateAsync(new { uri, title = "One" }))?["version"];
        Assert.Equal(
            "Two",
            (string?)
                (
                    await UpdateAsync(
                        new
                        {
                            uri,
                            title = "Two",
                            expectedVersion = version,
                        }
                    )
                )?["title"]
        );
        var late = await sidecar.Client.RequestAsync(
            "codex/update",
            new
            {
                uri,
                title = "Three",
                expectedVersion = version,
            }
        );
        Assert.Equal("conflict", ErrorKind(late));
        Assert.StartsWith("This chat has changed", (string?)late["error"]?["message"], StringComparison.Ordinal);
        var unchanged = (long?)(await UpdateAsync(new { uri }))?["version"];
        Assert.Equal(version + 1, unchanged);
    }

    [Fact]
    public async Task An_appended_question_starts_one_turn_as_sending_it_does()
    {
        await UpdateAsync(
            new
            {
                uri,
                append = new { messages = new[] { new { role = "user", content = "first" }, new { role = "user", content = "second" } } },
            }
        );
        var events = await sidecar.Client.TurnAsync();
        Assert.Equal(1, events.Count(item => Kind(item) == "turnStarted"));
        Assert.Equal(["first", "second", "An answer with Apples and apples"], Texts(await GetAsync()));
        await UpdateAsync(new { uri, append = new { messages = new { role = "assistant", content = "a note" } } });
        Assert.Equal("a note", Texts(await GetAsync())[^1]);
        Assert.Single(endpoint.Requests);
    }

    [Fact]
    public async Task An_unviewed_response_is_unread_until_it_is_marked()
    {
        Assert.False((bool?)(await RowAsync())?["unread"]);
        await sidecar.Client.AskAsync(uri, "one");
        Assert.True((bool?)(await RowAsync())?["unread"]);
        await sidecar.Client.ResultAsync("codex/markRead", new { uri });
        await sidecar.Client.NextAsync(
            "codex/changed",
            item => (bool?)item["codex"]?["unread"] == false && (int?)item["codex"]?["messageCount"] == 2
        );
        var row = await RowAsync();
        Assert.False((bool?)row?["unread"]);
        await sidecar.Client.ResultAsync("codex/markRead", new { uri });
        Assert.Equal((long?)row?["version"], (long?)(await RowAsync())?["version"]);
    }

    [Fact]
    public async Task Chats_are_filtered_sorted_and_paged()
    {
        await UpdateAsync(
            new
            {
                uri,
                title = "Banana",
                tags = new[] { "fruit", "yellow" },
            }
        );
        var second = await sidecar.Client.CreateChatAsync("tour");
        await UpdateAsync(
            new
            {
                uri = second,
                title = "apple",
                tags = new[] { "fruit" },
                archived = true,
            }
        );
        Assert.Equal(["Banana"], await TitlesAsync(new { collection = "chats" }));
        Assert.Equal(
            ["apple"],
            await TitlesAsync(new { collection = "chats", filter = new[] { new { field = "archived", equals = true } } })
        );
        Assert.Equal(
            ["apple", "Banana"],
            await TitlesAsync(
                new
                {
                    collection = "chats",
                    includeArchived = true,
                    sortBy = "title",
                }
            )
        );
        Assert.Equal(
            ["Banana"],
            await TitlesAsync(
                new
                {
                    collection = "chats",
                    includeArchived = true,
                    tags = new[] { "Fruit", "yellow" },
                }
            )
        );
        Assert.Equal(
            ["apple"],
            await TitlesAsync(
                new
                {
                    collection = "chats",
                    includeArchived = true,
                    filter = new[] { new { field = "provider_ref", contains = "TOUR" } },
                }
            )
        );
        Assert.Empty(
            await TitlesAsync(
                new
                {
                    collection = "chats",
                    filter = new[] { new { field = "model", exists = true } },
                    templateId = "ai-chat",
                }
            )
        );
        var page = await sidecar.Client.ResultAsync(
            "codex/list",
            new
            {
                collection = "chats",
                includeArchived = true,
                sortBy = "title",
                descending = true,
                offset = 1,
                limit = 1,
            }
        );
        Assert.Equal(("apple", 2), ((string?)page?["items"]?[0]?["title"], (int?)page?["total"]));
        var wrong = await sidecar.Client.RequestAsync("codex/list", new { collection = "chats", sortBy = "titles" });
        Assert.Equal("Chats cannot be filtered or sorted by `titles`. Did you mean `title`?", (string?)wrong["error"]?["message"]);
    }

    [Fact]
    public async Task Filtering_by_template_includes_descendants()
    {
        Directory.CreateDirectory(Path.Combine(sidecar.Home, "templates"));
        await File.WriteAllTextAsync(
            Path.Combine(sidecar.Home, "templates", "careful.json5"),
            "{ id: 'careful', name: 'Careful', parent_template: 'ai-chat', fields: [] }"
        );
        await sidecar.Client.ResultAsync(
            "codex/create",
            new
            {
                templateId = "careful",
                providerId = "tour",
                title = "Careful one",
            }
        );
        Assert.Equal(["Careful one"], await TitlesAsync(new { collection = "chats", templateId = "careful" }));
        Assert.Equal(2, (await TitlesAsync(new { collection = "chats", templateId = "ai-chat" })).Count());
        Assert.Empty(await TitlesAsync(new { collection = "chats", templateId = "task" }));
    }

    [Fact]
    public async Task Messages_are_read_in_pages_alone_and_as_an_outline_and_text_is_found_in_them()
    {
        await sidecar.Client.AskAsync(uri, "one APPLE\n\n  and more");
        await sidecar.Client.AskAsync(uri, "two");
        var page = await sidecar.Client.ResultAsync(
            "message/list",
            new
            {
                codexId = uri,
                offset = 1,
                limit = 2,
            }
        );
        Assert.Equal((4, 1), ((int?)page?["total"], (int?)page?["offset"]));
        Assert.Equal(["An answer with Apples and apples", "two"], Texts(page));
        var id = (string?)page?["messages"]?[1]?["id"];
        Assert.Equal("two", Text(await sidecar.Client.ResultAsync("message/get", new { codexId = uri, messageId = id })));
        Assert.Equal(
            2,
            (int?)
                (
                    await sidecar.Client.ResultAsync(
                        "message/list",
                        new
                        {
                            codexId = uri,
                            offset = 0,
                            limit = 1,
                            messageId = id,
                        }
                    )
                )?["offset"]
        );
        Assert.Equal(
            "notFound",
            ErrorKind(
                await sidecar.Client.RequestAsync(
                    "message/list",
                    new
                    {
                        codexId = uri,
                        offset = 0,
                        limit = 1,
                        messageId = "msg_1",
                    }
                )
            )
        );
        Assert.Equal("notFound", ErrorKind(await sidecar.Client.RequestAsync("message/get", new { codexId = uri, messageId = "msg_1" })));
        Assert.Equal(
            "missingField",
            ErrorKind(
                await sidecar.Client.RequestAsync(
                    "message/list",
                    new
                    {
                        codexId = uri,
                        offset = -1,
                        limit = 2,
                    }
                )
            )
        );

        var outline = (await sidecar.Client.ResultAsync("message/outline", new { codexId = uri }))?["entries"]?.AsArray();
        Assert.Equal(
            [("one APPLE and more", 0), ("two", 2)],
            outline?.Select(entry => ((string?)entry?["text"] ?? "", (int?)entry?["index"] ?? -1)) ?? []
        );

        var found = await sidecar.Client.ResultAsync("message/find", new { codexId = uri, text = "apple" });
        Assert.Equal(
            [(0, 1), (1, 2), (3, 2)],
            found?["matches"]?.AsArray().Select(place => ((int?)place?["index"] ?? -1, (int?)place?["count"] ?? -1)) ?? []
        );
        Assert.Empty((await sidecar.Client.ResultAsync("message/find", new { codexId = uri, text = "" }))?["matches"]?.AsArray() ?? []);
    }

    private Task<JsonNode?> UpdateAsync(object parameters) => sidecar.Client.ResultAsync("codex/update", parameters);

    private async Task<string> ValuesAsync(string codex) =>
        (await sidecar.Client.ResultAsync("codex/get", new { uri = codex }))?["values"]?.ToJsonString() ?? "";

    private Task<string?> RefusedAsync(object parameters) => RefusedAsync("codex/update", parameters);

    private async Task<string?> RefusedAsync(string method, object parameters, string kind = "missingField")
    {
        var reply = await sidecar.Client.RequestAsync(method, parameters);
        Assert.Equal(kind, ErrorKind(reply));
        return (string?)reply["error"]?["message"];
    }

    private Task<JsonNode?> GetAsync() => sidecar.Client.ResultAsync("codex/get", new { uri });

    private async Task<JsonNode?> RowAsync() =>
        (await sidecar.Client.ResultAsync("codex/list", new { collection = "chats" }))?["items"]?[0];

    private async Task<IEnumerable<string?>> TitlesAsync(object parameters) =>
        (await sidecar.Client.ResultAsync("codex/list", parameters))?["items"]?.AsArray().Select(item => (string?)item?["title"]) ?? [];

    private static string Tags(JsonNode? row) => string.Join(',', row?["tags"]?.AsArray().Select(tag => (string?)tag) ?? []);
}
