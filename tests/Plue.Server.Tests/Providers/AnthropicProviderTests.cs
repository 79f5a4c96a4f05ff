using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Anthropic;
using Plue.Server.Providers.Http;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers;

public class AnthropicProviderTests : WireContract
{
    private const string Opening = """
        event: message_start
        data: {"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant","model":"claude-sonnet-4-6-20260217","content":[],"usage":{"input_tokens":30,"cache_creation_input_tokens":10,"cache_read_input_tokens":60,"output_tokens":1}}}


        """;

    private const string TextStart = """
        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

        event: ping
        data: {"type":"ping"}


        """;

    private static string Ending(string reason) =>
        """
            event: content_block_stop
            data: {"type":"content_block_stop","index":0}

            event: message_delta
            data: {"type":"message_delta","delta":{"stop_reason":"REASON","stop_sequence":null},"usage":{"output_tokens":20}}

            event: message_stop
            data: {"type":"message_stop"}


            """.Replace("REASON", reason);

    private static string Delta(string type, string field, string json) =>
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\""
        + type
        + "\",\""
        + field
        + "\":"
        + json
        + "}}\n\n";

    protected override string Kind => ProviderKinds.Anthropic;
    protected override string ChatPath => "/v1/messages";
    protected override (string Name, string Value) KeyHeader => ("x-api-key", FixedSecrets.Key);

    protected override ScriptedAnswer Stream() => ScriptedAnswer.Events();

    private protected override Framing Framing => Framing.ServerSentEvents;

    private protected override WireParser Parser(ProviderRequest request) => new AnthropicParser(Failures, request);

    protected override IProvider Create(ProviderSettings settings, ISecretSource secrets, ProviderHttp http) =>
        new AnthropicProvider(settings, secrets, http, TimeProvider.System);

    protected override string Unfinished => Opening + TextStart + Delta("text_delta", "text", "\"Hé \"");
    protected override string TextAnswer =>
        Unfinished + Delta("text_delta", "text", "\"👋 w\\u00f6\"") + Delta("text_delta", "text", "\"rld\"") + Ending("end_turn");
    protected override string LimitAnswer => Unfinished + Ending("max_tokens");
    protected override VendorCache Cache => VendorCache.Marked();
    protected override string CachedAnswer => TextAnswer;

    protected override string EventOf(string json) => $"data: {json}\n\n";

    protected override string ErrorBody(string type, string message) =>
        "{\"type\":\"error\",\"error\":{\"type\":\"" + type + "\",\"message\":\"" + message + "\"},\"request_id\":\"req_1\"}";

    protected override string ErrorEvent => "event: error\ndata: " + ErrorBody("overloaded_error", "Overloaded") + "\n\n";

    protected override string ReasoningAnswer =>
        Opening
        + EventOf("""{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}""")
        + Delta("thinking_delta", "thinking", "\"Let me \"")
        + Delta("thinking_delta", "thinking", "\"think.\"")
        + Delta("signature_delta", "signature", "\"c2ln\"")
        + EventOf("""{"type":"content_block_stop","index":0}""")
        + EventOf("""{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"b3BhcXVl"}}""")
        + EventOf("""{"type":"content_block_stop","index":1}""")
        + TextStart
        + Delta("text_delta", "text", "\"Yes.\"")
        + Ending("end_turn");

    protected override string ToolAnswer =>
        Opening
        + EventOf(
            """{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_01","name":"read","input":{}}}"""
        )
        + Delta("input_json_delta", "partial_json", "\"\"")
        + Delta("input_json_delta", "partial_json", "\"{\\\"path\\\":\"")
        + Delta("input_json_delta", "partial_json", "\"\\\"a.txt\\\"}\"")
        + Ending("tool_use");

    [Fact]
    public async Task Reasoning_keeps_its_signature_and_redacted_blocks_their_data()
    {
        var events = await AnswerAsync(ReasoningAnswer);
        Assert.Equal([new("c2ln"), new(null, "b3BhcXVl")], events.OfType<ProviderEvent.ReasoningFinished>());
    }

    [Fact]
    public async Task Usage_counts_what_was_cached_and_the_last_numbers_win()
    {
        var usage = (await AnswerAsync(TextAnswer)).OfType<ProviderEvent.UsageReported>().Last().Usage;
        Assert.Equal(
            new Usage
            {
                InputTokens = 100,
                OutputTokens = 20,
                CachedReadTokens = 60,
                CachedWriteTokens = 10,
            },
            usage
        );
    }

    [Fact]
    public async Task Stores_the_vendors_request_ids()
    {
        var accepted = Assert.Single((await AnswerAsync(TextAnswer)).OfType<ProviderEvent.Accepted>());
        Assert.Equal(new ProviderEvent.Accepted("claude-sonnet-4-6-20260217", "msg_01"), accepted);
    }

    [Theory]
    [InlineData("end_turn", StopReason.EndTurn)]
    [InlineData("stop_sequence", StopReason.StopSequence)]
    [InlineData("refusal", StopReason.Refusal)]
    [InlineData("model_context_window_exceeded", StopReason.ContextFull)]
    [InlineData("something_new", StopReason.EndTurn)]
    public async Task Every_stop_reason_has_a_meaning(string vendor, StopReason reason) =>
        AssertEndsOnce(await AnswerAsync(Unfinished + Ending(vendor)), reason);

    [Fact]
    public async Task Half_a_tool_call_at_the_token_limit_is_never_run()
    {
        var cut = ToolAnswer
            .Replace("\"\\\"a.txt\\\"}\"", "\"\\\"a.t\"")
            .Replace("\"tool_use\",\"stop_sequence\"", "\"max_tokens\",\"stop_sequence\"");
        var events = await AnswerAsync(cut);
        Assert.Empty(events.OfType<ProviderEvent.ToolCallFinished>());
        AssertEndsOnce(events, StopReason.MaxTokens);
    }

    [Fact]
    public async Task A_spend_limit_hidden_in_a_429_is_not_tried_again()
    {
        var body =
            """{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your limit","details":{"error_code":"enforced_spend_limit_reached"}}}""";
        var failure = FailureOf(await AskAsync(ScriptedAnswer.Json(body, 429, ("retry-after", "5"))));
        Assert.Equal(FailureKind.SpendLimit, failure.Kind);
        Assert.False(failure.IsRetryable);
    }

    [Fact]
    public async Task The_request_is_what_the_Messages_API_wants()
    {
        var request = Request() with
        {
            Messages =
            [
                Said(MessageRole.User, new MessagePart.Text("Read it"), new MessagePart.File("b.txt", "bytes")),
                Said(
                    MessageRole.Assistant,
                    new MessagePart.Reasoning("hm", "c2ln"),
                    new MessagePart.Reasoning("", null, "b3BhcXVl"),
                    new MessagePart.Reasoning("unsigned"),
                    new MessagePart.Text("I read."),
                    new MessagePart.ToolUse("t1", "read", """{"path":"a.txt"}"""),
                    new MessagePart.ToolUse("t2", "read", "{}")
                ) with
                {
                    ProviderInfo = new ProviderInfo("mine", "some-model-20260101"),
                },
                Said(MessageRole.User, new MessagePart.Text("and?"), new MessagePart.ToolResult("t1", null, "no such file")),
            ],
            MaxTokens = 100,
            Temperature = 0.5,
            StopSequences = ["END"],
        };
        await AskAsync(Stream().Send(TextAnswer), null, request);
        Assert.Equal(
            """{"model":"some-model","max_tokens":100,"stream":true,"tools":[{"name":"read","description":"Reads a file.","input_schema":{"type":"object","properties":{"path":{"type":"string"}}}}],"system":"""
                + """[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}],"messages":"""
                + """[{"role":"user","content":[{"type":"text","text":"Read it"},{"type":"text","text":"<file path=\"b.txt\">\nbytes\n</file>"}]},"""
                + """{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"c2ln"},{"type":"redacted_thinking","data":"b3BhcXVl"},{"type":"text","text":"I read."},{"type":"tool_use","id":"t1","name":"read","input":{"path":"a.txt"}}]},"""
                + """{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"no such file","is_error":true},{"type":"text","text":"and?","cache_control":{"type":"ephemeral"}}]}],"temperature":"""
                + """0.5,"stop_sequences":["END"]}""",
            Endpoint.Requests[^1].Body
        );
    }

    [Fact]
    public async Task The_next_turn_begins_with_the_same_bytes()
    {
        var first = Request();
        var second = first with
        {
            Messages =
            [
                .. first.Messages,
                Said(MessageRole.Assistant, new MessagePart.Text("Hi")),
                Said(MessageRole.User, new MessagePart.Text("More")),
            ],
        };
        await AskAsync(Stream().Send(TextAnswer), null, first);
        await AskAsync(Stream().Send(TextAnswer), null, second);
        const string Mark = ""","cache_control":{"type":"ephemeral"}""";
        var bodies = Endpoint.Requests.Select(request => request.Body).ToArray();
        var start = bodies[0].LastIndexOf(Mark, StringComparison.Ordinal);
        Assert.StartsWith(bodies[0][..start], bodies[1]);
    }

    [Theory]
    [InlineData("claude-opus-5", null, 32_000)]
    [InlineData("claude-opus-4-20250514", null, 32_000)]
    [InlineData("claude-opus-4-20250514", "high", 32_000)]
    [InlineData("claude-3-7-sonnet-20250219", null, 16_000)]
    [InlineData("claude-3-5-haiku-20241022", null, 8_192)]
    [InlineData("claude-3-haiku-20240307", null, 4_096)]
    [InlineData("kimi-k2", null, 8_192)]
    public async Task Without_a_limit_of_the_user_a_response_may_be_as_long_as_the_model_allows(string model, string? level, int most)
    {
        await AskAsync(Stream().Send(TextAnswer), null, Request() with { Model = model, ReasoningLevel = level });
        Assert.Contains($"\"max_tokens\":{most},", Endpoint.Requests[^1].Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("claude-sonnet-4-6", "high", """thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"high"}""")]
    [InlineData("claude-opus-4-8-20261001", "max", """output_config":{"effort":"max"}""")]
    [InlineData("claude-opus-4-20250514", "low", """thinking":{"type":"enabled","budget_tokens":4096}""")]
    [InlineData("claude-sonnet-4-5", "medium", """thinking":{"type":"enabled","budget_tokens":10000}""")]
    [InlineData("kimi-k2", "none", """thinking":{"type":"disabled"}""")]
    public async Task The_reasoning_level_is_sent_in_the_format_of_the_model(string model, string level, string expected)
    {
        await AskAsync(Stream().Send(TextAnswer), null, Request() with { Model = model, ReasoningLevel = level, Temperature = 0.3 });
        Assert.Contains(expected, Endpoint.Requests[^1].Body);
        Assert.Equal(level == "none", Endpoint.Requests[^1].Body.Contains("temperature"));
    }

    [Fact]
    public async Task Drops_a_rejected_option_and_reports_it()
    {
        var refused = ScriptedAnswer.Json(ErrorBody("invalid_request_error", "temperature: is not supported by this model"), 400);
        var answer = Stream().Send(TextAnswer);
        Endpoint.Route = request => request.Body.Contains("temperature") ? refused : answer;
        var provider = Provider();
        var request = Request() with { Temperature = 0.3 };
        var events = await provider.StreamAsync(request, Cancel).ToListAsync(Cancel);
        Assert.Contains("temperature", Assert.IsType<ProviderEvent.Waiting>(events[0]).For);
        AssertEndsOnce(events, StopReason.EndTurn);
        await provider.StreamAsync(request, Cancel).ToListAsync(Cancel);
        Assert.Equal(3, Endpoint.Requests.Count);
    }

    [Fact]
    public async Task Models_are_listed_over_all_pages()
    {
        Endpoint.Route = request =>
            request.Target.Contains("after_id=m1")
                ? ScriptedAnswer.Json("""{"data":[{"id":"m2"}],"has_more":false}""")
                : ScriptedAnswer.Json(
                    """{"data":[{"id":"m1","display_name":"One","max_input_tokens":200000,"max_tokens":64000}],"has_more":true,"last_id":"m1"}"""
                );
        var models = await Provider().ListModelsAsync(Cancel);
        Assert.Equal(
            [
                new ModelInfo
                {
                    Id = "m1",
                    Name = "One",
                    ContextLength = 200_000,
                    MaxOutput = 64_000,
                },
                new ModelInfo { Id = "m2" },
            ],
            models
        );
    }

    [Fact]
    public async Task A_test_distinguishes_a_valid_from_an_invalid_key()
    {
        Endpoint.Route = _ => ScriptedAnswer.Json("""{"data":[]}""");
        Assert.Null(await Provider().CheckAsync(Cancel));
        Endpoint.Route = _ => ScriptedAnswer.Json(ErrorBody("authentication_error", "invalid x-api-key"), 401);
        Assert.Equal(FailureKind.ProviderAuthFailed, (await Provider().CheckAsync(Cancel))?.Kind);
    }
}
