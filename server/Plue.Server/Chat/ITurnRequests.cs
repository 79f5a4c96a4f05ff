using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>The providers that can respond in a turn, and their requests.</summary>
internal interface ITurnRequests
{
    /// <summary>Gets the chosen provider, then its fallbacks.</summary>
    IReadOnlyList<Candidate> Candidates { get; }

    /// <summary>Compacts the context and finds the tools, once before the first round. Called in the conversation's loop.</summary>
    Task<Toolbox> PrepareAsync(RunningTurn turn, CancellationToken cancellationToken) => Task.FromResult(Toolbox.Empty);

    /// <summary>Gets why a provider is in cooldown; null if it is not.</summary>
    string? CooldownReason(Candidate candidate) => null;

    /// <summary>Builds the request of the next round and reserves its budget. Not called in the loop.</summary>
    /// <exception cref="FailureException">The candidate cannot be used: it is missing, broken or disabled, or a limit is reached.</exception>
    Task<ProviderCall> BuildAsync(Candidate candidate, RunningTurn turn, Toolbox tools, CancellationToken cancellationToken);

    /// <summary>Records the response or failure of a provider.</summary>
    /// <param name="failure">Null if it responded.</param>
    void Responded(ProviderSettings settings, Failure? failure) { }

    /// <summary>Records how much of the account's limits is used.</summary>
    void WindowsReported(ProviderSettings settings, IReadOnlyList<UsageWindow> windows) { }
}

/// <summary>A provider that can be used in a turn.</summary>
/// <param name="ProviderName">The display name.</param>
internal sealed record Candidate(string ProviderName, ModelChoice Choice);
