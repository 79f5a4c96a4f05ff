using System.Threading.Channels;
using Plue.Server.Providers;

namespace Plue.Server.Chat;

/// <summary>Reads a provider outside of the conversation's loop, so that a provider that blocks its thread or ignores a stop blocks nothing else.</summary>
internal static class ProviderStream
{
    /// <summary>The maximum number of buffered events. Beyond it, the provider waits.</summary>
    private const int MaxWaiting = 256;

    /// <returns>The events, including those of retries. The channel fails if the provider does.</returns>
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
