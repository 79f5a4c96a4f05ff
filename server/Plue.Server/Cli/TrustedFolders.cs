using System.Text.Json.Serialization;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Cli;

/// <summary>The folders that the user trusted in a terminal. The editor asks for its own folders.</summary>
internal sealed class TrustedFolders(PluePaths paths)
{
    private readonly SharedJsonFile<StoredTrustedFolders> file = new(
        Path.Combine(paths.Home, "trusted-folders.json"),
        TrustedFoldersContext.Default.StoredTrustedFolders,
        new StoredTrustedFolders([]),
        "The trust in this folder"
    );

    /// <summary>True if the folder itself was trusted. A folder inside of it may belong to somebody else.</summary>
    public bool Contains(string folder) => file.Read().Folders.Contains(RealPath.Of(folder));

    /// <exception cref="FailureException">StoreReadOnly: nothing was changed.</exception>
    public void Add(string folder) =>
        file.Change(stored => new StoredTrustedFolders([.. stored.Folders.Append(RealPath.Of(folder)).Distinct(StringComparer.Ordinal)]));
}

internal sealed record StoredTrustedFolders(IReadOnlyList<string> Folders);

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true
)]
[JsonSerializable(typeof(StoredTrustedFolders))]
internal sealed partial class TrustedFoldersContext : JsonSerializerContext;
