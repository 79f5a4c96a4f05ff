using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.OpenAi;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers;

public class OpenRouterProviderTests : ChatCompletionsContract
{
    protected override string Kind => ProviderKinds.OpenRouter;
    protected override VendorCache Cache => VendorCache.Automatic("session_id");

    protected override IProvider Create(ProviderSettings settings, ISecretSource secrets, ProviderHttp http) =>
        new OpenRouterProvider(settings, secrets, http, TimeProvider.System);

    [Fact]
    public async Task Sends_the_app_headers_and_requests_the_cost()
    {
        await AskAsync(Stream().Send(TextAnswer), null, Request() with { ReasoningLevel = "high" });
        var request = Endpoint.Requests[^1];
        Assert.Equal(("Plue", "app://plue-vscode"), (request.Headers["x-title"], request.Headers["http-referer"]));
        Assert.Contains("\"usage\":{\"include\":true}", request.Body);
        Assert.Contains("\"reasoning\":{\"effort\":\"high\"}", request.Body);
        await AskAsync(
            Stream().Send(TextAnswer),
            Settings() with
            {
                Headers = new Dictionary<string, string> { ["X-Title"] = "Mine" },
            },
            Request() with
            {
                ReasoningLevel = "none",
            }
        );
        Assert.Equal("Mine", Endpoint.Requests[^1].Headers["x-title"]);
        Assert.Contains("\"reasoning\":{\"enabled\":false}", Endpoint.Requests[^1].Body);
    }

    [Fact]
    public async Task The_cost_is_the_vendors()
    {
        var events = await AnswerAsync(
            Unfinished
                + Delta("{}", "\"stop\"")
                + EventOf("""{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"cost":0.00125}}""")
                + Done
        );
        Assert.Equal(0.00125m, Assert.Single(events.OfType<ProviderEvent.UsageReported>()).VendorCost);
    }

    [Fact]
    public async Task Details_of_reasoning_go_back_whole_with_a_signature_that_came_after_the_call()
    {
        var events = await AnswerAsync(
            Delta(
                """{"reasoning":"Let me ","reasoning_details":[{"type":"reasoning.text","text":"Let me ","format":"anthropic-claude-v1","index":0}]}"""
            )
                + Delta(
                    """{"reasoning":"think.","reasoning_details":[{"type":"reasoning.text","text":"think.","format":"anthropic-claude-v1","index":0,"signature":null}]}"""
                )
                + ToolAnswer.Replace(Ending("tool_calls"), "")
                + Delta(
                    """{"reasoning_details":[{"type":"reasoning.text","signature":"c2ln","format":"anthropic-claude-v1","index":0},{"type":"reasoning.encrypted","data":"b3BhcXVl","id":"rs_1","format":"openai-responses-v1","index":1}]}"""
                )
                + Ending("tool_calls")
        );
        const string Details =
            """[{"type":"reasoning.text","text":"Let me think.","format":"anthropic-claude-v1","index":0,"signature":"c2ln"},{"type":"reasoning.encrypted","data":"b3BhcXVl","id":"rs_1","format":"openai-responses-v1","index":1}]""";
        Assert.Equal(Details, events.OfType<ProviderEvent.ReasoningFinished>().Last().Opaque);

        var request = Request() with
        {
            Messages =
            [
                Said(MessageRole.User, new MessagePart.Text("a")),
                Said(
                    MessageRole.Assistant,
                    new MessagePart.Reasoning("Let me think."),
                    new MessagePart.ToolUse("call_a", "read", "{}"),
                    new MessagePart.Reasoning("", null, Details)
                ) with
                {
                    ProviderInfo = new ProviderInfo("mine", "some-model"),
                },
                Said(MessageRole.User, new MessagePart.ToolResult("call_a", "x", null)),
            ],
        };
        await AskAsync(Stream().Send(TextAnswer), null, request);
        Assert.Contains($"\"reasoning_details\":{Details}", Endpoint.Requests[^1].Body);
        await AskAsync(Stream().Send(TextAnswer), null, request with { Model = "other" });
        Assert.DoesNotContain("reasoning_details", Endpoint.Requests[^1].Body);
    }

    [Fact]
    public async Task Details_without_an_index_are_joined_while_they_are_of_one_type()
    {
        var events = await AnswerAsync(
            Delta("""{"reasoning_details":[{"type":"reasoning.summary","summary":"a"}]}""")
                + Delta("""{"reasoning_details":[{"type":"reasoning.summary","summary":"b"}]}""")
                + Delta("""{"reasoning_details":[{"type":"reasoning.encrypted","data":"x"},{"type":"reasoning.encrypted","data":"y"}]}""")
                + Delta("""{"content":"Hi"}""")
                + Ending("stop")
        );
        Assert.Equal(
            """[{"type":"reasoning.summary","summary":"ab"},{"type":"reasoning.encrypted","data":"x"},{"type":"reasoning.encrypted","data":"y"}]""",
            events.OfType<ProviderEvent.ReasoningFinished>().Last().Opaque
        );
    }

    [Theory]
    [InlineData("""{"error":{"code":402,"message":"Insufficient credits"}}""", FailureKind.SpendLimit)]
    [InlineData("""{"error":{"code":429,"message":"slow"}}""", FailureKind.RateLimited)]
    [InlineData(
        """{"error":{"code":502,"message":"down","metadata":{"provider_name":"x"}},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}""",
        FailureKind.Overloaded
    )]
    [InlineData("""{"error":{"code":408,"message":"late"}}""", FailureKind.Overloaded)]
    [InlineData("""{"error":{"code":400,"message":"wrong"}}""", FailureKind.BadRequest)]
    [InlineData("""{"error":{"code":403,"message":"Your input was flagged","metadata":{"reasons":["x"]}}}""", FailureKind.Refused)]
    public async Task An_error_in_the_middle_has_the_kind_of_its_code(string chunk, FailureKind kind) =>
        Assert.Equal(kind, FailureOf(await AnswerAsync(Unfinished + EventOf(chunk))).Kind);

    [Fact]
    public async Task The_key_is_checked_where_a_key_is_needed()
    {
        Endpoint.Route = request =>
            request.Target == "/v1/key"
                ? ScriptedAnswer.Json("""{"error":{"code":401,"message":"No auth"}}""", 401)
                : ScriptedAnswer.Json("""{"data":[]}""");
        Assert.Equal(FailureKind.ProviderAuthFailed, (await Provider().CheckAsync(Cancel))?.Kind);
        Endpoint.Route = _ => ScriptedAnswer.Json("""{"data":{"label":"k","usage":1}}""");
        Assert.Null(await Provider().CheckAsync(Cancel));
    }

    [Fact]
    public async Task Models_come_with_their_prices_and_abilities()
    {
        Endpoint.Route = _ =>
            ScriptedAnswer.Json(
                """
                {"data":[{"id":"a/b","name":"B","context_length":1000,"architecture":{"input_modalities":["text","image"]},"pricing":{"prompt":"0.000003","completion":"0.000015","input_cache_read":"0.0000003","input_cache_write":"0.00000375"},"top_provider":{"max_completion_tokens":50},"supported_parameters":["tools","reasoning"]},
                {"id":"openrouter/auto","pricing":{"prompt":"-1","completion":"-1"},"supported_parameters":[]}]}
                """
            );
        var models = await Provider().ListModelsAsync(Cancel);
        Assert.Equal(
            new ModelInfo
            {
                Id = "a/b",
                Name = "B",
                ContextLength = 1000,
                MaxOutput = 50,
                SupportsTools = true,
                SupportsVision = true,
                CanReason = true,
                Pricing = new Price(3m, 15m, 0.3m, 3.75m),
            },
            models[0]
        );
        Assert.Equal(
            new ModelInfo
            {
                Id = "openrouter/auto",
                SupportsTools = false,
                CanReason = false,
            },
            models[1]
        );
    }

    [Theory]
    [
        InlineData("https://openrouter.ai", "https://openrouter.ai/api/v1/key"),
        InlineData("https://openrouter.ai/v1", "https://openrouter.ai/api/v1/key")
    ]
    [
        InlineData("https://openrouter.ai/api", "https://openrouter.ai/api/v1/key"),
        InlineData("https://openrouter.ai/api/v1/chat/completions", "https://openrouter.ai/api/v1/key")
    ]
    [InlineData("https://gate.example/router", "https://gate.example/router/v1/key"), InlineData(null, "https://openrouter.ai/api/v1/key")]
    public void An_endpoint_in_any_usual_form_is_understood(string? endpoint, string key)
    {
        var settings = Settings() with { Endpoint = endpoint is null ? null : new Uri(endpoint) };
        Assert.Equal(
            new Uri(key),
            new ProviderEndpoint(settings, "https://openrouter.ai/api/v1", path => OpenRouterProvider.RootOf(settings, path)).At("/key")
        );
    }
}

/// <summary>Claude through OpenRouter, whose cache needs marks.</summary>
public class OpenRouterClaudeTests : OpenRouterProviderTests
{
    protected override ProviderRequest Question => Request() with { Model = "anthropic/claude-sonnet-5" };
    protected override VendorCache Cache => VendorCache.Marked();

    [Fact]
    public async Task Counts_what_was_written_to_the_cache()
    {
        const string Usage =
            """{"choices":[],"usage":{"prompt_tokens":100,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":30}}}""";
        var usage = (await AnswerAsync(Unfinished + Delta("{}", "\"stop\"") + EventOf(Usage) + Done))
            .OfType<ProviderEvent.UsageReported>()
            .Last()
            .Usage;
        Assert.Equal((100, 60, 30), (usage.InputTokens, usage.CachedReadTokens, usage.CachedWriteTokens));
    }
}
