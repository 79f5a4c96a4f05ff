namespace Plue.Server.Catalog;

/// <summary>A vendor in the Catwalk format: what it offers and at what price. Facts only, no connection.</summary>
public sealed record CatalogProvider
{
    public required string Id { get; init; }
    public string Name { get; init; } = "";

    /// <summary>As the format spells it; the kind of provider that it becomes is in <c>Providers/CatalogTypes</c>.</summary>
    public string Type { get; init; } = "";

    /// <summary><c>$ENV</c>: the environment variable that usually holds the key.</summary>
    public string? ApiKey { get; init; }

    /// <summary>A URL, or <c>$ENV</c> where the vendor's default host is meant.</summary>
    public string? ApiEndpoint { get; init; }

    /// <summary>One of <see cref="Models"/>. Defaults to the first if the file names an unknown one.</summary>
    public string? DefaultLargeModelId { get; init; }
    public string? DefaultSmallModelId { get; init; }
    public IReadOnlyDictionary<string, string> DefaultHeaders { get; init; } = new Dictionary<string, string>();

    /// <summary>Empty for a server of one's own, whose models are those that it lists.</summary>
    public IReadOnlyList<CatalogModel> Models { get; init; } = [];

    /// <summary>The variable of <see cref="ApiKey"/> without its dollar sign.</summary>
    public string? KeyVariable => ApiKey is { } key && CatalogRules.IsVariable(key) ? key[1..] : null;

    /// <summary>Null where the vendor's default host is meant.</summary>
    public Uri? Endpoint =>
        ApiEndpoint is { } url
        && Uri.TryCreate(url, UriKind.Absolute, out var uri)
        && uri.Scheme is "http" or "https"
        && uri.UserInfo.Length == 0
            ? uri
            : null;

    /// <returns>Null when no model has this id.</returns>
    public CatalogModel? FindModel(string id) => Models.FirstOrDefault(model => model.Id == id);
}
