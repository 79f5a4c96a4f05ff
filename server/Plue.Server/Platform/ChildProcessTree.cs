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

    /// <summary>Asks to stop. Windows has no such question for a program without a window, so there it does nothing.</summary>
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
            // It went automatically in between.
        }
    }

    /// <summary>
    /// Ends what a child left behind, in its session or out of it. Only where the environment of others can be read (Linux);
    /// elsewhere the tree was ended with its root.
    /// </summary>
    public static async Task KillMarkedAsync(string name, string value)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var mark = Encoding.UTF8.GetBytes($"{name}={value}");
        // Until none was found twice: a process may fork during the scan, and its environment is not readable during exec.
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

    /// <summary>Everyone who carries it, ourselves apart.</summary>
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

    /// <summary>Process id and start time, which together name one process for good; null when there is none of this id.</summary>
    public static string? OwnerOf(int processId)
    {
        try
        {
            // The name in parentheses may hold anything; the start time is the 20th field behind it.
            var stat = Encoding.UTF8.GetString(ReadOfKernel($"/proc/{processId}/stat"));
            return $"{processId}.{stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19]}";
        }
        catch (Exception e) when (e is IndexOutOfRangeException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    /// <summary>Ends everyone whose mark names an owner that no longer exists.</summary>
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
    /// Reads a file of the kernel; empty when that is not possible. Most processes belong to other users, and an exception for each takes longer than
    /// all of the files.
    /// </summary>
    private static byte[] ReadOfKernel(string path)
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

    /// <summary>Everyone with a mark, and the owner that it names.</summary>
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
