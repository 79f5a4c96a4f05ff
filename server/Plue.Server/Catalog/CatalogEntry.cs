using System.Text.Json;

namespace Plue.Server.Catalog;

/// <summary>The origin of a catalog; a later layer overrides an earlier one.</summary>
internal enum CatalogLayer
{
    Shipped,
    Fetched,
    User,
}

/// <summary>A provider in the catalog and the state of its file.</summary>
internal sealed record CatalogEntry
{
    public required string Id { get; init; }

    /// <summary>User if the user has a file for it, even if that file is not used because of errors.</summary>
    public required CatalogLayer Layer { get; init; }

    /// <summary>The effective provider. If the file has errors, the part that could be read.</summary>
    public required CatalogProvider Provider { get; init; }

    /// <summary>The document in the file of <see cref="Layer"/>, including unknown fields; an empty object if it is not JSON.</summary>
    public required JsonElement Document { get; init; }

    /// <summary>The errors and warnings of that file.</summary>
    public required IReadOnlyList<CatalogFault> Faults { get; init; }

    /// <summary>False for a file with errors if no other catalog has this id: it cannot be used.</summary>
    public required bool IsEffective { get; init; }

    /// <summary>True if the user's file overrides a shipped or fetched catalog.</summary>
    public required bool OverridesShipped { get; init; }

    /// <summary>The user's file; null for other layers.</summary>
    public string? File { get; init; }

    public bool HasErrors => Faults.Any(fault => fault.IsError);

    /// <summary>Computed once, because lists of thousands of models are shown often.</summary>
    public CatalogTotals Totals => totals ??= CatalogTotals.Of(Provider.Models);

    private CatalogTotals? totals;
}

/// <summary>Totals of a list of models. Prices are in USD per million tokens and cover models with a known price.</summary>
internal sealed record CatalogTotals
{
    public required int ModelCount { get; init; }
    public required int ReasoningModelCount { get; init; }
    public required int ImageModelCount { get; init; }
    public required int PricedModelCount { get; init; }
    public decimal? LowestInputPerMillion { get; init; }
    public decimal? HighestInputPerMillion { get; init; }
    public decimal? LowestOutputPerMillion { get; init; }
    public decimal? HighestOutputPerMillion { get; init; }

    /// <summary>In tokens.</summary>
    public long? LargestContext { get; init; }

    public static CatalogTotals Of(IReadOnlyList<CatalogModel> models)
    {
        var prices = models.Select(model => model.Price).OfType<Messages.Price>().ToList();
        return new CatalogTotals
        {
            ModelCount = models.Count,
            ReasoningModelCount = models.Count(model => model.CanReason),
            ImageModelCount = models.Count(model => model.SupportsAttachments),
            PricedModelCount = prices.Count,
            LowestInputPerMillion = prices.Min(price => (decimal?)price.InputPerMillion),
            HighestInputPerMillion = prices.Max(price => (decimal?)price.InputPerMillion),
            LowestOutputPerMillion = prices.Min(price => (decimal?)price.OutputPerMillion),
            HighestOutputPerMillion = prices.Max(price => (decimal?)price.OutputPerMillion),
            LargestContext = models.Max(model => model.ContextWindow > 0 ? model.ContextWindow : (long?)null),
        };
    }
}
