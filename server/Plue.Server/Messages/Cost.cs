namespace Plue.Server.Messages;

/// <summary>What an answer cost, in USD. Decimal, because money is never binary floating point.</summary>
/// <param name="PriceSource"><c>catalog</c> (computed from the price list), <c>vendor</c> (reported with the answer), or <c>local</c> (free).</param>
public sealed record Cost(decimal InputCost, decimal OutputCost, decimal CachedCost, decimal TotalCost, string PriceSource)
{
    /// <summary>What it was computed with; null where the vendor said it or nothing is paid.</summary>
    public Price? Price { get; init; }
}

/// <summary>USD for a million tokens; null where the price is not known.</summary>
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
