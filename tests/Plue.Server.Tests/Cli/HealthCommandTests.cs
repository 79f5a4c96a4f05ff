using System.Text.Json;
using Microsoft.Extensions.Logging;
using Plue.Server.Cli;
using Plue.Server.Modules;
using Plue.Server.Tests.Testing;
using Plue.Server.Vault;

namespace Plue.Server.Tests.Cli;

/// <summary>The output and exit codes of <c>plue health</c>.</summary>
public sealed class HealthCommandTests : IAsyncDisposable
{
    private const string Passphrase = "correct horse";
    private readonly PlueHome home = new();
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    public ValueTask DisposeAsync() => home.DisposeAsync();

    [Fact]
    public async Task Without_a_usable_provider_it_suggests_a_command_and_fails()
    {
        Assert.Equal(1, await RunAsync());
        Assert.Matches(
            "(?m)^missing  Providers +No usable provider is connected, so only the tour works\\.\n +Connect a provider\\.\n +\\$ plue providers add --help$",
            Said
        );
        Assert.Matches("(?m)^ok       Chats +There are no chats yet\\.$", Said);
        Assert.EndsWith("\n\nPlue is missing a required component.\n", Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_configured_provider_all_checks_pass_and_each_provider_has_a_row()
    {
        home.Write("providers/house.json5", InMemorySidecar.ProviderAt(new Uri("http://localhost:1/")));
        home.Write("providers/vendor.json5", "{ name: 'Vendor', provider_type: 'anthropic' }");
        home.Write("providers/off.json5", "{ name: 'Off', provider_type: 'ollama', enabled: false }");
        home.Write("providers/broken.json5", "{ name: ");
        home.Write("mcp.json5", "{ mcpServers: { files: { command: '/bin/true' } } }");
        home.Write("config.json5", "{ default_large: 'house' }");
        Assert.Equal(0, await RunAsync());
        Assert.Equal("$ plue providers test house", LineAfter("ok       Provider house"));
        Assert.Equal("Store a key, or sign in.", LineAfter("missing  Provider vendor"));
        Assert.Equal("$ plue providers show vendor", LineAfter("missing  Provider vendor", 2));
        Assert.Equal("$ plue providers show off", LineAfter("ok       Provider off"));
        // A shell cannot open a file for the user.
        Assert.Equal("Open the file and fix it.", LineAfter("failed   Provider broken"));
        Assert.DoesNotContain("$", LineAfter("failed   Provider broken", 2), StringComparison.Ordinal);
        Assert.Equal("$ plue mcp list", LineAfter("warning  Server files"));
        Assert.Matches("\n\nPlue is working, with [0-9]+ warnings? and 1 failed check\\.\n$", Said);
    }

    [Fact]
    public async Task Reports_a_locked_vault_and_unlocks_it_with_a_passphrase_from_a_file_descriptor()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file descriptors.");
        await using (var services = new Services(LogLevel.Warning, home.Paths))
        {
            await services.Vault.Vault.CreateAsync(UnlockMethod.Passphrase(Passphrase), default);
        }

        await RunAsync();
        Assert.Equal("$ plue health --passphrase-fd 0", LineAfter("warning  Vault", 2));

        var file = home.Write("passphrase", Passphrase + "\n");
        using (var handle = File.OpenHandle(file))
        {
            await RunAsync("--passphrase-fd", $"{handle.DangerousGetHandle()}");
        }
        Assert.Contains("\nok       Vault", Said, StringComparison.Ordinal);

        await File.WriteAllTextAsync(file, "wrong horse\n", TestContext.Current.CancellationToken);
        using (var handle = File.OpenHandle(file))
        {
            Assert.Equal(1, await RunAsync("--passphrase-fd", $"{handle.DangerousGetHandle()}"));
        }
        Assert.Contains("\nfailed   Vault", Said, StringComparison.Ordinal);
        Assert.Contains("The vault was not unlocked.", Said, StringComparison.Ordinal);
        Assert.Equal("", error.ToString());
    }

    [Fact]
    public async Task Online_checks_test_each_provider_and_print_JSON()
    {
        await using var endpoint = new ScriptedEndpoint { Route = _ => ScriptedAnswer.Json("""{"data":[{"id":"model"}]}""") };
        home.Write("providers/house.json5", InMemorySidecar.ProviderAt(endpoint.Url));
        home.Write("config.json5", "{ default_large: 'house' }");
        Assert.Equal(0, await RunAsync("--online", "--json"));
        using var json = JsonDocument.Parse(Said);
        var row = json
            .RootElement.GetProperty("rows")
            .EnumerateArray()
            .Single(row => row.GetProperty("name").GetString() == "Provider house");
        Assert.Equal("ok", row.GetProperty("state").GetString());
        Assert.Contains("it offers 1 model", row.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.NotEmpty(endpoint.Requests);
    }

    [Theory]
    [InlineData("none", "The vault was not unlocked. There is no vault yet.")]
    [InlineData("damaged", "The vault file is damaged")]
    [InlineData("wrong", "The vault was not unlocked. Wrong passphrase.")]
    public async Task A_wrong_passphrase_is_reported_in_the_row_of_the_vault_and_other_checks_run(string vault, string says)
    {
        if (vault == "damaged")
        {
            home.Write("vault.json", "{ not a vault");
        }
        if (vault == "wrong")
        {
            await home.Services.Vault.Vault.CreateAsync(UnlockMethod.Passphrase(Passphrase), default);
        }
        home.Write("providers/house.json5", InMemorySidecar.ProviderAt(new Uri("http://localhost:1/")));
        Assert.Equal(1, await RunAsync(Piped("wrong horse\n"), "--passphrase-fd", "0", "--json"));
        using var json = JsonDocument.Parse(Said);
        var rows = json
            .RootElement.GetProperty("rows")
            .EnumerateArray()
            .ToDictionary(row => row.GetProperty("name").GetString()!, row => row);
        Assert.Equal("failed", rows["Vault"].GetProperty("state").GetString());
        Assert.True(rows["Vault"].GetProperty("isRequired").GetBoolean());
        Assert.StartsWith(says, rows["Vault"].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("ok", rows["Provider house"].GetProperty("state").GetString());
        Assert.Equal("", error.ToString());
    }

    [Fact]
    public async Task A_passphrase_that_cannot_be_read_is_bad_usage()
    {
        await home.Services.Vault.Vault.CreateAsync(UnlockMethod.Passphrase(Passphrase), default);
        Assert.Equal(2, await RunAsync(Piped(""), "--passphrase-fd", "0"));
        Assert.Equal(("", "The secret is empty. Pass a value.\n"), (Said, error.ToString()));
    }

    [Fact]
    public async Task The_command_suggested_for_a_locked_vault_unlocks_it_with_a_hidden_prompt()
    {
        await home.Services.Vault.Vault.CreateAsync(UnlockMethod.Passphrase(Passphrase), default);
        await RunAsync();
        var line = Assert
            .Single(
                Said.Split('\n'),
                line => line.Contains("$ plue", StringComparison.Ordinal) && line.Contains("passphrase", StringComparison.Ordinal)
            )
            .Trim();
        Assert.StartsWith("$ plue health ", line, StringComparison.Ordinal);

        var keys = new Queue<char>(Passphrase + "\r");
        ConsoleKeyInfo Key() =>
            keys.Dequeue() is var letter && letter == '\r'
                ? new(letter, ConsoleKey.Enter, false, false, false)
                : new(letter, 0, false, false, false);
        await RunAsync(new Terminal(TextReader.Null, output, error, isInputRedirected: false, Key), line.Split(' ')[3..]);
        Assert.Matches("(?m)^ok       Vault +The vault is unlocked\\.", Said);
        Assert.Equal("Passphrase of the vault: \n", error.ToString());
    }

    [Fact]
    public async Task The_report_for_programs_contains_no_user_folder()
    {
        home.Write("config.json5", "{ mask_secrets: ");
        await HealthCommand.Create(home.Open, Piped(""), Path.GetDirectoryName(home.Folder)!).Parse(["--json"]).InvokeAsync();
        using var json = JsonDocument.Parse(Said);
        var row = json.RootElement.GetProperty("rows").EnumerateArray().Single(row => row.GetProperty("name").GetString() == "Settings");
        Assert.Equal(
            ("openFile", Path.Combine("~", Path.GetFileName(home.Folder), "config.json5")),
            (row.GetProperty("fix").GetProperty("action").GetString(), row.GetProperty("fix").GetProperty("target").GetString())
        );
    }

    private string Said => output.ToString();

    /// <summary>Returns the line at this offset after the line with this prefix, without its indentation.</summary>
    private string LineAfter(string begin, int by = 1)
    {
        var lines = Said.Split('\n');
        var at = Array.FindIndex(lines, line => line.StartsWith(begin + "  ", StringComparison.Ordinal));
        Assert.True(at >= 0, $"No line begins with '{begin}':\n{Said}");
        return lines[at + by].Trim();
    }

    /// <summary>Runs the command without a terminal, with this input.</summary>
    private Terminal Piped(string input) => new(new StringReader(input), output, error, isInputRedirected: true);

    private Task<int> RunAsync(params string[] arguments) => RunAsync(Piped(""), arguments);

    private Task<int> RunAsync(Terminal terminal, params string[] arguments)
    {
        output.GetStringBuilder().Clear();
        error.GetStringBuilder().Clear();
        return HealthCommand.Create(home.Open, terminal).Parse(arguments).InvokeAsync();
    }
}
