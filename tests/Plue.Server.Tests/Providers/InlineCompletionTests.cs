using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Ollama;
using Plue.Server.Providers.OpenAi;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers;

/// <summary>Fill-in-the-middle requests, one for each API.</summary>
public sealed class InlineCompletionTests : IAsyncDisposable
{
    private const string TextEvents =
        """data: {"id":"c1","object":"text_completion","model":"coder","choices":[{"index":0,"text":"return a","finish_reason":null}]}"""
        + "\n\n"
        + """data: {"id":"c1","model":"coder","choices":[{"index":0,"text":" + b;","finish_reason":"stop"}]}"""
        + "\n\n";

    private const string UsageEvent =
        """data: {"id":"c1","model":"coder","choices":[],"usage":{"prompt_tokens":100,"completion_tokens":5,"prompt_cache_hit_tokens":64}}"""
        + "\n\n";

    private const string Done = "data: [DONE]\n\n";

    private const string ChatEvents =
        """data: {"id":"c1","object":"chat.completion.chunk","model":"coder","choices":[{"index":0,"delta":{"role":"assistant","content":"return a"},"finish_reason":null}]}"""
        + "\n\n"
        + """data: {"id":"c1","model":"coder","choices":[{"index":0,"delta":{"content":" + b;"},"finish_reason":"stop"}],"usage":{"prompt_tokens":100,"completion_tokens":5}}"""
        + "\n\n";

    private const string InfillEvents =
        """data: {"index":0,"content":"return a","tokens":[1,2],"stop":false}"""
        + "\n\n"
        + """data: {"index":0,"content":" + b;","stop":false}"""
        + "\n\n"
        + """data: {"index":0,"content":"","stop":true,"stop_type":"word","tokens_predicted":5,"tokens_evaluated":100}"""
        + "\n\n";

    private const string GenerateLines =
        """{"model":"coder","created_at":"2026-11-23T00:00:00Z","response":"return a","done":false}"""
        + "\n"
        + """{"model":"coder","response":" + b;","done":false}"""
        + "\n"
        + """{"model":"coder","response":"","done":true,"done_reason":"stop","prompt_eval_count":100,"eval_count":5}"""
        + "\n";

    private readonly ScriptedEndpoint endpoint = new();
    private readonly ProviderHttp http = new();
    private readonly FixedSecrets secrets = new();

    public async ValueTask DisposeAsync()
    {
        await endpoint.DisposeAsync();
        http.Dispose();
    }

    [Theory]
    [InlineData("ollama"), InlineData("fim"), InlineData("deepseek"), InlineData("suffix"), InlineData("infill")]
    public async Task Sends_prefix_and_suffix_and_streams_the_text_between(string wire)
    {
        var (target, answer, body) = ExpectedExchange(wire);
        endpoint.Answers.Add(Stream(wire).Send(answer));
        var events = await Complete(wire, Cancel).ToListAsync(Cancel);

        Assert.Equal("return a + b;", string.Concat(events.OfType<ProviderEvent.TextDelta>().Select(delta => delta.Text)));
        Assert.Equal(new ProviderEvent.Finished(StopReason.EndTurn), events[^1]);
        var usage = events.OfType<ProviderEvent.UsageReported>().Last().Usage;
        Assert.Equal((100, 5), (usage.InputTokens, usage.OutputTokens));

        var request = Assert.Single(endpoint.Requests);
        Assert.Equal((target, body), (request.Target, request.Body));
        Assert.Equal($"Bearer {FixedSecrets.Key}", request.Headers["authorization"]);
        Assert.All(secrets.Asked, asked => Assert.Equal(endpoint.Url, asked.Origin));
    }

    [Theory]
    [InlineData("ollama"), InlineData("fim"), InlineData("deepseek"), InlineData("suffix"), InlineData("infill")]
    public async Task Cancellation_closes_the_connection(string wire)
    {
        // Only the first event.
        var answer = ExpectedExchange(wire).Answer;
        var first = answer[..(answer.IndexOf('\n') + (wire == "ollama" ? 1 : 2))];
        endpoint.Answers.Add(Stream(wire).Send(first).Hang());
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var next in Complete(wire, stop.Token))
            {
                if (next is ProviderEvent.TextDelta)
                {
                    await stop.CancelAsync();
                }
            }
        });
        await endpoint.ClientLeft.Task.WaitAsync(TimeSpan.FromSeconds(5), Cancel);
    }

    [Theory]
    [InlineData("ollama"), InlineData("fim"), InlineData("deepseek"), InlineData("suffix"), InlineData("infill")]
    public async Task An_unsupported_model_fails_with_the_message_of_the_server(string wire)
    {
        endpoint.Answers.Add(ScriptedAnswer.Json("""{"error":"registry.ollama.ai/library/coder does not support insert"}""", 400));
        var failed = Assert.IsType<ProviderEvent.Failed>((await Complete(wire, Cancel).ToListAsync(Cancel))[^1]);
        Assert.Equal(FailureKind.BadRequest, failed.Failure.Kind);
        Assert.Contains("does not support insert", failed.Failure.Message);
    }

    [Fact]
    public async Task An_option_that_a_server_refuses_is_omitted_from_then_on()
    {
        endpoint.Route = request =>
            request.Body.Contains("stream_options")
                ? ScriptedAnswer.Json("""{"error":{"message":"Unknown field: stream_options"}}""", 400)
                : ScriptedAnswer.Events().Send(TextEvents + Done);
        var provider = Provider("suffix");
        for (var times = 0; times < 2; times++)
        {
            Assert.IsType<ProviderEvent.Finished>((await provider.CompleteAsync(Request, Cancel).ToListAsync(Cancel))[^1]);
        }
        Assert.Equal(3, endpoint.Requests.Count);
    }

    [Fact]
    public async Task Ollama_lists_models_with_a_place_for_a_suffix()
    {
        endpoint.Route = request =>
            request.Target switch
            {
                "/api/tags" => ScriptedAnswer.Json("""{"models":[{"name":"coder"},{"name":"talker"},{"name":"removed"},{"name":"old"}]}"""),
                _ when request.Body.Contains("coder") => ScriptedAnswer.Json("""{"capabilities":["completion","insert"]}"""),
                _ when request.Body.Contains("removed") => ScriptedAnswer.Json("""{"error":"model 'removed' not found"}""", 404),
                _ when request.Body.Contains("talker") => ScriptedAnswer.Json("""{"capabilities":["completion"]}"""),
                _ => ScriptedAnswer.Json("{}"),
            };
        Assert.Equal(
            [new CompletionModel("coder", "coder", IsKnown: true), new CompletionModel("old", "old", IsKnown: false)],
            await Provider("ollama").ListCompletionModelsAsync(Cancel)
        );
    }

    [Theory]
    [InlineData("fim", """{"id":"codestral-2508","capabilities":{"completion_fim":true}}""", true)]
    [InlineData("fim", """{"id":"mistral-large","capabilities":{"completion_fim":false}}""", null)]
    [InlineData("fim", """{"id":"codestral-embed"}""", null)]
    [InlineData("fim", """{"id":"codestral-latest"}""", true)]
    [InlineData("suffix", """{"id":"qwen2.5-coder"}""", false)]
    [InlineData("suffix", """{"id":"text-embedding-3"}""", null)]
    public async Task Lists_models_as_the_server_describes_them(string wire, string item, bool? isKnown)
    {
        endpoint.Answers.Add(ScriptedAnswer.Json("{\"data\":[" + item + "]}"));
        Assert.Equal(isKnown, (await Provider(wire).ListCompletionModelsAsync(Cancel)).SingleOrDefault()?.IsKnown);
    }

    [Fact]
    public async Task A_Mistral_server_without_a_list_has_its_default_model()
    {
        endpoint.Answers.Add(ScriptedAnswer.Json("""{"detail":"Not Found"}""", 404));
        Assert.Equal("codestral-latest", Assert.Single(await Provider("fim").ListCompletionModelsAsync(Cancel)).Id);
    }

    [Theory]
    [InlineData("https://api.deepseek.com", null, CompletionApi.DeepSeek, "https://api.deepseek.com/beta/completions")]
    [InlineData("https://api.mistral.ai/v1", null, CompletionApi.Mistral, "https://api.mistral.ai/v1/fim/completions")]
    [InlineData("https://codestral.mistral.ai", null, CompletionApi.Mistral, "https://codestral.mistral.ai/v1/fim/completions")]
    [InlineData("http://localhost:1234/v1", null, CompletionApi.Suffix, "http://localhost:1234/v1/completions")]
    [InlineData("http://localhost:8080/v1", "llamacpp", CompletionApi.LlamaCpp, "http://localhost:8080/infill")]
    [InlineData("https://api.groq.com/openai/v1", null, CompletionApi.None, null)]
    public void The_address_decides_which_call_is_sent(string address, string? catalog, object api, string? url)
    {
        var settings = Settings(ProviderKinds.OpenAiCompatible) with { Endpoint = new Uri(address), CatalogProvider = catalog };
        var called = new ProviderEndpoint(settings, "", OpenAiWire.ApiRoot);
        var found = CompletionApis.Of(settings, OpenAiWire.DialectOf(called));
        Assert.Equal(api, found);
        IProvider provider = new OpenAiCompatibleProvider(settings, secrets, http, TimeProvider.System);
        Assert.Equal(url is not null, provider.Capabilities.InlineCompletions);
        if (url is not null)
        {
            Assert.Equal(url, found.At(called).AbsoluteUri);
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static InlineCompletionRequest Request => new("coder", "function add(a, b) {\n  ", "\n}", 64, ["\n"]);

    private static (string Target, string Answer, string Body) ExpectedExchange(string wire) =>
        wire switch
        {
            "ollama" => (
                "/api/generate",
                GenerateLines,
                """{"model":"coder","prompt":"function add(a, b) {\n  ","suffix":"\n}","stream":true,"options":{"num_predict":64,"temperature":0,"stop":["\n"]}}"""
            ),
            "fim" => (
                "/v1/fim/completions",
                ChatEvents + Done,
                """{"model":"coder","prompt":"function add(a, b) {\n  ","suffix":"\n}","max_tokens":64,"temperature":0,"stream":true,"stop":["\n"]}"""
            ),
            "infill" => (
                "/infill",
                InfillEvents,
                """{"model":"coder","input_prefix":"function add(a, b) {\n  ","input_suffix":"\n}","n_predict":64,"temperature":0,"stream":true,"stop":["\n"]}"""
            ),
            _ => (
                wire == "deepseek" ? "/beta/completions" : "/v1/completions",
                TextEvents + UsageEvent + Done,
                """{"model":"coder","prompt":"function add(a, b) {\n  ","suffix":"\n}","max_tokens":64,"temperature":0,"stream":true,"stream_options":{"include_usage":true},"stop":["\n"]}"""
            ),
        };

    private static ScriptedAnswer Stream(string wire) => wire == "ollama" ? ScriptedAnswer.JsonLines() : ScriptedAnswer.Events();

    private IAsyncEnumerable<ProviderEvent> Complete(string wire, CancellationToken cancellationToken) =>
        wire == "deepseek"
            ? new CompletionCall(Connection(), CompletionApi.DeepSeek).StreamAsync(Request, cancellationToken)
            : Provider(wire).CompleteAsync(Request, cancellationToken);

    /// <summary>Only the vendor's host is recognized as DeepSeek, so this connects that address to the test's endpoint.</summary>
    private ProviderConnection Connection()
    {
        var settings = Settings(ProviderKinds.OpenAiCompatible);
        var called = new ProviderEndpoint(settings, "", OpenAiWire.ApiRoot);
        return new ProviderConnection(settings, called, secrets, http, TimeProvider.System, ("authorization", "Bearer "));
    }

    private IInlineCompletionProvider Provider(string wire) =>
        wire == "ollama"
            ? new OllamaProvider(Settings(ProviderKinds.Ollama), secrets, http, TimeProvider.System)
            : new OpenAiCompatibleProvider(
                Settings(ProviderKinds.OpenAiCompatible) with
                {
                    AdditionalAuth = new Dictionary<string, string> { ["completions"] = wire },
                },
                secrets,
                http,
                TimeProvider.System
            );

    private ProviderSettings Settings(string kind) =>
        new()
        {
            Id = "mine",
            Name = "My server",
            Kind = kind,
            Endpoint = endpoint.Url,
            ApiKeyRef = "vault://mine/api_key",
        };
}
