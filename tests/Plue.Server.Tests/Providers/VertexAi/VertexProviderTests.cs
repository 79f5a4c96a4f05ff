using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.VertexAi;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers.VertexAi;

/// <summary>The contract of both Vertex APIs: a service account in the vault, whose token comes from a token service.</summary>
public abstract class VertexContract : ProviderContract
{
    private readonly ScriptedEndpoint tokens = new();
    private volatile string token = FixedSecrets.Key;

    protected override string Kind => ProviderKinds.VertexAi;
    protected override (string Name, string Value) KeyHeader => ("authorization", "Bearer " + FixedSecrets.Key);

    protected override ScriptedAnswer Stream() => ScriptedAnswer.Events();

    protected override bool ListsModels => false;

    protected override IProvider Create(ProviderSettings settings, ISecretSource secrets, ProviderHttp http)
    {
        tokens.Route = _ =>
            ScriptedAnswer.Json("{\"access_token\":" + JsonEncoded(token) + ",\"expires_in\":3599,\"token_type\":\"Bearer\"}");
        var auth = new Dictionary<string, string>
        {
            ["project"] = "proj",
            ["location"] = "europe-west1",
            ["credentials"] = "vault://mine/service_account",
        };
        return new VertexProvider(
            settings with
            {
                AdditionalAuth = auth,
                ApiKeyRef = null,
            },
            new ServiceAccountSecrets(secrets, new Uri(tokens.Url, "/token"), stored => token = stored),
            http,
            TimeProvider.System,
            _ => null,
            "/nowhere",
            _ => { }
        );
    }

    protected static string EventOf(string json) => $"data: {json}\n\n";

    [Fact]
    public async Task Fetches_one_token_for_two_hundred_chats()
    {
        var answer = Stream().Send(TextAnswer);
        Endpoint.Route = _ => answer;
        var provider = Provider();
        await Task.WhenAll(Enumerable.Range(0, 200).Select(async _ => await provider.StreamAsync(Question, Cancel).ToListAsync(Cancel)));
        Assert.Single(tokens.Requests);
    }

    private static string JsonEncoded(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}

public class VertexClaudeTests : VertexContract
{
    private const string Opening = """
        event: message_start
        data: {"type":"message_start","message":{"id":"msg_vrtx_01","type":"message","role":"assistant","model":"claude-haiku-4-5-20251001","content":[],"usage":{"input_tokens":30,"cache_creation_input_tokens":10,"cache_read_input_tokens":60,"output_tokens":1}}}


        """;

    private string TextStart =>
        EventOf("""{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""") + EventOf("""{"type":"ping"}""");

    private string Delta(string type, string field, string json) =>
        EventOf("{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"" + type + "\",\"" + field + "\":" + json + "}}");

    private string Ending(string reason) =>
        EventOf("""{"type":"content_block_stop","index":0}""")
        + EventOf("{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"" + reason + "\"},\"usage\":{\"output_tokens\":20}}")
        + EventOf("""{"type":"message_stop"}""");

    protected override ProviderRequest Question => Request() with { Model = "claude-haiku-4-5-20251001" };
    protected override string ChatPath =>
        "/v1/projects/proj/locations/europe-west1/publishers/anthropic/models/claude-haiku-4-5@20251001:streamRawPredict";

    private string Unfinished => Opening + TextStart + Delta("text_delta", "text", "\"Hé \"");
    protected override string TextAnswer =>
        Unfinished + Delta("text_delta", "text", "\"👋 w\\u00f6\"") + Delta("text_delta", "text", "\"rld\"") + Ending("end_turn");
    protected override VendorCache Cache => VendorCache.Marked();
    protected override string CachedAnswer => TextAnswer;

    protected override string ErrorBody(string type, string message) =>
        "{\"type\":\"error\",\"error\":{\"type\":\"" + type + "\",\"message\":\"" + message + "\"}}";

    protected override string ReasoningAnswer =>
        Opening
        + EventOf("""{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}""")
        + Delta("thinking_delta", "thinking", "\"Let me \"")
        + Delta("thinking_delta", "thinking", "\"think.\"")
        + Delta("signature_delta", "signature", "\"c2ln\"")
        + EventOf("""{"type":"content_block_stop","index":0}""")
        + TextStart
        + Delta("text_delta", "text", "\"Yes.\"")
        + Ending("end_turn");

    protected override string ToolAnswer =>
        Opening
        + EventOf(
            """{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_vrtx_01","name":"read","input":{}}}"""
        )
        + Delta("input_json_delta", "partial_json", "\"{\\\"path\\\":\"")
        + Delta("input_json_delta", "partial_json", "\"\\\"a.txt\\\"}\"")
        + Ending("tool_use");

    [Fact]
    public async Task The_body_is_Anthropics_without_its_model()
    {
        await AnswerAsync(TextAnswer);
        var body = Endpoint.Requests[^1].Body;
        Assert.StartsWith("{\"anthropic_version\":\"vertex-2023-10-16\",\"max_tokens\":", body);
        Assert.Contains("\"stream\":true", body);
        Assert.DoesNotContain("\"model\"", body);
    }

    [Fact]
    public async Task A_check_asks_for_one_token()
    {
        Endpoint.Route = _ => ScriptedAnswer.Json("""{"content":[]}""");
        Assert.Null(await Provider(Settings() with { Model = "claude-opus-4-6" }).CheckAsync(Cancel));
        var request = Assert.Single(Endpoint.Requests);
        Assert.EndsWith("/publishers/anthropic/models/claude-opus-4-6:rawPredict", request.Target);
        Assert.Contains("\"max_tokens\":1", request.Body);
    }
}

public class VertexGeminiTests : VertexContract
{
    private const string Counts =
        ""","usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":15,"thoughtsTokenCount":5,"cachedContentTokenCount":60,"totalTokenCount":120}""";

    private static string Chunk(string parts, string? finish = null, string more = "") =>
        "data: {\"candidates\":[{\"content\":{\"parts\":["
        + parts
        + "],\"role\":\"model\"}"
        + (finish is null ? "" : $",\"finishReason\":\"{finish}\"")
        + "}]"
        + more
        + ",\"responseId\":\"r1\"}\n\n";

    protected override string ChatPath =>
        "/v1/projects/proj/locations/europe-west1/publishers/google/models/some-model:streamGenerateContent?alt=sse";

    private string Unfinished => Chunk("""{"text":"Hé "}""");
    protected override string TextAnswer => Unfinished + Chunk("""{"text":"👋 w\u00f6"}""") + Chunk("""{"text":"rld"}""", "STOP", Counts);
    protected override string ReasoningAnswer =>
        Chunk("""{"text":"Let me ","thought":true}""")
        + Chunk("""{"thought":true,"text":"think."}""")
        + Chunk("""{"text":"Yes."}""", "STOP", Counts);
    protected override string ToolAnswer =>
        Chunk("""{"functionCall":{"name":"read","args":{"path":"a.txt"}},"thoughtSignature":"c2ln"}""", null, Counts)
        + Chunk("""{"text":""}""", "STOP");
    protected override string CachedAnswer => TextAnswer;

    protected override string ErrorBody(string type, string message) =>
        "[{\"error\":{\"code\":400,\"message\":\"" + message + "\",\"status\":\"" + type + "\"}}]";

    [Fact]
    public async Task Calls_carry_no_ids_because_Vertex_refuses_them()
    {
        var request = Question with
        {
            Messages =
            [
                Said(MessageRole.User, new MessagePart.Text("a")),
                Said(MessageRole.Assistant, new MessagePart.ToolUse("t1", "read", "{}")),
                Said(MessageRole.User, new MessagePart.ToolResult("t1", "x", null)),
            ],
        };
        await AskAsync(Stream().Send(TextAnswer), null, request);
        Assert.Contains("functionCall", Endpoint.Requests[^1].Body);
        Assert.DoesNotContain("\"id\"", Endpoint.Requests[^1].Body);
    }

    [Fact]
    public async Task A_test_counts_the_tokens_of_a_word()
    {
        Endpoint.Route = _ => ScriptedAnswer.Json("""{"totalTokens":1}""");
        Assert.Null(await Provider().CheckAsync(Cancel));
        Assert.EndsWith("/publishers/google/models/gemini-2.5-flash:countTokens", Assert.Single(Endpoint.Requests).Target);
    }

    [Fact]
    public async Task A_model_of_another_publisher_is_refused_before_anything_is_sent()
    {
        var failure = FailureOf(await AskAsync(Stream().Send(TextAnswer), null, Request() with { Model = "meta/llama-4" }));
        Assert.Equal(FailureKind.ModelNotFound, failure.Kind);
        Assert.Empty(Endpoint.Requests);
    }

    [Theory]
    [InlineData("publishers/google/models/gemini-3-pro", "/publishers/google/models/gemini-3-pro")]
    [InlineData("anthropic/claude-opus-4-5-20251101", "/publishers/anthropic/models/claude-opus-4-5@20251101")]
    [InlineData("claude-opus-4-5@20251101", "/publishers/anthropic/models/claude-opus-4-5@20251101")]
    [InlineData("claude-sonnet-4-6", "/publishers/anthropic/models/claude-sonnet-4-6")]
    public void A_model_is_named_as_Vertex_names_it(string model, string path) => Assert.Equal(path, VertexModels.PathOf(model));
}
