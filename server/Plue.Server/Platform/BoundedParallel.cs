using System.Runtime.ExceptionServices;

namespace Plue.Server.Platform;

/// <summary>
/// Runs a loop on several dedicated threads. <see cref="Parallel"/> uses the thread pool, whose threads may all wait for a lock that the caller holds.
/// </summary>
internal static class BoundedParallel
{
    private const int MaxThreads = 4;
    private const int MinPerThread = 32; // below this, a thread costs more than it saves

    /// <exception cref="Exception">The first exception from <paramref name="body"/>; the other iterations still ran.</exception>
    public static void For(int count, Action<int> body)
    {
        var next = -1;
        Exception? first = null;
        var helpers = Math.Min(Math.Min(MaxThreads, Environment.ProcessorCount), count / MinPerThread) - 1;
        var threads = Enumerable
            .Range(0, Math.Max(0, helpers))
            .Select(_ => new Thread(RunWorker) { IsBackground = true, Name = "Bounded parallel" })
            .ToList();
        threads.ForEach(thread => thread.Start());
        RunWorker();
        threads.ForEach(thread => thread.Join());
        if (first is not null)
        {
            ExceptionDispatchInfo.Throw(first);
        }

        void RunWorker()
        {
            for (int at; (at = Interlocked.Increment(ref next)) < count; )
            {
                try
                {
                    body(at);
                }
                catch (Exception exception)
                {
                    Interlocked.CompareExchange(ref first, exception, null);
                }
            }
        }
    }
}
