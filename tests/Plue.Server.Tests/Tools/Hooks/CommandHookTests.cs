using System.Text.Json;
using System.Text.Json.Nodes;
using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Store;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Tools.Hooks;

/// <summary>Hooks with real commands around calls and turns of a chat.</summary>
public sealed class CommandHookTests
{
    [Fact]
    public async Task Exit_code_2_before_a_tool_refuses_the_call_with_the_error_output_as_its_reason()
    {
        await using var chat = await StartAsync("edit", Calls("", Write("c1", "main.txt", "x")));
        Configure(
            chat,
            """{ trigger: "before_tool", action: "run_command", name: "Guard", tools: ["write"], command: "echo 'main is protected' >&2; exit 2" }"""
        );
        await chat.AskAsync("Write it.");
        Assert.Empty(chat.Tools.Done);
        Assert.Equal("The call was denied: The hook Guard refused it: main is protected", Results(chat.Messages[1]).Single().Error);
        var run = Assert.Single(chat.Messages[1].Hooks);
        Assert.Equal(
            ("Guard", "before_tool", HookResult.Refused, "c1", "main is protected"),
            (run.Name, run.Trigger, run.Result, run.ToolUseId, run.Text)
        );
        Assert.Contains("main is protected", chat.Bodies[1], StringComparison.Ordinal);
        Assert.Contains(chat.Events.OfType<TurnEvent.HookRan>(), one => one.Run == run);
    }

    [Fact]
    public async Task Exit_code_1_lets_the_call_run_unless_the_hook_blocks_on_failure()
    {
        await using var chat = await StartAsync("edit", Calls("", Write("c1", "a.txt", "x")), Calls("", Write("c2", "b.txt", "x")));
        Configure(chat, """{ trigger: "before_tool", action: "run_command", name: "Broken", command: "echo oops >&2; exit 1" }""");
        await chat.AskAsync("Write it.");
        Assert.Equal(["write a.txt", "write b.txt"], chat.Tools.Done);
        Assert.Equal(
            (HookResult.Failed, "The command failed with exit code 1. oops"),
            (chat.Messages[1].Hooks[0].Result, chat.Messages[1].Hooks[0].Text)
        );

        Configure(
            chat,
            """{ trigger: "before_tool", action: "run_command", name: "Broken", command: "echo oops >&2; exit 1", on_failure: "block" }"""
        );
        chat.Next.Enqueue(Calls("", Write("c3", "c.txt", "x")));
        await chat.AskAsync("Write another.");
        Assert.Null(chat.Read("c.txt"));
    }

    [Fact]
    public async Task A_hook_asks_for_approval_of_a_call_that_the_mode_allows()
    {
        await using var chat = await StartAsync("edit", Calls("", Write("c1", "a.txt", "x")));
        Configure(
            chat,
            Answering("before_tool", """{"hookSpecificOutput":{"permissionDecision":"ask","permissionDecisionReason":"Friday."}}""")
        );
        var ended = chat.ComesAsync<TurnEvent.TurnFinished>();
        await chat.Chat.SendAsync(new Draft("Write it."), mayWait: false, CancellationToken.None);
        await chat.AskedAsync();
        Assert.Equal("The hook Test requests approval: Friday.", chat.Approvals.Pending.Single().Request.Reason);
        Assert.Null(chat.Approvals.Pending.Single().Request.Rule);
        await chat.AnswerAsync(ApprovalDecision.Once);
        await ended;
        Assert.Equal("x", chat.Read("a.txt"));
    }

    [Fact]
    public async Task A_hook_cannot_allow_what_the_mode_asks_about()
    {
        await using var chat = await StartAsync("ask", Calls("", Write("c1", "a.txt", "x")));
        Configure(chat, Answering("before_tool", """{"hookSpecificOutput":{"permissionDecision":"allow"}}"""));
        var ended = chat.ComesAsync<TurnEvent.TurnFinished>();
        await chat.Chat.SendAsync(new Draft("Write it."), mayWait: false, CancellationToken.None);
        await chat.AnswerAsync(ApprovalDecision.Deny);
        await ended;
        Assert.Null(chat.Read("a.txt"));
    }

    [Fact]
    public async Task Replaced_arguments_are_judged_again_stored_and_shown()
    {
        await using var chat = await StartAsync("edit", Calls("", Write("c1", "a.txt", "x")), Calls("", Write("c2", "b.txt", "x")));
        Configure(chat, Answering("before_tool", """{"hookSpecificOutput":{"updatedInput":{"path":"z.txt","text":"y"}}}"""));
        await chat.AskAsync("Write it.");
        Assert.Equal("y", chat.Read("z.txt"));
        Assert.Null(chat.Read("a.txt"));
        Assert.Equal(
            (HookResult.Replaced, """{"path":"z.txt","text":"y"}"""),
            (chat.Messages[1].Hooks[0].Result, chat.Messages[1].Hooks[0].Parameters)
        );
        Assert.Contains("A hook replaced the arguments", Results(chat.Messages[1]).Single().Result, StringComparison.Ordinal);

        // A path that always needs approval also does so in the replaced arguments.
        Configure(chat, Answering("before_tool", """{"hookSpecificOutput":{"updatedInput":{"path":".vscode/tasks.json","text":"y"}}}"""));
        chat.Next.Enqueue(Calls("", Write("c3", "c.txt", "x")));
        var ended = chat.ComesAsync<TurnEvent.TurnFinished>();
        await chat.Chat.SendAsync(new Draft("Again."), mayWait: false, CancellationToken.None);
        await chat.AnswerAsync(ApprovalDecision.Deny);
        await ended;
        Assert.Null(chat.Read(".vscode/tasks.json"));
    }

    [Fact]
    public async Task Changes_of_a_hook_after_an_edit_belong_to_the_edit_and_are_undone_with_it()
    {
        await using var chat = await StartAsync("edit", Calls("", Write("c1", "a.txt", "one  two\n")));
        chat.Write("a.txt", "before\n");
        Configure(
            chat,
            """{ trigger: "after_edit", action: "run_command", name: "Format", files: ["*.txt"], command: "sed -i 's/  / /g' \"$@\"; echo made > beside.log" }"""
        );
        await chat.AskAsync("Write it.");
        Assert.Equal("one two\n", chat.Read("a.txt"));
        var result = Results(chat.Messages[1]).Single();
        Assert.Equal(["a.txt", "beside.log"], result.Changes.Select(change => change.Path));
        Assert.Equal("Wrote a.txt.\n[A hook changed a.txt after this call. Read it before you edit it again.]", result.Result);
        Assert.Equal((HookResult.Ran, "after_edit"), (chat.Messages[1].Hooks[0].Result, chat.Messages[1].Hooks[0].Trigger));
        await chat.Chat.UndoAsync(CancellationToken.None);
        Assert.Equal("before\n", chat.Read("a.txt"));
        Assert.Null(chat.Read("beside.log"));
        await chat.Chat.RedoAsync(CancellationToken.None);
        Assert.Equal("one two\n", chat.Read("a.txt"));
    }

    [Fact]
    public async Task A_new_file_is_formatted_and_a_file_that_the_patterns_do_not_match_is_not()
    {
        await using var chat = await StartAsync("edit", Calls("", Write("c1", "new.ts", "a"), Write("c2", "new.md", "a")));
        Configure(chat, """{ trigger: "after_edit", action: "run_command", files: ["**/*.ts"], command: "echo formatted > \"$1\"" }""");
        await chat.AskAsync("Write it.");
        Assert.Equal(("formatted\n", "a"), (chat.Read("new.ts"), chat.Read("new.md")));
        Assert.Equal("echo formatted > \"$1\"", Assert.Single(chat.Messages[1].Hooks).Name);
    }

    [Fact]
    public async Task A_command_gets_the_event_as_JSON_and_no_variable_that_could_hold_a_key()
    {
        Environment.SetEnvironmentVariable("HOOK_TEST_API_KEY", "sk-hook-secret");
        await using var chat = await StartAsync("edit", Calls("", Write("c1", "a.txt", "it's \"x\"")));
        Configure(chat, """{ trigger: "before_tool", action: "run_command", command: "cat > input.json; env > env.txt; pwd > pwd.txt" }""");
        await chat.AskAsync("Write it.");
        var input = JsonNode.Parse(chat.Read("input.json")!)!;
        Assert.Equal(
            (chat.Chat.CodexId, "before_tool", "write", "c1", "it's \"x\""),
            (
                (string?)input["session_id"],
                (string?)input["hook_event_name"],
                (string?)input["tool_name"],
                (string?)input["tool_use_id"],
                (string?)input["tool_input"]!["text"]
            )
        );
        var folder = Plue.Server.Platform.RealPath.Of(chat.Folder);
        Assert.Equal((folder, folder), ((string?)input["cwd"], chat.Read("pwd.txt")!.Trim()));
        Assert.Equal([Path.Combine(folder, "a.txt")], input["files"]!.AsArray().Select(file => (string?)file));
        Assert.DoesNotContain("sk-hook-secret", chat.Read("env.txt"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_slow_command_is_ended_with_its_processes_and_the_call_runs()
    {
        await using var chat = await StartAsync("edit", Calls("", Write("c1", "a.txt", "x")));
        Configure(
            chat,
            """{ trigger: "before_tool", action: "run_command", timeout_s: 1, command: "(while :; do date +%s%N > alive; sleep 0.05; done) & sleep 600" }"""
        );
        await chat.AskAsync("Write it.");
        var run = Assert.Single(chat.Messages[1].Hooks);
        Assert.Equal(HookResult.Failed, run.Result);
        Assert.Contains("limit of 1 s", run.Text, StringComparison.Ordinal);
        Assert.Equal(["write a.txt"], chat.Tools.Done);
        var last = chat.Read("alive");
        // A remaining process would write again within this time.
        await Task.Delay(TimeSpan.FromMilliseconds(300));
        Assert.Equal(last, chat.Read("alive"));
    }

    [Fact]
    public async Task A_command_that_floods_its_output_is_ended()
    {
        await using var chat = await StartAsync("edit", Calls("", Write("c1", "a.txt", "x")));
        Configure(chat, """{ trigger: "before_tool", action: "run_command", command: "yes" }""");
        await chat.AskAsync("Write it.");
        Assert.Contains("printed more than", Assert.Single(chat.Messages[1].Hooks).Text, StringComparison.Ordinal);
        Assert.Equal(["write a.txt"], chat.Tools.Done);
    }

    [Fact]
    public async Task A_hook_at_the_end_of_a_turn_continues_it_within_a_limit()
    {
        await using var chat = await StartAsync("edit");
        Configure(
            chat,
            """{ trigger: "turn_end", action: "run_command", name: "Tests", command: "cat >> ends.txt; echo >> ends.txt; echo 'One test fails.' >&2; exit 2" }"""
        );
        Assert.Equal(StopReason.EndTurn, (await chat.AskAsync("Do it.")).Reason);
        var written = chat.Messages.Where(message => message is { Role: MessageRole.User, Hooks.Count: > 0 }).ToList();
        Assert.Equal(TurnHooks.MaxContinuations, written.Count);
        Assert.All(written, message => Assert.Equal("The hook Tests asks you to continue: One test fails.", message.Text));
        Assert.Equal(TurnHooks.MaxContinuations + 1, chat.Bodies.Count);
        Assert.Contains("so it ends now", chat.Last.Hooks[^1].Text, StringComparison.Ordinal);
        var active = chat.Read("ends.txt")!
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => (bool)JsonNode.Parse(line)!["stop_hook_active"]!);
        Assert.Equal([false, true, true, true, true, true], active);
    }

    [Fact]
    public async Task Context_of_a_message_hook_is_stored_and_stays_where_it_was_sent()
    {
        await using var chat = await StartAsync("edit", Calls("", Write("c1", "a.txt", "x")));
        Configure(chat, """{ trigger: "user_message", action: "run_command", name: "Branch", command: "echo The branch is main." }""");
        await chat.AskAsync("Write it.");
        string UserText(int body) =>
            JsonNode.Parse(chat.Bodies[body])!["messages"]!.AsArray().First(message => (string?)message!["role"] == "user")![
                "content"
            ]!.ToJsonString();
        Assert.Contains("[Hook Branch: The branch is main.]", UserText(0), StringComparison.Ordinal);
        Assert.Equal(UserText(0), UserText(1));
        Assert.Equal(
            (HookResult.AddedContext, "The branch is main."),
            (chat.Messages[1].Hooks[0].Result, chat.Messages[1].Hooks[0].Context)
        );
        Configure(chat, "");
        await chat.AskAsync("And now?");
        Assert.Equal(UserText(0), UserText(2));
    }

    [Fact]
    public async Task A_refused_message_is_not_sent_and_stays_in_the_chat()
    {
        await using var chat = await StartAsync("edit");
        Configure(chat, Answering("user_message", """{"decision":"block","reason":"It holds a card number."}"""));
        Assert.Equal(StopReason.Failed, (await chat.AskAsync("4111 1111")).Reason);
        Assert.Empty(chat.Bodies);
        Assert.Equal("4111 1111", chat.Messages[0].Text);
        Assert.Equal(
            "The message was not sent. The hook Test refused it: It holds a card number. Edit the message and send it again, or change the hook.",
            chat.Last.Error!.Message
        );
        Configure(chat, "");
        await chat.AskAsync("Hello.");
        Assert.Contains("Hello.", chat.Bodies[0], StringComparison.Ordinal);
        await chat.AskAsync("And now?");
        await chat.Chat.CompactAsync(CancellationToken.None);
        Assert.Equal(3, chat.Bodies.Count);
        Assert.All(chat.Bodies, body => Assert.DoesNotContain("4111", body, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_steering_message_runs_its_hooks()
    {
        await using var chat = await StartAsync("edit", Calls("", ("c1", "bash", """{"path":"a.txt","text":"x"}""")));
        Configure(
            chat,
            """{ trigger: "user_message", action: "run_command", name: "Guard", command: "if grep -q 4111; then echo 'A card number.' >&2; exit 2; fi; echo checked" }"""
        );
        var ended = chat.ComesAsync<TurnEvent.TurnFinished>();
        await chat.Chat.SendAsync(new Draft("Write it."), mayWait: false, CancellationToken.None);
        await chat.Tools.AtGate.Task;
        await chat.Chat.SteerAsync(null, new Draft("In German."), CancellationToken.None);
        chat.Tools.Gate.SetResult();
        await ended;
        var sent = JsonNode.Parse(chat.Bodies[1])!["messages"]!.AsArray().Where(message => (string?)message!["role"] == "user").ToList();
        Assert.All(sent, message => Assert.Contains("[Hook Guard: checked]", message!.ToJsonString(), StringComparison.Ordinal));
        Assert.Equal(2, sent.Count);

        chat.Tools.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        chat.Tools.AtGate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        chat.Next.Enqueue(Calls("", ("c2", "bash", """{"path":"b.txt","text":"x"}""")));
        ended = chat.ComesAsync<TurnEvent.TurnFinished>();
        await chat.Chat.SendAsync(new Draft("Another."), mayWait: false, CancellationToken.None);
        await chat.Tools.AtGate.Task;
        await chat.Chat.SteerAsync(null, new Draft("4111 1111"), CancellationToken.None);
        var requests = chat.Bodies.Count;
        chat.Tools.Gate.SetResult();
        Assert.Contains("A card number.", (await ended).Error?.Message, StringComparison.Ordinal);
        Assert.Equal(requests, chat.Bodies.Count);
    }

    [Fact]
    public async Task A_session_begins_once_in_a_process()
    {
        await using var chat = await StartAsync("edit");
        Configure(chat, """{ trigger: "session_start", action: "run_command", command: "cat >> starts.txt; echo >> starts.txt" }""");
        await chat.AskAsync("One.");
        await chat.AskAsync("Two.");
        Assert.Equal("startup", (string?)JsonNode.Parse(chat.Read("starts.txt")!.Trim())!["source"]);
    }

    [Fact]
    public async Task A_hook_denies_a_call_before_the_user_is_asked()
    {
        await using var chat = await StartAsync("ask", Calls("", Write("c1", "a.txt", "x")));
        Configure(
            chat,
            Answering("approval_requested", """{"hookSpecificOutput":{"decision":{"behavior":"deny","message":"Not at night."}}}""")
        );
        await chat.AskAsync("Write it.");
        Assert.Equal("The call was denied: The hook Test refused it: Not at night.", Results(chat.Messages[1]).Single().Error);
    }

    [Fact]
    public async Task The_end_of_a_task_runs_its_hooks_and_a_failure_is_in_its_history()
    {
        await using var chat = await StartAsync("edit");
        Configure(
            chat,
            """{ trigger: "task_end", action: "run_command", name: "Report", command: "cat > end.json; echo gone >&2; exit 3" }"""
        );
        var task = await chat.Conversations.CreateAsync(
            "task",
            ChatFields.None with
            {
                ProviderId = "scripted",
            },
            new Dictionary<string, JsonElement> { ["goal"] = JsonDocument.Parse("\"Do it.\"").RootElement },
            CancellationToken.None
        );
        await ComesTrueAsync(() => task.Stored.HookFailures.Count > 0);
        Assert.Equal("done", (string?)JsonNode.Parse(chat.Read("end.json")!)!["status"]);
        Assert.Equal("Report: The command failed with exit code 3. gone", task.Stored.HookFailures[0].Message);
    }

    [Fact]
    public async Task A_hook_of_Claude_Code_runs_after_one_approval_and_asks_again_when_it_changes()
    {
        await using var chat = await StartAsync("edit", Calls("", Write("c1", "a.txt", "x")));
        Claude(chat, "PreToolUse", "Write|Edit", "cat > input.json");
        var ended = chat.ComesAsync<TurnEvent.TurnFinished>();
        await chat.Chat.SendAsync(new Draft("Write it."), mayWait: false, CancellationToken.None);
        await chat.AskedAsync();
        var request = chat.Approvals.Pending.Single().Request;
        Assert.Equal(
            (ApprovalKind.Hook, "cat > input.json", ".claude/settings.json: PreToolUse (Write|Edit)"),
            (request.Kind, request.ActionText, request.Location)
        );
        Assert.Null(chat.Read("input.json"));
        await chat.AnswerAsync(ApprovalDecision.Once);
        await ended;
        var input = JsonNode.Parse(chat.Read("input.json")!)!;
        Assert.Equal(
            ("PreToolUse", "Write", Path.Combine(Plue.Server.Platform.RealPath.Of(chat.Folder), "a.txt")),
            ((string?)input["hook_event_name"], (string?)input["tool_name"], (string?)input["tool_input"]!["file_path"])
        );

        chat.Next.Enqueue(Calls("", Write("c2", "b.txt", "x")));
        await chat.AskAsync("Write another.");
        Assert.Equal("x", chat.Read("b.txt"));

        Claude(chat, "PreToolUse", "Write|Edit", "cat > other.json");
        chat.Next.Enqueue(Calls("", Write("c3", "c.txt", "x")));
        ended = chat.ComesAsync<TurnEvent.TurnFinished>();
        await chat.Chat.SendAsync(new Draft("And another."), mayWait: false, CancellationToken.None);
        await chat.AnswerAsync(ApprovalDecision.Deny);
        await ended;
        Assert.Equal(("x", null), (chat.Read("c.txt"), chat.Read("other.json")));
        var skipped = chat.Messages.SelectMany(message => message.Hooks).Last();
        Assert.Equal(
            (HookResult.Skipped, "You denied this hook of .claude/settings.json, so it does not run in this chat."),
            (skipped.Result, skipped.Text)
        );

        chat.Next.Enqueue(Calls("", Write("c4", "d.txt", "x")));
        await chat.AskAsync("And a last one.");
        Assert.Equal(skipped, chat.Messages.SelectMany(message => message.Hooks).Last());
    }

    [Fact]
    public async Task Arguments_that_a_hook_of_Claude_Code_replaces_have_its_names()
    {
        await using var chat = await StartAsync("edit", Calls("", Write("c1", "a.txt", "x")));
        Claude(chat, "PreToolUse", "*", """echo '{"hookSpecificOutput":{"updatedInput":{"file_path":"z.txt","text":"y"}}}'""");
        var ended = chat.ComesAsync<TurnEvent.TurnFinished>();
        await chat.Chat.SendAsync(new Draft("Write it."), mayWait: false, CancellationToken.None);
        await chat.AnswerAsync(ApprovalDecision.Once);
        await ended;
        Assert.Equal("y", chat.Read("z.txt"));
    }

    [Fact]
    public async Task Before_the_folder_is_trusted_no_hook_runs()
    {
        await using var chat = await StartAsync("edit");
        chat.Workspace.SetTrusted(false);
        Configure(chat, """{ trigger: "user_message", action: "run_command", command: "touch ran" }""");
        Claude(chat, "UserPromptSubmit", "", "touch ran");
        Assert.Equal(StopReason.EndTurn, (await chat.AskAsync("Hello.")).Reason);
        Assert.Null(chat.Read("ran"));
        Assert.Empty(chat.Last.Hooks);
    }

    [Fact]
    public async Task A_broken_settings_file_of_Claude_Code_is_reported_once()
    {
        await using var chat = await StartAsync("edit");
        Configure(chat, """{ trigger: "user_message", action: "run_command", command: "true" }""");
        Directory.CreateDirectory(Path.Combine(chat.Folder, ".claude"));
        chat.Write(".claude/settings.json", "{ broken");
        await chat.AskAsync("Hello.");
        Assert.Contains("The hooks in .claude/settings.json do not run", chat.Last.Hooks[0].Text, StringComparison.Ordinal);
        await chat.AskAsync("Hello again.");
        Assert.Equal([HookResult.Ran], chat.Last.Hooks.Select(run => run.Result));
    }

    [Fact]
    public async Task A_hook_refuses_a_summary()
    {
        await using var chat = await StartAsync("edit");
        await chat.AskAsync("One.");
        await chat.AskAsync("Two.");
        Configure(chat, Answering("compaction", """{"decision":"block","reason":"Keep all of it."}"""));
        var fault = await Assert.ThrowsAsync<FailureException>(() => chat.Chat.CompactAsync(CancellationToken.None));
        Assert.Equal("The messages were not summarized. The hook Test refused it: Keep all of it.", fault.Message);
        Assert.Equal(4, chat.Messages.Count);
    }

    [Fact]
    public async Task A_hook_at_a_threshold_of_a_budget_runs_when_it_is_passed_and_can_end_the_response()
    {
        // One dollar per round.
        static ScriptedAnswer Round(string id) =>
            ScriptedAnswer
                .Events()
                .Send(
                    $$$$"""data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"{{{{id}}}}","type":"function","function":{"name":"write","arguments":"{\"path\":\"{{{{id}}}}\",\"text\":\"x\"}"}}]}}]}"""
                        + "\n\n"
                )
                .Send("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n")
                .Send("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":0}}\n\ndata: [DONE]\n\n");
        await using var chat = await StartAsync("edit", Round("a"), Round("b"), Round("c"));
        InMemorySidecar.WriteProvider(
            chat.Home,
            "scripted",
            InMemorySidecar.ProviderAt(chat.Endpoint.Url, "model_prices: { model: { input: 1000, output: 1000 } }")
        );
        File.WriteAllText(
            Path.Combine(chat.Home, "config.json5"),
            """
            {
              budget_usd_per_chat: 4,
              hooks: [{ trigger: "budget_threshold", at: 50, action: "run_command", name: "Half", command: "cat > half.json; echo Enough. >&2; exit 2" }],
            }
            """
        );
        var ended = await chat.AskAsync("Go.");
        Assert.Equal("The hook Half refused it: Enough. 50 % of the budget is used. Send a message to continue.", ended.Error?.Message);
        Assert.Equal(["write a", "write b"], chat.Tools.Done);
        var input = JsonNode.Parse(chat.Read("half.json")!)!;
        Assert.Equal(("chat", 2m, 4m), ((string?)input["budget"], (decimal)input["spent_usd"]!, (decimal)input["limit_usd"]!));
    }

    [Fact]
    public async Task A_hook_in_a_template_of_the_workspace_needs_approval()
    {
        await using var chat = await StartAsync("edit");
        Directory.CreateDirectory(Path.Combine(chat.Folder, ".plue", "templates"));
        chat.Write(
            ".plue/templates/ours.json5",
            """
            {
              id: "ours", name: "Ours", version: "1.0.0",
              parent_template: "ai-chat",
              automation: {
                hooks: [
                  { trigger: "field_change", field: "messages", conditions: [{ field: "messages[-1].role", equals: "user" }], action: "send_to_llm" },
                  { trigger: "user_message", action: "run_command", name: "Ours", command: "touch ran" },
                ],
              },
            }
            """
        );
        var ours = await chat.Conversations.CreateAsync(
            "ours",
            ChatFields.None with
            {
                ProviderId = "scripted",
            },
            new Dictionary<string, JsonElement>(),
            CancellationToken.None
        );
        var ended = chat.ComesAsync<TurnEvent.TurnFinished>();
        await ours.SendAsync(new Draft("Hello."), mayWait: false, CancellationToken.None);
        await chat.AskedAsync();
        Assert.Equal("the template ours: user_message", chat.Approvals.Pending.Single().Request.Location);
        Assert.Null(chat.Read("ran"));
        await chat.AnswerAsync(ApprovalDecision.Once);
        await ended;
        Assert.NotNull(chat.Read("ran"));
    }

    [Theory]
    [InlineData(
        """{ trigger: "created", action: "notify", message: "x" }""",
        "A hook in the settings runs a command. Use the action run_command."
    )]
    [InlineData(
        """{ trigger: "turn_end", action: "notify", message: "x" }""",
        "The trigger turn_end only runs commands. Use the action run_command."
    )]
    [InlineData("""{ trigger: "turn_end", action: "run_command", command: "x", tools: ["bash"] }""", "`tools` applies only to")]
    [InlineData("""{ trigger: "before_tool", action: "run_command", command: "x", tools: ["bsh"] }""", "The tool `bsh` does not exist.")]
    [InlineData(
        """{ trigger: "before_tool", action: "run_command", command: "x", timeout_s: 601 }""",
        "`timeout_s` must be between 1 and 600 seconds."
    )]
    public void A_hook_in_the_settings_with_an_error_is_reported_and_none_runs(string hook, string expected)
    {
        var paths = new Plue.Server.Platform.PluePaths(Directory.CreateTempSubdirectory("plue-test-").FullName);
        File.WriteAllText(paths.Config, $"{{ hooks: [{hook}] }}");
        var config = Plue.Server.Codices.UserConfig.Read(paths);
        Assert.StartsWith(expected, config.Problems.First(problem => problem.IsError).Message, StringComparison.Ordinal);
        Assert.Empty(config.Hooks);
    }

    [Fact]
    public void The_examples_in_the_documentation_are_valid()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "hooks.md"));
        var examples = text.Split("```json5\n").Skip(1).Select(block => block[..block.IndexOf("```", StringComparison.Ordinal)]).ToList();
        Assert.Equal(4, examples.Count);
        foreach (var example in examples)
        {
            var paths = new Plue.Server.Platform.PluePaths(Directory.CreateTempSubdirectory("plue-test-").FullName);
            File.WriteAllText(paths.Config, example.StartsWith("hooks:", StringComparison.Ordinal) ? $"{{ {example} }}" : example);
            var config = Plue.Server.Codices.UserConfig.Read(paths);
            Assert.Empty(config.Problems);
            Assert.Single(config.Hooks);
        }
    }

    [Fact]
    public async Task Hooks_are_stored_with_their_message()
    {
        await using var chat = await StartAsync("edit", Calls("", Write("c1", "a.txt", "x")));
        Configure(chat, Answering("after_tool", """{"hookSpecificOutput":{"additionalContext":"Tests pass."},"systemMessage":"Fine"}"""));
        await chat.AskAsync("Write it.");
        Assert.EndsWith("\n[Hook Test: Tests pass.]", Results(chat.Messages[1]).Single().Result, StringComparison.Ordinal);
        await using var later = await chat.AfterKillAsync();
        var kept = Assert.Single(later.Messages[1].Hooks);
        Assert.Equal(chat.Messages[1].Hooks[0] with { Duration = kept.Duration }, kept);
    }

    private static Task<ToolChat> StartAsync(string mode, params ScriptedAnswer[] answers) => ToolChat.StartAsync(mode, answers);

    private static void Configure(ToolChat chat, string hooks) =>
        File.WriteAllText(Path.Combine(chat.Home, "config.json5"), $"{{ hooks: [{hooks}] }}");

    private static string Answering(string trigger, string json) =>
        $$"""{ trigger: "{{trigger}}", action: "run_command", name: "Test", command: {{JsonValue.Create($"echo '{json}'").ToJsonString()}} }""";

    private static void Claude(ToolChat chat, string happened, string matcher, string command)
    {
        Directory.CreateDirectory(Path.Combine(chat.Folder, ".claude"));
        chat.Write(
            ".claude/settings.json",
            new JsonObject
            {
                ["hooks"] = new JsonObject
                {
                    [happened] = new JsonArray(
                        new JsonObject
                        {
                            ["matcher"] = matcher,
                            ["hooks"] = new JsonArray(new JsonObject { ["type"] = "command", ["command"] = command }),
                        }
                    ),
                },
            }.ToJsonString()
        );
    }

    private static (string, string, string) Write(string id, string path, string text) =>
        (id, "write", new JsonObject { ["path"] = path, ["text"] = text }.ToJsonString());

    private static IEnumerable<MessagePart.ToolResult> Results(Message message) => message.Parts.OfType<MessagePart.ToolResult>();

    private static async Task ComesTrueAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!holds())
        {
            // The journal raises no event for it.
            await Task.Delay(20, limit.Token);
        }
    }
}
