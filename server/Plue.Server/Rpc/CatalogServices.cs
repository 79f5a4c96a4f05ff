using Plue.Server.Catalog;

namespace Plue.Server.Rpc;

/// <summary>The catalog, the changes to the user's part of it, and fetching; bound in Composition. Disposing ends what they stand on.</summary>
internal sealed class CatalogServices(ProviderCatalog catalog, UserCatalogs own, CatalogRefresh refresh, Func<ValueTask> dispose) : IAsyncDisposable
{
    public ProviderCatalog Catalog { get; } = catalog;
    public UserCatalogs Own { get; } = own;
    public CatalogRefresh Refresh { get; } = refresh;

    public ValueTask DisposeAsync() => dispose();
}
