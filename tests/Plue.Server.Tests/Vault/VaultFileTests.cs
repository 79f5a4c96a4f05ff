using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Plue.Server.Messages;
using Plue.Server.Vault;

namespace Plue.Server.Tests.Vault;

/// <summary>Tampering with the vault file, disk errors and careless edits.</summary>
public sealed class VaultFileTests : IDisposable
{
    private readonly VaultHome home = new();

    public void Dispose() => home.Dispose();

    [Fact]
    public async Task A_flipped_bit_in_any_byte_is_noticed()
    {
        await MakeAsync();
        var good = home.Bytes;
        for (var at = 0; at < good.Length; at++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var bad = good.ToArray();
                bad[at] ^= (byte)(1 << bit);
                Assert.True(
                    IsRefused(bad),
                    $"byte {at}, bit {bit}: {Encoding.UTF8.GetString(good, Math.Max(0, at - 20), Math.Min(20, at))}|"
                );
            }
        }

        await RefusesAsync([.. good[..100], (byte)(good[100] ^ 1), .. good[101..]]);
    }

    [Fact]
    public async Task A_seal_spelled_another_way_is_noticed()
    {
        await MakeAsync();
        var vault = VaultFile.Parse(home.Bytes);
        const string Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        var last = Digits[Digits.IndexOf(vault.Seal[^2]) ^ 1];
        var respelled = $"{vault.Seal[..^2]}{last}=";
        Assert.Equal(Convert.FromBase64String(vault.Seal), Convert.FromBase64String(respelled));
        await RefusesAsync(VaultFile.Serialize(vault with { Seal = respelled }));
    }

    [Fact]
    public async Task A_file_cut_at_any_length_is_refused_and_left_as_it_is()
    {
        await MakeAsync();
        var good = home.Bytes;
        for (var length = 0; length < good.Length; length++)
        {
            Assert.True(IsRefused(good[..length]), $"length {length}");
        }

        await RefusesAsync([]);
        await RefusesAsync(good[..(good.Length / 2)]);
        await RefusesAsync([.. good, (byte)' ']);
        await RefusesAsync([0xEF, 0xBB, 0xBF, .. good]);
        await RefusesAsync(new byte[good.Length]);
    }

    [Fact]
    public async Task Entries_that_swapped_their_secrets_are_noticed()
    {
        await MakeAsync();
        await ChangedAsync(vault =>
        {
            var (first, second) = (vault["entries"]![0]!, vault["entries"]![1]!);
            var (one, two) = ((string)first["secret"]!, (string)second["secret"]!);
            (first["secret"], second["secret"]) = (two, one);
        });
    }

    [Fact]
    public async Task An_entry_is_bound_to_its_name_and_origins_even_under_a_true_seal()
    {
        await MakeAsync();
        var vault = VaultFile.Parse(home.Bytes);
        using var key = VaultFile.Unwrap(vault, vault.Ways[0], VaultHome.Editor.Key)!;
        var dataKey = key.Span.ToArray();
        var (first, second) = (vault.Entries[0], vault.Entries[1]);
        Assert.Throws<FailureException>(() => VaultFile.Decrypt(vault, first with { Secret = second.Secret }, dataKey));
        Assert.Throws<FailureException>(() => VaultFile.Decrypt(vault, first with { Origins = ["https://evil.example"] }, dataKey));
        Assert.Throws<FailureException>(() =>
            VaultFile.Decrypt(vault, first with { Origins = [.. first.Origins, "https://evil.example"] }, dataKey)
        );
        Assert.Throws<FailureException>(() => VaultFile.Decrypt(vault with { Id = "another" }, first, dataKey));
        Assert.Equal(VaultHome.Canary, Encoding.UTF8.GetString(VaultFile.Decrypt(vault, first, dataKey).Span));
    }

    [Fact]
    public async Task A_removed_a_repeated_and_a_renamed_entry_are_noticed()
    {
        await MakeAsync();
        await ChangedAsync(vault => vault["entries"]!.AsArray().RemoveAt(0));
        await ChangedAsync(vault => vault["entries"]!.AsArray().Clear());
        await ChangedAsync(vault => vault["entries"]!.AsArray().Add(vault["entries"]![0]!.DeepClone()));
        await ChangedAsync(vault => vault["entries"]![0]!["reference"] = "vault://anthropic/api_kez");
        await ChangedAsync(vault => vault["entries"]![0]!["origins"]!.AsArray().Add("https://evil.example"));
        await ChangedAsync(vault => vault["entries"]![0]!["origins"]!.AsArray().Clear());
        await ChangedAsync(vault => vault["entries"]![0]!["last_used"] = "2026-01-01T00:00:00+00:00");
    }

    [Fact]
    public async Task A_removed_way_and_a_weaker_passphrase_are_noticed()
    {
        await MakeAsync();
        await ChangedAsync(vault => vault["ways"]!.AsArray().RemoveAt(1));
        await ChangedAsync(vault => vault["ways"]![1]!["rounds"] = 700_000);
        await ChangedAsync(vault => vault["ways"]![1]!["rounds"] = 1);
        await ChangedAsync(vault => vault["ways"]![1]!.AsObject().Remove("rounds"));
        await ChangedAsync(vault => vault["ways"]![1]!["kind"] = "keychain");
        await ChangedAsync(vault => vault["ways"]!.AsArray().Clear());
    }

    [Fact]
    public async Task A_later_file_version_is_reported_regardless_of_its_shape()
    {
        await MakeAsync();
        var failure = await RefusesAsync("""{"format":"plue-vault","version":3,"boxes":[[[[[[[[[[1]]]]]]]]]]}"""u8.ToArray());
        Assert.Contains("newer version", failure.Message);
        await RefusesAsync("""{"format":"plue-vault","version":99999999999999999999}"""u8.ToArray());
        await RefusesAsync("""{"format":"plue-vault","version":0}"""u8.ToArray());
        await RefusesAsync("""{"format":"other","version":1}"""u8.ToArray());
        await RefusesAsync("null"u8.ToArray());
        await RefusesAsync("[]"u8.ToArray());
        await RefusesAsync("""{"format":"plue-vault","version":1,"id":"x","ways":null,"entries":[null],"seal":""}"""u8.ToArray());
        await RefusesAsync("""{"format":"plue-vault","version":1,"id":"x","ways":[null],"entries":[null],"seal":""}"""u8.ToArray());
        await RefusesAsync(Encoding.UTF8.GetBytes(new string('[', 100_000)));
    }

    [Fact]
    public async Task A_huge_cost_of_derivation_is_refused_before_any_of_it_is_paid()
    {
        await MakeAsync();
        var changed = JsonNode.Parse(home.Bytes)!;
        changed["ways"]![1]!["rounds"] = int.MaxValue;
        var started = Stopwatch.GetTimestamp();
        var failure = await RefusesAsync(Encoding.UTF8.GetBytes(changed.ToJsonString()), UnlockMethod.Passphrase("correct horse"));
        Assert.Contains("rounds", failure.Message);
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(5), "It took the bait.");
    }

    [Fact]
    public async Task A_file_too_large_to_be_a_vault_is_not_read()
    {
        await MakeAsync();
        using (var stream = File.OpenWrite(home.Path))
        {
            stream.SetLength(20L * 1024 * 1024 * 1024);
        }

        await using var vault = home.Open();
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var failure = await Assert.ThrowsAsync<FailureException>(() => vault.UnlockAsync(VaultHome.Editor, default));
        Assert.Contains("4 MiB", failure.Message);
        // Concurrent tests allocate some megabytes, too.
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 1024L * 1024 * 1024);
    }

    [Fact]
    public async Task A_full_vault_rejects_the_next_secret_and_keeps_the_others()
    {
        await using var vault = await home.CreateAsync();
        var secret = new string('x', 60_000);
        var stored = 0;
        var failure = await Assert.ThrowsAsync<FailureException>(async () =>
        {
            while (stored < 100)
            {
                await vault.StoreAsync($"vault://big/k{stored++}", secret, ["https://a.example"], default);
            }
        });
        Assert.Contains("full", failure.Message);
        Assert.Equal(stored, (await vault.ListAsync(default)).Count);
    }

    private async Task MakeAsync()
    {
        await using var vault = await home.CreateAsync();
        await vault.AddUnlockMethodAsync(UnlockMethod.Passphrase("correct horse"), default);
        await vault.StoreAsync("vault://openai/api_key", "sk-another-canary", ["https://api.openai.com"], default);
    }

    // Checks only format and seal, without a vault, which is fast enough to test every bit of the file.
    private static bool IsRefused(byte[] bytes)
    {
        try
        {
            var vault = VaultFile.Parse(bytes);
            using var key = vault.Ways.FirstOrDefault(method => method.Kind == UnlockMethod.EditorKind && method.Id == "desk") is { } method
                ? VaultFile.Unwrap(vault, method, VaultHome.Editor.Key)
                : null;
            return key is null || !VaultFile.IsSealedBy(vault, key.Span);
        }
        catch (FailureException exception)
        {
            return exception.Failure.Kind == FailureKind.VaultLocked;
        }
    }

    // Writes the file in the exact format of the vault, so that only the seal can detect the change.
    private async Task ChangedAsync(Action<JsonNode> change)
    {
        var good = home.Bytes;
        var node = JsonNode.Parse(good)!;
        change(node);
        var text = node.ToJsonString(
            new()
            {
                WriteIndented = true,
                NewLine = "\n",
                Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );
        await RefusesAsync(Encoding.UTF8.GetBytes(text + "\n"));
        home.Bytes = good;
    }

    private async Task<FailureException> RefusesAsync(byte[] bytes, UnlockMethod? method = null)
    {
        home.Bytes = bytes;
        await using var vault = home.Open();
        var failure = await Assert.ThrowsAsync<FailureException>(() => vault.UnlockAsync(method ?? VaultHome.Editor, default));
        Assert.Equal(FailureKind.VaultLocked, failure.Failure.Kind);
        await Assert.ThrowsAsync<FailureException>(() => vault.StoreAsync(VaultHome.Key, "new secret", ["https://a.example"], default));
        await Assert.ThrowsAsync<FailureException>(() => vault.CreateAsync(VaultHome.Editor, default));
        Assert.True((await vault.StatusAsync(default)).Locked);
        Assert.Equal(bytes, home.Bytes);
        return failure;
    }
}
