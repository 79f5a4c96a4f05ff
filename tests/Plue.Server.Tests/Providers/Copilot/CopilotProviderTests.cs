using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Copilot;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.OpenAi;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers.Copilot;

/// <summary>GitHub Copilot without an editor. The credential is a key here; sign-in has separate tests.</summary>
public class CopilotProviderTests : WireContract
{
    private const string Models = """
        {"data":[
          {"id":"some-model","name":"Some","model_picker_enabled":true,"policy":{"state":"enabled"},"supported_endpoints":["/responses","/chat/completions"],
           "capabilities":{"type":"chat","limits":{"max_context_window_tokens":200000,"max_prompt_tokens":128000,"max_output_tokens":16000},"supports":{"tool_calls":true,"vision":true,"reasoning_effort":["low","high"]}}},
          {"id":"plain","capabilities":{"limits":{"max_context_window_tokens":8000}}},
          {"id":"codex","name":"Codex","supported_endpoints":["/responses"],"capabilities":{"type":"chat"}},
          {"id":"strange","supported_endpoints":["/v1/messages"]},
          {"id":"forbidden","policy":{"state":"disabled"}},{"id":"hidden","model_picker_enabled":false},{"id":"vectors","capabilities":{"type":"embeddings"}},{"name":"no id"},7]}
        """;

    private const string Done = "data: [DONE]\n\n";
    private const string UsageChunk =
        """data: {"id":"c1","choices":[],"usage":{"prompt_tokens":100,"completion_tokens":20,"prompt_tokens_details":{"cached_tokens":60}}}"""
        + "\n\n";

    private static string Delta(string delta, string finish = "null", int choice = 0) =>
        "data: {\"id\":\"c1\",\"model\":\"m\",\"choices\":[{\"index\":"
        + choice
        + ",\"delta\":"
        + delta
        + ",\"finish_reason\":"
        + finish
        + "}]}\n\n";

    private static string Ending(string reason) => Delta("{}", $"\"{reason}\"") + UsageChunk + Done;

    protected override string Kind => ProviderKinds.GithubCopilot;
    protected override string ChatPath => "/chat/completions";
    protected override (string Name, string Value) KeyHeader => ("authorization", $"Bearer {FixedSecrets.Key}");

    protected override ScriptedAnswer Stream() => ScriptedAnswer.Events();

    private protected override Framing Framing => Framing.ServerSentEvents;

    private protected override WireParser Parser(ProviderRequest request) => new OpenAiParser(Failures, request);

    protected override ScriptedAnswer? Other(ScriptedRequest request) => request.Method == "GET" ? ScriptedAnswer.Json(Models) : null;

    protected override IProvider Create(ProviderSettings settings, ISecretSource secrets, ProviderHttp http) =>
        new CopilotProvider(
            settings,
            secrets,
            http,
            TimeProvider.System,
            new ApiKeyCredential(
                settings,
                secrets,
                new ProviderEndpoint(settings, "https://api.githubcopilot.com", path => path),
                ("authorization", "Bearer ")
            )
        );

    protected override string Unfinished =>
        ": PROCESSING\n\n" + Delta("""{"role":"assistant","content":""}""") + Delta("""{"content":"Hé "}""");
    protected override string TextAnswer =>
        Unfinished + Delta("""{"content":"👋 w\u00f6"}""").Replace("data: ", "data:") + Delta("""{"content":"rld"}""") + Ending("stop");
    protected override string LimitAnswer => Unfinished + Ending("length");
    protected override string CachedAnswer => TextAnswer;

    protected override string EventOf(string json) => $"data: {json}\n\n";

    protected override string ErrorBody(string type, string message) =>
        "{\"error\":{\"message\":\"" + message + "\",\"code\":\"" + type + "\"}}";

    protected override string ErrorEvent => "data: {\"error\":{\"code\":502,\"message\":\"the model is down\"},\"choices\":[]}\n\n";
    protected override string ReasoningAnswer =>
        Delta("""{"reasoning_text":"Let me "}""")
        + Delta("""{"reasoning_text":"think."}""")
        + Delta("""{"content":"Yes."}""")
        + Ending("stop");
    protected override string ToolAnswer =>
        Delta("""{"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"read","arguments":""}}]}""")
        + Delta("""{"tool_calls":[{"index":0,"function":{"arguments":"{\"path\":"}}]}""")
        + Delta("""{"tool_calls":[{"index":0,"function":{"arguments":"\"a.txt\"}"}}]}""")
        + Ending("tool_calls");

    [Fact]
    public async Task Merges_choices_with_text_and_tool_calls()
    {
        var events = await AnswerAsync(
            Delta("""{"content":"I look."}""")
                + Delta("""{"tool_calls":[{"index":0,"id":"call_a","function":{"name":"read","arguments":"{}"}}]}""", choice: 1)
                + Ending("tool_calls")
        );
        Assert.Equal("I look.", TextOf(events));
        Assert.Equal("call_a", events.OfType<ProviderEvent.ToolCallFinished>().Single().ToolUseId);
        AssertEndsOnce(events, StopReason.ToolUse);
    }

    [Fact]
    public async Task A_persons_message_counts_as_the_users_and_a_tools_result_as_the_agents()
    {
        await AnswerAsync(TextAnswer);
        var first = Endpoint.Requests[^1].Headers;
        Assert.Equal(("user", "conversation-edits", "plue"), (first["x-initiator"], first["openai-intent"], first["user-agent"]));
        Assert.False(first.ContainsKey("copilot-vision-request"));
        Assert.DoesNotContain(first.Keys, name => name.StartsWith("editor-", StringComparison.Ordinal) || name == "copilot-integration-id");
        await AskAsync(
            Stream().Send(TextAnswer),
            null,
            Request() with
            {
                Messages =
                [
                    Said(MessageRole.User, new MessagePart.Text("a")),
                    Said(MessageRole.Assistant, new MessagePart.ToolUse("call_1", "read", "{}")),
                    Said(MessageRole.User, new MessagePart.ToolResult("call_1", "x", null)),
                ],
            }
        );
        Assert.Equal("agent", Endpoint.Requests[^1].Headers["x-initiator"]);
    }

    [Fact]
    public async Task The_offered_models_are_listed_with_what_a_prompt_may_fill()
    {
        Endpoint.Route = Other;
        var models = await Provider().ListModelsAsync(Cancel);
        Assert.Equal(["some-model", "plain", "codex", "strange"], models.Select(model => model.Id));
        var some = models[0];
        Assert.Equal(
            (128000L, 16000L, true, true, true),
            (some.ContextLength, some.MaxOutput, some.SupportsTools, some.SupportsVision, some.CanReason)
        );
        Assert.Equal(["low", "high"], some.ReasoningLevels);
        Assert.Equal((8000L, null, null), (models[1].ContextLength, models[1].SupportsTools, models[1].CanReason));
    }

    [Fact]
    public async Task Lists_models_once_and_rejects_models_without_chat()
    {
        var answer = Stream().Send(TextAnswer);
        Endpoint.Route = request => Other(request) ?? answer;
        var provider = Provider();
        for (var times = 0; times < 3; times++)
        {
            AssertEndsOnce(await provider.StreamAsync(Request(), Cancel).ToListAsync(Cancel), StopReason.EndTurn);
        }
        Assert.Single(Endpoint.Requests, request => request.Target == "/models");
        var failure = FailureOf(await provider.StreamAsync(Request() with { Model = "strange" }, Cancel).ToListAsync(Cancel));
        Assert.Equal(FailureKind.ModelNotFound, failure.Kind);
        Assert.Contains("/v1/messages", failure.Message);
    }

    [Fact]
    public async Task A_model_of_the_responses_path_is_asked_there()
    {
        var events = await AskAsync(
            Stream()
                .Send(
                    """data: {"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"Hello"}"""
                        + "\n\n"
                        + """data: {"type":"response.completed","response":{"id":"r1","status":"completed","output":[]}}"""
                        + "\n\n"
                ),
            null,
            Request() with
            {
                Model = "codex",
            }
        );
        Assert.Equal("Hello", TextOf(events));
        AssertEndsOnce(events, StopReason.EndTurn);
        Assert.Equal(("/responses", "user"), (Endpoint.Requests[^1].Target, Endpoint.Requests[^1].Headers["x-initiator"]));
    }

    [Fact]
    public async Task A_failed_model_list_does_not_prevent_a_response()
    {
        var answer = Stream().Send(TextAnswer);
        Endpoint.Route = request => request.Method == "GET" ? ScriptedAnswer.Json("{}", 500) : answer;
        AssertEndsOnce(await Provider().StreamAsync(Request(), Cancel).ToListAsync(Cancel), StopReason.EndTurn);
    }

    [Theory]
    [InlineData("gpt-5", false), InlineData("claude-x", true)]
    public async Task A_limit_is_not_sent_to_models_that_refuse_it(string model, bool isSent)
    {
        await AskAsync(Stream().Send(TextAnswer), Settings() with { MaxTokens = 77 }, Request() with { Model = model, MaxTokens = 77 });
        Assert.Equal(isSent, Endpoint.Requests[^1].Body.Contains("77", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(401, "", FailureKind.ProviderAuthFailed, "Sign in again.")]
    [InlineData(402, "quota_exceeded", FailureKind.SpendLimit, "is reached")]
    [InlineData(403, "feature_flag_blocked", FailureKind.PermissionDenied, "Your plan or your organization does not include it")]
    [InlineData(429, "rate_limited", FailureKind.RateLimited, "Try again in 9 s.")]
    [InlineData(400, "model_not_supported", FailureKind.ModelNotFound, "Choose another model.")]
    public async Task Explains_rejections_by_GitHub(int status, string code, FailureKind kind, string words)
    {
        var failure = FailureOf(
            await AskAsync(
                ScriptedAnswer.Json(ErrorBody(code, "No, sorry."), status, ("Retry-After", "9")),
                Settings() with
                {
                    Auth = AuthType.Oauth,
                }
            )
        );
        Assert.Equal(kind, failure.Kind);
        Assert.Contains(words, failure.Message);
        Assert.Equal(kind == FailureKind.RateLimited, failure.RetryAfter is not null && failure.IsRetryable);
    }
}
