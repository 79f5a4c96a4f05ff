using Plue.Server.Policy;

namespace Plue.Server.Network;

/// <summary>The user's settings for connections.</summary>
/// <param name="Proxy">The address of a proxy; null for that of the environment or the system.</param>
/// <param name="NoProxy">Hosts that are reached without <paramref name="Proxy"/>.</param>
/// <param name="CaFile">A PEM file of certificates that are trusted beside those of the system; null for none.</param>
/// <param name="AllowedHosts">Hosts that may be contacted; empty for all.</param>
public sealed record NetworkSettings(
    string? Proxy = null,
    IReadOnlyList<string>? NoProxy = null,
    string? CaFile = null,
    IReadOnlyList<string>? AllowedHosts = null
)
{
    public const string ProxyKey = "proxy";
    public const string NoProxyKey = "no_proxy";
    public const string CaFileKey = "ca_file";
    public const string AllowedHostsKey = "allowed_hosts";

    public static readonly NetworkSettings None = new();

    /// <summary>Returns why the settings deny a host, as a sentence; null if they allow it.</summary>
    public string? RefusalOf(Uri address) =>
        Problem is { } problem ? problem
        : AllowedHosts is not { Count: > 0 } allowed || ManagedPolicy.IsHostIn(allowed, address) ? null
        : $"Your setting {AllowedHostsKey} does not allow connections to {address.IdnHost}. Add the host in Settings, or use another server.";

    /// <summary>Null if there is no proxy, or if it is invalid (<see cref="Problem"/>).</summary>
    public Uri? ProxyAddress => Problem is null && !string.IsNullOrWhiteSpace(Proxy) ? new Uri(Proxy) : null;

    /// <summary>The reason why no host is contacted, as a sentence: an unusable proxy must not be bypassed.</summary>
    public string? Problem =>
        string.IsNullOrWhiteSpace(Proxy)
        || (
            Uri.TryCreate(Proxy, UriKind.Absolute, out var address)
            && address is { Scheme: "http" or "https", UserInfo: "", Host.Length: > 0 }
        )
            ? null
            : $"The setting {ProxyKey} is not the address of a proxy, so Plue contacts no server. Write it as http://proxy.example.com:8080, without a password; a password belongs into the variable HTTPS_PROXY.";
}
