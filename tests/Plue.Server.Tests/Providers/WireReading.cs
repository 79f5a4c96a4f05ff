using System.Text.Json;
using Plue.Server.Providers;
using Plue.Server.Providers.Http;

namespace Plue.Server.Tests.Providers;

/// <summary>Reads a body like a connection, without one.</summary>
internal static class WireReading
{
    public static List<ProviderEvent> EventsOf(WireParser parser, Framing framing, Stream body)
    {
        var events = new List<ProviderEvent>();
        using var reader = new EventReader(body, framing);
        using var timeout = new ExchangeTimeout(
            TimeSpan.FromMinutes(1),
            TimeSpan.FromMinutes(1),
            TimeProvider.System,
            CancellationToken.None
        );
        while (!parser.IsOver)
        {
            try
            {
                // Reading the body completes synchronously.
                parser.ReadOnceAsync(reader, timeout).AsTask().GetAwaiter().GetResult();
            }
            catch (Exception exception) when (exception is JsonException or HtmlException or InvalidDataException or FrameException)
            {
                parser.Fail(new Server.Messages.Failure(Server.Messages.FailureKind.BadResponse, exception.Message));
            }

            while (parser.TryTake(out var next))
            {
                events.Add(next);
            }
        }

        return events;
    }
}
