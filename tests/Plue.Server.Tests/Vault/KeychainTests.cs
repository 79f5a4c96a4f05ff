using System.Diagnostics;
using Plue.Server.Messages;
using Plue.Server.Vault;

namespace Plue.Server.Tests.Vault;

public sealed class KeychainTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("plue-keychain-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task The_real_keyring_of_Linux_keeps_the_key_of_a_vault()
    {
        await using var session = await KeyringSession.StartAsync(directory);
        var keychain = new LinuxKeychain(
            Script(
                "secret-tool",
                $"""
                echo "$@" >> {directory}/arguments
                env >> {directory}/environment
                DBUS_SESSION_BUS_ADDRESS='{session.Address}' exec /usr/bin/secret-tool "$@"
                """
            )
        );
        Assert.True(await keychain.IsAvailableAsync(default));
        Assert.Null(await keychain.ReadAsync("nobody", default));

        using var home = new VaultHome();
        await using (var vault = new Plue.Server.Vault.Vault(home.Path, keychain, home.Redactor))
        {
            await vault.CreateAsync(UnlockMethod.Keychain, default);
            await vault.StoreAsync(VaultHome.Key, VaultHome.Canary, ["https://api.anthropic.com"], default);
        }

        await using var reopened = new Plue.Server.Vault.Vault(home.Path, keychain, home.Redactor);
        await reopened.UnlockAsync(UnlockMethod.Keychain, default);
        Assert.Equal(VaultHome.Canary, await reopened.GetAsync(VaultHome.Key, VaultHome.Anthropic, default));

        var account = VaultFile.Parse(home.Bytes).Id;
        var key = Convert.ToBase64String((await keychain.ReadAsync(account, default))!);
        Assert.DoesNotContain(key, await File.ReadAllTextAsync($"{directory}/arguments"));
        Assert.DoesNotContain("_API_KEY", await File.ReadAllTextAsync($"{directory}/environment"));

        await keychain.DeleteAsync(account, default);
        await reopened.LockAsync(default);
        await Assert.ThrowsAsync<FailureException>(() => reopened.UnlockAsync(UnlockMethod.Keychain, default));
    }

    [Fact]
    public async Task A_keyring_that_hangs_is_given_up_after_three_seconds()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The script is for a shell.");
        var started = Stopwatch.GetTimestamp();
        Assert.False(await new LinuxKeychain(Script("hang", $"echo $$ > {directory}/pid; exec sleep 600")).IsAvailableAsync(default));
        Assert.InRange(Stopwatch.GetElapsedTime(started).TotalSeconds, 2.5, 30);
        var pid = int.Parse(await File.ReadAllTextAsync($"{directory}/pid"), System.Globalization.CultureInfo.InvariantCulture);
        Assert.False(IsAlive(pid), "The hanging program was left behind.");
    }

    [Theory]
    [InlineData("exit 1")]
    [InlineData("echo garbage")]
    [InlineData("cat >/dev/null; exit 0")]
    [InlineData("yes | head -c 10000000")]
    public async Task A_keyring_that_does_not_keep_what_it_was_given_does_not_answer(string script)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The script is for a shell.");
        Assert.False(await new LinuxKeychain(Script("broken", script)).IsAvailableAsync(default));
    }

    [Fact]
    public async Task The_command_of_macOS_gets_the_key_on_stdin_and_what_it_kept_is_read_back()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The script is for a shell.");
        var keychain = new MacKeychain(
            Script(
                "security",
                $$"""
                echo "$@" >> {{directory}}/arguments
                case "$1" in
                  -i) read -r line; echo "${line##* }" > {{directory}}/kept;;
                  find-generic-password) cat {{directory}}/kept 2>/dev/null || exit 44;;
                  delete-generic-password) rm -f {{directory}}/kept;;
                esac
                """
            )
        );
        Assert.True(await keychain.IsAvailableAsync(default));
        var key = Enumerable.Range(0, 32).Select(number => (byte)number).ToArray();
        await keychain.WriteAsync("desk", key, default);
        Assert.Equal(key, await keychain.ReadAsync("desk", default));
        Assert.DoesNotContain(Convert.ToBase64String(key), await File.ReadAllTextAsync($"{directory}/arguments"));
    }

    [Fact]
    public async Task Without_a_keychain_the_error_suggests_a_passphrase()
    {
        using var home = new VaultHome();
        var keychain = new NoKeychain("there is none");
        Assert.False(await keychain.IsAvailableAsync(default));
        await using var vault = new Plue.Server.Vault.Vault(home.Path, keychain, home.Redactor);
        var exception = await Assert.ThrowsAsync<FailureException>(() => vault.CreateAsync(UnlockMethod.Keychain, default));
        Assert.Contains("passphrase", exception.Message);
        Assert.False(File.Exists(home.Path));
        await Assert.ThrowsAsync<FailureException>(() => new LinuxKeychain("/nowhere/secret-tool").WriteAsync("a", new byte[32], default));
    }

    private string Script(string name, string body)
    {
        var path = Path.Combine(directory, name);
        File.WriteAllBytes(path, System.Text.Encoding.UTF8.GetBytes($"#!/bin/sh\n{body}\n"));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }

    private static bool IsAlive(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return process.WaitForExit(5_000) is false;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>A separate session bus with an unlocked keyring, for one test.</summary>
    private sealed class KeyringSession(Process process, string address) : IAsyncDisposable
    {
        public string Address { get; } = address;

        public static async Task<KeyringSession> StartAsync(string home)
        {
            foreach (var program in new[] { "/usr/bin/dbus-run-session", "/usr/bin/gnome-keyring-daemon", "/usr/bin/secret-tool" })
            {
                Assert.SkipUnless(File.Exists(program), $"{program} is not here: apt-get install dbus gnome-keyring libsecret-tools.");
            }

            const string Script =
                "printf pw | gnome-keyring-daemon --foreground --unlock --components=secrets >/dev/null & echo $DBUS_SESSION_BUS_ADDRESS; cat >/dev/null; kill $!; wait";
            var start = new ProcessStartInfo("/usr/bin/dbus-run-session", ["--", "sh", "-c", Script])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            foreach (var (name, folder) in new[] { ("HOME", "home"), ("XDG_DATA_HOME", "data"), ("XDG_RUNTIME_DIR", "run") })
            {
                start.Environment[name] = Directory.CreateDirectory(Path.Combine(home, folder)).FullName;
            }

            var process = Process.Start(start)!;
            _ = process.StandardError.ReadToEndAsync();
            return new KeyringSession(
                process,
                await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("No session bus.")
            );
        }

        public async ValueTask DisposeAsync()
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }
}
