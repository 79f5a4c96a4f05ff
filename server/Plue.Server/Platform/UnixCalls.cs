using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Plue.Server.Platform;

/// <summary>System calls for files relative to an open folder, which .NET does not provide.</summary>
internal static partial class UnixCalls
{
    public const int NoEntry = 2;
    public const int NotPermitted = 1;
    public const int AccessDenied = 13;
    public const int AlreadyExists = 17;
    public const int NotADirectory = 20;
    public const int IsFolder = 21;

    public const uint RegularFileType = 0x8000;
    public const uint FolderType = 0x4000;
    public const int SharedLock = 1;
    public const int ExclusiveLock = 2;

    private const uint TypeMask = 0xF000;
    private const uint LinkType = 0xA000;
    private const int NonBlockingLock = 4;
    private const int NoLock = 8;
    private const int Interrupted = 4;
    private const int BasicStat = 0x7FF;
    private const int EmptyPath = 0x1000;
    private const int NoFollowStat = 0x100;
    private const int MayExist = 0;
    private const int MayWrite = 2;

    public static readonly bool IsMac = OperatingSystem.IsMacOS();
    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    public static readonly int NonBlocking = IsMac ? 0x4 : 0x800;
    public static readonly int CloseOnExec = IsMac ? 0x1000000 : 0x80000;
    public static readonly int NoFollow =
        IsMac ? 0x100
        : IsArm ? 0x8000
        : 0x20000;
    public static readonly int Directory =
        IsMac ? 0x100000
        : IsArm ? 0x4000
        : 0x10000;
    public const int ReadOnly = 0;
    public const int WriteOnly = 1;
    public const int ReadWrite = 2;
    public static readonly int Create = IsMac ? 0x200 : 0x40;
    public static readonly int CreateNew = IsMac ? 0x200 | 0x800 : 0x40 | 0x80;
    private static readonly int NoTerminal = IsMac ? 0x20000 : 0x100;
    public static readonly int TooManyLinks = IsMac ? 62 : 40;
    private static readonly int WouldWait = IsMac ? 35 : 11;

    /// <summary>The status of a file, as reported by <c>stat</c>.</summary>
    /// <param name="Mode">Includes the file type bits, as in <c>stat</c>.</param>
    /// <param name="Changed">When its content or metadata last changed.</param>
    /// <param name="Stamp">Differs after each change.</param>
    public readonly record struct FileStatus(uint Mode, uint Owner, uint Group, long Size, DateTime Changed, string Stamp)
    {
        public bool IsRegularFile => (Mode & TypeMask) == RegularFileType;
        public bool IsFolder => (Mode & TypeMask) == FolderType;
        public bool IsLink => (Mode & TypeMask) == LinkType;
    }

    /// <returns>Null if unknown: only Linux reports it uniformly on all architectures.</returns>
    public static FileStatus? StatusOf(SafeFileHandle file) => Stat(file, "", EmptyPath);

    /// <returns>Null if unknown.</returns>
    public static uint? TypeOf(SafeFileHandle file)
    {
        if (!IsMac)
        {
            return StatusOf(file)?.Mode & TypeMask;
        }

        // struct stat starts with the device (4 bytes) and the mode (2).
        Span<byte> stat = stackalloc byte[256];
        return (IsArm ? fstat(file, stat) : fstat64(file, stat)) == 0 ? BitConverter.ToUInt16(stat[4..]) & TypeMask : null;
    }

    /// <returns>The owner and the permission bits; null if unknown.</returns>
    public static (uint Owner, uint Mode)? OwnerOf(SafeFileHandle file)
    {
        if (!IsMac)
        {
            return StatusOf(file) is { } status ? (status.Owner, status.Mode) : null;
        }

        // In struct stat the mode follows the device (4 bytes), and the owner follows links (2) and inode (8).
        Span<byte> stat = stackalloc byte[256];
        return (IsArm ? fstat(file, stat) : fstat64(file, stat)) == 0
            ? (BitConverter.ToUInt32(stat[16..]), BitConverter.ToUInt16(stat[4..]))
            : null;
    }

    /// <summary>Acquires an advisory lock. Does nothing on a file system without locks.</summary>
    /// <exception cref="IOException">Another process holds the lock; see <see cref="FileLock.IsHeldElsewhere"/>.</exception>
    public static void Lock(SafeFileHandle file, int kind)
    {
        while (flock(file, kind | NonBlockingLock) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error == Interrupted)
            {
                continue;
            }
            if (error == WouldWait)
            {
                throw new IOException("Another process has locked the file.", error);
            }

            return;
        }
    }

    public static void Unlock(SafeFileHandle file) => _ = flock(file, NoLock);

    /// <summary>Gets the status of a name in a folder; for a link, of the link itself.</summary>
    /// <returns>Null if unknown; see the last error.</returns>
    public static FileStatus? StatusOf(SafeFileHandle folder, string name) => Stat(folder, name, NoFollowStat);

    private static unsafe FileStatus? Stat(SafeFileHandle at, string name, int flags)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        // struct statx is the same on all architectures.
        var raw = stackalloc byte[256];
        if (syscall(IsArm ? 291 : 332, at, name, flags, BasicStat, raw) != 0)
        {
            return null;
        }

        var stat = new ReadOnlySpan<byte>(raw, 256);
        var (inode, size) = (BitConverter.ToUInt64(stat[32..]), BitConverter.ToInt64(stat[40..]));
        var (changed, changedPart) = (BitConverter.ToInt64(stat[96..]), BitConverter.ToUInt32(stat[104..]));
        var (modified, modifiedPart) = (BitConverter.ToInt64(stat[112..]), BitConverter.ToUInt32(stat[120..]));
        return new FileStatus(
            BitConverter.ToUInt16(stat[28..]),
            BitConverter.ToUInt32(stat[20..]),
            BitConverter.ToUInt32(stat[24..]),
            size,
            DateTime.UnixEpoch.AddSeconds(changed).AddTicks(changedPart / 100),
            $"{inode:x}.{size:x}.{changed:x}.{changedPart:x}.{modified:x}.{modifiedPart:x}"
        );
    }

    /// <param name="mode">The mode of a new file.</param>
    public static SafeFileHandle OpenAt(SafeFileHandle folder, string name, int flags, int mode = 0) =>
        // The mode is a variadic argument: on Apple silicon those are on the stack, after the eight registers; elsewhere it is the fourth.
        openat(folder, name, flags | CloseOnExec, mode, 0, 0, 0, 0, mode);

    /// <param name="newFile">The permissions of a new file.</param>
    public static SafeFileHandle Open(string path, int flags, UnixFileMode newFile)
    {
        var mode = (nint)(int)newFile;
        while (true)
        {
            var handle = open(path, flags | CloseOnExec | NoTerminal, mode, 0, 0, 0, 0, 0, mode);
            if (!handle.IsInvalid || Marshal.GetLastPInvokeError() != Interrupted)
            {
                return handle;
            }

            handle.Dispose();
        }
    }

    public static SafeFileHandle OpenFolder(string path) => open(path, Directory | CloseOnExec);

    /// <summary>True if this user may write to the path, according to permissions and mount options. Writes nothing.</summary>
    public static bool IsWritable(string path) => OperatingSystem.IsWindows() || access(path, MayWrite) == 0;

    /// <summary>True if the system knows that the path, or the target of its link, does not exist.</summary>
    public static bool IsMissing(string path) => access(path, MayExist) != 0 && Marshal.GetLastPInvokeError() is NoEntry or NotADirectory;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int access(string path, int mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);

    // The mode is passed like a variadic argument: see OpenAt.
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(
        string path,
        int flags,
        nint mode,
        nint unused1,
        nint unused2,
        nint unused3,
        nint unused4,
        nint unused5,
        nint modeOnStack
    );

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(SafeFileHandle file, int operation);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fstat(SafeFileHandle file, Span<byte> result);

    [LibraryImport("libc", EntryPoint = "fstat$INODE64", SetLastError = true)]
    private static partial int fstat64(SafeFileHandle file, Span<byte> result);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle openat(
        SafeFileHandle folder,
        string path,
        int flags,
        nint mode,
        nint unused1,
        nint unused2,
        nint unused3,
        nint unused4,
        nint modeOnStack
    );

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int mkdirat(SafeFileHandle folder, string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int renameat(SafeFileHandle folder, string from, SafeFileHandle toFolder, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int linkat(SafeFileHandle folder, string from, SafeFileHandle toFolder, string to, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int unlinkat(SafeFileHandle folder, string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int symlinkat(string target, SafeFileHandle folder, string name);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint readlinkat(SafeFileHandle folder, string name, byte[] target, nint size);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchmod(SafeFileHandle file, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchown(SafeFileHandle file, uint owner, uint group);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint syscall(nint number, nint a, nint b, nint c, nint d, nint e, nint f);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial nint syscall(nint number, SafeFileHandle folder, string name, nint flags, nint mask, byte* result);
}
