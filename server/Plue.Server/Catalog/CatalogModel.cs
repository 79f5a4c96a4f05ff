using Plue.Server.Messages;

namespace Plue.Server.Catalog;

/// <summary>Prices are USD per million tokens. 0 in all four means free, flat-rate or unknown: Plue shows it as unknown.</summary>
public sealed record CatalogModel
{
    public required string Id { get; init; }
    public string Name { get; init; } = "";
    public decimal CostPer1mIn { get; init; }
    public decimal CostPer1mOut { get; init; }
    public decimal CostPer1mInCached { get; init; }
    public decimal CostPer1mOutCached { get; init; }

    /// <summary>Tokens; 0 where it is not known.</summary>
    public long ContextWindow { get; init; }

    /// <summary>Tokens; 0 where it is not known. Use <see cref="MaxOutput"/>: rows of the format can exceed the window.</summary>
    public long DefaultMaxTokens { get; init; }
    public bool CanReason { get; init; }

    /// <summary>Weakest first. Null with <see cref="CanReason"/> means that reasoning is on or off.</summary>
    public IReadOnlyList<string>? ReasoningLevels { get; init; }
    public string? DefaultReasoningEffort { get; init; }

    /// <summary>Accepts images.</summary>
    public bool SupportsAttachments { get; init; }
    public CatalogOptions? Options { get; init; }

    /// <summary>Tokens of one answer, with room left for the prompt; null where it is not known.</summary>
    public long? MaxOutput =>
        DefaultMaxTokens <= 0 ? null
        : ContextWindow > 0 && DefaultMaxTokens >= ContextWindow ? Math.Max(1, ContextWindow / 2)
        : DefaultMaxTokens;

    /// <summary>
    /// The format means "write" by in_cached and "read" by out_cached, but its rows differ; this rule gives the right read price in all of them.
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
public sealed record CatalogOptions
{
    public decimal? Temperature { get; init; }
    public decimal? TopP { get; init; }
    public long? TopK { get; init; }
    public decimal? FrequencyPenalty { get; init; }
    public decimal? PresencePenalty { get; init; }

    /// <summary>An object of the vendor's own, as JSON text.</summary>
    public string? ProviderOptions { get; init; }
}
