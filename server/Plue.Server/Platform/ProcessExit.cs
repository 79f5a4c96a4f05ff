using System.Runtime.InteropServices;

namespace Plue.Server.Platform;

/// <summary>
/// Forces the exit of this process if a graceful exit takes too long: a thread may hang in a system call, for example on an unresponsive disk.
/// </summary>
internal static partial class ProcessExit
{
    private const int Terminated = 128 + 15;

    /// <summary>From now on, SIGTERM and SIGINT request a graceful stop and force the exit after the limit.</summary>
    public static IDisposable WithinAfterSignal(TimeSpan limit, CancellationTokenSource stop)
    {
        var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        return new Both(terminate, interrupt);

        void OnSignal(PosixSignalContext signal)
        {
            signal.Cancel = true;
            // First, because the stop may hang, too.
            Within(limit);
            _ = stop.CancelAsync();
        }
    }

    /// <summary>Exits the process immediately without flushing or notifying anything.</summary>
    public static void Now(int exitCode)
    {
        if (OperatingSystem.IsWindows())
        {
            Environment.Exit(exitCode);
        }
        else
        {
            _exit(exitCode);
        }
    }

    private static void Within(TimeSpan limit) =>
        new Thread(() =>
        {
            Thread.Sleep(limit);
            Now(Terminated);
        })
        {
            IsBackground = true,
            Name = "Ending",
        }.Start();

    private sealed class Both(IDisposable one, IDisposable other) : IDisposable
    {
        public void Dispose()
        {
            one.Dispose();
            other.Dispose();
        }
    }

    [LibraryImport("libc")]
    private static partial void _exit(int exitCode);
}
