using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Ollama;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers;

public class OllamaProviderTests : WireContract
{
    private string show =
        """{"capabilities":["completion","tools","thinking"],"details":{"family":"qwen3"},"model_info":{"general.architecture":"qwen3","qwen3.context_length":40960}}""";

    private static string Line(string message) =>
        "{\"model\":\"some-model\",\"created_at\":\"2026-11-21T00:00:00Z\",\"message\":" + message + ",\"done\":false}\n";

    private static string Ending(string reason) =>
        "{\"model\":\"some-model\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\""
        + reason
        + "\",\"total_duration\":1,\"prompt_eval_count\":26,\"eval_count\":9}\n";

    protected override string Kind => ProviderKinds.Ollama;
    protected override string ChatPath => "/api/chat";
    protected override (string Name, string Value) KeyHeader => ("authorization", $"Bearer {FixedSecrets.Key}");

    protected override ScriptedAnswer Stream() => ScriptedAnswer.JsonLines();

    private protected override Framing Framing => Framing.JsonLines;

    private protected override WireParser Parser(ProviderRequest request) => new OllamaParser(Failures, request);

    protected override IProvider Create(ProviderSettings settings, ISecretSource secrets, ProviderHttp http) =>
        new OllamaProvider(settings, secrets, http, TimeProvider.System);

    protected override ScriptedAnswer? Other(ScriptedRequest request) =>
        request.Target.Contains("/api/show") ? ScriptedAnswer.Json(show) : null;

    protected override string Unfinished => Line("""{"role":"assistant","content":"Hé "}""");
    protected override string TextAnswer =>
        Unfinished
        + Line("""{"role":"assistant","content":"👋 w\u00f6"}""")
        + Line("""{"role":"assistant","content":"rld"}""")
        + Ending("stop");
    protected override string LimitAnswer => Unfinished + Ending("length");
    protected override string? CachedAnswer => null;

    protected override string EventOf(string json) => json + "\n";

    protected override string ErrorBody(string type, string message) => "{\"error\":\"" + message + "\"}";

    protected override string ErrorEvent => "{\"error\":\"the runner has stopped\"}\n";
    protected override string ReasoningAnswer =>
        Line("""{"role":"assistant","content":"","thinking":"Let me "}""")
        + Line("""{"role":"assistant","content":"","thinking":"think."}""")
        + Line("""{"role":"assistant","content":"Yes."}""")
        + Ending("stop");
    protected override string ToolAnswer =>
        Line("""{"role":"assistant","content":"","tool_calls":[{"function":{"name":"read","arguments":{"path":"a.txt"}}}]}""")
        + Ending("stop");

    [Fact]
    public async Task The_context_length_is_asked_once_capped_and_always_the_same()
    {
        Endpoint.Route = request => Other(request) ?? Stream().Send(TextAnswer);
        var provider = Provider();
        for (var turn = 0; turn < 3; turn++)
        {
            await provider.StreamAsync(Request(), Cancel).ToListAsync(Cancel);
        }
        Assert.Equal(["/api/show", "/api/chat", "/api/chat", "/api/chat"], Endpoint.Requests.Select(request => request.Target));
        Assert.All(Endpoint.Requests.Skip(1), request => Assert.Contains("\"options\":{\"num_ctx\":32768}", request.Body));
    }

    [Fact]
    public async Task A_small_models_own_context_length_is_sent()
    {
        show = """{"capabilities":["completion"],"model_info":{"llama.context_length":2048}}""";
        await AnswerAsync(TextAnswer);
        Assert.Contains("\"num_ctx\":2048", Endpoint.Requests[^1].Body);
        Assert.DoesNotContain("tools", Endpoint.Requests[^1].Body);
    }

    [Theory]
    [InlineData("qwen3", "thinking", "high", "\"think\":true")]
    [InlineData("qwen3", "thinking", "none", "\"think\":false")]
    [InlineData("gptoss", "thinking", "low", "\"think\":\"low\"")]
    [InlineData("gptoss", "thinking", "max", "\"think\":\"high\"")]
    [InlineData("llama", "tools", "high", null)]
    public async Task Thinking_is_asked_for_only_where_the_model_can(string family, string capability, string level, string? expected)
    {
        show = "{\"capabilities\":[\"" + capability + "\"],\"details\":{\"family\":\"" + family + "\"}}";
        await AskAsync(Stream().Send(TextAnswer), null, Request() with { ReasoningLevel = level });
        if (expected is null)
        {
            Assert.DoesNotContain("think", Endpoint.Requests[^1].Body);
        }
        else
        {
            Assert.Contains(expected, Endpoint.Requests[^1].Body);
        }
    }

    [Fact]
    public async Task A_model_that_is_not_pulled_reports_the_pull_command()
    {
        Endpoint.Route = _ => ScriptedAnswer.Json("""{"error":"model 'some-model' not found"}""", 404);
        var failure = FailureOf(await Provider().StreamAsync(Request(), Cancel).ToListAsync(Cancel));
        Assert.Equal(FailureKind.ModelNotFound, failure.Kind);
        Assert.Contains("ollama pull some-model", failure.Message);
    }

    [Fact]
    public async Task Ollama_that_does_not_run_is_named()
    {
        await Endpoint.DisposeAsync();
        Assert.EndsWith("Is Ollama running?", (await Provider().CheckAsync(Cancel))?.Message);
    }

    [Fact]
    public async Task Token_counts_come_with_the_last_line() =>
        Assert.Equal(
            new Usage { InputTokens = 26, OutputTokens = 9 },
            Assert.Single((await AnswerAsync(TextAnswer)).OfType<ProviderEvent.UsageReported>()).Usage
        );

    [Fact]
    public async Task The_request_is_what_api_chat_wants()
    {
        var request = Request() with
        {
            Messages =
            [
                Said(MessageRole.User, new MessagePart.Text("Read it")),
                Said(MessageRole.Assistant, new MessagePart.Reasoning("hm"), new MessagePart.ToolUse("t1", "read", """{"path":"a.txt"}""")),
                Said(MessageRole.User, new MessagePart.ToolResult("t1", "bytes", null)),
            ],
            MaxTokens = 100,
        };
        await AskAsync(Stream().Send(TextAnswer), null, request);
        Assert.Equal(
            """{"model":"some-model","stream":true,"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Read it"},"""
                + """{"role":"assistant","content":"","thinking":"hm","tool_calls":[{"id":"t1","function":{"name":"read","arguments":{"path":"a.txt"}}}]},"""
                + """{"role":"tool","tool_name":"read","tool_call_id":"t1","content":"bytes"}],"tools":"""
                + """[{"type":"function","function":{"name":"read","description":"Reads a file.","parameters":{"type":"object","properties":{"path":{"type":"string"}}}}}],"options":"""
                + """{"num_ctx":32768,"num_predict":100}}""",
            Endpoint.Requests[^1].Body
        );
    }

    [Fact]
    public async Task Installed_models_are_listed()
    {
        Endpoint.Route = _ =>
            ScriptedAnswer.Json(
                """{"models":[{"name":"qwen3:8b","model":"qwen3:8b","size":1,"details":{"family":"qwen3","parameter_size":"8.2B","quantization_level":"Q4_K_M"}}]}"""
            );
        Assert.Equal(
            [
                new ModelInfo
                {
                    Id = "qwen3:8b",
                    Name = "qwen3:8b",
                    Description = "8.2B Q4_K_M",
                },
            ],
            await Provider().ListModelsAsync(Cancel)
        );
    }
}
