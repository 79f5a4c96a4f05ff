using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Testing;

/// <summary>The providers of a turn, in order; the first is the selected one. Null is a provider that is not usable.</summary>
/// <param name="inCooldown">The name of the provider in cooldown.</param>
internal sealed class ScriptedRequests(IReadOnlyList<IProvider?> providers, string? inCooldown = null, Price? price = null)
    : ITurnRequests,
        IPriceList
{
    public IReadOnlyList<Candidate> Candidates { get; } =
    [
        .. providers.Select(
            (provider, at) =>
                new Candidate(provider?.Settings.Name ?? "The missing one", new ModelChoice(provider?.Settings.Id ?? "", $"{at}"))
        ),
    ];

    /// <summary>The outcome of each provider.</summary>
    public List<string> Responses { get; } = [];

    /// <summary>A provider whose request is built only after the task completes.</summary>
    public (string Name, TaskCompletionSource Reached, Task Released)? Slow { get; init; }

    public string? CooldownReason(Candidate candidate) => candidate.ProviderName == inCooldown ? $"{inCooldown} is in cooldown." : null;

    public async Task<ProviderCall> BuildAsync(Candidate candidate, RunningTurn turn, Toolbox tools, CancellationToken cancellationToken)
    {
        if (Slow is { } slow && slow.Name == candidate.ProviderName)
        {
            slow.Reached.TrySetResult();
            await slow.Released;
        }

        var provider =
            providers[int.Parse(candidate.Choice.Model!, System.Globalization.CultureInfo.InvariantCulture)]
            ?? throw new FailureException(FailureKind.NotFound, "It is no longer there.");
        return new ProviderCall(
            provider,
            new ProviderRequest
            {
                CodexId = "codex://chats/chat_1",
                Model = "model",
                Messages = [],
            },
            this
        );
    }

    public void Responded(ProviderSettings settings, Failure? failure) =>
        Responses.Add($"{settings.Name}: {failure?.Kind.ToString() ?? "answered"}");

    public void WindowsReported(ProviderSettings settings, IReadOnlyList<UsageWindow> windows) =>
        Responses.AddRange(windows.Select(window => $"{settings.Name}: {window.Name}"));

    public Price? PriceOf(ProviderSettings settings, string model) => price;
}
