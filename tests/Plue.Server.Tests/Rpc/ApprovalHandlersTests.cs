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

    [Theory]
    [InlineData(false, "app/src/a.txt", "src/a.txt")]
    [InlineData(true, "app/src/a.txt", "app/src/a.txt")]
    [InlineData(false, "app", "app")]
    [InlineData(true, "app", "app")]
    [InlineData(false, "other/a.txt", null)]
    [InlineData(false, "app/link/a.txt", null)]
    [InlineData(false, "app/../other/a.txt", null)]
    public async Task A_location_in_a_workspace_folder_is_also_sent_relative_to_it(bool areSeveral, string location, string? expected)
    {
        var top = RealPath.Of(Directory.CreateTempSubdirectory("plue-test-").FullName);
        string At(string path) => Path.Combine(top, path);
        Directory.CreateDirectory(At("app/src"));
        Directory.CreateDirectory(At("other"));
        Directory.CreateDirectory(At("web"));
        Directory.CreateSymbolicLink(At("app/link"), At("other"));
        object[] folders = [new { name = "app", path = At("app") }, new { name = "web", path = At("web") }];
        await using var sidecar = await InMemorySidecar.StartAsync(folder: At("app"), trusted: true, folders: areSeveral ? folders : null);
        using var stop = new CancellationTokenSource();
        var request = Request() with { Location = At(location) };
        var fingerprint = request.Fingerprint;
        _ = sidecar.Services.Permissions.Approvals.AskAsync(request, stop.Token);

        var asked = (await sidecar.Client.NextAsync("approval/changed"))["approvals"]![0]!;
        Assert.Equal((At(location), expected), ((string?)asked["location"], (string?)asked["relativeLocation"]));
        Assert.Equal(fingerprint, (string?)asked["fingerprint"]);
        await stop.CancelAsync();
        Directory.Delete(top, recursive: true);
    }

    [Theory]
    [InlineData("https://example.com/a")]
    [InlineData("anthropic: claude")]
    public async Task A_location_that_is_no_path_is_sent_as_it_is(string location)
    {
        await using var sidecar = await InMemorySidecar.StartAsync(
            folder: Directory.CreateTempSubdirectory("plue-test-").FullName,
            trusted: true
        );
        using var stop = new CancellationTokenSource();
        _ = sidecar.Services.Permissions.Approvals.AskAsync(Request() with { Location = location }, stop.Token);
        var asked = (await sidecar.Client.NextAsync("approval/changed"))["approvals"]![0]!;
        Assert.Equal((location, null), ((string?)asked["location"], (string?)asked["relativeLocation"]));
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
