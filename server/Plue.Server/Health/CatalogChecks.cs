using Plue.Server.Catalog;
using Plue.Server.Platform;

namespace Plue.Server.Health;

/// <summary>Checks the models and prices from the user's catalog server.</summary>
internal static class CatalogChecks
{
    /// <summary>The number of shown digits of a hash, enough to tell catalogs apart.</summary>
    private const int ShownHash = 16;

    /// <returns>No row if no server is set.</returns>
    public static IReadOnlyList<HealthRow> All(ProviderCatalog catalog)
    {
        const string name = "Catalog";
        if (catalog.Fetched is not { } fetched || fetched.Settings is not { RefreshUrl: { Length: > 0 } url } settings)
        {
            return [];
        }

        var open = new HealthFix(HealthAction.OpenSettings);
        if (CatalogRefresh.Address(url) is not { } address)
        {
            return
            [
                HealthRow.Warning(name, $"`{CatalogSettings.UrlKey}` is not a valid address, so the shipped catalog is used.") with
                {
                    Advice = "Correct the address of the catalog server.",
                    Fix = open,
                },
            ];
        }
        if (settings.HasInvalidPin)
        {
            return
            [
                HealthRow.Warning(name, $"`{CatalogSettings.HashKey}` is not a SHA-256, so no catalog of {address.Authority} is used.") with
                {
                    Advice = "Set the 64 hexadecimal digits of the SHA-256, or remove it.",
                    Fix = open,
                },
            ];
        }

        // Must be read first: this compares the fetched catalog with the pinned hash.
        var count = fetched.Current.Ids.Count;
        var state = fetched.State is { } known && known.Url == address.ToString() ? known : null;
        var rejected = settings.IsPinned && state?.RejectedSha256 is { } hash && !settings.Accepts(hash) ? hash : null;
        var used =
            count > 0
                ? $"{Plural.Of(count, "provider")} of {address.Authority} {(count == 1 ? "is" : "are")} used. The SHA-256 {state?.Sha256?[..ShownHash]}… is {(settings.IsPinned ? "the pinned one" : "not pinned")}."
                : $"Nothing of {address.Authority} is used; the shipped catalog is.";
        return
        [
            rejected is not null
                ? HealthRow.Warning(
                    name,
                    $"{address.Authority} sent a catalog with the SHA-256 {rejected}, which is not the one in `{CatalogSettings.HashKey}`. {used}"
                ) with
                {
                    Advice = $"If you trust that catalog, set `{CatalogSettings.HashKey}` to its SHA-256 and update the catalog.",
                    Fix = open,
                }
                : HealthRow.Ok(name, used),
        ];
    }
}
