using System.Collections.Concurrent;
using System.Text.Json;
using Plue.Server.Platform;

namespace Plue.Server.Catalog;

/// <summary>
/// The catalog of providers by id: the user's catalogs override fetched ones, which override shipped ones. Files are read on first use and after they change.
/// A user's file with errors is ignored. Thread-safe.
/// </summary>
internal sealed class ProviderCatalog
{
    private const string ShippedFolder = "catalog/";

    private readonly string? folder;
    private readonly IReadOnlySet<string>? knownTypes;
    private readonly FetchedCatalog? fetched;
    private readonly ConcurrentDictionary<string, Slot> known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, CatalogEntry?> shipped = new(StringComparer.Ordinal);
    private static readonly Lazy<IReadOnlyList<string>> ShippedNames = new(() =>
        [
            .. typeof(ProviderCatalog)
                .Assembly.GetManifestResourceNames()
                .Where(name => name.StartsWith(ShippedFolder, StringComparison.Ordinal))
                .Select(name => Path.GetFileNameWithoutExtension(name[ShippedFolder.Length..]))
                .Order(StringComparer.Ordinal),
        ]
    );

    /// <summary>Creates a catalog with shipped providers only.</summary>
    public ProviderCatalog() { }

    /// <param name="knownTypes">The types that Plue supports; null disables the check.</param>
    /// <param name="settings">Called only if a fetched catalog exists, and again after the settings file changed.</param>
    public ProviderCatalog(PluePaths paths, IReadOnlySet<string>? knownTypes = null, Func<CatalogSettings>? settings = null)
    {
        (folder, this.knownTypes) = (paths.Catalog, knownTypes);
        fetched = new FetchedCatalog(paths, settings ?? (() => new CatalogSettings(null, false)));
    }

    /// <summary>The ids of all providers, sorted. Does not read their files.</summary>
    public IReadOnlyList<string> Ids => [.. AllIds(UserFiles().Paths, FetchedNow)];

    /// <returns>Null if no usable provider has this id.</returns>
    public CatalogProvider? Find(string id) => Get(id) is { IsEffective: true } entry ? entry.Provider : null;

    /// <returns>Null if neither a provider nor a file with errors has this id.</returns>
    public CatalogEntry? Get(string id) => CatalogId.IsValid(id) ? Get(id, FetchedNow) : null;

    /// <summary>Returns all entries, sorted by id, and the problems of the user's files.</summary>
    public CatalogListing List()
    {
        var (files, problem) = UserFiles();
        var others = FetchedNow;
        List<CatalogEntry> entries = [.. AllIds(files, others).Select(id => Get(id, others)).OfType<CatalogEntry>()];
        return new CatalogListing(entries, problem ?? Broken(files, entries));
    }

    /// <summary>Returns the errors and warnings of a catalog that is not stored.</summary>
    public IReadOnlyList<CatalogFault> Validate(JsonElement document) => Read(document).Faults;

    /// <summary>When the server last confirmed the fetched catalog; null without one.</summary>
    public DateTimeOffset? RefreshedAt => fetched is { Current.Ids.Count: > 0 } ? fetched.State?.FetchedAt : null;

    internal FetchedCatalog? Fetched => fetched;

    internal CatalogReading Read(JsonElement document) => CatalogReader.Read(document, knownTypes);

    internal CatalogEntry? Shipped(string id) => shipped.GetOrAdd(id, ReadShipped);

    /// <summary>Returns the catalog that applies after the user's catalog with this id is deleted; null if there is none.</summary>
    internal CatalogProvider? Without(string id) => LowerLayer(id, FetchedNow)?.Provider;

    /// <summary>Returns the path of the user's catalog with this id, whether or not it exists.</summary>
    internal string? FileOf(string id) => folder is null ? null : Path.Combine(folder, id + CatalogFile.Extension);

    /// <summary>Removes a catalog from the cache, after a change that may not affect the file's length and timestamp.</summary>
    internal void Forget(string id) => known.TryRemove(id, out _);

    private CatalogEntry? Get(string id, FetchedProviders others)
    {
        var file = FileOf(id);
        var stamp = file is null ? FileStamp.None : FileStamp.Of(file);
        if (known.TryGetValue(id, out var slot) && slot.Stamp == stamp && ReferenceEquals(slot.Fetched, others))
        {
            return slot.Entry;
        }

        var entry = file is not null && stamp.Exists ? ReadUser(id, file, LowerLayer(id, others)) : LowerLayer(id, others);
        if (entry is null)
        {
            known.TryRemove(id, out _);
        }
        else
        {
            known[id] = new Slot(stamp, others, entry);
        }
        return entry;
    }

    private FetchedProviders FetchedNow => fetched?.Current ?? FetchedProviders.None;

    private static IEnumerable<string> AllIds(IReadOnlyList<string> files, FetchedProviders others) =>
        files
            .Select(IdOf)
            .Where(CatalogId.IsValid)
            .Concat(ShippedNames.Value)
            .Concat(others.Ids)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal);

    private static string IdOf(string file) => Path.GetFileName(file)[..^CatalogFile.Extension.Length];

    private (IReadOnlyList<string> Paths, string? Problem) UserFiles()
    {
        try
        {
            return folder is not null && Directory.Exists(folder)
                // Names with a leading dot are temporary files or backups of editors.
                ? (
                    [
                        .. Directory
                            .EnumerateFiles(folder)
                            .Where(path =>
                                path.EndsWith(CatalogFile.Extension, StringComparison.Ordinal) && Path.GetFileName(path)[0] != '.'
                            )
                            .Order(StringComparer.Ordinal),
                    ],
                    null
                )
                : ([], null);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return ([], $"Your catalogs in {folder} could not be read: {exception.Message} The other catalogs are used.");
        }
    }

    private CatalogEntry? LowerLayer(string id, FetchedProviders others) => ReadFetched(id, others) ?? Shipped(id);

    private CatalogEntry ReadUser(string id, string file, CatalogEntry? behind)
    {
        var (bytes, problem) = CatalogFile.Read(file);
        JsonElement? document = null;
        if (bytes is not null)
        {
            (document, problem) = CatalogFile.Parse(bytes);
        }

        var reading = document is { } value
            ? Named(id, Read(value))
            : new CatalogReading(null, [new CatalogFault("", IsError: true, problem ?? "The file is empty.")]);
        return new CatalogEntry
        {
            Id = id,
            Layer = CatalogLayer.User,
            Provider =
                !reading.HasErrors && reading.Provider is { } own
                    ? own
                    : behind?.Provider
                        ?? (reading.Provider ?? new CatalogProvider { Id = id }) with
                        {
                            Id = id,
                            Name = reading.Provider is { Name.Length: > 0 } named ? named.Name : id,
                        },
            Document = document ?? Empty,
            Faults =
                reading.HasErrors && behind is not null
                    ?
                    [
                        .. reading.Faults,
                        new CatalogFault("", IsError: false, "Until the errors are fixed, the catalog that this one overrides is used."),
                    ]
                    : reading.Faults,
            IsEffective = !reading.HasErrors || behind is not null,
            OverridesShipped = behind is not null,
            File = file,
        };
    }

    private static readonly JsonElement Empty = JsonElement.Parse("{}");

    /// <summary>Reports an error if the id in the file is not its name, by which catalogs are found.</summary>
    private static CatalogReading Named(string id, CatalogReading reading) =>
        reading.Provider is { } provider && provider.Id.Length > 0 && provider.Id != id
            ? reading with
            {
                Faults =
                [
                    .. reading.Faults,
                    new CatalogFault(
                        "id",
                        IsError: true,
                        $"The file is named {id}{CatalogFile.Extension}, but the id differs. Use the same name for both."
                    ),
                ],
            }
            : reading;

    private CatalogEntry? ReadFetched(string id, FetchedProviders others)
    {
        if (others.Find(id) is not { } document)
        {
            return null;
        }

        var reading = Read(document);
        if (FetchedCatalog.Refusal(reading, Shipped(id)?.Provider) is not null || reading.Provider is not { } provider)
        {
            return null;
        }

        // Fetched headers identify another program as the client.
        return ToEntry(
            id,
            CatalogLayer.Fetched,
            provider with
            {
                DefaultHeaders = new Dictionary<string, string>(),
            },
            document,
            [.. reading.Faults.Select(fault => fault with { IsError = false })]
        );
    }

    private CatalogEntry? ReadShipped(string id)
    {
        using var stream = typeof(ProviderCatalog).Assembly.GetManifestResourceStream($"{ShippedFolder}{id}.json");
        if (stream is null)
        {
            return null;
        }

        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var document = JsonElement.Parse(bytes);
        var reading = Read(document);
        return ToEntry(
            id,
            CatalogLayer.Shipped,
            reading.Provider ?? throw new InvalidOperationException($"The shipped catalog {id} could not be read."),
            document,
            reading.Faults
        );
    }

    private static CatalogEntry ToEntry(
        string id,
        CatalogLayer layer,
        CatalogProvider provider,
        JsonElement document,
        IReadOnlyList<CatalogFault> faults
    ) =>
        new()
        {
            Id = id,
            Layer = layer,
            Provider = provider,
            Document = document,
            Faults = faults,
            IsEffective = true,
            OverridesShipped = false,
        };

    private static string? Broken(IReadOnlyList<string> files, List<CatalogEntry> entries)
    {
        List<string> broken =
        [
            .. files.Where(file => !CatalogId.IsValid(IdOf(file))).Select(file => $"{Path.GetFileName(file)} ({CatalogId.Rule})"),
            .. entries
                .Where(entry => entry is { Layer: CatalogLayer.User, HasErrors: true })
                .Select(entry => $"{entry.Id}{CatalogFile.Extension} ({entry.Faults.First(fault => fault.IsError)})"),
        ];
        const int Named = 3;
        return broken.Count == 0
            ? null
            : $"These catalogs of yours are ignored until their errors are fixed: {string.Join(", ", broken.Take(Named))}{(broken.Count > Named ? $" and {broken.Count - Named} more" : "")}.";
    }

    private sealed record Slot(FileStamp Stamp, FetchedProviders Fetched, CatalogEntry Entry);
}

/// <param name="Problem">The problems of the user's files; null if there are none.</param>
internal sealed record CatalogListing(IReadOnlyList<CatalogEntry> Entries, string? Problem);
