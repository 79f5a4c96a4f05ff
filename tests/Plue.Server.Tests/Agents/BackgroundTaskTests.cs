using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Agents.AgentsHome;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Agents;

/// <summary>Subtasks that work while their parent continues, with real journals and models on loopback.</summary>
public sealed class BackgroundTaskTests : IAsyncLifetime
{
    private const string Boss =
        "max_spawned_tasks: 5, provider_ref: 'codex://providers/large', available_tools: ['spawn_task', 'task_status', 'task_wait', 'send_message'], budget: { usd: 1, rounds: 40 }";

    private readonly TestTools tools = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> gates = new(StringComparer.Ordinal);
    private AgentsHome home = null!;

    public async ValueTask InitializeAsync()
    {
        home = await StartAsync(tools);
        home.WriteTemplate("boss", Boss);
    }

    public async ValueTask DisposeAsync() => await home.DisposeAsync();

    [Fact]
    public async Task Starts_subtasks_without_waiting_and_is_woken_once_when_all_have_ended()
    {
        home.Script = asked =>
            asked.Model == "small" ? Gated(asked)
            : asked.Asked == 0 ? Calls("", Begin("c1", "one"), Begin("c2", "two"))
            : asked.Asked == 1 ? Calls("", Wait("w1"))
            : Answer("All done.");
        var uri = await home.SpawnAsync("boss", "Plan it");
        await home.StatusAsync(uri, "waiting_for_child");
        GateOf("one").SetResult();
        await home.NamedAsync("one", "done");
        Assert.Equal("waiting_for_child", (string?)(await home.GetAsync(uri))["task"]!["status"]);
        GateOf("two").SetResult();
        await home.StatusAsync(uri, "done");

        var started = await ResultAsync(uri, "c1");
        Assert.Equal("one", (string?)started["title"]);
        Assert.True((string?)started["status"] is "queued" or "running");
        var row = (await home.ListAsync(uri)).Single(row => (string?)row!["title"] == "one")!;
        Assert.Equal((string?)row["uri"], (string?)started["task"]);
        var waited = await ResultAsync(uri, "w1");
        Assert.Equal(["Did one.", "Did two."], Outputs(waited));
        Assert.Null(waited["not_ended"]);
        Assert.Equal(3, RequestsOf("large"));
        Assert.Equal(
            ["model", "waiting", "model", "waiting", "model"],
            (await home.GetAsync(uri))["timeline"]![0]!["spans"]!.AsArray().Select(span => (string?)span!["kind"])
        );
    }

    [Fact]
    public async Task Waits_for_any_subtask_and_then_only_for_the_others()
    {
        home.Script = asked =>
            asked.Model == "small"
                ? Gated(asked)
                : asked.Asked switch
                {
                    0 => Calls("", Begin("c1", "one"), Begin("c2", "two"), Wait("w1", any: true)),
                    1 => Calls("", ("s1", "task_status", "{}")),
                    2 => Released("two", Calls("", Wait("w2", any: true))),
                    3 => Calls("", Wait("w3")),
                    _ => Answer("Both."),
                };
        var uri = await home.SpawnAsync("boss", "Plan it");
        await home.StatusAsync(uri, "waiting_for_child");
        GateOf("one").SetResult();
        await home.StatusAsync(uri, "done");

        var first = await ResultAsync(uri, "w1");
        Assert.Equal(["Did one."], Outputs(first));
        Assert.Equal(["two"], first["not_ended"]!.AsArray().Select(state => (string?)state!["title"]));
        var states = (await ResultAsync(uri, "s1"))["subtasks"]!.AsArray().OrderBy(state => (string?)state!["title"]).ToList();
        Assert.Equal(["done", "running"], states.Select(state => (string?)state!["status"]));
        Assert.Equal("Did one.", (string?)states[0]!["result"]!["output"]);
        Assert.True(DateTimeOffset.TryParse((string?)states[1]!["last_activity"], out _));
        Assert.NotNull(states[0]!["cost"]);
        Assert.Equal(["Did two."], Outputs(await ResultAsync(uri, "w2")));
        Assert.StartsWith("There is nothing to wait for", await ErrorAsync(uri, "w3"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Returns_all_results_together_that_came_before_the_wait()
    {
        var both = new TaskCompletionSource();
        home.Script = asked =>
            asked.Model == "small" ? Answer($"Did {asked.Goal}.")
            : asked.Asked == 0 ? Calls("", Begin("c1", "one"), Begin("c2", "two"))
            : asked.Asked == 1 ? CallsAfter(both.Task, Wait("w1", any: true))
            : Answer("All done.");
        var uri = await home.SpawnAsync("boss", "Plan it");
        await home.NamedAsync("one", "done");
        await home.NamedAsync("two", "done");
        both.SetResult();
        await home.StatusAsync(uri, "done");
        Assert.Equal(["Did one.", "Did two."], Outputs(await ResultAsync(uri, "w1")));
    }

    [Fact]
    public async Task A_wait_with_a_timeout_returns_what_has_ended_and_names_the_others()
    {
        home.Script = asked =>
            asked.Model == "small" ? Gated(asked)
            : asked.Asked == 0 ? Calls("", Begin("c1", "one"))
            : asked.Asked == 1 ? Calls("", ("w1", "task_wait", """{"timeout_seconds":1}"""))
            : Released("one", Answer("Later."));
        var uri = await home.SpawnAsync("boss", "Plan it");
        await home.StatusAsync(uri, "done");
        var waited = await ResultAsync(uri, "w1");
        Assert.Equal((true, 0), ((bool?)waited["timed_out"], waited["results"]!.AsArray().Count));
        Assert.Equal("one", (string?)waited["not_ended"]![0]!["title"]);
    }

    [Fact]
    public async Task A_task_that_ends_before_its_subtasks_waits_for_them_and_receives_their_results()
    {
        home.WriteTemplate(
            "reporter",
            $"{Boss}, outputs: {{ type: 'object', required: ['summary'], properties: {{ summary: {{ type: 'string' }} }} }}"
        );
        var last = "";
        home.Script = asked =>
        {
            if (asked.Model == "small")
            {
                return Gated(asked);
            }

            last = asked.Last;
            return asked.Asked switch
            {
                0 => Calls("", Begin("c1", "one")),
                1 => Calls("", ("f1", "finish", """{"summary":"Too early."}""")),
                _ => Calls("", ("f2", "finish", """{"summary":"With one."}""")),
            };
        };
        var uri = await home.SpawnAsync("reporter", "Plan it");
        await home.NamedAsync("one", "running");
        await home.StatusAsync(uri, "waiting_for_child");
        GateOf("one").SetResult();
        await home.StatusAsync(uri, "done");
        Assert.StartsWith("You ended your work while these subtasks were running.", last, StringComparison.Ordinal);
        Assert.Contains("Did one.", last, StringComparison.Ordinal);
        Assert.Equal("With one.", (string?)(await home.GetAsync(uri))["outputs"]!["summary"]);
        Assert.Equal(3, RequestsOf("large"));
    }

    [Theory]
    [InlineData("streaming")]
    [InlineData("in task_wait")]
    [InlineData("after its last response")]
    public async Task Stopping_a_task_stops_the_subtasks_that_it_did_not_wait_for(string place)
    {
        home.Script = asked =>
            asked.Model == "small" ? Gated(asked)
            : asked.Asked == 0 ? Calls("", Begin("c1", "one"))
            : place switch
            {
                "streaming" => ScriptedAnswer.Events().Send(Chunk("Half")).Hang(),
                "in task_wait" => Calls("", Wait("w1")),
                _ => Answer("Done early."),
            };
        var uri = await home.SpawnAsync("boss", "Plan it");
        await home.NamedAsync("one", "running");
        if (place == "streaming")
        {
            await home.StatusAsync(uri, "running");
        }
        else
        {
            await home.StatusAsync(uri, "waiting_for_child");
        }
        await home.Client.ResultAsync("task/stop", new { uri });
        await home.NamedAsync("one", "stopped");
        await home.StatusAsync(uri, "stopped");
    }

    [Fact]
    public async Task A_message_of_the_user_to_a_streaming_task_leaves_its_subtasks_running()
    {
        home.Script = asked =>
            asked.Model == "small" ? Gated(asked)
            : asked.Asked == 0 ? Calls("", Begin("c1", "one"))
            : asked.Last == "Hurry." && asked.Results.Count == 1 ? Calls("", Wait("w1"))
            : asked.Results.Count == 2 ? Answer("All done.")
            : Released("streams", ScriptedAnswer.Events().Send(Chunk("Half")).Hang());
        var uri = await home.SpawnAsync("boss", "Plan it");
        await home.NamedAsync("one", "running");
        await GateOf("streams").Task;
        await home.Client.ResultAsync("task/steer", new { uri, text = "Hurry." });
        await home.StatusAsync(uri, "waiting_for_child");
        GateOf("one").SetResult();
        await home.StatusAsync(uri, "done");
        Assert.Equal("done", (string?)(await home.NamedAsync("one", "done"))["status"]);
    }

    [Fact]
    public async Task A_message_follows_the_tool_results_of_a_subtask_and_names_its_sender()
    {
        var last = "";
        home.Script = asked =>
        {
            if (asked.Model == "small")
            {
                last = asked.Last;
                return asked.Asked == 0 ? Calls("", ("b1", "bash", """{"path":"first.txt","text":"1"}""")) : Answer("Done.");
            }
            if (asked.Asked == 2)
            {
                tools.Gate.SetResult();
            }
            return asked.Asked switch
            {
                0 => Calls("", Begin("c1", "one")),
                1 => CallsAfter(tools.AtGate.Task, Message("m1", TaskIn(asked.Results[0]), "Be brief.\nAnd kind.")),
                2 => Calls("", Wait("w1")),
                _ => Answer("All done."),
            };
        };
        var uri = (string)
            (
                await home.Client.ResultAsync(
                    "task/spawn",
                    new
                    {
                        templateId = "boss",
                        goal = "Plan it",
                        values = new { permission_mode = "edit" },
                    }
                )
            )!["uri"]!;
        await home.StatusAsync(uri, "done");
        Assert.Equal($"Message from the agent \"Plan it\" ({uri}), not from the user:\n\n> Be brief.\n> And kind.", last);
        Assert.Equal(["Done."], Outputs(await ResultAsync(uri, "w1")));
    }

    [Fact]
    public async Task A_message_does_not_interrupt_a_streaming_response_of_a_subtask()
    {
        home.Script = asked =>
            asked.Model == "small"
                ? asked.Asked == 0
                    ? Gated(asked)
                    : Answer($"Read: {asked.Last.Split("> ")[^1]}")
                : asked.Asked switch
                {
                    0 => Calls("", Begin("c1", "one")),
                    1 => CallsAfter(GateOf("seen").Task, Message("m1", TaskIn(asked.Results[0]), "Be brief.")),
                    2 => Released("one", Calls("", Wait("w1"))),
                    _ => Answer("All done."),
                };
        var uri = await home.SpawnAsync("boss", "Plan it");
        var child = (string)(await home.NamedAsync("one", "running"))["uri"]!;
        GateOf("seen").SetResult();
        await home.StatusAsync(uri, "done");
        Assert.Equal(["Read: Be brief."], Outputs(await ResultAsync(uri, "w1")));
        Assert.Contains("Did one.", Texts(await home.ChatAsync(child)));
    }

    [Fact]
    public async Task A_subtask_sends_a_message_to_its_waiting_parent()
    {
        home.WriteTemplate("talker", "provider_ref: 'codex://providers/small', available_tools: ['send_message']");
        var last = "";
        home.Script = asked =>
        {
            if (asked.Model == "small")
            {
                return asked.Asked == 0 ? CallsAfter(GateOf("waits").Task, Message("m1", "parent", "I found it.")) : Answer("Done.");
            }

            last = asked.Last;
            return asked.Asked == 0 ? Calls("", Begin("c1", "one", "talker"), Wait("w1")) : Answer("All done.");
        };
        var uri = await home.SpawnAsync("boss", "Plan it");
        await home.StatusAsync(uri, "waiting_for_child");
        GateOf("waits").SetResult();
        await home.StatusAsync(uri, "done");
        Assert.StartsWith("Message from the agent \"one\" (", last, StringComparison.Ordinal);
        Assert.EndsWith("> I found it.", last, StringComparison.Ordinal);
        Assert.Equal(["Done."], Outputs(await ResultAsync(uri, "w1")));
    }

    [Fact]
    public async Task SEC_57_Tasks_of_others_are_refused_and_an_ended_subtask_reads_no_messages()
    {
        home.Script = _ => Released("other", ScriptedAnswer.Events().Send(Chunk("Half")).Hang());
        var other = await home.SpawnAsync("worker", "Other");
        await GateOf("other").Task;
        var ids = JsonSerializer.Serialize(new { ids = new[] { other } });
        home.Script = asked =>
            asked.Model == "small"
                ? Answer("Did one.")
                : asked.Asked switch
                {
                    0 => Calls("", Begin("c1", "one"), Wait("w1")),
                    1 => Calls(
                        "",
                        Message("m1", other, "Stop."),
                        Message("m2", "parent", "Hello."),
                        Message("m3", TaskIn(asked.Results[0]), "Again."),
                        ("s1", "task_status", ids),
                        ("w2", "task_wait", ids)
                    ),
                    _ => Answer("All done."),
                };
        var uri = await home.SpawnAsync("boss", "Plan it");
        await home.StatusAsync(uri, "done");
        Assert.Equal($"{other} is neither your subtask nor your parent, so nothing was sent.", await ErrorAsync(uri, "m1"));
        Assert.Equal("No agent started you, so there is no parent to send a message to.", await ErrorAsync(uri, "m2"));
        Assert.Equal("\"one\" is done and reads no messages, so nothing was sent.", await ErrorAsync(uri, "m3"));
        const string Refused = "is not your subtask. Use the `task` that spawn_task returned.";
        Assert.Equal($"{other} {Refused}", await ErrorAsync(uri, "s1"));
        Assert.Equal($"{other} {Refused}", await ErrorAsync(uri, "w2"));
        Assert.Equal("Other", Texts(await home.ChatAsync(other))[0]);
        Assert.Equal("running", (string?)(await home.GetAsync(other))["task"]!["status"]);
    }

    [Fact]
    public async Task Usage_of_a_subtask_in_the_background_counts_against_the_budget_of_its_parent()
    {
        home.WriteTemplate("poor", Boss.Replace("usd: 1, rounds: 40", "tokens: 1500", StringComparison.Ordinal));
        home.Script = asked =>
            asked.Model == "small" ? Paid("Used much.", 2000)
            : asked.Asked == 0 ? Calls("", Begin("c1", "one"), Wait("w1"))
            : Answer("Ok.");
        var uri = await home.SpawnAsync("poor", "Plan it");
        var row = await home.StatusAsync(uri, "over_budget");
        Assert.StartsWith("This task has reached its budget.", (string?)row["note"], StringComparison.Ordinal);
        Assert.Equal(1, RequestsOf("large"));
    }

    [Fact]
    public async Task A_subtask_that_asks_keeps_asking_and_one_that_fails_says_why()
    {
        home.WriteTemplate("asker", "provider_ref: 'codex://providers/small', available_tools: ['write']");
        home.Script = asked =>
            asked.Model == "small"
                ? asked.Goal == "two"
                    ? ScriptedAnswer.Json("""{"error":{"message":"no"}}""", 401)
                    : asked.Asked == 0
                        ? Calls("", ("w1", "write", """{"path":"a.txt","text":"1"}"""))
                        : Answer("Wrote it.")
                : asked.Asked switch
                {
                    0 => Calls("", Begin("c1", "one", "asker"), Begin("c2", "two", "asker")),
                    1 => CallsAfter(GateOf("asks").Task, Wait("w1", any: true), ("s1", "task_status", "{}")),
                    2 => Released("stated", Calls("", Wait("w2"))),
                    _ => Answer("All done."),
                };
        var uri = await home.SpawnAsync("boss", "Plan it");
        await home.NamedAsync("one", "waiting_for_approval");
        await home.NamedAsync("two", "failed");
        GateOf("asks").SetResult();
        await GateOf("stated").Task;
        var asked = Assert.Single((await home.Client.ResultAsync("approval/list"))!["approvals"]!.AsArray())!;
        await home.Client.ResultAsync(
            "approval/answer",
            new
            {
                id = (string)asked["id"]!,
                fingerprint = (string)asked["fingerprint"]!,
                decision = "once",
            }
        );
        await home.StatusAsync(uri, "done");
        var failed = (await ResultAsync(uri, "w1"))["results"]!.AsArray().Single()!;
        Assert.Equal("failed", (string?)failed["status"]);
        Assert.NotEmpty((string)failed["reason"]!);
        var state = (await ResultAsync(uri, "s1"))["subtasks"]!.AsArray().Single(state => (string?)state!["title"] == "one")!;
        Assert.Equal(
            ("waiting_for_approval", "It waits for an approval or an answer of the user."),
            ((string?)state["status"], (string?)state["note"])
        );
        Assert.Equal(["Wrote it."], Outputs(await ResultAsync(uri, "w2")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Resuming_a_task_after_a_restart_continues_its_subtasks_in_the_background(bool isInCall)
    {
        var kept = home.Sidecar.Home;
        home.Script = asked =>
            asked.Model == "small" ? Gated(asked)
            : asked.Asked == 0 ? Calls("", Begin("c1", "one"))
            : isInCall ? Calls("", Wait("w1"))
            : Answer("Done early.");
        var uri = await home.SpawnAsync("boss", "Plan it");
        var child = (string)(await home.NamedAsync("one", "running"))["uri"]!;
        await home.StatusAsync(uri, "waiting_for_child");
        await home.DisposeAsync();

        home = await StartAsync(tools, kept);
        await home.StatusAsync(uri, "interrupted");
        await home.StatusAsync(child, "interrupted");
        home.Script = asked =>
            asked.Model == "small" ? Gated(asked)
            : asked.Last.Contains("Did one.", StringComparison.Ordinal) ? Answer("With one.")
            : asked.Results.Any(result => result.Contains("Did one.", StringComparison.Ordinal)) ? Answer("With one.")
            : Calls("", Wait($"x{asked.Asked}"));
        await home.Client.ResultAsync("task/resume", new { uri });
        await home.StatusAsync(uri, "waiting_for_child");
        GateOf("one").SetResult();
        await home.StatusAsync(uri, "done");
        Assert.Equal("With one.", Texts(await home.ChatAsync(uri))[^1]);
        Assert.Equal(2, (await home.ListAsync(uri)).Count);
    }

    [Fact]
    public async Task No_more_subtasks_in_the_background_work_at_one_provider_than_it_may_have()
    {
        home.Script = asked =>
            asked.Model == "small" ? Gated(asked, "all")
            : asked.Asked == 0 ? Calls("", [.. Enumerable.Range(1, 5).Select(at => Begin($"c{at}", $"part {at}")), Wait("w1")])
            : Answer("All done.");
        var uri = await home.SpawnAsync("boss", "Plan it");
        await home.StatusAsync(uri, "waiting_for_child");
        for (var working = 0; working < 3; )
        {
            working = (await home.ListAsync(uri)).Count(row => (string?)row!["status"] == "running");
            if (working < 3)
            {
                await home.Client.NextAsync("task/event");
            }
        }
        Assert.Equal(2, (await home.ListAsync(uri)).Count(row => (string?)row!["status"] == "queued"));
        GateOf("all").SetResult();
        await home.StatusAsync(uri, "done");
        Assert.Equal(5, Outputs(await ResultAsync(uri, "w1")).Count);
    }

    [Fact]
    public async Task Subtasks_of_a_chat_go_on_after_its_response_and_a_later_response_gets_their_results()
    {
        home.Script = asked =>
            asked.Model == "small"
                ? Gated(asked)
                : asked.Asked switch
                {
                    0 => Calls("", Begin("c1", "one")),
                    1 => Answer("It works in the background."),
                    2 => Calls("", Wait("w1")),
                    _ => Answer("All done."),
                };
        var chat = await home.Client.CreateChatAsync("large");
        await home.Client.AskAsync(chat, "Plan it");
        await home.NamedAsync("one", "running");
        GateOf("one").SetResult();
        await home.NamedAsync("one", "done");
        await home.Client.ResultAsync("message/send", new { codexId = chat, text = "And now?" });
        await home.Client.NextAsync("message/event", item => (string?)item["codexId"] == chat && Kind(item) == "turnFinished");
        Assert.Equal(["Did one."], Outputs(await ResultAsync(chat, "w1")));
    }

    private static (string Id, string Name, string Parameters) Begin(string id, string goal, string template = "worker") =>
        (
            id,
            "spawn_task",
            JsonSerializer.Serialize(
                new
                {
                    template,
                    goal,
                    wait = false,
                }
            )
        );

    private static (string Id, string Name, string Parameters) Wait(string id, bool any = false) =>
        (id, "task_wait", any ? """{"for":"any"}""" : "{}");

    private static (string Id, string Name, string Parameters) Message(string id, string task, string text) =>
        (id, "send_message", JsonSerializer.Serialize(new { task, text }));

    /// <summary>Creates a response with calls that begins after this event.</summary>
    private static ScriptedAnswer CallsAfter(Task begin, params (string Id, string Name, string Parameters)[] calls) =>
        Calls("", ScriptedAnswer.Events().Gate(begin), calls);

    private static string TaskIn(string result) => (string)JsonNode.Parse(result)!["task"]!;

    private static List<string?> Outputs(JsonNode waited) =>
        [.. waited["results"]!.AsArray().Select(result => (string?)result!["output"]).Order()];

    private TaskCompletionSource GateOf(string goal) =>
        gates.GetOrAdd(goal, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    /// <summary>Creates the response of a subtask, which ends when its gate opens.</summary>
    private ScriptedAnswer Gated(AskedModel asked, string? gate = null) =>
        ScriptedAnswer.Events().Gate(GateOf(gate ?? asked.Goal).Task).Send(Chunk($"Did {asked.Goal}.")).Send(End);

    private ScriptedAnswer Released(string goal, ScriptedAnswer answer)
    {
        GateOf(goal).TrySetResult();
        return answer;
    }

    private int RequestsOf(string model) =>
        home.Endpoint.Requests.Count(request => request.Method == "POST" && (string?)JsonNode.Parse(request.Body)!["model"] == model);

    private async Task<JsonNode> PartAsync(string uri, string toolUseId) =>
        (await home.ChatAsync(uri))["messages"]!
            .AsArray()
            .SelectMany(message => message!["parts"]!.AsArray())
            .Single(part => (string?)part!["kind"] == "toolResult" && (string?)part["toolUseId"] == toolUseId)!;

    private async Task<JsonNode> ResultAsync(string uri, string toolUseId) =>
        JsonNode.Parse((string)(await PartAsync(uri, toolUseId))["result"]!)!;

    private async Task<string> ErrorAsync(string uri, string toolUseId) => (string)(await PartAsync(uri, toolUseId))["error"]!;
}
