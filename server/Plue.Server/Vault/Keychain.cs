using System.Security.Cryptography;
using Plue.Server.Messages;

namespace Plue.Server.Vault;

/// <summary>The credential store of the operating system for the signed-in user.</summary>
public interface IKeychain
{
    /// <summary>Writes, reads back and deletes a test value within three seconds.</summary>
    Task<bool> IsAvailableAsync(CancellationToken cancellationToken);

    /// <returns>Null if there is no such item.</returns>
    /// <exception cref="FailureException">VaultLocked: the keychain does not respond.</exception>
    Task<byte[]?> ReadAsync(string account, CancellationToken cancellationToken);

    /// <exception cref="FailureException">VaultLocked: the keychain does not respond.</exception>
    Task WriteAsync(string account, byte[] key, CancellationToken cancellationToken);

    Task DeleteAsync(string account, CancellationToken cancellationToken);
}

internal static class Keychain
{
    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(3);

    /// <summary>Checks only whether a program is installed; <see cref="IKeychain.IsAvailableAsync"/> checks whether it works.</summary>
    /// <param name="vaultPath">On Windows, the protected key is stored beside this file.</param>
    public static IKeychain ForThisMachine(string vaultPath)
    {
        if (OperatingSystem.IsWindows())
        {
            return new WindowsKeychain(vaultPath + ".dpapi");
        }

        if (OperatingSystem.IsMacOS())
        {
            return new MacKeychain("/usr/bin/security");
        }

        // Only absolute paths: a program of that name in the workspace must never see the key.
        string[] places = ["/usr/bin/secret-tool", "/usr/local/bin/secret-tool", "/run/current-system/sw/bin/secret-tool"];
        return places.FirstOrDefault(File.Exists) is { } program
            ? new LinuxKeychain(program)
            : new NoKeychain("secret-tool (package libsecret-tools) is not installed");
    }

    internal static async Task<bool> RoundTripAsync(IKeychain keychain, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ProbeLimit);
        var account = "probe-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        var value = RandomNumberGenerator.GetBytes(32);
        try
        {
            await keychain.WriteAsync(account, value, limit.Token).ConfigureAwait(false);
            var read = await keychain.ReadAsync(account, limit.Token).ConfigureAwait(false);
            await keychain.DeleteAsync(account, limit.Token).ConfigureAwait(false);
            return read is not null && read.AsSpan().SequenceEqual(value);
        }
        catch (Exception exception)
            when (exception is FailureException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    internal static FailureException Unavailable(string why, Exception? inner = null) =>
        new(FailureKind.VaultLocked, $"The keychain of this machine cannot be used: {why}. Use a passphrase instead.", inner);
}

internal sealed class NoKeychain(string why) : IKeychain
{
    public Task<bool> IsAvailableAsync(CancellationToken cancellationToken) => Task.FromResult(false);

    public Task<byte[]?> ReadAsync(string account, CancellationToken cancellationToken) => throw Keychain.Unavailable(why);

    public Task WriteAsync(string account, byte[] key, CancellationToken cancellationToken) => throw Keychain.Unavailable(why);

    public Task DeleteAsync(string account, CancellationToken cancellationToken) => throw Keychain.Unavailable(why);
}
