namespace Plue.Server.Catalog;

/// <summary>The catalog settings in <c>config.json5</c>.</summary>
/// <param name="RefreshUrl">The address of a Catwalk server, without the path; null if not set.</param>
/// <param name="RefreshDaily">Whether to fetch the catalog daily. Off by default.</param>
/// <param name="Sha256">The only SHA-256 that a fetched catalog may have, in hex; null or empty accepts any. An invalid value accepts none.</param>
internal sealed record CatalogSettings(string? RefreshUrl, bool RefreshDaily, string? Sha256 = null)
{
    public const string UrlKey = "catalog_refresh_url";
    public const string DailyKey = "catalog_refresh";
    public const string HashKey = "catalog_sha256";
    private const int HexLength = 64;

    public bool IsPinned => !string.IsNullOrWhiteSpace(Sha256);

    public bool HasInvalidPin => IsPinned && !(Sha256!.Trim() is { Length: HexLength } hex && hex.All(char.IsAsciiHexDigit));

    /// <param name="sha256">The hash of the whole response, in hex.</param>
    public bool Accepts(string? sha256) => !IsPinned || string.Equals(Sha256!.Trim(), sha256, StringComparison.OrdinalIgnoreCase);
}
