using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Plue.Protocol;
using Plue.Server.Providers.Http;

namespace Plue.Server.Rpc;

/// <summary>Connects a window to the sidecar that continues for its folders: this process then only forwards the messages.</summary>
internal static class SidecarRelay
{
    /// <summary>Forwards until one side ends.</summary>
    public static async Task RunAsync(Stream sidecar, PipeReader input, Stream output, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // The blocked read of a stream that does not end is abandoned.
        await Task.WhenAny(input.CopyToAsync(sidecar, ending.Token), sidecar.CopyToAsync(output, ending.Token));
        await ending.CancelAsync();
    }

    /// <summary>Reads the options of <c>initialize</c> if it is the first message, which stays in <paramref name="input"/>.</summary>
    /// <returns>Null if there is another message, a faulty one, or none.</returns>
    public static async Task<PlueOptions?> PeekAsync(PipeReader input, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await input.ReadAsync(cancellationToken);
            var (isComplete, body) = FirstBody(result.Buffer);
            if (isComplete || result.IsCompleted)
            {
                var options = body is { } message ? OptionsOf(message) : null;
                input.AdvanceTo(result.Buffer.Start);
                return options;
            }

            input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    /// <returns>Whether nothing more is needed to decide, and the first message if it is complete and well framed.</returns>
    private static (bool IsComplete, ReadOnlySequence<byte>? Body) FirstBody(ReadOnlySequence<byte> buffer)
    {
        var header = MessageFraming.ReadHeader(buffer);
        if (header is not { End: { } end, Fault: null, Length: { } length and <= MessageFraming.MaxBodyBytes })
        {
            return (header.End is not null || header.Fault is not null, null);
        }

        var rest = buffer.Slice(end);
        return rest.Length < length ? (false, null) : (true, rest.Slice(0, length));
    }

    private static PlueOptions? OptionsOf(ReadOnlySequence<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.Text("method") == Methods.Initialize.Name && document.RootElement.Field("params") is { } parameters
                ? WireReader.Read<InitializeParams>(parameters).InitializationOptions
                : null;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return null; // The server reports it.
        }
    }
}
