using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Vault;

// Keeps the file and memory consistent. All methods here run inside the lock.
public sealed partial class Vault
{
    private async ValueTask<Scope> EnterAsync(CancellationToken cancellationToken)
    {
        await semaphore.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new Scope(semaphore);
    }

    private async Task ChangeAsync(Func<StoredVault, SecretBytes, ValueTask<StoredVault>> change, CancellationToken cancellationToken)
    {
        using var turn = await EnterAsync(cancellationToken).ConfigureAwait(false);
        LoadUnlocked();
        using var lockFile = await LockFileAsync(cancellationToken).ConfigureAwait(false);
        var (vault, key) = LoadUnlocked();
        var changed = await change(vault, key).ConfigureAwait(false);
        await SaveAsync(changed with { Entries = [.. changed.Entries.Select(entry => entry with { LastUsed = LastUsed(entry) })] }, key)
            .ConfigureAwait(false);
        used.Clear();
    }

    // The kernel releases this lock when its holder exits, so it is never stale. The file is kept: deleting it would allow two holders.
    private async Task<FileStream> LockFileAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                DurableFile.CreatePrivateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
                return DurableFile.OpenPrivate(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException exception) when (FileLock.IsHeldElsewhere(exception))
            {
                if (time.GetElapsedTime(started) > LockTimeout)
                {
                    throw new FailureException(
                        FailureKind.Conflict,
                        "Another Plue process is using the vault. Try again, or close the other process.",
                        exception
                    );
                }

                await Task.Delay(TimeSpan.FromMilliseconds(10), cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw NotSaved(exception);
            }
        }
    }

    private (StoredVault Vault, SecretBytes Key) LoadUnlocked()
    {
        if (dataKey is null && !VaultFile.Exists(path))
        {
            VaultFile.ReadBytes(path);
        }

        var vault = dataKey is null ? null : Load();
        return vault is not null && dataKey is { } key
            ? (vault, key)
            : throw new FailureException(FailureKind.VaultLocked, "The vault is locked. Unlock it to use the keys in it.");
    }

    // The small file is read completely each time: modification times are too coarse to distinguish two quick writes.
    private StoredVault Load()
    {
        var bytes = VaultFile.ReadBytes(path);
        if (known is not null && bytes.AsSpan().SequenceEqual(knownBytes))
        {
            return known;
        }

        var vault = VaultFile.Parse(bytes);
        if (known is not null && vault.Id != known.Id)
        {
            Forget();
            return vault;
        }

        if (!VaultFile.IsSealedBy(vault, dataKey!.Span))
        {
            throw VaultFile.Damaged("its seal does not match its content");
        }
        if (known?.Generation > vault.Generation.GetValueOrDefault())
        {
            var newest = known.Generation.Value;
            Forget();
            throw Older(vault.Generation.GetValueOrDefault(), newest);
        }

        Accept(vault, bytes, dataKey!);
        return vault;
    }

    private async Task SaveAsync(StoredVault vault, SecretBytes key)
    {
        var sealedVault = VaultFile.Sealed(VaultFile.Next(vault), key.Span);
        var bytes = VaultFile.Serialize(sealedVault);
        if (bytes.Length > VaultFile.MaximumSize)
        {
            throw new FailureException(FailureKind.BadRequest, "The vault is full. Delete an unused key, then try again.");
        }

        try
        {
            DurableFile.Replace(path, bytes);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw NotSaved(exception);
        }

        Accept(sealedVault, bytes, key);
        // The change is saved: a cancellation now must not skip the generation.
        await generations.WriteAsync(sealedVault, CancellationToken.None).ConfigureAwait(false);
    }

    private void Accept(StoredVault vault, byte[] bytes, SecretBytes key)
    {
        if (dataKey != key)
        {
            dataKey?.Dispose();
        }

        (known, knownBytes, dataKey) = (vault, bytes, key);
        foreach (var entry in vault.Entries)
        {
            redactor.Register(Reveal(vault, entry, key));
        }
    }

    private void Forget()
    {
        dataKey?.Dispose();
        (known, knownBytes, dataKey) = (null, [], null);
        used.Clear();
    }

    private async Task<StoredUnlockMethod> WrapAsync(
        StoredVault vault,
        UnlockMethod method,
        SecretBytes key,
        CancellationToken cancellationToken
    )
    {
        var stored = method.ToStored();
        if (method.Kind == UnlockMethod.KeychainKind)
        {
            await NewKeychainKeyAsync(vault.Id, cancellationToken).ConfigureAwait(false);
        }

        using var methodKey = await MethodKeyAsync(vault, method, stored, cancellationToken).ConfigureAwait(false);
        return VaultFile.Wrap(vault, stored, methodKey.Span, key.Span);
    }

    private async Task<SecretBytes> MethodKeyAsync(
        StoredVault vault,
        UnlockMethod method,
        StoredUnlockMethod stored,
        CancellationToken cancellationToken
    ) =>
        method.Kind switch
        {
            UnlockMethod.PassphraseKind => await Task.Run(
                    () => VaultCrypto.KeyFromPassphrase(method.Text!, Convert.FromBase64String(stored.Salt!), stored.Rounds!.Value),
                    cancellationToken
                )
                .ConfigureAwait(false),
            UnlockMethod.KeychainKind => await keychain.ReadAsync(vault.Id, cancellationToken).ConfigureAwait(false)
                is { Length: VaultCrypto.KeySize } key
                ? Taken(key)
                : throw new FailureException(
                    FailureKind.VaultLocked,
                    "The keychain of this machine does not contain the vault's key. Unlock the vault with its passphrase or from the editor."
                ),
            _ => SecretBytes.CopyOf(method.Key),
        };

    // An existing item unlocks another copy of this vault, so it is reused and not replaced.
    private async Task NewKeychainKeyAsync(string account, CancellationToken cancellationToken)
    {
        if (await keychain.ReadAsync(account, cancellationToken).ConfigureAwait(false) is not null)
        {
            return;
        }

        var key = RandomNumberGenerator.GetBytes(VaultCrypto.KeySize);
        await keychain.WriteAsync(account, key, cancellationToken).ConfigureAwait(false);
        CryptographicOperations.ZeroMemory(key);
    }

    private static SecretBytes Taken(byte[] key)
    {
        var taken = SecretBytes.CopyOf(key);
        CryptographicOperations.ZeroMemory(key);
        return taken;
    }

    private void Remember(UnlockMethod method)
    {
        if (method.Text is { } passphrase)
        {
            redactor.Register(passphrase);
        }

        if (method.Key is { } key)
        {
            redactor.Register(Convert.ToBase64String(key));
        }
    }

    private DateTimeOffset? LastUsed(StoredEntry entry) => used.TryGetValue(entry.Reference, out var at) ? at : entry.LastUsed;

    private void MarkUsed(StoredEntry entry)
    {
        var now = time.GetUtcNow();
        var isRecent = LastUsed(entry) is { } last && now - last < LastUsedPrecision;
        used[entry.Reference] = now;
        if (!isRecent && savingLastUsed.IsCompleted)
        {
            savingLastUsed = Task.Run(WriteLastUsedAsync);
        }
    }

    private async Task SaveLastUsedAsync()
    {
        await savingLastUsed.ConfigureAwait(false);
        await WriteLastUsedAsync().ConfigureAwait(false);
    }

    private async Task WriteLastUsedAsync()
    {
        try
        {
            if (used.Count > 0)
            {
                await ChangeAsync((vault, _) => ValueTask.FromResult(vault), CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (FailureException)
        {
            // A failure to save the last use is ignored: it stays in memory until the next save.
        }
    }

    private static string[] Bound(IEnumerable<string> origins)
    {
        string[] bound = [.. origins.Select(url => Origin.Parse(url).ToString()).Distinct()];
        return bound.Length > 0
            ? bound
            : throw new FailureException(FailureKind.MissingField, "The key has no allowed origin. Enter at least one address.");
    }

    private void Accept(string secret)
    {
        if (secret.Length is 0 or > MaximumSecret)
        {
            throw new FailureException(FailureKind.BadRequest, $"A key must have 1 to {MaximumSecret} characters. Check the pasted text.");
        }

        redactor.Register(secret);
    }

    /// <summary>
    /// Returns the vault with the entry stored as <paramref name="reference"/> replaced; the secret is encrypted again for its name and origins.
    /// </summary>
    private StoredVault With(StoredVault vault, SecretBytes key, string reference, StoredEntry entry, string secret)
    {
        using var plain = VaultCrypto.BytesOf(secret);
        var sealedEntry = VaultFile.Encrypt(vault, entry, key.Span, plain.Span);
        used.Remove(reference);
        return vault with { Entries = [.. vault.Entries.Where(other => other.Reference != reference), sealedEntry] };
    }

    private static StoredEntry Find(StoredVault vault, string reference) =>
        vault.Entries.FirstOrDefault(entry => entry.Reference == reference)
        ?? throw new FailureException(
            FailureKind.NotFound,
            ReferenceForm().IsMatch(reference)
                ? $"No key is stored as {reference}. Store one with Plue: Configure Provider Key."
                : BadReference
        );

    private static string Reveal(StoredVault vault, StoredEntry entry, SecretBytes key)
    {
        using var plain = VaultFile.Decrypt(vault, entry, key.Span);
        return Encoding.UTF8.GetString(plain.Span);
    }

    /// <summary>Empty for a secret of which four characters would reveal too much.</summary>
    internal static string LastFour(string secret) => secret.Length >= ShowLastFourFrom ? secret[^4..] : "";

    private static void CheckReference(string reference)
    {
        if (!ReferenceForm().IsMatch(reference))
        {
            throw new FailureException(FailureKind.BadRequest, BadReference);
        }
    }

    private const string BadReference =
        "A key name must have the form vault://owner/name and may contain letters, digits, dots, dashes and underscores.";

    private static FailureException NotBound(StoredEntry entry, Uri origin) =>
        new(
            FailureKind.KeyNotBoundToOrigin,
            $"The key {entry.Reference} may be sent to {string.Join(", ", entry.Origins)} only, not to {Origin.Of(origin)?.ToString() ?? "the address asked for"}. "
                + "Store a key for that address with Plue: Configure Provider Key."
        );

    private static FailureException Unknown(UnlockMethod method) =>
        new(
            FailureKind.VaultLocked,
            method.Kind switch
            {
                UnlockMethod.EditorKind =>
                    "This editor does not have the vault's key. Unlock the vault with its passphrase or the keychain, then add this editor.",
                UnlockMethod.KeychainKind => "The keychain cannot unlock this vault. Use its passphrase, or unlock it from the editor.",
                _ => "This vault has no passphrase. Unlock it from the editor or with the keychain, then add one.",
            }
        );

    private static FailureException WrongKey(UnlockMethod method) =>
        new(
            FailureKind.VaultLocked,
            method.Kind == UnlockMethod.PassphraseKind
                ? "Wrong passphrase. Try again."
                : "The stored key cannot unlock this vault. Unlock it with another method, then add this one again."
        );

    private static string[] KindsOf(StoredVault vault) => [.. vault.Ways.Select(method => method.Kind).Distinct()];

    private static FailureException Older(long generation, long newest) =>
        new(
            FailureKind.VaultOlder,
            string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"The vault file is an older copy: it has revision {generation}, but revision {newest} was already used on this machine. Keys added or replaced since then are missing, and deleted keys are back. "
            )
                + "Restore the newer file, or accept the older copy when you unlock it (on the command line: plue vault unlock --accept-older)."
        );

    private static FailureException NotSaved(Exception exception) =>
        new(
            FailureKind.StoreReadOnly,
            $"The vault could not be saved ({exception.Message.TrimEnd('.')}). Nothing was changed. Make its folder writable or free some space, then try again.",
            exception
        );

    [GeneratedRegex(@"^vault://[A-Za-z0-9][A-Za-z0-9._-]{0,99}/[A-Za-z0-9][A-Za-z0-9._-]{0,99}\z")]
    private static partial Regex ReferenceForm();

    private readonly struct Scope(SemaphoreSlim changing) : IDisposable
    {
        public void Dispose() => changing.Release();
    }
}
