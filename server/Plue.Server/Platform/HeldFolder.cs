using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Plue.Server.Platform;

/// <summary>What stands under a name: its kind, permissions and, on Linux, what tells two versions of it apart without reading them.</summary>
/// <param name="Mode">The nine bits of permission; 0 where the system has none.</param>
/// <param name="Stamp">Differs whenever the file was touched: inode, size and both times; empty where the system cannot say.</param>
public sealed record HeldFile(HeldKind Kind, int Mode, long Size, DateTime Changed, string Stamp);

public enum HeldKind { Absent, File, Link, Folder, Other }

/// <summary>
/// A folder held by its descriptor, and what is in it by names from there. No link is ever followed, neither at the end of a path nor on its way, so that
/// nothing outside is read, written or removed whatever is exchanged meanwhile. Where the system has no such calls each part of a path is looked at first.
/// </summary>
public sealed partial class HeldFolder : IDisposable
{
    private const int NoEntry = 2, NotFolder = 20, NoDevice = 6, LinuxLoop = 40, MacLoop = 62, InvalidArgument = 22;
    private const int LongestLink = 4096;
    private const int LinuxNoFollowStat = 0x100;
    private const uint BasicStat = 0x7ff;

    private static readonly bool IsLinux = OperatingSystem.IsLinux(), IsWindows = OperatingSystem.IsWindows();
    // On 64-bit ARM Linux two of the flags have other values.
    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;
    private static readonly int FolderFlag = IsLinux ? (IsArm ? 0x4000 : 0x10000) : 0x100000;
    private static readonly int NoFollow = IsLinux ? (IsArm ? 0x8000 : 0x20000) : 0x100;
    private static readonly int CloseOnExec = IsLinux ? 0x80000 : 0x1000000;
    private static readonly int NonBlocking = IsLinux ? 0x800 : 0x4;
    private static readonly int CreateNew = IsLinux ? 0x40 | 0x80 : 0x200 | 0x800;
    private const int WriteOnly = 1;

    private readonly string root;
    private readonly SafeFileHandle? handle;

    /// <param name="root">Absolute; links on the way to it are the user's own.</param>
    /// <exception cref="IOException">It is not there.</exception>
    public HeldFolder(string root)
    {
        this.root = RealPath.Of(root);
        if (IsWindows)
        {
            if (!Directory.Exists(this.root)) { throw new DirectoryNotFoundException($"{root} is not there."); }
            return;
        }

        handle = open(this.root, FolderFlag | CloseOnExec);
        if (handle.IsInvalid) { throw Fault(root); }
    }

    public void Dispose() => handle?.Dispose();

    /// <param name="path">From the folder, with <c>/</c>.</param>
    /// <exception cref="IOException">The disk said no; or a part of the path is a link.</exception>
    public HeldFile Look(string path)
    {
        using var parent = ParentOf(path, make: false);
        return parent is null ? Absent : Look(parent, path);
    }

    /// <summary>As <see cref="Look(string)"/>, for many; those of one folder are best beside each other. One that cannot be looked at is left out.</summary>
    public IEnumerable<(string Path, HeldFile Found)> Look(IEnumerable<string> paths)
    {
        Parent? parent = null;
        string? folder = null;
        try
        {
            foreach (var path in paths)
            {
                HeldFile found;
                try
                {
                    var end = path.LastIndexOf('/') + 1;
                    if (parent is null || folder is null || !path.AsSpan(0, end).SequenceEqual(folder))
                    {
                        parent?.Dispose();
                        (parent, folder) = (null, path[..end]);
                        parent = ParentOf(path, make: false);
                    }

                    if (parent is null) { continue; }

                    found = Look(parent with { Name = path[end..], Full = Path.Combine(root, path) }, path);
                }
                catch (IOException) { continue; }

                yield return (path, found);
            }
        }
        finally
        {
            parent?.Dispose();
        }
    }

    private static HeldFile Look(Parent parent, string path)
    {
        if (!IsLinux) { return LookPlain(parent, path); }

        Span<byte> stat = stackalloc byte[256];
        unsafe
        {
            fixed (byte* at = stat)
            {
                if (statx(parent.Handle!, parent.Name, LinuxNoFollowStat, BasicStat, at) != 0)
                {
                    return Marshal.GetLastPInvokeError() is NoEntry or NotFolder ? Absent : throw Fault(path);
                }
            }
        }

        var mode = BitConverter.ToUInt16(stat[28..]);
        var kind = (mode & 0xF000) switch { 0x8000 => HeldKind.File, 0xA000 => HeldKind.Link, 0x4000 => HeldKind.Folder, _ => HeldKind.Other };
        var (inode, size) = (BitConverter.ToUInt64(stat[32..]), BitConverter.ToInt64(stat[40..]));
        var (changed, changedPart) = (BitConverter.ToInt64(stat[96..]), BitConverter.ToUInt32(stat[104..]));
        var (modified, modifiedPart) = (BitConverter.ToInt64(stat[112..]), BitConverter.ToUInt32(stat[120..]));
        return new HeldFile(kind, mode & 0x1FF, size, DateTime.UnixEpoch.AddSeconds(changed).AddTicks(changedPart / 100), $"{inode:x}.{size:x}.{changed:x}.{changedPart:x}.{modified:x}.{modifiedPart:x}");
    }

    /// <summary>The content of a file, or where a link leads to.</summary>
    /// <param name="most">Bytes.</param>
    /// <returns>Null when it is larger.</returns>
    /// <exception cref="FileNotFoundException">It is neither, or not there any more.</exception>
    /// <exception cref="IOException">The disk said no; or a part of the path is a link.</exception>
    public byte[]? Read(string path, int most)
    {
        using var parent = ParentOf(path, make: false) ?? throw new FileNotFoundException($"{path} is not there.");
        if (IsWindows) { return ReadPlain(parent, most); }

        using var file = openat(parent.Handle!, parent.Name, NoFollow | NonBlocking | CloseOnExec, 0);
        if (file.IsInvalid)
        {
            return Marshal.GetLastPInvokeError() switch
            {
                LinuxLoop or MacLoop => ReadLink(parent, path),
                NoEntry or NotFolder or NoDevice => throw new FileNotFoundException($"{path} is not there."),
                _ => throw Fault(path),
            };
        }

        return ReadAll(file, most);
    }

    /// <summary>Puts a file there, whole or not at all; the folders on the way are made. What was under this name is replaced, a link by the file itself.</summary>
    /// <param name="mode">The nine bits of permission.</param>
    /// <exception cref="IOException">Nothing was changed; or a part of the path is a link.</exception>
    public void Write(string path, ReadOnlySpan<byte> content, int mode)
    {
        using var parent = ParentOf(path, make: true)!;
        var temporary = $".plue-{Guid.NewGuid():N}.tmp";
        if (IsWindows)
        {
            var beside = Path.Combine(Path.GetDirectoryName(parent.Full)!, temporary);
            File.WriteAllBytes(beside, content);
            File.Move(beside, parent.Full, overwrite: true);
            return;
        }

        try
        {
            using var file = openat(parent.Handle!, temporary, WriteOnly | CreateNew | NoFollow | CloseOnExec, 0x180);
            if (file.IsInvalid) { throw Fault(path); }

            File.SetUnixFileMode(file, (UnixFileMode)mode);
            RandomAccess.Write(file, content, 0);
            DurableFile.Sync(file);
            if (renameat(parent.Handle!, temporary, parent.Handle!, parent.Name) != 0) { throw Fault(path); }
        }
        catch
        {
            _ = unlinkat(parent.Handle!, temporary, 0);
            throw;
        }
    }

    /// <summary>Puts a link there, which nothing follows.</summary>
    /// <exception cref="IOException">Nothing was changed; or a part of the path is a link.</exception>
    public void WriteLink(string path, string target)
    {
        using var parent = ParentOf(path, make: true)!;
        if (IsWindows) { throw new IOException("Links are not made here."); }

        var temporary = $".plue-{Guid.NewGuid():N}.tmp";
        if (symlinkat(target, parent.Handle!, temporary) == 0 && renameat(parent.Handle!, temporary, parent.Handle!, parent.Name) == 0) { return; }

        var fault = Fault(path);
        _ = unlinkat(parent.Handle!, temporary, 0);
        throw fault;
    }

    /// <summary>Removes a file, or a link itself; what is not there is fine.</summary>
    /// <exception cref="IOException">It is still there; or a part of the path is a link.</exception>
    public void Delete(string path)
    {
        using var parent = ParentOf(path, make: false);
        if (parent is null) { return; }
        if (IsWindows) { File.Delete(parent.Full); }
        else if (unlinkat(parent.Handle!, parent.Name, 0) != 0 && Marshal.GetLastPInvokeError() is not NoEntry) { throw Fault(path); }
    }

    private static HeldFile Absent => new(HeldKind.Absent, 0, 0, default, "");

    private sealed record Parent(SafeFileHandle? Handle, string Name, string Full) : IDisposable
    {
        public bool IsOwned { get; init; }

        public void Dispose()
        {
            if (IsOwned) { Handle?.Dispose(); }
        }
    }

    /// <returns>Null when there is no such folder.</returns>
    private Parent? ParentOf(string path, bool make)
    {
        var names = path.Split('/');
        if (names.Any(name => name is "" or "." or ".." || name.Contains('\0') || (IsWindows && name.AsSpan().IndexOfAny('\\', ':') >= 0)))
        {
            throw new IOException($"{path} is no path in this folder.");
        }

        var full = Path.Combine([root, .. names]);
        if (IsWindows) { return ParentPlain(names, full, path, make); }

        var at = handle!;
        for (var i = 0; i < names.Length - 1; i++)
        {
            var next = openat(at, names[i], FolderFlag | NoFollow | CloseOnExec, 0);
            if (next.IsInvalid && make && Marshal.GetLastPInvokeError() == NoEntry)
            {
                _ = mkdirat(at, names[i], 0x1ED);
                next = openat(at, names[i], FolderFlag | NoFollow | CloseOnExec, 0);
            }

            if (next.IsInvalid)
            {
                var (error, fault) = (Marshal.GetLastPInvokeError(), Fault(path));
                var isLink = IsLink(at, names[i]);
                if (at != handle) { at.Dispose(); }
                if (isLink) { throw new IOException($"{string.Join('/', names[..(i + 1)])} is a link now, and nothing is done through links."); }
                if (!make && error is NoEntry or NotFolder) { return null; }

                throw fault;
            }

            if (at != handle) { at.Dispose(); }
            at = next;
        }

        return new Parent(at, names[^1], full) { IsOwned = at != handle };
    }

    private Parent? ParentPlain(string[] names, string full, string path, bool make)
    {
        var at = root;
        foreach (var name in names[..^1])
        {
            at = Path.Combine(at, name);
            var info = new DirectoryInfo(at);
            if (info.Exists && info.Attributes.HasFlag(FileAttributes.ReparsePoint)) { throw new IOException($"{path} leads through a link, and nothing is done through links."); }
            if (info.Exists) { continue; }
            if (!make) { return null; }

            info.Create();
        }

        return new Parent(null, names[^1], full);
    }

    private static HeldFile LookPlain(Parent parent, string path)
    {
        if (parent.Handle is { } folder && IsLink(folder, parent.Name)) { return new HeldFile(HeldKind.Link, 0, 0, default, ""); }

        var info = new FileInfo(parent.Full);
        if (Directory.Exists(parent.Full)) { return new HeldFile(HeldKind.Folder, 0, 0, default, ""); }
        if (!info.Exists) { return Absent; }
        if (info.Attributes.HasFlag(FileAttributes.ReparsePoint)) { return new HeldFile(IsWindows ? HeldKind.Other : HeldKind.Link, 0, 0, default, ""); }

        var mode = IsWindows ? 0 : (int)info.UnixFileMode;
        return new HeldFile(HeldKind.File, mode, info.Length, info.LastWriteTimeUtc, $"{path}.{info.Length:x}.{info.LastWriteTimeUtc.Ticks:x}");
    }

    private static byte[]? ReadPlain(Parent parent, int most)
    {
        using var file = File.OpenHandle(parent.Full, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return ReadAll(file, most);
    }

    private static byte[]? ReadAll(SafeFileHandle file, int most)
    {
        long size;
        try { size = RandomAccess.GetLength(file); }
        catch (NotSupportedException) { throw new FileNotFoundException("It is not an ordinary file."); }

        if (size > most) { return null; }

        var content = new byte[size];
        var read = 0;
        while (read < content.Length && RandomAccess.Read(file, content.AsSpan(read), read) is > 0 and var more) { read += more; }

        return read == content.Length ? content : content[..read];
    }

    private static bool IsLink(SafeFileHandle folder, string name) => readlinkat(folder, name, new byte[1], 1) >= 0;

    private static byte[] ReadLink(Parent parent, string path)
    {
        var target = new byte[LongestLink];
        var length = readlinkat(parent.Handle!, parent.Name, target, target.Length);
        return length >= 0 ? target[..(int)length] : Marshal.GetLastPInvokeError() == InvalidArgument ? throw new FileNotFoundException($"{path} is not there.") : throw Fault(path);
    }

    private static IOException Fault(string path) => new($"{path}: {Marshal.GetLastPInvokeErrorMessage()}.", Marshal.GetLastPInvokeError());

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle openat(SafeFileHandle folder, string name, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkdirat(SafeFileHandle folder, string name, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unlinkat(SafeFileHandle folder, string name, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat(SafeFileHandle from, string name, SafeFileHandle to, string newName);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int symlinkat(string target, SafeFileHandle folder, string name);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint readlinkat(SafeFileHandle folder, string name, byte[] target, nint size);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(SafeFileHandle folder, string name, int flags, uint mask, byte* result);
}
