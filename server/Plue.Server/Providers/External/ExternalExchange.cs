using System.Text.Json;
using Plue.Server.Messages;

namespace Plue.Server.Providers.External;

/// <summary>One request under way, with the process behind it. If it is disposed before its response is complete, the program is asked to stop.</summary>
internal sealed class ExternalExchange(ExternalProcess process, ExternalCall call, bool isOwned, TimeSpan cancelTimeout) : IAsyncDisposable
{
    private bool owns = isOwned;
    private bool isAbandoned;

    /// <summary>Nothing more belongs to this request.</summary>
    public bool IsComplete { get; set; }

    public Failure End => process.End;

    /// <summary>The process serves this request alone and ends with it.</summary>
    public void Own() => owns = true;

    /// <returns>Null when the program went.</returns>
    /// <exception cref="TimeoutException">Nothing came in time.</exception>
    public async ValueTask<JsonElement?> NextAsync(TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        var next = call.NextAsync(cancellationToken);
        var envelope = next.IsCompleted
            ? await next.ConfigureAwait(false)
            : await next.AsTask().WaitAsync(timeout, time, cancellationToken).ConfigureAwait(false);
        IsComplete |= envelope is { } last && ExternalResponse.IsLast(last);
        return envelope;
    }

    /// <summary>It hangs: whatever else it serves hangs too.</summary>
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

    /// <summary>A program that goes on regardless is ended, unless it still serves others: what it writes costs money.</summary>
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
