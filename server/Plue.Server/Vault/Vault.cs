using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Vault;

/// <summary>
/// The encrypted store of secrets. Any number of processes can use one file: each call reads the current file, and changes are made
/// under an operating system lock. A file that is damaged, tampered with or from a later version is refused and never written.
/// All methods are thread-safe and throw <see cref="FailureException"/> with a message for the user.
/// </summary>
public sealed partial class Vault(string path, IKeychain keychain, Redactor redactor, TimeProvider? timeProvider = null) : IAsyncDisposable
{
    private const int MaximumSecret = 64 * 1024;
    private const int ShowLastFourFrom = 12;
    private static readonly TimeSpan LastUsedPrecision = TimeSpan.FromHours(1);
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(10);

    private readonly VaultGenerations generations = new(path, keychain);
    private readonly TimeProvider time = timeProvider ?? TimeProvider.System;
    private readonly SemaphoreSlim semaphore = new(1, 1);
    private readonly Dictionary<string, DateTimeOffset> used = new(StringComparer.Ordinal);
    private SecretBytes? dataKey;
    private byte[] knownBytes = [];
    private StoredVault? known;
    private Task savingLastUsed = Task.CompletedTask;
    private Task<bool>? keychainAvailable;

    /// <summary>Gets the status. Never fails for an invalid file, which is reported in <see cref="VaultStatus.Problem"/>.</summary>
    public async ValueTask<VaultStatus> StatusAsync(CancellationToken cancellationToken)
    {
        using var turn = await EnterAsync(cancellationToken).ConfigureAwait(false);
        if (!VaultFile.Exists(path))
        {
            return new VaultStatus(false, true, [], null);
        }

        try
        {
            var vault = dataKey is null ? VaultFile.Parse(VaultFile.ReadBytes(path)) : Load();
            return new VaultStatus(true, dataKey is null, KindsOf(vault), null);
        }
        catch (FailureException exception) when (exception.Failure.Kind == FailureKind.VaultOlder)
        {
            // It can be unlocked again by the user.
            return new VaultStatus(true, true, KindsOf(VaultFile.Parse(VaultFile.ReadBytes(path))), null);
        }
        catch (FailureException exception)
        {
            return new VaultStatus(true, true, [], exception.Message);
        }
    }

    /// <summary>True if this machine's keychain passed a round trip; tried only once, because it may prompt the user.</summary>
    public Task<bool> IsKeychainAvailableAsync(CancellationToken cancellationToken) =>
        (keychainAvailable ??= keychain.IsAvailableAsync(CancellationToken.None)).WaitAsync(cancellationToken);

    /// <summary>Creates a vault and leaves it unlocked.</summary>
    /// <exception cref="FailureException">Conflict: a vault file already exists, even a damaged one.</exception>
    public async Task CreateAsync(UnlockMethod method, CancellationToken cancellationToken)
    {
        method.ThrowIfWeak();
        using var turn = await EnterAsync(cancellationToken).ConfigureAwait(false);
        using var lockFile = await LockFileAsync(cancellationToken).ConfigureAwait(false);
        if (VaultFile.Exists(path))
        {
            throw new FailureException(
                FailureKind.Conflict,
                "A vault already exists. Unlock it, or move its file away first, which gives up its keys."
            );
        }

        var key = VaultCrypto.NewKey();
        var vault = VaultFile.New();
        vault = vault with { Ways = [await WrapAsync(vault, method, key, cancellationToken).ConfigureAwait(false)] };
        await SaveAsync(vault, key).ConfigureAwait(false);
        Remember(method);
    }

    /// <param name="acceptOlder">True to accept a file that is older than the one last used on this machine.</param>
    /// <exception cref="FailureException">
    /// VaultLocked: the unlock method is wrong, or the file cannot be trusted. VaultOlder: the file is an older copy. NotFound: there is no vault.
    /// </exception>
    public async Task UnlockAsync(UnlockMethod method, CancellationToken cancellationToken, bool acceptOlder = false)
    {
        using var turn = await EnterAsync(cancellationToken).ConfigureAwait(false);
        // Read before the file: another process may change the file in the meantime, which makes it newer, never older.
        var newest = await generations.ReadAsync(VaultFile.Parse(VaultFile.ReadBytes(path)), cancellationToken).ConfigureAwait(false);
        var bytes = VaultFile.ReadBytes(path);
        var vault = VaultFile.Parse(bytes);
        var stored =
            vault.Ways.FirstOrDefault(candidate => candidate.Kind == method.Kind && candidate.Id == method.Id) ?? throw Unknown(method);
        using var methodKey = await MethodKeyAsync(vault, method, stored, cancellationToken).ConfigureAwait(false);
        var key = VaultFile.Unwrap(vault, stored, methodKey.Span) ?? throw WrongKey(method);
        if (!VaultFile.IsSealedBy(vault, key.Span))
        {
            key.Dispose();
            throw VaultFile.Damaged("its seal does not match its content");
        }

        if (vault.Generation.GetValueOrDefault() < newest && !acceptOlder)
        {
            key.Dispose();
            throw Older(vault.Generation.GetValueOrDefault(), newest);
        }

        Accept(vault, bytes, key);
        Remember(method);
        if (vault.Generation.GetValueOrDefault() != newest)
        {
            await generations.WriteAsync(vault, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Discards the key. Secrets that were already returned are not revoked.</summary>
    public async Task LockAsync(CancellationToken cancellationToken)
    {
        await SaveLastUsedAsync().ConfigureAwait(false);
        using var turn = await EnterAsync(cancellationToken).ConfigureAwait(false);
        Forget();
    }

    /// <summary>Adds an unlock method, or replaces the one of the same kind and name, such as the passphrase.</summary>
    public async Task AddUnlockMethodAsync(UnlockMethod method, CancellationToken cancellationToken)
    {
        method.ThrowIfWeak();
        await ChangeAsync(
                async (vault, key) =>
                {
                    var added = await WrapAsync(vault, method, key, cancellationToken).ConfigureAwait(false);
                    return vault with { Ways = [.. vault.Ways.Where(other => other.Kind != method.Kind || other.Id != method.Id), added] };
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        Remember(method);
    }

    /// <summary>Stores or replaces a secret.</summary>
    /// <param name="reference"><c>vault://owner/name</c>.</param>
    /// <param name="origins">At least one URL, of which scheme, host and port count.</param>
    public async Task StoreAsync(string reference, string secret, IEnumerable<string> origins, CancellationToken cancellationToken)
    {
        CheckReference(reference);
        var bound = Bound(origins);
        Accept(secret);
        await ChangeAsync(
                (vault, key) =>
                    ValueTask.FromResult(
                        With(vault, key, reference, new StoredEntry(reference, bound, time.GetUtcNow(), null, ""), secret)
                    ),
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    /// <summary>Replaces a secret under the same name, for the same origins.</summary>
    /// <exception cref="FailureException">NotFound.</exception>
    public async Task RotateAsync(string reference, string secret, CancellationToken cancellationToken)
    {
        Accept(secret);
        await ChangeAsync(
                (vault, key) =>
                    ValueTask.FromResult(
                        With(vault, key, reference, Find(vault, reference) with { StoredAt = time.GetUtcNow(), LastUsed = null }, secret)
                    ),
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    /// <summary>Renames a secret; its value, origins and times do not change.</summary>
    /// <exception cref="FailureException">NotFound. Conflict: the new name is in use.</exception>
    public async Task RenameAsync(string reference, string newReference, CancellationToken cancellationToken)
    {
        CheckReference(newReference);
        await ChangeAsync(
                (vault, key) =>
                {
                    var entry = Find(vault, reference);
                    if (vault.Entries.Any(other => other.Reference == newReference))
                    {
                        throw new FailureException(
                            FailureKind.Conflict,
                            $"A key named {newReference} already exists. Choose another name, or delete that key first."
                        );
                    }

                    return ValueTask.FromResult(
                        With(
                            vault,
                            key,
                            reference,
                            entry with
                            {
                                Reference = newReference,
                                LastUsed = LastUsed(entry),
                            },
                            Reveal(vault, entry, key)
                        )
                    );
                },
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    /// <summary>Replaces the allowed origins of a secret.</summary>
    /// <exception cref="FailureException">NotFound. MissingField: no origin was given.</exception>
    public async Task SetOriginsAsync(string reference, IEnumerable<string> origins, CancellationToken cancellationToken)
    {
        var bound = Bound(origins);
        await ChangeAsync(
                (vault, key) =>
                {
                    var entry = Find(vault, reference);
                    return ValueTask.FromResult(
                        With(vault, key, reference, entry with { Origins = bound, LastUsed = LastUsed(entry) }, Reveal(vault, entry, key))
                    );
                },
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    /// <summary>Sets or replaces the passphrase.</summary>
    /// <param name="current">The current passphrase, required if the vault has one: an unlocked window is not sufficient.</param>
    /// <exception cref="FailureException">VaultLocked: the current passphrase is wrong. BadRequest: the new one is too short.</exception>
    public async Task SetPassphraseAsync(string? current, string passphrase, CancellationToken cancellationToken)
    {
        var method = UnlockMethod.Passphrase(passphrase);
        method.ThrowIfWeak();
        await ChangeAsync(
                async (vault, key) =>
                {
                    if (vault.Ways.FirstOrDefault(stored => stored.Kind == UnlockMethod.PassphraseKind) is { } stored)
                    {
                        var old = UnlockMethod.Passphrase(current ?? "");
                        using var methodKey = await MethodKeyAsync(vault, old, stored, cancellationToken).ConfigureAwait(false);
                        using var opened =
                            VaultFile.Unwrap(vault, stored, methodKey.Span)
                            ?? throw new FailureException(
                                FailureKind.VaultLocked,
                                "The current passphrase is wrong. Nothing was changed. Try again."
                            );
                    }

                    var added = await WrapAsync(vault, method, key, cancellationToken).ConfigureAwait(false);
                    return vault with { Ways = [.. vault.Ways.Where(other => other.Kind != UnlockMethod.PassphraseKind), added] };
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        Remember(method);
    }

    public async Task<IReadOnlyList<VaultEntry>> ListAsync(CancellationToken cancellationToken)
    {
        using var turn = await EnterAsync(cancellationToken).ConfigureAwait(false);
        var (vault, key) = LoadUnlocked();
        return
        [
            .. vault
                .Entries.OrderBy(entry => entry.Reference, StringComparer.Ordinal)
                .Select(entry => new VaultEntry(
                    entry.Reference,
                    entry.Origins,
                    LastFour(Reveal(vault, entry, key)),
                    entry.StoredAt,
                    LastUsed(entry)
                )),
        ];
    }

    /// <exception cref="FailureException">NotFound.</exception>
    public Task DeleteAsync(string reference, CancellationToken cancellationToken) =>
        ChangeAsync(
            (vault, _) =>
            {
                Find(vault, reference);
                used.Remove(reference);
                return ValueTask.FromResult(vault with { Entries = [.. vault.Entries.Where(entry => entry.Reference != reference)] });
            },
            cancellationToken
        );

    /// <summary>Lists the keys by name, which does not require unlocking. Empty if the file cannot be read.</summary>
    public async ValueTask<IReadOnlySet<string>> ReferencesAsync(CancellationToken cancellationToken)
    {
        using var turn = await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return VaultFile.Parse(VaultFile.ReadBytes(path)).Entries.Select(entry => entry.Reference).ToHashSet(StringComparer.Ordinal);
        }
        catch (FailureException)
        {
            return new HashSet<string>();
        }
    }

    /// <summary>True if a secret with this name exists. Works for a locked vault, too; false if the file cannot be read.</summary>
    public async ValueTask<bool> ContainsAsync(string reference, CancellationToken cancellationToken)
    {
        using var turn = await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return VaultFile.Parse(VaultFile.ReadBytes(path)).Entries.Any(entry => entry.Reference == reference);
        }
        catch (FailureException)
        {
            return false;
        }
    }

    /// <summary>Returns a secret. This is the only method that does.</summary>
    /// <param name="origin">The destination, preferably the exact URL of the request.</param>
    /// <exception cref="FailureException">VaultLocked, NotFound, KeyNotBoundToOrigin.</exception>
    public async ValueTask<string> GetAsync(string reference, Uri origin, CancellationToken cancellationToken)
    {
        using var turn = await EnterAsync(cancellationToken).ConfigureAwait(false);
        var (vault, key) = LoadUnlocked();
        var entry = Find(vault, reference);
        if (Origin.Of(origin) is not { } target || !entry.Origins.Contains(target.ToString(), StringComparer.Ordinal))
        {
            throw NotBound(entry, origin);
        }

        var secret = Reveal(vault, entry, key);
        MarkUsed(entry);
        return secret;
    }

    public async ValueTask DisposeAsync()
    {
        await LockAsync(CancellationToken.None).ConfigureAwait(false);
        semaphore.Dispose();
    }
}

/// <param name="UnlockMethods">The kinds of unlock methods in the file.</param>
/// <param name="Problem">Why the file cannot be used; it is not changed.</param>
public sealed record VaultStatus(bool Exists, bool Locked, IReadOnlyList<string> UnlockMethods, string? Problem);

/// <param name="LastFour">Empty for a secret of fewer than twelve characters, for which four would reveal too much.</param>
public sealed record VaultEntry(
    string Reference,
    IReadOnlyList<string> Origins,
    string LastFour,
    DateTimeOffset StoredAt,
    DateTimeOffset? LastUsed
);
