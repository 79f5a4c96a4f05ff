using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using Plue.Server.Platform;

namespace Plue.Server.Tools.Mcp;

/// <summary>Messages to and from a program of ours, one line each. The library's own transport would start it itself, and end only what it knows of.</summary>
internal sealed class McpStdioTransport : IClientTransport, ITransport
{
    private static readonly JsonTypeInfo<RequestId> IdType =
        (JsonTypeInfo<RequestId>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(RequestId));

    /// <summary>Bytes of one message.</summary>
    public const int MaxLineLength = 16 * 1024 * 1024;

    /// <summary>Messages that wait for us; then the program waits too.</summary>
    private const int MaxWaiting = 64;

    /// <summary>Lines that are no messages are skipped: some programs greet. So many are garbage.</summary>
    private const int MaxGarbage = 100;

    private readonly ChildProcess child;
    private readonly Channel<JsonRpcMessage> messages = Channel.CreateBounded<JsonRpcMessage>(
        new BoundedChannelOptions(MaxWaiting) { SingleWriter = true }
    );
    private readonly CancellationTokenSource stop = new();

    /// <summary>Requests without a response. The library does not report to a program that one is no longer wanted.</summary>
    private readonly ConcurrentDictionary<RequestId, CancellationTokenRegistration> open = new();
    private readonly Task reading;

    public McpStdioTransport(string name, ChildProcess child)
    {
        (Name, this.child) = (name, child);
        reading = Task.Run(ReadAsync);
    }

    public string Name { get; }
    public string? SessionId => null;
    public ChannelReader<JsonRpcMessage> MessageReader => messages.Reader;

    /// <summary>Why nothing more is read, where it is the program's fault; a sentence without its subject.</summary>
    public string? Fault { get; private set; }

    public Task<ITransport> ConnectAsync(CancellationToken cancellationToken = default) => Task.FromResult<ITransport>(this);

    public async Task SendMessageAsync(JsonRpcMessage message, CancellationToken cancellationToken = default)
    {
        if (message is JsonRpcNotification { Method: NotificationMethods.CancelledNotification })
        {
            // It is sent here, once.
            return;
        }

        await WriteAsync(message, cancellationToken).ConfigureAwait(false);
        if (message is JsonRpcRequest { Method: not (RequestMethods.Initialize or RequestMethods.ServerDiscover) } request)
        {
            open[request.Id] = default;
            var registration = cancellationToken.Register(() => _ = CancelAsync(request.Id));
            if (!open.TryUpdate(request.Id, registration, default))
            {
                await registration.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task CancelAsync(RequestId id)
    {
        if (!open.TryRemove(id, out _))
        {
            return;
        }

        try
        {
            await WriteAsync(
                    new JsonRpcNotification
                    {
                        Method = NotificationMethods.CancelledNotification,
                        Params = new JsonObject { ["requestId"] = JsonSerializer.SerializeToNode(id, IdType) },
                    },
                    stop.Token
                )
                .ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The program ended.
        }
    }

    private async Task WriteAsync(JsonRpcMessage message, CancellationToken cancellationToken)
    {
        var line = JsonSerializer.SerializeToUtf8Bytes(message, McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonRpcMessage)));
        // A program that does not read must not block a caller that cancels.
        await child.WriteLineAsync(line, cancellationToken).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await child.EndAsync().ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        await reading.ConfigureAwait(false);
        await child.DisposeAsync().ConfigureAwait(false);
    }

    private async Task ReadAsync()
    {
        var garbage = 0;
        try
        {
            while (Fault is null && await child.ReadLineAsync(stop.Token).ConfigureAwait(false) is { } line)
            {
                if (Message(line) is { } message)
                {
                    if (
                        message is JsonRpcResponse or JsonRpcError
                        && open.TryRemove(((JsonRpcMessageWithId)message).Id, out var registration)
                    )
                    {
                        await registration.DisposeAsync().ConfigureAwait(false);
                    }

                    await messages.Writer.WriteAsync(message, stop.Token).ConfigureAwait(false);
                }
                else if (!line.Span.Trim((byte)' ').IsEmpty && ++garbage > MaxGarbage)
                {
                    Fault = "keeps writing lines that are not protocol messages";
                }
            }
        }
        catch (InvalidDataException)
        {
            Fault = $"wrote a line of more than {MaxLineLength / (1024 * 1024)} MiB";
        }
        catch (OperationCanceledException)
        {
            // The receiver is disposed.
        }

        if (Fault is not null)
        {
            await child.EndAsync(urgent: true).ConfigureAwait(false);
        }

        messages.Writer.TryComplete();
    }

    private static JsonRpcMessage? Message(ReadOnlyMemory<byte> line)
    {
        try
        {
            return (JsonRpcMessage?)
                JsonSerializer.Deserialize(
                    LoneSurrogates.Replaced(line).Span,
                    McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonRpcMessage))
                );
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
