using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Agents.AgentsHome;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Agents;

/// <summary>Plans: written by a chat in plan mode, commented, approved in part, and run, with real items, journals and files, and models on loopback.</summary>
public sealed class PlanTests : IAsyncLifetime
{
    private static readonly object[] Steps =
    [
        Step("Read the parser", files: ["src/dates.ts"]),
        Step("Write the parser", files: ["src/**"], checks: ["true"], share: 60),
        Step("Write the docs", files: ["docs/dates.md"]),
    ];

    private readonly ConcurrentDictionary<string, TaskCompletionSource> gates = new(StringComparer.Ordinal);
    private AgentsHome home = null!;

    public async ValueTask InitializeAsync()
    {
        home = await StartAsync(hasRealTools: true);
        home.WriteTemplate(
            "doer",
            "provider_ref: 'codex://providers/small', available_tools: ['write', 'bash'], permissions: { allow: ['bash(true)', 'bash(false)'] }, budget: { usd: 0.5, rounds: 20 }, fields: [{ name: 'permission_mode', default: 'edit' }]"
        );
    }

    public async ValueTask DisposeAsync() => await home.DisposeAsync();

    [Fact]
    public async Task A_chat_in_plan_mode_writes_its_plan_as_an_item_and_only_there_has_the_tool()
    {
        var offered = new List<bool>();
        home.Script = asked =>
        {
            offered.Add(asked.Tools.Contains("write_plan"));
            return asked.Asked == 0 ? Calls("", Write("w1", Steps)) : Answer("See the plan.");
        };
        var chat = await PlanningAsync();
        var uri = await PlanOfAsync(chat);
        Assert.Equal([true, true], offered);

        Assert.Equal("codex://items/reject-february-30", uri);
        var plan = await GetAsync(uri);
        Assert.Equal(
            ("Reject February 30", chat, true, false),
            (Text(plan, "title"), Text(plan, "chat"), Flag(plan, "isInPlanMode"), Flag(plan, "isRunning"))
        );
        Assert.Equal(["pending", "pending", "pending"], StatesIn(plan));
        Assert.All(plan["steps"]!.AsArray(), step => Assert.Null(step!["budgetShare"]));
        var file = await File.ReadAllTextAsync(Path.Combine(home.Sidecar.Home, "items", "reject-february-30.json5"));
        Assert.Contains("template: \"plan\"", file, StringComparison.Ordinal);
        Assert.Empty(await home.ListAsync());

        await home.Client.ResultAsync("codex/update", new { uri = chat, set = new { permission_mode = "ask" } });
        await home.Client.AskAsync(chat, "And now?");
        Assert.False(offered[^1]);
    }

    [Theory]
    [InlineData(
        """{"title":"t","goal":"g","steps":[{"title":"One","description":"d"},{"title":"Two"}]}""",
        "Step 2: `description` is missing."
    )]
    [InlineData(
        """{"title":"t","goal":"g","steps":[{"title":"One","description":"d","template":"task-code-writter"}]}""",
        "Step 1: There is no template task-code-writter. Did you mean"
    )]
    [InlineData(
        """{"title":"t","goal":"g","steps":[{"title":"One","description":"d","template":"doer","model":"huge"}]}""",
        "Step 1: This template does not let you choose a model."
    )]
    [InlineData(
        """{"title":"t","goal":"g","steps":[{"title":"One","description":"d","files":["../x"]}]}""",
        "Step 1: `files` must be paths relative to the workspace folder, and \"../x\" is not."
    )]
    [InlineData(
        """{"title":"t","goal":"g","steps":[{"title":"One","description":"d","budget_share":70},{"title":"Two","description":"d","budget_share":40}]}""",
        "The shares of the budget are 110 % together"
    )]
    [InlineData(
        """{"title":"t","goal":"g","steps":[{"title":"One","description":"d"},{"title":"One","description":"e"}]}""",
        "Two steps have the title \"One\"."
    )]
    public async Task An_invalid_plan_is_refused_with_the_step_and_the_reason(string parameters, string sentence)
    {
        home.Script = asked => asked.Asked == 0 ? Calls("", ("w1", "write_plan", parameters)) : Answer("Sorry.");
        var chat = await PlanningAsync();
        Assert.StartsWith(sentence, (string?)(await PartAsync(chat, "w1"))["error"], StringComparison.Ordinal);
        Assert.Empty((await home.Client.ResultAsync("codex/list", new { collection = "items" }))!["items"]!.AsArray());
    }

    [Fact]
    public async Task Comments_go_back_to_the_chat_as_one_message_with_the_changes_of_the_user()
    {
        var asked = new List<string>();
        home.Script = request =>
        {
            asked.Add(request.Last);
            return request.Asked switch
            {
                0 => Calls("", Write("w1", Steps)),
                2 => Calls("", Write("w2", [Steps[1]])),
                _ => Answer("See the plan."),
            };
        };
        var chat = await PlanningAsync();
        var uri = await PlanOfAsync(chat);
        await home.Client.ResultAsync(
            "codex/update",
            new
            {
                uri,
                append = new
                {
                    comments = new object[]
                    {
                        new
                        {
                            step = "Write the docs",
                            line = "docs/dates.md",
                            text = "There are no docs.",
                        },
                        new { text = "Smaller, please." },
                    },
                },
            }
        );
        await home.Client.ResultAsync("codex/update", new { uri, set = new { goal = "February 30 and 31 are rejected." } });
        var sent = await home.Client.ResultAsync("plan/sendComments", new { uri });
        Assert.Empty(sent!["comments"]!.AsArray());
        await home.Client.NextAsync("message/event", item => (string?)item["codexId"] == chat && Kind(item) == "turnFinished");

        var message = asked[2];
        Assert.StartsWith($"I do not approve the plan {uri} yet.", message, StringComparison.Ordinal);
        Assert.Contains(
            "- Step 3, \"Write the docs\", about \"docs/dates.md\": There are no docs.\n- The whole plan: Smaller, please.",
            message,
            StringComparison.Ordinal
        );
        Assert.Contains("I also changed the plan.", message, StringComparison.Ordinal);
        Assert.Contains("February 30 and 31 are rejected.", message, StringComparison.Ordinal);
        // The same item, with a version for each.
        Assert.Equal(["Write the parser"], TitlesIn(await GetAsync(uri)));
        await home.Client.ResultAsync("codex/undo", new { uri });
        await home.Client.ResultAsync("codex/undo", new { uri });
        Assert.Equal(3, TitlesIn(await GetAsync(uri)).Count);
    }

    [Fact]
    public async Task Approved_steps_run_one_after_the_other_and_what_deviates_is_marked()
    {
        home.Script = asked =>
            asked.Model == "large" ? (asked.Asked == 0 ? Calls("", Write("w1", Steps)) : Answer("See the plan."))
            : asked.Goal.StartsWith("Write the parser", StringComparison.Ordinal) && asked.Asked == 0
                ? Calls("", File1("f1", "src/dates.ts"), File1("f2", "README.md"))
            : Finish(asked);
        var chat = await PlanningAsync();
        var uri = await PlanOfAsync(chat);
        await home.Client.ResultAsync("codex/update", new { uri, set = new { budget = new { usd = 0.2 } } });
        var plan = await GetAsync(uri);
        Assert.Equal([20, 60, 20], plan["steps"]!.AsArray().Select(step => (int)step!["budgetShare"]!));
        await home.Client.ResultAsync(
            "plan/run",
            new
            {
                uri,
                version = (long)plan["version"]!,
                steps = new[] { 0, 1 },
                permissionMode = "edit",
            }
        );
        await EndsAsync(uri);

        plan = await GetAsync(uri);
        Assert.Equal(["done", "done", "skipped"], StatesIn(plan));
        Assert.Equal(["README.md"], plan["steps"]![1]!["unlistedFiles"]!.AsArray().Select(file => (string?)file));
        Assert.Empty(plan["steps"]![0]!["unlistedFiles"]!.AsArray());
        // Subtasks of the chat, each with its own share, one after the other.
        var tasks = (await home.ListAsync(chat)).OrderBy(task => (string?)task!["createdAt"]).ToList();
        Assert.Equal(["Read the parser", "Write the parser"], tasks.Select(task => (string?)task!["title"]));
        Assert.Equal([0.04m, 0.12m], tasks.Select(task => (decimal)task!["budget"]!["usd"]!));
        Assert.Equal((string?)tasks[1]!["uri"], (string?)plan["steps"]![1]!["task"]!["uri"]);
        Assert.False(Flag(plan, "isInPlanMode"));

        // The skipped step can be approved later.
        await home.Client.ResultAsync(
            "plan/run",
            new
            {
                uri,
                version = (long)plan["version"]!,
                steps = new[] { 2 },
            }
        );
        await EndsAsync(uri);
        Assert.Equal(["done", "done", "done"], StatesIn(await GetAsync(uri)));
    }

    [Fact]
    public async Task A_failed_check_fails_the_step_and_ends_the_plan()
    {
        home.Script = asked =>
            asked.Model == "large"
                ? asked.Asked == 0
                    ? Calls("", Write("w1", [Step("Write the parser", checks: ["false"]), Step("Write the docs")]))
                    : Answer("See the plan.")
                : Finish(asked);
        var uri = await PlanOfAsync(await PlanningAsync());
        await RunAsync(uri, 0, 1);
        await EndsAsync(uri);
        var plan = await GetAsync(uri);
        Assert.Equal(["failed", "pending"], StatesIn(plan));
        Assert.StartsWith("The check `false` failed:", Text(plan["steps"]![0]!, "note"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revision_keeps_what_has_started_and_marks_what_it_adds()
    {
        home.Script = asked =>
            asked.Model == "small"
                ? Finish(asked)
                : asked.Asked switch
                {
                    0 => Calls("", Write("w1", Steps)),
                    2 => Calls("", Write("w2", [Steps[2], Step("Write the changelog")])),
                    _ => Answer("See the plan."),
                };
        var chat = await PlanningAsync();
        var uri = await PlanOfAsync(chat);
        await RunAsync(uri, 0);
        await EndsAsync(uri);
        await home.Client.ResultAsync(
            "codex/update",
            new { uri, append = new { comments = new object[] { new { text = "And the changelog." } } } }
        );
        await home.Client.ResultAsync("plan/sendComments", new { uri });
        await home.Client.NextAsync("message/event", item => (string?)item["codexId"] == chat && Kind(item) == "turnFinished");
        var plan = await GetAsync(uri);
        Assert.Equal(["Read the parser", "Write the docs", "Write the changelog"], TitlesIn(plan));
        Assert.Equal(["done", "pending", "pending"], StatesIn(plan));
        Assert.Equal([false, false, true], plan["steps"]!.AsArray().Select(step => Flag(step!, "isAddedLater")));
    }

    [Fact]
    public async Task A_step_that_a_restart_interrupted_continues_in_its_task()
    {
        home.Script = asked =>
            asked.Model == "large" ? (asked.Asked == 0 ? Calls("", Write("w1", Steps)) : Answer("See the plan.")) : Gated(asked);
        var chat = await PlanningAsync();
        var uri = await PlanOfAsync(chat);
        await RunAsync(uri, 0, 1);
        await home.NamedAsync("Read the parser", "running");
        var kept = home.Sidecar.Home;
        await home.DisposeAsync();

        home = await StartAsync(home: kept, hasRealTools: true);
        home.Script = Finish;
        var plan = await GetAsync(uri);
        Assert.Equal(["running", "pending", "skipped"], StatesIn(plan));
        Assert.False(Flag(plan, "isRunning"));
        await home.Client.ResultAsync(
            "plan/run",
            new
            {
                uri,
                version = (long)plan["version"]!,
                steps = new[] { 1 },
            }
        );
        await EndsAsync(uri);
        Assert.Equal(["done", "done", "skipped"], StatesIn(await GetAsync(uri)));
        Assert.Equal(2, (await home.ListAsync(chat)).Count);
    }

    [Fact]
    public async Task Stopping_a_plan_stops_its_step_and_starts_no_other()
    {
        home.Script = asked =>
            asked.Model == "large" ? (asked.Asked == 0 ? Calls("", Write("w1", Steps)) : Answer("See the plan.")) : Gated(asked);
        var uri = await PlanOfAsync(await PlanningAsync());
        await RunAsync(uri, 0, 1);
        await home.NamedAsync("Read the parser", "running");
        var version = (long)(await GetAsync(uri))["version"]!;
        var refused = await ErrorAsync(
            "plan/run",
            new
            {
                uri,
                version,
                steps = new[] { 2 },
            }
        );
        Assert.Equal("The plan is running already.", refused);
        await home.Client.ResultAsync("plan/stop", new { uri });
        await EndsAsync(uri);
        var plan = await GetAsync(uri);
        Assert.Equal(["failed", "pending", "skipped"], StatesIn(plan));
        Assert.Equal("It was stopped.", Text(plan["steps"]![0]!, "note"));
    }

    [Fact]
    public async Task A_plan_without_a_chat_runs_its_steps_as_tasks_of_their_own_and_another_version_is_refused()
    {
        home.Script = Finish;
        var uri = (string)
            (
                await home.Client.ResultAsync(
                    "codex/create",
                    new
                    {
                        templateId = "plan",
                        title = "By hand",
                        values = new { goal = "It is done.", steps = new object[] { Step("Do it") } },
                    }
                )
            )!["uri"]!;
        var old = (long)(await GetAsync(uri))["version"]!;
        await home.Client.ResultAsync("codex/update", new { uri, set = new { goal = "It is done well." } });
        Assert.Contains(
            "was modified since you opened it",
            await ErrorAsync(
                "plan/run",
                new
                {
                    uri,
                    version = old,
                    steps = new[] { 0 },
                }
            ),
            StringComparison.Ordinal
        );
        await RunAsync(uri, 0);
        await EndsAsync(uri);
        var task = Assert.Single(await home.ListAsync())!;
        Assert.Equal(("Do it", null), ((string?)task["title"], (string?)task["parentId"]));
        Assert.Contains("It is done well.", (string?)(await home.GetAsync((string)task["uri"]!))["goal"], StringComparison.Ordinal);
    }

    private static object Step(string title, string[]? files = null, string[]? checks = null, int? share = null) =>
        share is null
            ? new
            {
                title,
                description = $"{title} as agreed.",
                files = files ?? [],
                checks = checks ?? [],
                template = "doer",
            }
            : new
            {
                title,
                description = $"{title} as agreed.",
                files = files ?? [],
                checks = checks ?? [],
                template = "doer",
                budget_share = share,
            };

    private static (string Id, string Name, string Parameters) Write(string id, object[] steps) =>
        (
            id,
            "write_plan",
            JsonSerializer.Serialize(
                new
                {
                    title = "Reject February 30",
                    goal = "Invalid dates are rejected.",
                    steps,
                }
            )
        );

    private static (string Id, string Name, string Parameters) File1(string id, string path) =>
        (id, "write", JsonSerializer.Serialize(new { path, content = "one\n" }));

    private static ScriptedAnswer Finish(AskedModel asked) =>
        asked.Tools.Contains("finish") ? Calls("", ("f9", "finish", """{"summary":"Done."}""")) : Answer("Done.");

    private ScriptedAnswer Gated(AskedModel asked) =>
        ScriptedAnswer
            .Events()
            .Gate(gates.GetOrAdd(asked.Goal, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task)
            .Send(Chunk("Done."))
            .Send(End);

    /// <summary>Creates a chat in plan mode and waits for its response.</summary>
    private async Task<string> PlanningAsync()
    {
        var chat = await home.Client.CreateChatAsync("large");
        await home.Client.ResultAsync("codex/update", new { uri = chat, set = new { permission_mode = "plan" } });
        await home.Client.AskAsync(chat, "Plan it");
        return chat;
    }

    private async Task<string> PlanOfAsync(string chat)
    {
        var result = (string?)(await PartAsync(chat, "w1"))["result"];
        Assert.StartsWith("The plan is stored as codex://items/", result, StringComparison.Ordinal);
        return result!.Split(' ')[5].TrimEnd('.');
    }

    private async Task<JsonNode> PartAsync(string uri, string toolUseId) =>
        (await home.ChatAsync(uri))["messages"]!
            .AsArray()
            .SelectMany(message => message!["parts"]!.AsArray())
            .Single(part => (string?)part!["kind"] == "toolResult" && (string?)part["toolUseId"] == toolUseId)!;

    private async Task<JsonNode> GetAsync(string uri) => (await home.Client.ResultAsync("plan/get", new { uri }))!;

    private async Task RunAsync(string uri, params int[] steps) =>
        await home.Client.ResultAsync(
            "plan/run",
            new
            {
                uri,
                version = (long)(await GetAsync(uri))["version"]!,
                steps,
            }
        );

    /// <summary>Waits until the plan does not run anymore.</summary>
    private async Task EndsAsync(string uri)
    {
        while (Flag(await GetAsync(uri), "isRunning"))
        {
            await home.Client.NextAsync("codex/changed", item => (string?)item["uri"] == uri);
        }
    }

    private async Task<string> ErrorAsync(string method, object parameters) =>
        (string)(await home.Client.RequestAsync(method, parameters))["error"]!["message"]!;

    private static string? Text(JsonNode node, string name) => (string?)node[name];

    private static bool Flag(JsonNode node, string name) => (bool)node[name]!;

    private static List<string?> StatesIn(JsonNode plan) => [.. plan["steps"]!.AsArray().Select(step => (string?)step!["status"])];

    private static List<string?> TitlesIn(JsonNode plan) => [.. plan["steps"]!.AsArray().Select(step => (string?)step!["title"])];
}
