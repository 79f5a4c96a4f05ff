using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>
/// The providers of one round in order: the chosen one, then its fallbacks until something is received. Fallbacks in cooldown are skipped; the chosen provider
/// in cooldown moves to the end. Not thread-safe.
/// </summary>
internal sealed class FallbackChain
{
    private readonly ITurnRequests requests;
    private readonly ILogger logger;
    private readonly Candidate chosen;
    private readonly Queue<Candidate> waiting;
    private readonly List<(string Name, string Why)> skipped = [];
    private readonly string? cooldown;
    private Candidate? asked;
    private Failure? first;

    public FallbackChain(ITurnRequests requests, ILogger logger)
    {
        (this.requests, this.logger, chosen) = (requests, logger, requests.Candidates[0]);
        IReadOnlyList<Candidate> fallbacks = [.. requests.Candidates.Skip(1)];
        cooldown = fallbacks.Count > 0 ? requests.CooldownReason(chosen) : null;
        waiting = new(cooldown is null ? [chosen, .. fallbacks] : [.. fallbacks, chosen]);
    }

    /// <summary>
    /// True if another provider could help: the vendor is unavailable or limits the user. An invalid key or model has to be fixed by the user.
    /// </summary>
    public static bool CanFallBack(Failure failure) =>
        failure.Kind
            is FailureKind.Unreachable
                or FailureKind.Timeout
                or FailureKind.Overloaded
                or FailureKind.RateLimited
                or FailureKind.SpendLimit
                or FailureKind.CutStream;

    /// <param name="failure">Why the last provider failed before anything was received; null for the first call.</param>
    /// <returns>Null if no candidate is left; the turn then fails with <see cref="Failure"/>.</returns>
    public async Task<ProviderCall?> NextAsync(Failure? failure, RunningTurn turn, Toolbox tools, CancellationToken cancellationToken)
    {
        if (failure is not null && asked is not null && !CanTryNext(asked, failure))
        {
            return null;
        }

        while (waiting.TryDequeue(out asked))
        {
            if (!ReferenceEquals(asked, chosen) && requests.CooldownReason(asked) is { } why)
            {
                skipped.Add((asked.ProviderName, "is in cooldown"));
                logger.LogInformation("{Name} was not asked: {Why}", asked.ProviderName, why);
                continue;
            }

            try
            {
                var call = await requests.BuildAsync(asked, turn, tools, cancellationToken);
                return ReferenceEquals(asked, chosen) ? call : call with { FallbackReason = first?.Cause ?? cooldown };
            }
            catch (FailureException fault)
            {
                if (!CanTryNext(asked, fault.Failure))
                {
                    return null;
                }
            }
        }

        return null;
    }

    /// <summary>Gets the failure of the first provider, with one sentence about why no other responded.</summary>
    public Failure Failure
    {
        get
        {
            var failure = first ?? new Failure(FailureKind.Internal, "No provider could be used.");
            if (skipped.Count == 0)
            {
                return failure;
            }

            var reasons = skipped.ConvertAll(other => $"{other.Name} {other.Why}");
            var list = reasons.Count == 1 ? reasons[0] : $"{string.Join(", ", reasons.Take(reasons.Count - 1))} and {reasons[^1]}";
            return failure with { Message = $"{failure.Message} No fallback provider could be used: {list}." };
        }
    }

    private bool CanTryNext(Candidate candidate, Failure failure)
    {
        if (ReferenceEquals(candidate, chosen))
        {
            first = failure;
            return CanFallBack(failure);
        }

        skipped.Add((candidate.ProviderName, ReasonOf(failure.Kind)));
        logger.LogWarning(
            "{Name} was not used as a fallback for {Chosen}: {Why}",
            candidate.ProviderName,
            chosen.ProviderName,
            failure.Message
        );
        return true;
    }

    private static string ReasonOf(FailureKind kind) =>
        kind switch
        {
            FailureKind.NotFound => "does not exist",
            FailureKind.ProviderDisabled => "is disabled",
            FailureKind.ProviderAuthFailed or FailureKind.VaultLocked or FailureKind.KeyNotBoundToOrigin => "has no valid key",
            FailureKind.ModelNotFound or FailureKind.MissingField => "does not have this model",
            FailureKind.Unreachable => "cannot be reached",
            FailureKind.Timeout => "did not respond in time",
            FailureKind.Overloaded => "is not available now",
            FailureKind.RateLimited => "is rate limited",
            FailureKind.SpendLimit => "has reached its spending limit",
            FailureKind.BudgetExceeded => "costs money, and your limit is reached",
            FailureKind.CutStream => "broke off",
            FailureKind.ContextFull => "cannot fit this chat in its context window",
            _ => "failed too",
        };
}
