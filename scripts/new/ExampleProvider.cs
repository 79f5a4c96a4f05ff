using Plue.Server.Messages;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.OpenAi;

namespace Plue.Server.Providers.Example;

/// <summary>Example: Chat Completions at another address. Another protocol needs a ...Wire, a ...Parser and a call of connection.StreamAsync, as in Providers/Ollama.</summary>
internal sealed class ExampleProvider : IProvider
{
    private readonly ProviderConnection connection;
    private readonly ChatCompletions chat;

    /// <param name="credential">Used instead of a key after sign-in.</param>
    internal ExampleProvider(
        ProviderSettings settings,
        ISecretSource secrets,
        ProviderHttp http,
        TimeProvider time,
        IRequestCredential? credential = null
    )
    {
        Settings = settings;
        var endpoint = new ProviderEndpoint(settings, "https://api.example.com/v1", OpenAiWire.ApiRoot);
        connection = new ProviderConnection(settings, endpoint, secrets, http, time, ("authorization", "Bearer "), credential);
        chat = new ChatCompletions(settings, connection, Dialect.Compatible);
    }

    public ProviderSettings Settings { get; }

    public IAsyncEnumerable<ProviderEvent> StreamAsync(ProviderRequest request, CancellationToken cancellationToken) =>
        chat.StreamAsync(connection.Endpoint.At("/chat/completions"), request, cancellationToken);

    public Task<Failure?> CheckAsync(CancellationToken cancellationToken) => connection.CheckAsync("/models", cancellationToken);

    public Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken) =>
        OpenAiModels.ListAsync(connection, cancellationToken);
}
