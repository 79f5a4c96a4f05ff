using System.Runtime.InteropServices;

namespace Plue.Server.Platform;

/// <summary>Where a path really leads.</summary>
public static partial class RealPath
{
    private const int MostLinks = 40;

    /// <summary>Whether a path, or what it links to, lies in the folder: for what is kept away from. What is let in asks <see cref="LeadsInto"/>.</summary>
    public static bool IsInside(string path, string? folder)
    {
        if (string.IsNullOrEmpty(folder)) { return false; }

        var real = Of(folder);
        return Contains(real, Of(path)) || Contains(Path.GetFullPath(folder), Path.GetFullPath(path));
    }

    /// <summary>Whether a path leads into the folder: a link in the folder that leads out of it does not.</summary>
    public static bool LeadsInto(string path, string? folder) => !string.IsNullOrEmpty(folder) && Contains(Of(folder), Of(path));

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
            try { return Walked(full); }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException) { return full; }
        }

        var resolved = realpath(full, 0);
        if (resolved == 0) { return full; }

        try { return Marshal.PtrToStringUTF8(resolved) ?? full; }
        finally { free(resolved); }
    }

    /// <summary>From the root on, each folder of the path too.</summary>
    /// <exception cref="IOException">The links lead in a circle.</exception>
    internal static string Walked(string full, int links = MostLinks)
    {
        var at = Path.GetPathRoot(full) ?? "";
        foreach (var name in full[at.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            at = Path.Combine(at, name);
            var target = Directory.Exists(at) ? Directory.ResolveLinkTarget(at, true) : File.Exists(at) ? File.ResolveLinkTarget(at, true) : null;
            if (target is null) { continue; }
            if (links-- == 0) { throw new IOException("Too many links lead to this file."); }

            at = Walked(Path.GetFullPath(target.FullName), links);
        }

        return at;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint realpath(string path, nint resolved);

    [LibraryImport("libc")]
    private static partial void free(nint memory);
}
