using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Gemini;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Requests;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers;

public class GeminiProviderTests : WireContract
{
    private const string Counts =
        ""","usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":15,"thoughtsTokenCount":5,"cachedContentTokenCount":60,"totalTokenCount":120}""";

    private static string Chunk(string parts, string? finish = null, string more = "") =>
        "data: {\"candidates\":[{\"content\":{\"parts\":["
        + parts
        + "],\"role\":\"model\"}"
        + (finish is null ? "" : $",\"finishReason\":\"{finish}\"")
        + ",\"index\":0}]"
        + more
        + ",\"modelVersion\":\"some-model-001\",\"responseId\":\"r1\"}\r\n\r\n";

    private static string Ending(string reason) => Chunk("""{"text":""}""", reason, Counts);

    protected override string Kind => ProviderKinds.Gemini;
    protected override string ChatPath => "/v1beta/models/some-model:streamGenerateContent?alt=sse";
    protected override (string Name, string Value) KeyHeader => ("x-goog-api-key", FixedSecrets.Key);

    protected override ScriptedAnswer Stream() => ScriptedAnswer.Events();

    private protected override Framing Framing => Framing.ServerSentEvents;

    private protected override WireParser Parser(ProviderRequest request) => new GeminiParser(Failures, request);

    protected override IProvider Create(ProviderSettings settings, ISecretSource secrets, ProviderHttp http) =>
        new GeminiProvider(settings, secrets, http, TimeProvider.System);

    protected override string Unfinished => Chunk("""{"text":"Hé "}""");
    protected override string TextAnswer =>
        (Unfinished + Chunk("""{"text":"👋 w\u00f6"}""") + Chunk("""{"text":"rld"}""", "STOP", Counts)).Replace("\r\n", "\n");
    protected override string ReasoningAnswer =>
        Chunk("""{"text":"Let me ","thought":true}""")
        + Chunk("""{"thought":true,"text":"think."}""")
        + Chunk("""{"text":"Yes."}""")
        + Ending("STOP");
    protected override string ToolAnswer =>
        Chunk("""{"functionCall":{"name":"read","args":{"path":"a.txt"}},"thoughtSignature":"c2ln"}""", null, Counts) + Ending("STOP");
    protected override bool IsOverBeforeTheEnd => false;
    protected override string CachedAnswer => TextAnswer;
    protected override string LimitAnswer => Unfinished + Ending("MAX_TOKENS");

    protected override string EventOf(string json) => $"data: {json}\n\n";

    protected override string ErrorBody(string type, string message) =>
        "{\"error\":{\"code\":400,\"message\":\"" + message + "\",\"status\":\"" + type + "\"}}";

    protected override string ErrorEvent =>
        "data: {\"error\":{\"code\":503,\"message\":\"The model is overloaded.\",\"status\":\"UNAVAILABLE\"}}\n\n";

    [Fact]
    public async Task Thoughts_are_counted_with_the_answer()
    {
        var usage = (await AnswerAsync(TextAnswer)).OfType<ProviderEvent.UsageReported>().Last().Usage;
        Assert.Equal(
            new Usage
            {
                InputTokens = 100,
                OutputTokens = 20,
                CachedReadTokens = 60,
                ReasoningTokens = 5,
            },
            usage
        );
    }

    [Theory]
    [
        InlineData("SAFETY"),
        InlineData("BLOCKLIST"),
        InlineData("PROHIBITED_CONTENT"),
        InlineData("SPII"),
        InlineData("IMAGE_SAFETY"),
        InlineData("IMAGE_PROHIBITED_CONTENT")
    ]
    public async Task A_filtered_answer_is_a_refusal(string reason) =>
        AssertEndsOnce(await AnswerAsync(Unfinished + Ending(reason)), StopReason.Refusal);

    [Theory]
    [
        InlineData("RECITATION"),
        InlineData("LANGUAGE"),
        InlineData("MALFORMED_FUNCTION_CALL"),
        InlineData("UNEXPECTED_TOOL_CALL"),
        InlineData("TOO_MANY_TOOL_CALLS"),
        InlineData("OTHER")
    ]
    public async Task An_answer_broken_off_is_a_failure_that_may_be_tried_again(string reason)
    {
        var failure = FailureOf(await AnswerAsync(Unfinished + Ending(reason)));
        Assert.True(failure.IsRetryable);
        Assert.DoesNotContain(reason, failure.Message);
    }

    [Fact]
    public async Task A_blocked_prompt_is_a_refusal_with_a_message()
    {
        var failure = FailureOf(
            await AnswerAsync(EventOf("""{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":4}}"""))
        );
        Assert.Equal(FailureKind.Refused, failure.Kind);
        Assert.Contains("the prompt was blocked (prohibited content)", failure.Message);
    }

    [Fact]
    public async Task A_finish_reason_in_every_chunk_ends_nothing_early()
    {
        var events = await AnswerAsync(Chunk("""{"text":"a"}""", "STOP") + Chunk("""{"text":"b"}""", "STOP"));
        Assert.Equal("ab", TextOf(events));
        AssertEndsOnce(events, StopReason.EndTurn);
    }

    [Fact]
    public async Task A_tool_call_without_arguments_is_an_empty_object_and_gets_an_id()
    {
        var events = await AnswerAsync(
            Chunk("""{"functionCall":{"name":"list"}},{"functionCall":{"id":"own","name":"read","args":{}}}""", "STOP")
        );
        Assert.Equal(
            [("call_1", "{}"), ("own", "{}")],
            events.OfType<ProviderEvent.ToolCallFinished>().Select(call => (call.ToolUseId, call.Parameters))
        );
    }

    [Fact]
    public async Task Arguments_that_are_no_object_are_a_call_with_a_problem()
    {
        var events = await AnswerAsync(Chunk("""{"functionCall":{"name":"read","args":["a"]}}""", "STOP"));
        var call = Assert.Single(events.OfType<ProviderEvent.ToolCallFinished>());
        Assert.Equal(("{}", ToolArguments.NotAnObject, "[\"a\"]"), (call.Parameters, call.Problem, call.Raw));
    }

    [Fact]
    public async Task Signatures_come_back_on_the_parts_that_had_them()
    {
        var parts = await PartsOfAsync(
            Chunk("""{"text":"hm","thought":true}""")
                + Chunk("""{"text":"I look. "}""")
                + Chunk("""{"text":"Now.","thoughtSignature":"dGV4dA=="}""")
                + Chunk(
                    """{"functionCall":{"name":"read","args":{"path":"a"}},"thoughtSignature":"Y2FsbA=="},{"functionCall":{"name":"read","args":{"path":"b"}}}"""
                )
                + Chunk("""{"text":"","thoughtSignature":"ZW5k"}""", "STOP")
        );
        Assert.Equal(
            """[{"text":"I look. "},{"text":"Now.","thoughtSignature":"dGV4dA=="},"""
                + """{"functionCall":{"id":"call_1","name":"read","args":{"path":"a"}},"thoughtSignature":"Y2FsbA=="},{"functionCall":{"id":"call_2","name":"read","args":{"path":"b"}}},"""
                + """{"text":"","thoughtSignature":"ZW5k"}]""",
            AnswerIn(BodyOf("gemini-3-pro", Answered(parts, "gemini-3-pro")))
        );
    }

    [Fact]
    public async Task A_signed_thought_comes_back_as_a_thought()
    {
        var parts = await PartsOfAsync(
            Chunk("""{"text":"hm","thought":true,"thoughtSignature":"dGg="}""") + Chunk("""{"text":"Yes."}""", "STOP")
        );
        Assert.Equal(
            """[{"text":"hm","thought":true,"thoughtSignature":"dGg="},{"text":"Yes."}]""",
            AnswerIn(BodyOf("gemini-3-pro", Answered(parts, "gemini-3-pro")))
        );
    }

    [Theory]
    [InlineData("gemini-3-pro", "skip_thought_signature_validator"), InlineData("gemini-flash-latest", "skip_thought_signature_validator")]
    [InlineData("gemini-2.5-flash", null)]
    public async Task Replaces_signatures_of_other_models_on_calls_with_the_placeholder(string model, string? signature)
    {
        var parts = await PartsOfAsync(ToolAnswer.Replace("c2ln", "Zm9yZWlnbg=="));
        var body = BodyOf(model, Answered(parts, "gemini-3.5-other"));
        Assert.DoesNotContain("Zm9yZWlnbg", body);
        Assert.Equal(signature is not null, body.Contains("thoughtSignature"));
        if (signature is not null)
        {
            Assert.Contains(signature, body);
        }
    }

    [Fact]
    public void Signed_text_is_returned_unchanged_for_any_chunking()
    {
        Prop.ForAll<(NonEmptyString Text, bool Signed)[]>(sent =>
            {
                // History omits texts of only white space, so each text starts with a letter.
                var texts = sent.Select(part => (Text: "x" + Clean(part.Text.Get), part.Signed)).ToArray();
                var stream =
                    string.Concat(
                        texts.Select(part =>
                            Chunk("{\"text\":" + JsonEncodedText(part.Text) + (part.Signed ? ",\"thoughtSignature\":\"c2ln\"" : "") + "}")
                        )
                    ) + Ending("STOP");
                var parts = Fold(WireReading.EventsOf(Parser(Request()), Framing, new PieceStream(Encoding.UTF8.GetBytes(stream), [])));
                if (texts.Length == 0)
                {
                    return true;
                }
                var answer = AnswerIn(BodyOf("gemini-3-pro", Answered(parts, "gemini-3-pro")));
                // Adjacent unsigned texts are merged in history; a signed one is never merged.
                var expected = new List<(string Text, bool Signed)>();
                foreach (var part in texts)
                {
                    if (!part.Signed && expected is [.., { Signed: false } last])
                    {
                        expected[^1] = (last.Text + part.Text, false);
                    }
                    else
                    {
                        expected.Add(part);
                    }
                }

                using var document = JsonDocument.Parse(answer);
                return document
                    .RootElement.EnumerateArray()
                    .Select(part => (part.GetProperty("text").GetString()!, part.TryGetProperty("thoughtSignature", out _)))
                    .SequenceEqual(expected);
            })
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public async Task The_request_is_what_Gemini_wants()
    {
        var request = Request() with
        {
            Messages =
            [
                Said(MessageRole.User, new MessagePart.Text("Read them")),
                Said(
                    MessageRole.Assistant,
                    new MessagePart.ToolUse("t1", "read", """{"path":"a.txt"}"""),
                    new MessagePart.ToolUse("t2", "list", "{}")
                ),
                Said(MessageRole.User, new MessagePart.ToolResult("t2", null, "gone"), new MessagePart.ToolResult("t1", "bytes", null)),
                Said(MessageRole.User, new MessagePart.Text("and?")),
            ],
            MaxTokens = 100,
            Temperature = 0.5,
            StopSequences = ["END"],
        };
        await AskAsync(Stream().Send(TextAnswer), null, request);
        Assert.Equal(
            """{"systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[{"role":"user","parts":[{"text":"Read them"}]},"""
                + """{"role":"model","parts":[{"functionCall":{"id":"t1","name":"read","args":{"path":"a.txt"}}},{"functionCall":{"id":"t2","name":"list","args":{}}}]},"""
                + """{"role":"user","parts":[{"functionResponse":{"id":"t1","name":"read","response":{"output":"bytes"}}},"""
                + """{"functionResponse":{"id":"t2","name":"list","response":{"error":"gone"}}},{"text":"and?"}]}],"""
                + """ "tools":[{"functionDeclarations":[{"name":"read","description":"Reads a file.","parameters":{"type":"object","properties":{"path":{"type":"string"}}}}]}],""".TrimStart()
                + """ "generationConfig":{"maxOutputTokens":100,"temperature":0.5,"stopSequences":["END"]}}""".TrimStart(),
            Endpoint.Requests[^1].Body
        );
    }

    [Theory]
    [InlineData("gemini-2.5-flash", "low", """{"thinkingBudget":2048,"includeThoughts":true}""")]
    [InlineData("gemini-2.5-flash", "none", """{"thinkingBudget":0}""")]
    [InlineData("gemini-2.5-pro", "none", """{"thinkingBudget":128}""")]
    [InlineData("gemini-2.5-pro", "max", """{"thinkingBudget":32768,"includeThoughts":true}""")]
    [InlineData("gemini-3-pro-preview", "high", """{"thinkingLevel":"high","includeThoughts":true}""")]
    [InlineData("gemini-3.7-flash", "none", """{"thinkingLevel":"minimal"}""")]
    [InlineData("models/gemini-flash-latest", "xhigh", """{"thinkingLevel":"high","includeThoughts":true}""")]
    [InlineData("gemini-2.0-flash", "low", null)]
    [InlineData("gemma-3-27b-it", "low", null)]
    [InlineData("gemini-3-pro-preview", null, null)]
    public void Thinking_is_asked_for_as_the_model_takes_it(string model, string? level, string? config)
    {
        var body = BodyOf(model, Request().Messages, level);
        if (config is null)
        {
            Assert.DoesNotContain("thinkingConfig", body);
        }
        else
        {
            Assert.Contains("\"thinkingConfig\":" + config, body);
        }
    }

    [Fact]
    public void A_budget_for_thinking_leaves_the_answer_what_was_asked_for() =>
        Assert.Contains("\"maxOutputTokens\":3048", BodyOf("gemini-2.5-flash", Request().Messages, "low", maxTokens: 1000));

    [Theory]
    [InlineData("""{"type":"object","properties":{}}""", null)]
    [InlineData("""{"type":"object"}""", null)]
    [InlineData(
        """{"$schema":"x","type":"object","properties":{"a":{"type":["string","null"],"format":"uri"}},"required":["a","gone"],"additionalProperties":false}""",
        """{"type":"object","properties":{"a":{"type":"string","nullable":true}},"required":["a"]}"""
    )]
    [InlineData(
        """{"type":"object","properties":{"a":{"type":["string","integer"]}}}""",
        """{"type":"object","properties":{"a":{"anyOf":[{"type":"string"},{"type":"integer"}]}}}"""
    )]
    [InlineData(
        """{"type":"object","properties":{"a":{"oneOf":[{"type":"string"},{"type":"null"}],"description":"d"}}}""",
        """{"type":"object","properties":{"a":{"type":"string","description":"d","nullable":true}}}"""
    )]
    [InlineData(
        """{"type":"object","properties":{"a":{"oneOf":[{"type":"string"},{"type":"number"}]}}}""",
        """{"type":"object","properties":{"a":{"anyOf":[{"type":"string"},{"type":"number"}]}}}"""
    )]
    [InlineData(
        """{"type":"object","properties":{"a":{"$ref":"#/$defs/A"}},"$defs":{"A":{"const":"x"}}}""",
        """{"type":"object","properties":{"a":{"type":"string","enum":["x"]}}}"""
    )]
    [InlineData(
        """{"type":"object","properties":{"a":{"type":"array"},"b":true,"c":{"enum":[1,"two"]},"d":{"$ref":"http://x/y"}}}""",
        """{"type":"object","properties":{"a":{"type":"array","items":{"type":"string"}},"b":{"type":"string"},"c":{"type":"string","enum":["two"]},"d":{"type":"string"}}}"""
    )]
    public void A_schema_is_reduced_to_what_Gemini_takes(string schema, string? expected)
    {
        var body = BodyOf("gemini-3-pro", Request().Messages, schema: schema);
        if (expected is null)
        {
            Assert.DoesNotContain("parameters", body);
        }
        else
        {
            Assert.Contains("\"parameters\":" + expected + "}", body);
        }
    }

    [Fact]
    public void A_schema_that_holds_itself_comes_to_an_end()
    {
        var body = BodyOf(
            "gemini-3-pro",
            Request().Messages,
            schema: """{"type":"object","properties":{"next":{"$ref":"#"},"loop":{"$ref":"#/properties/loop"}}}"""
        );
        using var document = JsonDocument.Parse(body);
        Assert.DoesNotContain("$ref", body);
        Assert.InRange(body.Length, 100, 100_000);
    }

    [Fact]
    public async Task A_refused_key_comes_as_a_bad_request_and_in_a_list()
    {
        const string Body =
            """[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com"}]}}]""";
        var failure = FailureOf(await AskAsync(ScriptedAnswer.Json(Body, 400)));
        Assert.Equal(FailureKind.ProviderAuthFailed, failure.Kind);
        Assert.Contains("API key not valid", failure.Message);
        Assert.Equal(FailureKind.ProviderAuthFailed, (await Provider().CheckAsync(Cancel))?.Kind);
    }

    [Theory]
    [InlineData("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", FailureKind.RateLimited)]
    [InlineData("GenerateRequestsPerDayPerProjectPerModel-FreeTier", FailureKind.SpendLimit)]
    public async Task A_quota_error_has_a_retry_time_unless_it_is_a_daily_limit(string quota, FailureKind kind)
    {
        var body =
            """{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"QUOTA"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.5s"}]}}""".Replace(
                "QUOTA",
                quota
            );
        var failure = FailureOf(await AskAsync(ScriptedAnswer.Json(body, 429)));
        Assert.Equal(kind, failure.Kind);
        Assert.Equal(kind == FailureKind.RateLimited ? TimeSpan.FromSeconds(34.5) : null, failure.RetryAfter);
    }

    [Theory]
    [InlineData(400, "The input token count (9) exceeds the maximum number of tokens allowed (8).", FailureKind.ContextFull)]
    [InlineData(
        404,
        "models/some-model is not found for API version v1beta, or is not supported for generateContent.",
        FailureKind.ModelNotFound
    )]
    public async Task Error_messages_of_Google_are_classified(int status, string message, FailureKind kind) =>
        Assert.Equal(kind, FailureOf(await AskAsync(ScriptedAnswer.Json(ErrorBody("INVALID_ARGUMENT", message), status))).Kind);

    [Fact]
    public async Task Lists_models_over_several_pages_and_only_those_that_generate_text()
    {
        Endpoint.Route = request =>
            ScriptedAnswer.Json(
                request.Target.Contains("pageToken=n%2B1")
                    ? """{"models":[{"name":"models/c","supportedGenerationMethods":["generateContent"]}]}"""
                    : """{"models":[{"name":"models/a","displayName":"A","description":"d","inputTokenLimit":1000,"outputTokenLimit":50,"supportedGenerationMethods":["generateContent"],"thinking":true},{"name":"models/b","supportedGenerationMethods":["embedContent"]}],"nextPageToken":"n+1"}"""
            );
        Assert.Equal(
            [
                new ModelInfo
                {
                    Id = "a",
                    Name = "A",
                    Description = "d",
                    ContextLength = 1000,
                    MaxOutput = 50,
                    CanReason = true,
                },
                new ModelInfo { Id = "c" },
            ],
            await Provider().ListModelsAsync(Cancel)
        );
        Assert.All(Endpoint.Requests, request => Assert.StartsWith("/v1beta/models?pageSize=1000", request.Target));
    }

    [Theory]
    [InlineData("/v1beta/openai/"), InlineData("/v1beta/models"), InlineData("/v1beta")]
    public async Task An_endpoint_in_any_usual_form_is_understood(string path)
    {
        await AskAsync(Stream().Send(TextAnswer), Settings() with { Endpoint = new Uri(Endpoint.Url, path) });
        Assert.Equal(ChatPath, Endpoint.Requests[^1].Target);
    }

    [Fact]
    public async Task A_model_may_be_named_as_the_listing_names_it()
    {
        await AskAsync(Stream().Send(TextAnswer), null, Request() with { Model = "models/some-model" });
        Assert.Equal(ChatPath, Endpoint.Requests[^1].Target);
    }

    private static string Clean(string text) => string.Concat(text.Where(letter => !char.IsSurrogate(letter)));

    private static string JsonEncodedText(string text) => "\"" + System.Text.Json.JsonEncodedText.Encode(text) + "\"";

    private async Task<IReadOnlyList<MessagePart>> PartsOfAsync(string answer) => Fold(await AnswerAsync(answer));

    /// <summary>Combines events into parts, like a chat.</summary>
    private static IReadOnlyList<MessagePart> Fold(IEnumerable<ProviderEvent> events)
    {
        var live = new Server.Chat.LiveMessage(Said(MessageRole.Assistant));
        foreach (var next in events)
        {
            switch (next)
            {
                case ProviderEvent.TextDelta(var text):
                    live.AppendText(text);
                    break;
                case ProviderEvent.ReasoningDelta(var text):
                    live.AppendReasoning(text);
                    break;
                case ProviderEvent.ReasoningFinished(var signature, var opaque):
                    live.FinishReasoning(signature, opaque);
                    break;
                case ProviderEvent.ToolCallStarted(var id, var name):
                    live.StartToolCall(id, name);
                    break;
                case ProviderEvent.ToolCallFinished(var id, _, var parameters):
                    live.FinishToolCall(id, parameters, null);
                    break;
            }
        }

        return live.ToMessage(MessageStatus.Complete, DateTimeOffset.UnixEpoch).Parts;
    }

    private static IReadOnlyList<Message> Answered(IReadOnlyList<MessagePart> parts, string model) =>
        [
            Said(MessageRole.User, new MessagePart.Text("go")),
            Said(MessageRole.Assistant, [.. parts]) with
            {
                ProviderInfo = new ProviderInfo("mine", model),
            },
            Said(
                MessageRole.User,
                [
                    .. parts.OfType<MessagePart.ToolUse>().Select(use => new MessagePart.ToolResult(use.ToolUseId, "ok", null)),
                    new MessagePart.Text("on"),
                ]
            ),
        ];

    /// <summary>Gets the parts of the first response in the history.</summary>
    private static string AnswerIn(string body)
    {
        using var document = JsonDocument.Parse(body);
        return document.RootElement.GetProperty("contents")[1].GetProperty("parts").GetRawText();
    }

    private string BodyOf(
        string model,
        IReadOnlyList<Message> messages,
        string? level = null,
        string? schema = null,
        GeminiOptions? options = null,
        int? maxTokens = null
    )
    {
        var request = Request() with
        {
            Model = model,
            Messages = messages,
            ReasoningLevel = level,
            MaxTokens = maxTokens,
            Tools = [new ToolDeclaration("read", "Reads a file.", schema ?? Request().Tools[0].ParametersSchema)],
        };
        return Encoding.UTF8.GetString(
            GeminiWire.Request(request, Settings(), options ?? new GeminiOptions(), RefusableOptions.None, out _)
        );
    }
}
