using System.Runtime.InteropServices;
using System.Text;
using Plue.Server.Platform;

namespace Plue.Server.Vault;

/// <summary>Windows encrypts the key for the signed-in user (DPAPI); the encrypted bytes are stored in a file beside the vault.</summary>
internal sealed unsafe partial class WindowsKeychain(string path) : IKeychain
{
    private const uint NoPrompt = 1;

    public Task<bool> IsAvailableAsync(CancellationToken cancellationToken) => Keychain.RoundTripAsync(this, cancellationToken);

    public Task<byte[]?> ReadAsync(string account, CancellationToken cancellationToken) =>
        Task.FromResult(File.Exists(PathOf(account)) ? Transform(RegularFile.Read(PathOf(account)), account, isProtect: false) : null);

    public Task WriteAsync(string account, byte[] key, CancellationToken cancellationToken)
    {
        DurableFile.Replace(
            PathOf(account),
            Transform(key, account, isProtect: true) ?? throw Keychain.Unavailable("Windows could not encrypt the key")
        );
        return Task.CompletedTask;
    }

    public Task DeleteAsync(string account, CancellationToken cancellationToken)
    {
        File.Delete(PathOf(account));
        return Task.CompletedTask;
    }

    private string PathOf(string account) => $"{path}.{account}";

    private static byte[]? Transform(byte[] input, string account, bool isProtect)
    {
        fixed (
            byte* bytes = input,
                entropy = Encoding.UTF8.GetBytes($"plue {account}")
        )
        {
            var source = new Blob { Length = input.Length, Bytes = bytes };
            var extra = new Blob { Length = Encoding.UTF8.GetByteCount($"plue {account}"), Bytes = entropy };
            var isDone = isProtect
                ? CryptProtectData(&source, null, &extra, null, null, NoPrompt, out var result)
                : CryptUnprotectData(&source, null, &extra, null, null, NoPrompt, out result);
            if (isDone == 0)
            {
                return null;
            }

            var output = new Span<byte>(result.Bytes, result.Length);
            var copy = output.ToArray();
            output.Clear();
            NativeMemoryFree((nint)result.Bytes);
            return copy;
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Blob
    {
        public int Length;
        public byte* Bytes;
    }

    [LibraryImport("crypt32.dll")]
    private static partial int CryptProtectData(
        Blob* source,
        char* description,
        Blob* entropy,
        void* reserved,
        void* prompt,
        uint flags,
        out Blob result
    );

    [LibraryImport("crypt32.dll")]
    private static partial int CryptUnprotectData(
        Blob* source,
        char** description,
        Blob* entropy,
        void* reserved,
        void* prompt,
        uint flags,
        out Blob result
    );

    [LibraryImport("kernel32.dll", EntryPoint = "LocalFree")]
    private static partial nint NativeMemoryFree(nint memory);
}
