using System.Text.Json.Serialization;
using Plue.Server.Messages;

namespace Plue.Server.Catalog;

/// <summary>A vendor in the Catwalk format: what it offers and at what price. Facts only, no connection.</summary>
public sealed record CatalogProvider
{
    public required string Id { get; init; }
    public string Name { get; init; } = "";
    public string Type { get; init; } = "";
    /// <summary><c>$ENV</c>: the environment variable that usually holds the key.</summary>
    public string? ApiKey { get; init; }
    /// <summary>A URL, or <c>$ENV</c> where the vendor's default host is meant.</summary>
    public string? ApiEndpoint { get; init; }
    public string? DefaultLargeModelId { get; init; }
    public string? DefaultSmallModelId { get; init; }
    public IReadOnlyList<CatalogModel> Models { get; init; } = [];
}

/// <summary>Prices are USD for a million tokens. 0 in all four means free, flat-rate or unknown: Plue shows it as unknown.</summary>
public sealed record CatalogModel
{
    public required string Id { get; init; }
    public string Name { get; init; } = "";
    [JsonPropertyName("cost_per_1m_in")]
    public decimal CostPer1mIn { get; init; }
    [JsonPropertyName("cost_per_1m_out")]
    public decimal CostPer1mOut { get; init; }
    [JsonPropertyName("cost_per_1m_in_cached")]
    public decimal CostPer1mInCached { get; init; }
    [JsonPropertyName("cost_per_1m_out_cached")]
    public decimal CostPer1mOutCached { get; init; }
    public long ContextWindow { get; init; }
    public long DefaultMaxTokens { get; init; }
    public bool CanReason { get; init; }
    public IReadOnlyList<string>? ReasoningLevels { get; init; }
    public string? DefaultReasoningEffort { get; init; }
    public bool SupportsAttachments { get; init; }

    /// <summary>
    /// The format means "write" by in_cached and "read" by out_cached, but its rows differ; this rule gives the right read price in all of them.
    /// </summary>
    [JsonIgnore]
    public Price? Price
    {
        get
        {
            if (CostPer1mIn == 0 && CostPer1mOut == 0 && CostPer1mInCached == 0 && CostPer1mOutCached == 0) { return null; }

            var read = CostPer1mOutCached > 0 && CostPer1mOutCached < CostPer1mIn ? CostPer1mOutCached
                : CostPer1mInCached > 0 && CostPer1mInCached < CostPer1mIn ? CostPer1mInCached
                : CostPer1mIn;
            var write = Math.Max(CostPer1mIn, CostPer1mInCached);
            return new Price(CostPer1mIn, CostPer1mOut, read, write);
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CatalogProvider))]
internal sealed partial class CatalogContext : JsonSerializerContext;
