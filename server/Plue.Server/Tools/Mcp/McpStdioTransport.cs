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

/// <summary>
/// Exchanges messages with a program started by Plue, one per line. The library's transport would start the program itself and end only processes that it
/// knows.
/// </summary>
internal sealed class McpStdioTransport : IClientTransport, ITransport
{
    private static readonly JsonTypeInfo<RequestId> IdType =
        (JsonTypeInfo<RequestId>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(RequestId));

    /// <summary>The maximum size of a message in bytes.</summary>
    public const int MaxLineLength = 16 * 1024 * 1024;

    /// <summary>The maximum number of unprocessed messages. Beyond it, the program has to wait.</summary>
    private const int MaxWaiting = 64;

    /// <summary>The maximum number of lines that are not messages. They are skipped, because some programs print a greeting.</summary>
    private const int MaxGarbage = 100;

    private readonly ChildProcess child;
    private readonly Channel<JsonRpcMessage> messages = Channel.CreateBounded<JsonRpcMessage>(
        new BoundedChannelOptions(MaxWaiting) { SingleWriter = true }
    );
    private readonly CancellationTokenSource stop = new();

    /// <summary>Requests without a response. The library does not notify a program of canceled requests.</summary>
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

    /// <summary>Gets why reading ended because of the program, as a sentence without its subject.</summary>
    public string? Fault { get; private set; }

    public Task<ITransport> ConnectAsync(CancellationToken cancellationToken = default) => Task.FromResult<ITransport>(this);

    public async Task SendMessageAsync(JsonRpcMessage message, CancellationToken cancellationToken = default)
    {
        if (message is JsonRpcNotification { Method: NotificationMethods.CancelledNotification })
        {
            // This transport sends the notification itself.
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
            // The program has ended.
        }
    }

    private async Task WriteAsync(JsonRpcMessage message, CancellationToken cancellationToken)
    {
        var line = JsonSerializer.SerializeToUtf8Bytes(message, McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonRpcMessage)));
        // A program that does not read its input must not block canceled callers.
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
