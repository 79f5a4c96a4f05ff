using System.Globalization;
using Plue.Server.Messages;
using Plue.Server.Providers;

namespace Plue.Server.Agents;

/// <summary>A model that a task could use, with its known properties.</summary>
/// <param name="Name">The display name: provider and model.</param>
/// <param name="Model">Null if nothing is known about the model.</param>
/// <param name="IsLocal">True if it is free.</param>
/// <param name="CanCallTools">Assumed for a hosted model if the vendor does not specify it.</param>
/// <param name="Problem">Why it cannot be used; null if it can.</param>
internal sealed record RouteCandidate(
    string Name,
    ModelChoice Choice,
    ModelInfo? Model,
    bool IsLocal,
    bool CanCallTools,
    IReadOnlyList<string> Needs,
    string? Problem
)
{
    /// <summary>Gets the line shown in the approval.</summary>
    public string Shown => $"{Name}, {PriceText}";

    /// <summary>Gets the USD per million tokens, at three input tokens per output token; null if no price is known.</summary>
    public decimal? Price =>
        IsLocal ? 0
        : Model?.Pricing is { } price ? ((3 * price.InputPerMillion) + price.OutputPerMillion) / 4
        : null;

    public string PriceText =>
        IsLocal ? "is free"
        : Model?.Pricing is { } price ? $"{Usd(price.InputPerMillion)} input and {Usd(price.OutputPerMillion)} output per million tokens"
        : "price n/a";

    private static string Usd(decimal amount) => string.Create(CultureInfo.InvariantCulture, $"${amount:0.00##}");
}

/// <param name="InOrder">The models to try, in order; each is used if the previous one fails.</param>
internal sealed record Route(IReadOnlyList<RouteCandidate> InOrder, IReadOnlyList<Rejection> Rejected);

/// <summary>Chooses the cheapest model that meets the needs of a task. Free models come first, models without a known price last.</summary>
internal static class Routing
{
    /// <summary>The minimum context window, in tokens, that counts as large.</summary>
    public const long LargeWindow = 100_000;

    /// <param name="candidates">In the order of the template, which breaks ties.</param>
    public static Route Choose(IReadOnlyList<RouteCandidate> candidates)
    {
        List<RouteCandidate> fit = [];
        List<Rejection> rejected = [];
        foreach (var candidate in candidates)
        {
            if ((candidate.Problem ?? Missing(candidate)) is { } why)
            {
                rejected.Add(new Rejection(candidate.Name, why));
            }
            else
            {
                fit.Add(candidate);
            }
        }

        return new Route([.. fit.OrderBy(candidate => candidate.Price ?? decimal.MaxValue)], rejected);
    }

    /// <summary>Gets the reason for the choice, in one sentence.</summary>
    public static string WhyChosen(Route route) =>
        route.InOrder is not [var chosen, ..] ? "No model fits."
        : route.InOrder.Count == 1 && route.Rejected.Count == 0 ? "It is the only candidate."
        : route.InOrder.Count == 1 ? "It is the only candidate that fits."
        : chosen.Price is null ? "It is the first that fits; no price is known."
        : chosen.IsLocal ? "It fits and is free."
        : $"It is the cheapest of {route.InOrder.Count} candidates that fit: {chosen.PriceText}.";

    /// <summary>Gets the first need that the model does not meet; null if it meets all. Unknown capabilities are treated as missing.</summary>
    private static string? Missing(RouteCandidate candidate) =>
        candidate
            .Needs.Select(need =>
                need switch
                {
                    "tools" when !candidate.CanCallTools => "It cannot call tools.",
                    "images" when candidate.Model?.SupportsVision != true => "It is not known to take images.",
                    "reasoning" when candidate.Model?.CanReason != true => "It is not known to reason.",
                    "window" when !(candidate.Model?.ContextLength >= LargeWindow) =>
                        $"Its window is not known to hold {LargeWindow.ToString("N0", CultureInfo.InvariantCulture)} tokens.",
                    _ => null,
                }
            )
            .FirstOrDefault(why => why is not null);
}
