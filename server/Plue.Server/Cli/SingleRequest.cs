using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Tools;

namespace Plue.Server.Cli;

/// <summary>One request to one provider, without fallbacks.</summary>
internal sealed class SingleRequest(IProvider provider, ProviderRequest request, IPriceList prices) : ITurnRequests
{
    public IReadOnlyList<Candidate> Candidates { get; } =
    [new(provider.Settings.Name, new ModelChoice(provider.Settings.Id, request.Model))];

    public Task<ProviderCall> BuildAsync(Candidate candidate, RunningTurn turn, Toolbox tools, CancellationToken cancellationToken) =>
        Task.FromResult(new ProviderCall(provider, request, prices));
}
