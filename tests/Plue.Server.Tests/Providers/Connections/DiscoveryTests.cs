using Plue.Server.Catalog;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Vault;

namespace Plue.Server.Tests.Providers.Connections;

public class DiscoveryTests
{
    private static readonly ClaudeCodeFinding SignedIn = new("/bin/claude", true, "2.1", "Claude Code 2.1 is signed in.", []);
    private static readonly ClaudeCodeFinding NotSignedIn = new("/bin/claude", false, "2.1", "Claude Code is not signed in.", []);
    private static readonly ClaudeCodeFinding Missing = new(null, false, null, "No claude command was found on this machine.", []);
    private static readonly Failure NoOllama = new(FailureKind.Unreachable, "Nothing responds at http://localhost:11434.");

    [Fact]
    public async Task A_signed_in_claude_comes_first_then_ollama_then_keys_then_the_tour()
    {
        Assert.Equal("claude-code", (await RunAsync(SignedIn, null, "OPENAI_API_KEY")).DefaultId);
        Assert.Equal("ollama", (await RunAsync(NotSignedIn, null, "OPENAI_API_KEY")).DefaultId);
        Assert.Equal("openai", (await RunAsync(Missing, NoOllama, "OPENAI_API_KEY", "GROQ_API_KEY")).DefaultId);
        Assert.Equal("tour", (await RunAsync(Missing, NoOllama)).DefaultId);
    }

    [Fact]
    public async Task Describes_each_place_that_was_searched()
    {
        var result = await RunAsync(Missing, NoOllama);
        Assert.Equal([Missing.Sentence, NoOllama.Message, "No API key is in the environment."], result.Tried);
    }

    [Fact]
    public async Task Every_key_that_is_found_may_go_where_its_provider_sends_it()
    {
        var result = await RunAsync(Missing, NoOllama, [.. EnvironmentKeys.VendorOrigins.Keys]);
        var keys = new EnvironmentKeys(_ => "sk-canary", new Redactor());
        var found = result.Found.Where(settings => settings.Source == ProviderSource.Environment).ToList();
        Assert.Equal(EnvironmentKeys.VendorOrigins.Count, found.Count);
        Assert.All(
            found,
            settings =>
                Assert.Equal("sk-canary", keys.Get(settings.ApiKeyRef ?? "", settings.Address ?? new Uri("https://nowhere.example")))
        );
    }

    [Theory]
    [InlineData("AWS_PROFILE", "bedrock", ProviderKinds.Bedrock)]
    [InlineData("AWS_BEARER_TOKEN_BEDROCK", "bedrock", ProviderKinds.Bedrock)]
    [InlineData("GOOGLE_APPLICATION_CREDENTIALS", "vertexai", ProviderKinds.VertexAi)]
    public async Task A_cloud_that_is_set_up_here_is_offered(string variable, string id, string kind)
    {
        var result = await RunAsync(Missing, NoOllama, variable);
        var found = result.Found.Single(settings => settings.Source == ProviderSource.Environment);
        Assert.Equal((id, kind, null), (found.Id, found.Kind, found.ApiKeyRef));
        Assert.Contains(variable, result.Sentence);
    }

    [Theory]
    [InlineData(null, "http://localhost:11434/")]
    [InlineData("0.0.0.0", "http://localhost:11434/")]
    [InlineData("box:9999", "http://box:9999/")]
    [InlineData("https://ollama.example", "https://ollama.example/")]
    public async Task Finds_Ollama_by_its_environment_variable(string? host, string expected)
    {
        Uri? asked = null;
        var discovery = new Discovery(
            _ => Task.FromResult(Missing),
            (settings, _) =>
            {
                asked = settings.Endpoint;
                return Task.FromResult<Failure?>(null);
            },
            name => name == "OLLAMA_HOST" ? host : null,
            new ProviderCatalog()
        );
        await discovery.RunAsync(again: false, CancellationToken.None);
        Assert.Equal(expected, asked?.ToString());
    }

    [Fact]
    public async Task Looking_again_sees_a_sign_in_that_came_later()
    {
        var finding = Missing;
        var discovery = new Discovery(
            _ => Task.FromResult(finding),
            (_, _) => Task.FromResult<Failure?>(NoOllama),
            _ => null,
            new ProviderCatalog()
        );
        Assert.Equal("tour", (await discovery.RunAsync(again: false, CancellationToken.None)).DefaultId);
        finding = SignedIn;
        Assert.Equal("tour", (await discovery.RunAsync(again: false, CancellationToken.None)).DefaultId);
        Assert.Equal("claude-code", (await discovery.RunAsync(again: true, CancellationToken.None)).DefaultId);
    }

    private static Task<DiscoveryResult> RunAsync(ClaudeCodeFinding claude, Failure? ollama, params string[] keys) =>
        new Discovery(
            _ => Task.FromResult(claude),
            (_, _) => Task.FromResult(ollama),
            name => keys.Contains(name) ? "sk-canary" : null,
            new ProviderCatalog()
        ).RunAsync(again: false, CancellationToken.None);
}
