using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Providers.Anthropic;

/// <summary>The Messages API of Anthropic or of a compatible endpoint.</summary>
internal sealed class AnthropicProvider : IWebSearchProvider
{
    private readonly ProviderConnection connection;
    private readonly RefusedOptions refused = new();
    private readonly bool searchesWeb;

    /// <param name="credential">Used instead of an API key.</param>
    internal AnthropicProvider(
        ProviderSettings settings,
        ISecretSource secrets,
        ProviderHttp http,
        TimeProvider time,
        IRequestCredential? credential = null
    )
    {
        Settings = settings;
        var endpoint = new ProviderEndpoint(settings, "https://api.anthropic.com", ApiRoot);
        connection = new ProviderConnection(settings, endpoint, secrets, http, time, KeyHeader(endpoint), credential)
        {
            FixedHeaders = [("anthropic-version", "2023-06-01")],
        };
        searchesWeb = WebSearchSetting.IsOn(settings, endpoint.IsHost("api.anthropic.com"));
    }

    public ProviderSettings Settings { get; }
    public ProviderCapabilities Capabilities => Settings.Capabilities with { WebSearch = searchesWeb };

    public IAsyncEnumerable<ProviderEvent> StreamAsync(ProviderRequest request, CancellationToken cancellationToken) =>
        refused.StreamAsync(
            request.Model,
            without =>
            {
                var body = AnthropicWire.Request(request, Settings, without, out var sent);
                var failures = connection.Failures(request.Model);
                var parser = new AnthropicParser(failures, request);
                return new Attempt(
                    connection.StreamAsync(
                        connection.Endpoint.At("/messages"),
                        body,
                        Framing.ServerSentEvents,
                        parser,
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
                connection.Endpoint.At("/messages"),
                AnthropicWebSearch.Request(request),
                request.Model,
                cancellationToken,
                ProviderConnection.SearchTimeout
            )
            .ConfigureAwait(false);
        return AnthropicWebSearch.Read(answer.RootElement, Settings.Name);
    }

    /// <summary>A custom endpoint may not list models: any response other than a rejected key counts as success.</summary>
    public Task<Failure?> CheckAsync(CancellationToken cancellationToken) =>
        connection.CheckAsync(
            "/models?limit=1",
            cancellationToken,
            kind => kind is FailureKind.NotFound or FailureKind.ModelNotFound && Settings.Endpoint is not null
        );

    public async Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken)
    {
        var models = new List<ModelInfo>();
        await foreach (var page in connection.PagesAsync("/models?limit=1000", NextPage, cancellationToken).ConfigureAwait(false))
        {
            foreach (var model in page.Items("data"))
            {
                if (model.Text("id") is not { } id)
                {
                    continue;
                }
                models.Add(
                    new ModelInfo
                    {
                        Id = id,
                        Name = model.Text("display_name"),
                        ContextLength = model.Whole("max_input_tokens"),
                        MaxOutput = model.Whole("max_tokens"),
                    }
                );
            }
        }

        return models;

        static string? NextPage(JsonElement page) =>
            page.Flag("has_more") == true && page.Text("last_id") is { } last ? "&after_id=" + Uri.EscapeDataString(last) : null;
    }

    /// <summary>Accepts the host, the host with <c>/v1</c>, or the address of the call.</summary>
    private static string ApiRoot(string path)
    {
        if (path.EndsWith("/messages", StringComparison.Ordinal))
        {
            path = path[..^"/messages".Length];
        }
        return path.EndsWith("/v1", StringComparison.Ordinal) ? path : path + "/v1";
    }

    private static (string, string) KeyHeader(ProviderEndpoint endpoint) =>
        endpoint.IsHost("minimax.io") || endpoint.IsHost("minimaxi.com") ? ("authorization", "Bearer ") : ("x-api-key", "");
}
