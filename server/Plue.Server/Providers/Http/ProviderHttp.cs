using System.Net;
using Plue.Server.Messages;
using Plue.Server.Network;

namespace Plue.Server.Providers.Http;

/// <summary>
/// The sockets that all HTTP providers share. Opened with the first request, so that a start pays nothing for them.
/// Follows no redirect (the framework would send the key and the prompt on), keeps no cookies,
/// and closes an answer that was not read to its end at once, because that is what stops the billing.
/// </summary>
/// <param name="refusalOf">Returns why the organization does not allow requests to an address; null if it does.</param>
/// <param name="connections">Null for those without settings.</param>
public sealed class ProviderHttp(Func<Uri, string?>? refusalOf = null, HostConnections? connections = null) : IDisposable
{
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    private readonly Lazy<HttpMessageInvoker> direct = new(() => Create(connections ?? HostConnections.Plain, useProxy: false));
    private readonly Lazy<HttpMessageInvoker> viaProxy = new(() => Create(connections ?? HostConnections.Plain, useProxy: true));

    /// <summary>The proxy of the settings, the environment or the system counts for every host but this machine itself.</summary>
    /// <exception cref="FailureException">PermissionDenied.</exception>
    internal HttpMessageInvoker For(Uri url) =>
        refusalOf?.Invoke(url) is { } refusal ? throw new FailureException(FailureKind.PermissionDenied, refusal) : Open(url);

    /// <summary>As <see cref="For"/>, for an address that the caller has checked.</summary>
    internal HttpMessageInvoker Open(Uri url) => url.IsLoopback ? direct.Value : viaProxy.Value;

    public void Dispose()
    {
        if (direct.IsValueCreated)
        {
            direct.Value.Dispose();
        }
        if (viaProxy.IsValueCreated)
        {
            viaProxy.Value.Dispose();
        }
    }

    private static HttpMessageInvoker Create(HostConnections connections, bool useProxy) =>
        new(
            connections.Create(
                useProxy,
                sockets =>
                {
                    sockets.AllowAutoRedirect = false;
                    sockets.UseCookies = false;
                    sockets.AutomaticDecompression = DecompressionMethods.None;
                    sockets.ActivityHeadersPropagator = null;
                    sockets.ConnectTimeout = ConnectTimeout;
                    sockets.PooledConnectionLifetime = TimeSpan.FromMinutes(5);
                    sockets.ResponseDrainTimeout = TimeSpan.Zero;
                    sockets.MaxResponseDrainSize = 0;
                }
            )
        );
}
