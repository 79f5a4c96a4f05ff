using Plue.Server.Providers.Http;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Providers.OpenAi;

/// <summary>Calls <c>/chat/completions</c> in the dialect of the server.</summary>
internal sealed class ChatCompletions(ProviderSettings settings, ProviderConnection connection, Dialect dialect)
{
    private readonly RefusedOptions refused = new();

    public IAsyncEnumerable<ProviderEvent> StreamAsync(Uri url, ProviderRequest request, CancellationToken cancellationToken) =>
        refused.StreamAsync(
            request.Model,
            without =>
            {
                var body = OpenAiWire.Request(request, settings, dialect, without, out var sent);
                var failures = connection.Failures(request.Model);
                var parser = new OpenAiParser(failures, request, splitsThinking: dialect != Dialect.OpenAi);
                return new Attempt(connection.StreamAsync(url, body, Framing.ServerSentEvents, parser, failures, cancellationToken), sent);
            },
            cancellationToken
        );
}
