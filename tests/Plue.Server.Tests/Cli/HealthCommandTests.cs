using System.Text.Json;
using Microsoft.Extensions.Logging;
using Plue.Server.Cli;
using Plue.Server.Tests.Testing;
using Plue.Server.Vault;

namespace Plue.Server.Tests.Cli;

/// <summary>What <c>plue health</c> prints, and what it tells a script by its exit code.</summary>
public sealed class HealthCommandTests : IAsyncDisposable
{
    private const string Passphrase = "correct horse";
    private readonly PlueHome home = new();
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    public ValueTask DisposeAsync() => home.DisposeAsync();

    [Fact]
    public async Task Where_nothing_can_answer_it_says_what_to_type_and_the_exit_code_says_so()
    {
        Assert.Equal(1, await RunAsync());
        Assert.Matches("(?m)^missing  Providers +Nothing is connected that can answer, so only the tour works\\.\n +Connect a provider\\.\n +\\$ plue providers add --help$", Said);
        Assert.Matches("(?m)^ok       Chats +There are none yet\\.$", Said);
        Assert.EndsWith("\n\nPlue lacks something that it needs.\n", Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_provider_that_is_set_up_all_is_there_and_each_provider_has_its_line()
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
        // A shell opens no file for anybody.
        Assert.Equal("Open the file and mend it.", LineAfter("failed   Provider broken"));
        Assert.DoesNotContain("$", LineAfter("failed   Provider broken", 2), StringComparison.Ordinal);
        Assert.Equal("$ plue mcp list", LineAfter("warning  Server files"));
        Assert.EndsWith("\n\nPlue has what it needs.\n", Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_locked_vault_is_told_and_a_passphrase_from_a_file_descriptor_opens_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file descriptors.");
        await using (var house = new Composition(LogLevel.Warning, home.Paths)) { await house.Vault.CreateAsync(VaultWay.Passphrase(Passphrase), default); }

        await RunAsync();
        Assert.Equal("$ plue health --passphrase-fd 0", LineAfter("warning  Vault", 2));

        var file = home.Write("passphrase", Passphrase + "\n");
        using (var handle = File.OpenHandle(file)) { await RunAsync("--passphrase-fd", $"{handle.DangerousGetHandle()}"); }
        Assert.Contains("\nok       Vault", Said, StringComparison.Ordinal);

        await File.WriteAllTextAsync(file, "wrong horse\n", TestContext.Current.CancellationToken);
        using (var handle = File.OpenHandle(file)) { Assert.Equal(1, await RunAsync("--passphrase-fd", $"{handle.DangerousGetHandle()}")); }
        Assert.Contains("\nfailed   Vault", Said, StringComparison.Ordinal);
        Assert.Contains("It was not opened.", Said, StringComparison.Ordinal);
        Assert.Equal("", error.ToString());
    }

    [Fact]
    public async Task Online_each_provider_is_asked_and_a_program_can_read_the_answer()
    {
        await using var endpoint = new ScriptedEndpoint { Route = _ => ScriptedAnswer.Json("""{"data":[{"id":"model"}]}""") };
        home.Write("providers/house.json5", InMemorySidecar.ProviderAt(endpoint.Url));
        home.Write("config.json5", "{ default_large: 'house' }");
        Assert.Equal(0, await RunAsync("--online", "--json"));
        using var json = JsonDocument.Parse(Said);
        var row = json.RootElement.GetProperty("rows").EnumerateArray().Single(row => row.GetProperty("name").GetString() == "Provider house");
        Assert.Equal("ok", row.GetProperty("state").GetString());
        Assert.Contains("it offers 1 model", row.GetProperty("sentence").GetString(), StringComparison.Ordinal);
        Assert.NotEmpty(endpoint.Requests);
    }

    private string Said => output.ToString();

    /// <summary>The line so many after the one that begins so, without what it is indented by.</summary>
    private string LineAfter(string begin, int by = 1)
    {
        var lines = Said.Split('\n');
        var at = Array.FindIndex(lines, line => line.StartsWith(begin + "  ", StringComparison.Ordinal));
        Assert.True(at >= 0, $"No line begins with '{begin}':\n{Said}");
        return lines[at + by].Trim();
    }

    private Task<int> RunAsync(params string[] arguments)
    {
        output.GetStringBuilder().Clear();
        error.GetStringBuilder().Clear();
        return HealthCommand.Create(
            workspace => new Composition(LogLevel.Warning, home.Paths).HealthHouse(workspace),
            new Terminal(TextReader.Null, output, error, isInputRedirected: true)).Parse(arguments).InvokeAsync();
    }
}
