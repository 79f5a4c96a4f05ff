using System.Text.Json.Nodes;
using Plue.Server.Agents;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Agents.AgentsHome;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Agents;

/// <summary>Agents that delegate work to other agents, with real journals and models on loopback.</summary>
public sealed class OrchestrationTests : IAsyncLifetime
{
    private readonly TestTools tools = new();
    private AgentsHome home = null!;

    public async ValueTask InitializeAsync() => home = await StartAsync(tools);

    public async ValueTask DisposeAsync() => await home.DisposeAsync();

    [Fact]
    public async Task Three_children_work_beside_each_other_and_their_results_come_back_to_the_parent()
    {
        var together = new CountdownEvent(3);
        var all = new TaskCompletionSource();
        var isSeen = new TaskCompletionSource();
        home.Script = asked =>
        {
            if (asked.Model == "small")
            {
                if (together.Signal())
                {
                    all.TrySetResult();
                }
                return ScriptedAnswer.Events().Gate(Task.WhenAll(all.Task, isSeen.Task)).Send(Chunk($"Did {asked.Goal}.")).Send(End);
            }

            return asked.Asked == 0
                ? Calls("I split it.", Spawn("c1", "one"), Spawn("c2", "two"), Spawn("c3", "three"))
                : Paid("All done.", 100);
        };
        var uri = await home.SpawnAsync("planner", "Plan it");
        await home.StatusAsync(uri, "waiting_for_child");
        isSeen.SetResult();
        var done = await home.StatusAsync(uri, "done");
        Assert.Equal("planner", (string?)done["templateId"]);

        var rows = await home.ListAsync(uri);
        Assert.Equal(
            ["one", "three", "two"],
            rows.Where(row => (string?)row!["parentId"] == uri).Select(row => (string?)row!["title"]).Order()
        );
        Assert.All(rows, row => Assert.Equal("done", (string?)row!["status"]));
        var result = (await home.ChatAsync(uri))["messages"]![1]!["parts"]!
            .AsArray()
            .Where(part => (string?)part!["kind"] == "toolResult")
            .Select(part => JsonNode.Parse((string)part!["result"]!)!)
            .ToList();
        Assert.Equal(["Did one.", "Did two.", "Did three."], result.Select(result => (string?)result["output"]));
        Assert.All(result, result => Assert.Equal("done", (string?)result["status"]));

        var detail = await home.GetAsync(uri);
        Assert.Equal(
            ("Plan it", 3, 4),
            ((string?)detail["goal"], detail["children"]!.AsArray().Count, detail["timeline"]!.AsArray().Count)
        );
        Assert.Equal(["model", "waiting", "model"], detail["timeline"]![0]!["spans"]!.AsArray().Select(span => (string?)span!["kind"]));
    }

    [Fact]
    public async Task Stopping_a_parent_stops_its_children_and_everything_under_them()
    {
        home.WriteTemplate("middle", "provider_ref: 'codex://providers/large', available_tools: ['spawn_task'], max_spawned_tasks: 2");
        home.Script = asked =>
            asked.Goal switch
            {
                "top" => Calls("", Spawn("c1", "middle one", "middle")),
                "middle one" => Calls("", Spawn("c2", "leaf")),
                _ => ScriptedAnswer.Events().Send(Chunk("Half")).Hang(),
            };
        var uri = await home.SpawnAsync("planner", "top");
        await home.NamedAsync("leaf", "running");
        await home.Client.ResultAsync("task/stop", new { uri, includeSubtasks = true });
        Assert.Equal(
            ["leaf stopped", "middle one stopped", "top stopped"],
            (await home.ListAsync(uri)).Select(row => $"{(string?)row!["title"]} {(string?)row["status"]}").Order()
        );
    }

    [Fact]
    public async Task A_parent_is_notified_when_the_user_stops_its_subtask()
    {
        home.Script = asked =>
            asked.Model == "small" ? ScriptedAnswer.Events().Send(Chunk("Half")).Hang()
            : asked.Asked == 0 ? Calls("", Spawn("c1", "one"))
            : Answer("Then without it.");
        var uri = await home.SpawnAsync("planner", "Plan it");
        var child = await home.NamedAsync("one", "running");
        await home.Client.ResultAsync("task/stop", new { uri = (string?)child["uri"] });
        await home.StatusAsync(uri, "done");
        var result = JsonNode.Parse(
            (string)
                (await home.ChatAsync(uri))["messages"]![1]!["parts"]!.AsArray().Single(part => (string?)part!["kind"] == "toolResult")![
                    "result"
                ]!
        )!;
        Assert.Equal(("stopped", "It was stopped."), ((string?)result["status"], (string?)result["reason"]));
    }

    [Fact]
    public async Task A_child_over_its_budget_waits_with_its_work_kept_and_goes_on_when_it_is_given_more()
    {
        home.Script = asked =>
            asked.Model == "large"
                ? asked.Asked == 0
                    ? Calls("", Spawn("c1", "one", budget: new { rounds = 1 }))
                    : Answer("Good.")
                : asked.Asked == 0
                    ? Calls("I begin.", ("r1", "read", """{"path":"a.txt"}"""))
                    : Answer("I end.");
        File.WriteAllText(Path.Combine(home.Folder, "a.txt"), "alpha");
        var uri = await home.SpawnAsync("planner", "Plan it");
        var child = (string)(await home.NamedAsync("one", "over_budget"))["uri"]!;
        Assert.Equal("waiting_for_child", (string?)(await home.GetAsync(uri))["task"]!["status"]);
        var topped = await home.Client.ResultAsync("task/setBudget", new { uri = child, budget = new { rounds = 5 } });
        Assert.Equal(5, (int?)topped!["budget"]!["rounds"]);
        await home.Client.ResultAsync("task/resume", new { uri = child });
        await home.StatusAsync(uri, "done");
        Assert.Equal("done", (string?)(await home.GetAsync(child))["task"]!["status"]);
        Assert.Contains("I begin.", Texts(await home.ChatAsync(child)));
    }

    [Fact]
    public async Task Usage_of_sibling_tasks_counts_against_the_budget_of_their_parent()
    {
        home.WriteTemplate(
            "poor",
            "max_spawned_tasks: 5, provider_ref: 'codex://providers/large', available_tools: ['spawn_task'], budget: { tokens: 1500 }"
        );
        home.Script = asked =>
            asked.Model == "large"
                ? asked.Asked == 0
                    ? Calls("", Spawn("c1", "one"))
                    : Answer("Ok.")
                : Paid("Used much.", 2000);
        var uri = await home.SpawnAsync("poor", "Plan it");
        var stands = await home.StatusAsync(uri, "over_budget");
        Assert.StartsWith("This task has reached its budget.", (string?)stands["note"], StringComparison.Ordinal);
        Assert.True((long)stands["totalSpent"]!["tokens"]! >= 2000);
        Assert.True((long)stands["spent"]!["tokens"]! < 1500);
    }

    [Fact]
    public async Task SEC_57_A_parent_cannot_give_a_subtask_more_rights_or_another_model()
    {
        home.Script = asked =>
            asked.Asked == 0
                ? Calls(
                    "",
                    ("c1", "spawn_task", """{"template":"worker","goal":"x","values":{"available_tools":["bash"]}}"""),
                    ("c2", "spawn_task", """{"template":"worker","goal":"x","model":"large"}"""),
                    ("c3", "spawn_task", """{"template":"nobody","goal":"x"}""")
                )
                : Answer("So be it.");
        var uri = await home.SpawnAsync("planner", "Plan it");
        await home.StatusAsync(uri, "done");
        var errors = (await home.ChatAsync(uri))["messages"]![1]!["parts"]!
            .AsArray()
            .Where(part => (string?)part!["kind"] == "toolResult")
            .Select(part => (string?)part!["error"])
            .ToList();
        Assert.Equal("`values` cannot have `available_tools`: only its template and the user set what an agent may do and use.", errors[0]);
        Assert.Equal("This template does not let you choose a model. Omit `model`.", errors[1]);
        Assert.StartsWith("There is no template nobody.", errors[2], StringComparison.Ordinal);
        Assert.Single(await home.ListAsync());
    }

    [Fact]
    public async Task SEC_57_Agents_start_others_only_so_often_and_so_deep()
    {
        home.WriteTemplate("again", "max_spawned_tasks: 1, provider_ref: 'codex://providers/large', available_tools: ['spawn_task']");
        // Which of the two calls of a round comes first is not decided, so both ask for the same.
        home.Script = asked =>
            asked.Asked == 0
                ? Calls("", Spawn("c1", asked.Goal + "+", "again"), Spawn("c2", asked.Goal + "+", "again"))
                : Answer("Enough.");
        var uri = await home.SpawnAsync("again", "g");
        await home.StatusAsync(uri, "done");
        var rows = await home.ListAsync(uri);
        Assert.Equal(["g", "g+", "g++", "g+++"], rows.Select(row => (string?)row!["title"]).Order(StringComparer.Ordinal));
        Assert.Contains("You have started 1 agents, which is the limit.", await ErrorsAsync(uri), StringComparison.Ordinal);
        Assert.Contains(
            "Subtasks can be nested 4 levels deep",
            await ErrorsAsync((string)rows.Single(row => (string?)row!["title"] == "g+++")!["uri"]!),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_task_that_continues_a_chat_sends_its_messages_and_files_and_pays_only_for_its_own_response()
    {
        File.WriteAllText(Path.Combine(home.Folder, "wall.txt"), "bricks");
        home.Script = asked => asked.Last.Contains("Paint", StringComparison.Ordinal) ? Paid("Painted.", 100) : Paid("Green.", 5000);
        var chat = (string)(await home.Client.ResultAsync("codex/create", new { templateId = "ai-chat" }))!["uri"]!;
        await home.Client.ResultAsync(
            "message/send",
            new
            {
                codexId = chat,
                text = "Which color?",
                provider = "small",
            }
        );
        await home.Client.NextAsync("message/event", item => (string?)item["event"]?["kind"] == "turnFinished");
        var uri = (string)
            (
                await home.Client.ResultAsync(
                    "task/spawn",
                    new
                    {
                        templateId = "worker",
                        goal = "Paint it.",
                        parentId = chat,
                        sourceChat = chat,
                        attachments = new[] { new { path = "wall.txt" } },
                    }
                )
            )!["uri"]!;
        var done = await home.StatusAsync(uri, "done");
        Assert.Equal((100, 1), ((long)done["spent"]!["tokens"]!, (int)done["spent"]!["rounds"]!));
        var messages = (await home.ChatAsync(uri))["messages"]!.AsArray();
        Assert.Equal(["Which color?", "Green.", "Paint it.", "Painted."], messages.Select(TextOfMessage));
        var sent = home.Endpoint.Requests.Last(request => request.Body.Contains("Paint it.", StringComparison.Ordinal)).Body;
        Assert.Contains("Which color?", sent, StringComparison.Ordinal);
        Assert.Contains("bricks", sent, StringComparison.Ordinal);
        Assert.Equal(2, (await home.ChatAsync(chat))["messages"]!.AsArray().Count);
    }

    private static string? TextOfMessage(JsonNode? message) =>
        (string?)message!["parts"]!.AsArray().First(part => (string?)part!["kind"] == "text")!["content"];

    [Fact]
    public async Task SEC_57_A_subtask_without_a_mode_follows_the_mode_of_its_parent_immediately()
    {
        home.WriteTemplate("plain", "provider_ref: 'codex://providers/small', available_tools: ['write', 'bash']");
        home.Script = asked =>
            asked.Model == "large"
                ? asked.Asked == 0
                    ? Calls("", Spawn("c1", "one", "plain"))
                    : Answer("Good.")
                : asked.Asked == 0
                    ? Calls("", ("b1", "bash", """{"path":"first.txt","text":"1"}"""))
                    : asked.Asked == 1
                        ? Calls("", ("w1", "write", """{"path":"second.txt","text":"2"}"""))
                        : Answer("Done.");
        var uri = (string)
            (
                await home.Client.ResultAsync(
                    "task/spawn",
                    new
                    {
                        templateId = "planner",
                        goal = "Plan it",
                        values = new { permission_mode = "edit" },
                    }
                )
            )!["uri"]!;
        await tools.AtGate.Task.WaitAsync(TimeSpan.FromSeconds(20)); // no approval was requested
        await home.Client.ResultAsync("codex/update", new { uri, set = new { permission_mode = "ask" } });
        tools.Gate.SetResult();
        var child = (string)(await home.NamedAsync("one", "waiting_for_approval"))["uri"]!;
        await AnswerAsync("once");
        await home.StatusAsync(uri, "done");
        Assert.True(File.Exists(Path.Combine(home.Folder, "second.txt")));

        var result = Assert.Single((await home.GetAsync(child))["approvals"]!.AsArray())!;
        Assert.Equal(("once", """write {"path":"second.txt","text":"2"}"""), ((string?)result["decision"], (string?)result["actionText"]));
        var kept = (await home.ChatAsync(child))["messages"]!
            .AsArray()
            .SelectMany(message => message!["parts"]!.AsArray())
            .Where(part => (string?)part!["kind"] == "toolResult")
            .ToList();
        Assert.Equal([null, "once"], kept.Select(part => (string?)part!["approval"]?["decision"]));
        Assert.All(kept, part => Assert.InRange((double)part!["durationMs"]!, 0, 20_000));
    }

    [Fact]
    public async Task An_unknown_price_requires_approval_before_an_agent_starts_with_a_cost_limit()
    {
        InMemorySidecar.WriteProvider(
            home.Sidecar.Home,
            "blind",
            "{ name: 'Blind', provider_type: 'openai-compatible', endpoint: 'https://blind.example/v1', model: 'blind-1', retry_policy: 'none' }"
        );
        home.WriteTemplate("unpriced", "provider_ref: 'codex://providers/blind', available_tools: ['read'], budget: { usd: 0.5 }");
        home.Script = asked => asked.Asked == 0 ? Calls("", Spawn("c1", "one", "unpriced")) : Answer("Then without it.");
        var uri = await home.SpawnAsync("planner", "Plan it");
        await home.StatusAsync(uri, "waiting_for_approval");
        var asked = await AnswerAsync("deny", "Too dear.");
        Assert.Equal(
            ("spawn", "No price is known for Blind, blind-1, so the budget of $0.50 cannot be enforced."),
            ((string?)asked["kind"], (string?)asked["reason"])
        );
        await home.StatusAsync(uri, "done");
        Assert.Single(await home.ListAsync(uri));
        var result = Assert.Single((await home.GetAsync(uri))["approvals"]!.AsArray())!;
        Assert.Equal(("deny", "Too dear."), ((string?)result["decision"], (string?)result["reason"]));
    }

    [Fact]
    public async Task A_model_without_a_price_is_asked_about_once_for_each_parent()
    {
        InMemorySidecar.WriteProvider(
            home.Sidecar.Home,
            "blind",
            $"{{ name: 'Blind', provider_type: 'openai-compatible', endpoint: '{home.Endpoint.Url}v1', model: 'blind-1', retry_policy: 'none' }}"
        );
        home.WriteTemplate("unpriced", "provider_ref: 'codex://providers/blind', available_tools: ['read'], budget: { usd: 0.2 }");
        home.Script = asked =>
            asked.Model != "large"
                ? Answer("Done.")
                : asked.Asked switch
                {
                    0 => Calls("", Spawn("c1", "one", "unpriced")),
                    1 => Calls("", Spawn("c2", "two", "unpriced")),
                    _ => Answer("Both are done."),
                };
        var uri = await home.SpawnAsync("planner", "Plan it");
        await home.StatusAsync(uri, "waiting_for_approval");
        await AnswerAsync("once");
        await home.StatusAsync(uri, "done");
        Assert.Equal(3, (await home.ListAsync(uri)).Count);
        Assert.Single((await home.GetAsync(uri))["approvals"]!.AsArray());
    }

    private async Task<JsonNode> AnswerAsync(string decision, string? reason = null)
    {
        var asked = Assert.Single((await home.Client.ResultAsync("approval/list"))!["approvals"]!.AsArray())!;
        await home.Client.ResultAsync(
            "approval/answer",
            new
            {
                id = (string)asked["id"]!,
                fingerprint = (string)asked["fingerprint"]!,
                decision,
                reason,
            }
        );
        return asked;
    }

    [Fact]
    public async Task SEC_57_A_right_removed_from_a_parent_is_removed_from_a_running_subtask()
    {
        home.Script = asked =>
            asked.Model == "large"
                ? asked.Asked == 0
                    ? Calls("", Spawn("c1", "one"))
                    : Answer("Good.")
                : asked.Asked == 0
                    ? Calls("", ("b1", "bash", """{"path":"first.txt","text":"1"}"""))
                    : asked.Asked == 1
                        ? Calls("", ("w1", "write", """{"path":"second.txt","text":"2"}"""))
                        : Answer("I could not.");
        var uri = (string)
            (
                await home.Client.ResultAsync(
                    "task/spawn",
                    new
                    {
                        templateId = "planner",
                        goal = "Plan it",
                        values = new { permission_mode = "edit" },
                    }
                )
            )!["uri"]!;
        // The worker itself may write without approval, but its parent may not anymore.
        await tools.AtGate.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await home.Client.ResultAsync("codex/update", new { uri, set = new { permission_mode = "plan" } });
        tools.Gate.SetResult();
        await home.StatusAsync(uri, "done");
        Assert.False(File.Exists(Path.Combine(home.Folder, "second.txt")));
    }

    [Fact]
    public async Task A_person_starts_more_tasks_from_a_chat_than_agents_may()
    {
        var chat = await home.Client.CreateChatAsync("large");
        for (var number = 0; number <= TaskSpawner.MaxTasksInTree; number++)
        {
            await home.Client.ResultAsync(
                "task/spawn",
                new
                {
                    templateId = "worker",
                    goal = "Work",
                    parentId = chat,
                }
            );
        }

        Assert.Equal(TaskSpawner.MaxTasksInTree + 1, (await home.ListAsync()).Count);
    }

    [Fact]
    public async Task A_task_that_returns_the_required_result_is_done_and_its_parent_receives_it()
    {
        home.WriteTemplate(
            "asked",
            "provider_ref: 'codex://providers/small', available_tools: ['read'], outputs: { type: 'object', required: ['count'], properties: { count: { type: 'integer' } } }"
        );
        home.Script = asked =>
            asked.Model == "large"
                ? asked.Asked == 0
                    ? Calls("", Spawn("c1", "Count", "asked"))
                    : Answer("Good.")
                : asked.Asked == 0
                    ? Calls("", ("f1", "finish", """{"count":"three"}"""))
                    : Calls("Three.", ("f2", "finish", """{"count":3}"""));
        var uri = await home.SpawnAsync("planner", "Plan it");
        await home.StatusAsync(uri, "done");
        var result = JsonNode.Parse(
            (string)
                (await home.ChatAsync(uri))["messages"]![1]!["parts"]!.AsArray().Single(part => (string?)part!["kind"] == "toolResult")![
                    "result"
                ]!
        )!;
        Assert.Equal(("done", 3), ((string?)result["status"], (int?)result["outputs"]!["count"]));
        var child = (await home.ListAsync(uri)).Single(row => (string?)row!["title"] == "Count");
        Assert.Equal(3, (int?)(await home.GetAsync((string)child!["uri"]!))["outputs"]!["count"]);
    }

    [Fact]
    public async Task A_task_that_never_calls_finish_is_reminded_once_and_then_done_with_its_last_message_and_a_note()
    {
        home.WriteTemplate(
            "asked",
            "provider_ref: 'codex://providers/small', available_tools: ['read'], outputs: { type: 'object', required: ['count'], properties: { count: { type: 'integer' } } }"
        );
        home.Script = asked =>
            asked.Model == "large"
                ? asked.Asked == 0
                    ? Calls("", Spawn("c1", "Forget", "asked"))
                    : Answer("Good.")
                : Answer($"I am done, {asked.Asked}.");
        var uri = await home.SpawnAsync("planner", "Plan it");
        await home.StatusAsync(uri, "done");
        var child = (await home.ListAsync(uri)).Single(row => (string?)row!["title"] == "Forget")!;
        Assert.Equal(
            ("done", "The model did not call finish; this is its last message."),
            ((string?)child["status"], (string?)child["note"])
        );
        var result = JsonNode.Parse(
            (string)
                (await home.ChatAsync(uri))["messages"]![1]!["parts"]!.AsArray().Single(part => (string?)part!["kind"] == "toolResult")![
                    "result"
                ]!
        )!;
        Assert.Equal(("done", "I am done, 1."), ((string?)result["status"], (string?)result["output"]));
        Assert.Equal("The model did not call finish; this is its last message.", (string?)result["reason"]);
        Assert.Null(result["outputs"]);
    }

    [Fact]
    public async Task A_task_that_repeats_a_broken_call_of_finish_is_done_with_a_note()
    {
        home.WriteTemplate(
            "asked",
            "provider_ref: 'codex://providers/small', available_tools: ['read'], outputs: { type: 'object', required: ['count'], properties: { count: { type: 'integer' } } }"
        );
        home.Script = _ => Calls("I counted three.", ("f1", "finish", "{\"count\": thr"));
        var row = await home.StatusAsync(await home.SpawnAsync("asked", "Count"), "done");
        Assert.Equal("The model did not call finish; this is its last message.", (string?)row["note"]);
    }

    [Fact]
    public async Task A_task_whose_result_has_the_wrong_form_twice_is_done_with_a_note_and_its_summary_is_kept()
    {
        home.WriteTemplate(
            "asked",
            "provider_ref: 'codex://providers/small', available_tools: ['read'], outputs: { type: 'object', required: ['count'], properties: { count: { type: 'integer' }, summary: { type: 'string' } } }"
        );
        home.Script = asked =>
            asked.Model == "large"
                ? asked.Asked == 0
                    ? Calls("", Spawn("c1", "Count", "asked"))
                    : Answer("Good.")
                : Calls(
                    "I counted.",
                    ($"f{asked.Asked}", "finish", $$"""{"count":"{{asked.Asked}} of 3","summary":"There are three files."}""")
                );
        var uri = await home.SpawnAsync("planner", "Plan it");
        await home.StatusAsync(uri, "done");
        var result = JsonNode.Parse(
            (string)
                (await home.ChatAsync(uri))["messages"]![1]!["parts"]!.AsArray().Single(part => (string?)part!["kind"] == "toolResult")![
                    "result"
                ]!
        )!;
        const string Note = "Its result does not match the schema of its template. `count` is a string where integer is expected.";
        Assert.Equal(
            ("done", null, "I counted.\n\nThere are three files.", Note),
            ((string?)result["status"], result["outputs"]?.ToJsonString(), (string?)result["output"], (string?)result["reason"])
        );
        var child = (await home.ListAsync(uri)).Single(row => (string?)row!["title"] == "Count")!;
        Assert.Equal(("done", Note), ((string?)child["status"], (string?)child["note"]));
    }

    [Fact]
    public async Task A_result_whose_shape_can_be_repaired_ends_the_task_without_a_note()
    {
        home.WriteTemplate(
            "asked",
            "provider_ref: 'codex://providers/small', available_tools: ['read'], outputs: { type: 'object', required: ['count', 'files'], properties: { count: { type: 'integer' }, files: { type: 'array', items: { type: 'string' } } } }"
        );
        home.Script = asked => Calls("", ($"f{asked.Asked}", "finish", """{"count":"3","file_files":"a.txt"}"""));
        var uri = await home.SpawnAsync("asked", "Count them");
        var row = await home.StatusAsync(uri, "done");
        Assert.Null((string?)row["note"]);
        Assert.Equal("""{"count":3,"files":["a.txt"]}""", (await home.GetAsync(uri))["outputs"]!.ToJsonString());
    }

    [Fact]
    public async Task An_argument_too_many_of_finish_is_refused_once_and_costs_no_result()
    {
        home.WriteTemplate(
            "asked",
            "provider_ref: 'codex://providers/small', available_tools: ['read'], outputs: { type: 'object', required: ['count'], properties: { count: { type: 'integer' } } }"
        );
        home.Script = asked =>
            asked.Model == "large"
                ? asked.Asked == 0
                    ? Calls("", Spawn("c1", "Count", "asked"), Spawn("c2", "Work"))
                    : Answer("Good.")
                : asked.Goal == "Work"
                    ? Calls("", ($"f{asked.Asked}", "finish", asked.Asked == 0 ? """{"summary":"x","cwd":"y"}""" : """{"summary":"x"}"""))
                    : Calls("", ($"f{asked.Asked}", "finish", """{"count":3,"mode":"fast"}"""));
        var uri = await home.SpawnAsync("planner", "Plan it");
        await home.StatusAsync(uri, "done");
        var rows = await home.ListAsync(uri);
        var (counted, worked) = (
            (string)rows.Single(row => (string?)row!["title"] == "Count")!["uri"]!,
            (string)rows.Single(row => (string?)row!["title"] == "Work")!["uri"]!
        );
        Assert.Contains("must not have `mode`.", await ErrorsAsync(counted), StringComparison.Ordinal);
        Assert.Contains("must not have `cwd`.", await ErrorsAsync(worked), StringComparison.Ordinal);
        Assert.Equal(3, (int?)(await home.GetAsync(counted))["outputs"]!["count"]);
    }

    [Theory]
    [InlineData("{}", null)]
    [InlineData("""{"audience":"children"}""", "children")]
    public async Task An_agent_sets_the_fields_of_its_child(string values, string? audience)
    {
        home.WriteTemplate(
            "explainer",
            "provider_ref: 'codex://providers/small', available_tools: ['read'], fields: [{ name: 'audience', type: 'text' }]"
        );
        home.Script = asked =>
            asked.Model == "large" && asked.Asked == 0
                ? Calls("", ("c1", "spawn_task", $$"""{"template":"explainer","goal":"Explain it","values":{{values}}}"""))
                : Answer("Good.");
        var uri = await home.SpawnAsync("planner", "Plan it");
        await home.StatusAsync(uri, "done");
        var child = (await home.ListAsync(uri)).Single(row => (string?)row!["title"] == "Explain it")!;
        Assert.Equal(
            ("done", audience),
            ((string?)child["status"], (string?)(await home.ChatAsync((string)child["uri"]!))["values"]?["audience"])
        );
    }

    [Fact]
    public async Task An_agent_chooses_one_of_the_models_that_the_template_of_its_child_names()
    {
        home.WriteTemplate(
            "either",
            "available_tools: ['read'], candidates: [{ provider_ref: 'codex://providers/small', model: 'small' }, { provider_ref: 'codex://providers/large', model: 'large' }]"
        );
        home.Script = asked =>
            asked.Goal == "Plan it" && asked.Asked == 0
                ? Calls("", ("c1", "spawn_task", """{"template":"either","goal":"One","model":"large"}"""))
                : Answer(asked.Model);
        var uri = await home.SpawnAsync("planner", "Plan it");
        await home.StatusAsync(uri, "done");
        var child = (await home.ListAsync(uri)).Single(row => (string?)row!["title"] == "One")!;
        Assert.Equal(["large"], Texts(await home.ChatAsync((string)child["uri"]!)).Where(text => text is "large" or "small"));
    }

    [Fact]
    public async Task The_cheapest_candidate_works_and_when_its_check_fails_twice_the_next_goes_on()
    {
        home.WriteTemplate(
            "routed",
            "available_tools: ['read'], candidates: [{ provider_ref: 'codex://providers/large', model: 'large', needs: ['tools'] }, { provider_ref: 'codex://providers/small', model: 'small', needs: ['tools'] }], "
                + "outputs: { type: 'object' }, checks: [{ schema: { type: 'object', required: ['good'] } }]"
        );
        home.Script = asked => Calls("", ($"f{asked.Asked}", "finish", asked.Model == "large" ? """{"good":true}""" : """{"bad":true}"""));
        var uri = await home.SpawnAsync("routed", "Do it well");
        await home.StatusAsync(uri, "done");
        var routing = (await home.GetAsync(uri))["routing"]!;
        Assert.Equal(("Large, large", "Small, small"), ((string?)routing["chosen"], (string?)routing["rejected"]![0]!["candidate"]));
        Assert.Equal("Small, small failed: A check of the result failed. The result has no `good`.", (string?)routing["reason"]);
        var receipts = (await home.ChatAsync(uri))["messages"]!
            .AsArray()
            .Where(message => (string?)message!["role"] == "assistant")
            .Select(message => message!["routing"]!)
            .ToList();
        Assert.Equal(["Small, small", "Small, small", "Large, large"], receipts.Select(receipt => (string?)receipt["chosen"]));
        Assert.Equal("Small, small", (string?)receipts[^1]["rejected"]![0]!["candidate"]);
        Assert.Equal(
            ["small", "small", "large"],
            home.Endpoint.Requests.Where(request => request.Method == "POST")
                .Select(request => (string?)JsonNode.Parse(request.Body)!["model"])
        );
    }

    [Fact]
    public async Task A_command_that_checks_the_work_counts_by_how_it_ends()
    {
        await using var real = await StartAsync(hasRealTools: true);
        real.WriteTemplate(
            "checked",
            "provider_ref: 'codex://providers/small', available_tools: ['read', 'write', 'bash'], checks: [{ command: 'cat good.txt' }], fields: [{ name: 'permission_mode', default: 'edit' }]"
        );
        real.Script = asked =>
            asked.Asked == 0 ? Answer("Done. [Exit code 0]")
            : asked.Results.Count == 0 ? Calls("", ("w1", "write", """{"path":"good.txt","content":"exit code: 1"}"""))
            : Answer("Now.");
        var uri = await real.SpawnAsync("checked", "Do it well");
        await real.StatusAsync(uri, "done");
        Assert.Contains(
            Texts(await real.ChatAsync(uri)),
            text => text.StartsWith("The check `cat good.txt` failed:", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_candidate_that_cannot_be_asked_is_followed_by_the_next()
    {
        home.WriteTemplate(
            "routed",
            "available_tools: [], candidates: [{ provider_ref: 'codex://providers/small', model: 'small' }, { provider_ref: 'codex://providers/large', model: 'large' }]"
        );
        home.Script = asked => asked.Model == "small" ? ScriptedAnswer.Json("{\"error\":{\"message\":\"no\"}}", 401) : Answer("Here.");
        var uri = await home.SpawnAsync("routed", "Do it");
        await home.StatusAsync(uri, "done");
        Assert.Equal("Large, large", (string?)(await home.GetAsync(uri))["routing"]!["chosen"]);
    }

    [Fact]
    public async Task A_task_pauses_after_its_current_step_and_continues_when_resumed()
    {
        home.Script = asked => asked.Asked == 0 ? Calls("", ("b1", "bash", """{"path":"first.txt","text":"1"}""")) : Answer("Done.");
        var uri = (string)
            (
                await home.Client.ResultAsync(
                    "task/spawn",
                    new
                    {
                        templateId = "worker",
                        goal = "Work",
                        values = new { permission_mode = "edit" },
                    }
                )
            )!["uri"]!;
        await tools.AtGate.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await home.Client.ResultAsync("task/pause", new { uri });
        tools.Gate.SetResult();
        await home.StatusAsync(uri, "paused");
        await home.Client.ResultAsync("task/steer", new { uri, text = "Be brief." });
        await home.Client.ResultAsync("task/resume", new { uri });
        await home.StatusAsync(uri, "done");
    }

    [Fact]
    public async Task A_task_that_is_dropped_or_archived_is_out_of_the_way()
    {
        home.Script = _ => ScriptedAnswer.Events().Send(Chunk("Half")).Hang();
        var uri = await home.SpawnAsync("worker", "Go");
        await home.StatusAsync(uri, "running");
        Assert.Equal("conflict", ErrorKind(await home.Client.RequestAsync("task/archive", new { uri })));
        await home.Client.ResultAsync("task/discard", new { uri });
        Assert.Equal("stopped", (string?)(await home.GetAsync(uri))["task"]!["status"]);
        await home.Client.ResultAsync("task/archive", new { uri });
        Assert.Empty(await home.ListAsync());
    }

    [Fact]
    public async Task No_more_children_work_at_one_provider_than_it_may_have()
    {
        var (now, most) = (0, 0);
        home.Script = asked =>
        {
            if (asked.Model == "large")
            {
                return asked.Asked == 0
                    ? Calls("", [.. Enumerable.Range(1, 5).Select(at => Spawn($"c{at}", $"part {at}"))])
                    : Answer("Good.");
            }

            most = Math.Max(most, Interlocked.Increment(ref now));
            return ScriptedAnswer
                .Events()
                .Pause(TimeSpan.FromMilliseconds(150))
                .Send(Chunk("x"))
                .Gate(Task.Run(() => Interlocked.Decrement(ref now)))
                .Send(End);
        };
        var uri = await home.SpawnAsync("planner", "Plan it");
        await home.StatusAsync(uri, "done");
        Assert.Equal(6, (await home.ListAsync(uri)).Count);
        Assert.InRange(most, 1, 3);
    }

    private async Task<string> ErrorsAsync(string uri) =>
        string.Join(
            "\n",
            (await home.ChatAsync(uri))["messages"]!
                .AsArray()
                .SelectMany(message => message!["parts"]!.AsArray())
                .Select(part => (string?)part!["error"])
                .Where(error => error is not null)
        );
}
