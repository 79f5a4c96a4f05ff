namespace Plue.Server.Platform;

/// <summary>Image types that vendors accept, detected by their first bytes, because names are unreliable.</summary>
internal static class ImageType
{
    /// <returns>A media type; null for other content.</returns>
    public static string? Detect(ReadOnlySpan<byte> content) =>
        content.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]) ? "image/png"
        : content.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? "image/jpeg"
        : content.StartsWith("GIF87a"u8) || content.StartsWith("GIF89a"u8) ? "image/gif"
        : content.Length >= 12 && content.StartsWith("RIFF"u8) && content[8..12].SequenceEqual("WEBP"u8) ? "image/webp"
        : null;

    public static bool IsSupported(string mediaType) => mediaType is "image/png" or "image/jpeg" or "image/gif" or "image/webp";
}
