using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Plue.Server.Platform;

/// <summary>Signals to a child, its session and, on Linux, to whoever carries its marker in the environment.</summary>
internal static partial class ChildProcessTree
{
    private const int SigTerm = 15;
    private const int SigKill = 9;

    /// <summary>Asks to stop. Windows has no such question for a program without a window, so there it does nothing.</summary>
    public static void Terminate(Process process, bool hasSession)
    {
        if (OperatingSystem.IsWindows() || process.HasExited) { return; }

        _ = kill(hasSession ? -process.Id : process.Id, SigTerm);
    }

    public static void Kill(Process process, bool hasSession)
    {
        try
        {
            if (process.HasExited) { return; }

            process.Kill(entireProcessTree: true);
            if (hasSession) { _ = kill(-process.Id, SigKill); }
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It went by itself in between.
        }
    }

    /// <summary>
    /// Ends what a child left behind, in its session or out of it. Only where the environment of others can be read (Linux);
    /// elsewhere the tree was ended with its root.
    /// </summary>
    public static async Task KillMarkedAsync(string name, string value)
    {
        if (!OperatingSystem.IsLinux()) { return; }

        var mark = Encoding.UTF8.GetBytes($"{name}={value}");
        // Until nobody was found twice: one may have forked while we looked, and has no environment to see in the moment of its exec.
        for (var (round, empty) = (0, 0); round < 100 && empty < 2; round++)
        {
            var found = Marked(mark).ToList();
            foreach (var id in found) { _ = kill(id, SigKill); }

            empty = found.Count == 0 ? empty + 1 : 0;
            if (empty < 2) { await Task.Delay(5).ConfigureAwait(false); }
        }
    }

    /// <summary>Everyone who carries it, ourselves apart.</summary>
    internal static IEnumerable<int> Marked(byte[] mark)
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), out var id) || id == Environment.ProcessId) { continue; }

            byte[] environment;
            try { environment = File.ReadAllBytes(Path.Combine(directory, "environ")); }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException) { continue; }

            if (environment.AsSpan().IndexOf(mark) >= 0) { yield return id; }
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int id, int signal);
}
