using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>Effects of template hooks on chats, tasks and items, with all services.</summary>
public sealed class AutomationTests : IAsyncLifetime
{
    private const string Answers =
        "{ trigger: 'field_change', field: 'messages', action: 'send_to_llm', conditions: [{ field: 'messages[-1].role', equals: 'user' }] }";

    private readonly ScriptedEndpoint endpoint = new() { Route = _ => Answer("Yes") };
    private InMemorySidecar sidecar = null!;

    public async ValueTask InitializeAsync()
    {
        sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
    }

    public async ValueTask DisposeAsync()
    {
        await sidecar.DisposeAsync();
        await endpoint.DisposeAsync();
    }

    [Fact]
    public async Task A_chat_whose_template_has_no_hook_for_it_stores_and_does_not_answer()
    {
        Template("silent", "ai-chat", "", "{ trigger: 'created', action: 'notify', message: 'Made {{title}}' }");
        var uri = await ChatAsync("silent");
        Assert.Equal(("Made New chat", uri), Notice(await sidecar.Client.NextAsync("host/notify")));
        Assert.Null((await sidecar.Client.ResultAsync("message/send", new { codexId = uri, text = "Hello?" }))?["turnId"]);
        Assert.Equal(["Hello?"], Texts(await GetAsync(uri)));
        Assert.Empty(endpoint.Requests);
    }

    [Fact]
    public async Task A_changed_field_triggers_a_change_of_another_and_the_history_names_the_hook()
    {
        Template(
            "review",
            "ai-chat",
            "{ name: 'title', type: 'text' }, { name: 'depth', type: 'text' }, { name: 'label', type: 'text' }, { name: 'size', type: 'number' }, { name: 'copy', type: 'number' }",
            "{ trigger: 'field_change', field: 'depth', action: 'set_field', target: 'label', value: 'Look {{depth}} at {{size}}' }",
            "{ trigger: 'field_change', field: 'depth', action: 'set_field', target: 'copy', value: '{{size}}' }",
            "{ trigger: 'field_change', field: 'label', action: 'set_field', target: 'title', value: '{{label}}!', conditions: [{ field: 'depth', not_equals: 'low' }] }",
            "{ trigger: 'field_change', field: 'label', action: 'notify', message: 'Now {{label}}', conditions: [{ field: 'size', exists: true }, { field: 'label', contains: 'deep' }] }",
            Answers
        );
        var uri = await ChatAsync("review", new { size = 3 });
        var row = await sidecar.Client.ResultAsync("codex/update", new { uri, set = new { depth = "deep" } });
        Assert.Equal("Look deep at 3!", (string?)row?["title"]);
        Assert.Equal("""{"size":3,"depth":"deep","label":"Look deep at 3","copy":3}""", (await GetAsync(uri))?["values"]?.ToJsonString());
        Assert.Equal("Now Look deep at 3", Notice(await sidecar.Client.NextAsync("host/notify")).Message);
        Assert.Equal(
            [
                "hook: Hook said \"Now Look deep at 3\"",
                "hook: Hook set title.",
                "hook: Hook set copy.",
                "hook: Hook set label.",
                "you: Set depth.",
                "you: Created the chat.",
            ],
            await HistoryAsync(uri)
        );

        // The same value is not a change.
        await sidecar.Client.ResultAsync("codex/update", new { uri, set = new { depth = "deep" } });
        Assert.Equal("you: Set depth.", (await HistoryAsync(uri))[0]);
        await sidecar.Client.ResultAsync("codex/update", new { uri, set = new { depth = "low" } });
        Assert.Equal("Look deep at 3!", (string?)(await GetAsync(uri))?["codex"]?["title"]);
    }

    [Fact]
    public async Task A_changed_field_can_have_the_last_question_answered_once()
    {
        Template(
            "later",
            "ai-chat",
            "{ name: 'go', type: 'boolean', default: false }",
            "{ trigger: 'field_change', field: 'go', action: 'send_to_llm', conditions: [{ field: 'go', equals: true }] }"
        );
        var uri = await ChatAsync("later");
        await sidecar.Client.ResultAsync("codex/update", new { uri, set = new { go = true } });
        Assert.Equal("hook: Hook send_to_llm did nothing: there was no message to respond to.", (await HistoryAsync(uri))[0]);
        await sidecar.Client.ResultAsync("codex/update", new { uri, set = new { go = false } });

        await sidecar.Client.ResultAsync("message/send", new { codexId = uri, text = "When I say so" });
        await sidecar.Client.ResultAsync("codex/update", new { uri, set = new { go = true } });
        await sidecar.Client.TurnAsync();
        Assert.Equal(["When I say so", "Yes"], Texts(await GetAsync(uri)));
        Assert.Single(endpoint.Requests);
    }

    [Fact]
    public async Task A_hook_before_the_request_sets_the_field_first()
    {
        Template(
            "count",
            "ai-chat",
            "{ name: 'last', type: 'text' }",
            "{ trigger: 'field_change', field: 'messages', action: 'set_field', target: 'last', value: '{{messages[-1].content}}', conditions: [{ field: 'messages[-1].role', equals: 'user' }] }",
            Answers,
            "{ trigger: 'field_change', field: 'messages', action: 'notify', message: '{{messages[-1].content}}', conditions: [{ field: 'messages[-1].role', equals: 'assistant' }] }"
        );
        var uri = await ChatAsync("count");
        await sidecar.Client.ResultAsync("message/send", new { codexId = uri, text = "What?" });
        Assert.Equal("What?", (string?)(await GetAsync(uri))?["values"]?["last"]);
        Assert.Equal("Yes", Notice(await sidecar.Client.NextAsync("host/notify")).Message);
        var history = await HistoryAsync(uri);
        Assert.True(history.IndexOf("hook: Hook set last.") < history.IndexOf("you: Sent \"What?\"."));
    }

    [Fact]
    public async Task A_hook_starts_a_task_that_records_its_origin_and_status_changes_run_its_own_hooks()
    {
        Template(
            "worker",
            "task",
            "{ name: 'note', type: 'text' }",
            "{ trigger: 'created', action: 'send_to_llm' }",
            "{ trigger: 'status_change', action: 'set_field', target: 'note', value: 'It is {{status}}', conditions: [{ field: 'status', equals: 'done' }] }",
            "{ trigger: 'status_change', action: 'notify', message: 'Task {{status}}' }"
        );
        Template(
            "boss",
            "ai-chat",
            "",
            "{ trigger: 'field_change', field: 'title', action: 'spawn_task', template: 'worker', values: { goal: 'Work on {{title}}', provider_ref: 'codex://providers/scripted' } }"
        );
        var uri = await ChatAsync("boss");
        await sidecar.Client.ResultAsync("codex/update", new { uri, title = "Parsers" });
        var task = (string)(await sidecar.Client.ResultAsync("codex/list", new { collection = "tasks" }))!["items"]![0]!["uri"]!;
        Assert.Equal($"hook: Hook started {task}.", (await HistoryAsync(uri))[0]);
        Assert.Equal("Task running", Notice(await sidecar.Client.NextAsync("host/notify")).Message);
        Assert.Equal("Task done", Notice(await sidecar.Client.NextAsync("host/notify")).Message);
        var got = await GetAsync(task);
        Assert.Equal(
            (uri, "It is done", "Work on Parsers"),
            ((string?)got?["codex"]?["spawnedBy"], (string?)got?["values"]?["note"], Texts(got)[0])
        );
        Assert.Contains(
            (await sidecar.Client.ResultAsync("codex/links", new { uri }))!["incoming"]!.AsArray(),
            link => (string?)link?["kind"] == "spawned_by" && (string?)link["target"] == task
        );
    }

    [Fact]
    public async Task A_message_gets_one_response_regardless_of_the_requests_of_hooks()
    {
        const string ask = "action: 'send_to_llm'";
        Template(
            "eager",
            "ai-chat",
            "{ name: 'last', type: 'text' }",
            $"{{ trigger: 'field_change', field: 'messages', {ask} }}",
            $"{{ trigger: 'field_change', {ask} }}",
            "{ trigger: 'field_change', field: 'messages', action: 'set_field', target: 'last', value: '{{messages[-1].content}}' }",
            $"{{ trigger: 'field_change', field: 'last', {ask} }}"
        );
        var uri = await ChatAsync("eager");
        for (var asked = 1; asked <= 3; asked++)
        {
            await sidecar.Client.AskAsync(uri, $"Question {asked}");
            // The message is stored but gets no response while hooks of the previous response run.
            await sidecar.Client.ResultAsync(
                "message/send",
                new
                {
                    codexId = uri,
                    text = $"Note {asked}",
                    respond = false,
                }
            );
            Assert.Equal(asked, endpoint.Requests.Count);
        }

        Assert.Equal(9, Texts(await GetAsync(uri)).Count);
        Assert.Equal(3, endpoint.Requests.Count);
    }

    [Fact]
    public async Task A_hook_triggered_by_another_hook_can_request_the_response()
    {
        Template(
            "indirect",
            "ai-chat",
            "{ name: 'last', type: 'text' }",
            "{ trigger: 'field_change', field: 'messages', action: 'set_field', target: 'last', value: '{{messages[-1].content}}', conditions: [{ field: 'messages[-1].role', equals: 'user' }] }",
            "{ trigger: 'field_change', field: 'last', action: 'send_to_llm' }"
        );
        var uri = await ChatAsync("indirect");
        await sidecar.Client.AskAsync(uri, "What?");
        Assert.Equal(["What?", "Yes"], Texts(await GetAsync(uri)));
        Assert.Null(
            (
                await sidecar.Client.ResultAsync(
                    "message/send",
                    new
                    {
                        codexId = uri,
                        text = "Keep",
                        respond = false,
                    }
                )
            )?["turnId"]
        );
        Assert.Single(endpoint.Requests);
    }

    [Fact]
    public async Task A_task_that_cannot_start_fails_and_runs_its_hooks()
    {
        Template(
            "lost",
            "task",
            "",
            "{ trigger: 'created', action: 'send_to_llm' }",
            "{ trigger: 'status_change', action: 'notify', message: 'Task {{status}}' }",
            "{ trigger: 'status_change', action: 'send_to_llm' }"
        );
        var made = await sidecar.Client.ResultAsync(
            "codex/create",
            new
            {
                templateId = "lost",
                providerId = "scripted",
                values = new { goal = "Go", system_prompt_ref = "codex://prompts/gone.md" },
            }
        );
        Assert.Equal("Task failed", Notice(await sidecar.Client.NextAsync("host/notify")).Message);
        var uri = (string)made!["uri"]!;
        await sidecar.Client.NextAsync(
            "codex/changed",
            item => (string?)item["uri"] == uri && (string?)item["codex"]?["taskStatus"] == "failed"
        );
        List<string> failures;
        do
        {
            failures = Failures(await GetAsync(uri));
        } while (failures.Count < 2);
        Assert.All(failures, failure => Assert.StartsWith("send_to_llm: ", failure, StringComparison.Ordinal));
        Assert.Empty(endpoint.Requests);
    }

    [Fact]
    public async Task A_hook_that_fails_is_shown_until_the_chat_changes_and_stops_nothing_else()
    {
        Template(
            "frail",
            "ai-chat",
            "{ name: 'depth', type: 'select', options: ['a', 'b'] }, { name: 'label', type: 'text' }",
            "{ trigger: 'field_change', field: 'title', action: 'set_field', target: 'depth', value: '{{title}}' }",
            "{ trigger: 'field_change', field: 'title', action: 'spawn_task', template: 'task', values: {} }",
            "{ trigger: 'field_change', field: 'title', action: 'set_field', target: 'label', value: 'sk-canary-{{tags[0]}}' }",
            "{ trigger: 'field_change', field: 'title', action: 'set_field', target: 'label', value: 'good' }",
            Answers
        );
        var uri = await ChatAsync("frail");
        await sidecar.Client.ResultAsync(
            "codex/update",
            new
            {
                uri,
                title = "New",
                tags = new[] { "0123456789abcdef" },
            }
        );
        var got = await GetAsync(uri);
        Assert.Equal("good", (string?)got?["values"]?["label"]);
        Assert.Equal(
            [
                "set_field: Do not store keys in files. Run Plue: Configure Provider Key.",
                "spawn_task: Nothing was created. `goal` is missing.",
                "set_field: Nothing was changed. `depth` must be one of a, b.",
            ],
            Failures(got)
        );
        var changes = (await sidecar.Client.AskAsync(uri, "Still there?"))
            .Where(item => Kind(item) == "hooksChanged")
            .Select(item => item["event"]?["failures"]?.AsArray().Count);
        Assert.Equal([1, 2, 3, 0], changes);
        got = await GetAsync(uri);
        Assert.Equal("Yes", Texts(got)[^1]);
        Assert.Null(got?["hookFailures"]);
    }

    [Fact]
    public async Task Hooks_that_trigger_each_other_stop_with_a_report()
    {
        Template(
            "loop",
            "ai-chat",
            "{ name: 'a', type: 'text', default: '' }, { name: 'b', type: 'text', default: '' }",
            "{ trigger: 'field_change', field: 'a', action: 'set_field', target: 'b', value: '{{a}}x' }",
            "{ trigger: 'field_change', field: 'b', action: 'set_field', target: 'a', value: '{{b}}y' }"
        );
        var uri = await ChatAsync("loop");
        await sidecar.Client.ResultAsync("codex/update", new { uri, set = new { a = "-" } });
        var got = await GetAsync(uri);
        Assert.Equal("-xyxyxyxy", (string?)got?["values"]?["a"]);
        Assert.StartsWith("set_field: 8 hooks in a row followed from one change", Failures(got).Single(), StringComparison.Ordinal);

        for (var i = 0; i < 8; i++)
        {
            await sidecar.Client.ResultAsync("codex/update", new { uri, set = new { a = $"{i}" } });
        }
        Assert.StartsWith("set_field: 60 hooks ran within a minute", Failures(await GetAsync(uri)).Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Items_have_hooks_too()
    {
        Template(
            "ticket",
            null,
            "{ name: 'title', type: 'text' }, { name: 'status', type: 'select', options: ['open', 'closed'], default: 'open' }, { name: 'note', type: 'text' }, { name: 'made', type: 'boolean' }, { name: 'rank', type: 'number' }",
            "{ trigger: 'created', action: 'set_field', target: 'made', value: true }",
            "{ trigger: 'status_change', action: 'set_field', target: 'note', value: '{{title}} is {{status}}' }",
            "{ trigger: 'status_change', action: 'set_field', target: 'rank', value: '{{title}}' }",
            "{ trigger: 'status_change', action: 'notify', message: '{{note}}' }"
        );
        var uri = (string)(await sidecar.Client.ResultAsync("codex/create", new { templateId = "ticket", title = "Leak" }))!["uri"]!;
        Assert.True((bool?)(await GetAsync(uri))?["document"]?["values"]?["made"]);
        await sidecar.Client.ResultAsync("codex/update", new { uri, set = new { status = "closed" } });
        Assert.Equal(("Leak is closed", uri), Notice(await sidecar.Client.NextAsync("host/notify")));
        var got = await GetAsync(uri);
        Assert.Equal("Leak is closed", (string?)got?["document"]?["values"]?["note"]);
        Assert.Equal(["set_field: Nothing was changed. `rank` is text where a number was expected."], Failures(got));
        Assert.Equal(
            [
                "hook: Hook said \"Leak is closed\"",
                "hook: Hook set_field failed: Nothing was changed. `rank` is text where a number was expected.",
                "hook: Hook set note",
                "you: Changed status",
                "hook: Hook set made",
                "you: Created",
            ],
            await HistoryAsync(uri)
        );

        // Another process sees the change, too, and changes by hooks outside the content create no version.
        await using (var again = await InMemorySidecar.StartAsync(sidecar.Home))
        {
            Assert.Equal(Failures(got), Failures(await again.Client.ResultAsync("codex/get", new { uri })));
        }

        await sidecar.Client.ResultAsync(
            "codex/update",
            new
            {
                uri,
                set = new { title = "Drip" },
                expectedVersion = (long?)got?["codex"]?["version"],
            }
        );
        Assert.Equal("Leak", (string?)(await sidecar.Client.ResultAsync("codex/undo", new { uri }))?["title"]);
        await sidecar.Client.ResultAsync("codex/redo", new { uri });
        Assert.Null((await GetAsync(uri))?["hookFailures"]);
    }

    [Fact]
    public async Task Two_windows_that_change_an_item_at_once_set_off_each_hook_once()
    {
        const int Rounds = 20;
        Template(
            "ticket",
            null,
            "{ name: 'title', type: 'text' }, { name: 'status', type: 'number' }, { name: 'seen', type: 'text', default: '' }",
            "{ trigger: 'status_change', action: 'set_field', target: 'seen', value: '{{seen}}+' }"
        );
        await using var other = await InMemorySidecar.StartAsync(sidecar.Home);
        var uri = (string)(await sidecar.Client.ResultAsync("codex/create", new { templateId = "ticket", title = "Leak" }))!["uri"]!;
        for (var i = 1; i <= Rounds; i++)
        {
            await Task.WhenAll(
                sidecar.Client.ResultAsync("codex/update", new { uri, set = new { status = i } }),
                other.Client.ResultAsync("codex/update", new { uri, title = $"Leak {i}" })
            );
        }

        Assert.Equal(new string('+', Rounds), (string?)(await GetAsync(uri))?["document"]?["values"]?["seen"]);
    }

    [Fact]
    public async Task Only_the_window_that_made_the_change_runs_the_hooks()
    {
        Template(
            "note",
            "ai-chat",
            "{ name: 'count', type: 'text', default: '' }",
            "{ trigger: 'field_change', field: 'title', action: 'set_field', target: 'count', value: '{{count}}+' }"
        );
        await using var first = await SidecarProcess.StartAsync(sidecar.Home);
        var uri = await ChatAsync("note");
        await first.Client.ResultAsync("codex/get", new { uri });
        await first.Client.ResultAsync("codex/update", new { uri, title = "Other" });
        await sidecar.Client.NextAsync("codex/changed", item => (string?)item["codex"]?["title"] == "Other");
        Assert.Equal("+", (string?)(await GetAsync(uri))?["values"]?["count"]);
        await sidecar.Client.ResultAsync("codex/update", new { uri, title = "Mine" });
        Assert.Equal("++", (string?)(await first.Client.ResultAsync("codex/get", new { uri }))?["values"]?["count"]);
    }

    private void Template(string id, string? parent, string fields, params string[] hooks) =>
        sidecar.WriteTemplate(
            id,
            $"{{ id: '{id}', name: '{id}', {(parent is null ? "" : $"parent_template: '{parent}', ")}fields: [{fields}], automation: {{ hooks: [{string.Join(", ", hooks)}] }} }}"
        );

    private async Task<string> ChatAsync(string template, object? values = null) =>
        (string)
            (
                await sidecar.Client.ResultAsync(
                    "codex/create",
                    new
                    {
                        templateId = template,
                        providerId = "scripted",
                        values = values ?? new { },
                    }
                )
            )!["uri"]!;

    private static (string? Message, string? Uri) Notice(JsonObject item) => ((string?)item["message"], (string?)item["uri"]);

    private static List<string> Failures(JsonNode? got) =>
        [.. got?["hookFailures"]?.AsArray().Select(failure => $"{failure?["action"]}: {failure?["message"]}") ?? []];

    private async Task<List<string>> HistoryAsync(string uri) =>
        [
            .. (await sidecar.Client.ResultAsync("codex/history", new { uri }))!["versions"]!
                .AsArray()
                .Select(version => $"{version?["author"]}: {version?["summary"]}"),
        ];

    private Task<JsonNode?> GetAsync(string uri) => sidecar.Client.ResultAsync("codex/get", new { uri });
}
