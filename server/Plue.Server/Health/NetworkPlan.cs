using Plue.Server.Catalog;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Network;
using Plue.Server.Notifications;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections.OAuth;

namespace Plue.Server.Health;

/// <summary>A host that Plue would contact.</summary>
/// <param name="Host">The host with its port; <c>*</c> for a host that is not known in advance.</param>
/// <param name="Reason">The purpose of the connection.</param>
/// <param name="Refusal">The reason why the host may not be contacted, as a sentence; null if it may.</param>
internal sealed record PlannedHost(string Host, string Reason, string? Refusal);

/// <summary>Lists the hosts that the sidecar contacts with the current settings. Programs that it starts choose their own.</summary>
internal static class NetworkPlan
{
    private const string AnyHost = "*";

    public static IReadOnlyList<PlannedHost> Of(HealthServices services)
    {
        List<PlannedHost> hosts = [];
        void Add(Uri? address, string reason)
        {
            if (address is { IsAbsoluteUri: true, Host.Length: > 0 } && address.Scheme is "http" or "https")
            {
                hosts.Add(new PlannedHost($"{address.IdnHost}:{address.Port}", reason, services.Connections.RefusalOf(address)));
            }
        }

        var network = services.Connections.Settings;
        Add(network.ProxyAddress, $"proxy for all other hosts ({NetworkSettings.ProxyKey})");
        foreach (var provider in services.Providers.Registry.List().Select(one => one.Settings).Where(one => one.Enabled))
        {
            Add(provider.Address, $"provider {provider.Name}");
            AddSignIn(provider, Add);
            if (ProviderKinds.Find(provider.Kind)?.RegionalHosts is { } cloud)
            {
                hosts.Add(new PlannedHost(cloud, $"provider {provider.Name} and its sign-in", null));
            }
        }

        Add(services.Providers.Discovery.OllamaAddress, "search for Ollama");

        var config = UserConfig.Read(services.Paths);
        if (Uri.TryCreate(config.Text(CatalogSettings.UrlKey), UriKind.Absolute, out var catalog))
        {
            Add(catalog, config.Flag(CatalogSettings.DailyKey) == true ? "catalog, daily" : "catalog, when you refresh it");
        }
        Add(services.Telemetry.Settings.Endpoint, "telemetry");
        if (Uri.TryCreate(NotificationSettings.Of(config).Webhook, UriKind.Absolute, out var webhook))
        {
            Add(webhook, $"notifications ({NotificationSettings.WebhookKey})");
        }
        foreach (var server in services.Tools.McpServers.List().Servers.Select(one => one.Declaration))
        {
            Add(server.Address, $"MCP server {server.Name}");
        }

        hosts.Add(new PlannedHost(AnyHost, "sign-in servers that an MCP server with an address names", null));
        hosts.Add(new PlannedHost(AnyHost, "the tool fetch, each host after approval, public addresses only", null));
        return hosts;
    }

    /// <summary>Gets the contacted hosts that are not planned, except those of tools and sign-ins that choose the host.</summary>
    public static IReadOnlyList<string> Unplanned(IReadOnlyList<PlannedHost> plan, IEnumerable<ContactedHost> contacted) =>
        [.. contacted.Select(host => host.Host).Where(host => !plan.Any(planned => IsSame(planned.Host, host)))];

    private static bool IsSame(string planned, string host) =>
        planned.StartsWith("*.", StringComparison.Ordinal)
            ? host.Split(':')[0].EndsWith(planned[1..], StringComparison.OrdinalIgnoreCase)
            : planned.Equals(host, StringComparison.OrdinalIgnoreCase);

    private static void AddSignIn(ProviderSettings provider, Action<Uri?, string> add)
    {
        if (provider.AuthType != AuthType.Oauth)
        {
            return;
        }

        try
        {
            var signIn = OAuthSettings.Of(provider);
            foreach (var address in new[] { signIn.TokenUrl, signIn.DeviceUrl })
            {
                add(address, $"sign-in of the provider {provider.Name}");
            }
        }
        catch (FailureException)
        {
            // A sign-in without an address contacts no host; the check of the provider reports it.
        }
    }
}
