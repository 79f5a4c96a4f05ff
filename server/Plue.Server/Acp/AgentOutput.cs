using System.Text;

namespace Plue.Server.Acp;

/// <summary>
/// Writes lines to the client, in order. Queued text of the same message is merged into one line. If the client stops reading, the connection is closed
/// before queued lines exhaust the memory. Thread-safe.
/// </summary>
internal sealed class AgentOutput(Stream output, Action ended)
{
    public const int MaxWaitingBytes = 64 * 1024 * 1024;

    private sealed class Line
    {
        public byte[]? Bytes { get; init; }
        public (string SessionId, string Kind, string MessageId) Key { get; init; }
        public StringBuilder? Text { get; init; }
    }

    private readonly Lock sync = new();
    private readonly Queue<Line> waiting = new();
    private Line? last;
    private long waitingBytes;
    private bool isWriting;
    private bool hasEnded;
    private Task writing = Task.CompletedTask;

    public void Send(byte[] line) => Add(new Line { Bytes = line }, line.Length);

    /// <summary>Sends a chunk of a message.</summary>
    /// <param name="kind">The kind of the update, such as <c>agent_message_chunk</c>.</param>
    public void SendText(string sessionId, string kind, string messageId, string text)
    {
        lock (sync)
        {
            if (last is { Text: { } before } && last.Key == (sessionId, kind, messageId))
            {
                before.Append(text);
                waitingBytes += text.Length;
                return;
            }
        }

        Add(new Line { Key = (sessionId, kind, messageId), Text = new StringBuilder(text) }, text.Length);
    }

    /// <summary>Completes when everything sent so far is written.</summary>
    public Task FlushAsync()
    {
        lock (sync)
        {
            return writing;
        }
    }

    private void Add(Line line, int bytes)
    {
        lock (sync)
        {
            if (hasEnded)
            {
                return;
            }

            waiting.Enqueue(line);
            (last, waitingBytes) = (line, waitingBytes + bytes);
            if (waitingBytes > MaxWaitingBytes)
            {
                End();
            }
            else if (!isWriting)
            {
                isWriting = true;
                writing = Task.Run(WriteAsync);
            }
        }
    }

    private async Task WriteAsync()
    {
        try
        {
            while (Next() is { } line)
            {
                await output.WriteAsync(line).ConfigureAwait(false);
                await output.FlushAsync().ConfigureAwait(false);
            }
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException)
        {
            lock (sync)
            {
                End();
            }
        }
    }

    private byte[]? Next()
    {
        Line line;
        lock (sync)
        {
            if (hasEnded || !waiting.TryDequeue(out line!))
            {
                isWriting = false;
                return null;
            }
            if (line == last)
            {
                last = null;
            }
            waitingBytes -= line.Bytes?.Length ?? line.Text!.Length;
        }

        var bytes = line.Bytes ?? AgentWire.Chunk(line.Key.SessionId, line.Key.Kind, line.Key.MessageId, line.Text!.ToString());
        return [.. bytes, (byte)'\n'];
    }

    private void End()
    {
        if (hasEnded)
        {
            return;
        }

        hasEnded = true;
        waiting.Clear();
        // Outside of the lock.
        _ = Task.Run(ended);
    }
}
