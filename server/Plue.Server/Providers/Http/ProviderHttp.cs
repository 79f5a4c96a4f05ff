using System.Net;
using Plue.Server.Messages;
using Plue.Server.Network;

namespace Plue.Server.Providers.Http;

/// <summary>
/// The HTTP client of all providers, created by the first request. It follows no redirects (the framework would forward the key and the prompt), stores no
/// cookies, and closes the connection of an incomplete response at once, because that stops billing.
/// </summary>
/// <param name="refusalOf">Returns why the organization does not allow requests to an address; null if it does.</param>
/// <param name="connections">Null without settings.</param>
public sealed class ProviderHttp(Func<Uri, string?>? refusalOf = null, HostConnections? connections = null) : IDisposable
{
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    private readonly Lazy<HttpMessageInvoker> direct = new(() => Create(connections ?? HostConnections.Plain, useProxy: false));
    private readonly Lazy<HttpMessageInvoker> viaProxy = new(() => Create(connections ?? HostConnections.Plain, useProxy: true));

    /// <summary>Returns the client for an address. Uses the proxy of the settings, the environment or the system for all hosts except this machine.</summary>
    /// <exception cref="FailureException">PermissionDenied: the organization does not allow the address.</exception>
    internal HttpMessageInvoker For(Uri url) =>
        refusalOf?.Invoke(url) is { } refusal ? throw new FailureException(FailureKind.PermissionDenied, refusal) : Open(url);

    /// <summary>Like <see cref="For"/>, for an address that the caller has checked.</summary>
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
