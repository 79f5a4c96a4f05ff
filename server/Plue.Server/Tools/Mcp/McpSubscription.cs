using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Plue.Server.Tools.Mcp;

/// <summary>
/// The subscription to a server that announces changes only to subscribers (protocol version 2026-07-28 and later). There is only one at a time for everything;
/// additional resources replace it. Thread-safe.
/// </summary>
/// <param name="ended">Called when the server ended a subscription, because changes could be missed.</param>
internal sealed class McpSubscription(McpClient client, TimeSpan timeout, TimeProvider time, Action ended) : IAsyncDisposable
{
    /// <summary>A server that ends this many subscriptions is not asked again.</summary>
    private const int MaxEnds = 3;

    private readonly SemaphoreSlim semaphore = new(1, 1);
    private Listening? current;
    private volatile bool isGivenUp;
    private int number;
    private int ends;

    /// <summary>Opens the subscription, or replaces one that does not cover the resources. Returns when the server confirmed or refused it, or at a timeout.</summary>
    public async Task OpenAsync(IReadOnlyCollection<string> uris, CancellationToken cancellationToken)
    {
        if (isGivenUp || Wanted(uris) is not { Count: > 0 } wanted)
        {
            return;
        }

        await semaphore.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var previous = current;
            if (previous is { IsOver: false } && uris.All(previous.Uris.Contains))
            {
                return;
            }

            var next = new Listening(new RequestId($"listen-{++number}"), [.. uris]);
            current = next;
            next.Request = ListenAsync(next, wanted);
            // The new one is opened before the previous one is closed, so that no change is missed.
            await Task.WhenAny(next.Confirmed.Task, next.Request, Task.Delay(timeout, time, cancellationToken)).ConfigureAwait(false);
            if (previous is not null)
            {
                await previous.CloseAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            semaphore.Release();
        }
    }

    /// <summary>Handles a confirmation of the server.</summary>
    public void Confirm(JsonNode? parameters)
    {
        if (
            current is { } open
            && (parameters as JsonObject)?["_meta"] is JsonObject meta
            && meta[MetaKeys.SubscriptionId] is JsonValue id
            && id.TryGetValue<string>(out var text)
            && text == open.Id.ToString()
        )
        {
            open.Confirmed.TrySetResult();
        }
    }

    public async ValueTask DisposeAsync()
    {
        isGivenUp = true;
        if (current is { } open)
        {
            await open.CloseAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The changes that the server can announce and that Plue caches. Prompts and the list of resources are read each time.</summary>
    private JsonObject Wanted(IReadOnlyCollection<string> uris)
    {
        var wanted = new JsonObject();
        var server = client.ServerCapabilities;
        if (server.Tools?.ListChanged == true)
        {
            wanted["toolsListChanged"] = true;
        }
        if (uris.Count > 0 && server.Resources?.Subscribe == true)
        {
            wanted["resourceSubscriptions"] = new JsonArray([.. uris.Select(uri => (JsonNode)uri)]);
        }

        return wanted;
    }

    private async Task ListenAsync(Listening listening, JsonObject wanted)
    {
        try
        {
            await client
                .SendRequestAsync(
                    new JsonRpcRequest
                    {
                        Id = listening.Id,
                        Method = RequestMethods.SubscriptionsListen,
                        Params = new JsonObject { ["notifications"] = wanted },
                    },
                    listening.Closed
                )
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (listening.Closed.IsCancellationRequested)
        {
            return;
        }
        catch (McpProtocolException)
        {
            // Without a subscription, the tools are read again only after a restart, as for servers that announce nothing.
            isGivenUp = true;
            return;
        }
        catch (Exception fault) when (fault is OperationCanceledException or McpException or IOException or HttpRequestException)
        {
            // Treated as if the server had ended it.
        }

        if (Interlocked.Increment(ref ends) >= MaxEnds)
        {
            isGivenUp = true;
        }
        ended();
    }

    private sealed class Listening(RequestId id, IReadOnlyList<string> uris)
    {
        private readonly CancellationTokenSource close = new();

        public RequestId Id => id;
        public IReadOnlyList<string> Uris => uris;
        public Task Request { get; set; } = Task.CompletedTask;
        public TaskCompletionSource Confirmed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public CancellationToken Closed => close.Token;
        public bool IsOver => Request.IsCompleted;

        public async Task CloseAsync()
        {
            await close.CancelAsync().ConfigureAwait(false);
            await Request.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            close.Dispose();
        }
    }
}
