using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Vault;

/// <summary>
/// The vault file, version 2: JSON with the unlock methods, one encrypted box per entry, and a MAC over everything. A file is valid only if it is
/// byte for byte what this class would write; so every byte is significant, and after unlocking the seal covers all of them.
/// Version 1 had no generation; it opens unchanged, and the first change converts it to version 2. For older copies see <see cref="VaultGenerations"/>.
/// </summary>
internal static class VaultFile
{
    public const int Version = 2;
    public const int MaximumSize = 4 * 1024 * 1024;
    public const int MinimumRounds = 600_000;
    public const int MaximumRounds = 10_000_000;
    private const string Format = "plue-vault";

    /// <summary>
    /// The associated data of encrypted values. It must not change in later versions of the file, because wrapped keys cannot be encrypted again without
    /// their keys.
    /// </summary>
    private const string BoxVersion = "1";

    /// <summary>True if the path exists, even as a broken link.</summary>
    public static bool Exists(string path) => Path.Exists(path) || new FileInfo(path).LinkTarget is not null;

    /// <summary>Reads at most <see cref="MaximumSize"/> bytes.</summary>
    /// <exception cref="FailureException">NotFound: there is no file. Otherwise VaultLocked with the reason.</exception>
    public static byte[] ReadBytes(string path)
    {
        try
        {
            using var stream = RegularFile.OpenRead(path);
            if (stream.Length > MaximumSize)
            {
                throw Damaged($"it is larger than {MaximumSize / 1024 / 1024} MiB");
            }

            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException && !Exists(path))
        {
            throw new FailureException(FailureKind.NotFound, "There is no vault yet. Create one, then store the key.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.VaultLocked,
                $"The vault file cannot be read ({exception.Message.TrimEnd('.')}). Repair it or its permissions. Plue did not change it.",
                exception
            );
        }
    }

    /// <summary>Checks format and limits. The content can be trusted only after <see cref="IsSealedBy"/>.</summary>
    /// <exception cref="FailureException">VaultLocked with the reason.</exception>
    public static StoredVault Parse(ReadOnlySpan<byte> bytes)
    {
        StoredVault vault;
        try
        {
            var header = JsonSerializer.Deserialize(bytes, VaultHeaderContext.Default.StoredVaultHeader);
            if (header?.Format != Format)
            {
                throw Damaged("it is not a vault");
            }

            if (header.Version > Version)
            {
                throw new FailureException(
                    FailureKind.VaultLocked,
                    "The vault was written by a newer version of Plue. Update Plue to open it. The file was not changed."
                );
            }

            vault = JsonSerializer.Deserialize(bytes, VaultFileContext.Default.StoredVault)!;
        }
        catch (JsonException exception)
        {
            throw Damaged("it is not well-formed", exception);
        }

        if (vault.Version is < 1 or > Version || !IsPlausible(vault))
        {
            throw Damaged("it contains an invalid value");
        }

        foreach (var method in vault.Ways)
        {
            if (method.Rounds is not ({ } rounds and (< MinimumRounds or > MaximumRounds)))
            {
                continue;
            }

            throw Damaged(
                $"it asks for {rounds.ToString(CultureInfo.InvariantCulture)} rounds of key derivation, outside {MinimumRounds} to {MaximumRounds}"
            );
        }

        return Serialize(vault).AsSpan().SequenceEqual(bytes) ? vault : throw Damaged("it was edited or truncated");
    }

    public static byte[] Serialize(StoredVault vault)
    {
        using var stream = new MemoryStream();
        JsonSerializer.Serialize(stream, vault, WriteContext.StoredVault);
        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    public static StoredVault New() => new(Format, Version, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), 0, [], [], "");

    /// <summary>Returns the next generation of the same vault, in the newest format.</summary>
    public static StoredVault Next(StoredVault vault) => vault with { Version = Version, Generation = (vault.Generation ?? 0) + 1 };

    public static StoredVault Sealed(StoredVault vault, ReadOnlySpan<byte> dataKey) =>
        vault with
        {
            Seal = Convert.ToBase64String(VaultCrypto.ComputeMac(dataKey, Serialize(vault with { Seal = "" }))),
        };

    /// <summary>True if the file is exactly as written with this data key. Compares the text, because several texts decode to the same seal.</summary>
    public static bool IsSealedBy(StoredVault vault, ReadOnlySpan<byte> dataKey) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Sealed(vault, dataKey).Seal), Encoding.UTF8.GetBytes(vault.Seal));

    public static StoredUnlockMethod Wrap(
        StoredVault vault,
        StoredUnlockMethod method,
        ReadOnlySpan<byte> methodKey,
        ReadOnlySpan<byte> dataKey
    ) => method with { WrappedKey = Convert.ToBase64String(VaultCrypto.Encrypt(methodKey, dataKey, MethodFields(vault, method))) };

    /// <returns>The data key; null if the unlock method's key is wrong.</returns>
    public static SecretBytes? Unwrap(StoredVault vault, StoredUnlockMethod method, ReadOnlySpan<byte> methodKey) =>
        VaultCrypto.Decrypt(methodKey, Convert.FromBase64String(method.WrappedKey), MethodFields(vault, method));

    public static StoredEntry Encrypt(StoredVault vault, StoredEntry entry, ReadOnlySpan<byte> dataKey, ReadOnlySpan<byte> secret) =>
        entry with
        {
            Secret = Convert.ToBase64String(VaultCrypto.Encrypt(dataKey, secret, EntryFields(vault, entry))),
        };

    /// <exception cref="FailureException">VaultLocked: the entry belongs to another name, to other origins or to another vault.</exception>
    public static SecretBytes Decrypt(StoredVault vault, StoredEntry entry, ReadOnlySpan<byte> dataKey) =>
        VaultCrypto.Decrypt(dataKey, Convert.FromBase64String(entry.Secret), EntryFields(vault, entry))
        ?? throw Damaged("an entry was tampered with");

    public static FailureException Damaged(string why, Exception? inner = null) =>
        new(
            FailureKind.VaultLocked,
            $"The vault file is damaged: {why}. Plue did not change it. Restore a backup, or move the file away and create a new vault.",
            inner
        );

    private static readonly VaultFileContext WriteContext = new(
        new JsonSerializerOptions(VaultFileContext.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
    );

    private static byte[] MethodFields(StoredVault vault, StoredUnlockMethod method) =>
        VaultCrypto.Fields("way", BoxVersion, vault.Id, method.Kind, method.Id ?? "", method.Salt ?? "", Text(method.Rounds ?? 0));

    private static byte[] EntryFields(StoredVault vault, StoredEntry entry) =>
        VaultCrypto.Fields(["entry", BoxVersion, vault.Id, entry.Reference, .. entry.Origins]);

    private static bool IsPlausible(StoredVault vault) =>
        vault.Ways.Count > 0
        && (vault.Version == 1 ? vault.Generation is null : vault.Generation > 0)
        && HasSize(vault.Seal, 32)
        && vault.Ways.All(method => HasSize(method.WrappedKey, VaultCrypto.KeyBoxSize))
        && vault.Ways.All(method =>
            method.Kind != UnlockMethod.PassphraseKind || (method.Rounds is not null && HasSize(method.Salt, VaultCrypto.SaltSize))
        )
        && vault.Ways.DistinctBy(method => (method.Kind, method.Id)).Count() == vault.Ways.Count
        && vault.Entries.All(entry => entry.Origins.Count > 0 && HasSize(entry.Secret, null))
        && vault.Entries.DistinctBy(entry => entry.Reference).Count() == vault.Entries.Count;

    private static bool HasSize(string? base64, int? size)
    {
        if (base64 is null)
        {
            return false;
        }

        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var written) && (size is null || written == size);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <param name="Id">Created with the vault; the name of the keychain item contains it, so that two vaults do not share one.</param>
/// <param name="Generation">The number of changes; null in version 1.</param>
/// <param name="Seal">HMAC over the file with an empty seal.</param>
internal sealed record StoredVault(
    string Format,
    int Version,
    string Id,
    long? Generation,
    IReadOnlyList<StoredUnlockMethod> Ways,
    IReadOnlyList<StoredEntry> Entries,
    string Seal
);

/// <param name="Kind"><c>editor</c>, <c>keychain</c> or <c>passphrase</c>.</param>
/// <param name="Salt">Set together with <paramref name="Rounds"/> for a passphrase, else null.</param>
/// <param name="WrappedKey">The data key, encrypted with the key of this unlock method.</param>
internal sealed record StoredUnlockMethod(string Kind, string? Id, string? Salt, int? Rounds, string WrappedKey);

/// <param name="Secret">An encrypted box, bound to the reference and the origins.</param>
internal sealed record StoredEntry(
    string Reference,
    IReadOnlyList<string> Origins,
    DateTimeOffset StoredAt,
    DateTimeOffset? LastUsed,
    string Secret
);

internal sealed record StoredVaultHeader(string? Format, long Version);

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = false,
    MaxDepth = 8,
    WriteIndented = true,
    NewLine = "\n"
)]
[JsonSerializable(typeof(StoredVault))]
internal sealed partial class VaultFileContext : JsonSerializerContext;

// The header is read first, ignoring unknown fields: a later version may have any other shape.
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower
)]
[JsonSerializable(typeof(StoredVaultHeader))]
internal sealed partial class VaultHeaderContext : JsonSerializerContext;
