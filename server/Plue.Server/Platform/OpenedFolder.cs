using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Plue.Server.Platform;

/// <summary>The file is no longer what it was when the change was made up.</summary>
public sealed class FileChangedException() : IOException("The file is no longer what it was.");

/// <summary>
/// A folder held open. What is in it is reached name by name from its descriptor and no link is followed: whoever swaps a folder for a link meanwhile gets
/// an error and not a file elsewhere. Windows has no such way: there the path is looked at before and after.
/// </summary>
/// <param name="path">Absolute, without links.</param>
public sealed class OpenedFolder(string path) : IDisposable
{
    private const uint PrivateFile = 0x180; // 0600
    private const uint AnyFile = 0x1B6; // 0666, less the umask
    private const uint AnyFolder = 0x1FF; // 0777, less the umask
    private const uint Permissions = 0xFFF;

    private readonly SafeFileHandle? root = OperatingSystem.IsWindows() ? null : Checked(UnixCalls.OpenFolder(path), path);

    /// <summary>The SHA-256 in hex, by which files are compared.</summary>
    public static string HashOf(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    /// <param name="relative">Names with <c>/</c> between them; none of them a link, <c>.</c> or <c>..</c>.</param>
    /// <param name="most">Bytes; a larger file is not read.</param>
    /// <returns>Null when the file is larger.</returns>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    /// <exception cref="NotSupportedException">It is a folder, a pipe, a socket or a device.</exception>
    /// <exception cref="IOException">A link stands on the way, or the disk said no.</exception>
    public byte[]? Read(string relative, int most)
    {
        if (root is null) { return OrdinaryFile.Read(Inside(relative), most); }

        using var folder = OpenParent(relative, create: false, out var name);
        return Read(folder, name, most);
    }

    /// <summary>Writes a new file beside it and puts that in its place: a power cut leaves the old or the new, and other names of the old file keep the old content. Folders on the way are made.</summary>
    /// <param name="relative">As for <see cref="Read(string,int)"/>.</param>
    /// <param name="expected">The hash of what is there now; null when there must be nothing.</param>
    /// <exception cref="FileChangedException">Something else is there. Nothing was changed.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    /// <exception cref="IOException">A link stands on the way, or the disk said no.</exception>
    public void Write(string relative, ReadOnlySpan<byte> content, string? expected)
    {
        if (root is null) { WriteOnWindows(relative, content, expected); return; }

        using var folder = OpenParent(relative, create: true, out var name);
        var facts = Check(folder, name, expected);
        var temporary = $".{Guid.NewGuid():N}.tmp";
        using var file = Checked(UnixCalls.OpenAt(folder, temporary, UnixCalls.WriteOnly | UnixCalls.CreateNew | UnixCalls.NoFollow, (int)(expected is null ? AnyFile : PrivateFile)), relative);
        try
        {
            RandomAccess.Write(file, content, 0);
            if (facts is { } old) { TakeOver(file, old); }

            DurableFile.Sync(file);
            Check(folder, name, expected);
            Put(folder, temporary, name, isNew: expected is null);
            DurableFile.Sync(folder);
        }
        catch
        {
            _ = UnixCalls.unlinkat(folder, temporary, 0);
            throw;
        }
    }

    public void Dispose() => root?.Dispose();

    /// <summary>Owner and mode of the old file; who may not give a file away keeps it.</summary>
    private static void TakeOver(SafeFileHandle file, UnixCalls.Facts old)
    {
        var isOwned = UnixCalls.fchown(file, old.Owner, old.Group) == 0;
        // Without the owner the bits that lend his rights would lend ours.
        _ = UnixCalls.fchmod(file, old.Mode & (isOwned ? Permissions : 0x1FFu));
    }

    /// <summary>A new file never takes the place of one that came in between; only where the disk has no hard links is there a moment for it.</summary>
    private static void Put(SafeFileHandle folder, string temporary, string name, bool isNew)
    {
        if (isNew)
        {
            if (UnixCalls.linkat(folder, temporary, folder, name, 0) == 0)
            {
                _ = UnixCalls.unlinkat(folder, temporary, 0);
                return;
            }

            if (Marshal.GetLastPInvokeError() == UnixCalls.AlreadyThere) { throw new FileChangedException(); }
        }

        if (UnixCalls.renameat(folder, temporary, folder, name) != 0) { throw Error(name); }
    }

    /// <returns>The facts of the file that is there, where they are known.</returns>
    private static UnixCalls.Facts? Check(SafeFileHandle folder, string name, string? expected)
    {
        using var file = UnixCalls.OpenAt(folder, name, UnixCalls.NonBlocking | UnixCalls.NoFollow);
        if (file.IsInvalid)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error == UnixCalls.NoEntry) { return expected is null ? null : throw new FileChangedException(); }
            throw error == UnixCalls.TooManyLinks ? new FileChangedException() : Error(name);
        }

        if (expected is null || HashOf(Content(file, folder, name, int.MaxValue)!) != expected) { throw new FileChangedException(); }
        return UnixCalls.FactsOf(file);
    }

    private static byte[]? Read(SafeFileHandle folder, string name, int most)
    {
        using var file = Checked(UnixCalls.OpenAt(folder, name, UnixCalls.NonBlocking | UnixCalls.NoFollow), name);
        return Content(file, folder, name, most);
    }

    private static byte[]? Content(SafeFileHandle file, SafeFileHandle folder, string name, int most)
    {
        if (UnixCalls.FactsOf(file) is { } facts)
        {
            if (!facts.IsOrdinary) { throw new NotSupportedException(facts.IsFolder ? "It is a folder." : "It is not an ordinary file."); }
        }
        else
        {
            using var asFolder = UnixCalls.OpenAt(folder, name, UnixCalls.Directory | UnixCalls.NoFollow);
            if (!asFolder.IsInvalid) { throw new NotSupportedException("It is a folder."); }
        }

        return OrdinaryFile.Read(file, most);
    }

    /// <summary>The folder that a file lies in.</summary>
    private SafeFileHandle OpenParent(string relative, bool create, out string name)
    {
        var names = relative.Split('/');
        if (names.Any(one => one is "" or "." or ".." || one.Contains('\0', StringComparison.Ordinal))) { throw new IOException($"{relative} is no path of a file."); }

        name = names[^1];
        var at = Checked(UnixCalls.OpenAt(root!, ".", UnixCalls.Directory), path);
        foreach (var folder in names[..^1])
        {
            var next = UnixCalls.OpenAt(at, folder, UnixCalls.Directory | UnixCalls.NoFollow);
            if (next.IsInvalid && create && Marshal.GetLastPInvokeError() == UnixCalls.NoEntry)
            {
                if (UnixCalls.mkdirat(at, folder, AnyFolder) == 0) { DurableFile.Sync(at); }
                next = UnixCalls.OpenAt(at, folder, UnixCalls.Directory | UnixCalls.NoFollow);
            }

            if (next.IsInvalid)
            {
                var error = Error(folder);
                at.Dispose();
                throw error;
            }

            at.Dispose();
            at = next;
        }

        return at;
    }

    private static SafeFileHandle Checked(SafeFileHandle handle, string name) => handle.IsInvalid ? throw Error(name) : handle;

    private static Exception Error(string name)
    {
        var (error, message) = (Marshal.GetLastPInvokeError(), Marshal.GetLastPInvokeErrorMessage());
        return error switch
        {
            UnixCalls.NoEntry => new FileNotFoundException(message, name),
            UnixCalls.NotPermitted or UnixCalls.Denied => new UnauthorizedAccessException(message),
            6 or 102 => new NotSupportedException("It is not an ordinary file."), // ENXIO for a socket, EOPNOTSUPP on macOS
            UnixCalls.NoFolder => new IOException($"{name} is no folder, or a link now", error),
            _ when error == UnixCalls.TooManyLinks => new IOException($"{name} is a link now", error),
            _ => new IOException(message, error),
        };
    }

    private string Inside(string relative)
    {
        var full = Path.GetFullPath(Path.Combine(path, relative));
        return RealPath.LeadsInto(full, path) ? full : throw new IOException($"{relative} leads out of the folder");
    }

    private void WriteOnWindows(string relative, ReadOnlySpan<byte> content, string? expected)
    {
        var full = Inside(relative);
        string? Now() => File.Exists(full) ? HashOf(OrdinaryFile.Read(full, int.MaxValue)) : null;
        if (Now() != expected) { throw new FileChangedException(); }

        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        var temporary = Path.Combine(Path.GetDirectoryName(full)!, $".{Guid.NewGuid():N}.tmp");
        try
        {
            using (var stream = DurableFile.OpenPrivate(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                stream.Write(content);
                DurableFile.Sync(stream.SafeFileHandle);
            }

            if (Now() != expected) { throw new FileChangedException(); }
            File.Move(temporary, Inside(relative), overwrite: expected is not null);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
