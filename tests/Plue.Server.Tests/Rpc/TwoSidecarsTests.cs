using System.Diagnostics;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>Two windows, each with a sidecar of its own, on one home.</summary>
public sealed class TwoSidecarsTests
{
    [Fact]
    public async Task The_second_window_reads_along_and_writes_when_the_first_has_ended()
    {
        await using var endpoint = new ScriptedEndpoint(Answer("Hello"));
        var home = Home(endpoint);
        await using var first = await SidecarProcess.StartAsync(home);
        await using var second = await SidecarProcess.StartAsync(home);
        var uri = await first.Client.CreateChatAsync();
        await first.Client.AskAsync(uri, "One");

        var seen = await second.Client.ResultAsync("codex/get", new { uri });
        Assert.Equal(["One", "Hello"], Texts(seen));
        Assert.Contains($"process {first.Process.Id}", (string?)seen?["readOnlyReason"], StringComparison.Ordinal);
        Assert.Equal("storeReadOnly", ErrorKind(await second.Client.RequestAsync("message/send", new { codexId = uri, text = "Me too" })));

        await first.Client.AskAsync(uri, "Two");
        seen = await second.Client.ResultAsync("codex/get", new { uri });
        Assert.Equal(["One", "Hello", "Two", "Hello"], Texts(seen));
        Assert.Equal("idle", (string?)seen?["codex"]?["status"]);

        await first.Client.AskAsync(uri, "Three");
        await first.KillAsync();
        var clock = Stopwatch.StartNew();
        var events = await second.Client.AskAsync(uri, "Four");
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"Taking over took {clock.Elapsed}.");
        Assert.True((long?)events[0]["seq"] > (long?)seen?["lastSeq"] + 1, "A view that read along has to notice that it missed the third question.");
        seen = await second.Client.ResultAsync("codex/get", new { uri });
        Assert.Equal(["One", "Hello", "Two", "Hello", "Three", "Hello", "Four", "Hello"], Texts(seen));
        Assert.Null(seen?["readOnlyReason"]);
    }

    [Fact]
    public async Task A_key_and_a_default_set_in_one_window_count_in_the_other()
    {
        const string passphrase = "correct horse battery";
        await using var endpoint = new ScriptedEndpoint(Answer("Hello"));
        var home = Home(endpoint, "api_key_ref: 'vault://scripted/api_key'");
        await using var first = await SidecarProcess.StartAsync(home);
        await using var second = await SidecarProcess.StartAsync(home);
        await first.Client.ResultAsync("vault/create", new { way = "passphrase", secret = passphrase });
        Assert.True((bool?)(await second.Client.ResultAsync("vault/status"))?["exists"]);
        await second.Client.ResultAsync("vault/unlock", new { way = "passphrase", secret = passphrase });
        await first.Client.ResultAsync("vault/store", new { reference = "vault://scripted/api_key", secret = "sk-canary-0123456789", origins = new[] { endpoint.Url.ToString() } });
        await first.Client.ResultAsync("provider/configure", new { id = "scripted", name = "Ours", kind = "openai-compatible", makeDefault = true });

        var listed = (await second.Client.ResultAsync("provider/list"))?["items"]?.AsArray().Single(item => (string?)item?["id"] == "scripted");
        Assert.Equal(("Ours", true, true), ((string?)listed?["name"], (bool?)listed?["isDefault"] ?? false, (bool?)listed?["hasCredential"] ?? false));
        await second.Client.AskAsync(await second.Client.CreateChatAsync(), "Hi");
        Assert.Equal("Bearer sk-canary-0123456789", (await endpoint.NextRequestAsync()).Headers["authorization"]);
    }

    private static string Home(ScriptedEndpoint endpoint, string extra = "")
    {
        var home = Directory.CreateTempSubdirectory("plue-two-").FullName;
        InMemorySidecar.WriteProvider(home, "scripted", InMemorySidecar.ProviderAt(endpoint.Url, extra));
        return home;
    }
}
