using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Vault;

namespace Plue.Server.Tests.Vault;

public sealed partial class VaultTests : IDisposable
{
    private readonly VaultHome home = new();

    public void Dispose() => home.Dispose();

    [Fact]
    public async Task Stored_secrets_are_available_for_their_origin_after_a_restart()
    {
        await using (await home.CreateAsync()) { }

        await using var vault = home.Open();
        await vault.UnlockAsync(VaultHome.Editor, default);
        Assert.Equal(VaultHome.Canary, await vault.GetAsync(VaultHome.Key, VaultHome.Anthropic, default));
    }

    [Fact]
    public async Task The_editor_the_keychain_and_a_passphrase_open_the_same_vault()
    {
        await using (var first = await home.CreateAsync())
        {
            await first.AddUnlockMethodAsync(UnlockMethod.Keychain, default);
            await first.AddUnlockMethodAsync(UnlockMethod.Passphrase("correct horse"), default);
            await first.AddUnlockMethodAsync(UnlockMethod.Editor("laptop", new byte[32]), default);
        }

        foreach (
            var method in new[]
            {
                VaultHome.Editor,
                UnlockMethod.Keychain,
                UnlockMethod.Passphrase("correct horse"),
                UnlockMethod.Editor("laptop", new byte[32]),
            }
        )
        {
            await using var vault = home.Open();
            await vault.UnlockAsync(method, default);
            Assert.Equal(VaultHome.Canary, await vault.GetAsync(VaultHome.Key, VaultHome.Anthropic, default));
            Assert.Equal(["editor", "keychain", "passphrase"], (await vault.StatusAsync(default)).UnlockMethods);
        }
    }

    [Fact]
    public async Task A_new_passphrase_takes_the_place_of_the_old_one()
    {
        await using var vault = await home.CreateAsync();
        await vault.AddUnlockMethodAsync(UnlockMethod.Passphrase("the old one"), default);
        await vault.AddUnlockMethodAsync(UnlockMethod.Passphrase("the new one"), default);

        await using var other = home.Open();
        await FailsAsync(FailureKind.VaultLocked, () => other.UnlockAsync(UnlockMethod.Passphrase("the old one"), default));
        await other.UnlockAsync(UnlockMethod.Passphrase("the new one"), default);
    }

    [Theory]
    [InlineData("editor")]
    [InlineData("keychain")]
    [InlineData("passphrase")]
    public async Task A_wrong_or_unknown_key_leaves_the_vault_locked_and_the_file_untouched(string kind)
    {
        await using (var first = await home.CreateAsync())
        {
            await first.AddUnlockMethodAsync(UnlockMethod.Passphrase("correct horse"), default);
            await first.AddUnlockMethodAsync(UnlockMethod.Keychain, default);
        }

        home.Keychain.Items[VaultFile.Parse(home.Bytes).Id] = new byte[32];
        var before = home.Bytes;
        await using var vault = home.Open();
        var method = UnlockMethod.Parse(
            kind,
            kind == "editor" ? "desk" : null,
            kind == "editor" ? Convert.ToBase64String(new byte[32]) : "wrong horse"
        );
        await FailsAsync(FailureKind.VaultLocked, () => vault.UnlockAsync(method, default));
        await FailsAsync(FailureKind.VaultLocked, () => vault.UnlockAsync(UnlockMethod.Editor("nobody", new byte[32]), default));
        await FailsAsync(FailureKind.VaultLocked, () => vault.GetAsync(VaultHome.Key, VaultHome.Anthropic, default).AsTask());
        await FailsAsync(FailureKind.VaultLocked, () => vault.StoreAsync("vault://a/b", "secret", ["https://a.example"], default));
        Assert.Equal(before, home.Bytes);
        Assert.True((await vault.StatusAsync(default)).Locked);
    }

    [Fact]
    public async Task A_new_vault_is_never_made_over_one_that_exists_even_a_damaged_one()
    {
        await using (await home.CreateAsync()) { }

        foreach (var content in new[] { home.Bytes, [], new byte[] { 0, 0, 0 } })
        {
            home.Bytes = content;
            await using var vault = home.Open();
            await FailsAsync(FailureKind.Conflict, () => vault.CreateAsync(VaultHome.Editor, default));
            Assert.Equal(content, home.Bytes);
        }
    }

    [Fact]
    public async Task A_dangling_link_counts_as_a_vault_that_cannot_be_read()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a right of their own on Windows.");
        Directory.CreateDirectory(Path.GetDirectoryName(home.Path)!);
        File.CreateSymbolicLink(home.Path, Path.Combine(home.Directory, "unplugged", "vault.json"));
        await using var vault = home.Open();
        await FailsAsync(FailureKind.Conflict, () => vault.CreateAsync(VaultHome.Editor, default));
        Assert.NotNull((await vault.StatusAsync(default)).Problem);
    }

    [Fact]
    public async Task Without_a_vault_the_status_reports_it_and_every_call_explains_what_to_do()
    {
        await using var vault = home.Open();
        var status = await vault.StatusAsync(default);
        Assert.False(status.Exists);
        Assert.True(status.Locked);
        Assert.Null(status.Problem);
        await FailsAsync(FailureKind.NotFound, () => vault.UnlockAsync(VaultHome.Editor, default));
        await FailsAsync(FailureKind.NotFound, () => vault.GetAsync(VaultHome.Key, VaultHome.Anthropic, default).AsTask());
        await FailsAsync(FailureKind.NotFound, () => vault.ListAsync(default));
        Assert.False(await vault.ContainsAsync(VaultHome.Key, default));
        Assert.False(File.Exists(home.Path));
    }

    [Fact]
    public async Task The_list_shows_the_last_four_of_long_secrets_only()
    {
        await using var vault = await home.CreateAsync();
        await vault.StoreAsync("vault://local/eleven", "12345678901", ["http://localhost:8080/v1"], default);
        await vault.StoreAsync("vault://local/twelve", "123456789012", ["http://localhost:8080", "https://LAN.example:443/x"], default);
        var entries = await vault.ListAsync(default);
        Assert.Equal([VaultHome.Key, "vault://local/eleven", "vault://local/twelve"], entries.Select(entry => entry.Reference));
        Assert.Equal(["c=84", "", "9012"], entries.Select(entry => entry.LastFour));
        Assert.Equal(["http://localhost:8080", "https://lan.example"], entries[2].Origins);
    }

    [Fact]
    public async Task The_last_use_is_known_after_a_restart_and_never_fails_a_call()
    {
        var time = new SteppingTime(new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero));
        await using (await home.CreateAsync()) { }

        await using (var vault = home.Open(time))
        {
            await vault.UnlockAsync(VaultHome.Editor, default);
            Assert.Null((await vault.ListAsync(default)).Single().LastUsed);
            await vault.GetAsync(VaultHome.Key, VaultHome.Anthropic, default);
            time.Now += TimeSpan.FromMinutes(5);
            await vault.GetAsync(VaultHome.Key, VaultHome.Anthropic, default);
            Assert.Equal(time.Now, (await vault.ListAsync(default)).Single().LastUsed);
        }

        await using var reopened = home.Open();
        await reopened.UnlockAsync(VaultHome.Editor, default);
        Assert.Equal(time.Now, (await reopened.ListAsync(default)).Single().LastUsed);

        Directory.CreateDirectory(home.Path + ".aside");
        File.Delete(home.Path + ".lock");
        Directory.CreateDirectory(home.Path + ".lock");
        Assert.Equal(VaultHome.Canary, await reopened.GetAsync(VaultHome.Key, VaultHome.Anthropic, default));
        await reopened.LockAsync(default);
    }

    [Fact]
    public async Task A_locked_vault_still_knows_its_names_but_gives_nothing_out()
    {
        await using var vault = await home.CreateAsync();
        await vault.LockAsync(default);
        Assert.True(await vault.ContainsAsync(VaultHome.Key, default));
        Assert.False(await vault.ContainsAsync("vault://anthropic/other", default));
        await FailsAsync(FailureKind.VaultLocked, () => vault.GetAsync(VaultHome.Key, VaultHome.Anthropic, default).AsTask());
        await FailsAsync(FailureKind.VaultLocked, () => vault.ListAsync(default));
    }

    [Fact]
    public async Task A_deleted_secret_is_not_available_and_deleting_it_again_is_reported()
    {
        await using var vault = await home.CreateAsync();
        await vault.DeleteAsync(VaultHome.Key, default);
        await FailsAsync(FailureKind.NotFound, () => vault.GetAsync(VaultHome.Key, VaultHome.Anthropic, default).AsTask());
        await FailsAsync(FailureKind.NotFound, () => vault.DeleteAsync(VaultHome.Key, default));
        Assert.DoesNotContain("anthropic", home.Text);
    }

    [Theory]
    [InlineData("anthropic/api_key")]
    [InlineData("vault://anthropic")]
    [InlineData("vault://../api_key")]
    [InlineData("vault://a/b/c")]
    [InlineData("vault://a/b\n")]
    [InlineData("VAULT://a/b")]
    [InlineData("vault://a b/c")]
    public async Task A_name_of_another_form_is_refused(string reference)
    {
        await using var vault = await home.CreateAsync();
        await FailsAsync(FailureKind.BadRequest, () => vault.StoreAsync(reference, "secret", ["https://a.example"], default));
    }

    [Fact]
    public async Task A_short_passphrase_an_empty_secret_and_a_secret_for_nowhere_are_refused()
    {
        await using var vault = await home.CreateAsync();
        await FailsAsync(FailureKind.BadRequest, () => vault.AddUnlockMethodAsync(UnlockMethod.Passphrase("seven77"), default));
        await FailsAsync(FailureKind.BadRequest, () => vault.StoreAsync(VaultHome.Key, "", ["https://a.example"], default));
        await FailsAsync(
            FailureKind.BadRequest,
            () => vault.StoreAsync(VaultHome.Key, new string('x', 70_000), ["https://a.example"], default)
        );
        await FailsAsync(FailureKind.MissingField, () => vault.StoreAsync(VaultHome.Key, "secret", [], default));
        await FailsAsync(FailureKind.BadRequest, () => vault.StoreAsync(VaultHome.Key, "secret", ["file:///etc/passwd"], default));
        Assert.Throws<FailureException>(() => UnlockMethod.Parse("editor", "desk", "AAAA"));
        Assert.Throws<FailureException>(() => UnlockMethod.Parse("editor", "desk", "not base64"));
        Assert.Throws<FailureException>(() => UnlockMethod.Parse("passphrase", null, null));
        Assert.Throws<FailureException>(() => UnlockMethod.Parse("none", null, null));
    }

    [Fact]
    public async Task Two_windows_that_store_at_the_same_time_lose_nothing()
    {
        await using var first = await home.CreateAsync();
        await using var second = home.Open();
        await second.UnlockAsync(VaultHome.Editor, default);
        await Task.WhenAll(WriteAsync(first, "first"), WriteAsync(second, "second"));
        Assert.Equal(201, (await first.ListAsync(default)).Count);
        Assert.Equal(201, (await second.ListAsync(default)).Count);
        Assert.Equal("second secret 99", await first.GetAsync("vault://second/k99", new Uri("https://a.example"), default));

        static async Task WriteAsync(Plue.Server.Vault.Vault vault, string name)
        {
            await Task.Yield();
            for (var number = 0; number < 100; number++)
            {
                await vault.StoreAsync($"vault://{name}/k{number}", $"{name} secret {number}", ["https://a.example"], default);
            }
        }
    }

    [Fact]
    public async Task A_vault_that_another_window_replaced_shows_as_locked()
    {
        await using var vault = await home.CreateAsync();
        File.Delete(home.Path);
        Assert.False((await vault.StatusAsync(default)).Exists);
        await FailsAsync(FailureKind.NotFound, () => vault.GetAsync(VaultHome.Key, VaultHome.Anthropic, default).AsTask());

        await using (var other = home.Open())
        {
            await other.CreateAsync(UnlockMethod.Keychain, default);
        }

        var before = home.Bytes;
        await FailsAsync(FailureKind.VaultLocked, () => vault.StoreAsync(VaultHome.Key, "x", ["https://a.example"], default));
        Assert.True((await vault.StatusAsync(default)).Locked);
        Assert.Equal(before, home.Bytes);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_a_sentence_and_nothing_changes()
    {
        await using var vault = await home.CreateAsync();
        var before = home.Bytes;
        File.Delete(home.Path + ".lock");
        Directory.CreateDirectory(home.Path + ".lock");
        var failure = await FailsAsync(
            FailureKind.StoreReadOnly,
            () => vault.StoreAsync(VaultHome.Key, "another secret", ["https://a.example"], default)
        );
        Assert.DoesNotContain("another secret", failure.ToString());
        Assert.Equal(before, home.Bytes);
    }

    [Fact]
    public async Task The_file_holds_no_secret_in_plain_or_base64()
    {
        await using var vault = await home.CreateAsync();
        await vault.AddUnlockMethodAsync(UnlockMethod.Passphrase("a canary passphrase"), default);
        await vault.GetAsync(VaultHome.Key, VaultHome.Anthropic, default);
        await vault.LockAsync(default);
        foreach (var file in Directory.EnumerateFiles(home.Directory, "*", SearchOption.AllDirectories))
        {
            var text = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file));
            Assert.DoesNotContain("canary", text);
            Assert.Equal(text, home.Redactor.Mask(text));
        }

        Assert.Single(Directory.EnumerateFiles(home.Directory, "vault.json", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Files_have_mode_0600_and_folders_0700_regardless_of_the_umask()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no modes.");
            return;
        }

        var old = umask(0);
        try
        {
            await using var vault = await home.CreateAsync();
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(home.Path));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(home.Path + ".lock"));
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
                File.GetUnixFileMode(Path.GetDirectoryName(home.Path)!)
            );
        }
        finally
        {
            umask(old);
        }
    }

    [Fact]
    public async Task No_way_status_entry_or_failure_prints_a_secret()
    {
        await using var vault = await home.CreateAsync();
        var printed = new StringBuilder()
            .Append(VaultHome.Editor)
            .Append(UnlockMethod.Passphrase(VaultHome.Canary))
            .Append(vault)
            .Append(await vault.StatusAsync(default))
            .AppendJoin(' ', await vault.ListAsync(default));
        foreach (var url in new[] { "https://evil.example", $"https://user:{VaultHome.Canary.Replace("/", "%2F")}@api.anthropic.com/" })
        {
            printed.Append(
                await FailsAsync(FailureKind.KeyNotBoundToOrigin, () => vault.GetAsync(VaultHome.Key, new Uri(url), default).AsTask())
            );
        }

        printed.Append(
            await FailsAsync(FailureKind.BadRequest, () => vault.StoreAsync("bad", VaultHome.Canary, ["https://a.example"], default))
        );
        printed.Append(
            await FailsAsync(FailureKind.BadRequest, () => vault.StoreAsync(VaultHome.Key, VaultHome.Canary, [VaultHome.Canary], default))
        );
        await vault.LockAsync(default);
        printed.Append(
            await FailsAsync(
                FailureKind.VaultLocked,
                () => vault.StoreAsync(VaultHome.Key, VaultHome.Canary, ["https://a.example"], default)
            )
        );
        Assert.DoesNotContain("canary", printed.ToString());
        Assert.DoesNotContain(Convert.ToBase64String(VaultHome.Editor.Key!), printed.ToString());
    }

    [Fact]
    public async Task A_holder_that_was_killed_does_not_keep_the_vault_busy()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/flock"), "flock(1) is not here.");
        await using var vault = await home.CreateAsync();
        using var holder = Process.Start(
            new ProcessStartInfo("/usr/bin/flock", [home.Path + ".lock", "-c", "echo held; exec sleep 60"])
            {
                RedirectStandardOutput = true,
            }
        )!;
        Assert.Equal("held", await holder.StandardOutput.ReadLineAsync());
        var storing = vault.StoreAsync("vault://a/b", "secret", ["https://a.example"], default);
        Assert.False(storing.IsCompleted);
        holder.Kill(entireProcessTree: true);
        await storing;
        Assert.True(await vault.ContainsAsync("vault://a/b", default));
    }

    private static async Task<FailureException> FailsAsync(FailureKind kind, Func<Task> call)
    {
        var exception = await Assert.ThrowsAsync<FailureException>(call);
        Assert.Equal(kind, exception.Failure.Kind);
        return exception;
    }

    private sealed class SteppingTime(DateTimeOffset now) : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => Now;
    }

    [LibraryImport("libc")]
    private static partial uint umask(uint mask);
}
