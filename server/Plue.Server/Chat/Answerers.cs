using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Providers;

namespace Plue.Server.Chat;

/// <summary>A provider that is asked, with the request as it takes it.</summary>
public sealed record Answerer(IProvider Provider, ProviderRequest Request, Func<string, Price?> PriceOf)
{
    /// <summary>Why the chosen provider does not answer; null for that one itself.</summary>
    public string? InsteadOf { get; init; }

    /// <summary>What of the chat the request does not carry, one sentence each.</summary>
    public IReadOnlyList<string> NotCarried { get; init; } = [];

    /// <summary>What an answer cost; null where no price is known.</summary>
    /// <param name="model">As the vendor named it.</param>
    /// <param name="vendorCost">USD as the vendor reported it; null where the catalog's price counts.</param>
    public Cost? CostOf(string? model, Usage? usage, decimal? vendorCost)
    {
        if (Provider.Settings.IsFree) { return Free; }
        if (vendorCost is { } reported) { return new Cost(0, 0, 0, reported, "vendor"); }
        return usage is not null && PriceOf(model ?? Request.Model) is { } price ? price.CostOf(usage) : null;
    }

    private static readonly Cost Free = new(0, 0, 0, 0, "local");
}

/// <summary>Somebody who may be asked.</summary>
/// <param name="Prepare">Throws a FailureException when it cannot be asked: missing, broken, switched off, over a limit.</param>
/// <param name="Resting">Why others are asked before it; null when it is asked in its turn.</param>
public sealed record Candidate(string Name, Func<CancellationToken, Task<Answerer>> Prepare, Func<string?> Resting);

/// <summary>
/// Who is asked in a turn, in order: the chosen provider, then those that may stand in for it as long as nothing was said. A resting one is passed
/// over, the chosen one only while others can be asked first. For one turn; not thread-safe.
/// </summary>
public sealed class Answerers
{
    private readonly Candidate chosen;
    private readonly Queue<Candidate> waiting;
    private readonly ILogger? logger;
    private readonly List<(string Name, string What)> others = [];
    private readonly string? resting;
    private Candidate? asked;
    private Failure? first;

    public Answerers(Candidate chosen, IReadOnlyList<Candidate> standIns, ILogger logger)
    {
        (this.chosen, this.logger) = (chosen, logger);
        resting = standIns.Count > 0 ? chosen.Resting() : null;
        waiting = new(resting is null ? [chosen, .. standIns] : [.. standIns, chosen]);
    }

    private Answerers(Candidate chosen) => (this.chosen, waiting) = (chosen, new([chosen]));

    /// <summary>Nobody stands in.</summary>
    public static Answerers Only(IProvider provider, ProviderRequest request, Func<string, Price?> priceOf) =>
        new(new Candidate(provider.Settings.Name, _ => Task.FromResult(new Answerer(provider, request, priceOf)), () => null));

    /// <summary>Whether another provider could help: the vendor is away, or the user may not use it now. A wrong key or model is the user's to repair.</summary>
    public static bool CanHelp(Failure failure) => failure.Kind is FailureKind.Unreachable or FailureKind.Timeout or FailureKind.Overloaded
        or FailureKind.RateLimited or FailureKind.SpendLimit or FailureKind.CutStream;

    /// <param name="failure">Why the last one did not answer, before it had said anything; null at the beginning.</param>
    /// <returns>Null when nobody is left; the turn then fails with <see cref="Failure"/>.</returns>
    public async Task<Answerer?> NextAsync(Failure? failure, CancellationToken cancellationToken)
    {
        if (failure is not null && asked is not null && !GoesOn(asked, failure)) { return null; }

        while (waiting.TryDequeue(out asked))
        {
            if (!ReferenceEquals(asked, chosen) && asked.Resting() is { } rest)
            {
                others.Add((asked.Name, "is resting"));
                logger?.LogInformation("{Name} was not asked: {Why}", asked.Name, rest);
                continue;
            }

            try
            {
                var answerer = await asked.Prepare(cancellationToken);
                return ReferenceEquals(asked, chosen) ? answerer : answerer with { InsteadOf = first?.What ?? resting };
            }
            catch (FailureException fault)
            {
                if (!GoesOn(asked, fault.Failure)) { return null; }
            }
        }

        return null;
    }

    /// <summary>The chosen one's, and in one sentence why no other answered.</summary>
    public Failure Failure
    {
        get
        {
            var failure = first ?? new Failure(FailureKind.Internal, "Nobody could be asked.");
            if (others.Count == 0) { return failure; }

            var what = others.ConvertAll(other => $"{other.Name} {other.What}");
            var list = what.Count == 1 ? what[0] : $"{string.Join(", ", what.Take(what.Count - 1))} and {what[^1]}";
            return failure with { Message = $"{failure.Message} Nobody could stand in: {list}." };
        }
    }

    private bool GoesOn(Candidate who, Failure failure)
    {
        if (ReferenceEquals(who, chosen))
        {
            first = failure;
            return CanHelp(failure);
        }

        others.Add((who.Name, Words(failure.Kind)));
        logger?.LogWarning("{Name} did not stand in for {Chosen}: {Why}", who.Name, chosen.Name, failure.Message);
        return true;
    }

    private static string Words(FailureKind kind) => kind switch
    {
        FailureKind.NotFound => "is not there",
        FailureKind.ProviderDisabled => "is switched off",
        FailureKind.ProviderAuthFailed or FailureKind.VaultLocked or FailureKind.KeyNotBoundToOrigin => "has no key that works",
        FailureKind.ModelNotFound or FailureKind.MissingField => "has no such model",
        FailureKind.Unreachable => "cannot be reached",
        FailureKind.Timeout => "did not answer in time",
        FailureKind.Overloaded => "cannot answer now",
        FailureKind.RateLimited => "takes no more requests for now",
        FailureKind.SpendLimit => "is over its own limit",
        FailureKind.BudgetExceeded => "costs money, and your limit is reached",
        FailureKind.CutStream => "broke off",
        FailureKind.ContextFull => "takes no chat as long as this",
        _ => "failed too",
    };
}
