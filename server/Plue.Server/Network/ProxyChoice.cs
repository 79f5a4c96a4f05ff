using System.Net;
using Plue.Server.Policy;

namespace Plue.Server.Network;

/// <summary>The proxy of the current settings, otherwise of the environment or the system.</summary>
internal sealed class ProxyChoice(Func<NetworkSettings> settings) : IWebProxy
{
    public ICredentials? Credentials
    {
        // The setting contains no password.
        get => settings().ProxyAddress is null ? HttpClient.DefaultProxy.Credentials : null;
        set => throw new NotSupportedException();
    }

    public Uri? GetProxy(Uri destination) =>
        settings() is { ProxyAddress: { } address } now
            ? IsExcluded(now, destination)
                ? null
                : address
            : HttpClient.DefaultProxy.GetProxy(destination);

    public bool IsBypassed(Uri host) =>
        settings() is { ProxyAddress: not null } now ? IsExcluded(now, host) : HttpClient.DefaultProxy.IsBypassed(host);

    private static bool IsExcluded(NetworkSettings now, Uri host) =>
        host.IsLoopback || (now.NoProxy is { } excluded && ManagedPolicy.IsHostIn(excluded, host));
}
