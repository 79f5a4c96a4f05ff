using System.Diagnostics;
using Plue.Server.Notifications;
using Plue.Server.Permissions;
using Plue.Server.Tests.Agents;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Notifications;

/// <summary>Requests to the webhook of the user, with real processes and a server on loopback.</summary>
public sealed class NotificationTests : IAsyncLifetime
{
    private readonly ScriptedEndpoint model = new();
    private readonly ScriptedEndpoint phone = new() { Route = _ => ScriptedAnswer.Json("{}") };
    private readonly string home = Directory.CreateTempSubdirectory("plue-test-").FullName;

    public ValueTask InitializeAsync()
    {
        AgentsHome.Write(home, model.Url);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await model.DisposeAsync();
        await phone.DisposeAsync();
    }

    [Fact]
    public async Task A_task_of_the_command_line_sends_one_request_without_content()
    {
        Configure("");
        model.Route = request =>
            request.Body.Contains("\"model\":\"small\"", StringComparison.Ordinal) ? Answer("Part.")
            : request.Body.Contains("\"tool\"", StringComparison.Ordinal) ? Answer("Whole.")
            : Calls("", AgentsHome.Spawn("c1", "one"));
        Assert.Equal(0, await RunAsync("task", "run", "planner", "Our secret plan"));
        var request = Assert.Single(phone.Requests);
        Assert.Equal(("POST", "/topic", "A task is done"), (request.Method, request.Target, request.Body));
        Assert.False(request.Headers.ContainsKey("authorization"));
    }

    [Fact]
    public async Task A_failure_with_content_has_the_title_and_the_reason_and_a_key_of_the_vault_is_sent()
    {
        Configure("notify_webhook_content: true, notify_webhook_key: 'env://PHONE_KEY',");
        model.Route = _ => ScriptedAnswer.Json("""{"error":{"message":"no"}}""", 401);
        Assert.Equal(1, await RunAsync("task", "run", "worker", "Our plan"));
        // The variable is not bound to this server, so nothing is sent.
        Assert.Empty(phone.Requests);

        Configure("notify_webhook_content: true,");
        Assert.Equal(1, await RunAsync("task", "run", "worker", "Our plan"));
        Assert.StartsWith("A task failed\nOur plan: ", Assert.Single(phone.Requests).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("notify_webhook: 'http://example.com/topic'")]
    [InlineData("notify_webhook: 'ftp://127.0.0.1/topic'")]
    [InlineData("allowed_hosts: ['example.com', '127.0.0.1:1']")]
    public async Task An_unsafe_or_forbidden_address_gets_nothing(string setting)
    {
        Configure("");
        var allowed = setting.StartsWith("allowed", StringComparison.Ordinal) ? $", allowed_hosts: ['127.0.0.1:{model.Port}']" : "";
        await File.WriteAllTextAsync(
            Path.Combine(home, "config.json5"),
            allowed.Length > 0 ? $"{{ notify_webhook: '{phone.Url}topic'{allowed} }}" : $"{{ {setting} }}"
        );
        model.Route = _ => Answer("Done.");
        Assert.Equal(0, await RunAsync("task", "run", "worker", "Do it"));
        Assert.Empty(phone.Requests);
    }

    [Fact]
    public async Task A_server_that_does_not_respond_does_not_keep_the_process_running()
    {
        phone.Route = _ => ScriptedAnswer.Silence();
        Configure("");
        model.Route = _ => Answer("Done.");
        Assert.Equal(0, await RunAsync("task", "run", "worker", "Do it"));
        Assert.Single(phone.Requests);
    }

    [Fact]
    public async Task A_task_that_ends_after_its_window_closed_notifies()
    {
        Configure("");
        var goOn = new TaskCompletionSource();
        model.Route = _ => ScriptedAnswer.Events().Send(Chunk("Hel")).Gate(goOn.Task).Send(Chunk("lo")).Send(End);
        var window = await SidecarProcess.StartAsync(home, keepsRunning: true);
        await window.Client.ResultAsync("task/spawn", new { templateId = "worker", goal = "Do it" });
        await model.NextRequestAsync(TestContext.Current.CancellationToken);
        await window.CloseWindowAsync();
        Assert.Empty(phone.Requests);
        goOn.SetResult();
        Assert.Equal("A task is done", (await phone.NextRequestAsync(TestContext.Current.CancellationToken)).Body);
        await window.Process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Single(phone.Requests);
    }

    [Fact]
    public async Task A_task_that_nears_its_budget_notifies_once_before_it_ends()
    {
        Configure("");
        var (rounds, goOn) = (0, new TaskCompletionSource());
        model.Route = _ =>
            ++rounds < 5
                ? Calls("", ($"r{rounds}", "read", $$"""{"path":"part-{{rounds}}.txt"}"""))
                : ScriptedAnswer.Events().Gate(goOn.Task).Send(Chunk("Done.")).Send(End);
        AgentsHome.WriteTemplate(
            home,
            "reader",
            "provider_ref: 'codex://providers/small', available_tools: ['read'], budget: { rounds: 5 }"
        );
        await using var window = await SidecarProcess.StartAsync(home, folder: home);
        await window.Client.ResultAsync("task/spawn", new { templateId = "reader", goal = "Do it" });
        Assert.Equal("A task has used 80% of its budget", (await phone.NextRequestAsync(TestContext.Current.CancellationToken)).Body);
        goOn.SetResult();
        Assert.Equal("A task is done", (await phone.NextRequestAsync(TestContext.Current.CancellationToken)).Body);
    }

    [Fact]
    public async Task Approvals_of_one_tree_send_one_request_until_all_are_decided()
    {
        List<Notice> sent = [];
        var approvals = new Approvals(TimeProvider.System);
        var parents = new Dictionary<string, string> { ["codex://tasks/task_2"] = "codex://tasks/task_1" };
        using var notices = new TaskNotices(approvals, parents.GetValueOrDefault, sent.Add);
        notices.Begin();
        using var stop = new CancellationTokenSource();
        var first = approvals.AskAsync(Request("codex://tasks/task_1"), stop.Token);
        _ = approvals.AskAsync(Request("codex://tasks/task_2"), stop.Token);
        _ = approvals.AskAsync(Request("codex://tasks/task_3"), stop.Token);
        Assert.Equal(2, sent.Count);
        Assert.Equal(new Notice("An agent waits for your approval", "Planner: bash: It runs."), sent[0]);
        Assert.DoesNotContain("npm", sent[0].Detail, StringComparison.Ordinal);

        var asked = approvals.Pending[0];
        approvals.Answer(asked.Id, asked.Fingerprint, new ApprovalAnswer(ApprovalDecision.Once), includeEqual: false);
        await first;
        Assert.Equal(2, sent.Count);
        await stop.CancelAsync();
        while (approvals.Pending.Count > 0)
        {
            await Task.Yield();
        }

        _ = approvals.AskAsync(Request("codex://tasks/task_2"), TestContext.Current.CancellationToken);
        Assert.Equal(3, sent.Count);
    }

    [Theory]
    [InlineData("22:00-07:00", "21:59", false)]
    [InlineData("22:00-07:00", "22:00", true)]
    [InlineData("22:00-07:00", "06:59", true)]
    [InlineData("22:00-07:00", "07:00", false)]
    [InlineData("9:30 - 12:00", "09:30", true)]
    [InlineData("9:30 - 12:00", "12:00", false)]
    public void Quiet_hours_can_include_midnight(string hours, string time, bool isQuiet) =>
        Assert.Equal(isQuiet, QuietHours.Parse(hours)!.Contains(TimeOnly.Parse(time, System.Globalization.CultureInfo.InvariantCulture)));

    [Theory]
    [InlineData("22:00")]
    [InlineData("22-7")]
    [InlineData("25:00-07:00")]
    public void Other_texts_are_no_quiet_hours(string hours) => Assert.Null(QuietHours.Parse(hours));

    private void Configure(string settings) =>
        File.WriteAllText(Path.Combine(home, "config.json5"), $"{{ notify_webhook: '{phone.Url}topic', {settings} }}");

    private static ApprovalRequest Request(string codexId) =>
        new()
        {
            CodexId = codexId,
            Path = ["Planner", "Worker"],
            ToolName = "bash",
            Kind = ApprovalKind.Command,
            ActionText = "npm test",
            Reason = "It runs.",
        };

    private async Task<int> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(SidecarProcess.Executable, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["PLUE_HOME"] = home },
            }
        )!;
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        await Task.WhenAll(output, error);
        return process.ExitCode;
    }
}
