using System.Threading.Channels;
using Plue.Server.Providers;

namespace Plue.Server.Chat;

/// <summary>Reads a provider beside the conversation's loop: one that holds its thread, or does not stop, holds up nothing else.</summary>
internal static class ProviderStream
{
    /// <summary>Events that wait while the loop does something else. Then the provider waits.</summary>
    private const int MaxWaiting = 256;

    /// <returns>The events, those of retries included. Fails as the provider fails.</returns>
    public static ChannelReader<ProviderEvent> Start(ProviderCall call, TimeProvider time, CancellationToken stop)
    {
        var events = Channel.CreateBounded<ProviderEvent>(
            new BoundedChannelOptions(MaxWaiting) { SingleReader = true, SingleWriter = true }
        );
        _ = Task.Run(() => ReadAsync(call, events.Writer, time, stop), CancellationToken.None);
        return events.Reader;
    }

    private static async Task ReadAsync(ProviderCall call, ChannelWriter<ProviderEvent> events, TimeProvider time, CancellationToken stop)
    {
        Exception? failure = null;
        try
        {
            await foreach (var next in Retry.StreamAsync(call.Provider, call.Request, time, stop))
            {
                if (!events.TryWrite(next))
                {
                    await events.WriteAsync(next, stop);
                }
            }
        }
        catch (Exception fault)
        {
            failure = fault;
        }

        events.Complete(failure);
    }
}
