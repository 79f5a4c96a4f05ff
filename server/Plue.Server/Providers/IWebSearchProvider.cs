using Plue.Server.Messages;

namespace Plue.Server.Providers;

/// <summary>A provider whose vendor searches the web: a model of it gets the vendor's search and returns what it found.</summary>
public interface IWebSearchProvider : IProvider
{
    /// <summary>Sends one request beside the chat, without its history.</summary>
    /// <exception cref="FailureException">The vendor did not search.</exception>
    Task<WebSearchResponse> SearchWebAsync(WebSearchRequest request, CancellationToken cancellationToken);
}

/// <param name="Instructions">The system prompt of the request.</param>
public sealed record WebSearchRequest(string Model, string Instructions, string Query);

/// <summary>What a search found, as the model summarized it, with its sources.</summary>
public sealed record WebSearchResponse(string Text, IReadOnlyList<WebSource> Sources)
{
    /// <summary>As the vendor named it; null for the requested one.</summary>
    public string? Model { get; init; }
    public Usage? Usage { get; init; }

    /// <summary>USD for all of it as the vendor reports it; null if the catalog's price and <see cref="Fee"/> apply.</summary>
    public decimal? VendorCost { get; init; }

    /// <summary>USD that the vendor charges for the searches beside the tokens. Free searches of an account are not known and counted as paid.</summary>
    public decimal Fee { get; init; }

    /// <summary>Each address once, in the order of its first mention.</summary>
    internal static IReadOnlyList<WebSource> Distinct(IEnumerable<WebSource> sources) =>
        [
            .. sources
                .GroupBy(source => source.Url, StringComparer.Ordinal)
                .Select(same => same.FirstOrDefault(one => one.Excerpt is not null) ?? same.First()),
        ];
}

/// <param name="Excerpt">The passage that supports the text; null where the vendor sends none.</param>
public sealed record WebSource(string Url, string? Title, string? Excerpt = null);

/// <summary>Whether the vendor of a provider can be asked to search the web.</summary>
internal static class WebSearchSetting
{
    private const string Field = "web_search";

    /// <summary>At the vendor's own address it can. Another server may not know the vendor's search, unless <c>additional_auth.web_search</c> is <c>on</c>.</summary>
    public static bool IsOn(ProviderSettings settings, bool isVendor) =>
        settings.AuthField(Field) switch
        {
            "on" => true,
            "off" => false,
            _ => isVendor,
        };
}
