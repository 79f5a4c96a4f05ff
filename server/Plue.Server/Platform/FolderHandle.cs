using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Plue.Server.Platform;

/// <summary>The status of a path: its kind, permissions and, on Linux, a stamp that identifies the version without reading it.</summary>
/// <param name="Mode">The nine permission bits; 0 if the system has none.</param>
/// <param name="Stamp">Inode, size and both times, so that it differs after each change; empty if unknown.</param>
internal sealed record FileEntry(FileEntryKind Kind, int Mode, long Size, DateTime Changed, string Stamp);

internal enum FileEntryKind
{
    Absent,
    File,
    Link,
    Folder,
    Other,
}

/// <summary>Thrown if the file changed since the change was computed.</summary>
internal sealed class FileChangedException() : IOException("The file changed in the meantime.");

/// <summary>
/// A folder opened by descriptor, with access to files relative to it. Links are never followed, neither at the end of a path nor inside it, so that
/// nothing outside is read, written or deleted, even if paths are replaced concurrently. On systems without these calls, each path segment is checked
/// first. Paths use <c>/</c> and contain neither <c>.</c> nor <c>..</c>.
/// </summary>
internal sealed class FolderHandle : IDisposable
{
    private const uint PrivateFile = 0x180; // 0600
    private const uint AnyFile = 0x1B6; // 0666, before the umask
    private const uint AnyFolder = 0x1FF; // 0777, before the umask
    private const uint Permissions = 0xFFF,
        PlainPermissions = 0x1FF;
    private const int NotThere = 6,
        NoSocket = 102,
        InvalidArgument = 22; // ENXIO and EOPNOTSUPP for a socket, EINVAL if it is not a link
    private const int MaxLinkLength = 4096;

    private static readonly bool IsWindows = OperatingSystem.IsWindows();

    private readonly string root;
    private readonly SafeFileHandle? handle;

    /// <param name="root">An absolute path; links in it are followed.</param>
    /// <exception cref="IOException">The folder does not exist.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    public FolderHandle(string root)
    {
        this.root = RealPath.Of(root);
        if (!IsWindows)
        {
            handle = Checked(UnixCalls.OpenFolder(this.root), root);
        }
        else if (!Directory.Exists(this.root))
        {
            throw new DirectoryNotFoundException($"{root} is not there.");
        }
    }

    /// <summary>Returns the SHA-256 in hex, by which files are compared.</summary>
    public static string HashOf(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    public void Dispose() => handle?.Dispose();

    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    /// <exception cref="IOException">A disk error, or a part of the path is a link.</exception>
    public FileEntry Stat(string path)
    {
        using var parent = ParentOf(path, make: false);
        return parent is null ? Absent : Stat(parent);
    }

    /// <summary>Like <see cref="Stat(string)"/>, for many paths; paths in one folder should be adjacent. Paths that cannot be read are omitted.</summary>
    public IEnumerable<(string Path, FileEntry Found)> Stat(IEnumerable<string> paths)
    {
        Parent? parent = null;
        string? folder = null;
        try
        {
            foreach (var path in paths)
            {
                FileEntry found;
                try
                {
                    var end = path.LastIndexOf('/') + 1;
                    if (parent is null || folder is null || !path.AsSpan(0, end).SequenceEqual(folder))
                    {
                        parent?.Dispose();
                        (parent, folder) = (null, path[..end]);
                        parent = ParentOf(path, make: false);
                    }

                    if (parent is null)
                    {
                        continue;
                    }

                    found = Stat(parent with { Name = path[end..], Full = Path.Combine(root, path) });
                }
                catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
                {
                    continue;
                }

                yield return (path, found);
            }
        }
        finally
        {
            parent?.Dispose();
        }
    }

    /// <param name="maxBytes">The maximum size; a larger file is not read.</param>
    /// <returns>Null if the file is larger.</returns>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    /// <exception cref="NotAFileException">The path is a folder, pipe, socket or device.</exception>
    /// <exception cref="IOException">A part of the path is a link, or a disk error.</exception>
    public byte[]? Read(string path, int maxBytes)
    {
        using var parent = ParentOf(path, make: false) ?? throw new FileNotFoundException($"{path} is not there.");
        using var file = Open(parent);
        return Content(file, parent, maxBytes);
    }

    /// <summary>Like <see cref="Read"/>; for a link, returns its target path.</summary>
    /// <inheritdoc cref="Read" path="/param|/returns|/exception"/>
    public byte[]? ReadOrLink(string path, int maxBytes)
    {
        using var parent = ParentOf(path, make: false) ?? throw new FileNotFoundException($"{path} is not there.");
        if (!IsWindows && LinkOf(parent) is { } target)
        {
            return target;
        }

        using var file = Open(parent);
        return Content(file, parent, maxBytes);
    }

    /// <summary>
    /// Replaces exactly the expected version of a file, atomically even on power loss; other hard links to the old file keep the old
    /// content. Creates parent folders. Keeps owner and permissions.
    /// </summary>
    /// <param name="expected">The hash of the current content; null if the file must not exist.</param>
    /// <exception cref="FileChangedException">The current content differs. Nothing was changed.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    /// <exception cref="IOException">A part of the path is a link, or a disk error.</exception>
    public void Write(string path, ReadOnlySpan<byte> content, string? expected)
    {
        using var parent = ParentOf(path, make: true)!;
        var old = Check(parent, expected);
        WriteAtomically(
            parent,
            content,
            expected is null ? AnyFile : PrivateFile,
            isNew: expected is null,
            file =>
            {
                if (old is { } status)
                {
                    CopyAttributes(file, status);
                }
            },
            () => Check(parent, expected)
        );
    }

    /// <summary>Writes a file atomically and creates its parent folders. An existing file or link is replaced.</summary>
    /// <param name="mode">The nine permission bits.</param>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    /// <exception cref="IOException">Nothing was changed, or a part of the path is a link.</exception>
    public void Replace(string path, ReadOnlySpan<byte> content, int mode)
    {
        using var parent = ParentOf(path, make: true)!;
        WriteAtomically(
            parent,
            content,
            PrivateFile,
            isNew: false,
            file =>
            {
                if (!OperatingSystem.IsWindows())
                {
                    File.SetUnixFileMode(file, (UnixFileMode)mode);
                }
            },
            () => { }
        );
    }

    /// <summary>Replaces the path with a symbolic link, which no method of this class follows.</summary>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    /// <exception cref="IOException">Nothing was changed, or a part of the path is a link.</exception>
    public void ReplaceByLink(string path, string target)
    {
        using var parent = ParentOf(path, make: true)!;
        if (IsWindows)
        {
            throw new IOException("Links cannot be created on this platform.");
        }

        var temporary = Temporary();
        if (UnixCalls.symlinkat(target, parent.Handle!, temporary) != 0)
        {
            throw Error(path);
        }
        if (UnixCalls.renameat(parent.Handle!, temporary, parent.Handle!, parent.Name) == 0)
        {
            return;
        }

        var fault = Error(path);
        Remove(parent, temporary);
        throw fault;
    }

    /// <summary>Deletes a file, or a link itself. Does nothing if the path does not exist.</summary>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    /// <exception cref="IOException">Nothing was deleted, or a part of the path is a link.</exception>
    public void Delete(string path)
    {
        using var parent = ParentOf(path, make: false);
        if (parent is null)
        {
            return;
        }
        if (IsWindows)
        {
            File.Delete(parent.Full);
        }
        else if (UnixCalls.unlinkat(parent.Handle!, parent.Name, 0) != 0 && Marshal.GetLastPInvokeError() != UnixCalls.NoEntry)
        {
            throw Error(path);
        }
    }

    private static FileEntry Absent => new(FileEntryKind.Absent, 0, 0, default, "");

    /// <summary>The parent folder of a path, and the last name in the path.</summary>
    private sealed record Parent(SafeFileHandle? Handle, string Name, string Full) : IDisposable
    {
        public bool IsOwned { get; init; }

        public void Dispose()
        {
            if (IsOwned)
            {
                Handle?.Dispose();
            }
        }
    }

    /// <returns>Null if the folder does not exist.</returns>
    private Parent? ParentOf(string path, bool make)
    {
        var names = path.Split('/');
        if (names.Any(name => name is "" or "." or ".." || name.Contains('\0') || (IsWindows && name.AsSpan().IndexOfAny('\\', ':') >= 0)))
        {
            throw new IOException($"{path} is not a path in this folder.");
        }

        var full = Path.Combine([root, .. names]);
        if (IsWindows)
        {
            return ParentPortable(names, full, make);
        }

        var at = handle!;
        for (var i = 0; i < names.Length - 1; i++)
        {
            var next = UnixCalls.OpenAt(at, names[i], UnixCalls.Directory | UnixCalls.NoFollow);
            if (next.IsInvalid && make && Marshal.GetLastPInvokeError() == UnixCalls.NoEntry)
            {
                if (UnixCalls.mkdirat(at, names[i], AnyFolder) == 0)
                {
                    DurableFile.Sync(at);
                }
                next = UnixCalls.OpenAt(at, names[i], UnixCalls.Directory | UnixCalls.NoFollow);
            }

            if (next.IsInvalid)
            {
                var (error, fault) = (Marshal.GetLastPInvokeError(), Error(names[i]));
                var isLink = IsLink(at, names[i]);
                if (at != handle)
                {
                    at.Dispose();
                }
                if (isLink)
                {
                    throw ThroughLink(names[..(i + 1)]);
                }
                if (!make && error is UnixCalls.NoEntry or UnixCalls.NotADirectory)
                {
                    return null;
                }

                throw error == UnixCalls.NotADirectory
                    ? new IOException($"{string.Join('/', names[..(i + 1)])} is no folder.", error)
                    : fault;
            }

            if (at != handle)
            {
                at.Dispose();
            }
            at = next;
        }

        return new Parent(at, names[^1], full) { IsOwned = at != handle };
    }

    private Parent? ParentPortable(string[] names, string full, bool make)
    {
        var at = root;
        for (var i = 0; i < names.Length - 1; i++)
        {
            at = Path.Combine(at, names[i]);
            var info = new DirectoryInfo(at);
            if (info.Exists && info.Attributes.HasFlag(FileAttributes.ReparsePoint))
            {
                throw ThroughLink(names[..(i + 1)]);
            }
            if (info.Exists)
            {
                continue;
            }
            if (!make)
            {
                return null;
            }

            info.Create();
        }

        return new Parent(null, names[^1], full);
    }

    private static FileEntry Stat(Parent parent)
    {
        if (!OperatingSystem.IsLinux())
        {
            return StatPortable(parent);
        }
        if (UnixCalls.StatusOf(parent.Handle!, parent.Name) is not { } status)
        {
            return Marshal.GetLastPInvokeError() is UnixCalls.NoEntry or UnixCalls.NotADirectory ? Absent : throw Error(parent.Name);
        }

        var kind =
            status.IsRegularFile ? FileEntryKind.File
            : status.IsLink ? FileEntryKind.Link
            : status.IsFolder ? FileEntryKind.Folder
            : FileEntryKind.Other;
        return new FileEntry(kind, (int)(status.Mode & PlainPermissions), status.Size, status.Changed, status.Stamp);
    }

    private static FileEntry StatPortable(Parent parent)
    {
        if (parent.Handle is { } folder && IsLink(folder, parent.Name))
        {
            return new FileEntry(FileEntryKind.Link, 0, 0, default, "");
        }

        var info = new FileInfo(parent.Full);
        if (Directory.Exists(parent.Full))
        {
            return new FileEntry(FileEntryKind.Folder, 0, 0, default, "");
        }
        if (!info.Exists)
        {
            return Absent;
        }
        if (info.Attributes.HasFlag(FileAttributes.ReparsePoint))
        {
            return new FileEntry(IsWindows ? FileEntryKind.Other : FileEntryKind.Link, 0, 0, default, "");
        }

        var mode = IsWindows ? 0 : (int)info.UnixFileMode;
        return new FileEntry(
            FileEntryKind.File,
            mode,
            info.Length,
            info.LastWriteTimeUtc,
            $"{parent.Name}.{info.Length:x}.{info.LastWriteTimeUtc.Ticks:x}"
        );
    }

    private static SafeFileHandle Open(Parent parent)
    {
        if (!IsWindows)
        {
            return Checked(UnixCalls.OpenAt(parent.Handle!, parent.Name, UnixCalls.NonBlocking | UnixCalls.NoFollow), parent.Name);
        }
        if (Directory.Exists(parent.Full))
        {
            throw new NotAFileException(isFolder: true);
        }
        if (StatPortable(parent).Kind == FileEntryKind.Other)
        {
            throw new IOException($"{parent.Name} is a link, and Plue does not follow links here.");
        }

        return RegularFile.OpenHandle(parent.Full);
    }

    private static byte[]? Content(SafeFileHandle file, Parent parent, int maxBytes)
    {
        if (UnixCalls.StatusOf(file) is { } status)
        {
            if (!status.IsRegularFile)
            {
                throw new NotAFileException(status.IsFolder);
            }
        }
        else if (parent.Handle is { } folder)
        {
            using var asFolder = UnixCalls.OpenAt(folder, parent.Name, UnixCalls.Directory | UnixCalls.NoFollow);
            if (!asFolder.IsInvalid)
            {
                throw new NotAFileException(isFolder: true);
            }
        }

        return RegularFile.Read(file, maxBytes);
    }

    /// <summary>Replaces the file with a temporary file next to it.</summary>
    /// <param name="isNew">True to never replace a concurrently created file; on file systems without hard links there is a short race.</param>
    /// <param name="check">Called last, directly before the file is replaced.</param>
    private static void WriteAtomically(
        Parent parent,
        ReadOnlySpan<byte> content,
        uint mode,
        bool isNew,
        Action<SafeFileHandle> setAttributes,
        Action check
    )
    {
        var temporary = Temporary();
        var beside = Path.Combine(Path.GetDirectoryName(parent.Full)!, temporary);
        try
        {
            using (
                var file = IsWindows
                    ? RegularFile
                        .Open(beside, FileMode.CreateNew, FileAccess.Write, FileShare.Read, FileOptions.None, default)
                        .SafeFileHandle
                    : Checked(
                        UnixCalls.OpenAt(
                            parent.Handle!,
                            temporary,
                            UnixCalls.WriteOnly | UnixCalls.CreateNew | UnixCalls.NoFollow,
                            (int)mode
                        ),
                        parent.Name
                    )
            )
            {
                RandomAccess.Write(file, content, 0);
                setAttributes(file);
                DurableFile.Sync(file);
            }

            check();
            if (IsWindows)
            {
                File.Move(beside, parent.Full, overwrite: !isNew);
            }
            else
            {
                MoveIntoPlace(parent.Handle!, temporary, parent.Name, isNew);
            }
        }
        catch
        {
            Remove(parent, temporary);
            throw;
        }
    }

    private static void MoveIntoPlace(SafeFileHandle folder, string temporary, string name, bool isNew)
    {
        if (isNew && UnixCalls.linkat(folder, temporary, folder, name, 0) == 0)
        {
            _ = UnixCalls.unlinkat(folder, temporary, 0);
        }
        else if (isNew && Marshal.GetLastPInvokeError() == UnixCalls.AlreadyExists)
        {
            throw new FileChangedException();
        }
        else if (UnixCalls.renameat(folder, temporary, folder, name) != 0)
        {
            throw Error(name);
        }

        DurableFile.Sync(folder);
    }

    private static void Remove(Parent parent, string temporary)
    {
        if (IsWindows)
        {
            File.Delete(Path.Combine(Path.GetDirectoryName(parent.Full)!, temporary));
        }
        else
        {
            _ = UnixCalls.unlinkat(parent.Handle!, temporary, 0);
        }
    }

    private static string Temporary() => $".plue-{Guid.NewGuid():N}.tmp";

    /// <summary>Copies owner and mode of the old file; the owner stays if this user may not change it.</summary>
    private static void CopyAttributes(SafeFileHandle file, UnixCalls.FileStatus old)
    {
        var isOwned = UnixCalls.fchown(file, old.Owner, old.Group) == 0;
        // With another owner, the setuid and setgid bits would grant the rights of this user.
        _ = UnixCalls.fchmod(file, old.Mode & (isOwned ? Permissions : PlainPermissions));
    }

    /// <returns>The status of the existing file, if known.</returns>
    private static UnixCalls.FileStatus? Check(Parent parent, string? expected)
    {
        try
        {
            using var file = Open(parent);
            return expected is not null && HashOf(Content(file, parent, int.MaxValue)) == expected
                ? UnixCalls.StatusOf(file)
                : throw new FileChangedException();
        }
        catch (FileNotFoundException)
        {
            return expected is null ? null : throw new FileChangedException();
        }
        catch (IOException fault) when (fault.HResult == UnixCalls.TooManyLinks)
        {
            throw new FileChangedException();
        }
    }

    private static bool IsLink(SafeFileHandle folder, string name) => UnixCalls.readlinkat(folder, name, new byte[1], 1) >= 0;

    /// <returns>Null if it is not a link.</returns>
    private static byte[]? LinkOf(Parent parent)
    {
        var target = new byte[MaxLinkLength];
        var length = UnixCalls.readlinkat(parent.Handle!, parent.Name, target, target.Length);
        return length >= 0 ? target[..(int)length]
            : Marshal.GetLastPInvokeError() == InvalidArgument ? null
            : throw Error(parent.Name);
    }

    private static SafeFileHandle Checked(SafeFileHandle handle, string name) => handle.IsInvalid ? throw Error(name) : handle;

    private static IOException ThroughLink(IEnumerable<string> names) =>
        new($"{string.Join('/', names)} is now a link, and Plue does not follow links here.");

    private static Exception Error(string name)
    {
        var (error, message) = (Marshal.GetLastPInvokeError(), Marshal.GetLastPInvokeErrorMessage());
        return error switch
        {
            UnixCalls.NoEntry => new FileNotFoundException($"{name} is not there.", name),
            UnixCalls.NotPermitted or UnixCalls.AccessDenied => new UnauthorizedAccessException($"{name}: {message}."),
            NotThere or NoSocket => new NotAFileException(isFolder: false),
            _ when error == UnixCalls.TooManyLinks => new IOException($"{name} is now a link, and Plue does not follow links here.", error),
            _ => new IOException($"{name}: {message}.", error),
        };
    }
}
