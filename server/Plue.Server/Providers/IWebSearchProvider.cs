using Plue.Server.Messages;

namespace Plue.Server.Providers;

/// <summary>A provider whose vendor offers a web search for its models.</summary>
internal interface IWebSearchProvider : IProvider
{
    /// <summary>Sends a request with the vendor's search, without the history of the chat.</summary>
    /// <exception cref="FailureException">The vendor did not search.</exception>
    Task<WebSearchResponse> SearchWebAsync(WebSearchRequest request, CancellationToken cancellationToken);
}

/// <param name="Instructions">The system prompt of the request.</param>
internal sealed record WebSearchRequest(string Model, string Instructions, string Query);

/// <summary>The results of a search, as the model summarized them, with their sources.</summary>
internal sealed record WebSearchResponse(string Text, IReadOnlyList<WebSource> Sources)
{
    /// <summary>The model as the vendor named it; null for the requested one.</summary>
    public string? Model { get; init; }
    public Usage? Usage { get; init; }

    /// <summary>The total cost in USD as the vendor reports it; null if the catalog's price and <see cref="Fee"/> apply.</summary>
    public decimal? VendorCost { get; init; }

    /// <summary>The vendor's price of the searches in USD, in addition to the tokens. Free searches of an account are not known and counted as paid.</summary>
    public decimal Fee { get; init; }

    /// <summary>Removes duplicate addresses and keeps the order.</summary>
    internal static IReadOnlyList<WebSource> Distinct(IEnumerable<WebSource> sources) =>
        [
            .. sources
                .GroupBy(source => source.Url, StringComparer.Ordinal)
                .Select(same => same.FirstOrDefault(one => one.Excerpt is not null) ?? same.First()),
        ];
}

/// <param name="Excerpt">The passage that supports the text; null if the vendor sends none.</param>
internal sealed record WebSource(string Url, string? Title, string? Excerpt = null);

/// <summary>True if the vendor of a provider can search the web.</summary>
internal static class WebSearchSetting
{
    private const string Field = "web_search";

    /// <summary>True at the vendor's address. Another server must be enabled by <c>additional_auth.web_search</c> = <c>on</c>.</summary>
    public static bool IsOn(ProviderSettings settings, bool isVendor) =>
        settings.AuthField(Field) switch
        {
            "on" => true,
            "off" => false,
            _ => isVendor,
        };
}
