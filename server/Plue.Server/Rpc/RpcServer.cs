using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Plue.Protocol;
using Plue.Server.Messages;

namespace Plue.Server.Rpc;

/// <summary>
/// A JSON-RPC 2.0 server with LSP framing, a route table and one error boundary. It has one connection at a time, and may have none for a while. Implemented
/// here because no library for it can be restored in this repository (see docs/decisions/001-own-json-rpc.md).
/// </summary>
/// <param name="threads">The threads that run requests and write the output.</param>
internal sealed class RpcServer(PipeReader input, Stream output, ILogger logger, RequestThreads threads)
{
    private delegate Task<ArrayBufferWriter<byte>?> Route(JsonElement parameters, CancellationToken cancellationToken);

    private readonly Dictionary<string, Route> routes = new(StringComparer.Ordinal);
    private readonly RequestThreads.Lane reading = new(threads);
    private readonly Dictionary<string, RequestThreads.Lane> lanes = new(StringComparer.Ordinal); // by method; used only by the reading lane
    private volatile Connection? current = new(input, output, threads);

    /// <summary>Raised after <see cref="Detach"/>: what is known of the window no longer counts.</summary>
    public event Action? Detached;

    /// <summary>False until <c>initialize</c> was handled; until then other requests are refused, as LSP requires, and notifications are dropped.</summary>
    public bool IsInitialized
    {
        get => current is { IsInitialized: true };
        set
        {
            if (current is { } connection)
            {
                connection.IsInitialized = value;
            }
        }
    }

    /// <summary>Connects another window. <see cref="RunAsync"/> serves it.</summary>
    public void Attach(PipeReader newInput, Stream newOutput) => current = new Connection(newInput, newOutput, threads);

    /// <summary>Forgets the connection: without one, notifications are dropped and requests to the window fail.</summary>
    public void Detach()
    {
        current?.Calls.End();
        current = null;
        Detached?.Invoke();
    }

    /// <param name="isCached">True if the handler returns the same object while its result is unchanged: the bytes of the last one are cached.</param>
    public void Map<TParams, TResult>(
        RpcRequest<TParams, TResult> method,
        Func<TParams, CancellationToken, Task<TResult>> handle,
        bool isCached = false
    )
        where TParams : class
    {
        Tuple<object?, ArrayBufferWriter<byte>>? last = null;
        routes.Add(
            method.Name,
            async (parameters, cancellationToken) =>
            {
                var result = await handle(Read<TParams>(parameters), cancellationToken);
                if (last is { } kept && ReferenceEquals(kept.Item1, result))
                {
                    return kept.Item2;
                }

                var buffer = new ArrayBufferWriter<byte>();
                using var writer = new Utf8JsonWriter(buffer);
                JsonSerializer.Serialize(writer, result, WireReader.TypeOf<TResult>());
                if (isCached)
                {
                    last = Tuple.Create<object?, ArrayBufferWriter<byte>>(result, buffer);
                }
                return buffer;
            }
        );
    }

    /// <summary>Handles matching requests, and leaves others to the previously registered handler.</summary>
    public void Map<TParams, TResult>(RpcRequest<TParams, TResult> method, Func<TParams, bool> takes, Func<TParams, TResult> handle)
        where TParams : class => Map(method, takes, (parameters, _) => Task.FromResult(handle(parameters)));

    /// <summary>Handles matching requests, and leaves others to the previously registered handler.</summary>
    public void Map<TParams, TResult>(
        RpcRequest<TParams, TResult> method,
        Func<TParams, bool> takes,
        Func<TParams, CancellationToken, Task<TResult>> handle
    )
        where TParams : class
    {
        routes.Remove(method.Name, out var others);
        Map(method, handle);
        var own = routes[method.Name];
        if (others is not null)
        {
            routes[method.Name] = (parameters, cancellationToken) =>
                (takes(Read<TParams>(parameters)) ? own : others)(parameters, cancellationToken);
        }
    }

    public void Map<TParams>(RpcNotification<TParams> method, Func<TParams, CancellationToken, Task> handle)
        where TParams : class
    {
        routes.Add(
            method.Name,
            async (parameters, cancellationToken) =>
            {
                await handle(Read<TParams>(parameters), cancellationToken);
                return null;
            }
        );
    }

    /// <summary>Reads until the stream ends or <paramref name="cancellationToken"/> is canceled. Requests run concurrently.</summary>
    public Task RunAsync(CancellationToken cancellationToken)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var connection = current ?? throw new InvalidOperationException("No window is connected.");
        reading.Begin(async () =>
        {
            try
            {
                await ReadAsync(connection, cancellationToken);
                ended.SetResult();
            }
            catch (Exception fault)
            {
                ended.SetException(fault);
            }
        });
        return ended.Task;
    }

    private async Task ReadAsync(Connection connection, CancellationToken cancellationToken)
    {
        var framing = new MessageFraming(connection.Input);
        try
        {
            while (await framing.ReadAsync(cancellationToken) is { } frame)
            {
                if (frame.Fault is not null)
                {
                    await RefuseAsync(connection, default, ErrorCodes.ParseError, frame.Fault);
                }
                else
                {
                    await DispatchAsync(connection, frame.Body, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        { /* The expected end. */
        }
        catch (IOException fault)
        {
            // A socket whose other side ended with unread data has no regular end.
            logger.LogDebug("The editor disconnected: {Reason}", fault.Message);
        }
        finally
        {
            connection.Calls.End();
            foreach (var request in connection.Running.Values)
            {
                await CancelAsync(request);
            }
        }
    }

    /// <summary>Sends a notification. Waits while the other side does not read. Dropped while no window is connected.</summary>
    public Task NotifyAsync<TParams>(RpcNotification<TParams> method, TParams parameters, CancellationToken cancellationToken) =>
        current is { IsInitialized: true } connection
            ? connection
                .Output.WriteAsync(
                    Message(method.Name, null, writer => JsonSerializer.Serialize(writer, parameters, WireReader.TypeOf<TParams>()))
                )
                .WaitAsync(cancellationToken)
            : Task.CompletedTask;

    /// <summary>Sends a notification and logs failures.</summary>
    public async Task TryNotifyAsync<TParams>(RpcNotification<TParams> method, TParams parameters)
    {
        try
        {
            await NotifyAsync(method, parameters, CancellationToken.None);
        }
        catch (Exception fault)
        {
            logger.LogDebug("The window could not be notified ({Method}): {Reason}", method.Name, fault.Message);
        }
    }

    /// <summary>Sends a request. Notifications that arrive before its response are handled before this returns.</summary>
    /// <exception cref="FailureException">The other side returned an error, whose kind is kept, or disconnected.</exception>
    /// <exception cref="OperationCanceledException">The caller canceled, and the other side was notified; or the other side canceled.</exception>
    public async Task<TResult> RequestAsync<TParams, TResult>(
        RpcRequest<TParams, TResult> method,
        TParams parameters,
        CancellationToken cancellationToken
    )
        where TResult : notnull
    {
        cancellationToken.ThrowIfCancellationRequested();
        var connection = current ?? throw new FailureException(RpcCalls.Gone);
        var (id, reply) = connection.Calls.Begin();
        try
        {
            var message = Message(method.Name, id, writer => JsonSerializer.Serialize(writer, parameters, WireReader.TypeOf<TParams>()));
            // If the other side does not read, the caller can still cancel.
            await connection.Output.WriteAsync(message).WaitAsync(cancellationToken);
            var result = await reply.WaitAsync(cancellationToken);
            return WireReader.Read<TResult>(result);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw new FailureException(FailureKind.BadResponse, BadReply, fault);
        }
        catch (IOException fault)
        {
            throw new FailureException(RpcCalls.Gone, fault);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _ = SendCancellationAsync(connection, id);
            throw;
        }
        finally
        {
            connection.Calls.Forget(id);
        }
    }

    private async ValueTask DispatchAsync(Connection connection, ReadOnlySequence<byte> body, CancellationToken cancellationToken)
    {
        JsonElement message;
        try
        {
            using var document = JsonDocument.Parse(body);
            message = document.RootElement.Clone();
        }
        catch (JsonException fault)
        {
            await RefuseAsync(connection, default, ErrorCodes.ParseError, $"The body is not JSON: {fault.Message}");
            return;
        }

        try
        {
            await DispatchAsync(connection, message, cancellationToken);
        }
        catch (InvalidOperationException)
        {
            // The JSON reader validates the characters of a text only when it is read.
            await RefuseAsync(connection, default, ErrorCodes.InvalidRequest, "The message holds text that is not valid Unicode.");
        }
    }

    private async ValueTask DispatchAsync(Connection connection, JsonElement message, CancellationToken cancellationToken)
    {
        if (message.ValueKind != JsonValueKind.Object)
        {
            await RefuseAsync(connection, default, ErrorCodes.InvalidRequest, "A message must be one JSON object; LSP has no batches.");
            return;
        }

        var hasId = message.TryGetProperty("id", out var id) && id.ValueKind is JsonValueKind.String or JsonValueKind.Number;
        if (!message.TryGetProperty("method", out var name) || name.ValueKind != JsonValueKind.String)
        {
            // A response has no method. Anything else is not a valid message.
            if (message.TryGetProperty("error", out var refusal))
            {
                connection.Calls.Refuse(id, refusal);
            }
            else if (message.TryGetProperty("result", out var result))
            {
                connection.Calls.Answer(id, result);
            }
            else
            {
                await RefuseAsync(connection, hasId ? id : default, ErrorCodes.InvalidRequest, "The message has no method.");
            }

            return;
        }

        if (hasId && id.ValueKind == JsonValueKind.String)
        {
            id.GetString();
        }
        var method = name.GetString() ?? "";
        var parameters = message.TryGetProperty("params", out var given) ? given : default;
        if (method == "$/cancelRequest")
        {
            if (
                parameters.ValueKind == JsonValueKind.Object
                && parameters.TryGetProperty("id", out var target)
                && connection.Running.TryGetValue(target.GetRawText(), out var cancellation)
            )
            {
                await CancelAsync(cancellation);
            }

            return;
        }

        if (!routes.TryGetValue(method, out var route))
        {
            if (hasId)
            {
                await RefuseAsync(connection, id, ErrorCodes.MethodNotFound, $"There is no method {method}.");
            }
            return;
        }

        if (hasId && !connection.IsInitialized && method != Methods.Initialize.Name)
        {
            await RefuseAsync(connection, id, ErrorCodes.NotInitialized, "The first request must be initialize.");
            return;
        }

        if (hasId)
        {
            var cancellation = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var key = id.GetRawText();
            connection.Running[key] = cancellation;
            if (!lanes.TryGetValue(method, out var lane))
            {
                lanes.Add(method, lane = new RequestThreads.Lane(threads));
            }
            lane.Begin(() => AnswerAsync(connection, method, id, key, route, parameters, cancellation));
            return;
        }

        // Notifications keep their order.
        try
        {
            await route(parameters, cancellationToken);
        }
        catch (RpcErrors.InvalidParamsException misfit)
        {
            logger.LogWarning("The notification {Method} was ignored: {Reason}", method, misfit.Message);
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            logger.LogError(fault, "The notification {Method} failed", method);
        }
    }

    private async Task AnswerAsync(
        Connection connection,
        string method,
        JsonElement id,
        string key,
        Route route,
        JsonElement parameters,
        CancellationTokenSource cancellation
    )
    {
        try
        {
            var result = await route(parameters, cancellation.Token);
            var body = new ArrayBufferWriter<byte>((result?.WrittenCount ?? 0) + 256);
            using (var writer = StartReply(body, id))
            {
                writer.WritePropertyName("result"u8);
                if (result is null)
                {
                    writer.WriteNullValue();
                }
                else
                {
                    writer.WriteRawValue(result.WrittenSpan, skipInputValidation: true);
                }
                writer.WriteEndObject();
            }

            await connection.Output.WriteAsync(body.WrittenMemory);
        }
        catch (Exception fault)
        {
            await RefuseAsync(connection, id, RpcErrors.From(fault, method, logger));
        }
        finally
        {
            connection.Running.TryRemove(key, out _);
            cancellation.Dispose();
        }
    }

    /// <summary>Cancels a request that may complete and dispose its cancellation at the same time.</summary>
    private async Task CancelAsync(CancellationTokenSource request)
    {
        try
        {
            await request.CancelAsync();
        }
        catch (ObjectDisposedException)
        { /* The request has completed. */
        }
        catch (AggregateException fault)
        {
            logger.LogError(fault, "A request could not be cancelled cleanly");
        }
    }

    private Task RefuseAsync(Connection connection, JsonElement id, int code, string message) =>
        RefuseAsync(connection, id, new RpcErrors.RpcError(code, message, null));

    private async Task RefuseAsync(Connection connection, JsonElement id, RpcErrors.RpcError error)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var writer = StartReply(body, id))
        {
            writer.WriteStartObject("error"u8);
            writer.WriteNumber("code"u8, error.Code);
            writer.WriteString("message"u8, error.Message);
            if (error.Data is not null)
            {
                writer.WritePropertyName("data"u8);
                JsonSerializer.Serialize(writer, error.Data, WireReader.TypeOf<ErrorData>());
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        try
        {
            await connection.Output.WriteAsync(body.WrittenMemory);
        }
        catch (IOException fault)
        {
            logger.LogWarning("The editor no longer reads: {Reason}", fault.Message);
        }
    }

    private const string BadReply = "The editor sent a response that Plue does not understand. Update Plue, then restart it.";

    private async Task SendCancellationAsync(Connection connection, long id)
    {
        var message = Message(
            "$/cancelRequest",
            null,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteNumber("id"u8, id);
                writer.WriteEndObject();
            }
        );
        try
        {
            await connection.Output.WriteAsync(message);
        }
        catch (Exception fault) when (fault is IOException or InvalidOperationException)
        {
            logger.LogDebug("The cancellation could not be sent to the editor: {Reason}", fault.Message);
        }
    }

    private static ReadOnlyMemory<byte> Message(string method, long? id, Action<Utf8JsonWriter> parameters)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(body))
        {
            writer.WriteStartObject();
            writer.WriteString("jsonrpc"u8, "2.0"u8);
            if (id is { } number)
            {
                writer.WriteNumber("id"u8, number);
            }
            writer.WriteString("method"u8, method);
            writer.WritePropertyName("params"u8);
            parameters(writer);
            writer.WriteEndObject();
        }

        return body.WrittenMemory;
    }

    private static Utf8JsonWriter StartReply(ArrayBufferWriter<byte> body, JsonElement id)
    {
        var writer = new Utf8JsonWriter(body);
        writer.WriteStartObject();
        writer.WriteString("jsonrpc"u8, "2.0"u8);
        writer.WritePropertyName("id"u8);
        if (id.ValueKind == JsonValueKind.Undefined)
        {
            writer.WriteNullValue();
        }
        else
        {
            id.WriteTo(writer);
        }
        return writer;
    }

    private static T Read<T>(JsonElement parameters)
        where T : class
    {
        // Absent params count as an empty object, so that methods without parameters can be called either way. Positional params must
        // contain at most one object, because every method has one parameter.
        if (parameters.ValueKind == JsonValueKind.Array && parameters.GetArrayLength() <= 1)
        {
            parameters = parameters.EnumerateArray().FirstOrDefault();
        }
        if (parameters.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
        {
            parameters = EmptyObject;
        }
        try
        {
            return WireReader.Read<T>(parameters);
        }
        catch (JsonException misfit)
        {
            throw new RpcErrors.InvalidParamsException($"The parameter {misfit.Message}");
        }
    }

    private static readonly JsonElement EmptyObject = JsonDocument.Parse("{}").RootElement.Clone();

    private sealed class Connection(PipeReader input, Stream output, RequestThreads threads)
    {
        public PipeReader Input { get; } = input;
        public RpcOutput Output { get; } = new(output, threads);
        public RpcCalls Calls { get; } = new();
        public ConcurrentDictionary<string, CancellationTokenSource> Running { get; } = new(StringComparer.Ordinal);
        public bool IsInitialized { get; set; }
    }
}
