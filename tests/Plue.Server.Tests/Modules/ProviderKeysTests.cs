using System.Text;
using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Templates;
using Plue.Server.Tests.Vault;

namespace Plue.Server.Tests.Modules;

public sealed class ProviderKeysTests : IAsyncLifetime
{
    private const string Canary = "sk-canary-literal-0123456789";
    private readonly PluePaths paths = new(Directory.CreateTempSubdirectory("plue-keys-").FullName);
    private readonly Services services;

    public ProviderKeysTests() => services = new Services(LogLevel.None, paths);

    public async ValueTask InitializeAsync() => await services.Vault.Vault.CreateAsync(VaultHome.Editor, default);

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        Directory.Delete(paths.Home, recursive: true);
    }

    [Theory]
    [InlineData("api_key_ref: '{0}'")]
    [InlineData("api_key: '{0}'")]
    public async Task A_key_typed_into_a_file_moves_into_the_vault_bound_to_the_address_it_is_for(string line)
    {
        Save(
            "house",
            $"// mine\n{{ name: 'House', provider_type: 'openai-compatible', endpoint: 'http://localhost:8080/v1', {string.Format(null, line, Canary)} }}\n"
        );
        await services.ProviderKeys.MoveAsync("house", default);

        var text = Text("house");
        Assert.DoesNotContain(Canary, text);
        Assert.Contains("// mine", text);
        Assert.Contains("api_key_ref: \"vault://house/api_key\"", text);
        Assert.DoesNotContain("api_key:", text);
        Assert.Equal(
            Canary,
            await services.Vault.Vault.GetAsync("vault://house/api_key", new Uri("http://localhost:8080/v1/models"), default)
        );
        Assert.Null(services.Providers.Registry.List().Single(provider => provider.Settings.Id == "house").Fault);
    }

    [Fact]
    public async Task A_header_moves_whole_and_no_key_in_the_vault_is_replaced()
    {
        await services.Vault.Vault.StoreAsync("vault://house/authorization", "sk-canary-older", ["http://localhost:8080"], default);
        Save(
            "house",
            $"{{ name: 'House', provider_type: 'openai-compatible', endpoint: 'http://localhost:8080/v1', headers: {{ authorization: 'Bearer {Canary}' }} }}"
        );
        await services.ProviderKeys.MoveAsync("house", default);
        Assert.Contains("vault://house/authorization-2", Text("house"));
        Assert.Equal(
            $"Bearer {Canary}",
            await services.Vault.Vault.GetAsync("vault://house/authorization-2", new Uri("http://localhost:8080"), default)
        );
        Assert.Equal(
            "sk-canary-older",
            await services.Vault.Vault.GetAsync("vault://house/authorization", new Uri("http://localhost:8080"), default)
        );
    }

    [Fact]
    public async Task Without_a_key_to_move_nothing_changes()
    {
        Save("house", "{ name: 'House', provider_type: 'ollama' }");
        Assert.Equal(
            FailureKind.NotFound,
            (await Assert.ThrowsAsync<FailureException>(() => services.ProviderKeys.MoveAsync("house", default))).Failure.Kind
        );
        Assert.Equal("{ name: 'House', provider_type: 'ollama' }", Text("house"));
    }

    [Fact]
    public async Task A_locked_vault_leaves_the_file_as_it_is()
    {
        await services.Vault.Vault.LockAsync(default);
        Save("house", $"{{ name: 'House', provider_type: 'anthropic', api_key_ref: '{Canary}' }}");
        Assert.Equal(
            FailureKind.VaultLocked,
            (await Assert.ThrowsAsync<FailureException>(() => services.ProviderKeys.MoveAsync("house", default))).Failure.Kind
        );
        Assert.Contains(Canary, Text("house"));
    }

    [Fact]
    public async Task Renaming_a_key_updates_all_files_that_name_it()
    {
        await services.Vault.Vault.StoreAsync("vault://team/api_key", Canary, ["https://api.anthropic.com"], default);
        Save("one", "{ name: 'One', provider_type: 'anthropic', api_key_ref: 'vault://team/api_key' }");
        Save("two", "{ name: 'Two', provider_type: 'anthropic', headers: { 'x-api-key': 'vault://team/api_key' } } // kept");
        Save("three", "{ name: 'Three', provider_type: 'ollama' }");
        Assert.Equal(["one", "two"], services.ProviderKeys.UsedBy("vault://team/api_key"));
        Assert.Equal(["one", "two"], await services.ProviderKeys.RenameAsync("vault://team/api_key", "vault://work/key", default));
        Assert.Contains("vault://work/key", Text("one"));
        Assert.Contains("vault://work/key", Text("two"));
        Assert.Contains("// kept", Text("two"));
    }

    [Fact]
    public async Task A_broken_file_that_names_the_key_stops_the_rename_before_anything_changed()
    {
        await services.Vault.Vault.StoreAsync("vault://team/api_key", Canary, ["https://api.anthropic.com"], default);
        Save("one", "{ name: 'One', api_key_ref: 'vault://team/api_key', provider_type: , }");
        Assert.Equal(
            FailureKind.Conflict,
            (
                await Assert.ThrowsAsync<FailureException>(() =>
                    services.ProviderKeys.RenameAsync("vault://team/api_key", "vault://work/key", default)
                )
            )
                .Failure
                .Kind
        );
        Assert.True(await services.Vault.Vault.ContainsAsync("vault://team/api_key", default));
    }

    [Fact]
    public async Task A_key_after_a_scheme_in_a_header_is_renamed()
    {
        await services.Vault.Vault.StoreAsync("vault://team/api_key", Canary, ["http://localhost:8080"], default);
        Save(
            "one",
            "{ name: 'One', provider_type: 'openai-compatible', endpoint: 'http://localhost:8080/v1', headers: { authorization: 'Bearer vault://team/api_key' } }"
        );
        Assert.Equal(["one"], await services.ProviderKeys.RenameAsync("vault://team/api_key", "vault://work/key", default));
        Assert.Contains("\"Bearer vault://work/key\"", Text("one"));
    }

    [Theory]
    [InlineData("vault://corp/access_token", "vault://work/key")]
    [InlineData("vault://corp/refresh_token", "vault://work/key")]
    [InlineData("vault://team/api_key", "vault://corp/refresh_token")]
    public async Task A_sign_in_is_not_renamed_and_its_name_cannot_be_reused(string from, string to)
    {
        Save("corp", "{ name: 'Corp', provider_type: 'openai-compatible', endpoint: 'http://localhost:8080/v1', auth_type: 'oauth' }");
        await services.Vault.Vault.StoreAsync(from, Canary, ["http://localhost:8080"], default);
        var failure = (await Assert.ThrowsAsync<FailureException>(() => services.ProviderKeys.RenameAsync(from, to, default))).Failure;
        Assert.Equal(FailureKind.Conflict, failure.Kind);
        Assert.Contains("sign-in of Corp", failure.Message);
        Assert.True(await services.Vault.Vault.ContainsAsync(from, default));
        Assert.False(await services.Vault.Vault.ContainsAsync(to, default));
    }

    private void Save(string id, string text) =>
        DocumentFile.Replace(Path.Combine(paths.Providers, id + ".json5"), Encoding.UTF8.GetBytes(text));

    private string Text(string id) => File.ReadAllText(Path.Combine(paths.Providers, id + ".json5"));
}
