using System.Runtime.InteropServices;

namespace Plue.Server.Platform;

/// <summary>
/// Keeps the memory of this process, which contains keys, out of crash dumps. Child processes are not affected: only the soft limit is lowered,
/// which they may raise again.
/// </summary>
internal static partial class CrashDumps
{
    private const int Dumpable = 4; // PR_SET_DUMPABLE
    private const int CoreLimit = 4; // RLIMIT_CORE, on Linux and macOS
    private const uint WithoutHeap = 1; // WER_FAULT_REPORTING_FLAG_NOHEAP
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(1);

    /// <summary>SIGILL, SIGABRT, SIGFPE, SIGSEGV and SIGBUS.</summary>
    private static readonly int[] FatalSignals = [4, 6, 8, 11, OperatingSystem.IsMacOS() ? 10 : 7];

    private static Timer? checkTimer;

    /// <summary>Must be called first, before any secret is read.</summary>
    public static void Prevent()
    {
        if (OperatingSystem.IsWindows())
        {
            _ = WerSetFlags(WithoutHeap);
            return;
        }

        if (getrlimit(CoreLimit, out var limit) == 0)
        {
            limit.Current = 0;
            _ = setrlimit(CoreLimit, limit);
        }

        // Only root may read the memory of this process. The system resets this flag for each program it executes.
        if (OperatingSystem.IsLinux())
        {
            _ = prctl(Dumpable, 0, 0, 0, 0);
        }

        EndAtTheFirstFatalSignal();
    }

    // A fatal signal from another process reaches the .NET handler, which removes itself and waits for the fault to repeat, which never happens.
    private static void EndAtTheFirstFatalSignal()
    {
        int[] handled = [.. FatalSignals.Where(IsHandled)];
        checkTimer = new Timer(
            _ =>
            {
                foreach (var signal in handled)
                {
                    if (IsHandled(signal))
                    {
                        continue;
                    }

                    _ = kill(Environment.ProcessId, signal);
                    ProcessExit.Now(128 + signal);
                }
            },
            null,
            CheckInterval,
            CheckInterval
        );
    }

    private static unsafe bool IsHandled(int signal)
    {
        // struct sigaction starts with the handler.
        var action = stackalloc nint[64];
        return sigaction(signal, null, action) == 0 && action[0] != 0;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Current;
        public ulong Maximum;
    }

    [LibraryImport("libc")]
    private static partial int getrlimit(int resource, out Limit limit);

    [LibraryImport("libc")]
    private static partial int setrlimit(int resource, in Limit limit);

    [LibraryImport("libc")]
    private static partial int prctl(int option, nint value, nint unused1, nint unused2, nint unused3);

    [LibraryImport("libc")]
    private static unsafe partial int sigaction(int signal, void* action, nint* before);

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);

    [LibraryImport("kernel32.dll")]
    private static partial int WerSetFlags(uint flags);
}
