using System.Buffers;
using System.Text;

namespace Plue.Server.Rpc;

/// <summary>Writes messages in order. Messages that wait while the stream is busy are written in one batch.</summary>
internal sealed class RpcOutput(Stream stream, RequestThreads threads)
{
    private const int MaxBatchBytes = 64 * 1024;

    private readonly RequestThreads.Lane writing = new(threads);
    private readonly Lock sync = new();
    private readonly Queue<(ReadOnlyMemory<byte> Body, TaskCompletionSource Written)> waiting = new();
    private readonly ArrayBufferWriter<byte> batch = new(); // used only by the thread that writes
    private bool isWriting;

    /// <summary>Returns a task that completes when the message was written to the stream; it waits while the other side does not read.</summary>
    public Task WriteAsync(ReadOnlyMemory<byte> body)
    {
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (sync)
        {
            waiting.Enqueue((body, written));
            if (isWriting)
            {
                return written.Task;
            }
            isWriting = true;
        }

        writing.Post(static state => ((RpcOutput)state!).WriteAll(), this);
        return written.Task;
    }

    private void WriteAll()
    {
        List<TaskCompletionSource> batched = [];
        while (Take(batched))
        {
            try
            {
                stream.Write(batch.WrittenSpan);
                foreach (var written in batched)
                {
                    written.TrySetResult();
                }
            }
            catch (Exception fault)
            {
                foreach (var written in batched)
                {
                    written.TrySetException(fault);
                }
            }
        }
    }

    /// <summary>Fills the batch; false if no message waits and the writer is completed.</summary>
    private bool Take(List<TaskCompletionSource> batched)
    {
        batched.Clear();
        if (batch.Capacity > 4 * MaxBatchBytes)
        {
            batch.Clear();
        }
        batch.ResetWrittenCount();
        lock (sync)
        {
            while (batch.WrittenCount < MaxBatchBytes && waiting.TryDequeue(out var next))
            {
                Encoding.ASCII.GetBytes($"Content-Length: {next.Body.Length}\r\n\r\n", batch);
                batch.Write(next.Body.Span);
                batched.Add(next.Written);
            }

            return isWriting = batched.Count > 0;
        }
    }
}
