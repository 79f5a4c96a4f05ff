using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Providers.Gemini;

/// <summary>Google's Gemini API.</summary>
internal sealed class GeminiProvider : IWebSearchProvider
{
    private static readonly GeminiOptions Options = new();

    private readonly ProviderConnection connection;
    private readonly RefusedOptions refused = new();
    private readonly bool searchesWeb;

    /// <param name="credential">Used instead of an API key for users who sign in.</param>
    internal GeminiProvider(
        ProviderSettings settings,
        ISecretSource secrets,
        ProviderHttp http,
        TimeProvider time,
        IRequestCredential? credential = null
    )
    {
        Settings = settings;
        var endpoint = new ProviderEndpoint(settings, "https://generativelanguage.googleapis.com", ApiRoot);
        connection = new ProviderConnection(settings, endpoint, secrets, http, time, ("x-goog-api-key", ""), credential);
        searchesWeb = WebSearchSetting.IsOn(settings, endpoint.IsHost("generativelanguage.googleapis.com"));
    }

    public ProviderSettings Settings { get; }
    public ProviderCapabilities Capabilities => Settings.Capabilities with { WebSearch = searchesWeb };

    public IAsyncEnumerable<ProviderEvent> StreamAsync(ProviderRequest request, CancellationToken cancellationToken) =>
        refused.StreamAsync(
            request.Model,
            without =>
            {
                var body = GeminiWire.Request(request, Settings, Options, without, out var sent);
                var failures = connection.Failures(request.Model);
                var url = connection.Endpoint.At("/" + GeminiWire.CallOf(request.Model));
                return new Attempt(
                    connection.StreamAsync(
                        url,
                        body,
                        Framing.ServerSentEvents,
                        new GeminiParser(failures, request),
                        failures,
                        cancellationToken
                    ),
                    sent
                );
            },
            cancellationToken
        );

    public async Task<WebSearchResponse> SearchWebAsync(WebSearchRequest request, CancellationToken cancellationToken)
    {
        using var answer = await connection
            .CallAsync(
                connection.Endpoint.At(GeminiWebSearch.CallOf(request.Model)),
                GeminiWebSearch.Request(request),
                request.Model,
                cancellationToken,
                ProviderConnection.SearchTimeout
            )
            .ConfigureAwait(false);
        return GeminiWebSearch.Read(answer.RootElement, request.Model);
    }

    /// <summary>A gateway may not list models.</summary>
    public Task<Failure?> CheckAsync(CancellationToken cancellationToken) =>
        connection.CheckAsync(
            "/models?pageSize=1",
            cancellationToken,
            kind => kind is FailureKind.NotFound && Settings.Endpoint is not null
        );

    public async Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken)
    {
        var models = new List<ModelInfo>();
        await foreach (var page in connection.PagesAsync("/models?pageSize=1000", NextPage, cancellationToken).ConfigureAwait(false))
        {
            foreach (var model in page.Items("models"))
            {
                if (model.Text("name") is not { } name || !GeneratesContent(model))
                {
                    continue;
                }
                models.Add(
                    new ModelInfo
                    {
                        Id = name.StartsWith("models/", StringComparison.Ordinal) ? name["models/".Length..] : name,
                        Name = model.Text("displayName"),
                        Description = model.Text("description"),
                        ContextLength = model.Whole("inputTokenLimit"),
                        MaxOutput = model.Whole("outputTokenLimit"),
                        CanReason = model.Flag("thinking"),
                    }
                );
            }
        }

        return models;

        static string? NextPage(JsonElement page) =>
            page.Text("nextPageToken") is { Length: > 0 } next ? "&pageToken=" + Uri.EscapeDataString(next) : null;
    }

    /// <summary>False for models that only embed or count.</summary>
    private static bool GeneratesContent(JsonElement model) =>
        model.Field("supportedGenerationMethods") is null
        || model.Items("supportedGenerationMethods").Any(method => method.ValueEquals("generateContent"));

    /// <summary>Accepts the host, the host with a version, the address of a call, or that of the OpenAI-compatible API.</summary>
    private static string ApiRoot(string path)
    {
        var models = path.IndexOf("/models/", StringComparison.Ordinal);
        if (models >= 0)
        {
            path = path[..models];
        }
        if (path.EndsWith("/models", StringComparison.Ordinal))
        {
            path = path[..^"/models".Length];
        }
        if (path.EndsWith("/openai", StringComparison.Ordinal))
        {
            path = path[..^"/openai".Length];
        }
        // Plue needs features of the beta version.
        if (path.EndsWith("/v1", StringComparison.Ordinal))
        {
            path = path[..^"/v1".Length];
        }
        return path.EndsWith("/v1beta", StringComparison.Ordinal) || path.EndsWith("/v1alpha", StringComparison.Ordinal)
            ? path
            : path + "/v1beta";
    }
}
