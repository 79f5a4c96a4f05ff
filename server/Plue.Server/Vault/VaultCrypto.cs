using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Plue.Server.Platform;

namespace Plue.Server.Vault;

/// <summary>The cryptographic operations of the vault. Keys have 32 bytes; an encrypted box is the concatenation of nonce, ciphertext and tag.</summary>
internal static class VaultCrypto
{
    public const int KeySize = 32;
    public const int SaltSize = 16;
    private const int NonceSize = 12;
    private const int TagSize = 16;

    /// <summary>The size of a box around a key.</summary>
    public const int KeyBoxSize = NonceSize + KeySize + TagSize;

    public static SecretBytes NewKey()
    {
        var key = new SecretBytes(KeySize);
        RandomNumberGenerator.Fill(key.Span);
        return key;
    }

    public static SecretBytes KeyFromPassphrase(string passphrase, ReadOnlySpan<byte> salt, int rounds)
    {
        using var text = BytesOf(passphrase);
        var key = new SecretBytes(KeySize);
        Rfc2898DeriveBytes.Pbkdf2(text.Span, salt, key.Span, rounds, HashAlgorithmName.SHA256);
        return key;
    }

    /// <summary>AES-256-GCM under a fresh nonce.</summary>
    /// <param name="boundTo">The associated data required to decrypt: see <see cref="Fields"/>.</param>
    public static byte[] Encrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> content, ReadOnlySpan<byte> boundTo)
    {
        var box = new byte[NonceSize + content.Length + TagSize];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceSize));
        using var aes = new AesGcm(key, TagSize);
        aes.Encrypt(
            box.AsSpan(0, NonceSize),
            content,
            box.AsSpan(NonceSize, content.Length),
            box.AsSpan(NonceSize + content.Length),
            boundTo
        );
        return box;
    }

    /// <returns>Null when the key is another one, or the box or what it is bound to was changed.</returns>
    public static SecretBytes? Decrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> box, ReadOnlySpan<byte> boundTo)
    {
        var length = box.Length - NonceSize - TagSize;
        if (length < 0)
        {
            return null;
        }

        var content = new SecretBytes(length);
        using var aes = new AesGcm(key, TagSize);
        try
        {
            aes.Decrypt(box[..NonceSize], box.Slice(NonceSize, length), box[^TagSize..], content.Span, boundTo);
            return content;
        }
        catch (AuthenticationTagMismatchException)
        {
            content.Dispose();
            return null;
        }
    }

    public static SecretBytes BytesOf(string text)
    {
        var bytes = new SecretBytes(Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, bytes.Span);
        return bytes;
    }

    /// <summary>HMAC-SHA256 under a key of its own, derived from the data key.</summary>
    public static byte[] ComputeMac(ReadOnlySpan<byte> dataKey, ReadOnlySpan<byte> content)
    {
        Span<byte> sealKey = stackalloc byte[KeySize];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, dataKey, sealKey, [], "plue vault seal"u8);
        var seal = HMACSHA256.HashData(sealKey, content);
        CryptographicOperations.ZeroMemory(sealKey);
        return seal;
    }

    /// <summary>Joins texts so that no two lists of texts give the same bytes: each is preceded by its length.</summary>
    public static byte[] Fields(params IEnumerable<string> texts)
    {
        using var joined = new MemoryStream();
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var text in texts)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
            joined.Write(length);
            joined.Write(bytes);
        }

        return joined.ToArray();
    }
}
