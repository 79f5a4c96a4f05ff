using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Plue.Server.Platform;

/// <summary>
/// Bytes of a secret on dedicated memory pages: the garbage collector never copies them, the system keeps them out of swap and crash dumps where
/// a user may request it, and disposing zeroes them.
/// </summary>
internal sealed unsafe partial class SecretBytes : IDisposable
{
    private const int KeepOutOfDumps = 16;
    private const int AllowInDumps = 17;

    private readonly nuint size;
    private byte* pages;

    public SecretBytes(int length)
    {
        var page = (nuint)Environment.SystemPageSize;
        size = (((nuint)Math.Max(1, length) + page - 1) / page) * page;
        pages = (byte*)NativeMemory.AlignedAlloc(size, page);
        Length = length;
        IsLocked = OperatingSystem.IsWindows() ? VirtualLock(pages, size) != 0 : mlock(pages, size) == 0;
        if (OperatingSystem.IsLinux())
        {
            _ = madvise(pages, size, KeepOutOfDumps);
        }

        Span.Clear();
    }

    public int Length { get; }

    /// <summary>False if the limit of locked memory is reached; all other guarantees still apply.</summary>
    public bool IsLocked { get; }

    public Span<byte> Span => pages == null ? throw new ObjectDisposedException(nameof(SecretBytes)) : new Span<byte>(pages, Length);

    public static SecretBytes CopyOf(ReadOnlySpan<byte> source)
    {
        var copy = new SecretBytes(source.Length);
        source.CopyTo(copy.Span);
        return copy;
    }

    public void Dispose()
    {
        if (pages == null)
        {
            return;
        }

        CryptographicOperations.ZeroMemory(Span);
        if (OperatingSystem.IsLinux())
        {
            _ = madvise(pages, size, AllowInDumps);
        }
        if (IsLocked)
        {
            _ = OperatingSystem.IsWindows() ? VirtualUnlock(pages, size) : munlock(pages, size);
        }

        NativeMemory.AlignedFree(pages);
        pages = null;
    }

    [LibraryImport("libc")]
    private static partial int mlock(void* start, nuint length);

    [LibraryImport("libc")]
    private static partial int munlock(void* start, nuint length);

    [LibraryImport("libc")]
    private static partial int madvise(void* start, nuint length, int advice);

    [LibraryImport("kernel32.dll")]
    private static partial int VirtualLock(void* start, nuint length);

    [LibraryImport("kernel32.dll")]
    private static partial int VirtualUnlock(void* start, nuint length);
}
