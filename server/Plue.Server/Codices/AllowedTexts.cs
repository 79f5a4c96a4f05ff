using System.Security.Cryptography;
using System.Text.Json.Serialization;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Codices;

/// <summary>The instruction files with hidden characters that the user allowed, identified by hash. Shared with other windows.</summary>
internal sealed class AllowedTexts(PluePaths paths, TimeProvider time)
{
    private const int MaxEntries = 1000;

    private readonly SharedJsonFile<StoredAllowedTexts> file = new(
        paths.AllowedTexts,
        AllowedTextsContext.Default.StoredAllowedTexts,
        new StoredAllowedTexts([]),
        "The permission"
    );

    /// <summary>Returns the SHA-256 of a file's bytes in lowercase hex.</summary>
    public static string HashOf(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    public bool IsAllowed(string sha256) => file.Read().Texts?.Any(text => text.Sha256 == sha256) == true;

    /// <exception cref="FailureException">StoreReadOnly: the permission was not stored.</exception>
    public void Allow(string sha256, string title) =>
        file.Change(stored => new StoredAllowedTexts([
            .. (stored.Texts ?? []).Where(text => text.Sha256 != sha256).TakeLast(MaxEntries - 1),
            new StoredAllowedText(sha256, title, time.GetUtcNow().UtcDateTime),
        ]));
}

internal sealed record StoredAllowedTexts(IReadOnlyList<StoredAllowedText>? Texts);

/// <param name="Title">For readers of the file; not evaluated.</param>
internal sealed record StoredAllowedText(string Sha256, string Title, DateTime AllowedAt);

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower
)]
[JsonSerializable(typeof(StoredAllowedTexts))]
internal sealed partial class AllowedTextsContext : JsonSerializerContext;
