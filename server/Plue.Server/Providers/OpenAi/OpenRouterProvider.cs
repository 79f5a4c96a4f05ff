using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.OpenAi;

/// <summary>OpenRouter: Chat Completions with its own fields for reasoning and cost, and a public list of models.</summary>
internal sealed class OpenRouterProvider : IWebSearchProvider
{
    private readonly ProviderConnection connection;
    private readonly ProviderConnection listing;
    private readonly ChatCompletions chat;
    private readonly bool searchesWeb;

    /// <param name="credential">Used instead of an API key for users who sign in.</param>
    internal OpenRouterProvider(
        ProviderSettings settings,
        ISecretSource secrets,
        ProviderHttp http,
        TimeProvider time,
        IRequestCredential? credential = null
    )
    {
        Settings = settings;
        var endpoint = new ProviderEndpoint(settings, "https://openrouter.ai/api/v1", path => RootOf(settings, path));
        connection = Connect(credential ?? new ApiKeyCredential(settings, secrets, endpoint, ("authorization", "Bearer ")));
        // A gateway may require the key for the list, too.
        listing = endpoint.IsHost("openrouter.ai") ? Connect(new NoCredential()) : connection;
        chat = new ChatCompletions(settings, connection, Dialect.OpenRouter);
        searchesWeb = WebSearchSetting.IsOn(settings, endpoint.IsHost("openrouter.ai"));

        // Identifies the application in OpenRouter's statistics.
        ProviderConnection Connect(IRequestCredential proof) =>
            new(settings, endpoint, secrets, http, time, proof)
            {
                FixedHeaders = [("HTTP-Referer", "app://plue-vscode"), ("X-Title", "Plue")],
            };
    }

    public ProviderSettings Settings { get; }
    public ProviderCapabilities Capabilities => Settings.Capabilities with { WebSearch = searchesWeb };

    public IAsyncEnumerable<ProviderEvent> StreamAsync(ProviderRequest request, CancellationToken cancellationToken) =>
        chat.StreamAsync(connection.Endpoint.At("/chat/completions"), request, cancellationToken);

    public async Task<WebSearchResponse> SearchWebAsync(WebSearchRequest request, CancellationToken cancellationToken)
    {
        using var answer = await connection
            .CallAsync(
                connection.Endpoint.At("/chat/completions"),
                OpenRouterWebSearch.Request(request),
                request.Model,
                cancellationToken,
                ProviderConnection.SearchTimeout
            )
            .ConfigureAwait(false);
        return OpenRouterWebSearch.Read(answer.RootElement);
    }

    public Task<Failure?> CheckAsync(CancellationToken cancellationToken) => connection.CheckAsync("/key", cancellationToken);

    public Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken) =>
        OpenAiModels.ListAsync(listing, cancellationToken);

    /// <summary>Adds <c>/api</c> to an address of OpenRouter, where users often omit it.</summary>
    internal static string RootOf(ProviderSettings settings, string path) =>
        settings.Endpoint?.Host == "openrouter.ai" && !path.StartsWith("/api", StringComparison.Ordinal)
            ? "/api/v1"
            : OpenAiWire.ApiRoot(path);

    /// <summary>Used for public resources.</summary>
    private sealed class NoCredential : IRequestCredential
    {
        public ValueTask ApplyAsync(
            HttpRequestMessage request,
            ReadOnlyMemory<byte> body,
            ProviderFailures failures,
            CancellationToken cancellationToken
        ) => ValueTask.CompletedTask;

        public ValueTask<bool> RenewAsync(CancellationToken cancellationToken) => ValueTask.FromResult(false);
    }
}
