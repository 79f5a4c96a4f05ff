using System.Collections.Concurrent;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Acp;

/// <summary>JSON-RPC 2.0 with an agent over its standard streams, one object a line. When the program ends, open requests end with a failure.</summary>
internal sealed class AcpConnection : IAsyncDisposable
{
    public const int MaxLineBytes = 32 * 1024 * 1024;

    /// <summary>Lines that are not JSON objects are skipped, because some programs greet. So many are garbage.</summary>
    private const int MaxInvalidLines = 100;

    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 256 };

    private readonly ChildProcess child;
    private readonly IAcpClient client;
    private readonly AcpFailures failures;
    private readonly ConcurrentDictionary<long, TaskCompletionSource<JsonElement>> open = new();
    private readonly ConcurrentDictionary<string, CancellationTokenSource> asked = new(StringComparer.Ordinal);
    private readonly Task reading;
    private volatile Failure? end;
    private long requests;

    public AcpConnection(ChildProcess child, IAcpClient client, AcpFailures failures)
    {
        (this.child, this.client, this.failures) = (child, client, failures);
        reading = Task.Run(ReadAsync);
    }

    public bool IsAlive => end is null && !child.Exited.IsCompleted;

    public int Id => child.Id;

    /// <summary>Completes when the program ended.</summary>
    public Task Ended => reading;

    /// <summary>Why it ended.</summary>
    public Failure End => end ?? failures.Gone(child.ExitCode, child.StderrTail);

    /// <exception cref="AcpErrorException">The agent answered with an error.</exception>
    /// <exception cref="FailureException">The program ended.</exception>
    public async Task<JsonElement> RequestAsync(string method, Action<Utf8JsonWriter> parameters, CancellationToken cancellationToken)
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

            await WriteAsync(AcpWire.Request(id, method, parameters), cancellationToken).ConfigureAwait(false);
            return await answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            open.TryRemove(id, out _);
        }
    }

    /// <exception cref="FailureException">The program ended.</exception>
    public Task NotifyAsync(string method, Action<Utf8JsonWriter> parameters, CancellationToken cancellationToken) =>
        WriteAsync(AcpWire.Notification(method, parameters), cancellationToken);

    /// <summary>Ends the open requests of the agent: the response is over.</summary>
    public void CancelAsked()
    {
        foreach (var one in asked.Values)
        {
            Cancel(one);
        }
    }

    /// <summary>Lets it finish writing its session.</summary>
    public async Task CloseAsync()
    {
        await child.EndAsync().ConfigureAwait(false);
        await DisposeAsync().ConfigureAwait(false);
    }

    public void Kill() => child.Kill();

    public async ValueTask DisposeAsync()
    {
        CancelAsked();
        await child.DisposeAsync().ConfigureAwait(false);
        await reading.ConfigureAwait(false);
    }

    private async Task WriteAsync(byte[] line, CancellationToken cancellationToken)
    {
        try
        {
            await child.WriteLineAsync(line, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // Its last words are on the way.
            await reading.WaitAsync(cancellationToken).ConfigureAwait(false);
            throw new FailureException(End);
        }
    }

    private async Task ReadAsync()
    {
        Failure? why = null;
        var garbage = 0;
        try
        {
            while (await child.ReadLineAsync(CancellationToken.None).ConfigureAwait(false) is { } line)
            {
                if (Parse(line) is { } message)
                {
                    await TakeAsync(message).ConfigureAwait(false);
                }
                else if (!line.Span.Trim((byte)' ').IsEmpty && ++garbage > MaxInvalidLines)
                {
                    why = failures.Garbage();
                    break;
                }
            }
        }
        catch (InvalidDataException)
        {
            why = failures.TooLong(MaxLineBytes);
        }

        await child.EndAsync(urgent: why is not null).ConfigureAwait(false);
        var code = await child.Exited.ConfigureAwait(false);
        end = why ?? failures.Gone(code, child.StderrTail);
        foreach (var id in open.Keys)
        {
            if (open.TryRemove(id, out var answer))
            {
                answer.TrySetException(new FailureException(end));
            }
        }

        CancelAsked();
        client.Ended();
    }

    private static JsonElement? Parse(ReadOnlyMemory<byte> line)
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

    private async ValueTask TakeAsync(JsonElement message)
    {
        var id = message.Field("id");
        if (message.Text("method") is { } method)
        {
            var parameters = message.Field("params") ?? default;
            if (id is { } request)
            {
                Answer(request.GetRawText(), method, parameters);
            }
            else if (method == "$/cancel_request" && parameters.Field("requestId") is { } canceled)
            {
                if (asked.TryGetValue(canceled.GetRawText(), out var one))
                {
                    Cancel(one);
                }
            }
            else if (method == "session/update" && parameters.Field("update") is { } update)
            {
                await client.UpdatedAsync(parameters.Text("sessionId") ?? "", update).ConfigureAwait(false);
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

    /// <summary>Each request is answered on its own, however long that takes.</summary>
    private void Answer(string id, string method, JsonElement parameters)
    {
        var stop = new CancellationTokenSource();
        asked[id] = stop;
        _ = Task.Run(async () =>
        {
            byte[] answer;
            try
            {
                answer = AcpWire.Result(id, await client.AnswerAsync(method, parameters, stop.Token).ConfigureAwait(false));
            }
            catch (AcpErrorException fault)
            {
                answer = AcpWire.Error(id, fault.Code, fault.Message);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                answer = AcpWire.Error(id, AcpWire.RequestCancelled, "The request was cancelled.");
            }
            catch (Exception fault)
            {
                client.Log(fault, method);
                answer = AcpWire.Error(id, AcpErrorException.InternalError, "Plue could not do this.");
            }

            asked.TryRemove(id, out _);
            try
            {
                await child.WriteLineAsync(answer, CancellationToken.None).ConfigureAwait(false);
            }
            catch (IOException)
            { /* The program ended, which the reader reports. */
            }

            stop.Dispose();
        });
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

/// <summary>Receives what an agent sends.</summary>
internal interface IAcpClient
{
    /// <summary>Updates come one after the other. The agent waits while one is taken in.</summary>
    ValueTask UpdatedAsync(string sessionId, JsonElement update);

    /// <returns>Writes the result.</returns>
    /// <exception cref="AcpErrorException">The answer is an error.</exception>
    Task<Action<Utf8JsonWriter>> AnswerAsync(string method, JsonElement parameters, CancellationToken cancellationToken);

    /// <summary>The program ended.</summary>
    void Ended();

    void Log(Exception fault, string method);
}
