using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Vault;

/// <summary>
/// Remembers the newest generation of a vault on this machine, to detect an older copy of the file. It is stored in the keychain if that unlocks
/// the vault, and in a file beside the vault, which does not help if both files are restored together.
/// </summary>
internal sealed class VaultGenerations(string vaultPath, IKeychain keychain)
{
    private const int MaxBytes = 1024;
    private static readonly TimeSpan KeychainTimeout = TimeSpan.FromSeconds(5);

    private string FilePath => vaultPath + ".generation";

    /// <returns>0 if none is known.</returns>
    public async Task<long> ReadAsync(StoredVault vault, CancellationToken cancellationToken) =>
        Math.Max(ReadFile(vault), IsOpenedByKeychain(vault) ? await ReadKeychainAsync(vault, cancellationToken).ConfigureAwait(false) : 0);

    /// <summary>Records this generation as the newest, even if it is older.</summary>
    public async Task WriteAsync(StoredVault vault, CancellationToken cancellationToken)
    {
        try
        {
            DurableFile.Replace(
                FilePath,
                Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{vault.Id} {vault.Generation ?? 0}\n"))
            );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The vault itself is valid; an older copy may go unnoticed.
        }

        if (!IsOpenedByKeychain(vault))
        {
            return;
        }

        var item = new byte[VaultCrypto.KeySize];
        BinaryPrimitives.WriteInt64BigEndian(item, vault.Generation ?? 0);
        await TryKeychainAsync(
                async token =>
                {
                    await keychain.WriteAsync(AccountOf(vault), item, token).ConfigureAwait(false);
                    return 0;
                },
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    private Task<long> ReadKeychainAsync(StoredVault vault, CancellationToken cancellationToken) =>
        TryKeychainAsync(
            async token =>
                await keychain.ReadAsync(AccountOf(vault), token).ConfigureAwait(false) is { Length: VaultCrypto.KeySize } item
                    ? BinaryPrimitives.ReadInt64BigEndian(item)
                    : 0,
            cancellationToken
        );

    private long ReadFile(StoredVault vault)
    {
        try
        {
            var words = RegularFile.Read(FilePath, MaxBytes) is { } content ? Encoding.ASCII.GetString(content).Split(' ') : [];
            return
                words.Length == 2
                && words[0] == vault.Id
                && long.TryParse(words[1].TrimEnd('\n'), NumberStyles.None, CultureInfo.InvariantCulture, out var generation)
                ? generation
                : 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>A keychain that does not respond must not make the vault inaccessible.</summary>
    private static async Task<long> TryKeychainAsync(Func<CancellationToken, Task<long>> call, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(KeychainTimeout);
        try
        {
            return await call(limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
            when (exception is FailureException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return 0;
        }
    }

    private static string AccountOf(StoredVault vault) => vault.Id + ".generation";

    private static bool IsOpenedByKeychain(StoredVault vault) => vault.Ways.Any(method => method.Kind == UnlockMethod.KeychainKind);
}
