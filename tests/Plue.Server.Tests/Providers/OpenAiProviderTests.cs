using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.OpenAi;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers;

/// <summary>The contract of providers that use the Responses API.</summary>
public abstract class ResponsesContract : WireContract
{
    protected override VendorCache Cache => VendorCache.Automatic("prompt_cache_key");

    private int number;

    protected string Event(string type, string fields) =>
        $"event: {type}\ndata: {{\"type\":\"{type}\",\"sequence_number\":{number++}{(fields.Length > 0 ? "," : "")}{fields}}}\n\n";

    protected string Opening =>
        Event(
            "response.created",
            """ "response":{"id":"resp_1","model":"some-model-2026","status":"in_progress","error":null,"usage":null}"""
        ) + Event("response.in_progress", """ "response":{"id":"resp_1","model":"some-model-2026"}""");

    protected string Text(string json) =>
        Event("response.output_text.delta", """ "item_id":"msg_1","output_index":1,"content_index":0,"delta":""" + json);

    protected string Closing(string type = "response.completed", string more = "") =>
        Event(
            type,
            """ "response":{"id":"resp_1","model":"some-model-2026","output":[{"type":"message"}],"usage":{"input_tokens":100,"input_tokens_details":{"cached_tokens":60},"output_tokens":20,"output_tokens_details":{"reasoning_tokens":5},"total_tokens":120}"""
                + more
                + "}"
        );

    protected string ReasoningItem(string encrypted = "ZW5j") =>
        Event(
            "response.output_item.added",
            """ "output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":"half"}"""
        )
        + Event(
            "response.reasoning_summary_part.added",
            """ "item_id":"rs_1","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":""}"""
        )
        + Event("response.reasoning_summary_text.delta", """ "item_id":"rs_1","output_index":0,"summary_index":0,"delta":"Let me " """)
        + Event("response.reasoning_summary_text.delta", """ "item_id":"rs_1","output_index":0,"summary_index":0,"delta":"think." """)
        + Event("response.reasoning_summary_text.done", """ "item_id":"rs_1","output_index":0,"summary_index":0,"text":"Let me think." """)
        + Event(
            "response.output_item.done",
            """ "output_index":0,"item":{"id":"rs_1","type":"reasoning","status":"completed","summary":[{"type":"summary_text","text":"Let me think."}],"encrypted_content":"ENC"}""".Replace(
                "ENC",
                encrypted
            )
        );

    protected string Call(int output = 1, string id = "call_a", string name = "read") =>
        Event(
            "response.output_item.added",
            $$""" "output_index":{{output}},"item":{"id":"fc_{{output}}","type":"function_call","call_id":"{{id}}","name":"{{name}}","arguments":""}"""
        )
        + Event(
            "response.function_call_arguments.delta",
            $$""" "item_id":"fc_{{output}}","output_index":{{output}},"delta":"{\"path\":" """
        )
        + Event(
            "response.function_call_arguments.delta",
            $$""" "item_id":"fc_{{output}}","output_index":{{output}},"delta":"\"a.txt\"}" """
        )
        + Event(
            "response.function_call_arguments.done",
            $$""" "item_id":"fc_{{output}}","output_index":{{output}},"arguments":"{\"path\":\"a.txt\"}" """
        )
        + Event(
            "response.output_item.done",
            $$""" "output_index":{{output}},"item":{"id":"fc_{{output}}","type":"function_call","call_id":"{{id}}","name":"{{name}}","arguments":"{\"path\":\"a.txt\"}"}"""
        );

    protected override string ChatPath => "/v1/responses";
    protected override (string Name, string Value) KeyHeader => ("authorization", $"Bearer {FixedSecrets.Key}");

    protected override ScriptedAnswer Stream() => ScriptedAnswer.Events();

    private protected override Framing Framing => Framing.ServerSentEvents;

    private protected override WireParser Parser(ProviderRequest request) => new ResponsesParser(Failures, request);

    protected override string Unfinished =>
        Opening + Event("response.content_part.added", """ "output_index":1,"part":{"type":"output_text","text":""}""") + Text("\"Hé \"");
    protected override string TextAnswer =>
        Unfinished
        + Text("\"👋 w\\u00f6\"")
        + Text("\"rld\"")
        + Event("response.output_text.done", """ "output_index":1,"text":"Hé 👋 wörld" """)
        + Closing();
    protected override string ReasoningAnswer => Opening + ReasoningItem() + Text("\"Yes.\"") + Closing();
    protected override string ToolAnswer => Opening + Call() + Closing();
    protected override string CachedAnswer => TextAnswer;
    protected override string LimitAnswer =>
        Unfinished + Closing("response.incomplete", ""","incomplete_details":{"reason":"max_output_tokens"}""");

    protected override string EventOf(string json) => $"data: {json}\n\n";

    protected override string ErrorBody(string type, string message) =>
        "{\"error\":{\"message\":\"" + message + "\",\"type\":\"" + type + "\",\"param\":null,\"code\":null}}";

    protected override string ErrorEvent => Event("error", """ "code":"server_error","message":"The server had an error","param":null""");

    [Fact]
    public async Task Counts_what_was_written_to_the_cache()
    {
        var written = TextAnswer.Replace(
            "\"cached_tokens\":60",
            "\"cached_tokens\":60,\"cache_write_tokens\":30",
            StringComparison.Ordinal
        );
        var usage = (await AnswerAsync(written)).OfType<ProviderEvent.UsageReported>().Last().Usage;
        Assert.Equal((100, 60, 30), (usage.InputTokens, usage.CachedReadTokens, usage.CachedWriteTokens));
    }

    protected ProviderRequest Replay(params MessagePart[] answer) =>
        Request() with
        {
            Messages =
            [
                Said(MessageRole.User, new MessagePart.Text("Read it")),
                Said(MessageRole.Assistant, answer) with
                {
                    ProviderInfo = new ProviderInfo("mine", "some-model-2026"),
                },
                Said(
                    MessageRole.User,
                    [
                        .. answer.OfType<MessagePart.ToolUse>().Select(use => new MessagePart.ToolResult(use.ToolUseId, "bytes", null)),
                        new MessagePart.Text("and?"),
                    ]
                ),
            ],
        };
}

public class OpenAiProviderTests : ResponsesContract
{
    private const string Item =
        """{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"Let me think."}],"encrypted_content":"ZW5j"}""";

    protected override string Kind => ProviderKinds.OpenAi;

    protected override IProvider Create(ProviderSettings settings, ISecretSource secrets, ProviderHttp http) =>
        new OpenAiProvider(settings, secrets, http, TimeProvider.System);

    [Fact]
    public async Task The_request_is_what_Responses_wants()
    {
        var request = Replay(
            new MessagePart.Reasoning("Let me think.", null, Item),
            new MessagePart.ToolUse("call_a", "read", """{"path":"a.txt"}"""),
            new MessagePart.Text("Done.")
        );
        await AskAsync(Stream().Send(TextAnswer), null, request with { MaxTokens = 100, Temperature = 0.5, ReasoningLevel = "low" });
        Assert.Equal(
            """{"model":"some-model","instructions":"Be brief.","input":[{"role":"user","content":[{"type":"input_text","text":"Read it"}]},"""
                + Item
                + ""","""
                + """{"type":"function_call","call_id":"call_a","name":"read","arguments":"{\"path\":\"a.txt\"}"},{"role":"assistant","content":[{"type":"output_text","text":"Done."}]},"""
                + """{"type":"function_call_output","call_id":"call_a","output":"bytes"},{"role":"user","content":[{"type":"input_text","text":"and?"}]}],"""
                + """ "tools":[{"type":"function","name":"read","description":"Reads a file.","parameters":{"type":"object","properties":{"path":{"type":"string"}}},"strict":false}],""".TrimStart()
                + """ "stream":true,"store":false,"prompt_cache_key":"chat_1","include":["reasoning.encrypted_content"],"max_output_tokens":100,"temperature":0.5,"reasoning":{"effort":"low","summary":"auto"}}""".TrimStart(),
            Endpoint.Requests[^1].Body
        );
    }

    [Fact]
    public async Task Stores_reasoning_as_in_its_last_event()
    {
        var closed = Assert.Single((await AnswerAsync(ReasoningAnswer)).OfType<ProviderEvent.ReasoningFinished>());
        Assert.Equal(new ProviderEvent.ReasoningFinished(null, Item), closed);
    }

    [Fact]
    public async Task Reasoning_goes_back_to_the_same_provider_and_model_only()
    {
        var request = Replay(new MessagePart.Reasoning("Let me think.", null, Item), new MessagePart.Text("Yes."));
        foreach (
            var (model, provider, expected) in new[]
            {
                ("some-model", "mine", true),
                ("other-model", "mine", false),
                ("some-model", "theirs", false),
            }
        )
        {
            await AskAsync(Stream().Send(TextAnswer), Settings() with { Id = provider }, request with { Model = model });
            Assert.Equal(expected, Endpoint.Requests[^1].Body.Contains("encrypted_content\":"));
        }
    }

    [Fact]
    public async Task Omits_reasoning_without_content_after_it()
    {
        var request = Replay(new MessagePart.Text("Yes."), new MessagePart.Reasoning("Let me think.", null, Item));
        await AskAsync(Stream().Send(TextAnswer), null, request);
        Assert.DoesNotContain("encrypted_content\":", Endpoint.Requests[^1].Body);
    }

    [Fact]
    public async Task Reasoning_of_another_protocol_is_omitted()
    {
        await AskAsync(
            Stream().Send(TextAnswer),
            null,
            Replay(new MessagePart.Reasoning("hm", null, """[{"type":"reasoning.encrypted","data":"x"}]"""), new MessagePart.Text("Yes."))
        );
        Assert.DoesNotContain("reasoning.encrypted\"", Endpoint.Requests[^1].Body);
    }

    [Fact]
    public async Task Summaries_in_several_parts_are_paragraphs()
    {
        var second =
            Event("response.reasoning_summary_part.added", """ "output_index":0,"summary_index":1""")
            + Event("response.reasoning_summary_text.delta", """ "output_index":0,"summary_index":1,"delta":"Then act." """);
        var events = await AnswerAsync(
            Opening
                + ReasoningItem().Replace("event: response.output_item.done", second + "event: response.output_item.done")
                + Text("\"Yes.\"")
                + Closing()
        );
        Assert.Equal(
            "Let me think.\n\nThen act.",
            string.Concat(events.OfType<ProviderEvent.ReasoningDelta>().Select(delta => delta.Text))
        );
    }

    [Fact]
    public async Task Open_models_stream_their_reasoning_itself()
    {
        var events = await AnswerAsync(
            Opening + Event("response.reasoning_text.delta", """ "output_index":0,"delta":"hm" """) + Text("\"Yes.\"") + Closing()
        );
        Assert.Equal("hm", Assert.Single(events.OfType<ProviderEvent.ReasoningDelta>()).Text);
    }

    [Fact]
    public async Task Parallel_calls_keep_their_own_arguments_and_their_call_ids()
    {
        var events = await AnswerAsync(Opening + Call(1, "call_a") + Call(2, "call_b", "write") + Closing());
        Assert.Equal(
            [("call_a", "read"), ("call_b", "write")],
            events.OfType<ProviderEvent.ToolCallFinished>().Select(call => (call.ToolUseId, call.ToolName))
        );
        AssertEndsOnce(events, StopReason.ToolUse);
    }

    [Theory]
    [
        InlineData("response.function_call_arguments.delta"),
        InlineData("response.function_call_arguments.delta,response.function_call_arguments.done"),
        InlineData("response.output_item.done")
    ]
    [InlineData("response.output_item.added,response.function_call_arguments.delta,response.function_call_arguments.done")]
    public async Task A_call_is_whole_whichever_of_its_events_a_server_leaves_out(string missing)
    {
        var events = await AnswerAsync(
            string.Concat(
                ToolAnswer
                    .Split("event: ")
                    .Where(one => !missing.Split(',').Any(type => one.StartsWith(type + "\n", StringComparison.Ordinal)))
                    .Select(one => one.Length > 0 ? "event: " + one : one)
            )
        );
        Assert.Equal("""{"path":"a.txt"}""", Assert.Single(events.OfType<ProviderEvent.ToolCallFinished>()).Parameters);
        AssertEndsOnce(events, StopReason.ToolUse);
    }

    [Fact]
    public async Task Arguments_that_break_off_at_the_limit_run_nothing()
    {
        var half =
            Opening
            + Event(
                "response.output_item.added",
                """ "output_index":1,"item":{"type":"function_call","call_id":"c","name":"read","arguments":""}"""
            )
            + Event("response.function_call_arguments.delta", """ "output_index":1,"delta":"{\"path\":" """);
        var events = await AnswerAsync(half + Closing("response.incomplete", ""","incomplete_details":{"reason":"max_output_tokens"}"""));
        Assert.Empty(events.OfType<ProviderEvent.ToolCallFinished>());
        AssertEndsOnce(events, StopReason.MaxTokens);
        var broken = Assert.Single((await AnswerAsync(half + Closing())).OfType<ProviderEvent.ToolCallFinished>());
        Assert.Equal(("{}", "{\"path\":"), (broken.Parameters, broken.Raw));
    }

    [Fact]
    public async Task A_refusal_is_shown_and_is_the_reason_to_stop()
    {
        var events = await AnswerAsync(
            Opening + Event("response.refusal.delta", """ "output_index":1,"delta":"I will not." """) + Closing()
        );
        Assert.Equal("I will not.", TextOf(events));
        AssertEndsOnce(events, StopReason.Refusal);
    }

    [Fact]
    public async Task Two_messages_of_one_answer_are_two_paragraphs()
    {
        var second = Event("response.output_item.added", """ "output_index":2,"item":{"type":"message","id":"msg_2","content":[]}""");
        Assert.Equal(
            "One.\n\nTwo.",
            TextOf(await AnswerAsync(Opening + second + Text("\"One.\"") + second + Text("\"Two.\"") + Closing()))
        );
    }

    [Fact]
    public async Task A_filtered_answer_is_a_refusal() =>
        AssertEndsOnce(
            await AnswerAsync(Unfinished + Closing("response.incomplete", ""","incomplete_details":{"reason":"content_filter"}""")),
            StopReason.Refusal
        );

    [Fact]
    public async Task Data_after_the_final_event_is_ignored() =>
        AssertEndsOnce(
            await AnswerAsync(
                TextAnswer + Event("response.rate_limits.updated", """ "rate_limits":[]""") + ErrorEvent + "data: nonsense\n\n"
            ),
            StopReason.EndTurn
        );

    [Fact]
    public async Task Tokens_are_counted_with_those_cached_and_thought()
    {
        var usage = Assert.Single((await AnswerAsync(TextAnswer)).OfType<ProviderEvent.UsageReported>()).Usage;
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
    [InlineData("server_error", "boom", FailureKind.Overloaded)]
    [InlineData("rate_limit_exceeded", "slow down", FailureKind.RateLimited)]
    [InlineData(
        "invalid_prompt",
        "Invalid prompt: your prompt was flagged as potentially violating our usage policy.",
        FailureKind.Refused
    )]
    [InlineData("bio_policy", "no", FailureKind.Refused)]
    [InlineData("invalid_image_format", "no image", FailureKind.BadRequest)]
    [InlineData("image_too_large", "too many pixels", FailureKind.BadRequest)]
    [InlineData("data_residency_mismatch", "elsewhere", FailureKind.BadRequest)]
    [InlineData("insufficient_quota", "pay", FailureKind.SpendLimit)]
    public async Task A_failed_response_has_a_kind_and_the_message_of_the_vendor(string code, string message, FailureKind kind)
    {
        var body = """ "response":{"id":"resp_1","status":"failed","error":{"code":"CODE","message":"MESSAGE"}}"""
            .Replace("CODE", code)
            .Replace("MESSAGE", message);
        var failure = FailureOf(await AnswerAsync(Unfinished + Event("response.failed", body)));
        Assert.Equal(kind, failure.Kind);
        Assert.Contains(message.TrimEnd('.'), failure.Message);
    }

    [Theory]
    [InlineData("temperature", "Unsupported parameter: 'temperature' is not supported with this model.", "\"temperature\"")]
    [InlineData(
        "max_output_tokens",
        "Unsupported parameter: 'max_output_tokens' is not supported with this model.",
        "\"max_output_tokens\""
    )]
    [InlineData("reasoning", "Unsupported parameter: 'reasoning.effort' is not supported with this model.", "\"effort\"")]
    [InlineData(null, "Encrypted content is not supported with this model.", "\"include\"")]
    public async Task Drops_a_rejected_option_and_reports_it_once(string? said, string message, string field)
    {
        Endpoint.Route = request =>
            request.Body.Contains(field)
                ? ScriptedAnswer.Json(ErrorBody("invalid_request_error", message), 400)
                : Stream().Send(TextAnswer);
        var provider = Provider();
        var request = Request() with { Temperature = 1, MaxTokens = 100, ReasoningLevel = "low" };
        var first = await provider.StreamAsync(request, Cancel).ToListAsync(Cancel);
        var second = await provider.StreamAsync(request, Cancel).ToListAsync(Cancel);
        Assert.Equal(
            said is null ? [] : [$"a response without {said}, which some-model does not support"],
            first.OfType<ProviderEvent.Waiting>().Select(waiting => waiting.For)
        );
        Assert.Empty(second.OfType<ProviderEvent.Waiting>());
        Assert.Equal([true, false, false], Endpoint.Requests.Select(sent => sent.Body.Contains(field)));
        // No other field was removed.
        Assert.Equal(
            3,
            new[] { "\"temperature\"", "\"max_output_tokens\"", "\"effort\"", "\"include\"" }.Count(Endpoint.Requests[^1].Body.Contains)
        );
    }

    [Fact]
    public async Task Reports_once_that_stop_sequences_are_not_supported()
    {
        Endpoint.Route = _ => Stream().Send(TextAnswer);
        var provider = Provider();
        for (var turn = 0; turn < 2; turn++)
        {
            var events = await provider.StreamAsync(Request() with { StopSequences = ["END"] }, Cancel).ToListAsync(Cancel);
            Assert.Equal(turn == 0 ? 1 : 0, events.OfType<ProviderEvent.Waiting>().Count());
        }
    }

    [Theory]
    [
        InlineData(404, """{"detail":"Not Found"}"""),
        InlineData(405, """{"detail":"Method Not Allowed"}"""),
        InlineData(404, "<html>nginx</html>")
    ]
    public async Task A_server_without_Responses_is_asked_by_Chat_Completions_and_remembered(int status, string body)
    {
        var chat =
            "data: {\"id\":\"c1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
        Endpoint.Route = request =>
            request.Target == "/v1/chat/completions" ? Stream().Send(chat)
            : body[0] == '<' ? ScriptedAnswer.Html(body, status)
            : ScriptedAnswer.Json(body, status);
        var provider = Provider();
        for (var turn = 0; turn < 2; turn++)
        {
            var events = await provider.StreamAsync(Request(), Cancel).ToListAsync(Cancel);
            Assert.Equal("Hi", TextOf(events));
            AssertEndsOnce(events, StopReason.EndTurn);
        }

        Assert.Equal(
            ["/v1/responses", "/v1/chat/completions", "/v1/chat/completions"],
            Endpoint.Requests.Select(request => request.Target)
        );
    }

    [Fact]
    public async Task A_model_that_is_not_there_is_no_reason_to_ask_in_another_way()
    {
        var failure = FailureOf(
            await AskAsync(
                ScriptedAnswer.Json(
                    ErrorBody("invalid_request_error", "The model `some-model` does not exist or you do not have access to it."),
                    404
                )
            )
        );
        Assert.Equal(FailureKind.ModelNotFound, failure.Kind);
        Assert.Single(Endpoint.Requests);
    }

    [Fact]
    public async Task With_Responses_set_in_the_settings_no_other_protocol_is_tried()
    {
        var settings = Settings() with { AdditionalAuth = new Dictionary<string, string> { ["api"] = "responses" } };
        Assert.Equal(
            FailureKind.NotFound,
            FailureOf(await AskAsync(ScriptedAnswer.Json("""{"detail":"Not Found"}""", 404), settings)).Kind
        );
        Assert.Single(Endpoint.Requests);
    }

    [Fact]
    public async Task Organization_and_project_are_headers()
    {
        var account = new Dictionary<string, string> { ["organization"] = "org-1", ["project"] = "vault://mine/project" };
        await AskAsync(Stream().Send(TextAnswer), Settings() with { AdditionalAuth = account });
        Assert.Equal("org-1", Endpoint.Requests[^1].Headers["openai-organization"]);
        Assert.Equal(FixedSecrets.Key, Endpoint.Requests[^1].Headers["openai-project"]);
    }

    [Fact]
    public void Only_models_that_answer_are_offered()
    {
        var listed = new[]
        {
            "gpt-5.6",
            "o4-mini",
            "text-embedding-3-small",
            "whisper-1",
            "gpt-image-1",
            "tts-1",
            "omni-moderation-latest",
            "gpt-4o-realtime-preview",
            "sora-2",
        };
        Assert.Equal(
            ["gpt-5.6", "o4-mini"],
            OpenAiProvider.OnlyChat(listed.Select(id => new ModelInfo { Id = id })).Select(model => model.Id)
        );
    }

    [Fact]
    public async Task A_credential_replaces_the_key()
    {
        Endpoint.Route = _ => Stream().Send(TextAnswer);
        using var sockets = new ProviderHttp();
        var provider = new OpenAiProvider(Settings(), Secrets, sockets, TimeProvider.System, new TokenCredential());
        AssertEndsOnce(await provider.StreamAsync(Request(), Cancel).ToListAsync(Cancel), StopReason.EndTurn);
        Assert.Equal("Bearer token", Endpoint.Requests[^1].Headers["authorization"]);
        Assert.Empty(Secrets.Asked);
    }

    private sealed class TokenCredential : IRequestCredential
    {
        public ValueTask ApplyAsync(
            HttpRequestMessage request,
            ReadOnlyMemory<byte> body,
            ProviderFailures failures,
            CancellationToken cancellationToken
        )
        {
            request.Headers.TryAddWithoutValidation("authorization", "Bearer token");
            return ValueTask.CompletedTask;
        }

        public ValueTask<bool> RenewAsync(CancellationToken cancellationToken) => ValueTask.FromResult(false);
    }
}

/// <summary>The provider kind openai, configured for Chat Completions.</summary>
public class OpenAiChatCompletionsTests : ChatCompletionsContract
{
    protected override string Kind => ProviderKinds.OpenAi;
    protected override VendorCache Cache => VendorCache.Automatic("prompt_cache_key");

    protected override IProvider Create(ProviderSettings settings, ISecretSource secrets, ProviderHttp http) =>
        new OpenAiProvider(
            settings with
            {
                AdditionalAuth = new Dictionary<string, string> { ["api"] = "chat_completions" },
            },
            secrets,
            http,
            TimeProvider.System
        );

    [Fact]
    public async Task A_server_that_refuses_the_cache_key_is_asked_without_it()
    {
        Endpoint.Route = request =>
            request.Body.Contains("prompt_cache_key")
                ? ScriptedAnswer.Json(ErrorBody("invalid_request_error", "Unknown parameter: 'prompt_cache_key'."), 400)
                : Stream().Send(TextAnswer);
        var events = await Provider().StreamAsync(Request(), Cancel).ToListAsync(Cancel);
        Assert.Equal("Hé 👋 wörld", TextOf(events));
        Assert.DoesNotContain(events, next => next is ProviderEvent.Waiting);
        Assert.Equal(2, Endpoint.Requests.Count);
    }

    [Fact]
    public async Task A_tag_for_thoughts_is_text_at_OpenAI()
    {
        Assert.Equal("<think>x</think>y", TextOf(await AnswerAsync(Delta("""{"content":"<think>x</think>y"}""") + Ending("stop"))));
    }

    [Fact]
    public async Task A_token_limit_refused_under_its_new_name_is_sent_under_its_old_one()
    {
        const string Message = "Unrecognized request argument supplied: max_completion_tokens";
        Endpoint.Route = request =>
            request.Body.Contains("max_completion_tokens")
                ? ScriptedAnswer.Json(ErrorBody("invalid_request_error", Message), 400)
                : Stream().Send(TextAnswer);
        Assert.Equal("Hé 👋 wörld", TextOf(await Provider().StreamAsync(Request() with { MaxTokens = 7 }, Cancel).ToListAsync(Cancel)));
        Assert.Contains("\"max_tokens\":7", Endpoint.Requests[^1].Body);
    }

    [Fact]
    public async Task Chooses_the_API_by_the_path_of_the_endpoint()
    {
        Endpoint.Route = _ => Stream().Send(TextAnswer);
        using var sockets = new ProviderHttp();
        var provider = new OpenAiProvider(
            Settings() with
            {
                Endpoint = new Uri(Endpoint.Url, "/v1/chat/completions"),
            },
            Secrets,
            sockets,
            TimeProvider.System
        );
        AssertEndsOnce(await provider.StreamAsync(Request(), Cancel).ToListAsync(Cancel), StopReason.EndTurn);
        Assert.Equal("/v1/chat/completions", Assert.Single(Endpoint.Requests).Target);
    }
}
