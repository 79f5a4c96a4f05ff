using System.Text.Json.Nodes;
using Plue.Server.Messages;
using Plue.Server.Tests.Testing;
using Plue.Server.Vault;

namespace Plue.Server.Tests.Vault;

public sealed class VaultGenerationTests : IDisposable
{
    private readonly VaultHome home = new();

    public void Dispose() => home.Dispose();

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public async Task An_older_copy_that_is_put_back_is_refused_until_the_user_accepts_it(bool inFolder, bool inKeychain)
    {
        await using (var vault = await home.CreateAsync())
        {
            if (inKeychain)
            {
                await vault.AddUnlockMethodAsync(UnlockMethod.Keychain, default);
            }
        }

        var older = home.Bytes;
        await using (var vault = await OpenAsync())
        {
            await vault.DeleteAsync(VaultHome.Key, default);
        }
        var newer = home.Bytes;
        home.Bytes = older;
        if (!inFolder)
        {
            File.Delete(home.Path + ".generation");
        }

        await using (var vault = home.Open())
        {
            var refused = await Assert.ThrowsAsync<FailureException>(() => vault.UnlockAsync(VaultHome.Editor, default));
            Assert.Equal(FailureKind.VaultOlder, refused.Failure.Kind);
            Assert.Contains("older copy", refused.Message, StringComparison.Ordinal);
            Assert.Equal((true, null), ((await vault.StatusAsync(default)).Locked, (await vault.StatusAsync(default)).Problem));
        }

        home.Bytes = newer;
        await using (await OpenAsync()) { }

        home.Bytes = older;
        await using (var vault = home.Open())
        {
            await vault.UnlockAsync(VaultHome.Editor, default, acceptOlder: true);
        }
        await using (var vault = await OpenAsync())
        {
            Assert.Equal(VaultHome.Canary, await vault.GetAsync(VaultHome.Key, VaultHome.Anthropic, default));
        }
    }

    [Fact]
    public async Task An_older_copy_that_is_put_back_while_the_vault_is_open_locks_it_and_is_named()
    {
        await using var vault = await home.CreateAsync();
        var older = home.Bytes;
        await vault.DeleteAsync(VaultHome.Key, default);
        home.Bytes = older;
        var refused = await Assert.ThrowsAsync<FailureException>(() => vault.ListAsync(default));
        Assert.Equal(FailureKind.VaultOlder, refused.Failure.Kind);
        var status = await vault.StatusAsync(default);
        Assert.True(status is { Locked: true, Problem: null, UnlockMethods: ["editor"] });
    }

    [Fact]
    public async Task A_vault_changed_by_another_machine_opens_and_continues_its_generation()
    {
        await using (await home.CreateAsync()) { }
        var before = home.Bytes;
        await using (var elsewhere = new Plue.Server.Vault.Vault(home.Path, home.Keychain, home.Redactor))
        {
            await elsewhere.UnlockAsync(VaultHome.Editor, default);
            await elsewhere.DeleteAsync(VaultHome.Key, default);
        }

        await File.WriteAllTextAsync(home.Path + ".generation", "another 99\n");
        await using (await OpenAsync()) { }

        home.Bytes = before;
        await using var vault = home.Open();
        await Assert.ThrowsAsync<FailureException>(() => vault.UnlockAsync(VaultHome.Editor, default));
    }

    [Fact]
    public async Task A_vault_of_version_1_opens_unchanged_and_the_first_change_makes_it_version_2()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(home.Path)!);
        var old = await File.ReadAllBytesAsync(Path.Combine(Repository.Root, "tests/Plue.Server.Tests/Vault/vault-version-1.json"));
        home.Bytes = old;
        await using (var vault = home.Open())
        {
            await vault.UnlockAsync(UnlockMethod.Passphrase("correct horse battery"), default);
            Assert.Single(await vault.ListAsync(default));
        }

        Assert.Equal(old, home.Bytes);
        await using (var vault = home.Open())
        {
            await vault.UnlockAsync(UnlockMethod.Passphrase("correct horse battery"), default);
            Assert.Equal(VaultHome.Canary, await vault.GetAsync(VaultHome.Key, VaultHome.Anthropic, default));
            await vault.StoreAsync("vault://other/key", "another-secret", ["https://a.example"], default);
        }

        Assert.Equal(2, (int?)JsonNode.Parse(home.Bytes)?["version"]);
        await using (var vault = home.Open())
        {
            await vault.UnlockAsync(UnlockMethod.Passphrase("correct horse battery"), default);
            Assert.Equal(VaultHome.Canary, await vault.GetAsync(VaultHome.Key, VaultHome.Anthropic, default));
        }

        home.Bytes = old;
        await using var rolledBack = home.Open();
        var refused = await Assert.ThrowsAsync<FailureException>(() =>
            rolledBack.UnlockAsync(UnlockMethod.Passphrase("correct horse battery"), default)
        );
        Assert.Equal(FailureKind.VaultOlder, refused.Failure.Kind);
    }

    private async Task<Plue.Server.Vault.Vault> OpenAsync()
    {
        var vault = home.Open();
        await vault.UnlockAsync(VaultHome.Editor, default);
        return vault;
    }
}
