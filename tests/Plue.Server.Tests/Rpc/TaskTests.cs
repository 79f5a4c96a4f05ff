using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>Tasks: created from a template, started immediately, and stored like chats.</summary>
public sealed class TaskTests : IAsyncLifetime
{
    private readonly ScriptedEndpoint endpoint = new() { Route = _ => Answer("Done it.") };
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
    public async Task A_new_task_starts_immediately_and_reports_completion()
    {
        var made = await sidecar.Client.ResultAsync(
            "codex/create",
            new { templateId = "task", values = new { goal = "Write the docs.\nShort ones.", provider_ref = "codex://providers/scripted" } }
        );
        var uri = (string)made!["uri"]!;
        Assert.StartsWith("codex://tasks/task_", uri, StringComparison.Ordinal);
        Assert.Equal(
            ("Write the docs.", "scripted", "agent"),
            ((string?)made["title"], (string?)made["providerId"], (string?)made["tags"]?[0])
        );

        await StatusAsync(sidecar.Client, uri, "running");
        await StatusAsync(sidecar.Client, uri, "done");
        var got = await GetAsync(uri);
        Assert.Equal(["Write the docs.\nShort ones.", "Done it."], Texts(got));
        Assert.Equal(("done", "done"), ((string?)got?["values"]?["status"], (string?)got?["codex"]?["taskStatus"]));
        Assert.Null(got?["hookFailures"]);

        Assert.Empty((await sidecar.Client.ResultAsync("codex/list", new { collection = "chats" }))!["items"]!.AsArray());
        var listed = await sidecar.Client.ResultAsync(
            "codex/list",
            new { collection = "tasks", filter = new[] { new { field = "status", equals = "done" } } }
        );
        Assert.Equal(uri, (string?)listed?["items"]?[0]?["uri"]);
        Assert.True(File.Exists(Path.Combine(sidecar.Home, "codices", "tasks", uri[(uri.LastIndexOf('/') + 1)..] + ".jsonl")));

        // Opened like a chat, it continues.
        await sidecar.Client.ResultAsync("message/send", new { codexId = uri, text = "And the index?" });
        await sidecar.Client.NextAsync(
            "codex/changed",
            item => (string?)item["codex"]?["taskStatus"] == "done" && (int?)item["codex"]?["messageCount"] == 4
        );
        Assert.Equal(4, Texts(await GetAsync(uri)).Count);
        Assert.Contains("Created the task.", await HistoryAsync(uri));
    }

    [Fact]
    public async Task A_task_that_is_deleted_comes_back_whole_and_a_copy_of_it_does_not_run()
    {
        var uri = await TaskAsync("Count.");
        await StatusAsync(sidecar.Client, uri, "done");
        var copy = await sidecar.Client.ResultAsync("codex/fork", new { uri });
        Assert.Equal(("stopped", 2), ((string?)copy?["taskStatus"], (int?)copy?["messageCount"]));
        await sidecar.Client.ResultAsync("codex/delete", new { uri });
        Assert.Equal("notFound", ErrorKind(await sidecar.Client.RequestAsync("codex/get", new { uri })));
        Assert.Equal(
            uri,
            (string?)(await sidecar.Client.ResultAsync("codex/list", new { collection = "tasks", deleted = true }))?["items"]?[0]?["uri"]
        );
        await sidecar.Client.ResultAsync("codex/restore", new { uri });
        Assert.Equal(["Count.", "Done it."], Texts(await GetAsync(uri)));
        await sidecar.Client.ResultAsync(
            "search/chats",
            new
            {
                searchId = "s",
                text = "Count",
                limit = 10,
            }
        );
        await sidecar.Client.NextAsync("search/hits", item => item["hits"]!.AsArray().Any(hit => (string?)hit?["codexId"] == uri));
    }

    [Fact]
    public async Task A_task_without_a_goal_or_provider_is_rejected()
    {
        var missing = await sidecar.Client.RequestAsync("codex/create", new { templateId = "task", providerId = "scripted" });
        Assert.Equal("Nothing was created. `goal` is missing.", (string?)missing["error"]?["message"]);
        var unknown = await sidecar.Client.RequestAsync(
            "codex/create",
            new
            {
                templateId = "task",
                values = new { goal = "Go", provider_ref = new[] { "codex://providers/gone", "codex://providers/away" } },
            }
        );
        Assert.Equal("notFound", ErrorKind(unknown));
        var wrong = await sidecar.Client.RequestAsync(
            "codex/create",
            new
            {
                templateId = "task",
                collection = "chats",
                values = new { goal = "Go" },
            }
        );
        Assert.Equal("Codices of the template task are kept in tasks.", (string?)wrong["error"]?["message"]);
        Assert.Empty((await sidecar.Client.ResultAsync("codex/list", new { collection = "tasks" }))!["items"]!.AsArray());
    }

    [Fact]
    public async Task A_task_whose_first_provider_is_gone_is_worked_on_by_the_next()
    {
        var made = await sidecar.Client.ResultAsync(
            "codex/create",
            new
            {
                templateId = "task",
                values = new { goal = "Go", provider_ref = new[] { "codex://providers/scripted", "codex://providers/tour" } },
            }
        );
        Assert.Equal(("scripted", "tour"), ((string?)made?["providerId"], (string?)made?["fallbacks"]?[0]?["providerId"]));
    }

    [Fact]
    public async Task A_request_that_would_go_over_the_budget_is_not_sent()
    {
        var uri = await TaskAsync("Go on.", new { tokens = 5 });
        await sidecar.Client.TurnAsync();
        Assert.Equal("over_budget", (string?)(await GetAsync(uri))?["codex"]?["taskStatus"]);
        var answer = (await GetAsync(uri))!["messages"]![1]!;
        Assert.Equal("budgetExceeded", (string?)answer["error"]?["kind"]);
        Assert.StartsWith("This task has reached its budget.", (string?)answer["error"]?["message"], StringComparison.Ordinal);
        Assert.Empty(endpoint.Requests);

        await sidecar.Client.ResultAsync("codex/update", new { uri, set = new { budget = new { tokens = 100000 } } });
        await sidecar.Client.AskAsync(uri, "Now");
        Assert.Equal("done", (string?)(await GetAsync(uri))?["codex"]?["taskStatus"]);
    }

    [Fact]
    public async Task A_task_that_only_the_tour_could_work_on_is_not_made()
    {
        await using var empty = await InMemorySidecar.StartAsync();
        var refused = await empty.Client.RequestAsync("codex/create", new { templateId = "task", values = new { goal = "Go" } });
        Assert.Equal(
            "No connected provider can work on this. Connect one with Plue: Manage Providers, then start the task again.",
            (string?)refused["error"]?["message"]
        );
        Assert.Empty((await empty.Client.ResultAsync("codex/list", new { collection = "tasks" }))!["items"]!.AsArray());
    }

    [Fact]
    public async Task A_task_killed_before_its_first_request_waits_for_the_user()
    {
        // The list of models is requested first, and gets no response.
        sidecar.WriteProvider(
            "slow",
            $"{{ name: 'Slow', provider_type: 'openai-compatible', endpoint: '{endpoint.Url}v1', retry_policy: 'none' }}"
        );
        endpoint.Route = _ => ScriptedAnswer.Silence();
        await using var first = await SidecarProcess.StartAsync(sidecar.Home);
        var made = await first.Client.ResultAsync(
            "codex/create",
            new
            {
                templateId = "task",
                providerId = "slow",
                values = new { goal = "Go far." },
            }
        );
        var uri = (string)made!["uri"]!;
        await endpoint.NextRequestAsync();
        Assert.Equal(
            "queued",
            (string?)(await sidecar.Client.ResultAsync("codex/list", new { collection = "tasks" }))?["items"]?[0]?["taskStatus"]
        );
        await first.KillAsync();
        Assert.Equal(
            "interrupted",
            (string?)(await sidecar.Client.ResultAsync("codex/list", new { collection = "tasks" }))?["items"]?[0]?["taskStatus"]
        );
        Assert.Equal("interrupted", (string?)(await GetAsync(uri))?["codex"]?["taskStatus"]);

        endpoint.Route = _ => Answer("Done it.");
        await sidecar.Client.ResultAsync(
            "message/send",
            new
            {
                codexId = uri,
                text = "",
                provider = "scripted",
            }
        );
        await StatusAsync(sidecar.Client, uri, "done");
        Assert.Equal(["Go far.", "Done it."], Texts(await GetAsync(uri)));
    }

    [Fact]
    public async Task A_task_stopped_before_its_first_request_is_stopped()
    {
        sidecar.WriteProvider(
            "slow",
            $"{{ name: 'Slow', provider_type: 'openai-compatible', endpoint: '{endpoint.Url}v1', retry_policy: 'none' }}"
        );
        endpoint.Route = _ => ScriptedAnswer.Silence();
        var uri = (string)
            (
                await sidecar.Client.ResultAsync(
                    "codex/create",
                    new
                    {
                        templateId = "task",
                        providerId = "slow",
                        values = new { goal = "Go." },
                    }
                )
            )!["uri"]!;
        await endpoint.NextRequestAsync();
        await sidecar.Client.ResultAsync("message/stop", new { codexId = uri });
        await StatusAsync(sidecar.Client, uri, "stopped");
    }

    [Fact]
    public async Task A_task_steered_before_it_started_receives_its_goal_first()
    {
        sidecar.WriteTemplate(
            "manual",
            "{ id: 'manual', name: 'manual', parent_template: 'task', automation: { hooks: [{ trigger: 'created', action: 'notify', message: 'Made' }] } }"
        );
        var uri = (string)
            (
                await sidecar.Client.ResultAsync(
                    "codex/create",
                    new
                    {
                        templateId = "manual",
                        providerId = "scripted",
                        values = new { goal = "Go." },
                    }
                )
            )!["uri"]!;
        await sidecar.Client.AskAsync(uri, "Slowly.");
        Assert.Equal(["Go.\n\nSlowly.", "Done it."], Texts(await GetAsync(uri)));
    }

    [Fact]
    public async Task Stopped_and_failed_tasks_report_their_state()
    {
        endpoint.Route = _ => ScriptedAnswer.Events().Send(Chunk("Half")).Hang();
        var uri = await TaskAsync("Go.");
        await sidecar.Client.NextAsync("message/event", item => Kind(item) == "textDelta");
        await sidecar.Client.ResultAsync("message/stop", new { codexId = uri });
        await StatusAsync(sidecar.Client, uri, "stopped");

        endpoint.Route = _ => ScriptedAnswer.Json("{\"error\":{\"message\":\"no\"}}", 401);
        var failing = await TaskAsync("Go.");
        await StatusAsync(sidecar.Client, failing, "failed");
    }

    private async Task<string> TaskAsync(string goal, object? budget = null)
    {
        var values = new JsonObject { ["goal"] = goal };
        if (budget is not null)
        {
            values["budget"] = System.Text.Json.JsonSerializer.SerializeToNode(budget);
        }
        return (string)
            (
                await sidecar.Client.ResultAsync(
                    "codex/create",
                    new
                    {
                        templateId = "task",
                        providerId = "scripted",
                        values,
                    }
                )
            )!["uri"]!;
    }

    private static Task<JsonObject> StatusAsync(RpcClient client, string uri, string status) =>
        client.NextAsync("codex/changed", item => (string?)item["uri"] == uri && (string?)item["codex"]?["taskStatus"] == status);

    private Task<JsonNode?> GetAsync(string uri) => sidecar.Client.ResultAsync("codex/get", new { uri });

    private async Task<List<string?>> HistoryAsync(string uri) =>
        [
            .. (await sidecar.Client.ResultAsync("codex/history", new { uri }))!["versions"]!
                .AsArray()
                .Select(version => (string?)version?["summary"]),
        ];
}
