namespace Plue.Server.Messages;

/// <summary>The cost of a response in USD.</summary>
/// <param name="PriceSource"><c>catalog</c> (computed from the price list), <c>vendor</c> (reported with the response), or <c>local</c> (free).</param>
public sealed record Cost(decimal InputCost, decimal OutputCost, decimal CachedCost, decimal TotalCost, string PriceSource)
{
    /// <summary>The price used to compute the cost; null if the vendor reported the cost or it is free.</summary>
    public Price? Price { get; init; }
}

/// <summary>Prices in USD per million tokens; null if unknown.</summary>
public sealed record Price(decimal InputPerMillion, decimal OutputPerMillion, decimal? CachedReadPerMillion, decimal? CachedWritePerMillion)
{
    public Cost CostOf(Usage usage)
    {
        var plainInput = Math.Max(0, usage.InputTokens - usage.CachedReadTokens - usage.CachedWriteTokens);
        var input = plainInput * InputPerMillion / 1_000_000m;
        var cached =
            (
                usage.CachedReadTokens * (CachedReadPerMillion ?? InputPerMillion)
                + usage.CachedWriteTokens * (CachedWritePerMillion ?? InputPerMillion)
            ) / 1_000_000m;
        var output = usage.OutputTokens * OutputPerMillion / 1_000_000m;
        return new Cost(input, output, cached, input + cached + output, "catalog") { Price = this };
    }
}
