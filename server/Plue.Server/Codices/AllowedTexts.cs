using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Codices;

/// <summary>Instruction files with hidden characters that the user allowed, by their content. Shared with other windows.</summary>
internal sealed class AllowedTexts(PluePaths paths, TimeProvider time)
{
    private const int MaxEntries = 1000;

    /// <summary>The SHA-256 of a file's bytes, in lower-case hex.</summary>
    public static string HashOf(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    public bool IsAllowed(string sha256) => Read().Any(text => text.Sha256 == sha256);

    /// <exception cref="FailureException">Conflict, StoreReadOnly: it was not stored.</exception>
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

    /// <summary>A file that cannot be read allows nothing.</summary>
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

/// <param name="Title">For a person who reads the file.</param>
internal sealed record StoredAllowedText(string Sha256, string Title, DateTime AllowedAt);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StoredAllowedTexts))]
internal sealed partial class AllowedTextsContext : JsonSerializerContext;
