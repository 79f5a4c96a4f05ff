using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Plue.Server.Tests.Testing;

/// <summary>The editor's end of a connection: sends frames, matches replies by ID, and keeps notifications in order.</summary>
internal sealed class RpcClient : IAsyncDisposable
{
    private readonly Stream output;
    private readonly Task reading;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonObject>> waiting = new();
    private readonly Channel<JsonObject> notifications = Channel.CreateUnbounded<JsonObject>();
    private readonly Channel<JsonObject> orphans = Channel.CreateUnbounded<JsonObject>();
    private readonly SemaphoreSlim writing = new(1, 1);
    private int lastId;

    public RpcClient(Stream input, Stream output)
    {
        this.output = output;
        reading = Task.Run(() => ReadAsync(input));
    }

    /// <summary>Gets the next reply with a null ID, which an invalid frame receives.</summary>
    public async Task<JsonObject> NextOrphanAsync() => await orphans.Reader.ReadAsync(Timeout());

    /// <summary>Completes when the other side closes the connection.</summary>
    public Task Closed => reading;

    public async Task<JsonObject> RequestAsync(string method, object? parameters = null)
    {
        var id = Interlocked.Increment(ref lastId);
        await SendAsync(
            new JsonObject
            {
                ["jsonrpc"] = "2.0",
                ["id"] = id,
                ["method"] = method,
                ["params"] = Node(parameters),
            }.ToJsonString()
        );
        return await ReplyAsync(id);
    }

    /// <param name="parameters">The raw JSON text.</param>
    public async Task<JsonObject> RequestTextAsync(string method, string parameters)
    {
        var id = Interlocked.Increment(ref lastId);
        await SendAsync($$"""{"jsonrpc":"2.0","id":{{id}},"method":"{{method}}","params":{{parameters}}}""");
        return await ReplyAsync(id);
    }

    /// <summary>Returns the result; an error fails an assertion with its message.</summary>
    public async Task<JsonNode?> ResultAsync(string method, object? parameters = null)
    {
        var reply = await RequestAsync(method, parameters);
        Assert.True(reply["error"] is null, $"{method}: {reply["error"]?.ToJsonString()}");
        return reply["result"];
    }

    public int Start(string method, object? parameters, out Task<JsonObject> reply)
    {
        var id = Interlocked.Increment(ref lastId);
        var completion = waiting.GetOrAdd(id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
        SendAsync(
                new JsonObject
                {
                    ["jsonrpc"] = "2.0",
                    ["id"] = id,
                    ["method"] = method,
                    ["params"] = Node(parameters),
                }.ToJsonString()
            )
            .GetAwaiter()
            .GetResult();
        reply = completion.Task.WaitAsync(Timeout());
        return id;
    }

    public Task NotifyAsync(string method, object? parameters = null) =>
        SendAsync(
            new JsonObject
            {
                ["jsonrpc"] = "2.0",
                ["method"] = method,
                ["params"] = Node(parameters),
            }.ToJsonString()
        );

    public Task SendAsync(string body) =>
        SendRawAsync(Encoding.UTF8.GetBytes($"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}"));

    /// <summary>Sends bytes one call at a time: a second write to a pipe whose first write still waits for its reader fails both.</summary>
    public async Task SendRawAsync(byte[] bytes)
    {
        await writing.WaitAsync();
        try
        {
            await output.WriteAsync(bytes);
            await output.FlushAsync();
        }
        finally
        {
            writing.Release();
        }
    }

    /// <summary>Waits for the next matching notification of this method; skips all others.</summary>
    public async Task<JsonObject> NextAsync(string method, Func<JsonObject, bool>? fits = null)
    {
        while (true)
        {
            var next = await notifications.Reader.ReadAsync(Timeout());
            if ((string?)next["method"] == method && next["params"] is JsonObject parameters && (fits?.Invoke(parameters) ?? true))
            {
                return parameters;
            }
        }
    }

    /// <summary>Waits for the sidecar's next request of this method; skips everything before it.</summary>
    public async Task<(long Id, JsonObject Parameters)> AskedAsync(string method)
    {
        while (true)
        {
            var next = await notifications.Reader.ReadAsync(Timeout());
            if ((string?)next["method"] == method && (long?)next["id"] is { } id && next["params"] is JsonObject parameters)
            {
                return (id, parameters);
            }
        }
    }

    /// <summary>Responds to a request of the sidecar.</summary>
    public Task AnswerAsync(long id, object result) =>
        SendAsync(
            new JsonObject
            {
                ["jsonrpc"] = "2.0",
                ["id"] = id,
                ["result"] = Node(result),
            }.ToJsonString()
        );

    public Task RefuseAsync(long id, int code, string message, object? data = null) =>
        SendAsync(
            new JsonObject
            {
                ["jsonrpc"] = "2.0",
                ["id"] = id,
                ["error"] = new JsonObject
                {
                    ["code"] = code,
                    ["message"] = message,
                    ["data"] = data is null ? null : Node(data),
                },
            }.ToJsonString()
        );

    /// <summary>Gets the events of a chat up to and including the end of its turn.</summary>
    public async Task<List<JsonObject>> TurnAsync()
    {
        List<JsonObject> events = [];
        while (true)
        {
            var parameters = await NextAsync("message/event");
            events.Add(parameters);
            if ((string?)parameters["event"]?["kind"] == "turnFinished")
            {
                return events;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await output.DisposeAsync();
        await reading.WaitAsync(TimeSpan.FromSeconds(15));
        writing.Dispose();
    }

    private static JsonNode? Node(object? parameters) =>
        parameters is null ? new JsonObject() : JsonSerializer.SerializeToNode(parameters, Reflective);

    private static readonly JsonSerializerOptions Reflective = new(JsonSerializerDefaults.Web)
    {
        TypeInfoResolver = new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver(),
    };

    private async Task<JsonObject> ReplyAsync(int id)
    {
        var completion = waiting.GetOrAdd(id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
        return await completion.Task.WaitAsync(Timeout());
    }

    /// <summary>Waits for the reply to a request that the caller sent as raw bytes.</summary>
    public async Task<JsonObject> ReplyOfAsync(int id, CancellationToken cancellationToken)
    {
        try
        {
            return await waiting
                .GetOrAdd(id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously))
                .Task.WaitAsync(cancellationToken);
        }
        finally
        {
            waiting.TryRemove(id, out _);
        }
    }

    /// <summary>Waits until a notification was received or the connection ended.</summary>
    public Task ReceivedAsync() => notifications.Reader.WaitToReadAsync().AsTask();

    /// <summary>Takes the notifications and requests received since the last call; replies without an ID are dropped.</summary>
    public IReadOnlyList<JsonObject> TakeReceived()
    {
        List<JsonObject> received = [];
        while (notifications.Reader.TryRead(out var next))
        {
            received.Add(next);
        }
        while (orphans.Reader.TryRead(out _)) { }
        return received;
    }

    private static CancellationToken Timeout() => new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    private async Task ReadAsync(Stream input)
    {
        var reader = PipeReader.Create(input);
        var framing = new Plue.Server.Rpc.MessageFraming(reader);
        try
        {
            while (await framing.ReadAsync(CancellationToken.None) is { } frame)
            {
                Assert.Null(frame.Fault);
                using var document = JsonDocument.Parse(frame.Body);
                if (JsonNode.Parse(document.RootElement.GetRawText()) is not JsonObject message)
                {
                    continue;
                }
                if (message.ContainsKey("method"))
                {
                    notifications.Writer.TryWrite(message);
                }
                else if (message["id"] is JsonValue id && id.TryGetValue(out int number))
                {
                    waiting.GetOrAdd(number, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult(message);
                }
                else
                {
                    orphans.Writer.TryWrite(message);
                }
            }
        }
        catch (IOException)
        { /* The process was killed: that is the end of its stream. */
        }
        finally
        {
            notifications.Writer.TryComplete();
            orphans.Writer.TryComplete();
            foreach (var completion in waiting.Values)
            {
                completion.TrySetException(new IOException("The sidecar closed the connection."));
            }
        }
    }
}
