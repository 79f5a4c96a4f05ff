using System.CommandLine;
using Microsoft.Extensions.Logging;
using Plue.Server.Cli;
using Plue.Server.Modules;
using Plue.Server.Providers;
using Plue.Server.Tests.Agents;
using Plue.Server.Tests.Testing;
using Plue.Server.Tests.Vault;
using Plue.Server.Vault;

namespace Plue.Server.Tests.Cli;

/// <summary>Each command starts with a locked vault and unlocks it if one of its providers has its key there.</summary>
public sealed class UnlockingTests : IAsyncDisposable
{
    private const string Passphrase = "correct horse";
    private const string Key = "sk-canary-unlocking-41d7";
    private readonly PlueHome home = new();
    private readonly ScriptedEndpoint endpoint = new()
    {
        Route = request =>
            request.Target.EndsWith("/models", StringComparison.Ordinal)
                ? ScriptedAnswer.Json("""{"data":[{"id":"model"}]}""")
                : ChatScript.Answer("Hello"),
    };
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    public async ValueTask DisposeAsync()
    {
        await endpoint.DisposeAsync();
        await home.DisposeAsync();
    }

    public static TheoryData<string> Commands =>
        [
            "run Hi --provider house",
            "task run worker Work",
            "models house --refresh",
            "models --refresh",
            "providers test house",
            "providers enable house",
            "health --online",
            "ai-provider",
        ];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Each_command_that_uses_a_provider_opens_the_vault_for_its_key(string line)
    {
        await WriteAsync(hasKey: true);
        await RunAsync(line, Passphrase);
        Assert.StartsWith("Passphrase of the vault: \n", error.ToString(), StringComparison.Ordinal);
        Assert.NotEmpty(endpoint.Requests);
        Assert.All(endpoint.Requests, request => Assert.Equal($"Bearer {Key}", request.Headers.GetValueOrDefault("authorization")));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task No_passphrase_prompt_when_no_key_is_needed(string line)
    {
        await WriteAsync(hasKey: false);
        await RunAsync(line, "");
        Assert.DoesNotContain("Passphrase", error.ToString(), StringComparison.Ordinal);
        Assert.NotEmpty(endpoint.Requests);
    }

    [Fact]
    public async Task Without_a_terminal_it_explains_how_to_pass_the_passphrase_and_continues_without_keys()
    {
        await WriteAsync(hasKey: true);
        home.Write("providers/free.json5", InMemorySidecar.ProviderAt(endpoint.Url));
        Assert.Equal(1, await RunAsync("providers test house", null));
        Assert.Contains("pass it with --passphrase-fd", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("The vault is locked.", output.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, await RunAsync("task run worker Work --provider free", null));
        Assert.Contains("pass it with --passphrase-fd", error.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("Hello\n", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_keychain_unlocks_the_vault_without_a_prompt_and_only_for_its_keys()
    {
        using var other = new VaultHome();
        await using (var made = other.Open())
        {
            await made.CreateAsync(UnlockMethod.Keychain, default);
            await made.StoreAsync(VaultHome.Key, VaultHome.Canary, ["https://api.anthropic.com"], default);
        }

        await using var vault = other.Open();
        var settings = new ProviderSettings
        {
            Id = "house",
            Name = "House",
            Kind = ProviderKinds.OpenAiCompatible,
        };
        foreach (
            var unkept in (ProviderSettings[])
                [settings, settings with { ApiKeyRef = "env://A_KEY" }, settings with { ApiKeyRef = "vault://gone/key" }]
        )
        {
            await VaultCommand.UnlockIfRequestedAsync(vault, null, [unkept], Terminal("", null), default);
            Assert.True((await vault.StatusAsync(default)).Locked);
        }

        await VaultCommand.UnlockIfRequestedAsync(
            vault,
            null,
            [settings, settings with { ApiKeyRef = VaultHome.Key }],
            Terminal("", null),
            default
        );
        Assert.False((await vault.StatusAsync(default)).Locked);
        await vault.LockAsync(default);
        await VaultCommand.UnlockIfRequestedAsync(
            vault,
            null,
            [settings with { AdditionalAuth = new Dictionary<string, string> { ["secret"] = VaultHome.Key } }],
            Terminal("", null),
            default
        );
        Assert.False((await vault.StatusAsync(default)).Locked);
        await vault.LockAsync(default);

        other.Keychain.Items.Clear();
        await VaultCommand.UnlockByKeychainAsync(vault, default);
        Assert.Equal("", error.ToString());
        await VaultCommand.UnlockIfRequestedAsync(vault, null, [settings with { ApiKeyRef = VaultHome.Key }], Terminal("", null), default);
        Assert.Contains("does not contain the", error.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Creates a vault with a key, and a provider with or without a reference to it.</summary>
    private async Task WriteAsync(bool hasKey)
    {
        await using (var services = new Services(LogLevel.Warning, home.Paths))
        {
            await services.Vault.Vault.CreateAsync(UnlockMethod.Passphrase(Passphrase), default);
            await services.Vault.Vault.StoreAsync("vault://house/api_key", Key, [endpoint.Url.ToString()], default);
        }

        home.Write("providers/house.json5", InMemorySidecar.ProviderAt(endpoint.Url, hasKey ? "api_key_ref: 'vault://house/api_key'" : ""));
        home.Write("config.json5", "{ default_large: 'house' }");
        AgentsHome.WriteTemplate(home.Folder, "worker", "provider_ref: 'codex://providers/house', available_tools: []");
    }

    /// <param name="typed">The keyboard input; null without a terminal.</param>
    private async Task<int> RunAsync(string line, string? typed)
    {
        output.GetStringBuilder().Clear();
        error.GetStringBuilder().Clear();
        var words = line.Split(' ');
        var terminal = Terminal(
            """{"id":"1","action":"stream_chat","provider":"house","params":{"model":"model","messages":[{"role":"user","content":"Hi"}]}}"""
                + "\n",
            typed
        );
        Command command = words[0] switch
        {
            "run" => RunCommand.Create(home.Open, terminal),
            "task" => TaskCommand.Create(home.Open, terminal),
            "models" => ModelsCommand.Create(home.Open, terminal),
            "providers" => ProvidersCommand.Create(home.Open, terminal),
            "health" => HealthCommand.Create(home.Open, terminal),
            _ => AiProviderCommand.Create(home.Open, terminal),
        };
        return await command.Parse(words[1..]).InvokeAsync();
    }

    private Terminal Terminal(string input, string? typed)
    {
        var keys = new Queue<char>((typed ?? "") + "\r");
        return new Terminal(
            new StringReader(input),
            output,
            error,
            isInputRedirected: typed is null,
            typed is null
                ? null
                : () =>
                    keys.Dequeue() is var letter && letter == '\r'
                        ? new ConsoleKeyInfo(letter, ConsoleKey.Enter, false, false, false)
                        : new ConsoleKeyInfo(letter, 0, false, false, false)
        );
    }
}
