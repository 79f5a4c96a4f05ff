using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.OpenAi;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers;

public class AzureProviderTests : ChatCompletionsContract
{
    private const string Filter =
        """{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}}}]}""";

    protected override string Kind => ProviderKinds.Azure;
    protected override VendorCache Cache => VendorCache.Automatic("prompt_cache_key");
    protected override string ChatPath => "/openai/v1/chat/completions";
    protected override (string Name, string Value) KeyHeader => ("api-key", FixedSecrets.Key);

    protected override IProvider Create(ProviderSettings settings, ISecretSource secrets, ProviderHttp http) =>
        new AzureProvider(settings, secrets, http, TimeProvider.System);

    protected override string TextAnswer => EventOf(Filter) + base.TextAnswer;

    [Fact]
    public async Task The_model_is_the_deployment_in_the_question_and_in_the_history()
    {
        var events = await AskAsync(Stream().Send(TextAnswer), null, Request() with { MaxTokens = 9 });
        Assert.Equal(new ProviderEvent.Accepted("some-model", "c1"), events[0]);
        Assert.Contains("\"model\":\"some-model\"", Endpoint.Requests[^1].Body);
        Assert.Contains("\"max_completion_tokens\":9", Endpoint.Requests[^1].Body);
    }

    [Theory]
    [
        InlineData("/openai"),
        InlineData("/openai/v1/"),
        InlineData("/openai/v1/responses"),
        InlineData("/api/projects/p1"),
        InlineData("/openai/deployments/d/chat/completions")
    ]
    public async Task An_endpoint_in_any_usual_form_is_understood(string path)
    {
        var settings = Settings() with
        {
            Endpoint = new Uri(Endpoint.Url, path),
            AdditionalAuth = new Dictionary<string, string> { ["api"] = "chat_completions" },
        };
        await AskAsync(Stream().Send(TextAnswer), settings);
        Assert.Equal(ChatPath, Endpoint.Requests[^1].Target);
    }

    [Theory]
    [InlineData("", "2024-10-21", "/openai/deployments/some-model/chat/completions?api-version=2024-10-21")]
    [InlineData(
        "/openai/deployments/d/chat/completions?api-version=2024-06-01",
        null,
        "/openai/deployments/some-model/chat/completions?api-version=2024-06-01"
    )]
    [InlineData(
        "/openai/deployments/d/chat/completions?api-version=2024-06-01",
        "2024-10-21",
        "/openai/deployments/some-model/chat/completions?api-version=2024-06-01"
    )]
    [InlineData("/openai/v1?api-version=preview", null, "/openai/v1/chat/completions?api-version=preview")]
    public async Task The_older_addresses_are_called_with_their_version(string path, string? version, string target)
    {
        var auth = version is null ? new Dictionary<string, string>() : new() { ["api_version"] = version };
        var settings = Settings() with { Endpoint = new Uri(Endpoint.Url, path), AdditionalAuth = auth };
        await AskAsync(Stream().Send(TextAnswer), settings);
        Assert.Equal(target, Endpoint.Requests[^1].Target);
    }

    [Fact]
    public async Task A_prompt_stopped_by_the_filter_is_a_refusal_with_a_message()
    {
        const string Body =
            """{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}""";
        var failure = FailureOf(await AskAsync(ScriptedAnswer.Json(Body, 400)));
        Assert.Equal(FailureKind.Refused, failure.Kind);
        Assert.Contains("content management policy", failure.Message);
    }

    [Fact]
    public async Task A_deployment_that_does_not_exist_is_a_model_that_is_not_there()
    {
        const string Body = """{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}""";
        Assert.Equal(FailureKind.ModelNotFound, FailureOf(await AskAsync(ScriptedAnswer.Json(Body, 404))).Kind);
    }

    [Fact]
    public async Task The_key_is_checked_by_the_listing_which_names_no_deployments()
    {
        Endpoint.Route = _ => ScriptedAnswer.Json("""{"data":[{"id":"gpt-4o-2024-11-20"}]}""");
        Assert.Null(await Provider().CheckAsync(Cancel));
        Assert.Equal("/openai/v1/models", Endpoint.Requests[^1].Target);
        Assert.Equal(
            [new ModelInfo { Id = "my-deployment" }],
            await Provider(Settings() with { Model = "my-deployment" }).ListModelsAsync(Cancel)
        );
        Assert.Empty(await Provider().ListModelsAsync(Cancel));
        Endpoint.Route = _ =>
            ScriptedAnswer.Json(
                """{"error":{"code":"401","message":"Access denied due to invalid subscription key or wrong API endpoint."}}""",
                401
            );
        Assert.Equal(FailureKind.ProviderAuthFailed, (await Provider().CheckAsync(Cancel))?.Kind);
    }

    [Fact]
    public async Task Fails_with_advice_without_an_endpoint()
    {
        var events = await Provider(Settings() with { Endpoint = null }).StreamAsync(Request(), Cancel).ToListAsync(Cancel);
        Assert.Equal(FailureKind.MissingField, FailureOf(events).Kind);
        Assert.Empty(Secrets.Asked);
    }

    [Fact]
    public async Task Sends_Responses_requests_with_its_key_when_configured_for_that_API()
    {
        var settings = Settings() with { AdditionalAuth = new Dictionary<string, string> { ["api"] = "responses" } };
        var events = await AskAsync(
            Stream().Send(EventOf("""{"type":"response.completed","response":{"id":"r1","status":"completed","output":[]}}""")),
            settings
        );
        AssertEndsOnce(events, StopReason.EndTurn);
        Assert.Equal(("/openai/v1/responses", FixedSecrets.Key), (Endpoint.Requests[^1].Target, Endpoint.Requests[^1].Headers["api-key"]));
    }
}
