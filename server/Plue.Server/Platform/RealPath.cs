using System.Runtime.InteropServices;
using System.Text;

namespace Plue.Server.Platform;

/// <summary>Resolves the links in a path.</summary>
internal static partial class RealPath
{
    private const int MaxLinks = 40;
    private const int MaxTargetLength = 4096;
    private const int NotThere = 2;
    private const int NotALink = 22;
    private const int NotAFolder = 20;
    private static readonly int NameTooLong = OperatingSystem.IsLinux() ? 36 : 63;

    /// <summary>True if a path, or its link target, is in the folder. Use it to deny access; to allow access, use <see cref="ResolvesInto"/>.</summary>
    public static bool IsInside(string path, string? folder)
    {
        if (string.IsNullOrEmpty(folder))
        {
            return false;
        }

        var real = Of(folder);
        return Contains(real, Of(path)) || Contains(Path.GetFullPath(folder), Path.GetFullPath(path));
    }

    /// <summary>True if a path resolves to a target in the folder; false for a link in the folder to the outside.</summary>
    public static bool ResolvesInto(string path, string? folder) => !string.IsNullOrEmpty(folder) && Contains(Of(folder), Of(path));

    private static bool Contains(string folder, string path)
    {
        var comparison = OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        var start = folder.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar;
        return path.StartsWith(start, comparison) || string.Equals(path, folder.TrimEnd(Path.DirectorySeparatorChar), comparison);
    }

    /// <summary>Resolves every link in a path; unchanged if it cannot be resolved. .NET resolves a link only at the end of a path.</summary>
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
    /// Resolves a path as the system would, even if the target does not exist: follows links inside and at its end, including broken ones,
    /// and resolves <c>..</c> relative to a link's target.
    /// </summary>
    /// <param name="path">An absolute path that was not normalized: normalizing resolves <c>..</c> before the links.</param>
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

    /// <summary>True if a path is the folder or in it, compared by name without disk access. Both must be results of <see cref="TargetOf"/>.</summary>
    public static bool IsUnder(string folder, string path) => Contains(folder, path);

    private static string[] Names(string path) =>
        path.Split(OperatingSystem.IsWindows() ? ['/', '\\'] : ['/'], StringSplitOptions.RemoveEmptyEntries);

    /// <param name="target">Null if it is not a link or does not exist.</param>
    /// <returns>False if unknown.</returns>
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
        // No file can have a name that is too long.
        if (length < 0)
        {
            return Marshal.GetLastPInvokeError() is var error && (error is NotThere or NotALink or NotAFolder || error == NameTooLong);
        }

        var text = Encoding.UTF8.GetString(content[..length]);
        target = text;
        return length < MaxTargetLength && !text.Contains('\uFFFD', StringComparison.Ordinal);
    }

    /// <summary>Resolves the links from the root on, in each parent folder, too.</summary>
    /// <exception cref="IOException">The links form a cycle.</exception>
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
