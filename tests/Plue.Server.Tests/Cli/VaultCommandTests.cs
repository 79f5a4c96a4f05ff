using System.CommandLine;
using System.Text;
using System.Text.Json;
using Plue.Server.Cli;
using Plue.Server.Tests.Vault;

namespace Plue.Server.Tests.Cli;

public sealed class VaultCommandTests : IDisposable
{
    private const string Passphrase = "correct horse";
    private readonly VaultHome home = new();
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    public VaultCommandTests() => home.Keychain.Answers = false;

    public void Dispose() => home.Dispose();

    [Fact]
    public async Task A_key_is_stored_listed_and_deleted_with_the_passphrase_from_a_file_descriptor()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file descriptors.");
        Assert.Equal(0, await RunAsync("", "create", "--passphrase-fd", "@" + Passphrase));
        Assert.Equal(
            0,
            await RunAsync(
                VaultHome.Canary + "\n",
                "store",
                VaultHome.Key,
                "--origin",
                "https://api.anthropic.com/v1",
                "--passphrase-fd",
                "@" + Passphrase
            )
        );
        Assert.Equal(0, await RunAsync("", "list", "--json", "--passphrase-fd", "@" + Passphrase));
        var entry = JsonDocument.Parse(output.ToString()).RootElement[0];
        Assert.Equal(VaultHome.Key, entry.GetProperty("reference").GetString());
        Assert.Equal("c=84", entry.GetProperty("lastFour").GetString());
        Assert.Equal("https://api.anthropic.com", entry.GetProperty("origins")[0].GetString());

        await using (var vault = home.Open())
        {
            await vault.UnlockAsync(Plue.Server.Vault.UnlockMethod.Passphrase(Passphrase), default);
            Assert.Equal(VaultHome.Canary, await vault.GetAsync(VaultHome.Key, VaultHome.Anthropic, default));
        }

        Assert.Equal(0, await RunAsync("", "delete", VaultHome.Key, "--passphrase-fd", "@" + Passphrase));
        Assert.Equal(1, await RunAsync("", "delete", VaultHome.Key, "--passphrase-fd", "@" + Passphrase));
        Assert.Contains("No key is stored", error.ToString());
    }

    [Fact]
    public async Task A_key_can_be_rotated_renamed_and_bound_to_new_origins()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file descriptors.");
        await using (var vault = await home.CreateAsync())
        {
            await vault.AddUnlockMethodAsync(Plue.Server.Vault.UnlockMethod.Passphrase(Passphrase), default);
        }

        Assert.Equal(0, await RunAsync("sk-canary-rotated-1234\n", "rotate", VaultHome.Key, "--passphrase-fd", "@" + Passphrase));
        Assert.Contains("…1234", output.ToString());
        Assert.Equal(0, await RunAsync("", "rename", VaultHome.Key, "vault://work/key", "--passphrase-fd", "@" + Passphrase));
        Assert.Contains("Updated files: house-server.", output.ToString());
        Assert.Equal(
            0,
            await RunAsync(
                "",
                "set-origins",
                "vault://work/key",
                "--origin",
                "http://localhost:8080",
                "--json",
                "--passphrase-fd",
                "@" + Passphrase
            )
        );
        Assert.Equal("http://localhost:8080", JsonDocument.Parse(output.ToString()).RootElement[0].GetProperty("origins")[0].GetString());
    }

    [Fact]
    public async Task Keys_of_known_vendors_are_imported_from_an_env_file()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file descriptors.");
        await using (var vault = await home.CreateAsync())
        {
            await vault.AddUnlockMethodAsync(Plue.Server.Vault.UnlockMethod.Passphrase(Passphrase), default);
        }

        var file = Path.Combine(home.Directory, ".env");
        await File.WriteAllTextAsync(file, "GROQ_API_KEY=gsk_canary_123456\nMY_TOKEN=canary-mine-123456\n");
        Assert.Equal(0, await RunAsync("", "import-env", file, "--json", "--passphrase-fd", "@" + Passphrase));
        Assert.Equal(
            "vault://groq/api_key",
            Assert.Single(JsonDocument.Parse(output.ToString()).RootElement.EnumerateArray()).GetProperty("reference").GetString()
        );
        Assert.Equal(1, await RunAsync("", "import-env", file, "--name", "MY_TOKEN", "--passphrase-fd", "@" + Passphrase));
        Assert.Equal(
            0,
            await RunAsync(
                "",
                "import-env",
                file,
                "--name",
                "MY_TOKEN",
                "--origin",
                "https://a.example",
                "--passphrase-fd",
                "@" + Passphrase
            )
        );
        Assert.DoesNotContain("canary", error.ToString() + output);
    }

    [Fact]
    public async Task Prompts_have_no_echo_and_a_new_passphrase_is_entered_twice()
    {
        Assert.Equal(2, await TypeAsync($"{Passphrase}\rcorrect house\r", "create"));
        Assert.Contains("do not match", error.ToString());
        Assert.False(File.Exists(home.Path));
        Assert.Equal(0, await TypeAsync($"{Passphrase}\rcorrect hoo\brse\r", "create"));
        Assert.Contains("keychain of this machine is not available", error.ToString());
        Assert.Equal(0, await TypeAsync($"{Passphrase}\r", "unlock"));
        Assert.Equal(1, await TypeAsync("wrong horse\r", "unlock-check"));
        Assert.Equal(2, await TypeAsync("\u0004", "unlock"));
        Assert.Equal(0, await TypeAsync($"{Passphrase}\rsk-typed\r", "store", "vault://a/b", "--origin", "https://a.example"));
        Assert.Equal(0, await TypeAsync($"{Passphrase}\r", "list"));
        Assert.Contains("vault://a/b  …  https://a.example  never used", output.ToString());
        Assert.DoesNotContain(Passphrase, error.ToString() + output);
        Assert.DoesNotContain("sk-typed", error.ToString() + output);
    }

    [Fact]
    public async Task The_keychain_unlocks_the_vault_without_a_prompt()
    {
        home.Keychain.Answers = true;
        Assert.Equal(0, await RunAsync("", "create"));
        Assert.Contains("keychain", output.ToString());
        Assert.Equal(0, await RunAsync("", "unlock"));
        Assert.Equal(0, await TypeAsync($"{Passphrase}\r{Passphrase}\r", "add-way", "--way", "passphrase"));
        home.Keychain.Items.Clear();
        Assert.Equal(0, await TypeAsync($"{Passphrase}\r", "unlock"));
        Assert.Contains("does not contain", error.ToString());
        Assert.NotEqual(0, await RunAsync("", "unlock"));
    }

    [Fact]
    public async Task The_status_needs_no_key_and_reports_a_damaged_file()
    {
        Assert.Equal(0, await RunAsync("", "status"));
        Assert.Contains("plue vault create", output.ToString());
        await using (await home.CreateAsync()) { }

        Assert.Equal(0, await RunAsync("", "status", "--json"));
        Assert.Equal("""{"exists":true,"ways":["editor"],"keychainAvailable":false}""", output.ToString().Trim());
        Assert.Equal(1, await RunAsync("", "list"));
        Assert.Contains("editor", error.ToString());
        home.Text = "garbage";
        Assert.Equal(1, await RunAsync("", "status"));
        Assert.Contains("damaged", output.ToString());
        Assert.Equal(1, await RunAsync("", "create", "--way", "keychain"));
        Assert.Equal("garbage", home.Text);
    }

    [Theory]
    [InlineData("store", "vault://a/b")]
    [InlineData("store", "--origin", "https://a.example")]
    [InlineData("list", "--passphrase-fd", "1")]
    [InlineData("list", "--passphrase-fd", "-3")]
    [InlineData("list", "--passphrase-fd", "secret")]
    [InlineData("create", "--way", "editor")]
    [InlineData("store", "vault://a/b", "sk-on-the-command-line", "--origin", "https://a.example")]
    public void Unknown_arguments_are_a_usage_error(params string[] arguments) =>
        Assert.NotEmpty(Command(home.Open(), "", null).Parse(arguments).Errors);

    [Fact]
    public async Task Two_secrets_from_one_source_and_a_closed_descriptor_are_bad_usage()
    {
        await using (await home.CreateAsync()) { }

        Assert.Equal(2, await RunAsync("both", "store", "vault://a/b", "--origin", "https://a.example", "--passphrase-fd", "0"));
        Assert.Contains("--secret-fd", error.ToString());
        Assert.Equal(2, await RunAsync("", "create", "--passphrase-fd", "987654"));
    }

    private Task<int> TypeAsync(string keys, params string[] arguments)
    {
        var queue = new Queue<char>(keys);
        return RunAsync("", () => Key(queue.Dequeue()), arguments);
    }

    private Task<int> RunAsync(string input, params string[] arguments) => RunAsync(input, null, arguments);

    // An argument that begins with @ is put into a file and passed as its descriptor.
    private async Task<int> RunAsync(string input, Func<ConsoleKeyInfo>? readKey, string[] arguments)
    {
        output.GetStringBuilder().Clear();
        error.GetStringBuilder().Clear();
        var file = Path.Combine(home.Directory, "passed");
        var passed = arguments.FirstOrDefault(argument => argument.StartsWith('@'))?[1..];
        await File.WriteAllBytesAsync(file, Encoding.UTF8.GetBytes($"{passed}\n"));
        using var handle = File.OpenHandle(file);
        await using var opened = home.Open();
        return await Command(opened, input, readKey)
            .Parse([.. arguments.Select(argument => argument.StartsWith('@') ? $"{handle.DangerousGetHandle()}" : argument)])
            .InvokeAsync();
    }

    private Command Command(Plue.Server.Vault.Vault opened, string input, Func<ConsoleKeyInfo>? readKey) =>
        VaultCommand.Create(
            () => Access(opened),
            new Terminal(new StringReader(input), output, error, isInputRedirected: readKey is null, readKey)
        );

    private static VaultAccess Access(Plue.Server.Vault.Vault vault) =>
        new(
            vault,
            async (from, to, cancellationToken) =>
            {
                await vault.RenameAsync(from, to, cancellationToken);
                return ["house-server"];
            }
        );

    private static ConsoleKeyInfo Key(char letter) =>
        new(
            letter,
            letter switch
            {
                '\r' => ConsoleKey.Enter,
                '\b' => ConsoleKey.Backspace,
                _ => 0,
            },
            false,
            false,
            false
        );
}
