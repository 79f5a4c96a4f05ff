namespace Plue.Server.Catalog;

/// <summary>A vendor in the Catwalk format: its models and prices, without connection settings.</summary>
internal sealed record CatalogProvider
{
    public required string Id { get; init; }
    public string Name { get; init; } = "";

    /// <summary>The type as spelled in the format; <c>Providers/CatalogTypes</c> maps it to a kind of provider.</summary>
    public string Type { get; init; } = "";

    /// <summary>The environment variable that usually contains the API key, as <c>$ENV</c>.</summary>
    public string? ApiKey { get; init; }

    /// <summary>A URL, or <c>$ENV</c> for the vendor's default host.</summary>
    public string? ApiEndpoint { get; init; }

    /// <summary>The id of one of <see cref="Models"/>. Defaults to the first if the file names an unknown one.</summary>
    public string? DefaultLargeModelId { get; init; }
    public string? DefaultSmallModelId { get; init; }
    public IReadOnlyDictionary<string, string> DefaultHeaders { get; init; } = new Dictionary<string, string>();

    /// <summary>Empty for a self-hosted server, which lists its own models.</summary>
    public IReadOnlyList<CatalogModel> Models { get; init; } = [];

    /// <summary>The variable in <see cref="ApiKey"/>, without the dollar sign.</summary>
    public string? KeyVariable => ApiKey is { } key && CatalogRules.IsVariable(key) ? key[1..] : null;

    /// <summary>Null for the vendor's default host.</summary>
    public Uri? Endpoint =>
        ApiEndpoint is { } url
        && Uri.TryCreate(url, UriKind.Absolute, out var uri)
        && uri.Scheme is "http" or "https"
        && uri.UserInfo.Length == 0
            ? uri
            : null;

    /// <returns>Null if no model has this id.</returns>
    public CatalogModel? FindModel(string id) => Models.FirstOrDefault(model => model.Id == id);
}
