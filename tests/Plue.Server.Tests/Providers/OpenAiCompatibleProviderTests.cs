using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.OpenAi;
using Plue.Server.Providers.Requests;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers;

public class OpenAiCompatibleProviderTests : ChatCompletionsContract
{
    protected override string Kind => ProviderKinds.OpenAiCompatible;

    protected override IProvider Create(ProviderSettings settings, ISecretSource secrets, ProviderHttp http) =>
        new OpenAiCompatibleProvider(settings, secrets, http, TimeProvider.System);

    [Fact]
    public async Task Reasoning_may_be_called_reasoning()
    {
        var events = await AnswerAsync(ReasoningAnswer.Replace("reasoning_content", "reasoning"));
        Assert.Equal("Let me think.", string.Concat(events.OfType<ProviderEvent.ReasoningDelta>().Select(delta => delta.Text)));
    }

    [Fact]
    public async Task A_reasoning_field_that_is_always_empty_is_no_reasoning()
    {
        var events = await AnswerAsync(
            Delta("""{"content":"a","reasoning_content":""}""") + Delta("""{"content":"b","reasoning":null}""") + Ending("stop")
        );
        Assert.DoesNotContain(events, next => next is ProviderEvent.ReasoningDelta or ProviderEvent.ReasoningFinished);
    }

    [Fact]
    public async Task Calls_without_ids_get_ids_that_are_new_in_the_conversation()
    {
        var request = Request() with
        {
            Messages =
            [
                Said(MessageRole.User, new MessagePart.Text("a")),
                Said(MessageRole.Assistant, new MessagePart.ToolUse("call_1", "read", "{}")),
                Said(MessageRole.User, new MessagePart.ToolResult("call_1", "x", null)),
            ],
        };
        var body =
            Calls(
                """[{"index":0,"function":{"name":"read","arguments":"{}"}},{"index":1,"id":"","function":{"name":"read","arguments":"{}"}}]"""
            ) + Ending("tool_calls");
        var events = await AskAsync(Stream().Send(body), null, request);
        Assert.Equal(["call_2", "call_3"], events.OfType<ProviderEvent.ToolCallFinished>().Select(call => call.ToolUseId));
    }

    [Fact]
    public async Task An_id_that_a_server_uses_again_in_a_later_turn_is_replaced()
    {
        var request = Request() with
        {
            Messages =
            [
                Said(MessageRole.User, new MessagePart.Text("a")),
                Said(MessageRole.Assistant, new MessagePart.ToolUse("call_a", "read", "{}")),
                Said(MessageRole.User, new MessagePart.ToolResult("call_a", "x", null)),
            ],
        };
        var events = await AskAsync(Stream().Send(ToolAnswer), null, request);
        var finished = Assert.Single(events.OfType<ProviderEvent.ToolCallFinished>());
        Assert.Equal("call_1", finished.ToolUseId);
        Assert.Equal("{\"path\":\"a.txt\"}", finished.Parameters);
    }

    [Fact]
    public async Task Ignores_an_empty_tool_delta()
    {
        var events = await AnswerAsync(
            Calls("""[{"index":0}]""")
                + Calls("[{}]")
                + Calls("[]")
                + Calls("""[{"index":0,"function":{}}]""")
                + Delta("""{"content":"Hi"}""")
                + Ending("stop")
        );
        Assert.Empty(events.OfType<ProviderEvent.ToolCallStarted>());
        AssertEndsOnce(events, StopReason.EndTurn);
    }

    [Theory]
    [InlineData("\"index\":0,"), InlineData("")]
    public async Task Separates_parallel_calls_by_id_without_a_usable_index(string index)
    {
        var body =
            Calls("[{" + index + "\"id\":\"x\",\"function\":{\"name\":\"read\",\"arguments\":\"{\\\"path\\\":\"}}]")
            + Calls("[{" + index + "\"function\":{\"arguments\":\"\\\"1\\\"}\"}}]")
            + Calls("[{" + index + "\"id\":\"y\",\"function\":{\"name\":\"read\",\"arguments\":\"{\\\"path\\\":\\\"2\\\"}\"}}]")
            + Ending("tool_calls");
        var events = await AnswerAsync(body);
        Assert.Equal(
            [("x", "{\"path\":\"1\"}"), ("y", "{\"path\":\"2\"}")],
            events.OfType<ProviderEvent.ToolCallFinished>().Select(call => (call.ToolUseId, call.Parameters))
        );
    }

    [Fact]
    public async Task Separates_whole_calls_by_name_without_id_and_index()
    {
        var events = await AnswerAsync(
            Calls("""[{"function":{"name":"read","arguments":"{\"path\":\"1\"}"}}]""")
                + Calls("""[{"function":{"name":"read","arguments":"{\"path\":\"2\"}"}}]""")
                + Calls("""[{"function":{"name":"write","arguments":"{}"}}]""")
                + Ending("stop")
        );
        Assert.Equal(
            ["{\"path\":\"1\"}", "{\"path\":\"2\"}", "{}"],
            events.OfType<ProviderEvent.ToolCallFinished>().Select(call => call.Parameters)
        );
    }

    [Fact]
    public async Task A_name_repeated_with_every_fragment_is_one_call()
    {
        var events = await AnswerAsync(
            Calls("""[{"index":0,"id":"x","function":{"name":"read","arguments":"{\"path\""}}]""")
                + Calls("""[{"index":0,"id":"x","function":{"name":"read","arguments":":\"1\"}"}}]""")
                + Ending("tool_calls")
        );
        Assert.Equal("{\"path\":\"1\"}", Assert.Single(events.OfType<ProviderEvent.ToolCallFinished>()).Parameters);
    }

    [Fact]
    public async Task Interleaved_calls_keep_their_own_arguments()
    {
        var events = await AnswerAsync(
            Calls(
                """[{"index":0,"id":"x","function":{"name":"read","arguments":""}},{"index":1,"id":"y","function":{"name":"write","arguments":""}}]"""
            )
                + Calls("""[{"index":1,"function":{"arguments":"{\"b\":"}}]""")
                + Calls("""[{"index":0,"function":{"arguments":"{\"a\":"}}]""")
                + Calls("""[{"index":1,"function":{"arguments":"2}"}}]""")
                + Calls("""[{"index":0,"function":{"arguments":"1}"}}]""")
                + Ending("tool_calls")
        );
        Assert.Equal(
            [("x", "{\"a\":1}"), ("y", "{\"b\":2}")],
            events.OfType<ProviderEvent.ToolCallFinished>().Select(call => (call.ToolUseId, call.Parameters))
        );
    }

    [Fact]
    public async Task Arguments_may_be_an_object_or_never_come()
    {
        var events = await AnswerAsync(
            Calls("""[{"index":0,"id":"x","function":{"name":"read","arguments":{"path":"1"}}}]""")
                + Calls("""[{"index":1,"id":"y","function":{"name":"list"}}]""")
                + Ending("tool_calls")
        );
        Assert.Equal(["{\"path\":\"1\"}", "{}"], events.OfType<ProviderEvent.ToolCallFinished>().Select(call => call.Parameters));
    }

    [Fact]
    public async Task Calls_win_over_a_finish_reason_of_stop() =>
        AssertEndsOnce(await AnswerAsync(ToolAnswer.Replace("\"tool_calls\"}", "\"stop\"}")), StopReason.ToolUse);

    [Fact]
    public async Task Broken_arguments_are_a_call_with_a_problem()
    {
        var events = await AnswerAsync(
            Calls("""[{"index":0,"id":"x","function":{"name":"read","arguments":"{\"path\":"}}]""") + Ending("tool_calls")
        );
        var call = Assert.Single(events.OfType<ProviderEvent.ToolCallFinished>());
        Assert.Equal(("{}", ToolArguments.NotAnObject, "{\"path\":"), (call.Parameters, call.Problem, call.Raw));
        AssertEndsOnce(events, StopReason.ToolUse);
    }

    [Fact]
    public async Task A_refused_stream_options_is_tried_once_without_and_remembered()
    {
        var refused = ScriptedAnswer.Json(
            """{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}""",
            422
        );
        var answer = Stream().Send(TextAnswer);
        Endpoint.Route = request => request.Body.Contains("stream_options") ? refused : answer;
        var provider = Provider();
        for (var turn = 0; turn < 2; turn++)
        {
            Assert.Equal("Hé 👋 wörld", TextOf(await provider.StreamAsync(Request(), Cancel).ToListAsync(Cancel)));
        }
        Assert.Equal([true, false, false], Endpoint.Requests.Select(request => request.Body.Contains("stream_options")));
    }

    [Fact]
    public async Task Without_a_token_count_nothing_is_made_up()
    {
        var events = await AnswerAsync(TextAnswer.Replace(UsageChunk, ""));
        Assert.Empty(events.OfType<ProviderEvent.UsageReported>());
        AssertEndsOnce(events, StopReason.EndTurn);
    }

    [Fact]
    public async Task Uses_the_last_token_count_of_the_chunks()
    {
        static string Counted(int tokens) =>
            Delta("""{"content":"x"}""").Replace("]}\n", "],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":" + tokens + "}}\n");
        var usage = Assert
            .Single((await AnswerAsync(Counted(1) + Counted(2) + Delta("{}", "\"stop\"") + Done)).OfType<ProviderEvent.UsageReported>())
            .Usage;
        Assert.Equal(new Usage { InputTokens = 3, OutputTokens = 2 }, usage);
    }

    [Theory]
    [InlineData("""{"x_groq":{"usage":{"prompt_tokens":7,"completion_tokens":2}},"choices":[]}""", 7, 0, null)]
    [InlineData(
        """{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"prompt_cache_hit_tokens":4,"prompt_cache_miss_tokens":3}}""",
        7,
        4,
        null
    )]
    [InlineData("""{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"cost":0.00125}}""", 7, 0, "0.00125")]
    public async Task Token_counts_come_in_several_accents(string chunk, long input, long cached, string? cost)
    {
        var reported = Assert.Single(
            (await AnswerAsync(Unfinished + Delta("{}", "\"stop\"") + EventOf(chunk) + Done)).OfType<ProviderEvent.UsageReported>()
        );
        Assert.Equal((input, cached, 2L), (reported.Usage.InputTokens, reported.Usage.CachedReadTokens, reported.Usage.OutputTokens));
        Assert.Equal(cost, reported.VendorCost?.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task The_end_of_the_body_after_a_finish_reason_is_an_end() =>
        AssertEndsOnce(await AnswerAsync(Unfinished + Delta("{}", "\"stop\"")), StopReason.EndTurn);

    [Fact]
    public async Task A_server_that_keeps_the_line_open_after_the_finish_reason_has_ended()
    {
        var events = await AskAsync(
            Stream().Send(Unfinished + Delta("{}", "\"stop\"")).Hang(),
            Settings() with
            {
                Timeout = TimeSpan.FromMilliseconds(150),
            }
        );
        AssertEndsOnce(events, StopReason.EndTurn);
    }

    [Fact]
    public async Task Done_without_any_answer_is_a_cut_stream() =>
        Assert.Equal(FailureKind.CutStream, FailureOf(await AnswerAsync(Done)).Kind);

    [Theory]
    [InlineData("""{"error":{"message":"boom","type":"server_error"}}""", FailureKind.Overloaded)]
    [InlineData("""{"object":"error","message":"boom","type":"InternalServerError","code":500}""", FailureKind.Overloaded)]
    [InlineData(
        """{"error":{"message":"This model's maximum context length is 10 tokens","code":"context_length_exceeded"}}""",
        FailureKind.ContextFull
    )]
    [InlineData("""{"error":"boom"}""", FailureKind.Overloaded)]
    [InlineData("""{"error":{"message":"over","code":"insufficient_quota"}}""", FailureKind.SpendLimit)]
    public async Task An_error_chunk_in_any_form_ends_the_answer(string chunk, FailureKind kind) =>
        Assert.Equal(kind, FailureOf(await AnswerAsync(Unfinished + EventOf(chunk))).Kind);

    [Fact]
    public async Task A_finish_reason_of_error_is_a_failure() =>
        Assert.Equal(FailureKind.Overloaded, FailureOf(await AnswerAsync(Unfinished + Ending("error"))).Kind);

    [Fact]
    public async Task A_filtered_answer_is_a_refusal() =>
        AssertEndsOnce(await AnswerAsync(Unfinished + Ending("content_filter")), StopReason.Refusal);

    [Fact]
    public async Task An_error_with_status_200_is_a_failure() =>
        Assert.Equal(FailureKind.SpendLimit, FailureOf(await AskAsync(ScriptedAnswer.Json(ErrorBody("insufficient_quota", "pay")))).Kind);

    [Fact]
    public async Task Content_may_be_a_list_of_pieces()
    {
        var events = await AnswerAsync(
            Delta("""{"content":[{"type":"text","text":"Hé "},{"type":"text","text":"👋"}]}""") + Ending("stop")
        );
        Assert.Equal("Hé 👋", TextOf(events));
    }

    [Fact]
    public async Task A_pair_of_surrogates_in_two_events_is_one_character()
    {
        var events = await AnswerAsync(
            Delta("""{"content":"a\ud83d"}""") + Delta("""{"content":"\udc4bb"}""") + Delta("""{"content":"\udc4b!"}""") + Ending("stop")
        );
        Assert.Equal("a👋b\uFFFD!", TextOf(events));
    }

    [Fact]
    public async Task Data_over_several_lines_is_one_event()
    {
        var events = await AnswerAsync(
            "id: 1\nretry: 5\nevent: message\ndata: {\"choices\":[{\"delta\":\ndata: {\"content\":\"Hi\"},\ndata:\"finish_reason\":\"stop\"}]}\n\n"
        );
        Assert.Equal("Hi", TextOf(events));
    }

    [Fact]
    public async Task The_request_is_what_Chat_Completions_wants()
    {
        var request = Request() with
        {
            Messages =
            [
                Said(MessageRole.User, new MessagePart.Text("Read it")),
                Said(MessageRole.Assistant, new MessagePart.Reasoning("hm"), new MessagePart.ToolUse("t1", "read", """{"path":"a.txt"}""")),
                Said(MessageRole.User, new MessagePart.ToolResult("t1", "bytes", null), new MessagePart.Text("and?")),
            ],
            MaxTokens = 100,
            Temperature = 0.5,
            StopSequences = ["END"],
            ReasoningLevel = "low",
        };
        await AskAsync(Stream().Send(TextAnswer), null, request);
        Assert.Equal(
            """{"model":"some-model","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Read it"},"""
                + """{"role":"assistant","content":"","reasoning_content":"hm","tool_calls":[{"id":"t1","type":"function","function":{"name":"read","arguments":"{\"path\":\"a.txt\"}"}}]},"""
                + """{"role":"tool","tool_call_id":"t1","content":"bytes"},{"role":"user","content":"and?"}],"""
                + """ "tools":[{"type":"function","function":{"name":"read","description":"Reads a file.","parameters":{"type":"object","properties":{"path":{"type":"string"}}}}}],""".TrimStart()
                + """ "stream":true,"stream_options":{"include_usage":true},"max_tokens":100,"temperature":0.5,"reasoning_effort":"low","stop":["END"]}""".TrimStart(),
            Endpoint.Requests[^1].Body
        );
    }

    [Theory]
    [
        InlineData("https://api.openai.com/v1", "max_completion_tokens"),
        InlineData("https://api.deepseek.com", "max_tokens"),
        InlineData("http://localhost:1234/v1", "max_tokens")
    ]
    public void The_token_limit_has_the_name_that_the_server_knows(string endpoint, string name)
    {
        var body = BodyFor(endpoint, Request() with { MaxTokens = 5 });
        Assert.Contains($"\"{name}\":5", body);
    }

    [Theory]
    [InlineData("https://api.deepseek.com"), InlineData("https://api.moonshot.ai/v1"), InlineData("https://api.kimi.com/coding/v1")]
    public void DeepSeek_and_Kimi_get_the_reasoning_of_every_tool_call_even_an_empty_one(string endpoint)
    {
        var body = BodyFor(endpoint, AfterACall() with { ReasoningLevel = "high" });
        Assert.Contains("\"reasoning_content\":\"\"", body);
        Assert.Contains("\"thinking\":{\"type\":\"enabled\"}", body);
        Assert.Contains("\"reasoning_content\":\"hm\"", BodyFor(endpoint, AfterACall(new MessagePart.Reasoning("hm"))));
    }

    [Theory]
    [
        InlineData("https://api.openai.com/v1"),
        InlineData("https://api.mistral.ai/v1"),
        InlineData("https://api.groq.com/openai/v1"),
        InlineData("https://openrouter.ai/api/v1")
    ]
    public void Reasoning_is_not_sent_back_to_servers_that_refuse_the_field(string endpoint) =>
        Assert.DoesNotContain("reasoning_content", BodyFor(endpoint, AfterACall(new MessagePart.Reasoning("hm"))));

    [Fact]
    public void ZAI_is_asked_to_stream_tool_arguments()
    {
        Assert.Contains("\"tool_stream\":true", BodyFor("https://api.z.ai/api/coding/paas/v4", Request()));
        Assert.DoesNotContain("tool_stream", BodyFor("https://api.z.ai/api/coding/paas/v4", Request() with { Tools = [] }));
        Assert.DoesNotContain("tool_stream", BodyFor("http://localhost:1234/v1", Request()));
    }

    [Fact]
    public void Mistral_gets_ids_of_nine_letters_and_the_same_ones_for_a_call_and_its_result()
    {
        using var body = System.Text.Json.JsonDocument.Parse(BodyFor("https://api.mistral.ai/v1", AfterACall()));
        var messages = body.RootElement.GetProperty("messages").EnumerateArray().ToList();
        var call = messages
            .Single(message => message.TryGetProperty("tool_calls", out _))
            .GetProperty("tool_calls")[0]
            .GetProperty("id")
            .GetString()!;
        Assert.Matches("^[a-zA-Z0-9]{9}$", call);
        Assert.Equal(
            call,
            messages.Single(message => message.TryGetProperty("tool_call_id", out _)).GetProperty("tool_call_id").GetString()
        );
    }

    [Fact]
    public async Task Thoughts_in_a_list_of_pieces_are_reasoning()
    {
        var events = await AnswerAsync(
            Delta("""{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Let me think."}]}]}""")
                + Delta("""{"content":"Yes."}""")
                + Ending("stop")
        );
        Assert.Equal(("Let me think.", "Yes."), (ReasoningOf(events), TextOf(events)));
    }

    [Theory]
    [InlineData("This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.")]
    [InlineData("Range of input length should be [1, 8192]")]
    [InlineData("Input too long: 9000 input tokens, limit is 8192")]
    [InlineData("the request exceeds the available context size")]
    [InlineData("Your input exceeds the context window of this model")]
    public async Task A_too_long_conversation_is_detected_in_the_errors_of_each_server(string message)
    {
        Assert.Equal(
            FailureKind.ContextFull,
            FailureOf(await AskAsync(ScriptedAnswer.Json(ErrorBody("invalid_request_error", message), 400))).Kind
        );
        Assert.Equal(
            FailureKind.ContextFull,
            FailureOf(await AnswerAsync(Unfinished + EventOf(ErrorBody("invalid_request_error", message)))).Kind
        );
    }

    [Fact]
    public async Task A_request_over_the_tokens_of_a_minute_is_a_limit_and_not_a_long_conversation() =>
        Assert.Equal(
            FailureKind.RateLimited,
            FailureOf(await AskAsync(ScriptedAnswer.Json(ErrorBody("tokens", "Request too large on tokens per minute (TPM)"), 413))).Kind
        );

    [Fact]
    public async Task Thoughts_in_tags_at_the_beginning_are_reasoning()
    {
        var events = await AnswerAsync(
            Delta("""{"content":"<thi"}""")
                + Delta("""{"content":"nk>\nLet me think.\n</th"}""")
                + Delta("""{"content":"ink>\n\nYes."}""")
                + Ending("stop")
        );
        Assert.Equal(("Let me think.", "Yes."), (ReasoningOf(events), TextOf(events)));
        AssertEndsOnce(events, StopReason.EndTurn);
    }

    [Fact]
    public async Task Thoughts_in_tags_end_where_a_tool_is_called()
    {
        var events = await AnswerAsync(Delta("""{"content":"<think>I read it.</thi"}""") + ToolAnswer);
        Assert.Equal("I read it.</thi", ReasoningOf(events));
        Assert.True(
            events.FindIndex(next => next is ProviderEvent.ReasoningFinished)
                < events.FindIndex(next => next is ProviderEvent.ToolCallStarted)
        );
    }

    [Fact]
    public async Task A_first_chunk_without_choices_or_names_is_skipped()
    {
        var events = await AnswerAsync(
            EventOf("""{"choices":[],"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0}]}""") + TextAnswer
        );
        Assert.Equal(new ProviderEvent.Accepted("m", "c1"), events[0]);
    }

    [Fact]
    public async Task A_token_limit_refused_under_its_old_name_is_sent_under_its_new_one()
    {
        const string Message = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
        Endpoint.Route = request =>
            request.Body.Contains("\"max_tokens\"")
                ? ScriptedAnswer.Json(ErrorBody("invalid_request_error", Message), 400)
                : Stream().Send(TextAnswer);
        Assert.Equal("Hé 👋 wörld", TextOf(await Provider().StreamAsync(Request() with { MaxTokens = 7 }, Cancel).ToListAsync(Cancel)));
        Assert.Contains("\"max_completion_tokens\":7", Endpoint.Requests[^1].Body);
    }

    [Fact]
    public async Task An_error_in_the_middle_that_names_an_option_is_not_asked_again()
    {
        var events = await AskAsync(
            Stream().Send(Unfinished + EventOf("""{"error":{"code":400,"message":"temperature is unsupported"}}""")),
            null,
            Request() with
            {
                Temperature = 1,
            }
        );
        Assert.Equal(FailureKind.BadRequest, FailureOf(events).Kind);
        Assert.Single(Endpoint.Requests);
    }

    [Fact]
    public async Task A_token_limit_that_is_too_large_is_left_to_the_user()
    {
        var refusal = ScriptedAnswer.Json(
            ErrorBody("invalid_request_error", "max_tokens is too large: 500000. This model supports at most 16384 tokens."),
            400
        );
        Assert.Equal(FailureKind.BadRequest, FailureOf(await AskAsync(refusal, null, Request() with { MaxTokens = 500_000 })).Kind);
        Assert.Single(Endpoint.Requests);
    }

    [Theory]
    [
        InlineData("/api/paas/v4", "/api/paas/v4/chat/completions"),
        InlineData("/v1beta/openai/", "/v1beta/openai/chat/completions"),
        InlineData("/v1/chat/completions", "/v1/chat/completions")
    ]
    public async Task An_endpoint_with_its_own_version_is_taken_as_it_is(string path, string expected)
    {
        await AskAsync(Stream().Send(TextAnswer), Settings() with { Endpoint = new Uri(Endpoint.Url, path) });
        Assert.Equal(expected, Endpoint.Requests[^1].Target);
    }

    [Fact]
    public async Task A_server_without_a_key_gets_no_key()
    {
        await AskAsync(Stream().Send(TextAnswer), Settings() with { ApiKeyRef = null });
        Assert.False(Endpoint.Requests[^1].Headers.ContainsKey("authorization"));
        Assert.Empty(Secrets.Asked);
    }

    [Fact]
    public async Task A_header_secret_after_a_scheme_keeps_the_scheme()
    {
        await AskAsync(
            Stream().Send(TextAnswer),
            Settings() with
            {
                Headers = new Dictionary<string, string> { ["authorization"] = "Token vault://mine/gate" },
            }
        );
        Assert.Equal($"Token {FixedSecrets.Key}", Endpoint.Requests[^1].Headers["authorization"]);
    }

    [Fact]
    public async Task Headers_of_the_settings_are_sent_and_may_be_secrets()
    {
        await AskAsync(
            Stream().Send(TextAnswer),
            Settings() with
            {
                Headers = new Dictionary<string, string> { ["X-Project"] = "p1", ["X-Gate"] = "vault://mine/gate" },
            }
        );
        Assert.Equal("p1", Endpoint.Requests[^1].Headers["x-project"]);
        Assert.Equal(FixedSecrets.Key, Endpoint.Requests[^1].Headers["x-gate"]);
        Assert.Contains(("vault://mine/gate", Endpoint.Url), Secrets.Asked);
    }

    [Fact]
    public async Task A_model_list_keeps_the_values_of_the_server_and_leaves_others_unknown()
    {
        Endpoint.Route = _ =>
            ScriptedAnswer.Json(
                """
                {"data":[{"id":"a"},{"id":"b","name":"B","context_length":1000,"pricing":{"prompt":"0.000003","completion":"0.000015"},"top_provider":{"max_completion_tokens":50},"supported_parameters":["tools"]},{"name":"no id"}]}
                """
            );
        var models = await Provider().ListModelsAsync(Cancel);
        Assert.Equal(new ModelInfo { Id = "a" }, models[0]);
        Assert.Equal(
            new ModelInfo
            {
                Id = "b",
                Name = "B",
                ContextLength = 1000,
                MaxOutput = 50,
                SupportsTools = true,
                CanReason = false,
                Pricing = new Price(3m, 15m, null, null),
            },
            models[1]
        );
        Assert.Equal(2, models.Count);
    }

    [Fact]
    public async Task A_server_that_lists_no_models_passes_the_check()
    {
        Endpoint.Route = _ => ScriptedAnswer.Json("""{"error":"not found"}""", 404);
        Assert.Null(await Provider().CheckAsync(Cancel));
        Endpoint.Route = _ => ScriptedAnswer.Json(ErrorBody("invalid_api_key", "bad"), 401);
        Assert.Equal(FailureKind.ProviderAuthFailed, (await Provider().CheckAsync(Cancel))?.Kind);
    }

    private static string ReasoningOf(IEnumerable<ProviderEvent> events) =>
        string.Concat(events.OfType<ProviderEvent.ReasoningDelta>().Select(delta => delta.Text));

    private static ProviderRequest AfterACall(params MessagePart[] before) =>
        Request() with
        {
            Messages =
            [
                Said(MessageRole.User, new MessagePart.Text("a")),
                Said(MessageRole.Assistant, [.. before, new MessagePart.ToolUse("toolu_01", "read", "{}")]),
                Said(MessageRole.User, new MessagePart.ToolResult("toolu_01", "x", null)),
            ],
        };

    private string BodyFor(string endpoint, ProviderRequest request)
    {
        var settings = Settings() with { Endpoint = new Uri(endpoint) };
        var dialect = OpenAiWire.DialectOf(new ProviderEndpoint(settings, endpoint, path => path));
        return System.Text.Encoding.UTF8.GetString(OpenAiWire.Request(request, settings, dialect, RefusableOptions.None, out _));
    }
}
