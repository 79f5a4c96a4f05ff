using System.IO.Pipelines;

namespace Plue.Server.Rpc;

/// <summary>
/// The threads of one connection. Its requests and the reading and writing of its streams run here, so that none of them waits for the thread pool, whose
/// queue is long while many responses stream. Lanes are served in turns, so that a request does not wait for many requests of another method. Idle threads end.
/// </summary>
internal sealed class RequestThreads
{
    private const int MaxThreads = 32;
    private const int MaxThreadsOfLane = 4;
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(10);

    private readonly object sync = new(); // an object, because Monitor.Wait needs one
    private readonly Queue<Lane> ready = new(); // contains a lane once for each further thread that it may use
    private int threads;
    private int idle;

    /// <summary>Asynchronous work that is started here continues here after each await.</summary>
    public sealed class Lane(RequestThreads owner) : SynchronizationContext
    {
        internal Queue<(SendOrPostCallback Work, object? State)> Waiting { get; } = new();

        /// <summary>The number of threads that work for this lane or are about to.</summary>
        internal int Active { get; set; }

        public override void Post(SendOrPostCallback d, object? state) => owner.Post(this, d, state);

        public void Begin(Func<Task> work) => Post(static state => _ = ((Func<Task>)state!)(), work);
    }

    /// <summary>Reads a stream that supports only blocking reads, on a dedicated thread.</summary>
    public PipeReader Read(Stream stream)
    {
        var pipe = new Pipe();
        new Lane(this).Post(
            _ =>
            {
                Exception? fault = null;
                try
                {
                    int read;
                    while ((read = stream.Read(pipe.Writer.GetSpan())) > 0)
                    {
                        pipe.Writer.Advance(read);
#pragma warning disable VSTHRD002 // This thread is the pipe's own, and reads on only when there is room.
                        if (pipe.Writer.FlushAsync().AsTask().GetAwaiter().GetResult().IsCompleted)
                        {
                            break;
                        }
#pragma warning restore VSTHRD002
                    }
                }
                catch (Exception exception)
                {
                    fault = exception;
                }

                pipe.Writer.Complete(fault);
            },
            null
        );
        return pipe.Reader;
    }

    private void Post(Lane lane, SendOrPostCallback work, object? state)
    {
        lock (sync)
        {
            lane.Waiting.Enqueue((work, state));
            if (lane.Active == MaxThreadsOfLane)
            {
                return;
            }

            lane.Active++;
            ready.Enqueue(lane);
            if (ready.Count <= idle)
            {
                Monitor.Pulse(sync);
                return;
            }

            if (threads == MaxThreads)
            {
                return;
            }
            threads++;
        }

        new Thread(Run) { IsBackground = true, Name = "Requests" }.Start();
    }

    private void Run()
    {
        Lane? lane = null;
        while (true)
        {
            (SendOrPostCallback Work, object? State) next;
            lock (sync)
            {
                // Other lanes go first.
                if (lane is not null)
                {
                    ready.Enqueue(lane);
                }
                while (true)
                {
                    if (!WaitForWork())
                    {
                        return;
                    }

                    lane = ready.Dequeue();
                    if (lane.Waiting.TryDequeue(out next))
                    {
                        break;
                    }

                    lane.Active--;
                }
            }

            SynchronizationContext.SetSynchronizationContext(lane);
            next.Work(next.State);
        }
    }

    /// <summary>Waits under the lock. False if the thread was idle for too long and must end.</summary>
    private bool WaitForWork()
    {
        idle++;
        while (ready.Count == 0)
        {
            if (Monitor.Wait(sync, IdleTimeout) || ready.Count > 0)
            {
                continue;
            }

            threads--;
            idle--;
            return false;
        }

        idle--;
        return true;
    }
}
