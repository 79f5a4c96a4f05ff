using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.OpenAi;

/// <summary>Chat Completions of OpenAI or of one of the many compatible servers.</summary>
internal sealed class OpenAiCompatibleProvider : IInlineCompletionProvider
{
    private readonly ProviderConnection connection;
    private readonly ChatCompletions chat;
    private readonly Dialect dialect;
    private readonly CompletionCall completions;
    private readonly bool completes;

    /// <param name="credential">Used instead of an API key for users who sign in.</param>
    internal OpenAiCompatibleProvider(
        ProviderSettings settings,
        ISecretSource secrets,
        ProviderHttp http,
        TimeProvider time,
        IRequestCredential? credential = null
    )
    {
        Settings = settings;
        var endpoint = new ProviderEndpoint(settings, "https://api.openai.com/v1", OpenAiWire.ApiRoot);
        connection = new ProviderConnection(settings, endpoint, secrets, http, time, ("authorization", "Bearer "), credential);
        dialect = OpenAiWire.DialectOf(endpoint);
        chat = new ChatCompletions(settings, connection, dialect);
        var api = CompletionApis.Of(settings, dialect);
        completions = new CompletionCall(connection, api);
        completes = api != CompletionApi.None;
    }

    public ProviderSettings Settings { get; }
    public ProviderCapabilities Capabilities => Settings.Capabilities with { InlineCompletions = completes };

    public IAsyncEnumerable<ProviderEvent> StreamAsync(ProviderRequest request, CancellationToken cancellationToken) =>
        chat.StreamAsync(connection.Endpoint.At("/chat/completions"), request, cancellationToken);

    public IAsyncEnumerable<ProviderEvent> CompleteAsync(InlineCompletionRequest request, CancellationToken cancellationToken) =>
        completions.StreamAsync(request, cancellationToken);

    public Task<IReadOnlyList<CompletionModel>> ListCompletionModelsAsync(CancellationToken cancellationToken) =>
        completions.ListAsync(cancellationToken);

    /// <summary>Fails only for a rejected key: some servers list no models, and Z.AI returns errors for valid keys. OpenRouter's public list ignores the
    /// key.</summary>
    public Task<Failure?> CheckAsync(CancellationToken cancellationToken) =>
        connection.CheckAsync(
            dialect == Dialect.OpenRouter ? "/key" : "/models",
            cancellationToken,
            kind =>
                kind is FailureKind.NotFound or FailureKind.ModelNotFound
                || (
                    dialect == Dialect.Zai && kind is not (FailureKind.ProviderAuthFailed or FailureKind.Unreachable or FailureKind.Timeout)
                )
        );

    public Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken) =>
        OpenAiModels.ListAsync(connection, cancellationToken);
}
