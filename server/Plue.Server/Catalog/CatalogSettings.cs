namespace Plue.Server.Catalog;

/// <summary>The catalog settings in <c>config.json5</c>.</summary>
/// <param name="RefreshUrl">The address of a Catwalk server, without the path; null while the user gave none.</param>
/// <param name="RefreshDaily">Whether to fetch the catalog daily. Off by default.</param>
public sealed record CatalogSettings(string? RefreshUrl, bool RefreshDaily)
{
    public const string UrlKey = "catalog_refresh_url";
    public const string DailyKey = "catalog_refresh";
}
