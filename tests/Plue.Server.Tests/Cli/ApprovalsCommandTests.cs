using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Cli;
using Plue.Server.Modules;
using Plue.Server.Permissions;
using Plue.Server.Tests.Permissions;

namespace Plue.Server.Tests.Cli;

public sealed class ApprovalsCommandTests : IAsyncDisposable
{
    private readonly PermissionFixture fixture = new();
    private readonly CancellationTokenSource stop = new();
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();
    private readonly Approvals window;
    private readonly Task sharing;

    public ApprovalsCommandTests()
    {
        window = new Approvals(TimeProvider.System, fixture.Rules);
        sharing = new SharedApprovals(window, fixture.Paths, NullLogger.Instance).RunAsync(stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await sharing;
        stop.Dispose();
        fixture.Dispose();
    }

    [Fact]
    public async Task An_approval_of_a_window_is_shown_whole_and_allowed()
    {
        var (id, asked) = await AskAsync();
        var lines = output.ToString().Split('\n');
        Assert.Equal($"{id}  bash  Orchestrator > Agent", lines[0]);
        Assert.Equal(
            ["npm test ⟨U+202E⟩", "rm -r out", "It runs.", "Rule for --always: bash(npm test)"],
            lines[1..5].Select(line => line.Trim())
        );
        Assert.Equal(0, await RunAsync("allow", id));
        Assert.Equal(ApprovalDecision.Once, (await asked).Decision);
        Assert.Empty(fixture.Rules.List());
    }

    [Fact]
    public async Task Always_stores_the_rule_that_was_shown()
    {
        var (id, asked) = await AskAsync();
        Assert.Equal(0, await RunAsync("allow", id, "--always"));
        Assert.Equal(ApprovalDecision.Always, (await asked).Decision);
        Assert.Equal("bash(npm test)", Assert.Single(fixture.Rules.List()).Rule);
    }

    [Fact]
    public async Task A_denial_has_its_reason()
    {
        var (id, asked) = await AskAsync();
        Assert.Equal(0, await RunAsync("deny", id, "--reason", "Use pnpm."));
        Assert.Equal(new ApprovalAnswer(ApprovalDecision.Deny, "Use pnpm."), await asked);
    }

    [Fact]
    public async Task What_needs_approval_each_time_is_not_allowed_always()
    {
        var (id, asked) = await AskAsync(rule: null);
        Assert.Equal(1, await RunAsync("allow", id, "--always"));
        Assert.Contains("This requires approval each time.", error.ToString(), StringComparison.Ordinal);
        Assert.False(asked.IsCompleted);
    }

    [Fact]
    public async Task Without_approvals_the_list_is_empty_and_an_id_is_unknown()
    {
        Assert.Equal(0, await RunAsync("list", "--json"));
        Assert.Empty(JsonNode.Parse(output.ToString())!["approvals"]!.AsArray());
        Assert.Equal(1, await RunAsync("allow", "apr_1"));
        Assert.StartsWith("There is no pending approval apr_1.", error.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Asks in the window, and waits until the command line lists it.</summary>
    private async Task<(string Id, Task<ApprovalAnswer> Asked)> AskAsync(string? rule = "bash(npm test)")
    {
        var asked = window.AskAsync(
            new ApprovalRequest
            {
                CodexId = "task_1",
                Path = ["Orchestrator", "Agent"],
                ToolName = "bash",
                Kind = ApprovalKind.Command,
                ActionText = "npm test \u202e\nrm -r out",
                Reason = "It runs.",
                Rule = rule,
                RuleFolder = rule is null ? null : fixture.Workspace,
            },
            CancellationToken.None
        );
        while (output.ToString().Length == 0)
        {
            // The window shares its approvals in files.
            Assert.Equal(0, await RunAsync("list"));
        }
        return (window.Pending[0].Id, asked);
    }

    private async Task<int> RunAsync(params string[] arguments)
    {
        await using var services = new Services(LogLevel.Warning, fixture.Paths);
        var terminal = new Terminal(TextReader.Null, output, error, isInputRedirected: true);
        return await ApprovalsCommand.Create(_ => services, terminal).Parse(arguments).InvokeAsync();
    }
}
