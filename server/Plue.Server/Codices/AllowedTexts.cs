using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Codices;

/// <summary>The instruction files with hidden characters that the user allowed, identified by hash. Shared with other windows.</summary>
internal sealed class AllowedTexts(PluePaths paths, TimeProvider time)
{
    private const int MaxEntries = 1000;

    /// <summary>Returns the SHA-256 of a file's bytes in lowercase hex.</summary>
    public static string HashOf(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    public bool IsAllowed(string sha256) => Read().Any(text => text.Sha256 == sha256);

    /// <exception cref="FailureException">Conflict or StoreReadOnly: the permission was not stored.</exception>
    public void Allow(string sha256, string title)
    {
        using var turn = DocumentLock.Acquire(paths, "allowed-texts", "The permission was not saved");
        var texts = Read()
            .Where(text => text.Sha256 != sha256)
            .Append(new StoredAllowedText(sha256, title, time.GetUtcNow().UtcDateTime))
            .TakeLast(MaxEntries);
        try
        {
            DurableFile.Replace(
                paths.AllowedTexts,
                JsonSerializer.SerializeToUtf8Bytes(new StoredAllowedTexts([.. texts]), AllowedTextsContext.Default.StoredAllowedTexts)
            );
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.StoreReadOnly,
                $"The permission was not saved ({fault.Message.TrimEnd('.')}). Make {paths.Home} writable, then try again.",
                fault
            );
        }
    }

    /// <summary>Returns an empty list if the file cannot be read.</summary>
    private IReadOnlyList<StoredAllowedText> Read()
    {
        try
        {
            using var content = RegularFile.OpenRead(paths.AllowedTexts);
            return JsonSerializer.Deserialize(content, AllowedTextsContext.Default.StoredAllowedTexts)?.Texts ?? [];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            return [];
        }
    }
}

internal sealed record StoredAllowedTexts(IReadOnlyList<StoredAllowedText> Texts);

/// <param name="Title">For readers of the file; not evaluated.</param>
internal sealed record StoredAllowedText(string Sha256, string Title, DateTime AllowedAt);

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower
)]
[JsonSerializable(typeof(StoredAllowedTexts))]
internal sealed partial class AllowedTextsContext : JsonSerializerContext;
