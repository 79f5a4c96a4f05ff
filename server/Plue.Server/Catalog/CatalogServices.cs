namespace Plue.Server.Catalog;

/// <summary>The catalog, the user's catalogs, and the catalog server.</summary>
internal sealed record CatalogServices(ProviderCatalog Catalog, UserCatalogs Own, CatalogRefresh Refresh);
