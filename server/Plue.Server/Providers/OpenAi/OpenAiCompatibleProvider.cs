using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.OpenAi;

/// <summary>Chat Completions, at OpenAI or at any of the many servers that speak it in their own accent.</summary>
public sealed class OpenAiCompatibleProvider : IProvider
{
    private readonly ProviderConnection connection;
    private readonly ChatCompletions chat;
    private readonly Dialect dialect;

    /// <param name="credential">Stands in place of the key, for those who sign in.</param>
    internal OpenAiCompatibleProvider(ProviderSettings settings, ISecretSource secrets, ProviderHttp http, TimeProvider time, IRequestCredential? credential = null)
    {
        Settings = settings;
        var endpoint = new ProviderEndpoint(settings, "https://api.openai.com/v1", OpenAiWire.ApiRoot);
        connection = new ProviderConnection(settings, endpoint, secrets, http, time, credential ?? new ApiKeyCredential(settings, secrets, endpoint, ("authorization", "Bearer ")));
        dialect = OpenAiWire.DialectOf(endpoint);
        chat = new ChatCompletions(settings, connection, dialect);
    }

    public ProviderSettings Settings { get; }

    public IAsyncEnumerable<ProviderEvent> StreamAsync(ProviderRequest request, CancellationToken cancellationToken) =>
        chat.StreamAsync(connection.Endpoint.At("/chat/completions"), request, cancellationToken);

    public async Task<Failure?> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            // The list of OpenRouter is public and says nothing about the key.
            var call = dialect == Dialect.OpenRouter ? "/key" : "/models";
            using var answer = await connection.CallAsync(connection.Endpoint.At(call), null, null, cancellationToken).ConfigureAwait(false);
            return null;
        }
        // Not every server lists models, and Z.AI answers a good key with an error: only a refused key is bad news then.
        catch (FailureException exception) when (exception.Failure.Kind is FailureKind.NotFound or FailureKind.ModelNotFound
            || (dialect == Dialect.Zai && exception.Failure.Kind is not (FailureKind.ProviderAuthFailed or FailureKind.Unreachable or FailureKind.Timeout)))
        {
            return null;
        }
        catch (FailureException exception)
        {
            return exception.Failure;
        }
    }

    public Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken) => OpenAiModels.ListAsync(connection, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
