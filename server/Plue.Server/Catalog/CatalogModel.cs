using Plue.Server.Messages;

namespace Plue.Server.Catalog;

/// <summary>A model in the Catwalk format. Prices are in USD per million tokens; if all four are 0, the price is unknown, free or flat-rate.</summary>
internal sealed record CatalogModel
{
    public required string Id { get; init; }
    public string Name { get; init; } = "";
    public decimal CostPer1mIn { get; init; }
    public decimal CostPer1mOut { get; init; }
    public decimal CostPer1mInCached { get; init; }
    public decimal CostPer1mOutCached { get; init; }

    /// <summary>In tokens; 0 if unknown.</summary>
    public long ContextWindow { get; init; }

    /// <summary>In tokens; 0 if unknown. Use <see cref="MaxOutput"/>: values in the format can exceed the context window.</summary>
    public long DefaultMaxTokens { get; init; }
    public bool CanReason { get; init; }

    /// <summary>Weakest first. If null and <see cref="CanReason"/> is true, reasoning can only be turned on or off.</summary>
    public IReadOnlyList<string>? ReasoningLevels { get; init; }
    public string? DefaultReasoningEffort { get; init; }

    /// <summary>True if the model accepts images.</summary>
    public bool SupportsAttachments { get; init; }
    public CatalogOptions? Options { get; init; }

    /// <summary>The maximum number of tokens of a response, leaving space for the prompt; null if unknown.</summary>
    public long? MaxOutput =>
        DefaultMaxTokens <= 0 ? null
        : ContextWindow > 0 && DefaultMaxTokens >= ContextWindow ? Math.Max(1, ContextWindow / 2)
        : DefaultMaxTokens;

    /// <summary>
    /// The format defines in_cached as the write price and out_cached as the read price, but entries differ; this rule returns the correct read price for all
    /// of them.
    /// </summary>
    public Price? Price
    {
        get
        {
            if (CostPer1mIn == 0 && CostPer1mOut == 0 && CostPer1mInCached == 0 && CostPer1mOutCached == 0)
            {
                return null;
            }

            var read =
                CostPer1mOutCached > 0 && CostPer1mOutCached < CostPer1mIn ? CostPer1mOutCached
                : CostPer1mInCached > 0 && CostPer1mInCached < CostPer1mIn ? CostPer1mInCached
                : CostPer1mIn;
            var write = Math.Max(CostPer1mIn, CostPer1mInCached);
            return new Price(CostPer1mIn, CostPer1mOut, read, write);
        }
    }
}

/// <summary>Default request options that the vendor recommends for a model.</summary>
internal sealed record CatalogOptions
{
    public decimal? Temperature { get; init; }
    public decimal? TopP { get; init; }
    public long? TopK { get; init; }
    public decimal? FrequencyPenalty { get; init; }
    public decimal? PresencePenalty { get; init; }

    /// <summary>A vendor-specific object as JSON text.</summary>
    public string? ProviderOptions { get; init; }
}
