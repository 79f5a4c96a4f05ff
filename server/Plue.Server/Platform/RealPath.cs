using System.Runtime.InteropServices;
using System.Text;

namespace Plue.Server.Platform;

/// <summary>Where a path really leads.</summary>
public static partial class RealPath
{
    private const int MaxLinks = 40;
    private const int MaxTargetLength = 4096;
    private const int NotThere = 2;
    private const int NotALink = 22;
    private const int NotAFolder = 20;
    private static readonly int NameTooLong = OperatingSystem.IsLinux() ? 36 : 63;

    /// <summary>Whether a path, or what it links to, is in the folder: for what is kept away from. What is let in asks <see cref="ResolvesInto"/>.</summary>
    public static bool IsInside(string path, string? folder)
    {
        if (string.IsNullOrEmpty(folder))
        {
            return false;
        }

        var real = Of(folder);
        return Contains(real, Of(path)) || Contains(Path.GetFullPath(folder), Path.GetFullPath(path));
    }

    /// <summary>True if a path resolves to a target in the folder; a link in the folder to the outside does not.</summary>
    public static bool ResolvesInto(string path, string? folder) => !string.IsNullOrEmpty(folder) && Contains(Of(folder), Of(path));

    private static bool Contains(string folder, string path)
    {
        var comparison = OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        var start = folder.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar;
        return path.StartsWith(start, comparison) || string.Equals(path, folder.TrimEnd(Path.DirectorySeparatorChar), comparison);
    }

    /// <summary>The path with every link in it resolved; as it is when it leads nowhere. .NET resolves a link at the end of a path but not one on the way.</summary>
    public static string Of(string path)
    {
        var full = Path.GetFullPath(path);
        if (OperatingSystem.IsWindows())
        {
            try
            {
                return ResolveLinks(full);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return full;
            }
        }

        var resolved = realpath(full, 0);
        if (resolved == 0)
        {
            return full;
        }

        try
        {
            return Marshal.PtrToStringUTF8(resolved) ?? full;
        }
        finally
        {
            free(resolved);
        }
    }

    /// <summary>
    /// Where the system would go for this path, whether or not anything is there yet: links on the way and at its end are followed, those that lead to nothing too,
    /// and <c>..</c> leaves the folder that a link led to.
    /// </summary>
    /// <param name="path">Absolute; not tidied up before, because that would leave a link by the wrong door.</param>
    /// <returns>Null if unknown: a link cycle, an unreadable folder, or a path that differs between processes.</returns>
    public static string? TargetOf(string path)
    {
        var root = Path.GetPathRoot(path);
        if (string.IsNullOrEmpty(root) || path.Contains('\0', StringComparison.Ordinal))
        {
            return null;
        }

        var at = root;
        var links = MaxLinks;
        var names = new Stack<string>(Names(path[root.Length..]).Reverse());
        while (names.TryPop(out var name))
        {
            if (name == ".")
            {
                continue;
            }
            if (name == "..")
            {
                at = Path.GetDirectoryName(at) ?? at;
                continue;
            }

            var next = Path.Combine(at, name);
            if (!TryReadLink(next, out var target))
            {
                return null;
            }
            if (target is null)
            {
                at = next;
                continue;
            }

            if (links-- == 0)
            {
                return null;
            }
            if (Path.GetPathRoot(target) is { Length: > 0 } start)
            {
                (at, target) = (start, target[start.Length..]);
            }

            foreach (var part in Names(target).Reverse())
            {
                names.Push(part);
            }
        }

        return OperatingSystem.IsLinux() && Contains("/proc", at) ? null : at;
    }

    /// <summary>Whether a path is the folder or is in it, name by name and without a look at the disk: both are as <see cref="TargetOf"/> gives them.</summary>
    public static bool IsUnder(string folder, string path) => Contains(folder, path);

    private static string[] Names(string path) =>
        path.Split(OperatingSystem.IsWindows() ? ['/', '\\'] : ['/'], StringSplitOptions.RemoveEmptyEntries);

    /// <param name="target">Null for what is no link or not there.</param>
    /// <returns>False when that cannot be known.</returns>
    private static bool TryReadLink(string path, out string? target)
    {
        target = null;
        if (OperatingSystem.IsWindows())
        {
            try
            {
                target = new FileInfo(path).LinkTarget;
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                return false;
            }

            return true;
        }

        // Links in /proc resolve differently for each process.
        if (OperatingSystem.IsLinux() && Contains("/proc", Path.GetDirectoryName(path) ?? "/"))
        {
            return false;
        }

        Span<byte> content = stackalloc byte[MaxTargetLength];
        var length = (int)readlink(path, content, content.Length);
        // Nothing can be there by a name that is too long.
        if (length < 0)
        {
            return Marshal.GetLastPInvokeError() is var error && (error is NotThere or NotALink or NotAFolder || error == NameTooLong);
        }

        var text = Encoding.UTF8.GetString(content[..length]);
        target = text;
        return length < MaxTargetLength && !text.Contains('\uFFFD', StringComparison.Ordinal);
    }

    /// <summary>From the root on, each folder of the path too.</summary>
    /// <exception cref="IOException">The links lead in a cycle.</exception>
    internal static string ResolveLinks(string full, int links = MaxLinks)
    {
        var at = Path.GetPathRoot(full) ?? "";
        foreach (var name in full[at.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            at = Path.Combine(at, name);
            var target =
                Directory.Exists(at) ? Directory.ResolveLinkTarget(at, true)
                : File.Exists(at) ? File.ResolveLinkTarget(at, true)
                : null;
            if (target is null)
            {
                continue;
            }
            if (links-- == 0)
            {
                throw new IOException("The path contains too many links.");
            }

            at = ResolveLinks(Path.GetFullPath(target.FullName), links);
        }

        return at;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint realpath(string path, nint resolved);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint readlink(string path, Span<byte> target, nint size);

    [LibraryImport("libc")]
    private static partial void free(nint memory);
}
