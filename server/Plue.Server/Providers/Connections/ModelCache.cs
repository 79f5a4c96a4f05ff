using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Providers.Connections;

/// <summary>A list of models from a vendor.</summary>
/// <param name="Fingerprint">The fingerprint of the connection.</param>
internal sealed record StoredModels(string Fingerprint, DateTimeOffset FetchedAt, IReadOnlyList<ModelInfo> Models);

/// <summary>
/// Caches the vendors' lists of models, one file per provider, so that lists are available at once and shared by processes. Damaged files are ignored, and
/// write errors are not reported. Sizes are limited, because the vendor determines the content.
/// </summary>
/// <param name="log">Called if a file cannot be read or written.</param>
internal sealed class ModelCache(PluePaths paths, Action<string> log)
{
    public const int MaxModels = 10_000;
    private const int MaxBytes = 16 * 1024 * 1024;
    private const int MaxIdLength = 300;
    private const int MaxTextLength = 500;
    private const int MaxReasoningLevels = 20;

    private readonly ConcurrentDictionary<string, Entry> read = new(StringComparer.Ordinal);

    /// <returns>Null if nothing is stored for this connection.</returns>
    public StoredModels? Find(string id, string fingerprint)
    {
        var stored = PathOf(id) is { } path ? FromDisk(id, path) : read.GetValueOrDefault(id)?.Models;
        return stored?.Fingerprint == fingerprint ? stored : null;
    }

    /// <returns>The stored part of the list.</returns>
    public StoredModels Store(string id, string fingerprint, DateTimeOffset fetchedAt, IReadOnlyList<ModelInfo> models)
    {
        var kept = new StoredModels(
            fingerprint,
            fetchedAt,
            [
                .. models
                    .Where(model => model.Id.Length is > 0 and <= MaxIdLength)
                    .DistinctBy(model => model.Id)
                    .Take(MaxModels)
                    .Select(Capped),
            ]
        );
        if (PathOf(id) is not { } path)
        {
            read[id] = new Entry(default, kept);
            return kept;
        }

        try
        {
            DurableFile.Replace(
                path,
                JsonSerializer.SerializeToUtf8Bytes(StoredModelFile.Of(kept), StoredModelsJson.Default.StoredModelFile)
            );
            read[id] = new Entry(StampOf(path), kept);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            log($"The models of {id} were not written: {exception.Message}");
            read[id] = new Entry(StampOf(path), kept);
        }

        return kept;
    }

    public void Remove(string id)
    {
        read.TryRemove(id, out _);
        if (PathOf(id) is not { } path)
        {
            return;
        }

        try
        {
            if (File.Exists(path))
            {
                File.Delete(path);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            log($"The models of {id} were not removed: {exception.Message}");
        }
    }

    private StoredModels? FromDisk(string id, string path)
    {
        var now = StampOf(path);
        if (read.TryGetValue(id, out var kept) && kept.Stamp == now)
        {
            return kept.Models;
        }

        var models = Read(id, path);
        read[id] = new Entry(now, models);
        return models;
    }

    private StoredModels? Read(string id, string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
            {
                return null;
            }
            if (file.Length > MaxBytes)
            {
                throw new JsonException("the file is too large");
            }

            return JsonSerializer.Deserialize(RegularFile.Read(path), StoredModelsJson.Default.StoredModelFile)?.ToModels();
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            log($"The stored models of {id} are ignored: {exception.Message}");
            return null;
        }
    }

    private static (long, DateTime) StampOf(string path) =>
        new FileInfo(path) is { Exists: true } file ? (file.Length, file.LastWriteTimeUtc) : default;

    /// <returns>Null if the id is not a valid file name: its list is kept in memory.</returns>
    private string? PathOf(string id) =>
        id.Length is > 0 and <= 128 && id[0] != '.' && id.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '.' or '_' or '-')
            ? Path.Combine(paths.Index, "models", id + ".json")
            : null;

    private static ModelInfo Capped(ModelInfo model) =>
        model with
        {
            Name = Capped(model.Name),
            Description = Capped(model.Description),
            ReasoningLevels = model.ReasoningLevels is { Count: > MaxReasoningLevels } levels
                ? [.. levels.Take(MaxReasoningLevels)]
                : model.ReasoningLevels,
        };

    private static string? Capped(string? text) => text is { Length: > MaxTextLength } ? text[..MaxTextLength] + "…" : text;

    private sealed record Entry((long, DateTime) Stamp, StoredModels? Models);
}

/// <summary>The file; ignored if the format differs.</summary>
internal sealed record StoredModelFile(int Format, string? Fingerprint, DateTimeOffset FetchedAt, IReadOnlyList<ModelInfo?>? Models)
{
    private const int CurrentFormat = 1;

    public static StoredModelFile Of(StoredModels models) => new(CurrentFormat, models.Fingerprint, models.FetchedAt, models.Models);

    public StoredModels? ToModels() =>
        Format == CurrentFormat && Fingerprint is { } fingerprint
            ? new StoredModels(
                fingerprint,
                FetchedAt,
                [
                    .. (Models ?? [])
                        .OfType<ModelInfo>()
                        .Where(model => model is { Id.Length: > 0, ReasoningLevels: var levels } && levels?.Contains(null!) != true)
                        .Take(ModelCache.MaxModels),
                ]
            )
            : null;
}

/// <summary>An array of prices per million tokens: input, output, cached read, cached write. Null without the first two.</summary>
internal sealed class StoredPriceConverter : JsonConverter<Price>
{
    public override Price? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JsonSerializer.Deserialize(ref reader, StoredModelsJson.Default.NullableDecimalArray)
            is [{ } input, { } output, var read, var write]
            ? new Price(input, output, read, write)
            : null;

    public override void Write(Utf8JsonWriter writer, Price value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(
            writer,
            [value.InputPerMillion, value.OutputPerMillion, value.CachedReadPerMillion, value.CachedWritePerMillion],
            StoredModelsJson.Default.NullableDecimalArray
        );
}

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(StoredPriceConverter)]
)]
[JsonSerializable(typeof(StoredModelFile))]
[JsonSerializable(typeof(decimal?[]))]
internal sealed partial class StoredModelsJson : JsonSerializerContext;
