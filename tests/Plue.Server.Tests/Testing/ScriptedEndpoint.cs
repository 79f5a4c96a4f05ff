using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace Plue.Server.Tests.Testing;

/// <summary>
/// A vendor on loopback: a small HTTP/1.1 server on raw sockets that records each request and replays the responses of the test, byte for byte.
/// Responses are taken in order from <see cref="Answers"/> (the last one repeats), unless <see cref="Route"/> returns one.
/// HEAD always gets a 200, because programs use it to probe.
/// </summary>
public sealed class ScriptedEndpoint : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentQueue<ScriptedRequest> requests = new();
    private readonly Channel<ScriptedRequest> arrivals = Channel.CreateUnbounded<ScriptedRequest>();
    private readonly ConcurrentBag<Task> connections = [];
    private readonly Task accepting;
    private int played;
    private int disposed;

    public ScriptedEndpoint(params ScriptedAnswer[] answers)
    {
        Answers = [.. answers];
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = AcceptAsync();
    }

    public int Port { get; }
    public Uri Url => new($"http://127.0.0.1:{Port}");
    public List<ScriptedAnswer> Answers { get; }

    /// <summary>Returns the response to a request; null falls back to <see cref="Answers"/>.</summary>
    public Func<ScriptedRequest, ScriptedAnswer?>? Route { get; set; }

    public IReadOnlyList<ScriptedRequest> Requests => [.. requests];

    /// <summary>Completes when the client closed a connection before its response ended.</summary>
    public TaskCompletionSource ClientLeft { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Waits for the next request that was not taken yet.</summary>
    public async Task<ScriptedRequest> NextRequestAsync(CancellationToken cancellationToken = default) =>
        await arrivals.Reader.ReadAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 1)
        {
            return;
        }
        await stop.CancelAsync();
        listener.Dispose();
        await accepting;
        await Task.WhenAll(connections);
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await listener.AcceptSocketAsync(stop.Token)));
            }
        }
        catch (Exception exception)
            when (exception is OperationCanceledException or SocketException
                || (exception is InvalidOperationException && stop.IsCancellationRequested)
            )
        {
            // The test is over; a closed listener reports that with several exceptions.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using (socket)
        {
            socket.NoDelay = true;
            try
            {
                await using var stream = new NetworkStream(socket);
                while (await ScriptedRequest.ReadAsync(stream, stop.Token) is { } request)
                {
                    if (request.Method == "HEAD")
                    {
                        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), stop.Token);
                        continue;
                    }

                    requests.Enqueue(request);
                    arrivals.Writer.TryWrite(request);
                    var answer = Route?.Invoke(request) ?? Answers[Math.Min(Interlocked.Increment(ref played), Answers.Count) - 1];
                    if (!await answer.PlayAsync(socket, stream, ClientLeft, stop.Token))
                    {
                        return;
                    }
                }
            }
            catch (Exception exception)
                when (exception is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The client disconnected, or the test is over.
            }
        }
    }
}

/// <summary>A received request. <see cref="Headers"/> have lower-case names.</summary>
public sealed record ScriptedRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers, string Body)
{
    internal static async Task<ScriptedRequest?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var head = new List<byte>();
        var one = new byte[1];
        while (!(head.Count >= 4 && head[^4] == '\r' && head[^3] == '\n' && head[^2] == '\r' && head[^1] == '\n'))
        {
            if (await stream.ReadAsync(one, cancellationToken) == 0)
            {
                return null;
            }
            head.Add(one[0]);
        }

        var lines = Encoding.ASCII.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var first = lines[0].Split(' ');
        var headers = new Dictionary<string, string>();
        foreach (var line in lines[1..])
        {
            var colon = line.IndexOf(':');
            headers[line[..colon].ToLowerInvariant()] = line[(colon + 1)..].Trim();
        }

        var body = Array.Empty<byte>();
        if (headers.TryGetValue("content-length", out var length))
        {
            body = new byte[int.Parse(length)];
            await stream.ReadExactlyAsync(body, cancellationToken);
        }
        else if (headers.GetValueOrDefault("transfer-encoding") == "chunked")
        {
            body = await ReadChunksAsync(stream, cancellationToken);
        }

        return new ScriptedRequest(first[0], first[1], headers, Encoding.UTF8.GetString(body));
    }

    private static async Task<byte[]> ReadChunksAsync(Stream stream, CancellationToken cancellationToken)
    {
        var whole = new MemoryStream();
        while (true)
        {
            var size = Convert.ToInt32(await ReadLineAsync(stream, cancellationToken), 16);
            var chunk = new byte[size];
            await stream.ReadExactlyAsync(chunk, cancellationToken);
            whole.Write(chunk);
            await ReadLineAsync(stream, cancellationToken);
            if (size == 0)
            {
                return whole.ToArray();
            }
        }
    }

    private static async Task<string> ReadLineAsync(Stream stream, CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (await stream.ReadAsync(one, cancellationToken) > 0 && one[0] != '\n')
        {
            line.Append((char)one[0]);
        }
        return line.ToString().TrimEnd('\r');
    }
}

/// <summary>A response: a head, then chunks of the body, with gates between them.</summary>
public sealed class ScriptedAnswer
{
    private readonly List<Func<Stream, CancellationToken, Task>> steps = [];
    private readonly string head;
    private Encoding encoding = Encoding.UTF8;
    private bool cuts;
    private bool neverAnswers;

    private ScriptedAnswer(int status, string contentType, params (string Name, string Value)[] headers)
    {
        // Without a length, the end of the connection ends the body; Complete() uses chunks instead.
        var lines = headers.Select(header => $"{header.Name}: {header.Value}\r\n");
        head = $"HTTP/1.1 {status} Scripted\r\nContent-Type: {contentType}\r\nTransfer-Encoding: chunked\r\n{string.Concat(lines)}\r\n";
    }

    public static ScriptedAnswer Events(params (string Name, string Value)[] headers) => new(200, "text/event-stream", headers);

    public static ScriptedAnswer JsonLines() => new(200, "application/x-ndjson");

    public static ScriptedAnswer Html(string body, int status = 200) => new ScriptedAnswer(status, "text/html; charset=utf-8").Send(body);

    public static ScriptedAnswer Json(string body, int status = 200, params (string Name, string Value)[] headers) =>
        new ScriptedAnswer(status, "application/json", headers).Send(body);

    /// <summary>Accepts the request and never responds.</summary>
    public static ScriptedAnswer Silence() => new(200, "text/plain") { neverAnswers = true };

    /// <summary>Creates a response of binary frames: each character is sent as one byte.</summary>
    public static ScriptedAnswer Frames() => new(200, "application/vnd.amazon.eventstream") { encoding = Encoding.Latin1 };

    public ScriptedAnswer Send(string text) => Send(encoding.GetBytes(text));

    public ScriptedAnswer Send(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > 0)
        {
            steps.Add((stream, cancellationToken) => WriteChunkAsync(stream, bytes, cancellationToken));
        }
        return this;
    }

    /// <summary>Waits until the test completes the task.</summary>
    public ScriptedAnswer Gate(Task gate)
    {
        steps.Add((_, cancellationToken) => gate.WaitAsync(cancellationToken));
        return this;
    }

    /// <summary>Delays the response.</summary>
    public ScriptedAnswer Pause(TimeSpan time)
    {
        // Simulates a slow vendor.
        steps.Add((_, cancellationToken) => Task.Delay(time, cancellationToken));
        return this;
    }

    public ScriptedAnswer Hang() => Gate(Task.Delay(Timeout.InfiniteTimeSpan, CancellationToken.None));

    /// <summary>Sends a chunk many times, without holding all copies in memory.</summary>
    public ScriptedAnswer Repeat(byte[] piece, int times)
    {
        steps.Add(
            async (stream, cancellationToken) =>
            {
                for (var time = 0; time < times; time++)
                {
                    await WriteChunkAsync(stream, piece, cancellationToken);
                }
            }
        );
        return this;
    }

    /// <summary>Closes the connection in the middle of the body.</summary>
    public ScriptedAnswer Cut()
    {
        cuts = true;
        return this;
    }

    /// <returns>True if the connection can be reused.</returns>
    internal async Task<bool> PlayAsync(Socket socket, Stream stream, TaskCompletionSource clientLeft, CancellationToken cancellationToken)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // The client sends nothing during a response, so reading the socket detects a disconnect.
        var watch = WatchAsync(socket, clientLeft, gone);
        try
        {
            if (neverAnswers)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, gone.Token);
            }
            await stream.WriteAsync(Encoding.ASCII.GetBytes(head), gone.Token);
            foreach (var step in steps)
            {
                await step(stream, gone.Token);
            }
            if (cuts)
            {
                return false;
            }
            await stream.WriteAsync("0\r\n\r\n"u8.ToArray(), gone.Token);
            return true;
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            clientLeft.TrySetResult();
            return false;
        }
        finally
        {
            await gone.CancelAsync();
            await watch;
        }
    }

    private static async Task WatchAsync(Socket socket, TaskCompletionSource clientLeft, CancellationTokenSource gone)
    {
        try
        {
            var peeked = await socket.ReceiveAsync(new byte[1], SocketFlags.Peek, gone.Token);
            if (peeked > 0)
            {
                return;
            }
            clientLeft.TrySetResult();
            await gone.CancelAsync();
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            if (exception is SocketException)
            {
                clientLeft.TrySetResult();
            }
        }
    }

    private static async Task WriteChunkAsync(Stream stream, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var chunk = new byte[bytes.Length + 16];
        var start = Encoding.ASCII.GetBytes($"{bytes.Length:x}\r\n", chunk);
        bytes.Span.CopyTo(chunk.AsSpan(start));
        "\r\n"u8.CopyTo(chunk.AsSpan(start + bytes.Length));
        await stream.WriteAsync(chunk.AsMemory(0, start + bytes.Length + 2), cancellationToken);
    }
}
