using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Anthropic;
using Plue.Server.Providers.Gemini;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.OpenAi;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers;

/// <summary>The web search of each vendor that has one, in the vendor's wire format.</summary>
public sealed class WebSearchTests : IAsyncDisposable
{
    private const string Found = "Node.js 26 is the current release.";
    private const string Release = "https://nodejs.org/en/blog/release/v26.0.0";
    private readonly ScriptedEndpoint endpoint = new();
    private readonly ProviderHttp http = new();
    private readonly FixedSecrets secrets = new();

    public static TheoryData<string> Vendors =>
        [ProviderKinds.Anthropic, ProviderKinds.OpenAi, ProviderKinds.Gemini, ProviderKinds.OpenRouter];

    public async ValueTask DisposeAsync()
    {
        await endpoint.DisposeAsync();
        http.Dispose();
    }

    [Theory]
    [MemberData(nameof(Vendors))]
    public async Task The_vendors_own_search_is_requested_and_its_text_sources_tokens_and_fee_are_read(string kind)
    {
        var (target, body, answer) = ExpectedExchange(kind);
        endpoint.Answers.Add(ScriptedAnswer.Json(answer));
        var found = await Provider(kind).SearchWebAsync(Request, Cancel);

        Assert.Equal(Found, found.Text);
        Assert.Equal((Release, "Node.js 26"), (found.Sources[0].Url, found.Sources[0].Title));
        Assert.Equal(found.Sources.Count, found.Sources.Select(source => source.Url).Distinct().Count());
        Assert.Equal((3_000, 60), (found.Usage?.InputTokens, found.Usage?.OutputTokens));
        Assert.Equal(kind == ProviderKinds.OpenRouter ? 0.031m : null, found.VendorCost);
        Assert.Equal(FeeOf(kind), found.Fee);

        var request = Assert.Single(endpoint.Requests);
        Assert.Equal((target, body), (request.Target, request.Body));
        Assert.All(secrets.Asked, asked => Assert.Equal(endpoint.Url, asked.Origin));
    }

    [Theory]
    [MemberData(nameof(Vendors))]
    public async Task A_model_without_search_is_a_failure_with_the_words_of_the_vendor(string kind)
    {
        endpoint.Answers.Add(ScriptedAnswer.Json("""{"error":{"message":"web search is not supported with this model"}}""", 400));
        var failed = await Assert.ThrowsAsync<FailureException>(() => Provider(kind).SearchWebAsync(Request, Cancel));
        Assert.Contains("web search is not supported with this model", failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Vendors))]
    public async Task An_empty_response_has_no_text_no_sources_and_no_fee(string kind)
    {
        endpoint.Answers.Add(ScriptedAnswer.Json("{}"));
        var found = await Provider(kind).SearchWebAsync(Request, Cancel);
        Assert.Equal(("", 0, null, 0m), (found.Text, found.Sources.Count, found.Usage, found.Fee));
    }

    [Fact]
    public async Task A_search_that_failed_at_the_vendor_is_a_failure()
    {
        endpoint.Answers.Add(
            ScriptedAnswer.Json(
                """{"content":[{"type":"web_search_tool_result","tool_use_id":"s","content":{"type":"web_search_tool_result_error","error_code":"unavailable"}}]}"""
            )
        );
        var failed = await Assert.ThrowsAsync<FailureException>(() => Provider(ProviderKinds.Anthropic).SearchWebAsync(Request, Cancel));
        Assert.Equal("The web search of Mine failed (unavailable).", failed.Message);
    }

    [Theory]
    [InlineData("gemini-2.5-flash", "0.035")]
    [InlineData("gemini-3-flash", "0.028")]
    public async Task Gemini_counts_requests_before_version_3_and_queries_since(string model, string fee)
    {
        endpoint.Answers.Add(ScriptedAnswer.Json("""{"candidates":[{"groundingMetadata":{"webSearchQueries":["a","b"]}}]}"""));
        var found = await Provider(ProviderKinds.Gemini).SearchWebAsync(Request with { Model = model }, Cancel);
        Assert.Equal(decimal.Parse(fee, System.Globalization.CultureInfo.InvariantCulture), found.Fee);
    }

    [Theory]
    [InlineData(ProviderKinds.Anthropic, null, null, true)]
    [InlineData(ProviderKinds.Anthropic, "https://gateway.example/v1", null, false)]
    [InlineData(ProviderKinds.Anthropic, "https://gateway.example/v1", "on", true)]
    [InlineData(ProviderKinds.OpenAi, null, null, true)]
    [InlineData(ProviderKinds.OpenAi, null, "off", false)]
    [InlineData(ProviderKinds.OpenAi, "https://api.openai.com/v1/chat/completions", null, false)]
    [InlineData(ProviderKinds.Gemini, null, null, true)]
    [InlineData(ProviderKinds.OpenRouter, "https://openrouter.ai", null, true)]
    public void Only_the_vendor_itself_searches_unless_the_user_says_so(string kind, string? address, string? setting, bool searches)
    {
        var settings = Settings(kind, setting) with { Endpoint = address is null ? null : new Uri(address) };
        Assert.True(settings.Capabilities.WebSearch);
        Assert.Equal(searches, Of(settings).Capabilities.WebSearch);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static WebSearchRequest Request => new("model", "Search.", "current Node.js");

    private IWebSearchProvider Provider(string kind) => Of(Settings(kind, "on") with { Endpoint = endpoint.Url });

    private static ProviderSettings Settings(string kind, string? setting) =>
        new()
        {
            Id = "mine",
            Name = "Mine",
            Kind = kind,
            ApiKeyRef = "vault://mine/api_key",
            AdditionalAuth = setting is null
                ? new Dictionary<string, string>()
                : new Dictionary<string, string> { ["web_search"] = setting },
        };

    private IWebSearchProvider Of(ProviderSettings settings) =>
        settings.Kind switch
        {
            ProviderKinds.Anthropic => new AnthropicProvider(settings, secrets, http, TimeProvider.System),
            ProviderKinds.OpenAi => new OpenAiProvider(settings, secrets, http, TimeProvider.System),
            ProviderKinds.Gemini => new GeminiProvider(settings, secrets, http, TimeProvider.System),
            _ => new OpenRouterProvider(settings, secrets, http, TimeProvider.System),
        };

    private static decimal FeeOf(string kind) =>
        kind switch
        {
            ProviderKinds.Anthropic or ProviderKinds.OpenAi => 0.01m,
            ProviderKinds.Gemini => 0.014m,
            _ => 0,
        };

    private static (string Target, string Body, string Answer) ExpectedExchange(string kind) =>
        kind switch
        {
            ProviderKinds.Anthropic => (
                "/v1/messages",
                """{"model":"model","max_tokens":4096,"system":"Search.","tools":[{"type":"web_search_20250305","name":"web_search","max_uses":3}],"messages":[{"role":"user","content":"current Node.js"}]}""",
                $$$$"""
                {"id":"msg_1","type":"message","role":"assistant","model":"model","stop_reason":"end_turn","content":[
                 {"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"Node.js current release"}},
                 {"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[
                  {"type":"web_search_result","url":"{{{{Release}}}}","title":"Node.js 26","encrypted_content":"E","page_age":"3 days ago"},
                  {"type":"web_search_result","url":"https://endoflife.example/nodejs","title":"Node.js","encrypted_content":"E"}]},
                 {"type":"text","text":"{{{{Found}}}}","citations":[
                  {"type":"web_search_result_location","url":"{{{{Release}}}}","title":"Node.js 26","encrypted_index":"E","cited_text":"Node.js 26.0.0 is here"}]}],
                 "usage":{"input_tokens":2000,"cache_read_input_tokens":1000,"output_tokens":60,"server_tool_use":{"web_search_requests":1}}}
                """
            ),
            ProviderKinds.OpenAi => (
                "/v1/responses",
                """{"model":"model","instructions":"Search.","input":"current Node.js","tools":[{"type":"web_search"}],"store":false}""",
                $$$$"""
                {"id":"resp_1","object":"response","status":"completed","model":"model","output":[
                 {"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search","query":"Node.js current release"}},
                 {"type":"web_search_call","id":"ws_2","status":"completed","action":{"type":"open_page","url":"{{{{Release}}}}"}},
                 {"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"{{{{Found}}}}","annotations":[
                  {"type":"url_citation","start_index":0,"end_index":10,"url":"{{{{Release}}}}","title":"Node.js 26"},
                  {"type":"url_citation","start_index":11,"end_index":20,"url":"{{{{Release}}}}","title":"Node.js 26"}]}]}],
                 "usage":{"input_tokens":3000,"input_tokens_details":{"cached_tokens":0},"output_tokens":60,"output_tokens_details":{"reasoning_tokens":20},"total_tokens":3060}}
                """
            ),
            ProviderKinds.Gemini => (
                "/v1beta/models/model:generateContent",
                """{"systemInstruction":{"parts":[{"text":"Search."}]},"contents":[{"role":"user","parts":[{"text":"current Node.js"}]}],"tools":[{"google_search":{}}]}""",
                $$$$"""
                {"candidates":[{"content":{"role":"model","parts":[{"text":"I look it up.","thought":true},{"text":"{{{{Found}}}}"}]},"finishReason":"STOP","groundingMetadata":{
                 "webSearchQueries":["Node.js current release"],
                 "groundingChunks":[{"web":{"uri":"{{{{Release}}}}","title":"Node.js 26"}}],
                 "groundingSupports":[{"segment":{"startIndex":0,"endIndex":34,"text":"{{{{Found}}}}"},"groundingChunkIndices":[0]}]}}],
                 "usageMetadata":{"promptTokenCount":100,"toolUsePromptTokenCount":2900,"candidatesTokenCount":40,"thoughtsTokenCount":20,"totalTokenCount":3060}}
                """
            ),
            _ => (
                "/v1/chat/completions",
                """{"model":"model","messages":[{"role":"system","content":"Search."},{"role":"user","content":"current Node.js"}],"tools":[{"type":"openrouter:web_search","parameters":{"max_results":5}}],"usage":{"include":true}}""",
                $$$$"""
                {"id":"gen-1","model":"model","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"{{{{Found}}}}","annotations":[
                 {"type":"url_citation","url_citation":{"url":"{{{{Release}}}}","title":"Node.js 26","content":"Node.js 26.0.0 is here","start_index":0,"end_index":10}}]}}],
                 "usage":{"prompt_tokens":3000,"completion_tokens":60,"total_tokens":3060,"cost":0.031}}
                """
            ),
        };
}
