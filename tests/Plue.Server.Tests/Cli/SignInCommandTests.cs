using System.Text.Json.Nodes;
using System.Threading.Channels;
using Plue.Server.Cli;
using Plue.Server.Tests.Testing;
using Plue.Server.Vault;

namespace Plue.Server.Tests.Cli;

public sealed class SignInCommandTests : IAsyncLifetime
{
    private const string Passphrase = "correct horse battery";

    private readonly AuthorizationServer server = new();
    private readonly PlueHome home = new();
    private readonly Channel<string> lines = Channel.CreateUnbounded<string>();
    private readonly StringWriter error = new();

    public async ValueTask InitializeAsync()
    {
        await home.Services.Vault.Vault.CreateAsync(UnlockMethod.Passphrase(Passphrase), TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await home.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task The_address_is_printed_and_the_token_only_stored()
    {
        WriteProvider($"authorization_url: '{server.Url}authorize'");
        var running = RunAsync("mine");
        using var page = await server.AllowAsync(await lines.Reader.ReadAsync(TestContext.Current.CancellationToken));
        Assert.Equal(0, await running);
        Assert.EndsWith("You are signed in to mine.\n", error.ToString(), StringComparison.Ordinal);
        Assert.NotEmpty(server.AccessToken);
        Assert.DoesNotContain("canary", error.ToString(), StringComparison.Ordinal);
        Assert.Contains(
            "vault://mine/access_token",
            (await home.Services.Vault.Vault.ReferencesAsync(TestContext.Current.CancellationToken))
        );

        Assert.Equal(0, await RunAsync("mine", "--sign-out", "--json"));
        Assert.False((bool?)JsonNode.Parse(await lines.Reader.ReadAsync(TestContext.Current.CancellationToken))!["isSignedIn"]);
        Assert.DoesNotContain(
            "vault://mine/access_token",
            (await home.Services.Vault.Vault.ReferencesAsync(TestContext.Current.CancellationToken))
        );
    }

    [Fact]
    public async Task A_device_code_is_printed_as_json()
    {
        WriteProvider($"device_url: '{server.Url}device'");
        Assert.Equal(0, await RunAsync("mine", "--json"));
        var start = JsonNode.Parse(await lines.Reader.ReadAsync(TestContext.Current.CancellationToken))!;
        Assert.NotEmpty((string?)start["userCode"] ?? "");
        var end = JsonNode.Parse(await lines.Reader.ReadAsync(TestContext.Current.CancellationToken))!;
        Assert.Equal(("mine", true), ((string?)end["name"], (bool?)end["isSignedIn"]));
    }

    [Theory]
    [InlineData("There is no provider other.", "other")]
    [InlineData("The server other does not exist.", "other", "--mcp")]
    [InlineData("plue mcp revoke other", "other", "--mcp", "--sign-out")]
    public async Task An_unknown_name_is_reported(string reason, params string[] arguments)
    {
        Assert.NotEqual(0, await RunAsync(arguments));
        Assert.Contains(reason, error.ToString(), StringComparison.Ordinal);
    }

    private void WriteProvider(string address) =>
        home.Write(
            "providers/mine.json5",
            $$"""
            {
              provider_type: "openai-compatible", name: "My server", endpoint: "http://127.0.0.1:9/v1", auth_type: "oauth",
              additional_auth: { client_id: "my-own-client", token_url: "{{server.Url}}token", {{address}} },
            }
            """
        );

    private Task<int> RunAsync(params string[] arguments)
    {
        var keys = new Queue<char>($"{Passphrase}\r");
        var terminal = new Terminal(
            TextReader.Null,
            new LineWriter(lines.Writer),
            error,
            isInputRedirected: false,
            () =>
                keys.Dequeue() is var key && key == '\r'
                    ? new('\r', ConsoleKey.Enter, false, false, false)
                    : new(key, ConsoleKey.None, false, false, false)
        );
        return Task.Run(() => SignInCommand.Create(home.Open, terminal).Parse(arguments).InvokeAsync());
    }

    /// <summary>Passes on each line when it is flushed.</summary>
    private sealed class LineWriter(ChannelWriter<string> lines) : StringWriter
    {
        public override void Flush()
        {
            var text = ToString();
            GetStringBuilder().Clear();
            foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                lines.TryWrite(line);
            }
        }
    }
}
