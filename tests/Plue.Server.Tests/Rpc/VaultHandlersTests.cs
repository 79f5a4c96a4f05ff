using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Rpc;

/// <summary>vault/* over the protocol, as used by the key commands in VS Code.</summary>
public class VaultHandlersTests
{
    private const string Canary = "sk-vault-canary-0123456789abcdef";
    private const string Other = "sk-vault-second-fedcba9876543210";
    private const string Reference = "vault://openai/api_key";

    [Fact]
    public async Task SEC_55_No_answer_about_the_vault_holds_a_secret()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        await sidecar.UnlockedVaultAsync();
        List<JsonNode?> answers =
        [
            await sidecar.Client.ResultAsync(
                "vault/store",
                new
                {
                    reference = Reference,
                    secret = Canary,
                    origins = new[] { "https://api.openai.com" },
                }
            ),
            await sidecar.Client.ResultAsync("vault/rotate", new { reference = Reference, secret = Other }),
            await sidecar.Client.ResultAsync(
                "vault/setOrigins",
                new { reference = Reference, origins = new[] { "https://proxy.example" } }
            ),
            await sidecar.Client.ResultAsync("vault/list"),
            await sidecar.Client.ResultAsync("vault/status"),
        ];
        Assert.Equal(["cdef", "3210", "3210"], answers.Take(3).Select(answer => (string?)answer?["lastFour"]));
        Assert.Equal("""["https://proxy.example"]""", answers[2]?["origins"]?.ToJsonString());
        Assert.All(answers, answer => Assert.DoesNotContain("sk-vault", answer?.ToJsonString(), StringComparison.Ordinal));
        await sidecar.Client.ResultAsync("vault/delete", new { reference = Reference });
        Assert.Empty((await sidecar.Client.ResultAsync("vault/list"))?["entries"]?.AsArray() ?? []);
    }

    [Fact]
    public async Task A_vault_that_the_editor_opens_opens_by_its_passphrase_too_and_a_changed_one_needs_the_old()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var client = sidecar.Client;
        await sidecar.UnlockedVaultAsync();
        var ways = (await client.ResultAsync("vault/addUnlockMethod", new { method = "passphrase", secret = "correct horse battery" }))
            ?["unlockMethods"]?.AsArray()
            .Select(way => (string?)way);
        Assert.Contains("passphrase", ways ?? []);
        Assert.NotNull(
            (
                await client.RequestAsync(
                    "vault/setPassphrase",
                    new { current = "a wrong passphrase", passphrase = "staple of another kind" }
                )
            )["error"]
        );
        await client.ResultAsync("vault/setPassphrase", new { current = "correct horse battery", passphrase = "staple of another kind" });
        Assert.True((bool?)(await client.ResultAsync("vault/lock"))?["locked"]);
        Assert.NotNull(
            (await client.RequestAsync("vault/unlock", new { method = "passphrase", secret = "correct horse battery" }))["error"]
        );
        Assert.False(
            (bool?)(await client.ResultAsync("vault/unlock", new { method = "passphrase", secret = "staple of another kind" }))?["locked"]
        );
    }

    [Fact]
    public async Task A_key_that_is_renamed_is_renamed_where_it_is_named()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("one", InMemorySidecar.ProviderAt(new Uri("http://127.0.0.1:9/"), $"api_key_ref: '{Reference}'"));
        await sidecar.UnlockedVaultAsync();
        await sidecar.Client.ResultAsync(
            "vault/store",
            new
            {
                reference = Reference,
                secret = Canary,
                origins = new[] { "http://127.0.0.1:9" },
            }
        );
        var renamed = await sidecar.Client.ResultAsync(
            "vault/rename",
            new { reference = Reference, newReference = "vault://work/api_key" }
        );
        Assert.Equal(
            ("vault://work/api_key", """["one"]"""),
            ((string?)renamed?["entry"]?["reference"], renamed?["changedProviders"]?.ToJsonString())
        );
        Assert.Contains(
            "'vault://work/api_key'",
            File.ReadAllText(Path.Combine(sidecar.Home, "providers", "one.json5")).Replace('"', '\''),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_file_of_keys_is_shown_without_its_values_and_only_what_is_chosen_is_taken()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        await sidecar.UnlockedVaultAsync();
        var path = Path.Combine(sidecar.Home, "keys.env");
        File.AppendAllText(path, $"OPENAI_API_KEY={Canary}\nMY_TOKEN=\"{Other}\"\n");
        var read = await sidecar.Client.ResultAsync("vault/readEnv", new { path });
        Assert.DoesNotContain("sk-vault", read?.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(
            ["OPENAI_API_KEY cdef vault://openai/api_key", "MY_TOKEN 3210 vault://my-token/my_token"],
            read?["entries"]?.AsArray().Select(entry => $"{entry?["name"]} {entry?["lastFour"]} {entry?["reference"]}")
        );

        object Chosen(string name) =>
            new
            {
                path,
                entries = new[]
                {
                    new
                    {
                        name,
                        reference = Reference,
                        origins = new[] { "https://api.openai.com" },
                    },
                },
            };
        var taken = await sidecar.Client.ResultAsync("vault/importEnv", Chosen("OPENAI_API_KEY"));
        Assert.Equal([Reference], taken?["entries"]?.AsArray().Select(entry => (string?)entry?["reference"]));
        Assert.True((bool?)(await sidecar.Client.ResultAsync("vault/readEnv", new { path }))?["entries"]?[0]?["exists"]);
        Assert.Equal("conflict", ChatScript.ErrorKind(await sidecar.Client.RequestAsync("vault/importEnv", Chosen("GONE"))));
    }
}
