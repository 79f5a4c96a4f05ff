using System.Security.Cryptography;
using Plue.Server.Messages;

namespace Plue.Server.Vault;

/// <summary>An unlock method with its key or passphrase. A class, not a record, so that it is never printed.</summary>
public sealed class UnlockMethod
{
    public const string EditorKind = "editor";
    public const string KeychainKind = "keychain";
    public const string PassphraseKind = "passphrase";
    private const int MinimumPassphrase = 8;

    private UnlockMethod(string kind, string? id, byte[]? key, string? passphrase) => (Kind, Id, Key, Text) = (kind, id, key, passphrase);

    /// <summary>A random key stored in this machine's keychain.</summary>
    public static UnlockMethod Keychain { get; } = new(KeychainKind, null, null, null);

    /// <param name="id">Distinguishes editors.</param>
    /// <param name="key">32 bytes from VS Code's SecretStorage.</param>
    public static UnlockMethod Editor(string id, byte[] key) =>
        id.Length is > 0 and <= 100 && key.Length == VaultCrypto.KeySize
            ? new UnlockMethod(EditorKind, id, key, null)
            : throw new FailureException(
                FailureKind.BadRequest,
                $"Unlocking from an editor requires a name of 1 to 100 characters and a key of {VaultCrypto.KeySize} bytes."
            );

    public static UnlockMethod Passphrase(string passphrase) =>
        passphrase.Length > 0
            ? new UnlockMethod(PassphraseKind, null, null, passphrase)
            : throw new FailureException(FailureKind.MissingField, "The passphrase is empty. Enter a passphrase.");

    /// <summary>Parses an unlock method from the protocol.</summary>
    /// <param name="secret">The editor's key in base64, or the passphrase.</param>
    /// <exception cref="FailureException">BadRequest, MissingField.</exception>
    public static UnlockMethod Parse(string kind, string? id, string? secret) =>
        kind switch
        {
            EditorKind => Editor(id ?? "", FromBase64(secret ?? "")),
            KeychainKind => Keychain,
            PassphraseKind => Passphrase(secret ?? ""),
            _ => throw new FailureException(
                FailureKind.BadRequest,
                "A vault can be unlocked only by an editor, the keychain or a passphrase."
            ),
        };

    public string Kind { get; }
    public string? Id { get; }
    internal byte[]? Key { get; }
    internal string? Text { get; }

    /// <summary>Checks the minimum length of a new passphrase; an existing one may be shorter.</summary>
    /// <exception cref="FailureException">BadRequest.</exception>
    internal void ThrowIfWeak()
    {
        if (Text is { Length: < MinimumPassphrase })
        {
            throw new FailureException(
                FailureKind.BadRequest,
                $"The passphrase is too short. Choose one of at least {MinimumPassphrase} characters."
            );
        }
    }

    internal StoredUnlockMethod ToStored() =>
        new(
            Kind,
            Id,
            Kind == PassphraseKind ? Convert.ToBase64String(RandomNumberGenerator.GetBytes(VaultCrypto.SaltSize)) : null,
            Kind == PassphraseKind ? VaultFile.MinimumRounds : null,
            ""
        );

    private static byte[] FromBase64(string text)
    {
        var bytes = new byte[VaultCrypto.KeySize];
        return Convert.TryFromBase64String(text, bytes, out var written) ? bytes[..written] : [];
    }
}
