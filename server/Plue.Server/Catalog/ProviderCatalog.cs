using System.Collections.Concurrent;
using System.Text.Json;

namespace Plue.Server.Catalog;

/// <summary>The shipped catalog, one embedded file a vendor, each read when it is first asked for.</summary>
public sealed class ProviderCatalog
{
    private const string Folder = "catalog/";
    private readonly ConcurrentDictionary<string, CatalogProvider?> read = new(StringComparer.Ordinal);
    private readonly Lazy<IReadOnlyList<string>> ids = new(() => [.. typeof(ProviderCatalog).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
        .Select(name => Path.GetFileNameWithoutExtension(name[Folder.Length..]))
        .Order(StringComparer.Ordinal)]);

    /// <summary>The ids of all vendors, without reading them.</summary>
    public IReadOnlyList<string> Ids => ids.Value;

    /// <returns>Null when no vendor has this id.</returns>
    public CatalogProvider? Find(string id) => read.GetOrAdd(id, static key =>
    {
        using var stream = typeof(ProviderCatalog).Assembly.GetManifestResourceStream($"{Folder}{key}.json");
        if (stream is null) { return null; }

        using var document = JsonDocument.Parse(stream);
        return CatalogReader.Read(document.RootElement).Provider;
    });
}
