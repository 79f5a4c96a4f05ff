using Plue.Server.Catalog;
using Plue.Server.Messages;

namespace Plue.Server.Rpc;

/// <summary>The catalog, the changes to the user's part of it, and fetching; bound in Composition. Disposing ends what they stand on.</summary>
internal sealed class CatalogServices(ProviderCatalog catalog, UserCatalogs own, CatalogRefresh refresh, Func<CancellationToken, Task<Usage?>> typicalChat, Func<ValueTask> dispose) : IAsyncDisposable
{
    public ProviderCatalog Catalog { get; } = catalog;
    public UserCatalogs Own { get; } = own;
    public CatalogRefresh Refresh { get; } = refresh;

    /// <summary>The tokens of a chat like the user's own; null while there are too few.</summary>
    public Func<CancellationToken, Task<Usage?>> TypicalChat { get; } = typicalChat;

    public ValueTask DisposeAsync() => dispose();
}
