namespace Plue.Server.Catalog;

/// <summary>What <c>config.json5</c> says about fetching the catalog.</summary>
/// <param name="RefreshUrl">The address of a Catwalk server, without the path; null while the user gave none.</param>
/// <param name="RefreshDaily">Fetch it once a day without being asked. Off unless the user switched it on.</param>
public sealed record CatalogSettings(string? RefreshUrl, bool RefreshDaily)
{
    public const string UrlKey = "catalog_refresh_url";
    public const string DailyKey = "catalog_refresh";
}
