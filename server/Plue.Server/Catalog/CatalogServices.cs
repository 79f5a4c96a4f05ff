namespace Plue.Server.Catalog;

/// <summary>The catalog, the user's part of it, and fetching.</summary>
internal sealed record CatalogServices(ProviderCatalog Catalog, UserCatalogs Own, CatalogRefresh Refresh);
