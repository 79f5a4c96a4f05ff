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

    /// <summary>The size of an encrypted key.</summary>
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

    /// <summary>Encrypts with AES-256-GCM and a new nonce.</summary>
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

    /// <returns>Null if the key is wrong, or the box or its associated data was changed.</returns>
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

    /// <summary>Computes an HMAC-SHA256 with a key derived from the data key.</summary>
    public static byte[] ComputeMac(ReadOnlySpan<byte> dataKey, ReadOnlySpan<byte> content)
    {
        Span<byte> sealKey = stackalloc byte[KeySize];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, dataKey, sealKey, [], "plue vault seal"u8);
        var seal = HMACSHA256.HashData(sealKey, content);
        CryptographicOperations.ZeroMemory(sealKey);
        return seal;
    }

    /// <summary>Joins strings, each with its length in front, so that no two different lists produce the same bytes.</summary>
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
