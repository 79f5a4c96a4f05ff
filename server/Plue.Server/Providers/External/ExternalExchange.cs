using System.Text.Json;
using Plue.Server.Messages;

namespace Plue.Server.Providers.External;

/// <summary>A request in progress and its process. If it is disposed before its response is complete, the program is asked to stop.</summary>
internal sealed class ExternalExchange(ExternalProcess process, ExternalCall call, bool isOwned, TimeSpan cancelTimeout) : IAsyncDisposable
{
    private bool owns = isOwned;
    private bool isAbandoned;

    /// <summary>True after the last envelope of this request.</summary>
    public bool IsComplete { get; set; }

    public Failure End => process.End;

    /// <summary>Dedicates the process to this request; it ends with it.</summary>
    public void Own() => owns = true;

    /// <returns>Null if the program ended.</returns>
    /// <exception cref="TimeoutException">No envelope arrived in time.</exception>
    public async ValueTask<JsonElement?> NextAsync(TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        var next = call.NextAsync(cancellationToken);
        var envelope = next.IsCompleted
            ? await next.ConfigureAwait(false)
            : await next.AsTask().WaitAsync(timeout, time, cancellationToken).ConfigureAwait(false);
        IsComplete |= envelope is { } last && ExternalResponse.IsLast(last);
        return envelope;
    }

    /// <summary>Ends a process that does not respond, including its other requests.</summary>
    public async Task AbandonAsync()
    {
        isAbandoned = true;
        await process.DisposeAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (!IsComplete && !isAbandoned && !owns && process.IsAlive)
        {
            await CancelAsync().ConfigureAwait(false);
        }

        call.Dispose();
        if (owns && !isAbandoned)
        {
            await process.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Cancels the request. A program that continues is ended, unless it serves other requests, because its output costs money.</summary>
    private async Task CancelAsync()
    {
        await process.CancelAsync(call.Id).ConfigureAwait(false);
        using var timeout = new CancellationTokenSource(cancelTimeout);
        try
        {
            while (await call.NextAsync(timeout.Token).ConfigureAwait(false) is { } envelope)
            {
                if (ExternalResponse.IsLast(envelope))
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            if (process.OpenRequests <= 1)
            {
                await AbandonAsync().ConfigureAwait(false);
            }
        }
    }
}
