using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Plue.Server.Platform;

namespace Plue.Server.Permissions;

/// <summary>
/// Applies kernel rules to this thread and the program that it executes: writable folders, readable folders, and no sockets. .NET cannot run code between fork
/// and exec, so Plue starts itself, applies the rules, and executes the command.
/// </summary>
internal static partial class Landlock
{
    /// <summary>The first version that restricts truncation. Older versions are not sufficient for a sandbox.</summary>
    private const int WithTruncation = 3;
    private const int WithTcp = 4;

    /// <summary>The first version that restricts signals to other processes.</summary>
    internal const int WithSignals = 6;

    private const long CreateRuleset = 444;
    private const long AddRule = 445;
    private const long RestrictSelf = 446;

    private const ulong Execute = 1 << 0;
    private const ulong WriteFile = 1 << 1;
    private const ulong ReadFile = 1 << 2;
    private const ulong ReadFolder = 1 << 3;
    private const ulong Truncate = 1 << 14;
    private const ulong All = (1 << 15) - 1;
    private const ulong Read = Execute | ReadFile | ReadFolder;
    private const ulong OfFiles = Execute | WriteFile | ReadFile | Truncate;
    private static readonly string[] WritableDevices = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"];

    /// <summary>Gets the Landlock version of the kernel; 0 if not supported.</summary>
    public static int Version { get; } =
        OperatingSystem.IsLinux() ? Math.Max(0, (int)UnixCalls.syscall((nint)CreateRuleset, 0, 0, 1, 0, 0, 0)) : 0;

    public static bool IsSupported => Version >= WithTruncation;

    /// <summary>Executes the command in place of this process. Returns only by exception.</summary>
    /// <param name="writable">Real paths of folders.</param>
    /// <param name="hidden">Real paths.</param>
    /// <param name="readable">Real paths of readable folders inside of hidden ones.</param>
    /// <param name="program">The absolute path.</param>
    /// <exception cref="IOException">A rule could not be applied, or the program could not be started. Nothing ran.</exception>
    public static void Exec(
        IReadOnlyList<string> writable,
        IReadOnlyList<string> hidden,
        IReadOnlyList<string> readable,
        bool allowNetwork,
        string program,
        IReadOnlyList<string> arguments
    )
    {
        if (!IsSupported)
        {
            throw new IOException("This kernel does not support Landlock, or its version is too old.");
        }

        var rules = Ruleset(allowNetwork);
        foreach (var folder in writable)
        {
            Allow(rules, folder, hidden, All);
        }
        foreach (var device in WritableDevices)
        {
            Add(rules, device, WriteFile | ReadFile);
        }

        Allow(rules, "/", hidden, Read);
        foreach (var folder in readable)
        {
            Add(rules, folder, Read);
        }

        DropCapabilities();
        Check(prctl(38, 1, 0, 0, 0), "no new privileges"); // PR_SET_NO_NEW_PRIVS
        Check(UnixCalls.syscall((nint)RestrictSelf, rules.DangerousGetHandle(), 0, 0, 0, 0, 0), "its rules");
        Sockets(allowNetwork);
        Run(program, arguments);
    }

    private static unsafe SafeFileHandle Ruleset(bool allowNetwork)
    {
        var attributes = stackalloc ulong[3];
        attributes[0] = All;
        attributes[1] = Version >= WithTcp && !allowNetwork ? 3UL : 0; // Neither bind nor connect.
        attributes[2] = Version >= WithSignals ? 3UL : 0; // Neither abstract sockets nor signals to other processes.
        var size =
            Version >= WithSignals ? 24
            : Version >= WithTcp ? 16
            : 8;
        var handle = UnixCalls.syscall((nint)CreateRuleset, (nint)attributes, size, 0, 0, 0, 0);
        Check(handle, "its rules");
        return new SafeFileHandle(handle, ownsHandle: true);
    }

    /// <summary>
    /// Allows access to a folder. A rule applies to everything in a folder and cannot be revoked, so siblings of a hidden path are allowed one by one.
    /// </summary>
    private static void Allow(SafeFileHandle rules, string path, IReadOnlyList<string> hidden, ulong access)
    {
        if (hidden.Contains(path, StringComparer.Ordinal))
        {
            return;
        }

        var start = path.TrimEnd('/') + "/";
        if (!hidden.Any(place => place.StartsWith(start, StringComparison.Ordinal)))
        {
            Add(rules, path, access);
            return;
        }

        IReadOnlyList<string> entries;
        try
        {
            entries = Directory.GetFileSystemEntries(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return;
        }

        foreach (var entry in entries)
        {
            Allow(rules, entry, hidden, access);
        }
    }

    private static unsafe void Add(SafeFileHandle rules, string path, ulong access)
    {
        const int PathOnly = 0x200000;
        using var place = open(path, PathOnly | UnixCalls.NoFollow | UnixCalls.CloseOnExec);
        // Deleted files need no rule, and neither do links: their targets have their own.
        if (place.IsInvalid || UnixCalls.StatusOf(place) is not { } status || status.IsLink)
        {
            return;
        }

        var attributes = stackalloc byte[12];
        *(ulong*)attributes = status.IsFolder ? access : access & OfFiles;
        *(int*)(attributes + 8) = (int)place.DangerousGetHandle();
        Check(UnixCalls.syscall((nint)AddRule, rules.DangerousGetHandle(), 1, (nint)attributes, 0, 0, 0), path);
    }

    /// <summary>Drops root's capabilities, also from the bounding set, because exec would restore them.</summary>
    private static unsafe void DropCapabilities()
    {
        for (var capability = 0; capability < 64; capability++)
        {
            _ = prctl(24, capability, 0, 0, 0);
        } // PR_CAPBSET_DROP; other users have none to drop.

        var header = stackalloc uint[2] { 0x20080522, 0 }; // _LINUX_CAPABILITY_VERSION_3, this thread
        var none = stackalloc uint[6];
        new Span<uint>(none, 6).Clear();
        Check(
            UnixCalls.syscall(
                RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 91 : 126,
                (nint)header,
                (nint)none,
                0,
                0,
                0,
                0
            ),
            "fewer powers"
        );
    }

    /// <summary>Landlock restricts neither UDP nor Unix sockets, so a seccomp filter refuses to create sockets.</summary>
    private static unsafe void Sockets(bool allowNetwork)
    {
        var isArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
        const uint Allowed = 0x7FFF0000;
        const uint Refused = 0x00050000 | UnixCalls.AccessDenied;
        const uint Killed = 0x80000000;
        const uint IoUring = 425;
        const uint UnixFamily = 1;
        const ushort Load = 0x20;
        const ushort Equal = 0x15;
        const ushort AtLeast = 0x35;
        const ushort Return = 0x06;
        // code, offset if true, offset if false, value
        ReadOnlySpan<(ushort Code, byte True, byte False, uint Value)> steps =
        [
            (Load, 0, 0, 4), // the architecture
            (Equal, 1, 0, isArm ? 0xC00000B7 : 0xC000003E),
            (Return, 0, 0, Killed),
            (Load, 0, 0, 0), // the system call number
            (AtLeast, 5, 0, 0x40000000), // x32 has different numbers
            (Equal, 4, 0, IoUring), // can create sockets, too
            (Equal, 0, 2, isArm ? 198u : 41u), // socket
            (Load, 0, 0, 16), // its family
            (Equal, 1, allowNetwork ? (byte)0 : (byte)1, UnixFamily),
            (Return, 0, 0, Allowed),
            (Return, 0, 0, Refused),
        ];
        var code = stackalloc byte[steps.Length * 8];
        for (var i = 0; i < steps.Length; i++)
        {
            *(ushort*)(code + (8 * i)) = steps[i].Code;
            code[(8 * i) + 2] = steps[i].True;
            code[(8 * i) + 3] = steps[i].False;
            *(uint*)(code + (8 * i) + 4) = steps[i].Value;
        }

        var program = stackalloc nint[2] { steps.Length, (nint)code };
        Check(prctl(22, 2, (nint)program, 0, 0), "no sockets"); // PR_SET_SECCOMP, SECCOMP_MODE_FILTER
    }

    private static unsafe void Run(string program, IReadOnlyList<string> arguments)
    {
        // The .NET runtime ignores SIGPIPE, and the command would inherit that.
        const int BrokenPipe = 13;
        _ = signal(BrokenPipe, 0);
        var list = Texts([program, .. arguments]);
        var environment = Texts([
            .. Environment
                .GetEnvironmentVariables()
                .Cast<System.Collections.DictionaryEntry>()
                .Select(entry => $"{entry.Key}={entry.Value}"),
        ]);
        fixed (
            nint* first = list,
                firstOfEnvironment = environment
        )
        {
            _ = execve(program, (nint)first, (nint)firstOfEnvironment);
        }

        throw new IOException($"{program} could not be started ({Marshal.GetLastPInvokeErrorMessage()}).");
    }

    /// <summary>Allocates native strings, which are not freed because the process is replaced.</summary>
    private static nint[] Texts(IReadOnlyList<string> texts) => [.. texts.Select(Marshal.StringToCoTaskMemUTF8), 0];

    private static void Check(nint result, string what)
    {
        if (result < 0)
        {
            throw new IOException($"The sandbox could not be set up: {what} ({Marshal.GetLastPInvokeErrorMessage()}).");
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nint a, nint b, nint c, nint d);

    [LibraryImport("libc")]
    private static partial nint signal(int number, nint handler);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int execve(string program, nint arguments, nint environment);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);
}
