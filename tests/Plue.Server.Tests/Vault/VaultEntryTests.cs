using Plue.Server.Messages;
using Plue.Server.Vault;

namespace Plue.Server.Tests.Vault;

/// <summary>Changes of a stored entry.</summary>
public sealed class VaultEntryTests : IDisposable
{
    private readonly VaultHome home = new();

    public void Dispose() => home.Dispose();

    [Fact]
    public async Task A_rotated_key_goes_where_the_old_one_went_and_both_stay_masked()
    {
        await using var vault = await home.CreateAsync();
        await vault.RotateAsync(VaultHome.Key, "sk-canary-the-new-one", default);
        Assert.Equal("sk-canary-the-new-one", await vault.GetAsync(VaultHome.Key, VaultHome.Anthropic, default));
        Assert.Equal("*** ***", home.Redactor.Mask($"{VaultHome.Canary} sk-canary-the-new-one"));
        await FailsAsync(FailureKind.NotFound, () => vault.RotateAsync("vault://no/body", "sk-canary-x", default));
    }

    [Fact]
    public async Task A_renamed_key_is_the_same_key_and_its_old_name_is_free()
    {
        await using (var vault = await home.CreateAsync())
        {
            await vault.RenameAsync(VaultHome.Key, "vault://work/anthropic", default);
        }

        await using var again = home.Open();
        await again.UnlockAsync(VaultHome.Editor, default);
        Assert.Equal(VaultHome.Canary, await again.GetAsync("vault://work/anthropic", VaultHome.Anthropic, default));
        Assert.Equal(["vault://work/anthropic"], (await again.ListAsync(default)).Select(entry => entry.Reference));
    }

    [Fact]
    public async Task A_taken_or_impossible_name_changes_nothing()
    {
        await using var vault = await home.CreateAsync();
        await vault.StoreAsync("vault://other/api_key", "sk-canary-other", ["https://a.example"], default);
        var before = home.Bytes;
        await FailsAsync(FailureKind.Conflict, () => vault.RenameAsync(VaultHome.Key, "vault://other/api_key", default));
        await FailsAsync(FailureKind.BadRequest, () => vault.RenameAsync(VaultHome.Key, "vault://../x", default));
        await FailsAsync(FailureKind.NotFound, () => vault.RenameAsync("vault://no/body", "vault://a/b", default));
        Assert.Equal(before, home.Bytes);
    }

    [Fact]
    public async Task New_origins_replace_the_old_ones()
    {
        await using var vault = await home.CreateAsync();
        await vault.SetOriginsAsync(VaultHome.Key, ["http://localhost:8080/v1"], default);
        Assert.Equal(VaultHome.Canary, await vault.GetAsync(VaultHome.Key, new Uri("http://localhost:8080/other"), default));
        await FailsAsync(FailureKind.KeyNotBoundToOrigin, () => vault.GetAsync(VaultHome.Key, VaultHome.Anthropic, default).AsTask());
        await FailsAsync(FailureKind.MissingField, () => vault.SetOriginsAsync(VaultHome.Key, [], default));
    }

    [Fact]
    public async Task Changing_a_passphrase_requires_the_current_one()
    {
        await using var vault = await home.CreateAsync();
        await vault.SetPassphraseAsync(null, "the first one", default);
        await FailsAsync(FailureKind.VaultLocked, () => vault.SetPassphraseAsync("a wrong one", "the second one", default));
        await FailsAsync(FailureKind.MissingField, () => vault.SetPassphraseAsync(null, "the second one", default));
        await FailsAsync(FailureKind.BadRequest, () => vault.SetPassphraseAsync("the first one", "short", default));
        await vault.SetPassphraseAsync("the first one", "the second one", default);

        await using var other = home.Open();
        await FailsAsync(FailureKind.VaultLocked, () => other.UnlockAsync(UnlockMethod.Passphrase("the first one"), default));
        await other.UnlockAsync(UnlockMethod.Passphrase("the second one"), default);
    }

    private static async Task FailsAsync(FailureKind kind, Func<Task> act) =>
        Assert.Equal(kind, (await Assert.ThrowsAsync<FailureException>(act)).Failure.Kind);
}
