using System.Collections.Concurrent;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Acp;

/// <summary>JSON-RPC 2.0 with the program at the other end of a connection, one object a line: open requests in both directions. Thread-safe.</summary>
/// <param name="write">Writes a line. An <see cref="IOException"/> means that the reader has closed.</param>
internal sealed class AcpPeer(IAcpReceiver receiver, Func<byte[], CancellationToken, Task> write)
{
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 256 };

    private readonly ConcurrentDictionary<long, TaskCompletionSource<JsonElement>> open = new();
    private readonly ConcurrentDictionary<string, CancellationTokenSource> asked = new(StringComparer.Ordinal);
    private volatile Failure? end;
    private long requests;

    /// <returns>Null for a line that is not a JSON object.</returns>
    public static JsonElement? Parse(ReadOnlyMemory<byte> line)
    {
        if (line.Span.TrimStart((byte)' ') is not [(byte)'{', ..])
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(LoneSurrogates.Replaced(line), Deep);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <param name="isWithdrawn">True notifies the other end when the request is canceled.</param>
    /// <exception cref="AcpErrorException">The other end answered with an error.</exception>
    /// <exception cref="FailureException">The connection ended.</exception>
    public async Task<JsonElement> RequestAsync(
        string method,
        Action<Utf8JsonWriter> parameters,
        CancellationToken cancellationToken,
        bool isWithdrawn = false
    )
    {
        var id = Interlocked.Increment(ref requests);
        var answer = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        open[id] = answer;
        try
        {
            if (end is { } gone)
            {
                throw new FailureException(gone);
            }

            await write(AcpWire.Request(id, method, parameters), cancellationToken).ConfigureAwait(false);
            return await answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (isWithdrawn && open.ContainsKey(id))
        {
            await NotifyAsync(AcpWire.CancelRequest, writer => writer.WriteNumber("requestId"u8, id), CancellationToken.None)
                .ConfigureAwait(false);
            throw;
        }
        finally
        {
            open.TryRemove(id, out _);
        }
    }

    public Task NotifyAsync(string method, Action<Utf8JsonWriter> parameters, CancellationToken cancellationToken) =>
        write(AcpWire.Notification(method, parameters), cancellationToken);

    /// <summary>Cancels the requests of the other end that are not answered yet.</summary>
    public void CancelRequests()
    {
        foreach (var one in asked.Values)
        {
            Cancel(one);
        }
    }

    /// <summary>The connection ended: so do all open requests.</summary>
    public void End(Failure why)
    {
        end = why;
        foreach (var id in open.Keys)
        {
            if (open.TryRemove(id, out var answer))
            {
                answer.TrySetException(new FailureException(why));
            }
        }

        CancelRequests();
    }

    public async ValueTask TakeAsync(JsonElement message)
    {
        var id = message.Field("id");
        if (message.Text("method") is { } method)
        {
            var parameters = message.Field("params") ?? default;
            if (id is { } request)
            {
                _ = AnswerAsync(request.GetRawText(), method, parameters);
            }
            else if (method == AcpWire.CancelRequest && parameters.Field("requestId") is { } canceled)
            {
                if (asked.TryGetValue(canceled.GetRawText(), out var one))
                {
                    Cancel(one);
                }
            }
            else
            {
                await receiver.NotifiedAsync(method, parameters).ConfigureAwait(false);
            }

            return;
        }

        if (
            id is not { ValueKind: JsonValueKind.Number } number
            || !number.TryGetInt64(out var own)
            || !open.TryRemove(own, out var answer)
        )
        {
            return;
        }

        if (message.Field("error") is { } error)
        {
            answer.TrySetException(new AcpErrorException((int)(error.Whole("code") ?? 0), AcpWire.ErrorText(error)));
        }
        else
        {
            answer.TrySetResult(message.Field("result") ?? default);
        }
    }

    /// <summary>Each request gets its own response, however long that takes.</summary>
    private async Task AnswerAsync(string id, string method, JsonElement parameters)
    {
        using var stop = new CancellationTokenSource();
        asked[id] = stop;
        byte[] line;
        Action? then = null;
        try
        {
            var answer = await receiver.AnswerAsync(method, parameters, stop.Token).ConfigureAwait(false);
            (line, then) = (AcpWire.Result(id, answer.Write), answer.Then);
        }
        catch (AcpErrorException fault)
        {
            line = AcpWire.Error(id, fault.Code, fault.Message);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            line = AcpWire.Error(id, AcpWire.RequestCancelled, "The request was cancelled.");
        }
        catch (Exception fault)
        {
            receiver.Log(fault, method);
            line = AcpWire.Error(id, AcpErrorException.InternalError, "Plue could not do this.");
        }

        asked.TryRemove(id, out _);
        try
        {
            await write(line, CancellationToken.None).ConfigureAwait(false);
            then?.Invoke();
        }
        catch (IOException)
        { /* The program ended, which the reader reports. */
        }
    }

    private static void Cancel(CancellationTokenSource one)
    {
        try
        {
            one.Cancel();
        }
        catch (ObjectDisposedException)
        { /* It was answered meanwhile. */
        }
    }
}

/// <summary>An answer to a request.</summary>
/// <param name="Write">Writes the fields of the result.</param>
/// <param name="Then">Runs once the answer was sent; null for nothing.</param>
internal sealed record AcpAnswer(Action<Utf8JsonWriter> Write, Action? Then = null)
{
    public static readonly AcpAnswer Empty = new(AcpWire.Empty);
}

/// <summary>Receives what the other end of a connection sends.</summary>
internal interface IAcpReceiver
{
    /// <summary>Notifications come one after the other. Nothing else is read while one is taken in.</summary>
    ValueTask NotifiedAsync(string method, JsonElement parameters);

    /// <summary>Called in the order of the requests, and the next message is read when it returns its task.</summary>
    /// <exception cref="AcpErrorException">The response is an error.</exception>
    Task<AcpAnswer> AnswerAsync(string method, JsonElement parameters, CancellationToken cancellationToken);

    void Log(Exception fault, string method);
}
