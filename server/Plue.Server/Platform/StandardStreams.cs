using System.Runtime.InteropServices;

namespace Plue.Server.Platform;

/// <summary>The standard streams of a process that continues without the one that started it.</summary>
internal static partial class StandardStreams
{
    /// <summary>
    /// Discards later input and output, and leaves the terminal, so that closing it does not end this process.
    /// </summary>
    public static void Close()
    {
        if (OperatingSystem.IsWindows())
        {
            return; // A process without a console is not ended with another one.
        }

        // The numbers stay in use, so that no other file gets them.
#pragma warning disable RS0030 // It never blocks.
        using var nothing = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite);
#pragma warning restore RS0030
        for (var stream = 0; stream <= 2; stream++)
        {
            _ = dup2((int)nothing.DangerousGetHandle(), stream);
        }
        _ = setsid(); // fails if this process already leads a session
    }

    [LibraryImport("libc")]
    private static partial int dup2(int from, int to);

    [LibraryImport("libc")]
    private static partial int setsid();
}
