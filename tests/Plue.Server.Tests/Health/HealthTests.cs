using System.Text.Json;
using Plue.Protocol;
using Plue.Server.Tests.Testing;
using Plue.Server.Vault;

namespace Plue.Server.Tests.Health;

/// <summary>health/check with all services.</summary>
public sealed class HealthTests : IAsyncLifetime
{
    private const string Canary = "sk-canary-health-5f1c99e2";
    private readonly PlueHome home = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => home.DisposeAsync();

    [Fact]
    public async Task Without_a_provider_it_suggests_how_to_connect_one()
    {
        var result = await CheckAsync();
        var row = Row(result, "Providers");
        Assert.Equal((HealthState.Missing, true, HealthAction.ConnectProvider), (row.State, row.IsRequired, row.Fix?.Action));
        Assert.False(result.Healthy);
        Assert.Equal(HealthState.Ok, Row(result, "Data folder").State);
        Assert.Equal(HealthState.Ok, Row(result, "Chats").State);
    }

    [Fact]
    public async Task A_provider_that_is_set_up_is_enough_and_online_it_is_really_asked()
    {
        await using var endpoint = new ScriptedEndpoint
        {
            Route = _ => ScriptedAnswer.Json("""{"data":[{"id":"model"},{"id":"other"}]}"""),
        };
        home.Write("providers/house.json5", InMemorySidecar.ProviderAt(endpoint.Url));
        home.Write("config.json5", "{ default_large: 'house' }");
        var offline = await CheckAsync();
        Assert.True(offline.Healthy, JsonSerializer.Serialize(offline, Wire.Options));
        Assert.Equal("New chats use Scripted.", Row(offline, "Providers").Message);
        Assert.Empty(endpoint.Requests);

        var online = await CheckAsync(online: true);
        Assert.Contains("responds; it offers 2 models", Row(online, "Provider house").Message, StringComparison.Ordinal);
        Assert.NotEmpty(endpoint.Requests);
    }

    [Fact]
    public async Task An_unresponsive_provider_is_one_row_and_the_others_are_reported()
    {
        await using var silent = new ScriptedEndpoint(ScriptedAnswer.Silence());
        await using var endpoint = new ScriptedEndpoint { Route = _ => ScriptedAnswer.Json("""{"data":[{"id":"model"}]}""") };
        home.Write("providers/silent.json5", InMemorySidecar.ProviderAt(silent.Url));
        home.Write("providers/house.json5", InMemorySidecar.ProviderAt(endpoint.Url));
        home.Write("config.json5", "{ default_large: 'house' }");
        var report = await new Plue.Server.Health.HealthChecks(home.Services.Health) { ProviderTimeout = TimeSpan.FromSeconds(2) }.RunAsync(
            online: true,
            default
        );
        var rows = report
            .Rows.Where(row => row.Name is "Providers" or "Provider house" or "Provider silent")
            .Select(row => (row.Name, row.State.ToString(), row.Sentence));
        Assert.Equal(
            [
                ("Providers", "Ok", "New chats use Scripted."),
                ("Provider house", "Ok", $"Scripted at http://127.0.0.1:{endpoint.Port} responds; it offers 1 model."),
                (
                    "Provider silent",
                    "Failed",
                    $"Scripted at http://127.0.0.1:{silent.Port} does not respond: it did not respond within 2 seconds."
                ),
            ],
            rows
        );
        Assert.True(report.IsHealthy);
    }

    [Fact]
    public async Task A_provider_that_refuses_fails_online_and_leads_to_its_key()
    {
        await using var endpoint = new ScriptedEndpoint { Route = _ => ScriptedAnswer.Json("""{"error":{"message":"no"}}""", 401) };
        home.Write("providers/house.json5", InMemorySidecar.ProviderAt(endpoint.Url));
        home.Write("config.json5", "{ default_large: 'house' }");
        var online = await CheckAsync(online: true);
        Assert.Equal(
            (HealthState.Failed, HealthAction.SetKey, "house"),
            (Row(online, "Provider house").State, Row(online, "Provider house").Fix?.Action, Row(online, "Provider house").Fix?.Target)
        );
        Assert.False(online.Healthy);
    }

    [Fact]
    public async Task A_provider_without_a_key_is_missing_and_a_broken_file_is_reported_with_its_position()
    {
        home.Write("providers/vendor.json5", "{ name: 'Vendor', provider_type: 'anthropic' }");
        var broken = home.Write("providers/broken.json5", "{ name: ");
        var result = await CheckAsync();
        Assert.Equal(
            (HealthState.Missing, HealthAction.SetKey),
            (Row(result, "Provider vendor").State, Row(result, "Provider vendor").Fix?.Action)
        );
        Assert.Equal(
            (HealthState.Failed, HealthAction.OpenFile, broken),
            (Row(result, "Provider broken").State, Row(result, "Provider broken").Fix?.Action, Row(result, "Provider broken").Fix?.Target)
        );
    }

    [Fact]
    public async Task SEC_11_No_report_contains_a_secret()
    {
        await using var endpoint = new ScriptedEndpoint
        {
            Route = _ =>
                ScriptedAnswer.Json("""{"error":{"message":"bad key KEY"}}""".Replace("KEY", Canary, StringComparison.Ordinal), 401),
        };
        await home.Services.Vault.Vault.CreateAsync(UnlockMethod.Passphrase("correct horse"), default);
        await home.Services.Vault.Vault.StoreAsync("vault://house/api_key", Canary, [endpoint.Url.ToString()], default);
        home.Write("providers/house.json5", InMemorySidecar.ProviderAt(endpoint.Url, "api_key_ref: 'vault://house/api_key'"));
        home.Write("providers/literal.json5", $"{{ name: 'Literal', provider_type: 'openai', api_key_ref: '{Canary}' }}");
        home.Write(
            "providers/address.json5",
            $"{{ name: 'Address', provider_type: 'openai-compatible', endpoint: 'https://me:{Canary}@example.com/v1?key={Canary}' }}"
        );
        home.Write(
            "mcp.json5",
            $"{{ mcpServers: {{ files: {{ command: '/bin/true', args: ['--token', '{Canary}'], env: {{ TOKEN: '{Canary}' }} }} }} }}"
        );
        foreach (var online in (bool[])[false, true])
        {
            var result = await CheckAsync(online);
            Assert.Contains(result.Rows, row => row.Name == "Server files");
            Assert.DoesNotContain(Canary, JsonSerializer.Serialize(result, Wire.Options), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Reports_a_locked_vault_with_its_fix_and_requires_repair_of_a_damaged_one()
    {
        await home.Services.Vault.Vault.CreateAsync(UnlockMethod.Passphrase("correct horse"), default);
        Assert.Equal(HealthState.Ok, Row(await CheckAsync(), "Vault").State);
        var locked = Row(
            await new Plue.Server.Rpc.HealthHandlers(home.Open().Health).CheckAsync(new HealthCheckParams(false), default),
            "Vault"
        );
        Assert.Equal((HealthState.Warning, HealthAction.UnlockVault), (locked.State, locked.Fix?.Action));
        Assert.Contains("passphrase", locked.Message, StringComparison.Ordinal);

        home.Write("vault.json", "{ not a vault");
        var damaged = Row(
            await new Plue.Server.Rpc.HealthHandlers(home.Open().Health).CheckAsync(new HealthCheckParams(false), default),
            "Vault"
        );
        Assert.Equal((HealthState.Failed, true), (damaged.State, damaged.IsRequired));
    }

    [Fact]
    public async Task A_damaged_chat_is_counted_and_named_without_its_text()
    {
        var journal = home.Services.Store.Chats.Create("simple-chat", "A private title", null, null);
        var id = journal.Chat.Id;
        await journal.DisposeAsync();
        File.AppendAllText(Path.Combine(home.Paths.Chats, id + ".jsonl"), "this is no record\nnor this\n");
        var row = Row(
            await new Plue.Server.Rpc.HealthHandlers(home.Open().Health).CheckAsync(new HealthCheckParams(false), default),
            "Chats"
        );
        Assert.Equal(HealthState.Warning, row.State);
        Assert.Contains(id, row.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("private", row.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invalid_settings_link_to_their_file_and_settings_that_weaken_security_are_named()
    {
        home.Write("config.json5", "{ mask_secrets: false, commands_network: true }");
        var weak = (await CheckAsync()).Rows.Where(row => row.Name == "Safety").ToList();
        Assert.Equal([HealthState.Warning, HealthState.Warning], weak.Select(row => row.State));
        Assert.All(weak, row => Assert.Equal(HealthAction.OpenSettings, row.Fix?.Action));

        var file = home.Write("config.json5", "{ mask_secrets: ");
        var settings = Row(await CheckAsync(), "Settings");
        Assert.Equal((HealthState.Failed, HealthAction.OpenFile, file), (settings.State, settings.Fix?.Action, settings.Fix?.Target));
    }

    [Theory]
    [InlineData("notify_webhook: 'http://ntfy.example.com/topic'", "must be an https address")]
    [InlineData("notify_webhook: 'https://ntfy.example.com/topic', allowed_hosts: ['api.example.com']", "ntfy.example.com")]
    [InlineData("notify_webhook: 'https://ntfy.example.com/topic'", null)]
    public async Task A_webhook_that_cannot_be_notified_leads_to_the_settings(string settings, string? problem)
    {
        home.Write("config.json5", $"{{ {settings} }}");
        var row = Row(await CheckAsync(), "Notifications");
        Assert.Equal(problem is null ? HealthState.Ok : HealthState.Warning, row.State);
        Assert.Equal(problem is null ? null : HealthAction.OpenSettings, row.Fix?.Action);
        Assert.Contains(problem ?? "sent to ntfy.example.com", row.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reports_a_data_folder_readable_by_others_with_the_command_that_fixes_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has other rights.");
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        File.SetUnixFileMode(
            home.Folder,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.OtherExecute
        );
        var row = Row(await CheckAsync(), "Data folder");
        Assert.Equal(HealthState.Warning, row.State);
        Assert.Contains("chmod 700", row.Advice, StringComparison.Ordinal);
        File.SetUnixFileMode(home.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.Equal(HealthState.Ok, Row(await CheckAsync(), "Data folder").State);
    }

    [Fact]
    public async Task A_folder_that_is_not_trusted_leads_to_trust()
    {
        home.Services.Platform.Workspace.Open(home.Folder, trusted: false);
        Assert.Equal(
            (HealthState.Warning, HealthAction.TrustFolder),
            (Row(await CheckAsync(), "Folder").State, Row(await CheckAsync(), "Folder").Fix?.Action)
        );
        home.Services.Platform.Workspace.SetTrusted(true);
        Assert.Equal(HealthState.Ok, Row(await CheckAsync(), "Folder").State);
    }

    private Task<HealthCheckResult> CheckAsync(bool online = false) =>
        new Plue.Server.Rpc.HealthHandlers(home.Services.Health).CheckAsync(new HealthCheckParams(online), CancellationToken.None);

    private static HealthRowView Row(HealthCheckResult result, string name) => result.Rows.First(row => row.Name == name);
}
