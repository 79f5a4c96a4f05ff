using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Plue.Server.Platform;

namespace Plue.Server.Catalog;

/// <summary>
/// The last response of the catalog server. It is used only while the settings name that server. It provides models and prices but cannot change addresses: a
/// provider whose address differs from the shipped catalog is skipped.
/// </summary>
/// <param name="settings">Called again only after the settings file changed.</param>
internal sealed class FetchedCatalog(PluePaths paths, Func<CatalogSettings> settings)
{
    private readonly string bodyPath = Path.Combine(paths.Index, "catalog.json");
    private readonly string statePath = Path.Combine(paths.Index, "catalog-state.json");
    private readonly Lock sync = new();
    private (FileStamp State, FileStamp Config) stamps;
    private StoredCatalogState? state;
    private volatile FetchedProviders providers = FetchedProviders.None;

    public CatalogSettings Settings => settings();

    /// <summary>Returns the same object while the files do not change.</summary>
    public FetchedProviders Current
    {
        get
        {
            ReloadIfChanged();
            return providers;
        }
    }

    /// <summary>The result of the last fetch; null if there was none.</summary>
    public StoredCatalogState? State
    {
        get
        {
            ReloadIfChanged();
            return state;
        }
    }

    /// <summary>Stores a response atomically: the previous one is used until the last step.</summary>
    /// <exception cref="Messages.FailureException">StoreReadOnly: nothing was changed.</exception>
    public void Store(ReadOnlySpan<byte> body, StoredCatalogState fetched)
    {
        lock (sync)
        {
            CatalogFile.Replace(bodyPath, body);
            Store(fetched with { Sha256 = Convert.ToHexStringLower(SHA256.HashData(body)) });
        }
    }

    /// <summary>Updates the state and keeps the response.</summary>
    public void Store(StoredCatalogState known)
    {
        lock (sync)
        {
            CatalogFile.Replace(statePath, JsonSerializer.SerializeToUtf8Bytes(known, StoredCatalogContext.Default.StoredCatalogState));
            stamps = default;
        }
    }

    /// <returns>Why a fetched provider is skipped; null if it is accepted.</returns>
    /// <param name="shipped">The shipped provider with the same id; null if there is none.</param>
    public static string? Refusal(CatalogReading reading, CatalogProvider? shipped)
    {
        // Some vendors' default models are not in their own lists; the first model replaces them.
        if (
            reading.Faults.FirstOrDefault(fault => fault.IsError && !fault.Path.StartsWith("default_", StringComparison.Ordinal)) is
            { } fault
        )
        {
            return fault.ToString();
        }
        if (reading.Provider is not { } provider)
        {
            return "It is empty.";
        }
        if (provider.Endpoint is { Scheme: "http", IsLoopback: false })
        {
            return "Requests to its address are not encrypted.";
        }
        if (shipped is not null && !(IsSameAddress(provider, shipped) && provider.ApiKey == shipped.ApiKey))
        {
            return "It would send requests or the key to a different address than the shipped catalog.";
        }

        return null;
    }

    private static bool IsSameAddress(CatalogProvider one, CatalogProvider other) =>
        one.ApiEndpoint == other.ApiEndpoint || (one.Endpoint is { } first && other.Endpoint is { } second && first == second);

    private void ReloadIfChanged()
    {
        var stateStamp = FileStamp.Of(statePath);
        // Without a response, the settings do not matter.
        var now = (stateStamp, stateStamp.Exists ? FileStamp.Of(paths.Config) : FileStamp.None);
        lock (sync)
        {
            if (now == stamps)
            {
                return;
            }

            stamps = now;
            state = stateStamp.Exists ? ReadState() : null;
            var chosen = stateStamp.Exists ? settings() : null;
            if (state?.FetchedAt is null || chosen?.RefreshUrl is not { } url || CatalogRefresh.Address(url)?.ToString() != state.Url)
            {
                providers = FetchedProviders.None;
            }
            else if (CatalogFile.Read(bodyPath).Bytes is { } body && FetchedProviders.Read(body) is { } read)
            {
                var sha256 = Convert.ToHexStringLower(SHA256.HashData(body));
                // If the last write was interrupted between the two files, the response is complete, but its ETag is unknown.
                if (state.Sha256 != sha256)
                {
                    state = state with { ETag = null };
                }
                // A pinned hash also applies to a response that was fetched before it was set.
                (providers, state) = chosen.Accepts(sha256)
                    ? (read, state)
                    : (FetchedProviders.None, state with { ETag = null, RejectedSha256 = sha256 });
            }
            else
            {
                (providers, state) = (FetchedProviders.None, state with { ETag = null });
            }
        }
    }

    private StoredCatalogState? ReadState()
    {
        if (CatalogFile.Read(statePath).Bytes is not { } bytes)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(bytes, StoredCatalogContext.Default.StoredCatalogState);
        }
        catch (JsonException)
        {
            // The response can be fetched again.
            return null;
        }
    }
}

/// <summary>The providers of one response. Each is parsed when it is first requested.</summary>
internal sealed class FetchedProviders
{
    public static readonly FetchedProviders None = new([], []);

    private readonly byte[] body;
    private readonly Dictionary<string, Range> places;

    private FetchedProviders(byte[] body, Dictionary<string, Range> places) => (this.body, this.places) = (body, places);

    public IReadOnlyCollection<string> Ids => places.Keys;

    /// <returns>Null if no provider has this id.</returns>
    public JsonElement? Find(string id) => places.TryGetValue(id, out var place) ? JsonElement.Parse(body.AsSpan(place)) : null;

    /// <returns>Null if the response is not a list of objects.</returns>
    public static FetchedProviders? Read(byte[] body)
    {
        Dictionary<string, Range> positions = new(StringComparer.Ordinal);
        try
        {
            var reader = new Utf8JsonReader(body);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
            {
                return null;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            {
                var start = (int)reader.TokenStartIndex;
                string? id = null;
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var isId = reader.ValueTextEquals("id"u8);
                    reader.Read();
                    if (isId && reader.TokenType == JsonTokenType.String)
                    {
                        id = reader.GetString();
                    }
                    reader.Skip();
                }

                if (id is not null && CatalogId.IsValid(id))
                {
                    positions.TryAdd(id, start..(int)reader.BytesConsumed);
                }
            }

            return reader.TokenType == JsonTokenType.EndArray && !reader.Read() ? new FetchedProviders(body, positions) : null;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}

/// <param name="Url">The requested URL.</param>
/// <param name="ETag">The ETag of the response, including quotes.</param>
/// <param name="FetchedAt">When the server last confirmed that the response is current; null if it never did.</param>
/// <param name="TriedAt">The time of the last attempt, successful or not.</param>
/// <param name="Sha256">The SHA-256 of the response, in lowercase hex.</param>
/// <param name="RejectedSha256">The SHA-256 of a newer response that did not match the pinned hash; null if there was none.</param>
internal sealed record StoredCatalogState(
    string Url,
    string? ETag,
    DateTimeOffset? FetchedAt,
    DateTimeOffset TriedAt,
    string? Sha256,
    string? RejectedSha256 = null
);

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower
)]
[JsonSerializable(typeof(StoredCatalogState))]
internal sealed partial class StoredCatalogContext : JsonSerializerContext;
