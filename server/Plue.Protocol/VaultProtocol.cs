namespace Plue.Protocol;

/// <param name="UnlockMethods">The unlock methods of the file: <c>editor</c>, <c>keychain</c>, <c>passphrase</c>.</param>
/// <param name="KeychainAvailable">True if the keychain of this machine was tested successfully.</param>
/// <param name="Problem">Why the vault file cannot be used (damaged, of a newer version); the file is left as it is.</param>
public sealed record VaultStatusResult(
    bool Exists,
    bool Locked,
    IReadOnlyList<string> UnlockMethods,
    bool KeychainAvailable,
    string? Problem
);

/// <param name="Method"><c>editor</c> (with a key from VS Code's SecretStorage), <c>keychain</c> (no secret), or <c>passphrase</c>.</param>
/// <param name="MethodId">Identifies an editor; null for the other methods.</param>
/// <param name="Secret">The editor's key in base64 (32 bytes), or the passphrase.</param>
/// <param name="AcceptOlder">True to unlock an older copy of the file. Otherwise such a copy fails with <c>vaultOlder</c>.</param>
public sealed record VaultUnlockMethodParams(string Method, string? MethodId, string? Secret, bool? AcceptOlder);

/// <summary>Replaces the passphrase. The current one is required if there is one.</summary>
public sealed record VaultSetPassphraseParams(string? Current, string Passphrase);

/// <param name="Reference"><c>vault://owner/name</c>.</param>
/// <param name="Origins">The allowed origins: scheme, host and port. At least one.</param>
public sealed record VaultStoreParams(string Reference, string Secret, IReadOnlyList<string> Origins);

/// <summary>A new secret under the same name, for the same origins.</summary>
public sealed record VaultRotateParams(string Reference, string Secret);

/// <summary>Also updates provider files that use the old reference.</summary>
public sealed record VaultRenameParams(string Reference, string NewReference);

/// <param name="ChangedProviders">Ids of the providers whose files were changed.</param>
public sealed record VaultRenameResult(VaultEntrySummary Entry, IReadOnlyList<string> ChangedProviders);

/// <summary>Lets a stored key be sent to these origins, in place of those before.</summary>
public sealed record VaultSetOriginsParams(string Reference, IReadOnlyList<string> Origins);

public sealed record VaultListResult(IReadOnlyList<VaultEntrySummary> Entries);

/// <param name="UsedBy">Ids of the providers whose files name it.</param>
public sealed record VaultEntrySummary(
    string Reference,
    IReadOnlyList<string> Origins,
    string LastFour,
    DateTimeOffset StoredAt,
    DateTimeOffset? LastUsed,
    IReadOnlyList<string> UsedBy
);

public sealed record VaultDeleteParams(string Reference);

/// <param name="Path">A <c>.env</c> file.</param>
public sealed record VaultReadEnvParams(string Path);

/// <summary>The planned changes of an import, without values.</summary>
public sealed record VaultReadEnvResult(IReadOnlyList<EnvEntry> Entries);

/// <param name="Name">The name of the variable.</param>
/// <param name="Reference">The reference under which it would be stored.</param>
/// <param name="Origins">Known for the variables of vendors. If empty, the user must enter the allowed origins.</param>
/// <param name="Exists">True if the reference already exists.</param>
public sealed record EnvEntry(string Name, string LastFour, string Reference, IReadOnlyList<string> Origins, bool Exists);

/// <param name="Entries">The entries to import, with their allowed origins.</param>
public sealed record VaultImportEnvParams(string Path, IReadOnlyList<EnvChoice> Entries);

public sealed record EnvChoice(string Name, string Reference, IReadOnlyList<string> Origins);
