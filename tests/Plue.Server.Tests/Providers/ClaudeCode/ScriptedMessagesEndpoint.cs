using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Plue.Server.Tests.Providers.ClaudeCode;

/// <summary>A Messages endpoint on loopback with scripted replies: one per request, then a default text.</summary>
public sealed class ScriptedMessagesEndpoint : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentQueue<Func<Exchange, Task>> script = new();

    public ScriptedMessagesEndpoint()
    {
        listener.Start();
        _ = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");

    /// <summary>Bodies of the model requests, oldest first.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public ConcurrentQueue<string> Headers { get; } = new();

    public ScriptedMessagesEndpoint Then(Func<Exchange, Task> reply)
    {
        script.Enqueue(reply);
        return this;
    }

    public ScriptedMessagesEndpoint ThenText(params string[] deltas) => Then(exchange => exchange.TextAsync(deltas));

    public ScriptedMessagesEndpoint ThenStatus(int status, string type, string message, string headers = "") =>
        Then(exchange => exchange.StatusAsync(status, type, message, headers));

    /// <summary>Returns the last request as "role: text" lines, without additions by the CLI.</summary>
    public string LastConversation()
    {
        using var document = JsonDocument.Parse(Requests.Last());
        var lines = new List<string>();
        foreach (var message in document.RootElement.GetProperty("messages").EnumerateArray())
        {
            var role = message.GetProperty("role").GetString();
            var content = message.GetProperty("content");
            var text =
                content.ValueKind == JsonValueKind.String
                    ? content.GetString()
                    : string.Concat(
                        content
                            .EnumerateArray()
                            .Select(block =>
                                block.TryGetProperty("text", out var said) ? said.GetString() : $"[{block.GetProperty("type").GetString()}]"
                            )
                    );
            if (role != "system")
            {
                lines.Add($"{role}: {text}");
            }
        }

        return string.Join('\n', lines);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(stop.Token);
                _ = Task.Run(() => ServeAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException) { }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                while (await ReadHeadAsync(stream) is { } head)
                {
                    var length = head.Split("\r\n")
                        .FirstOrDefault(line => line.StartsWith("content-length:", StringComparison.OrdinalIgnoreCase))
                        is { } header
                        ? int.Parse(header.Split(':')[1])
                        : 0;
                    var body = new byte[length];
                    await stream.ReadExactlyAsync(body, stop.Token);
                    var exchange = new Exchange(stream, Encoding.UTF8.GetString(body), stop.Token);
                    if (
                        !head.StartsWith("POST /v1/messages?", StringComparison.Ordinal)
                        && !head.StartsWith("POST /v1/messages ", StringComparison.Ordinal)
                    )
                    {
                        await exchange.WriteAsync("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
                        continue;
                    }

                    Headers.Enqueue(head);
                    Requests.Enqueue(exchange.Body);
                    await (script.TryDequeue(out var reply) ? reply(exchange) : exchange.TextAsync("Hel", "lo"));
                    if (exchange.IsCut)
                    {
                        return;
                    }
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or SocketException) { }
        }
    }

    private async Task<string?> ReadHeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, stop.Token) == 0)
            {
                return null;
            }

            head.Append((char)one[0]);
        }

        return head.ToString();
    }

    public sealed class Exchange(NetworkStream stream, string body, CancellationToken stopped)
    {
        private static int messages;
        private int index;

        public string Body { get; } = body;
        public bool IsCut { get; private set; }
        public CancellationToken Stopped { get; } = stopped;

        public async Task TextAsync(params string[] deltas)
        {
            if (!Body.Contains("\"stream\":true", StringComparison.Ordinal))
            {
                await WholeAsync(string.Concat(deltas));
                return;
            }

            await StartAsync();
            await BlockAsync(
                """{"type":"text","text":""}""",
                deltas.Select(delta => $$"""{"type":"text_delta","text":{{Quote(delta)}}}""").ToArray()
            );
            await EndAsync("end_turn");
        }

        /// <param name="headers">Additional headers, each with its line break.</param>
        public Task StartAsync(string headers = "") =>
            WriteAsync($"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n{headers}transfer-encoding: chunked\r\n\r\n")
                .ContinueWith(
                    _ =>
                        EventAsync(
                            "message_start",
                            $$$$"""{"type":"message_start","message":{"id":"msg_{{{{Interlocked.Increment(ref messages)}}}}","type":"message","role":"assistant","model":"claude-sonnet-5-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":12,"output_tokens":1,"cache_read_input_tokens":5,"cache_creation_input_tokens":3}}}"""
                        ),
                    TaskScheduler.Default
                )
                .Unwrap();

        public async Task BlockAsync(string block, params string[] deltas)
        {
            await OpenBlockAsync(block, deltas);
            await EventAsync("content_block_stop", $$"""{"type":"content_block_stop","index":{{index++}}}""");
        }

        public async Task OpenBlockAsync(string block, params string[] deltas)
        {
            await EventAsync("content_block_start", $$"""{"type":"content_block_start","index":{{index}},"content_block":{{block}}}""");
            foreach (var delta in deltas)
            {
                await DeltaAsync(delta);
            }
        }

        public Task DeltaAsync(string delta) =>
            EventAsync("content_block_delta", $$"""{"type":"content_block_delta","index":{{index}},"delta":{{delta}}}""");

        public async Task EndAsync(string stopReason)
        {
            await EventAsync(
                "message_delta",
                $$$"""{"type":"message_delta","delta":{"stop_reason":"{{{stopReason}}}","stop_sequence":null},"usage":{"output_tokens":9}}"""
            );
            await EventAsync("message_stop", """{"type":"message_stop"}""");
            await WriteAsync("0\r\n\r\n");
        }

        public Task EventAsync(string name, string data)
        {
            var text = $"event: {name}\ndata: {data}\n\n";
            return WriteAsync($"{Encoding.UTF8.GetByteCount(text):x}\r\n{text}\r\n");
        }

        public Task WholeAsync(string text) =>
            BodyAsync(
                200,
                $$$"""{"id":"msg_{{{Interlocked.Increment(ref messages)}}}","type":"message","role":"assistant","model":"claude-sonnet-5-5","content":[{"type":"text","text":{{{Quote(text)}}}}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":12,"output_tokens":9}}"""
            );

        public Task StatusAsync(int status, string type, string message, string headers = "") =>
            BodyAsync(status, $$$"""{"type":"error","error":{"type":"{{{type}}}","message":{{{Quote(message)}}} } }""", headers);

        /// <summary>Closes the connection in the middle of the stream.</summary>
        public void Cut() => IsCut = true;

        public async Task WriteAsync(string text)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(text), Stopped);
            await stream.FlushAsync(Stopped);
        }

        public static string Quote(string text) => $"\"{JsonEncodedText.Encode(text)}\"";

        private Task BodyAsync(int status, string body, string headers = "") =>
            WriteAsync(
                $"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{headers}content-length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}"
            );
    }
}
