using System.Globalization;
using Plue.Server.Messages;
using Plue.Server.Providers;

namespace Plue.Server.Agents;

/// <summary>One that a task could be given to, with what is known of it.</summary>
/// <param name="Name">For a person: the provider and its model.</param>
/// <param name="Model">Null when nothing is known of the model.</param>
/// <param name="IsLocal">It costs nothing.</param>
/// <param name="CanCallTools">Assumed of a hosted model where its vendor does not say it.</param>
/// <param name="Problem">Why it cannot be asked at all; null when it can.</param>
public sealed record RouteCandidate(
    string Name,
    ModelChoice Choice,
    ModelInfo? Model,
    bool IsLocal,
    bool CanCallTools,
    IReadOnlyList<string> Needs,
    string? Problem
)
{
    /// <summary>One line for the approval.</summary>
    public string Shown => $"{Name}, {PriceText}";

    /// <summary>USD for a million tokens, three in for one out; null where no price is known.</summary>
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

/// <param name="InOrder">The first is asked; the next one when it fails.</param>
public sealed record Route(IReadOnlyList<RouteCandidate> InOrder, IReadOnlyList<Rejection> Rejected);

/// <summary>Whom a task is given to: the cheapest of those that can do what is needed. What costs nothing comes first, what has no known price last.</summary>
public static class Routing
{
    /// <summary>Tokens of a window that counts as a large one.</summary>
    public const long LargeWindow = 100_000;

    /// <param name="candidates">In the order of the template, which decides between equals.</param>
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

    /// <summary>Why this one, in a sentence.</summary>
    public static string WhyChosen(Route route) =>
        route.InOrder is not [var chosen, ..] ? "No model fits."
        : route.InOrder.Count == 1 && route.Rejected.Count == 0 ? "It is the only candidate."
        : route.InOrder.Count == 1 ? "It is the only candidate that fits."
        : chosen.Price is null ? "It is the first that fits; no price is known."
        : chosen.IsLocal ? "It fits and is free."
        : $"It is the cheapest of {route.InOrder.Count} candidates that fit: {chosen.PriceText}.";

    /// <summary>The first need that it does not meet. What is not known is not met.</summary>
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
