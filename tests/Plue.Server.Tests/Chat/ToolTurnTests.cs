using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Chat;

/// <summary>Turns with several rounds: executed and skipped calls, how turns end, and what is stored.</summary>
public sealed class ToolTurnTests
{
    [Fact]
    public async Task Changes_need_approval_and_the_model_receives_the_reason_of_a_denial()
    {
        await using var chat = await ToolChat.StartAsync(
            "ask",
            Calls("", Write("c1", "new.txt", "hello")),
            Calls("", Write("c2", "new.txt", "hello you"))
        );
        var ended = chat.ComesAsync<TurnEvent.TurnFinished>();
        await chat.Chat.SendAsync(new Draft("Write it."), mayWait: false, CancellationToken.None);
        await chat.AnswerAsync(ApprovalDecision.Deny, "Not that word.");
        await chat.AnswerAsync(ApprovalDecision.Once);
        Assert.Equal(StopReason.EndTurn, (await ended).Reason);
        Assert.Equal("hello you", chat.Read("new.txt"));
        Assert.Equal(
            ["The user denied this call with the reason: Not that word."],
            Results(chat.Messages[1]).Select(result => result.Error)
        );
        Assert.Contains("Error: The user denied this call with the reason: Not that word.", chat.Bodies[1], StringComparison.Ordinal);
        Assert.Equal(["write new.txt"], chat.Tools.Done);
    }

    [Fact]
    public async Task Read_only_calls_run_in_parallel_and_results_keep_the_order_of_calls()
    {
        await using var chat = await ToolChat.StartAsync(
            "ask",
            Calls("", Read("c1", "a.txt"), Read("c2", "b.txt"), Read("c3", "none.txt"))
        );
        chat.Tools.ReadsTogether = 3;
        chat.Write("a.txt", "alpha");
        chat.Write("b.txt", "beta");
        await chat.AskAsync("Read both.");
        Assert.Equal(["c1", "c2", "c3"], Results(chat.Messages[1]).Select(result => result.ToolUseId));
        Assert.Equal(
            ["alpha", "beta", "There is no such file."],
            Results(chat.Messages[1]).Select(result => result.Result ?? result.Error)
        );
    }

    [Theory]
    [InlineData("openai-compatible")]
    [InlineData("anthropic")]
    public async Task Half_a_character_in_arguments_goes_back_to_the_model_and_never_to_the_vendor(string provider)
    {
        var call = ("c1", "write", """{"path":"a\ud800.txt","text":"x"}""");
        await using var chat = await ToolChat.StartAsync(
            "ai-chat",
            "edit",
            [provider == "anthropic" ? AnthropicScript.Calls("", call) : Calls("", call)],
            provider: provider
        );
        Assert.Equal(StopReason.EndTurn, (await chat.AskAsync("Write it.")).Reason);
        Assert.Equal(ToolArguments.HalfCharacter, Results(chat.Messages[1]).Single().Error);
        Assert.Empty(chat.Tools.Done);
        Assert.Equal("done", chat.Last.Text);
        Assert.DoesNotContain("ud800", chat.Bodies[1], StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("openai-compatible")]
    [InlineData("anthropic")]
    public async Task Arguments_over_the_limit_go_back_to_the_model_and_cost_little_memory(string provider)
    {
        const int Size = 5 * 1024 * 1024;
        ScriptedAnswer Writing(string id, int size)
        {
            var call = (id, "write", $$"""{"path":"{{id}}","text":"{{new string('x', size)}}"}""");
            return provider == "anthropic" ? AnthropicScript.Calls("", call) : Calls("", call);
        }

        await using var chat = await ToolChat.StartAsync("ai-chat", "edit", [Writing("small", 10)], provider: provider);
        await chat.AskAsync("Write a little.");
        chat.Next.Enqueue(Writing("large", Size));
        var before = GC.GetTotalAllocatedBytes(precise: true);
        Assert.Equal(StopReason.EndTurn, (await chat.AskAsync("Write much.")).Reason);
        var ratio = (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Size;
        var answer = chat.Messages.Single(message => message.Parts.OfType<MessagePart.ToolUse>().Any(use => use.ToolUseId == "large"));
        Assert.Equal(ToolArguments.TooLong, Results(answer).Single().Error);
        Assert.Equal("{}", answer.Parts.OfType<MessagePart.ToolUse>().Single().Parameters);
        Assert.Equal(["write small"], chat.Tools.Done);
        // Includes the time of the scripted vendor.
        Assert.InRange(ratio, 0, 20);
    }

    [Fact]
    public void Arguments_that_come_in_many_pieces_are_given_up_at_the_limit()
    {
        var live = new LiveMessage(
            new Message
            {
                Id = "msg_1",
                CodexId = "chat_1",
                Role = MessageRole.Assistant,
                CreatedAt = DateTimeOffset.UnixEpoch,
            }
        );
        live.StartToolCall("c1", "write");
        var piece = new string('x', 8 * 1024);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var taken = Enumerable.Range(0, 10_000).Count(_ => live.AppendToolCall("c1", piece) >= 0);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 * ToolArguments.MaxLength);
        live.FinishToolCall("c1", "{}", null);
        Assert.Equal((ToolArguments.MaxLength / piece.Length, ToolArguments.TooLong), (taken, Assert.Single(live.Calls).Problem));
    }

    [Fact]
    public async Task An_unknown_tool_name_returns_the_nearest_name_and_the_turn_continues()
    {
        await using var chat = await ToolChat.StartAsync(
            "edit",
            Calls("", ("c1", "fly", "{}"), ("c2", "read_file", "{}"), ("c3", "wriet", "{}"), ("c4", "ReadOrWrite", "{}"))
        );
        Assert.Equal(StopReason.EndTurn, (await chat.AskAsync("Fly.")).Reason);
        Assert.Equal(
            [
                "There is no tool `fly`. Your tools are `read`, `write` and `bash`.",
                "There is no tool `read_file`. Did you mean `read`?",
                "There is no tool `wriet`. Did you mean `write`?",
                "There is no tool `ReadOrWrite`. Did you mean `read` or `write`?",
            ],
            Results(chat.Messages[1]).Select(result => result.Error)
        );
        Assert.Equal("done", chat.Last.Text);
    }

    [Fact]
    public async Task Repaired_arguments_are_shown_judged_stored_run_and_sent_back_to_the_vendor()
    {
        const string Repaired = """{"path":"new.txt","text":"7"}""";
        await using var chat = await ToolChat.StartAsync("ask", Calls("", ("c1", "write", """{"file_path":["new.txt"],"text":7}""")));
        var ended = chat.ComesAsync<TurnEvent.TurnFinished>();
        await chat.Chat.SendAsync(new Draft("Write it."), mayWait: false, CancellationToken.None);
        await chat.AskedAsync();
        Assert.Equal("7", chat.Approvals.Pending[0].Request.ActionText);
        Assert.Equal([Repaired], chat.Events.OfType<TurnEvent.ToolCallRepaired>().Select(one => one.Parameters));
        Assert.Equal(
            Repaired,
            Assert.Single((await chat.Chat.SnapshotAsync()).Messages[^1].Parts.OfType<MessagePart.ToolUse>()).Parameters
        );
        await chat.AnswerAsync(ApprovalDecision.Once);
        await ended;
        Assert.Equal("7", chat.Read("new.txt"));
        Assert.Equal(Repaired, Assert.Single(chat.Messages[1].Parts.OfType<MessagePart.ToolUse>()).Parameters);
        Assert.DoesNotContain("file_path", chat.Bodies[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Instructions_of_a_folder_come_with_the_result_of_the_first_call_that_touches_it()
    {
        await using var chat = await ToolChat.StartAsync(
            "edit",
            Calls("", Read("c1", "src/a.txt"), Read("c2", "src/b.txt")),
            Calls("", Read("c3", "src/a.txt"))
        );
        Directory.CreateDirectory(Path.Combine(chat.Folder, "src"));
        chat.Write("AGENTS.md", "Root rules.");
        chat.Write("src/AGENTS.md", "Source rules.");
        chat.Write("src/a.txt", "alpha");
        chat.Write("src/b.txt", "alpha too");
        await File.WriteAllTextAsync(Path.Combine(chat.Home, "AGENTS.md"), "My rules.");
        await chat.AskAsync("Read it.");

        Assert.Equal(2, Results(chat.Messages[1]).Count(result => result.Result!.StartsWith("alpha", StringComparison.Ordinal)));
        Assert.Single(Results(chat.Messages[1]), result => result.Result!.Contains("## src/AGENTS.md (for src/", StringComparison.Ordinal));
        Assert.Equal("alpha", Results(chat.Messages[2]).Single().Result);
        var system = chat.Bodies.Select(body => JsonNode.Parse(body)!["messages"]![0]!.ToJsonString()).Distinct().ToList();
        Assert.Contains("Root rules.", Assert.Single(system), StringComparison.Ordinal);
        Assert.Contains("My rules.", system[0], StringComparison.Ordinal);
        Assert.DoesNotContain("Source rules.", system[0], StringComparison.Ordinal);
        // Sent messages must not change, for the vendor's prompt cache.
        List<string> before = [.. JsonNode.Parse(chat.Bodies[1])!["messages"]!.AsArray().Select(message => message!.ToJsonString())];
        Assert.Equal(
            before,
            JsonNode.Parse(chat.Bodies[2])!["messages"]!.AsArray().Select(message => message!.ToJsonString()).Take(before.Count)
        );

        static IEnumerable<string> Titles(Message message) =>
            message.Instructions.Where(source => source.Kind is InstructionKind.Rules).Select(source => source.Title);
        Assert.Equal(["AGENTS.md"], Titles(chat.Messages[1]));
        Assert.Equal(["AGENTS.md", "src/AGENTS.md"], Titles(chat.Messages[2]));
        await using var after = await chat.AfterKillAsync();
        Assert.Equal(["AGENTS.md", "src/AGENTS.md"], Titles(after.Last));
        Assert.StartsWith(
            "src/",
            after.Last.Instructions.Single(source => source.Title == "src/AGENTS.md").AppliesTo,
            StringComparison.Ordinal
        );
        after.Next.Clear();
        chat.Next.Enqueue(Calls("", Read("c4", "src/a.txt")));
        await after.AskAsync("Read it again.");
        Assert.Equal("alpha", Results(after.Messages[^2]).Single().Result);
    }

    [Fact]
    public async Task Instructions_of_a_folder_with_hidden_characters_are_omitted_with_a_reason()
    {
        await using var chat = await ToolChat.StartAsync("edit", Calls("", Read("c1", "src/a.txt")));
        Directory.CreateDirectory(Path.Combine(chat.Folder, "src"));
        chat.Write("src/AGENTS.md", "Source\u202E rules.");
        chat.Write("src/a.txt", "alpha");
        await chat.AskAsync("Read it.");
        Assert.Contains(
            "Omitted. It has an invisible character that a model reads.",
            Results(chat.Messages[1]).Single().Result,
            StringComparison.Ordinal
        );
        Assert.All(chat.Bodies, body => Assert.DoesNotContain("rules.", body, StringComparison.Ordinal));
        Assert.Equal(
            "It has an invisible character that a model reads.",
            chat.Last.Instructions.Single(source => source.Title == "src/AGENTS.md").OmittedReason
        );
    }

    [Fact]
    public async Task The_same_call_three_times_in_a_row_ends_the_turn_before_it_is_done_again()
    {
        await using var chat = await ToolChat.StartAsync(
            "edit",
            Calls("", ("c1", "write", """{"path":"a","text":"1"}""")),
            Calls("", ("c2", "write", """{ "text": "1", "path": "a" }""")),
            Calls("", Write("c3", "a", "1"))
        );
        var end = await chat.AskAsync("Loop.");
        Assert.Equal((StopReason.Failed, 2), (end.Reason, chat.Tools.Done.Count));
        Assert.StartsWith(
            "The model repeated the same call 3 times in a row (write), so Plue stopped it.",
            end.Error!.Message,
            StringComparison.Ordinal
        );
        Assert.Equal("This call was repeated 3 times in a row, so it was not run again.", Results(chat.Messages[3]).Single().Error);

        // A different call in between interrupts the repetition.
        await using var other = await ToolChat.StartAsync(
            "edit",
            Calls("", Write("c1", "a", "1")),
            Calls("", Write("c2", "a", "1")),
            Calls("", Write("c3", "b", "1")),
            Calls("", Write("c4", "a", "1"))
        );
        Assert.Equal(StopReason.EndTurn, (await other.AskAsync("Go.")).Reason);
        Assert.Equal(4, other.Tools.Done.Count);
    }

    [Fact]
    public async Task Only_the_first_hundred_parallel_calls_run_and_the_model_is_notified_of_the_others()
    {
        await using var chat = await ToolChat.StartAsync(
            "edit",
            Calls("", [.. Enumerable.Range(1, ToolRounds.MaxCalls + 2).Select(at => Write($"c{at}", $"f{at}", "1"))])
        );
        Assert.Equal(StopReason.EndTurn, (await chat.AskAsync("All of them.")).Reason);
        Assert.Equal(ToolRounds.MaxCalls, chat.Tools.Done.Count);
        Assert.Equal(
            Enumerable.Repeat("At most 100 calls run in one round, so this one did not run. Call it again if it is still needed.", 2),
            Results(chat.Messages[1]).Where(result => result.Error is not null).Select(result => result.Error)
        );
    }

    [Fact]
    public async Task Reaching_the_round_limit_asks_the_user_and_continues_with_the_stored_results()
    {
        var rounds = Enumerable.Range(1, ToolRounds.MaxRounds).Select(at => Calls("", Write($"c{at}", $"f{at}", "1"))).ToArray();
        await using var chat = await ToolChat.StartAsync("edit", rounds);
        var end = await chat.AskAsync("Go on and on.");
        Assert.Equal(
            (StopReason.Failed, FailureKind.RoundLimit, ToolRounds.MaxRounds),
            (end.Reason, end.Error!.Kind, chat.Tools.Done.Count)
        );

        var ended = chat.ComesAsync<TurnEvent.TurnFinished>();
        await chat.Chat.RetryAsync(chat.Last.Id, null, null, isContinuation: true, CancellationToken.None);
        Assert.Equal(StopReason.EndTurn, (await ended).Reason);
        Assert.Equal("tool", (string?)Sent(chat.Bodies[^1])[^1]!["role"]);
        Assert.DoesNotContain(ContextBuilder.ContinueRequest, chat.Bodies[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_ends_at_the_rounds_of_its_budget_with_what_it_did_kept()
    {
        await using var chat = await ToolChat.StartAsync(
            "task",
            "edit",
            [.. Enumerable.Range(1, 70).Select(at => Calls("", Write($"c{at}", $"f{at}", "1")))]
        );
        await ComesTrueAsync(() => chat.Chat.Summary.TaskStatus == TaskStates.OverBudget);
        Assert.Equal(60, chat.Tools.Done.Count);
        Assert.Contains("It has called the model 60 times", chat.Last.Error!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("edit")]
    [InlineData("ask")]
    public async Task REL_38_A_stop_at_any_event_ends_the_turn_once_and_leaves_what_every_vendor_takes(string mode)
    {
        for (var at = 0; ; at++)
        {
            await using var chat = await ToolChat.StartAsync(
                mode,
                Calls("One.", Read("c1", "a.txt"), Write("c2", "b.txt", "2")),
                Calls("Two.", Write("c3", "c.txt", "3"))
            );
            chat.Write("a.txt", "alpha");
            var seen = 0;
            var stopAt = at;
            var reached = chat.ComesAsync<TurnEvent>(_ => Interlocked.Increment(ref seen) > stopAt);
            var ended = chat.ComesAsync<TurnEvent.TurnFinished>();
            await chat.Chat.SendAsync(new Draft("Go."), mayWait: false, CancellationToken.None);
            // Approvals are not decided: the turn waits until it is stopped.
            await Task.WhenAny(reached, ended, chat.AskedAsync());
            var isLast = !reached.IsCompleted || ended.IsCompleted;
            await chat.Chat.StopAsync(StopCause.User);
            await ended;
            Assert.Single(chat.Events.OfType<TurnEvent.TurnFinished>());
            Assert.Empty(chat.Approvals.Pending);
            foreach (var message in chat.Messages)
            {
                Assert.NotEqual(MessageStatus.Streaming, message.Status);
            }

            var before = chat.Bodies.Count;
            chat.Next.Clear();
            await chat.AskAsync("And now?");
            AssertValid(Sent(chat.Bodies[before]));
            if (isLast)
            {
                return;
            }

            Assert.True(at < 60, "The turn never ended by itself.");
        }
    }

    [Fact]
    public async Task REL_11_After_a_kill_during_a_tool_call_nothing_is_repeated_and_the_model_is_notified()
    {
        await using var chat = await ToolChat.StartAsync(
            "edit",
            Calls("I begin.", Write("c1", "one.txt", "1"), ("c2", "bash", """{"path":"two.txt","text":"2"}"""))
        );
        await chat.Chat.SendAsync(new Draft("Go."), mayWait: false, CancellationToken.None);
        await chat.Tools.AtGate.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await using var later = await chat.AfterKillAsync();
        await chat.Chat.StopAsync(StopCause.User);

        Assert.Equal(MessageStatus.Interrupted, later.Last.Status);
        Assert.All(Results(later.Last), result => Assert.StartsWith("Interrupted.", result.Error, StringComparison.Ordinal));
        Assert.Equal(["c1", "c2"], Results(later.Last).Select(result => result.ToolUseId));
        Assert.Null(later.Read("two.txt"));

        var before = later.Bodies.Count;
        var ended = later.ComesAsync<TurnEvent.TurnFinished>();
        await later.Chat.RetryAsync(later.Last.Id, null, null, isContinuation: true, CancellationToken.None);
        Assert.Equal(StopReason.EndTurn, (await ended).Reason);
        Assert.Empty(later.Tools.Done);
        AssertValid(Sent(later.Bodies[before]));
        Assert.DoesNotContain(ContextBuilder.ContinueRequest, later.Bodies[before], StringComparison.Ordinal);
        Assert.Contains("check before you run it again", later.Bodies[before], StringComparison.Ordinal);
    }

    [Fact]
    public async Task REL_03_After_a_kill_between_two_rounds_a_task_is_interrupted_and_goes_on_from_its_results()
    {
        var silent = new TaskCompletionSource();
        await using var chat = await ToolChat.StartAsync(
            "task",
            "edit",
            [Calls("", Write("c1", "one.txt", "1")), ScriptedAnswer.Events().Gate(silent.Task)]
        );
        await ComesTrueAsync(() => chat.Bodies.Count == 2);
        Assert.Equal(TaskStates.Running, chat.Chat.Summary.TaskStatus);
        await using var later = await chat.AfterKillAsync();
        await chat.Chat.StopAsync(StopCause.User);
        Assert.Equal(TaskStates.Stopped, chat.Chat.Summary.TaskStatus);
        Assert.Equal(TaskStates.Interrupted, later.Chat.Summary.TaskStatus);
        var ended = later.ComesAsync<TurnEvent.TurnFinished>();
        await later.Chat.RetryAsync(later.Last.Id, null, null, isContinuation: true, CancellationToken.None);
        Assert.Equal(StopReason.EndTurn, (await ended).Reason);
        Assert.Equal(TaskStates.Done, later.Chat.Summary.TaskStatus);
        Assert.Empty(later.Tools.Done);
    }

    [Fact]
    public async Task Broken_arguments_are_repaired_or_go_back_to_the_model_with_the_schema_and_the_turn_continues()
    {
        await using var chat = await ToolChat.StartAsync(
            "edit",
            Calls("", ("c1", "write", "{'path': 'new.txt', 'text': 'hello',}"), ("c2", "write", """{"path":"half.txt","text":"hal""")),
            Calls("", ("c3", "fly", "{'path'"))
        );
        Assert.Equal(StopReason.EndTurn, (await chat.AskAsync("Write it.")).Reason);
        Assert.Equal("hello", chat.Read("new.txt"));
        Assert.Null(chat.Read("half.txt"));
        Assert.Equal(
            ["""{"path":"new.txt","text":"hello"}""", "{}"],
            chat.Messages[1].Parts.OfType<MessagePart.ToolUse>().Select(use => use.Parameters)
        );
        Assert.Equal(
            [("c1", """{"path":"new.txt","text":"hello"}"""), ("c2", "{}")],
            chat.Events.OfType<TurnEvent.ToolCallRepaired>().Select(one => (one.ToolUseId, one.Parameters))
        );
        var error = Results(chat.Messages[1]).Last().Error;
        Assert.StartsWith(ToolArguments.NotAnObject, error, StringComparison.Ordinal);
        Assert.Contains("half.txt", error, StringComparison.Ordinal);
        Assert.Contains("\"properties\"", error, StringComparison.Ordinal);
        Assert.StartsWith("There is no tool `fly`.", Results(chat.Messages[2]).Single().Error, StringComparison.Ordinal);
        Assert.Equal("done", chat.Last.Text);
    }

    [Theory]
    [InlineData("length")]
    [InlineData("tool_calls")]
    [InlineData(null)]
    public async Task REL_07_A_call_whose_parameters_were_cut_is_never_run(string? finish)
    {
        var cut = ScriptedAnswer
            .Events()
            .Send(
                """data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"write","arguments":"{\"path\":\"a\",\"text\":\"ha"}}]}}]}"""
                    + "\n\n"
            );
        cut = finish is null
            ? cut.Cut()
            : cut.Send($"data: {{\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"{finish}\"}}]}}\n\ndata: [DONE]\n\n");
        await using var chat = await ToolChat.StartAsync("edit", cut);
        var end = await chat.AskAsync("Write.");
        Assert.Equal(
            finish switch
            {
                "length" => StopReason.MaxTokens,
                "tool_calls" => StopReason.EndTurn,
                _ => StopReason.Failed,
            },
            end.Reason
        );
        Assert.Empty(chat.Tools.Done);
        Assert.Null(chat.Read("a"));
        var before = chat.Bodies.Count;
        await chat.AskAsync("Again.");
        AssertValid(Sent(chat.Bodies[before]));
    }

    [Fact]
    public async Task A_message_sent_during_a_tool_call_follows_its_results_without_stopping_it()
    {
        await using var chat = await ToolChat.StartAsync("edit", Calls("", ("c1", "bash", """{"path":"one.txt","text":"1"}""")));
        var ended = chat.ComesAsync<TurnEvent.TurnFinished>();
        await chat.Chat.SendAsync(new Draft("Go."), mayWait: false, CancellationToken.None);
        await chat.Tools.AtGate.Task.WaitAsync(TimeSpan.FromSeconds(30));
        var sent = await chat.Chat.SteerAsync(null, new Draft("Shorter, please."), CancellationToken.None);
        Assert.True(sent.IsQueued);
        Assert.Equal(["Shorter, please."], chat.Chat.Stored.Queue.Select(message => message.Text));
        chat.Tools.Gate.SetResult();
        Assert.Equal(StopReason.EndTurn, (await ended).Reason);
        Assert.Equal("1", chat.Read("one.txt"));
        Assert.Equal(["Go.", "", "Shorter, please.", "done"], chat.Messages.Select(message => message.Text));
        Assert.Equal(["user", "assistant", "tool", "user"], Roles(Sent(chat.Bodies[1])));
        Assert.Empty(chat.Chat.Stored.Queue);
        Assert.Equal(2, chat.Bodies.Count);
    }

    [Fact]
    public async Task A_pause_takes_effect_when_the_results_are_stored_and_resume_asks_the_model_again()
    {
        await using var chat = await ToolChat.StartAsync("task", "edit", [Calls("", ("c1", "bash", """{"path":"one.txt","text":"1"}"""))]);
        await chat.Tools.AtGate.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await chat.Chat.PauseAsync();
        Assert.Equal(TaskStates.Running, chat.Chat.Summary.TaskStatus);
        chat.Tools.Gate.SetResult();
        await ComesTrueAsync(() => chat.Chat.Summary.TaskStatus == TaskStates.Paused);
        Assert.Single(chat.Bodies);
        Assert.Equal((MessageStatus.Complete, StopReason.ToolUse), (chat.Last.Status, chat.Last.StopReason!.Value));
        await chat.Chat.ResumeAsync();
        await ComesTrueAsync(() => chat.Chat.Summary.TaskStatus == TaskStates.Done);
        Assert.Equal(2, chat.Bodies.Count);
    }

    [Fact]
    public async Task A_stop_ends_a_turn_that_is_paused()
    {
        await using var chat = await ToolChat.StartAsync("task", "edit", [Calls("", Write("c1", "one.txt", "1"))]);
        await chat.Chat.PauseAsync();
        await ComesTrueAsync(() => chat.Chat.Summary.TaskStatus is TaskStates.Paused or TaskStates.Done);
        await chat.Chat.StopAsync(StopCause.User);
        Assert.Contains(chat.Chat.Summary.TaskStatus, new[] { TaskStates.Stopped, TaskStates.Done });
        Assert.Single(chat.Events.OfType<TurnEvent.TurnFinished>());
    }

    [Fact]
    public async Task Counts_the_usage_of_a_round_once_when_the_turn_is_stopped_after_it()
    {
        await using var chat = await ToolChat.StartAsync(
            "task",
            "edit",
            [AnthropicScript.Calls("Look.", ("c1", "bash", """{"path":"one.txt","text":"1"}"""))],
            provider: "anthropic"
        );
        await chat.Tools.AtGate.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await chat.Chat.PauseAsync();
        chat.Tools.Gate.SetResult();
        await ComesTrueAsync(() => chat.Chat.Summary.TaskStatus == TaskStates.Paused);
        await chat.Chat.StopAsync(StopCause.User);
        Assert.Equal(MessageStatus.Stopped, chat.Last.Status);
        Assert.Single(chat.Messages, message => message.Usage is not null);
    }

    [Fact]
    public async Task A_task_with_a_pending_approval_reports_that_it_waits_for_the_user()
    {
        await using var chat = await ToolChat.StartAsync("task", "ask", [Calls("", Write("c1", "one.txt", "1"))]);
        await ComesTrueAsync(() => chat.Chat.Summary.TaskStatus == TaskStates.WaitingForApproval);
        await chat.AnswerAsync(ApprovalDecision.Once);
        await ComesTrueAsync(() => chat.Chat.Summary.TaskStatus == TaskStates.Done);
        Assert.Equal("1", chat.Read("one.txt"));
    }

    [Fact]
    public async Task While_only_plans_are_made_nothing_is_changed_and_the_model_knows_it()
    {
        await using var chat = await ToolChat.StartAsync("plan", Calls("", Write("c1", "one.txt", "1")), Answer("I would write it."));
        await chat.AskAsync("Write it.");
        Assert.Null(chat.Read("one.txt"));
        Assert.Contains("Plan mode is on", Results(chat.Messages[1]).Single().Error, StringComparison.Ordinal);
        Assert.All(chat.Bodies, body => Assert.Contains("Only a plan is wanted", body, StringComparison.Ordinal));
    }

    [Fact]
    public async Task In_ask_mode_the_model_gets_no_tool_that_changes_something_and_knows_it()
    {
        await using var chat = await ToolChat.StartAsync("read", Calls("", Write("c1", "one.txt", "1")), Answer("I would write it."));
        await chat.AskAsync("Write it.");
        Assert.Null(chat.Read("one.txt"));
        Assert.All(
            chat.Bodies,
            body =>
            {
                Assert.Contains("Only an answer is wanted", body, StringComparison.Ordinal);
                Assert.Equal(["read"], ToolsOf(body));
            }
        );
    }

    private static IEnumerable<string> ToolsOf(string body)
    {
        using var request = JsonDocument.Parse(body);
        return
        [
            .. request
                .RootElement.GetProperty("tools")
                .EnumerateArray()
                .Select(tool => tool.GetProperty("function").GetProperty("name").GetString() ?? ""),
        ];
    }

    [Fact]
    public async Task An_untrusted_folder_disables_tools_and_the_response_says_so()
    {
        await using var chat = await ToolChat.StartAsync("edit");
        chat.Workspace.SetTrusted(false);
        await chat.AskAsync("Read.");
        Assert.DoesNotContain("\"tools\"", chat.Bodies[0], StringComparison.Ordinal);
        Assert.Contains("Tools for files and commands were not sent: this folder is not trusted.", chat.Last.Omitted);
    }

    [Fact]
    public async Task Every_round_begins_with_the_bytes_of_the_round_before()
    {
        var random = new System.Random(7);
        for (var run = 0; run < 6; run++)
        {
            var provider = run % 2 == 0 ? "openai-compatible" : "anthropic";
            var id = 0;
            (string, string, string)[] Some() =>
                [
                    .. Enumerable
                        .Range(0, random.Next(1, 5))
                        .Select(_ =>
                            random.Next(3) switch
                            {
                                0 => Read($"c{++id}", $"f{random.Next(3)}.txt"),
                                1 => Write($"c{++id}", $"f{random.Next(3)}.txt", $"{random.Next(99)} äöü \\\" \n"),
                                _ => ($"c{++id}", "nothing", $"{{\"n\":{random.Next(99)}}}"),
                            }
                        ),
                ];
            ScriptedAnswer[] answers =
            [
                .. Enumerable
                    .Range(0, 6)
                    .Select(at => provider == "anthropic" ? AnthropicScript.Calls($"Round {at}.", Some()) : Calls($"Round {at}.", Some())),
            ];
            await using var chat = await ToolChat.StartAsync("ai-chat", "edit", answers, provider: provider);
            chat.Write("pinned.txt", "As it was.");
            await chat.Chat.UpdateAsync(_ => ChatFields.None with { ContextFiles = ["pinned.txt"] }, null, CancellationToken.None);
            var ended = chat.ComesAsync<TurnEvent.TurnFinished>();
            var changed = chat.ComesAsync<TurnEvent.ToolCallFinished>();
            await chat.Chat.SendAsync(new Draft("Go."), mayWait: false, CancellationToken.None);
            await changed;
            chat.Write("pinned.txt", "As it is now.");
            Assert.Equal(StopReason.EndTurn, (await ended).Reason);
            var bodies = chat.Bodies.Select(body => JsonNode.Parse(body)!).ToList();
            Assert.Equal(7, bodies.Count);
            for (var at = 1; at < bodies.Count; at++)
            {
                Assert.Equal(Bytes(bodies[at - 1]["tools"]), Bytes(bodies[at]["tools"]));
                Assert.Equal(Bytes(bodies[at - 1]["system"]), Bytes(bodies[at]["system"]));
                var (before, after) = (bodies[at - 1]["messages"]!.AsArray(), bodies[at]["messages"]!.AsArray());
                Assert.True(after.Count > before.Count);
                for (var message = 0; message < before.Count; message++)
                {
                    Assert.Equal(Bytes(before[message]), Bytes(after[message]));
                }
            }
        }
    }

    [Fact]
    public async Task An_answer_of_several_rounds_is_discarded_retried_and_undone_as_a_whole()
    {
        await using var chat = await ToolChat.StartAsync(
            "edit",
            Calls("One.", Write("c1", "a", "1")),
            Calls("Two.", Write("c2", "b", "2")),
            Answer("First.")
        );
        await chat.AskAsync("Go.");
        Assert.Equal(["Go.", "One.", "Two.", "First."], chat.Messages.Select(message => message.Text));
        Assert.Single(chat.Messages.Skip(1).Select(message => message.TurnId).Distinct());
        var ended = chat.ComesAsync<TurnEvent.TurnFinished>();
        await chat.Chat.RetryAsync(chat.Last.Id, null, null, isContinuation: false, CancellationToken.None);
        await ended;
        Assert.Equal(["Go.", "done"], chat.Messages.Select(message => message.Text));
        await chat.Chat.DiscardAsync(chat.Last.Id, CancellationToken.None);
        Assert.Equal(["Go.", "One.", "Two.", "First."], chat.Messages.Select(message => message.Text));
        await chat.Chat.DiscardAsync(chat.Messages[2].Id, CancellationToken.None);
        Assert.Equal(["Go."], chat.Messages.Select(message => message.Text));
        await chat.Chat.UndoAsync(CancellationToken.None);
        Assert.Empty(chat.Messages);
    }

    [Fact]
    public void Parameters_are_equal_regardless_of_member_order()
    {
        Prop.ForAll<int[]>(numbers =>
            {
                var members = numbers.Distinct().Select(number => $"\"k{number}\": [{number}, {{\"b\":1,\"a\":{number}}}]").ToList();
                var one = $"{{{string.Join(',', members)}}}";
                var other =
                    $"{{ {string.Join(" , ", members.AsEnumerable().Reverse().Select(member => member.Replace("\"b\":1,", "", StringComparison.Ordinal).Replace("}]", ", \"b\" : 1}]", StringComparison.Ordinal)))} }}";
                return ToolRounds.Canonical(one) == ToolRounds.Canonical(other);
            })
            .QuickCheckThrowOnFailure();
        Assert.NotEqual(ToolRounds.Canonical("""{"a":1}"""), ToolRounds.Canonical("""{"a":2}"""));
        Assert.Equal("{half", ToolRounds.Canonical("{half"));
    }

    private static (string, string, string) Read(string id, string path) => (id, "read", $$"""{"path":"{{path}}"}""");

    private static (string, string, string) Write(string id, string path, string text) =>
        (id, "write", new JsonObject { ["path"] = path, ["text"] = text }.ToJsonString());

    private static IEnumerable<MessagePart.ToolResult> Results(Message message) => message.Parts.OfType<MessagePart.ToolResult>();

    private static JsonArray Sent(string body) => JsonNode.Parse(body)!["messages"]!.AsArray();

    private static List<string?> Roles(JsonArray messages) =>
        [.. messages.Select(message => (string?)message!["role"]).Where(role => role != "system")];

    /// <summary>Asserts that the results of all calls follow immediately, and that each result has a call.</summary>
    private static void AssertValid(JsonArray messages)
    {
        HashSet<string> open = [];
        foreach (var message in messages)
        {
            if ((string?)message!["role"] == "tool")
            {
                Assert.True(open.Remove((string)message["tool_call_id"]!), "A result without its call.");
                continue;
            }

            Assert.Empty(open);
            foreach (var call in message["tool_calls"]?.AsArray() ?? [])
            {
                open.Add((string)call!["id"]!);
            }
        }

        Assert.Empty(open);
    }

    /// <summary>Returns the JSON without cache marks, which are not part of the cached content.</summary>
    private static string Bytes(JsonNode? node)
    {
        var copy = node?.DeepClone();
        void Strip(JsonNode? at)
        {
            if (at is JsonObject thing)
            {
                thing.Remove("cache_control");
                foreach (var (_, value) in thing)
                {
                    Strip(value);
                }
            }
            else if (at is JsonArray list)
            {
                foreach (var item in list)
                {
                    Strip(item);
                }
            }
        }

        Strip(copy);
        return copy?.ToJsonString() ?? "";
    }

    private static async Task ComesTrueAsync(Func<bool> holds)
    {
        for (var tries = 0; !holds(); tries++)
        {
            Assert.True(tries < 1500, "It never came true.");
            // Files and processes raise no events; poll until the condition is true.
            await Task.Delay(20);
        }
    }
}
