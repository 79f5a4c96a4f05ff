using Plue.Server.Network;
using Plue.Server.Policy;

namespace Plue.Server.Providers.Connections;

/// <summary>What the organization's policy and the user's network settings allow. It is read once for a list, because each read checks files.</summary>
internal sealed class ProviderRules(ManagedPolicy policy, NetworkSettings network)
{
    public static readonly ProviderRules None = new(ManagedPolicy.None, NetworkSettings.None);

    /// <summary>Returns why a provider or one of its models is not allowed, as a sentence; null if it is.</summary>
    public string? RefusalOf(ProviderSettings settings, string? model = null) =>
        policy.RefusalOfProvider(settings.Kind, settings.Address)
        ?? (settings.Address is { } address ? network.RefusalOf(address) : null)
        ?? (model is null ? null : policy.RefusalOfModel(model));
}
