using System.Net.Http.Headers;
using System.Threading.Channels;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Http;

namespace Plue.Server.Telemetry;

/// <summary>The state of the export, for Health.</summary>
/// <param name="Failure">Why the last batch was not sent, as a sentence; null if it was sent.</param>
internal sealed record TelemetryStatus(long Sent, long Dropped, string? Failure);

/// <summary>
/// Sends spans in batches, with the metrics computed from them. If the queue is full, new spans are dropped; a rejected batch is dropped, too: a chat never
/// waits for a collector. Nothing runs before the first span.
/// </summary>
/// <param name="refusalOf">Returns why the organization denies an address; null if it is allowed.</param>
internal sealed class TelemetryExporter(
    Func<TelemetrySettings> settings,
    Func<Uri, string?> refusalOf,
    Func<Uri, HttpMessageInvoker> http,
    ISecretSource secrets,
    Func<string, string> mask,
    TimeProvider time
) : IAsyncDisposable
{
    public const int MaxQueue = 2048;
    private const int MaxBatch = 512;

    private static readonly TimeSpan BatchInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LastTimeout = TimeSpan.FromSeconds(2);

    private readonly Channel<Span> queue = Channel.CreateBounded<Span>(
        new BoundedChannelOptions(MaxQueue) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait }
    );
    private readonly MetricSums metrics = new(time.GetUtcNow());
    private readonly CancellationTokenSource stop = new();
    private readonly TaskCompletionSource ending = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock starting = new();
    private Task? sending;
    private long sent;
    private long dropped;
    private volatile string? failure;

    public TelemetryStatus Status => new(Interlocked.Read(ref sent), Interlocked.Read(ref dropped), failure);

    /// <summary>Queues a span without waiting.</summary>
    public void Add(Span span)
    {
        if (!queue.Writer.TryWrite(span))
        {
            Interlocked.Increment(ref dropped);
            return;
        }

        lock (starting)
        {
            sending ??= Task.Run(() => SendAllAsync(stop.Token));
        }
    }

    /// <summary>Sends queued spans, within a short time limit.</summary>
    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        ending.TrySetResult();
        stop.CancelAfter(LastTimeout);
        if (sending is { } running)
        {
            await running.ConfigureAwait(false);
        }

        stop.Dispose();
    }

    private async Task SendAllAsync(CancellationToken cancellationToken)
    {
        List<Span> batch = [];
        try
        {
            while (await queue.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                // A turn ends with several spans at once.
                await Task.WhenAny(Task.Delay(BatchInterval, time, cancellationToken), ending.Task).ConfigureAwait(false);
                while (batch.Count < MaxBatch && queue.Reader.TryRead(out var span))
                {
                    batch.Add(span);
                }

                await SendAsync(batch, cancellationToken).ConfigureAwait(false);
                batch.Clear();
            }
        }
        catch (OperationCanceledException)
        {
            // The process ends; drop the rest.
        }
    }

    private async Task SendAsync(List<Span> batch, CancellationToken cancellationToken)
    {
        var now = settings();
        if (now.Endpoint is not { } endpoint)
        {
            return;
        }

        foreach (var span in batch)
        {
            metrics.Add(span);
        }

        try
        {
            if (refusalOf(endpoint) is { } refusal)
            {
                throw new FailureException(FailureKind.PermissionDenied, refusal);
            }

            await PostAsync(endpoint, "/v1/traces", OtlpJson.Traces(batch), now, cancellationToken).ConfigureAwait(false);
            await PostAsync(endpoint, "/v1/metrics", OtlpJson.Metrics(metrics, time.GetUtcNow()), now, cancellationToken)
                .ConfigureAwait(false);
            Interlocked.Add(ref sent, batch.Count);
            failure = null;
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            Interlocked.Add(ref dropped, batch.Count);
            failure = fault switch
            {
                FailureException known => known.Message,
                OperationCanceledException => $"{endpoint.Authority} did not respond within {DurationText.Of(RequestTimeout)}.",
                HttpRequestException or IOException => mask($"{endpoint.Authority} could not be reached ({fault.Message.TrimEnd('.')})."),
                _ => mask($"The export failed ({fault.Message.TrimEnd('.')})."),
            };
        }
    }

    /// <exception cref="FailureException">The collector rejected the batch, or a header has no value.</exception>
    private async Task PostAsync(Uri endpoint, string path, byte[] body, TelemetrySettings now, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(RequestTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var url = new Uri(endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/') + path);
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TryAddWithoutValidation("user-agent", $"plue/{PlatformServices.Version}");
        foreach (var (name, value) in now.Headers)
        {
            var text = SecretReference.FindIn(value) is var (before, reference)
                ? before
                    + (await secrets.GetAsync(reference, ProviderEndpoint.OriginOf(endpoint), either.Token).ConfigureAwait(false)).Reveal()
                : value;
            if (text.AsSpan().ContainsAny('\r', '\n') || !request.Headers.TryAddWithoutValidation(name, text))
            {
                throw new FailureException(
                    FailureKind.MissingField,
                    $"The header {mask(name)} in {TelemetrySettings.HeadersKey} cannot be sent."
                );
            }
        }

        // The body of the response is not read.
        using var response = await http(url).SendAsync(request, either.Token).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw new FailureException(
                FailureKind.BadResponse,
                $"{endpoint.Authority} did not accept the data (status {(int)response.StatusCode})."
            );
        }
    }
}
