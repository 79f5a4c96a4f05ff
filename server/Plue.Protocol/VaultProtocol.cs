namespace Plue.Protocol;

/// <param name="Ways">The ways of unlocking that the file knows: <c>editor</c>, <c>keychain</c>, <c>passphrase</c>.</param>
/// <param name="KeychainAvailable">Whether this machine's own keychain answered when it was tried.</param>
/// <param name="Problem">Why the vault file cannot be used (damaged, of a newer version); the file is left as it is.</param>
public sealed record VaultStatusResult(bool Exists, bool Locked, IReadOnlyList<string> Ways, bool KeychainAvailable, string? Problem);

/// <param name="Way"><c>editor</c> (with a key from VS Code's SecretStorage), <c>keychain</c> (no secret), or <c>passphrase</c>.</param>
/// <param name="WayId">Tells several editors apart; null for the others.</param>
/// <param name="Secret">The editor's key in base64 (32 bytes), or the passphrase.</param>
public sealed record VaultWayParams(string Way, string? WayId, string? Secret);

/// <param name="Reference"><c>vault://owner/name</c>.</param>
/// <param name="Origins">Where it may be sent: scheme, host and port. At least one.</param>
public sealed record VaultStoreParams(string Reference, string Secret, IReadOnlyList<string> Origins);

public sealed record VaultListResult(IReadOnlyList<VaultEntrySummary> Entries);

public sealed record VaultEntrySummary(string Reference, IReadOnlyList<string> Origins, string LastFour, DateTimeOffset StoredAt, DateTimeOffset? LastUsed);

public sealed record VaultDeleteParams(string Reference);
