using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Plue.Server.Platform;

/// <summary>Sends signals to a child, its session and, on Linux, to all processes with its marker in their environment.</summary>
internal static partial class ChildProcessTree
{
    private const int SigTerm = 15;
    private const int SigKill = 9;

    /// <summary>Sends SIGTERM. Does nothing on Windows, which has no equivalent for a program without a window.</summary>
    public static void Terminate(Process process, bool hasSession)
    {
        if (OperatingSystem.IsWindows() || process.HasExited)
        {
            return;
        }

        _ = kill(hasSession ? -process.Id : process.Id, SigTerm);
    }

    public static void Kill(Process process, bool hasSession)
    {
        try
        {
            if (process.HasExited)
            {
                return;
            }

            process.Kill(entireProcessTree: true);
            if (hasSession)
            {
                _ = kill(-process.Id, SigKill);
            }
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It exited in the meantime.
        }
    }

    /// <summary>
    /// Kills remaining descendants, inside or outside the child's session. Only on Linux, where the environment of other processes can be read;
    /// elsewhere the tree was killed with its root.
    /// </summary>
    public static async Task KillMarkedAsync(string name, string value)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var mark = Encoding.UTF8.GetBytes($"{name}={value}");
        // Repeat until two scans find none: a process may fork during a scan, and its environment is unreadable during exec.
        for (var (round, empty) = (0, 0); round < 100 && empty < 2; round++)
        {
            var found = Marked(mark).ToList();
            foreach (var id in found)
            {
                _ = kill(id, SigKill);
            }

            empty = found.Count == 0 ? empty + 1 : 0;
            if (empty < 2)
            {
                await Task.Delay(5).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Gets the ids of all processes with the mark, except this one.</summary>
    internal static IEnumerable<int> Marked(byte[] mark)
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), out var id) || id == Environment.ProcessId)
            {
                continue;
            }

            if (ReadOfKernel(Path.Combine(directory, "environ")).AsSpan().IndexOf(mark) >= 0)
            {
                yield return id;
            }
        }
    }

    /// <summary>Gets process id and start time, which together identify a process uniquely; null if there is no such process.</summary>
    public static string? OwnerOf(int processId)
    {
        try
        {
            // The name in parentheses may contain anything; the start time is the 20th field after it.
            var stat = Encoding.UTF8.GetString(ReadOfKernel($"/proc/{processId}/stat"));
            return $"{processId}.{stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19]}";
        }
        catch (Exception e) when (e is IndexOutOfRangeException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    /// <summary>Kills all processes whose mark names an owner that no longer exists.</summary>
    public static int KillOrphans(string name)
    {
        var ended = 0;
        foreach (var (id, owner) in Owned(Encoding.UTF8.GetBytes($"{name}=")))
        {
            var processId = owner.Split('.')[0];
            if (!int.TryParse(processId, out var ownerId) || OwnerOf(ownerId) == owner)
            {
                continue;
            }

            _ = kill(id, SigKill);
            ended++;
        }

        return ended;
    }

    /// <summary>
    /// Reads a file in /proc; returns an empty array if it cannot be read. Most processes belong to other users, and throwing an exception for each
    /// would take longer than reading all files.
    /// </summary>
    internal static byte[] ReadOfKernel(string path)
    {
        using var file = UnixCalls.Open(path, UnixCalls.ReadOnly, UnixFileMode.None);
        if (file.IsInvalid)
        {
            return [];
        }

        try
        {
            var content = new byte[4096];
            for (var length = 0; ; )
            {
                if (length == content.Length)
                {
                    Array.Resize(ref content, length * 2);
                }
                if (RandomAccess.Read(file, content.AsSpan(length), length) is var read && read == 0)
                {
                    return content[..length];
                }

                length += read;
            }
        }
        catch (IOException)
        {
            return []; /* It ended while it was read. */
        }
    }

    /// <summary>Gets all processes with a mark, and the owner that it names.</summary>
    private static IEnumerable<(int Id, string Owner)> Owned(byte[] mark)
    {
        foreach (var id in Marked(mark).ToList())
        {
            var environment = ReadOfKernel($"/proc/{id}/environ").AsSpan();
            if (environment.IndexOf(mark) is var at && at < 0)
            {
                continue;
            }

            var rest = environment[(at + mark.Length)..];
            var end = rest.IndexOf((byte)0);
            var value = Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
            if (value.LastIndexOf('.') is > 0 and var dot)
            {
                yield return (id, value[..dot]);
            }
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int id, int signal);
}
