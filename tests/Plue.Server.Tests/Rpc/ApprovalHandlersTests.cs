using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Rpc;

public sealed class ApprovalHandlersTests
{
    [Fact]
    public async Task Rules_are_listed_and_taken_back()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        new StoredRules(new PluePaths(sidecar.Home), TimeProvider.System).Add("bash(npm test)", sidecar.Home);
        var rule = (await sidecar.Client.ResultAsync("approval/rules"))!["rules"]![0]!;
        Assert.Equal(("bash(npm test)", RealPath.Of(sidecar.Home)), ((string?)rule["rule"], (string?)rule["folder"]));
        var left = await sidecar.Client.ResultAsync("approval/forget", new { id = (string?)rule["id"] });
        Assert.Empty(left!["rules"]!.AsArray());
        Assert.Empty((await sidecar.Client.ResultAsync("approval/list"))!["approvals"]!.AsArray());
    }

    [Fact]
    public async Task An_answer_to_what_no_longer_waits_is_refused()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var reply = await sidecar.Client.RequestAsync("approval/answer", new { id = "apr_1", fingerprint = "x", decision = "once" });
        Assert.Equal("notFound", (string?)reply["error"]!["data"]!["kind"]);
    }
}
