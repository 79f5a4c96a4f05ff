using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>Who can respond in a turn, and the request that each of them gets.</summary>
internal interface ITurnRequests
{
    /// <summary>The chosen provider, then its fallbacks.</summary>
    IReadOnlyList<Candidate> Candidates { get; }

    /// <summary>Makes room in the context and finds the tools, once before the first round. Called in the conversation's loop.</summary>
    Task<Toolbox> PrepareAsync(RunningTurn turn, CancellationToken cancellationToken) => Task.FromResult(Toolbox.Empty);

    /// <summary>Why a provider is in its cooldown; null when it can be asked.</summary>
    string? CooldownReason(Candidate candidate) => null;

    /// <summary>Builds the request of the next round, and reserves its budget. Not called in the loop.</summary>
    /// <exception cref="FailureException">Why this candidate cannot be asked: missing, broken, disabled, a limit is reached.</exception>
    Task<ProviderCall> BuildAsync(Candidate candidate, RunningTurn turn, Toolbox tools, CancellationToken cancellationToken);

    /// <summary>A provider has responded, or failed.</summary>
    /// <param name="failure">Null when it responded.</param>
    void Responded(ProviderSettings settings, Failure? failure) { }

    /// <summary>How much of the account's limits is used.</summary>
    void WindowsReported(ProviderSettings settings, IReadOnlyList<UsageWindow> windows) { }
}

/// <summary>A provider that may be asked.</summary>
/// <param name="ProviderName">For the user.</param>
internal sealed record Candidate(string ProviderName, ModelChoice Choice);
