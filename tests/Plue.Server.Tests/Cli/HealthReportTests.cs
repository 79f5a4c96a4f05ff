using System.Text.Json;
using Microsoft.Extensions.Logging;
using Plue.Server.Cli;
using Plue.Server.Tests.Testing;
using Plue.Server.Vault;

namespace Plue.Server.Tests.Cli;

/// <summary>What <c>plue health</c> tells of the vault, which is locked whenever a command begins, and of the user.</summary>
public sealed class HealthReportTests : IAsyncDisposable
{
    private const string Passphrase = "correct horse";
    private readonly PlueHome home = new();
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    public ValueTask DisposeAsync() => home.DisposeAsync();

    [Theory]
    [InlineData("none", "It was not opened. There is no vault yet.")]
    [InlineData("damaged", "The vault file is damaged")]
    [InlineData("wrong", "It was not opened. That passphrase does not open the vault.")]
    public async Task A_passphrase_that_opens_nothing_is_the_row_of_the_vault_and_all_else_is_looked_at(string vault, string says)
    {
        if (vault == "damaged") { home.Write("vault.json", "{ not a vault"); }
        if (vault == "wrong") { await home.House.Vault.CreateAsync(VaultWay.Passphrase(Passphrase), default); }
        home.Write("providers/house.json5", InMemorySidecar.ProviderAt(new Uri("http://localhost:1/")));
        Assert.Equal(1, await RunAsync("wrong horse\n", "--passphrase-fd", "0", "--json"));
        using var json = JsonDocument.Parse(output.ToString());
        var rows = json.RootElement.GetProperty("rows").EnumerateArray().ToDictionary(row => row.GetProperty("name").GetString()!, row => row);
        Assert.Equal("failed", rows["Vault"].GetProperty("state").GetString());
        Assert.True(rows["Vault"].GetProperty("needed").GetBoolean());
        Assert.StartsWith(says, rows["Vault"].GetProperty("sentence").GetString(), StringComparison.Ordinal);
        Assert.Equal("ok", rows["Provider house"].GetProperty("state").GetString());
        Assert.Equal("", error.ToString());
    }

    [Fact]
    public async Task A_passphrase_that_cannot_be_read_is_bad_usage()
    {
        await home.House.Vault.CreateAsync(VaultWay.Passphrase(Passphrase), default);
        Assert.Equal(2, await RunAsync("", "--passphrase-fd", "0"));
        Assert.Equal(("", "The secret that was passed in is empty. Pass one.\n"), (output.ToString(), error.ToString()));
    }

    [Fact]
    public async Task The_line_that_a_locked_vault_leads_to_opens_it_with_a_passphrase_that_is_typed_unseen()
    {
        await home.House.Vault.CreateAsync(VaultWay.Passphrase(Passphrase), default);
        await RunAsync("");
        var line = Assert.Single(output.ToString().Split('\n'), line => line.Contains("$ plue", StringComparison.Ordinal) && line.Contains("passphrase", StringComparison.Ordinal)).Trim();
        Assert.StartsWith("$ plue health ", line, StringComparison.Ordinal);
        output.GetStringBuilder().Clear();

        var keys = new Queue<char>(Passphrase + "\r");
        ConsoleKeyInfo Key() => keys.Dequeue() is var letter && letter == '\r' ? new(letter, ConsoleKey.Enter, false, false, false) : new(letter, 0, false, false, false);
        await RunAsync(new Terminal(TextReader.Null, output, error, isInputRedirected: false, Key), line.Split(' ')[3..]);
        Assert.Matches("(?m)^ok       Vault +The vault is open\\.", output.ToString());
        Assert.Equal("Passphrase of the vault: \n", error.ToString());
    }

    [Fact]
    public async Task Whose_folder_it_is_stands_nowhere_in_what_a_program_reads()
    {
        home.Write("config.json5", "{ mask_secrets: ");
        await using var house = new Composition(LogLevel.Warning, home.Paths);
        var terminal = new Terminal(TextReader.Null, output, error, isInputRedirected: true);
        var opened = house.HealthHouse(null) with { UserFolder = Path.GetDirectoryName(home.Folder)! };
        await HealthCommand.Create(_ => opened, terminal).Parse(["--json"]).InvokeAsync();
        using var json = JsonDocument.Parse(output.ToString());
        var row = json.RootElement.GetProperty("rows").EnumerateArray().Single(row => row.GetProperty("name").GetString() == "Settings");
        Assert.Equal(("openFile", Path.Combine("~", Path.GetFileName(home.Folder), "config.json5")), (row.GetProperty("fix").GetProperty("action").GetString(), row.GetProperty("fix").GetProperty("target").GetString()));
    }

    private Task<int> RunAsync(string input, params string[] arguments) => RunAsync(new Terminal(new StringReader(input), output, error, isInputRedirected: true), arguments);

    private Task<int> RunAsync(Terminal terminal, string[] arguments) =>
        HealthCommand.Create(_ => new Composition(LogLevel.Warning, home.Paths).HealthHouse(null), terminal).Parse(arguments).InvokeAsync();
}
