using System.Runtime.CompilerServices;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Providers.OpenAi;

/// <summary>Calls <c>/responses</c>.</summary>
internal sealed class Responses(ProviderSettings settings, ProviderConnection connection)
{
    private readonly RefusedOptions refused = new();
    private int hasReportedStops;

    public async IAsyncEnumerable<ProviderEvent> StreamAsync(
        Uri url,
        ProviderRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var hasStops = request.StopSequences.Count > 0 || settings.StopSequences.Count > 0;
        if (hasStops && Interlocked.Exchange(ref hasReportedStops, 1) == 0)
        {
            yield return new ProviderEvent.Waiting($"a response without stop sequences, which {settings.Name} does not support");
        }
        await foreach (var next in refused.StreamAsync(request.Model, Ask, cancellationToken).ConfigureAwait(false))
        {
            yield return next;
        }

        Attempt Ask(RefusableOptions without)
        {
            var body = ResponsesWire.Request(request, settings, without, out var sent);
            var failures = connection.Failures(request.Model);
            return new Attempt(
                connection.StreamAsync(
                    url,
                    body,
                    Framing.ServerSentEvents,
                    new ResponsesParser(failures, request),
                    failures,
                    cancellationToken
                ),
                sent
            );
        }
    }
}
