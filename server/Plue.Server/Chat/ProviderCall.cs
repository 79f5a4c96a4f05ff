using Plue.Server.Messages;
using Plue.Server.Providers;

namespace Plue.Server.Chat;

/// <summary>A provider with the request that it gets.</summary>
/// <param name="Prices">Of the provider's models.</param>
internal sealed record ProviderCall(IProvider Provider, ProviderRequest Request, IPriceList Prices)
{
    private static readonly Cost Free = new(0, 0, 0, 0, "local");

    /// <summary>Why the chosen provider does not respond itself; null for that one.</summary>
    public string? InsteadOf { get; init; }

    /// <summary>Content of the chat that the request omits, one sentence each.</summary>
    public IReadOnlyList<string> NotCarried { get; init; } = [];

    /// <summary>Returns the cost of a response; null where no price is known.</summary>
    /// <param name="model">As the vendor named it.</param>
    /// <param name="vendorCost">USD as the vendor reported it; null where the catalog's price counts.</param>
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
