using System.Diagnostics;
using Plue.Server.Messages;
using Plue.Server.Permissions;

namespace Plue.Server.Tests.Providers.Acp;

/// <summary>Turns of a chat with a real agent process.</summary>
public sealed class AcpTurnTests
{
    [Fact]
    public async Task Streams_reasoning_and_text()
    {
        await using var bench = await AcpBench.StartAsync();
        var answer = await bench.AskAsync("think Hm.\nsay Hello from the agent.");
        Assert.Equal((MessageStatus.Complete, "Hello from the agent."), (answer.Status, answer.Text));
        Assert.Equal("Hm.", answer.Parts.OfType<MessagePart.Reasoning>().Single().Content);
        Assert.Equal("small", answer.ProviderInfo?.ModelId);
    }

    [Fact]
    public async Task Keeps_its_session_for_the_next_message()
    {
        await using var bench = await AcpBench.StartAsync();
        var first = await bench.AskAsync("where");
        var second = await bench.AskAsync("where");
        Assert.Equal(first.Text, second.Text);
        Assert.StartsWith(bench.Folder, first.Text);
        Assert.Equal(2, bench.Prompts.Count);
        Assert.Equal("""["where"]""", bench.Prompts[1]);
    }

    [Fact]
    public async Task Resumes_its_session_after_the_process_ended()
    {
        await using var bench = await AcpBench.StartAsync();
        var first = await bench.AskAsync("where");
        await bench.Sidecar.Services.Providers.Registry.Get("scripted").DisposeAsync();
        var second = await bench.AskAsync("where");
        Assert.NotEqual(first.Text, second.Text);
        Assert.Equal("""["where"]""", bench.Prompts[1]);
    }

    [Fact]
    public async Task Sends_earlier_messages_to_an_agent_that_cannot_resume()
    {
        await using var bench = await AcpBench.StartAsync();
        await bench.AskAsync("say One.");
        await bench.Sidecar.Services.Providers.Registry.Get("scripted").DisposeAsync();
        foreach (var file in Directory.EnumerateFiles(bench.Store, "session-*"))
        {
            File.Delete(file);
        }

        var answer = await bench.AskAsync("say Two.");
        Assert.Equal("Two.", answer.Text);
        Assert.Contains("say One.", bench.Prompts[1]);
        Assert.Contains("\\nOne.", bench.Prompts[1]);
    }

    [Fact]
    public async Task Shows_a_plan_as_the_list_of_steps()
    {
        await using var bench = await AcpBench.StartAsync();
        var answer = await bench.AskAsync("plan\nsay Done.");
        var call = Assert.Single(answer.Parts.OfType<MessagePart.ToolUse>());
        Assert.Equal("todo", call.ToolName);
        Assert.Equal("""{"steps":[{"text":"Look","state":"done"},{"text":"Change","state":"active"}]}""", call.Parameters);
    }

    [Fact]
    public async Task Edits_of_the_agent_become_changes_to_review()
    {
        await using var bench = await AcpBench.StartAsync();
        await File.WriteAllTextAsync(bench.PathOf("a.txt"), "alpha\n");
        var answer = await bench.AskAsync("edit a.txt beta\\n\nedit b.txt new\\n\nsay Done.");
        var results = answer.Parts.OfType<MessagePart.ToolResult>().ToList();
        Assert.Equal(
            [("a.txt", 1, 1), ("b.txt", 1, 0)],
            results.Select(result => result.Changes.Single()).Select(change => (change.Path, change.Added, change.Removed))
        );
        Assert.Equal(["edit", "edit"], answer.Parts.OfType<MessagePart.ToolUse>().Select(use => use.ToolName));
        Assert.Equal("""{"path":"a.txt"}""", answer.Parts.OfType<MessagePart.ToolUse>().First().Parameters);

        await bench.Sidecar.Services.Edits.UndoTurnsAsync(
            bench.Sidecar.Services.Platform.Workspace.TrustedFolders,
            bench.Uri,
            [answer.TurnId!],
            TestContext.Current.CancellationToken
        );
        Assert.Equal("alpha\n", await File.ReadAllTextAsync(bench.PathOf("a.txt")));
        Assert.False(File.Exists(bench.PathOf("b.txt")));
    }

    [Fact]
    public async Task A_permission_request_shows_the_change_and_the_approval_lets_it_happen()
    {
        await using var bench = await AcpBench.StartAsync();
        await File.WriteAllTextAsync(bench.PathOf("a.txt"), "alpha\n");
        var asking = bench.AskAsync("ask a.txt beta\\n\nsay Done.");
        var asked = await bench.ApprovalAsync();
        Assert.Equal((ApprovalKind.Edit, "edit"), (asked.Request.Kind, asked.Request.ToolName));
        Assert.Contains("-alpha\n+beta", asked.Request.Diff);
        Assert.Equal("alpha\n", await File.ReadAllTextAsync(bench.PathOf("a.txt")));
        bench.Answer(asked);
        var answer = await asking;
        Assert.Equal("beta\n", await File.ReadAllTextAsync(bench.PathOf("a.txt")));
        var result = Assert.Single(answer.Parts.OfType<MessagePart.ToolResult>());
        Assert.Equal(("a.txt", "once"), (result.Changes.Single().Path, result.Approval?.Decision));
        Assert.Equal(asked.Request.ToolUseId, result.ToolUseId);
    }

    [Fact]
    public async Task A_denied_permission_reaches_the_agent()
    {
        await using var bench = await AcpBench.StartAsync();
        var asking = bench.AskAsync("ask a.txt beta\nsay Done.");
        bench.Answer(await bench.ApprovalAsync(), ApprovalDecision.Deny);
        var answer = await asking;
        Assert.False(File.Exists(bench.PathOf("a.txt")));
        Assert.Contains("denied this call", Assert.Single(answer.Parts.OfType<MessagePart.ToolResult>()).Error);
        Assert.Equal("Done.", answer.Text);
    }

    [Fact]
    public async Task Edit_mode_allows_edits_without_a_question()
    {
        await using var bench = await AcpBench.StartAsync(mode: "edit");
        var answer = await bench.AskAsync("ask a.txt beta\nwhere");
        Assert.Equal("beta", await File.ReadAllTextAsync(bench.PathOf("a.txt")));
        Assert.Contains(" acceptEdits ", answer.Text);
    }

    [Theory]
    [InlineData("plan"), InlineData("read")]
    public async Task A_mode_without_changes_denies_them_and_the_sandbox_holds(string mode)
    {
        await using var bench = await AcpBench.StartAsync(mode: mode);
        var answer = await bench.AskAsync("ask a.txt beta\nedit b.txt beta\nwhere");
        Assert.Contains(" plan ", answer.Text);
        Assert.All(answer.Parts.OfType<MessagePart.ToolResult>(), result => Assert.NotNull(result.Error));
        Assert.Contains("EROFS", answer.Parts.OfType<MessagePart.ToolResult>().Last().Error);
        Assert.Empty(Directory.EnumerateFiles(bench.Folder));
    }

    [Fact]
    public async Task The_sandbox_keeps_the_agent_out_of_other_folders()
    {
        await using var bench = await AcpBench.StartAsync();
        var other = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), $"plue-agent-{Guid.NewGuid():N}.txt");
        var answer = await bench.AskAsync($"edit ../../../../../..{other} beta");
        Assert.Contains("EROFS", Assert.Single(answer.Parts.OfType<MessagePart.ToolResult>()).Error);
        Assert.False(File.Exists(other));
    }

    [Fact]
    public async Task A_command_in_a_terminal_runs_by_our_tool_after_an_approval()
    {
        await using var bench = await AcpBench.StartAsync();
        var asking = bench.AskAsync("shell echo hi > made.txt && cat made.txt");
        var asked = await bench.ApprovalAsync();
        Assert.Equal(
            (ApprovalKind.Command, "bash", "echo hi > made.txt && cat made.txt"),
            (asked.Request.Kind, asked.Request.ToolName, asked.Request.ActionText)
        );
        bench.Answer(asked);
        var answer = await asking;
        var result = Assert.Single(answer.Parts.OfType<MessagePart.ToolResult>());
        Assert.StartsWith("hi\n", result.Result);
        Assert.Equal("made.txt", Assert.Single(result.Changes).Path);
    }

    [Fact]
    public async Task A_command_that_the_agent_runs_itself_is_shown_before()
    {
        await using var bench = await AcpBench.StartAsync();
        var asking = bench.AskAsync("run echo hi > made.txt");
        var asked = await bench.ApprovalAsync();
        Assert.Equal((ApprovalKind.Command, "echo hi > made.txt"), (asked.Request.Kind, asked.Request.ActionText));
        Assert.Contains("can write only to the workspace and to its own settings", asked.Request.Sandbox);
        bench.Answer(asked);
        Assert.Equal("made.txt", Assert.Single((await asking).Parts.OfType<MessagePart.ToolResult>()).Changes.Single().Path);
    }

    [Fact]
    public async Task Files_are_read_and_written_through_our_tools()
    {
        await using var bench = await AcpBench.StartAsync(mode: "edit");
        await File.WriteAllTextAsync(bench.PathOf("a.txt"), "alpha");
        var answer = await bench.AskAsync("read a.txt\nwrite b.txt beta\nread /etc/shadow");
        Assert.StartsWith("alphawrittennot read:", answer.Text);
        Assert.Equal("beta", await File.ReadAllTextAsync(bench.PathOf("b.txt")));
        Assert.Equal("b.txt", Assert.Single(answer.Parts.OfType<MessagePart.ToolResult>()).Changes.Single().Path);
    }

    [Fact]
    public async Task A_stop_is_passed_on_and_the_process_stays()
    {
        await using var bench = await AcpBench.StartAsync();
        var before = (await bench.AskAsync("where")).Text;
        await StopAsync(bench, "say Working.\nhang");
        Assert.Equal(MessageStatus.Stopped, bench.LastMessage().Status);
        Assert.Equal(before, (await bench.AskAsync("where")).Text);
    }

    [Fact]
    public async Task A_stop_while_it_asks_withdraws_the_question()
    {
        await using var bench = await AcpBench.StartAsync();
        var asking = bench.AskAsync("ask a.txt beta");
        await bench.ApprovalAsync();
        await bench.Sidecar.Client.ResultAsync("message/stop", new { codexId = bench.Uri });
        await asking;
        Assert.Equal("Hello", (await bench.AskAsync("say Hello")).Text);
        Assert.Empty(bench.Sidecar.Services.Permissions.Approvals.Pending);
        Assert.False(File.Exists(bench.PathOf("a.txt")));
    }

    [Fact]
    public async Task An_agent_that_does_not_stop_is_ended()
    {
        await using var bench = await AcpBench.StartAsync();
        var before = (await bench.AskAsync("where")).Text;
        await StopAsync(bench, "ignore-cancel\nsay Working.\nhang");
        Assert.NotEqual(before, (await bench.AskAsync("where")).Text);
    }

    [Theory]
    [InlineData("", "say Hi.\ncrash", FailureKind.ProviderExecutableFailed, "Scripted ended unexpectedly (exit code 3): Error: it broke.")]
    [InlineData("", "garbage", FailureKind.BadResponse, "not messages of the Agent Client Protocol")]
    [InlineData("", "huge", FailureKind.BadResponse, "more than 32 MiB")]
    [InlineData(
        "",
        "fail -32603 something is wrong",
        FailureKind.ProviderExecutableFailed,
        "Scripted reported an error: something is wrong."
    )]
    [InlineData("", "fail -32603 429 Too Many Requests", FailureKind.RateLimited, "rate limited")]
    [InlineData("", "fail -32000 Authentication required", FailureKind.ProviderAuthFailed, "is not signed in (Run agent login)")]
    [InlineData("'--signed-out'", "say Hi.", FailureKind.ProviderAuthFailed, "is not signed in")]
    [InlineData("'--dies'", "say Hi.", FailureKind.ProviderExecutableFailed, "ended unexpectedly (exit code 9)")]
    [InlineData("'--version-2'", "say Hi.", FailureKind.BadResponse, "version 2 of the Agent Client Protocol")]
    public async Task A_failure_is_one_sentence_and_the_next_message_works(string arguments, string text, FailureKind kind, string words)
    {
        await using var bench = await AcpBench.StartAsync(arguments: arguments);
        var answer = await bench.AskAsync(text);
        Assert.Equal((MessageStatus.Failed, kind), (answer.Status, answer.Error?.Kind));
        Assert.Contains(words, answer.Error?.Message);
        if (arguments.Length == 0)
        {
            Assert.Equal("Again.", (await bench.AskAsync("say Again.")).Text);
        }
    }

    [Fact]
    public async Task A_greeting_before_the_first_message_is_skipped()
    {
        await using var bench = await AcpBench.StartAsync(arguments: "'--greets'");
        Assert.Equal("Hi.", (await bench.AskAsync("say Hi.")).Text);
    }

    [Fact]
    public async Task Reports_usage_and_cost_of_the_agent()
    {
        await using var bench = await AcpBench.StartAsync();
        var answer = await bench.AskAsync("usage\nsay Done.");
        Assert.Equal(0.25m, answer.Cost?.TotalCost);
    }

    [Fact]
    public async Task Marks_usage_that_is_estimated()
    {
        await using var bench = await AcpBench.StartAsync();
        var answer = await bench.AskAsync("say Done.");
        Assert.True(answer.Usage is { IsEstimated: true, InputTokens: > 0, OutputTokens: > 0 });
    }

    [Fact]
    public async Task A_program_that_is_not_approved_is_not_started()
    {
        await using var bench = await AcpBench.StartAsync(approve: false);
        var answer = await bench.AskAsync("say Hi.");
        Assert.Equal(FailureKind.PermissionDenied, answer.Error?.Kind);
        Assert.Empty(bench.Prompts);
    }

    [Fact]
    public async Task Receives_chosen_environment_variables_only()
    {
        await using var bench = await AcpBench.StartAsync();
        var answer = await bench.AskAsync("environment AGENT_STORE\nenvironment PLUE_TEST_SIDECAR");
        Assert.Equal($"AGENT_STORE={bench.Store}PLUE_TEST_SIDECAR=none", answer.Text);
    }

    [Fact]
    public async Task Offers_its_models_and_selects_the_chosen_one()
    {
        await using var bench = await AcpBench.StartAsync();
        var models = await bench.Sidecar.Services.Providers.Registry.ModelsAsync(
            "scripted",
            refresh: true,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(["small", "large"], models.Models.Select(model => model.Id));
        await bench.Sidecar.Client.ResultAsync("codex/update", new { uri = bench.Uri, set = new { model = "large" } });
        Assert.Contains(" large ", (await bench.AskAsync("where")).Text);
    }

    [Fact]
    public async Task Options_of_the_session_are_offered_and_selected_for_a_chat()
    {
        await using var bench = await AcpBench.StartAsync();
        Assert.Equal("default normal false", (await bench.AskAsync("options")).Text);
        Assert.Equal(["mode=default", "speed=normal", "terse=false"], await OptionsAsync(bench));
        await ChooseAsync(
            bench,
            new
            {
                mode = "acceptEdits",
                speed = "fast",
                terse = "true",
            }
        );
        Assert.Equal("acceptEdits fast true", (await bench.AskAsync("options")).Text);
        Assert.Equal(["mode=acceptEdits", "speed=fast", "terse=true"], await OptionsAsync(bench));
        await bench.Sidecar.Client.ResultAsync("codex/update", new { uri = bench.Uri, set = new { permission_mode = "plan" } });
        Assert.StartsWith("plan ", (await bench.AskAsync("options")).Text);
    }

    [Fact]
    public async Task A_mode_that_the_agent_selects_is_shown()
    {
        await using var bench = await AcpBench.StartAsync();
        await bench.AskAsync("mode plan");
        Assert.Equal("mode=plan", (await OptionsAsync(bench))[0]);
    }

    [Theory]
    [InlineData("question"), InlineData("question call-1")]
    public async Task A_question_of_the_agent_is_asked_in_the_chat_and_its_answer_reaches_it(string text)
    {
        await using var bench = await AcpBench.StartAsync();
        var asking = bench.AskAsync(text);
        var asked = await bench.ApprovalAsync();
        Assert.Equal((ApprovalKind.Question, "Which color?"), (asked.Request.Kind, asked.Request.ActionText));
        Assert.Equal(["Color", "Note"], asked.Request.Question?.Fields.Select(field => field.Title));
        Assert.Equal(["Red", "Green"], asked.Request.Question?.Fields[0].Options.Select(option => option.Title));
        bench.Answer(asked, values: """{"color":"g"}""");
        var answer = await asking;
        Assert.Equal("""{"action":"accept","content":{"color":"g"}}""", answer.Text);
        var call = Assert.Single(answer.Parts.OfType<MessagePart.ToolUse>());
        Assert.Equal(asked.Request.ToolUseId, call.ToolUseId);
        Assert.Null(Assert.Single(answer.Parts.OfType<MessagePart.ToolResult>()).Error);
    }

    [Fact]
    public async Task A_declined_question_and_an_unsafe_address_are_declined()
    {
        await using var bench = await AcpBench.StartAsync();
        var asking = bench.AskAsync("question\nopen file:///etc/passwd");
        bench.Answer(await bench.ApprovalAsync(), ApprovalDecision.Deny);
        Assert.Equal("""{"action":"decline"}{"action":"decline"}""", (await asking).Text);
    }

    [Fact]
    public async Task An_address_is_shown_before_it_is_opened()
    {
        await using var bench = await AcpBench.StartAsync();
        var asking = bench.AskAsync("open https://login.example/start");
        var asked = await bench.ApprovalAsync();
        Assert.Equal("https://login.example/start", asked.Request.Question?.Url?.OriginalString);
        bench.Answer(asked);
        Assert.Equal("""{"action":"accept"}""", (await asking).Text);
    }

    [Fact]
    public async Task A_stop_withdraws_a_question()
    {
        await using var bench = await AcpBench.StartAsync();
        var asking = bench.AskAsync("question");
        await bench.ApprovalAsync();
        await bench.Sidecar.Client.ResultAsync("message/stop", new { codexId = bench.Uri });
        await asking;
        Assert.Equal("Hello", (await bench.AskAsync("say Hello")).Text);
        Assert.Empty(bench.Sidecar.Services.Permissions.Approvals.Pending);
    }

    [Fact]
    public async Task A_warning_of_the_agent_is_part_of_the_response()
    {
        await using var bench = await AcpBench.StartAsync();
        var answer = await bench.AskAsync("say Before.\nnotice info Nothing.\nnotice warning Disk nearly full\nsay After.");
        Assert.Equal("Before.\n\n> Disk nearly full.\n\nAfter.", answer.Text);
    }

    [Fact]
    public async Task A_folder_that_controls_what_runs_stops_the_agent()
    {
        await using var bench = await AcpBench.StartAsync(mode: "edit");
        var answer = await bench.AskAsync("edit .envrc beta\nhang");
        Assert.Equal((MessageStatus.Failed, FailureKind.PermissionDenied), (answer.Status, answer.Error?.Kind));
        Assert.Contains("`.envrc` appeared in the workspace", answer.Error?.Message);
        Assert.False(File.Exists(bench.PathOf(".envrc")));
    }

    [Fact]
    public async Task No_process_is_left_after_the_sidecar_closed()
    {
        int pid;
        await using (var bench = await AcpBench.StartAsync(fields: ", sandbox: false"))
        {
            pid = int.Parse((await bench.AskAsync("pid")).Text, System.Globalization.CultureInfo.InvariantCulture);
            Assert.Equal(pid, Process.GetProcessById(pid).Id);
        }

        Assert.Throws<ArgumentException>(() => Process.GetProcessById(pid));
    }

    private static async Task<IReadOnlyList<string>> OptionsAsync(AcpBench bench)
    {
        var result = await bench.Sidecar.Client.ResultAsync("message/sessionOptions", new { codexId = bench.Uri });
        return [.. result!["items"]!.AsArray().Select(item => $"{item!["id"]}={item["current"]}")];
    }

    private static Task ChooseAsync(AcpBench bench, object options) =>
        bench.Sidecar.Client.ResultAsync("codex/update", new { uri = bench.Uri, set = new { session_options = options } });

    private static async Task StopAsync(AcpBench bench, string text)
    {
        var client = bench.Sidecar.Client;
        await client.ResultAsync("message/send", new { codexId = bench.Uri, text });
        await client.NextAsync("message/event", one => (string?)one["event"]?["kind"] == "textDelta");
        await client.ResultAsync("message/stop", new { codexId = bench.Uri });
        await client.NextAsync("message/event", one => (string?)one["event"]?["kind"] == "turnFinished");
    }
}
