using Plue.Server.Permissions;
using Plue.Server.Tests.Testing;
using Plue.Server.Tools.Mcp;

namespace Plue.Server.Tests.Tools.Mcp;

/// <summary>Servers of protocol version 2026-07-28: no handshake, questions in results, and changes only on subscriptions.</summary>
public sealed class McpModernTests : IAsyncDisposable
{
    private readonly McpHome home = new(callTimeout: TimeSpan.FromSeconds(5));
    private readonly Approvals approvals = new(TimeProvider.System);

    public ValueTask DisposeAsync() => home.DisposeAsync();

    [Fact]
    public async Task A_modern_server_is_used_without_a_handshake()
    {
        await StartAsync();
        Assert.EndsWith("hello", (await home.CallAsync("new/echo")).Text, StringComparison.Ordinal);
        Assert.Equal((0, 0), (home.Noted("initialize"), home.Noted("no metadata")));
    }

    [Fact]
    public async Task A_resource_that_changed_since_it_was_read_is_named_in_the_next_result()
    {
        await StartAsync();
        await home.CallAsync("new/read_resource", """{"uri":"test://two"}""");
        await home.CallAsync("new/read_resource", """{"uri":"test://one"}""");
        // Notifications are handled beside the results: one of the next results names it, and only one.
        List<string> results = [(await home.CallAsync("new/change_resource")).Text];
        for (var at = 0; at < 100 && !IsNamed(results[^1]); at++)
        {
            results.Add((await home.CallAsync("new/echo")).Text);
        }

        results.Add((await home.CallAsync("new/echo")).Text);
        Assert.Single(results, IsNamed);

        static bool IsNamed(string text) => text.Contains("[The resource test://one changed since it was read;", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_newest_subscription_stays_open_and_it_names_every_resource_that_was_read()
    {
        await StartAsync();
        await home.CallAsync("new/read_resource", """{"uri":"test://two"}""");
        await home.CallAsync("new/read_resource", """{"uri":"test://one"}""");
        await home.CallAsync("new/read_resource", """{"uri":"test://one"}""");
        await home.CallAsync("new/echo");
        var listens = File.ReadAllLines(home.Notes).Where(line => line.StartsWith("listen", StringComparison.Ordinal)).ToList();
        Assert.Equal(3, listens.Count);
        Assert.Equal(2, home.Noted("unlisten"));
        Assert.All(new[] { "test://one", "test://two" }, uri => Assert.Contains(uri, listens[^1], StringComparison.Ordinal));
        Assert.Contains("\"toolsListChanged\":true", listens[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_list_of_tools_waits_for_approval()
    {
        await StartAsync();
        await home.CallAsync("new/change_tools");
        Assert.Contains("have changed since it was approved", await RefusalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_that_changed_while_no_subscription_was_open_is_noticed()
    {
        await StartAsync();
        await home.CallAsync("new/drop_subscriptions");
        // Without a subscription, the server announces nothing.
        await home.CallAsync("new/change_tools");
        Assert.Contains("have changed since it was approved", await RefusalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_subscriptions_is_used_and_asked_only_once()
    {
        await StartAsync("refuses");
        await home.CallAsync("new/read_resource", """{"uri":"test://one"}""");
        await home.CallAsync("new/read_resource", """{"uri":"test://two"}""");
        Assert.EndsWith("hello", (await home.CallAsync("new/echo")).Text, StringComparison.Ordinal);
        Assert.Equal((1, 1), (home.Noted("subscriptions/listen"), home.Noted("tools/list")));
    }

    [Fact]
    public async Task A_server_that_ends_each_subscription_is_not_asked_without_end()
    {
        await StartAsync("ends");
        for (var at = 0; at < 12; at++)
        {
            await home.CallAsync("new/echo");
        }

        Assert.InRange(home.Noted("subscriptions/listen"), 2, 5);
    }

    [Fact]
    public async Task A_question_in_a_result_is_asked_and_the_call_repeated_with_the_answer()
    {
        home.Services = home.Services with { Ask = (request, cancellationToken) => approvals.AskAsync(request, cancellationToken) };
        await StartAsync();
        var asked = new TaskCompletionSource<PendingApproval>(TaskCreationOptions.RunContinuationsAsynchronously);
        approvals.Changed += () =>
        {
            if (approvals.Pending is [var one, ..])
            {
                asked.TrySetResult(one);
            }
        };
        var call = home.CallAsync("new/greet");
        var question = await asked.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(("Who are you?", ApprovalKind.Question), (question.Request.ActionText, question.Request.Kind));
        approvals.Answer(
            question.Id,
            question.Fingerprint,
            new ApprovalAnswer(ApprovalDecision.Once, Values: """{"name":"Ada"}"""),
            includeEqual: false
        );
        Assert.EndsWith("round-1 accept Ada", (await call).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_takes_too_long_does_not_end_a_server_that_still_answers()
    {
        await StartAsync();
        await home.CallAsync("new/echo");
        var starts = home.Noted("server/discover");
        Assert.Contains("in time", await home.FailureAsync("new/hang"), StringComparison.Ordinal);
        Assert.EndsWith("hello", (await home.CallAsync("new/echo")).Text, StringComparison.Ordinal);
        Assert.Equal(McpServerState.Running, home.Status("new").State);
        Assert.Equal(1, home.Noted("tools/list"));
        Assert.Equal((1, 1), (starts, home.Noted("cancelled")));
    }

    [Fact]
    public async Task Structured_content_is_shown_beside_the_text()
    {
        await StartAsync();
        Assert.EndsWith("Sunny.\n{\"temperature\":21}", (await home.CallAsync("new/structured")).Text, StringComparison.Ordinal);
    }

    /// <summary>Calls until the server is blocked: notifications are handled concurrently with results.</summary>
    private async Task<string> RefusalAsync()
    {
        for (var at = 0; at < 100; at++)
        {
            var (tools, notes) = await home.FindAsync("new/echo");
            if (notes is [var why])
            {
                return why;
            }

            await home.RunAsync(tools[0]);
        }

        return "";
    }

    [Fact]
    public async Task The_text_of_a_result_is_used_in_place_of_its_user_interface()
    {
        await StartAsync();
        Assert.EndsWith(
            "Three rows.\n[User interface ui://table omitted]",
            (await home.CallAsync("new/app")).Text,
            StringComparison.Ordinal
        );
    }

    private Task StartAsync(string mood = "plain")
    {
        var script = Path.Combine(Repository.Root, "tests", "Plue.Server.Tests", "Tools", "Mcp", "modern-server.mjs");
        home.WriteUser(
            (
                "new",
                $$"""{ "command": {{McpHome.Text(McpHome.Node)}}, "args": [{{McpHome.Text(script)}}, {{McpHome.Text(home.Notes)}}, {{McpHome.Text(mood)}}] }"""
            )
        );
        return home.ApproveAsync("new");
    }
}
