using System.Runtime.CompilerServices;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.OpenAi;

/// <summary>
/// Azure OpenAI. The endpoint is the resource, and a model is the name of a deployment. <c>additional_auth.api</c> selects the API (<c>chat_completions</c> or
/// <c>responses</c>), <c>additional_auth.api_version</c> the older addresses.
/// </summary>
internal sealed class AzureProvider : IProvider
{
    private readonly ProviderConnection connection;
    private readonly ChatCompletions chat;
    private readonly Responses responses;
    private readonly bool usesResponses;
    private readonly bool isOlder;
    private readonly string versionQuery;

    /// <param name="credential">Used instead of an API key for users who sign in.</param>
    internal AzureProvider(
        ProviderSettings settings,
        ISecretSource secrets,
        ProviderHttp http,
        TimeProvider time,
        IRequestCredential? credential = null
    )
    {
        Settings = settings;
        // There is no default address; an endpoint without a host results in an error message.
        var endpoint = new ProviderEndpoint(settings, "azure:", ApiRoot);
        connection = new ProviderConnection(settings, endpoint, secrets, http, time, ("api-key", ""), credential);
        chat = new ChatCompletions(settings, connection, Dialect.OpenAi);
        responses = new Responses(settings, connection);
        usesResponses = OpenAiProvider.ApiOf(settings) == "responses";

        var version = settings.AdditionalAuth.GetValueOrDefault("api_version");
        var isInAddress =
            settings.Endpoint is { IsAbsoluteUri: true } address
            && address.Query.Contains("api-version=", StringComparison.OrdinalIgnoreCase);
        isOlder =
            version is { Length: > 0 }
            || (isInAddress && !settings.Endpoint!.AbsolutePath.Contains("/openai/v1", StringComparison.Ordinal));
        versionQuery = version is { Length: > 0 } && !isInAddress ? $"?api-version={Uri.EscapeDataString(version)}" : "";
    }

    public ProviderSettings Settings { get; }

    public async IAsyncEnumerable<ProviderEvent> StreamAsync(
        ProviderRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var events = usesResponses
            ? responses.StreamAsync(connection.Endpoint.At(Call("/responses")), request, cancellationToken)
            : chat.StreamAsync(
                connection.Endpoint.At(
                    Call(isOlder ? $"/deployments/{Uri.EscapeDataString(request.Model)}/chat/completions" : "/chat/completions")
                ),
                request,
                cancellationToken
            );
        await foreach (var next in events.ConfigureAwait(false))
        {
            // The response names the model of the deployment, which cannot be requested.
            yield return next is ProviderEvent.Accepted accepted ? accepted with { ModelId = request.Model } : next;
        }
    }

    public Task<Failure?> CheckAsync(CancellationToken cancellationToken) => connection.CheckAsync(Call("/models"), cancellationToken);

    /// <summary>Returns the deployment in the settings, because Azure lists the models that could be deployed, not the deployments.</summary>
    public async Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken)
    {
        using var answer = await connection
            .CallAsync(connection.Endpoint.At(Call("/models")), null, null, cancellationToken)
            .ConfigureAwait(false);
        return Settings.Model is { Length: > 0 } deployment ? [new ModelInfo { Id = deployment }] : [];
    }

    private string Call(string path) => isOlder ? path + versionQuery : "/v1" + path;

    /// <summary>Accepts the address of the resource, of an API, of a call, or of a project.</summary>
    private static string ApiRoot(string path)
    {
        foreach (var part in new[] { "/openai/", "/api/projects/" })
        {
            var at = (path + "/").IndexOf(part, StringComparison.Ordinal);
            if (at >= 0)
            {
                path = path[..at];
            }
        }

        return (path.EndsWith("/v1", StringComparison.Ordinal) ? path[..^"/v1".Length] : path) + "/openai";
    }
}
