using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Plue.Server.Platform;

/// <summary>What the kernel offers for files that are reached from an open folder, and .NET does not.</summary>
internal static partial class UnixCalls
{
    public const int NoEntry = 2;
    public const int NotPermitted = 1;
    public const int Denied = 13;
    public const int AlreadyThere = 17;
    public const int NoFolder = 20;
    public const int IsFolder = 21;

    public static readonly bool IsMac = OperatingSystem.IsMacOS();
    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    public static readonly int NonBlocking = IsMac ? 0x4 : 0x800;
    public static readonly int CloseOnExec = IsMac ? 0x1000000 : 0x80000;
    public static readonly int NoFollow = IsMac ? 0x100 : IsArm ? 0x8000 : 0x20000;
    public static readonly int Directory = IsMac ? 0x100000 : IsArm ? 0x4000 : 0x10000;
    public static readonly int WriteOnly = 1;
    public static readonly int CreateNew = IsMac ? 0x200 | 0x800 : 0x40 | 0x80;
    public static readonly int TooManyLinks = IsMac ? 62 : 40;

    /// <summary>What a file is.</summary>
    /// <param name="Mode">With its kind, as <c>stat</c> has it.</param>
    public readonly record struct Facts(uint Mode, uint Owner, uint Group)
    {
        private const uint KindMask = 0xF000;
        public bool IsOrdinary => (Mode & KindMask) == 0x8000;
        public bool IsFolder => (Mode & KindMask) == 0x4000;
        public bool IsLink => (Mode & KindMask) == 0xA000;
    }

    /// <returns>Null where it cannot be told: only Linux says it in one way on every machine.</returns>
    public static unsafe Facts? FactsOf(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux()) { return null; }

        // struct statx is the same everywhere: user at 20, group at 24, mode at 28.
        var facts = stackalloc byte[256];
        const int Basic = 0x7FF;
        const int EmptyPath = 0x1000;
        byte nothing = 0;
        var added = false;
        file.DangerousAddRef(ref added);
        try
        {
            return syscall(IsArm ? 291 : 332, file.DangerousGetHandle(), (nint)(&nothing), EmptyPath, Basic, (nint)facts, 0) == 0
                ? new Facts(*(ushort*)(facts + 28), *(uint*)(facts + 20), *(uint*)(facts + 24))
                : null;
        }
        finally { file.DangerousRelease(); }
    }

    /// <param name="mode">Of a new file.</param>
    public static SafeFileHandle OpenAt(SafeFileHandle folder, string name, int flags, int mode = 0) =>
        // The mode is a variadic argument: on Apple's processors those are on the stack, behind the eight registers; elsewhere it is the fourth.
        openat(folder, name, flags | CloseOnExec, mode, 0, 0, 0, 0, mode);

    public static SafeFileHandle OpenFolder(string path) => open(path, Directory | CloseOnExec);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle openat(SafeFileHandle folder, string path, int flags, nint mode, nint unused1, nint unused2, nint unused3, nint unused4, nint modeOnStack);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int mkdirat(SafeFileHandle folder, string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int renameat(SafeFileHandle folder, string from, SafeFileHandle toFolder, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int linkat(SafeFileHandle folder, string from, SafeFileHandle toFolder, string to, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int unlinkat(SafeFileHandle folder, string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchmod(SafeFileHandle file, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchown(SafeFileHandle file, uint owner, uint group);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint syscall(nint number, nint a, nint b, nint c, nint d, nint e, nint f);
}
