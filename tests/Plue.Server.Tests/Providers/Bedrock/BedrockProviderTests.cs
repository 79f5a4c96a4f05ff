using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Bedrock;
using Plue.Server.Providers.Http;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers.Bedrock;

/// <summary>Claude on Bedrock: Anthropic events in AWS frames.</summary>
public class BedrockClaudeTests : WireContract
{
    private const string Model = "us.anthropic.claude-sonnet-5";
    private const string Home = "/nowhere";

    private static readonly string Opening = Frames.Chunk(
        """{"type":"message_start","message":{"id":"msg_bdrk_01","type":"message","role":"assistant","model":"claude-sonnet-5","content":[],"usage":{"input_tokens":30,"cache_creation_input_tokens":10,"cache_read_input_tokens":60,"output_tokens":1}}}"""
    );

    private static readonly string TextStart =
        Frames.Chunk("""{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""")
        + Frames.Chunk("""{"type":"ping"}""");

    private static string Delta(string type, string field, string json) =>
        Frames.Chunk("{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"" + type + "\",\"" + field + "\":" + json + "}}");

    private static string Ending(string reason) =>
        Frames.Chunk("""{"type":"content_block_stop","index":0}""")
        + Frames.Chunk(
            "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\""
                + reason
                + "\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":20}}"
        )
        + Frames.Chunk(
            """{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":100,"outputTokenCount":20,"invocationLatency":812,"firstByteLatency":301}}"""
        );

    protected override string Kind => ProviderKinds.Bedrock;
    protected override ProviderRequest Question => Request() with { Model = Model };
    protected override string ChatPath => $"/model/{Model}/invoke-with-response-stream";
    protected override (string Name, string Value) KeyHeader => ("authorization", "Bearer " + FixedSecrets.Key);

    protected override ScriptedAnswer Stream() => ScriptedAnswer.Frames();

    protected override bool HasLines => false;
    protected override string EndlessEvent => Frames.Prelude(100 * 1024 * 1024, 75);
    private protected override Framing Framing => Framing.EventStream;

    private protected override WireParser Parser(ProviderRequest request) => new InvokeParser(Failures, request);

    protected override IProvider Create(ProviderSettings settings, ISecretSource secrets, ProviderHttp http) =>
        new BedrockProvider(settings, secrets, http, TimeProvider.System, _ => null, Home, _ => { });

    protected override string Unfinished => Opening + TextStart + Delta("text_delta", "text", "\"Hé \"");
    protected override string TextAnswer =>
        Unfinished + Delta("text_delta", "text", "\"👋 w\\u00f6\"") + Delta("text_delta", "text", "\"rld\"") + Ending("end_turn");
    protected override string LimitAnswer => Unfinished + Ending("max_tokens");
    protected override VendorCache Cache => VendorCache.Marked();
    protected override string CachedAnswer => TextAnswer;

    protected override string EventOf(string json) => Frames.Chunk(json);

    protected override string ErrorBody(string type, string message) => "{\"message\":\"" + message + "\"}";

    protected override string ErrorEvent => Frames.Exception("serviceUnavailableException", """{"message":"Try again later."}""");

    protected override string ReasoningAnswer =>
        Opening
        + Frames.Chunk("""{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}""")
        + Delta("thinking_delta", "thinking", "\"Let me \"")
        + Delta("thinking_delta", "thinking", "\"think.\"")
        + Delta("signature_delta", "signature", "\"c2ln\"")
        + Frames.Chunk("""{"type":"content_block_stop","index":0}""")
        + TextStart
        + Delta("text_delta", "text", "\"Yes.\"")
        + Ending("end_turn");

    protected override string ToolAnswer =>
        Opening
        + Frames.Chunk(
            """{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_bdrk_01","name":"read","input":{}}}"""
        )
        + Delta("input_json_delta", "partial_json", "\"\"")
        + Delta("input_json_delta", "partial_json", "\"{\\\"path\\\":\"")
        + Delta("input_json_delta", "partial_json", "\"\\\"a.txt\\\"}\"")
        + Ending("tool_use");

    [Fact]
    public async Task Sends_the_Anthropic_body_without_the_fields_of_the_address()
    {
        await AnswerAsync(TextAnswer);
        var body = Endpoint.Requests[^1].Body;
        Assert.StartsWith("{\"anthropic_version\":\"bedrock-2023-05-31\",\"max_tokens\":", body);
        Assert.DoesNotContain("\"model\"", body);
        Assert.DoesNotContain("\"stream\"", body);
    }

    [Fact]
    public async Task Stores_signatures_for_the_requested_model()
    {
        var accepted = Assert.Single((await AnswerAsync(TextAnswer)).OfType<ProviderEvent.Accepted>());
        Assert.Equal(new ProviderEvent.Accepted(Model, "msg_bdrk_01"), accepted);
    }

    [Theory]
    [InlineData("throttlingException", FailureKind.RateLimited, true)]
    [InlineData("serviceUnavailableException", FailureKind.Overloaded, true)]
    [InlineData("internalServerException", FailureKind.Overloaded, true)]
    [InlineData("modelStreamErrorException", FailureKind.Overloaded, true)]
    [InlineData("modelTimeoutException", FailureKind.Overloaded, true)]
    [InlineData("validationException", FailureKind.BadRequest, false)]
    public async Task An_exception_inside_the_stream_has_its_meaning(string type, FailureKind kind, bool isRetryable)
    {
        var failure = FailureOf(await AnswerAsync(Unfinished + Frames.Exception(type, """{"message":"Something about it."}""")));
        Assert.Equal((kind, isRetryable), (failure.Kind, failure.IsRetryable));
        Assert.Contains("Something about it", failure.Message);
        Assert.DoesNotContain("Exception", failure.Message);
    }

    [Fact]
    public async Task An_error_in_the_stream_reports_that_the_prompt_is_too_long() =>
        Assert.Equal(
            FailureKind.ContextFull,
            FailureOf(
                await AnswerAsync(Frames.Exception("validationException", """{"message":"Input is too long for requested model."}"""))
            ).Kind
        );

    [Fact]
    public async Task A_damaged_frame_and_an_oversized_frame_have_different_errors()
    {
        var damaged = (Unfinished + TextStart).ToCharArray();
        damaged[^5] ^= (char)1;
        var failure = FailureOf(await AnswerAsync(new string(damaged)));
        Assert.Equal(FailureKind.BadResponse, failure.Kind);
        Assert.Contains("damaged", failure.Message);
        Assert.Contains("16 MiB", FailureOf(await AnswerAsync(Unfinished + EndlessEvent)).Message);
    }

    [Fact]
    public async Task A_model_that_requires_an_inference_profile_is_reported()
    {
        var body = ErrorBody(
            "",
            "Invocation of model ID anthropic.claude-x with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model."
        );
        var failure = FailureOf(await AskAsync(ScriptedAnswer.Json(body, 400)));
        Assert.Equal(FailureKind.ModelNotFound, failure.Kind);
        Assert.Contains("inference profile", failure.Message);
    }

    [Theory]
    [InlineData("us.anthropic.claude-sonnet-5", "eu-west-1", "eu.anthropic.claude-sonnet-5")]
    [InlineData("eu.anthropic.claude-sonnet-5", "us-east-1", "us.anthropic.claude-sonnet-5")]
    [InlineData("us.anthropic.claude-sonnet-5", "us-gov-west-1", "us-gov.anthropic.claude-sonnet-5")]
    [InlineData("jp.anthropic.claude-sonnet-5", "eu-west-1", "ap-northeast-")]
    public async Task A_model_of_another_geography_is_refused_before_anything_is_sent(string model, string region, string way)
    {
        var settings = Settings() with { AdditionalAuth = new Dictionary<string, string> { ["region"] = region } };
        var failure = FailureOf(await AskAsync(Stream().Send(TextAnswer), settings, Request() with { Model = model }));
        Assert.Equal(FailureKind.BadRequest, failure.Kind);
        Assert.Contains(region, failure.Message);
        Assert.Contains(way, failure.Message);
        Assert.Empty(Endpoint.Requests);
        Assert.Equal(failure, await Provider(settings with { Model = model }).CheckAsync(Cancel));
    }

    [Theory]
    [
        InlineData("us.anthropic.claude-sonnet-5", "us-west-2"),
        InlineData("us.anthropic.claude-sonnet-5", "ca-central-1"),
        InlineData("eu.anthropic.claude-sonnet-5", "eu-north-1")
    ]
    [
        InlineData("global.anthropic.claude-sonnet-5", "eu-north-1"),
        InlineData("anthropic.claude-3-haiku", "ap-south-1"),
        InlineData("apac.anthropic.claude-sonnet-5", "ap-south-1")
    ]
    public void A_model_of_the_regions_own_geography_is_asked(string model, string region) =>
        Assert.Null(BedrockModels.WrongRegion(model, region, "Bedrock"));

    [Fact]
    public async Task Without_a_region_and_an_endpoint_nothing_is_called()
    {
        var events = await AskAsync(Stream().Send(TextAnswer), Settings() with { Endpoint = null });
        var failure = FailureOf(events);
        Assert.Equal(FailureKind.MissingField, failure.Kind);
        Assert.Contains("AWS_REGION", failure.Message);
    }

    [Theory]
    [InlineData("evil.example/#"), InlineData("US-EAST-1@evil"), InlineData("us east")]
    public async Task A_region_cannot_smuggle_a_host_in(string region)
    {
        var settings = Settings() with
        {
            Endpoint = null,
            AdditionalAuth = new Dictionary<string, string> { ["region"] = region },
        };
        Assert.Equal(FailureKind.MissingField, FailureOf(await AskAsync(Stream(), settings)).Kind);
        Assert.Empty(Secrets.Asked);
    }

    [Theory]
    [
        InlineData("us-east-1", "https://bedrock-runtime.us-east-1.amazonaws.com"),
        InlineData("cn-north-1", "https://bedrock-runtime.cn-north-1.amazonaws.com.cn")
    ]
    public void The_host_comes_from_the_region(string region, string host)
    {
        Assert.Equal(host, AwsHosts.Runtime(region));
        Assert.Equal(region, AwsHosts.RegionOf(new Uri(host)));
    }

    [Fact]
    public async Task A_check_asks_for_one_token()
    {
        Endpoint.Route = _ =>
            ScriptedAnswer.Json("""{"output":{"message":{"role":"assistant","content":[{"text":"Hi"}]}},"stopReason":"max_tokens"}""");
        Assert.Null(await Provider().CheckAsync(Cancel));
        var request = Assert.Single(Endpoint.Requests);
        Assert.Equal("/model/us.anthropic.claude-haiku-4-5-20251001-v1:0/converse", request.Target);
        Assert.Contains("\"maxTokens\":1", request.Body);
        Endpoint.Route = _ =>
            ScriptedAnswer.Json(
                ErrorBody("", "The security token included in the request is invalid."),
                403,
                ("x-amzn-ErrorType", "UnrecognizedClientException")
            );
        Assert.Equal(FailureKind.ProviderAuthFailed, (await Provider().CheckAsync(Cancel))?.Kind);
    }

    [Fact]
    public async Task Models_and_profiles_are_listed_as_they_can_be_asked()
    {
        Endpoint.Route = request =>
            request.Target.StartsWith("/foundation-models", StringComparison.Ordinal)
                ? ScriptedAnswer.Json(
                    """
                    {"modelSummaries":[
                      {"modelId":"anthropic.claude-sonnet-5","modelName":"Claude Sonnet 5","providerName":"Anthropic","inputModalities":["TEXT","IMAGE"],"outputModalities":["TEXT"],"responseStreamingSupported":true,"inferenceTypesSupported":["INFERENCE_PROFILE"]},
                      {"modelId":"openai.gpt-oss-120b-1:0","modelName":"gpt-oss-120b","providerName":"OpenAI","inputModalities":["TEXT"],"outputModalities":["TEXT"],"responseStreamingSupported":true,"inferenceTypesSupported":["ON_DEMAND"]},
                      {"modelId":"amazon.titan-embed","modelName":"Embed","inputModalities":["TEXT"],"outputModalities":["EMBEDDING"],"inferenceTypesSupported":["ON_DEMAND"]}]}
                    """
                )
            : request.Target.Contains("nextToken=n%2B1")
                ? ScriptedAnswer.Json(
                    """{"inferenceProfileSummaries":[{"inferenceProfileId":"us.amazon.titan-embed","status":"ACTIVE","models":[{"modelArn":"arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-embed"}]}]}"""
                )
            : ScriptedAnswer.Json(
                """{"inferenceProfileSummaries":[{"inferenceProfileId":"us.anthropic.claude-sonnet-5","inferenceProfileName":"US Claude Sonnet 5","status":"ACTIVE","models":[{"modelArn":"arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-5"}]}],"nextToken":"n+1"}"""
            );
        Assert.Equal(
            [
                new ModelInfo
                {
                    Id = "openai.gpt-oss-120b-1:0",
                    Name = "gpt-oss-120b",
                    Description = "OpenAI",
                    SupportsVision = false,
                },
                // The model of the second profile generates no text, so it is omitted.
                new ModelInfo
                {
                    Id = "us.anthropic.claude-sonnet-5",
                    Name = "US Claude Sonnet 5",
                    Description = "Anthropic",
                    SupportsVision = true,
                },
            ],
            await Provider().ListModelsAsync(Cancel)
        );
    }

    [Fact]
    public async Task Lists_nothing_without_list_permission_and_reports_other_failures()
    {
        Endpoint.Route = _ =>
            ScriptedAnswer.Json(
                ErrorBody("", "User: arn:aws:iam::1:user/a is not authorized to perform: bedrock:ListFoundationModels"),
                403,
                ("x-amzn-ErrorType", "AccessDeniedException")
            );
        Assert.Empty(await Provider().ListModelsAsync(Cancel));
        Endpoint.Route = _ => ScriptedAnswer.Json(ErrorBody("", "The security token included in the request is invalid."), 403);
        await Assert.ThrowsAsync<FailureException>(() => Provider().ListModelsAsync(Cancel));
    }
}

/// <summary>Models of all other vendors: AWS events in frames.</summary>
public class BedrockConverseTests : WireContract
{
    private const string Model = "amazon.nova-pro-v1:0";

    private static readonly string Opening = Frames.Event("messageStart", """{"role":"assistant","p":"abc"}""");

    private static string Delta(string json, int index = 0) =>
        Frames.Event("contentBlockDelta", "{\"contentBlockIndex\":" + index + ",\"delta\":" + json + ",\"p\":\"ab\"}");

    private static string Stop(int index = 0) => Frames.Event("contentBlockStop", "{\"contentBlockIndex\":" + index + "}");

    private static string Ending(string reason) =>
        Frames.Event("messageStop", "{\"stopReason\":\"" + reason + "\"}")
        + Frames.Event(
            "metadata",
            """{"usage":{"inputTokens":30,"outputTokens":20,"totalTokens":120,"cacheReadInputTokens":60,"cacheWriteInputTokens":10},"metrics":{"latencyMs":900}}"""
        );

    protected override string Kind => ProviderKinds.Bedrock;
    protected override ProviderRequest Question => Request() with { Model = Model };
    protected override string ChatPath => $"/model/{Model}/converse-stream";
    protected override (string Name, string Value) KeyHeader => ("authorization", "Bearer " + FixedSecrets.Key);

    protected override ScriptedAnswer Stream() => ScriptedAnswer.Frames();

    protected override bool HasLines => false;
    protected override string EndlessEvent => Frames.Prelude(100 * 1024 * 1024, 75);
    private protected override Framing Framing => Framing.EventStream;

    private protected override WireParser Parser(ProviderRequest request) => new ConverseParser(Failures, request);

    protected override IProvider Create(ProviderSettings settings, ISecretSource secrets, ProviderHttp http) =>
        new BedrockProvider(settings, secrets, http, TimeProvider.System, _ => null, "/nowhere", _ => { });

    protected override string Unfinished => Opening + Delta("""{"text":"Hé "}""");
    protected override string TextAnswer =>
        Unfinished + Delta("""{"text":"👋 w\u00f6"}""") + Delta("""{"text":"rld"}""") + Stop() + Ending("end_turn");
    protected override string LimitAnswer => Unfinished + Stop() + Ending("max_tokens");
    protected override VendorCache Cache => VendorCache.Marked();
    protected override string CachedAnswer => TextAnswer;

    protected override string EventOf(string json) => Frames.Event("contentBlockDelta", json);

    protected override string ErrorBody(string type, string message) => "{\"message\":\"" + message + "\"}";

    protected override string ErrorEvent =>
        Frames.Exception(
            "modelStreamErrorException",
            """{"message":"The model broke off.","originalStatusCode":500,"originalMessage":"x"}"""
        );

    protected override string ReasoningAnswer =>
        Opening
        + Delta("""{"reasoningContent":{"text":"Let me "}}""")
        + Delta("""{"reasoningContent":{"text":"think."}}""")
        + Delta("""{"reasoningContent":{"signature":"c2ln"}}""")
        + Stop()
        + Delta("""{"text":"Yes."}""", 1)
        + Stop(1)
        + Ending("end_turn");

    protected override string ToolAnswer =>
        Opening
        + Frames.Event("contentBlockStart", """{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"tooluse_1","name":"read"}}}""")
        + Delta("""{"toolUse":{"input":"{\"path\":"}}""")
        + Delta("""{"toolUse":{"input":"\"a.txt\"}"}}""")
        + Stop()
        + Ending("tool_use");

    [Fact]
    public async Task Reasoning_keeps_its_signature_and_redacted_content_its_bytes()
    {
        // Two chunks of base64, each with padding, form one block of bytes.
        var redacted =
            Opening
            + Delta("""{"reasoningContent":{"redactedContent":"b3A="}}""")
            + Delta("""{"reasoningContent":{"redactedContent":"YXF1ZQ=="}}""")
            + Stop()
            + Delta("""{"text":"Yes."}""", 1)
            + Ending("end_turn");
        Assert.Equal([new("c2ln")], (await AnswerAsync(ReasoningAnswer)).OfType<ProviderEvent.ReasoningFinished>());
        Assert.Equal(
            [new(null, Convert.ToBase64String("opaque"u8))],
            (await AnswerAsync(redacted)).OfType<ProviderEvent.ReasoningFinished>()
        );
    }

    [Theory]
    [InlineData(400, "Malformed input request: #/messages/6/content/0: extraneous key [cachePoint] is not permitted")]
    [InlineData(403, "You invoked an unsupported model or your request did not allow prompt caching.")]
    public async Task A_model_without_a_cache_is_asked_without_cache_points(int status, string message)
    {
        Endpoint.Route = request =>
            request.Body.Contains("cachePoint") ? ScriptedAnswer.Json(ErrorBody("", message), status) : Stream().Send(TextAnswer);
        var events = await Provider().StreamAsync(Question, Cancel).ToListAsync(Cancel);
        Assert.Equal("Hé 👋 wörld", TextOf(events));
        Assert.DoesNotContain(events, next => next is ProviderEvent.Waiting);
    }

    [Fact]
    public async Task Usage_counts_what_was_cached() =>
        Assert.Equal(
            new Usage
            {
                InputTokens = 100,
                OutputTokens = 20,
                CachedReadTokens = 60,
                CachedWriteTokens = 10,
            },
            (await AnswerAsync(TextAnswer)).OfType<ProviderEvent.UsageReported>().Last().Usage
        );

    [Fact]
    public async Task An_answer_without_its_counts_is_complete_all_the_same() =>
        AssertEndsOnce(
            await AnswerAsync(Unfinished + Stop() + Frames.Event("messageStop", """{"stopReason":"end_turn"}""")),
            StopReason.EndTurn
        );

    [Theory]
    [
        InlineData("end_turn", StopReason.EndTurn),
        InlineData("stop_sequence", StopReason.StopSequence),
        InlineData("guardrail_intervened", StopReason.Refusal)
    ]
    [
        InlineData("content_filtered", StopReason.Refusal),
        InlineData("model_context_window_exceeded", StopReason.ContextFull),
        InlineData("something_new", StopReason.EndTurn)
    ]
    public async Task Every_stop_reason_has_a_meaning(string vendor, StopReason reason) =>
        AssertEndsOnce(await AnswerAsync(Unfinished + Stop() + Ending(vendor)), reason);

    [Theory]
    [InlineData("malformed_tool_use"), InlineData("malformed_model_output")]
    public async Task An_answer_broken_off_may_be_tried_again(string reason) =>
        Assert.True(FailureOf(await AnswerAsync(Unfinished + Stop() + Ending(reason))).IsRetryable);

    [Fact]
    public async Task Calls_whose_turn_ended_otherwise_are_calls() =>
        AssertEndsOnce(await AnswerAsync(ToolAnswer.Replace(Ending("tool_use"), Ending("end_turn"))), StopReason.ToolUse);

    [Fact]
    public async Task Half_a_tool_call_is_never_run()
    {
        var half =
            Opening
            + Frames.Event("contentBlockStart", """{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t","name":"read"}}}""")
            + Delta("""{"toolUse":{"input":"{\"pa"}}""")
            + Stop();
        var events = await AnswerAsync(half + Ending("max_tokens"));
        Assert.Empty(events.OfType<ProviderEvent.ToolCallFinished>());
        AssertEndsOnce(events, StopReason.MaxTokens);
        foreach (var reason in new[] { "tool_use", "malformed_tool_use" })
        {
            var broken = Assert.Single((await AnswerAsync(half + Ending(reason))).OfType<ProviderEvent.ToolCallFinished>());
            Assert.Equal(("{}", "{\"pa"), (broken.Parameters, broken.Raw));
        }
    }

    [Fact]
    public async Task The_request_is_what_converse_wants()
    {
        var request = Question with
        {
            Messages =
            [
                Said(MessageRole.User, new MessagePart.Text("Read it")),
                Said(MessageRole.User, new MessagePart.File("b.txt", "bytes")),
                Said(
                    MessageRole.Assistant,
                    new MessagePart.Reasoning("hm", "c2ln"),
                    new MessagePart.Reasoning("", null, "b3BhcXVl"),
                    new MessagePart.Reasoning("unsigned"),
                    new MessagePart.ToolUse("call:1", "read", """{"path":"a.txt"}"""),
                    new MessagePart.ToolUse("t2", "read", "{}")
                ) with
                {
                    ProviderInfo = new ProviderInfo("mine", Model),
                },
                Said(
                    MessageRole.User,
                    new MessagePart.Text("and?"),
                    new MessagePart.ToolResult("call:1", null, "no such file"),
                    new MessagePart.ToolResult("t2", "", null)
                ),
            ],
            MaxTokens = 100,
            Temperature = 0.5,
            StopSequences = ["END"],
        };
        await AskAsync(Stream().Send(TextAnswer), null, request);
        Assert.Equal(
            """{"system":[{"text":"Be brief."},{"cachePoint":{"type":"default"}}],"messages":"""
                + """[{"role":"user","content":[{"text":"Read it"},{"text":"<file path=\"b.txt\">\nbytes\n</file>"}]},"""
                + """{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"hm","signature":"c2ln"}}},{"reasoningContent":{"redactedContent":"b3BhcXVl"}},"""
                + """{"toolUse":{"toolUseId":"call_1_0af63155","name":"read","input":{"path":"a.txt"}}},{"toolUse":{"toolUseId":"t2","name":"read","input":{}}}]},"""
                + """{"role":"user","content":[{"toolResult":{"toolUseId":"call_1_0af63155","content":[{"text":"no such file"}],"status":"error"}},"""
                + """{"toolResult":{"toolUseId":"t2","content":[{"json":{"output":""}}]}},{"text":"and?"},{"cachePoint":{"type":"default"}}]}],"inferenceConfig":"""
                + """{"maxTokens":100,"temperature":0.5,"stopSequences":["END"]},"toolConfig":"""
                + """{"tools":[{"toolSpec":{"name":"read","description":"Reads a file.","inputSchema":{"json":{"type":"object","properties":{"path":{"type":"string"}}}}}}]}}""",
            Endpoint.Requests[^1].Body
        );
    }

    [Fact]
    public async Task Tools_of_the_history_are_declared_where_none_are_offered_now()
    {
        var request = Question with
        {
            Tools = [],
            Messages =
            [
                Said(MessageRole.User, new MessagePart.Text("a")),
                Said(MessageRole.Assistant, new MessagePart.ToolUse("t1", "read", "{}")),
                Said(MessageRole.User, new MessagePart.ToolResult("t1", "x", null)),
            ],
        };
        await AskAsync(Stream().Send(TextAnswer), null, request);
        Assert.Contains(
            """toolConfig":{"tools":[{"toolSpec":{"name":"read","inputSchema":{"json":{"type":"object"}}}}]}""",
            Endpoint.Requests[^1].Body
        );
    }

    [Theory]
    [InlineData("openai.gpt-oss-120b-1:0", "high", "\"additionalModelRequestFields\":{\"reasoning_effort\":\"high\"}")]
    [InlineData("us.openai.gpt-oss-120b-1:0", "max", "\"reasoning_effort\":\"high\"")]
    [InlineData("amazon.nova-pro-v1:0", "high", null)]
    public async Task The_reasoning_level_is_sent_to_models_that_support_it(string model, string level, string? expected)
    {
        await AskAsync(Stream().Send(TextAnswer), null, Request() with { Model = model, ReasoningLevel = level });
        if (expected is null)
        {
            Assert.DoesNotContain("reasoning", Endpoint.Requests[^1].Body);
        }
        else
        {
            Assert.Contains(expected, Endpoint.Requests[^1].Body);
        }
    }

    [Theory]
    [InlineData(
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-5",
        "/model/arn:aws:bedrock:us-east-1:123456789012:inference-profile%2Fus.anthropic.claude-sonnet-5",
        true
    )]
    [InlineData("meta.llama4-maverick-v1:0", "/model/meta.llama4-maverick-v1:0", false)]
    [InlineData("../../evil?x#", "/model/..%2F..%2Fevil%3Fx%23", false)]
    public void A_models_id_is_one_segment_of_the_address(string model, string path, bool isClaude)
    {
        Assert.Equal(path, BedrockModels.PathOf(model));
        Assert.Equal(isClaude, BedrockModels.IsOf(model, "anthropic"));
        Assert.StartsWith(path.TrimEnd('#'), new Uri(new Uri("https://x.example"), path).AbsolutePath);
    }
}
