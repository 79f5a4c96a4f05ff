using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Rpc;

public sealed class ApprovalHandlersTests
{
    [Fact]
    public async Task Rules_are_listed_and_removed()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        new StoredRules(new PluePaths(sidecar.Home), TimeProvider.System).Add("bash(npm test)", sidecar.Home);
        var rule = (await sidecar.Client.ResultAsync("approval/rules"))!["rules"]![0]!;
        Assert.Equal(("bash(npm test)", RealPath.Of(sidecar.Home)), ((string?)rule["rule"], (string?)rule["folder"]));
        var left = await sidecar.Client.ResultAsync("approval/deleteRule", new { id = (string?)rule["id"] });
        Assert.Empty(left!["rules"]!.AsArray());
        Assert.Empty((await sidecar.Client.ResultAsync("approval/list"))!["approvals"]!.AsArray());
    }

    [Fact]
    public async Task An_answer_to_what_no_longer_waits_is_refused()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var reply = await sidecar.Client.RequestAsync(
            "approval/answer",
            new
            {
                id = "apr_1",
                fingerprint = "x",
                decision = "once",
            }
        );
        Assert.Equal("notFound", (string?)reply["error"]!["data"]!["kind"]);
    }

    [Fact]
    public async Task Approvals_asked_for_at_the_same_time_never_replace_a_newer_list_with_an_older_one()
    {
        const int Each = 60;
        await using var sidecar = await InMemorySidecar.StartAsync();
        using var stop = new CancellationTokenSource();
        void Ask()
        {
            for (var at = 0; at < Each; at++)
            {
                _ = sidecar.Services.Permissions.Approvals.AskAsync(Request(), stop.Token);
            }
        }

        await Task.WhenAll(Task.Run(Ask, CancellationToken.None), Task.Run(Ask, CancellationToken.None));
        List<int> counts = [];
        while (counts is not [.., 2 * Each])
        {
            counts.Add((await sidecar.Client.NextAsync("approval/changed"))["approvals"]!.AsArray().Count);
        }

        Assert.Equal(counts.Order(), counts);
        await stop.CancelAsync();
    }

    private static ApprovalRequest Request() =>
        new()
        {
            CodexId = "codex://chats/chat_1",
            Path = ["Test"],
            ToolUseId = "call_1",
            ToolName = "bash",
            Kind = ApprovalKind.Command,
            ActionText = "make",
            Reason = "It runs a program.",
        };
}
