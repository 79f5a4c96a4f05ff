using Plue.Server.Health;
using Plue.Server.Network;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Health;

public sealed class NetworkPlanTests
{
    [Fact]
    public async Task A_chat_a_task_a_notification_and_a_catalog_refresh_contact_only_hosts_of_the_plan()
    {
        await using var vendor = new ScriptedEndpoint { Route = _ => ChatScript.Answer("One") };
        await using var catalog = new ScriptedEndpoint { Route = _ => ScriptedAnswer.Json("[]") };
        await using var phone = new ScriptedEndpoint { Route = _ => ScriptedAnswer.Json("{}") };
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(vendor.Url));
        File.WriteAllText(
            Path.Combine(sidecar.Home, "config.json5"),
            $"{{ catalog_refresh_url: '{catalog.Url}', notify_webhook: '{phone.Url}topic' }}"
        );

        var chat = await sidecar.Client.ResultAsync("codex/create", new { templateId = "ai-chat", providerId = "scripted" });
        await sidecar.Client.RequestAsync("message/send", new { codexId = (string?)chat?["uri"], text = "Hello" });
        await sidecar.Client.TurnAsync();
        await sidecar.Client.ResultAsync(
            "codex/create",
            new { templateId = "task", values = new { goal = "Write the docs.", provider_ref = "codex://providers/scripted" } }
        );
        await sidecar.Client.NextAsync("codex/changed", item => (string?)item["codex"]?["taskStatus"] == "done");
        await sidecar.Client.RequestAsync("catalog/refresh", new { });
        Assert.Equal("A task is done", (await phone.NextRequestAsync(TestContext.Current.CancellationToken)).Body);

        var plan = NetworkPlan.Of(sidecar.Services.Health);
        var contacted = sidecar.Services.Connections.Contacted;
        Assert.Contains(contacted, host => host.Host == $"127.0.0.1:{vendor.Port}");
        Assert.Contains(contacted, host => host.Host == $"127.0.0.1:{catalog.Port}");
        Assert.Contains(contacted, host => host.Host == $"127.0.0.1:{phone.Port}");
        Assert.Empty(NetworkPlan.Unplanned(plan, contacted));
        Assert.Contains(plan, host => host.Host == $"127.0.0.1:{vendor.Port}" && host.Reason == "provider Scripted");
        Assert.Contains(plan, host => host.Host == $"127.0.0.1:{catalog.Port}" && host.Reason == "catalog, when you refresh it");
    }

    [Fact]
    public void A_host_outside_the_plan_is_found()
    {
        PlannedHost[] plan =
        [
            new("api.example.com:443", "provider", null),
            new("*.amazonaws.com", "provider", null),
            new("*", "fetch", null),
        ];
        ContactedHost[] contacted =
        [
            new("api.example.com:443", default, 1),
            new("sts.eu-west-1.amazonaws.com:443", default, 1),
            new("api.example.com:8443", default, 1),
            new("amazonaws.com.evil.test:443", default, 1),
        ];
        Assert.Equal(["api.example.com:8443", "amazonaws.com.evil.test:443"], NetworkPlan.Unplanned(plan, contacted));
    }
}
