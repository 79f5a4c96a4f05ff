using Plue.Server.Messages;
using Plue.Server.Providers;

namespace Plue.Server.Chat;

/// <param name="Prices">The prices of the provider's models.</param>
internal sealed record ProviderCall(IProvider Provider, ProviderRequest Request, IPriceList Prices)
{
    private static readonly Cost Free = new(0, 0, 0, 0, "local");

    /// <summary>Gets why this provider replaces the chosen one; null for the chosen one.</summary>
    public string? FallbackReason { get; init; }

    /// <summary>Gets the content of the chat that the request omits, one sentence each.</summary>
    public IReadOnlyList<string> Omitted { get; init; } = [];

    /// <summary>Gets the cost of a response; null if no price is known.</summary>
    /// <param name="model">The model name that the vendor reported.</param>
    /// <param name="vendorCost">The cost in USD that the vendor reported; null to use the catalog's price.</param>
    public Cost? CostOf(string? model, Usage? usage, decimal? vendorCost)
    {
        if (Provider.Settings.IsFree)
        {
            return Free;
        }
        if (vendorCost is { } reported)
        {
            return new Cost(0, 0, 0, reported, "vendor");
        }
        return usage is not null && Prices.PriceOf(Provider.Settings, model ?? Request.Model) is { } price ? price.CostOf(usage) : null;
    }
}
