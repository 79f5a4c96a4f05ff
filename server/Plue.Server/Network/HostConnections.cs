using System.Collections.Concurrent;
using System.Net;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Policy;

namespace Plue.Server.Network;

/// <summary>A host that was contacted since the start.</summary>
/// <param name="Host">The host with its port.</param>
public sealed record ContactedHost(string Host, DateTimeOffset Last, long Requests);

/// <summary>
/// Creates all HTTP connections of the sidecar: applies the user's proxy and certificates, denies hosts that are not allowed, and records contacted
/// hosts.
/// </summary>
public sealed class HostConnections
{
    private const int MaxHosts = 1000;

    private readonly PluePaths? paths;
    private readonly TimeProvider time;
    private readonly Func<NetworkSettings> settings;
    private readonly AddedRoots roots;
    private readonly ProxyChoice proxy;
    private readonly ConcurrentDictionary<string, ContactedHost> contacted = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="paths">The paths of the policy; null for none.</param>
    /// <param name="settings">Gets the current settings.</param>
    public HostConnections(PluePaths? paths, TimeProvider time, Func<NetworkSettings> settings)
    {
        (this.paths, this.time, this.settings) = (paths, time, settings);
        roots = new AddedRoots(() => settings().CaFile);
        proxy = new ProxyChoice(settings);
    }

    /// <summary>Creates connections without a policy and settings.</summary>
    public static HostConnections Plain { get; } = new(null, TimeProvider.System, static () => NetworkSettings.None);

    public NetworkSettings Settings => settings();

    /// <summary>The reason why the file of certificates cannot be used, as a sentence; null if it can, or if there is none.</summary>
    public string? RootsProblem => roots.Problem;

    /// <summary>The contacted hosts, sorted by name.</summary>
    public IReadOnlyList<ContactedHost> Contacted => [.. contacted.Values.OrderBy(host => host.Host, StringComparer.Ordinal)];

    /// <summary>Returns why a host may not be contacted, as a sentence; null if it may. The policy and the user's list both apply.</summary>
    public string? RefusalOf(Uri address) =>
        (paths is null ? null : ManagedPolicy.Read(paths).RefusalOfHost(address)) ?? Settings.RefusalOf(address);

    /// <summary>Returns the proxy for an address; null for a direct connection.</summary>
    public Uri? ProxyOf(Uri address) => address.IsLoopback || proxy.IsBypassed(address) ? null : proxy.GetProxy(address);

    public ICredentials? ProxyCredentials => proxy.Credentials;

    /// <summary>Variables for programs that Plue starts: the proxy and the certificates of the settings. Variables of the environment are passed anyway.</summary>
    public IReadOnlyDictionary<string, string> ChildVariables()
    {
        var now = settings();
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        if (now.ProxyAddress is { } address)
        {
            var bypassed = string.Join(',', ["localhost", "127.0.0.1", "::1", .. now.NoProxy ?? []]);
            foreach (var name in new[] { "HTTP_PROXY", "HTTPS_PROXY" })
            {
                variables[name] = variables[name.ToLowerInvariant()] = address.OriginalString;
            }
            variables["NO_PROXY"] = variables["no_proxy"] = bypassed;
        }
        // Node adds these to its built-in certificates; SSL_CERT_FILE would replace those of the system.
        if (roots.Path is { } file && RootsProblem is null)
        {
            variables["NODE_EXTRA_CA_CERTS"] = file;
        }
        return variables;
    }

    /// <param name="useProxy">False for this machine, and for callers that open connections themselves.</param>
    public HttpMessageHandler Create(bool useProxy, Action<SocketsHttpHandler> configure)
    {
        var sockets = new SocketsHttpHandler { UseProxy = useProxy, Proxy = useProxy ? proxy : null };
        sockets.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            roots.IsTrusted(certificate, chain, errors);
        configure(sockets);
        return new Checked(this, sockets);
    }

    /// <exception cref="FailureException">PermissionDenied: the host is not allowed.</exception>
    private void Begin(Uri address)
    {
        if (RefusalOf(address) is { } refusal)
        {
            throw paths is null ? new FailureException(FailureKind.PermissionDenied, refusal) : PolicyRefusals.Refuse(paths, time, refusal);
        }

        var host = $"{address.IdnHost}:{address.Port}";
        if (contacted.Count < MaxHosts || contacted.ContainsKey(host))
        {
            var now = time.GetUtcNow();
            contacted.AddOrUpdate(
                host,
                static (name, at) => new ContactedHost(name, at, 1),
                static (_, known, at) => known with { Last = at, Requests = known.Requests + 1 },
                now
            );
        }
    }

    private sealed class Checked(HostConnections owner, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.RequestUri is { IsAbsoluteUri: true } address)
            {
                owner.Begin(address);
            }
            return base.SendAsync(request, cancellationToken);
        }
    }
}
