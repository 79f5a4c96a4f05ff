using System.Net;

namespace Plue.Server.Providers.Http;

/// <summary>The address of a provider. If the settings contain an endpoint, the vendor's default host is never used.</summary>
internal sealed class ProviderEndpoint
{
    private readonly Uri address;
    private readonly string path;

    /// <param name="defaultAddress">The vendor's address, for settings without an endpoint.</param>
    /// <param name="normalize">Converts the path that the user entered, without a trailing slash and possibly empty, to the root of the API.</param>
    public ProviderEndpoint(ProviderSettings settings, string defaultAddress, Func<string, string> normalize)
    {
        address = settings.Endpoint ?? new Uri(defaultAddress);
        IsHttp = address.IsAbsoluteUri && address.Scheme is "http" or "https";
        if (!IsHttp)
        {
            path = Origin = Host = "";
            return;
        }

        path = normalize(address.AbsolutePath.TrimEnd('/'));
        Origin = Server(address);
        Host = address.IsDefaultPort ? address.Host : $"{address.Host}:{address.Port}";
        IsLoopback = address.IsLoopback;
        IsLocal = IsLoopback || IsPrivate(address);
    }

    public bool IsHttp { get; }

    /// <summary>Scheme, host and port; never user, path or query, which may contain secrets.</summary>
    public string Origin { get; }

    /// <summary>The host for messages: <c>api.anthropic.com</c>, <c>localhost:11434</c>.</summary>
    public string Host { get; }

    public bool IsLoopback { get; }

    /// <summary>True for this machine or the local network, where a model may have to be loaded first.</summary>
    public bool IsLocal { get; }

    /// <summary>Returns the address of a call. A query in the user's endpoint is kept.</summary>
    public Uri At(string call) => At(call, root => root);

    /// <inheritdoc cref="At(string)"/>
    /// <param name="rootOf">Changes the root of the API for this call.</param>
    public Uri At(string call, Func<string, string> rootOf)
    {
        if (!IsHttp)
        {
            return address;
        }
        var root = rootOf(path);
        var query = address.Query.TrimStart('?');
        if (query.Length == 0)
        {
            return new Uri(Origin + root + call);
        }
        return new Uri(Origin + root + call + (call.Contains('?') ? "&" : "?") + query);
    }

    /// <summary>Returns the scheme, host and port of an address, to which secrets are bound.</summary>
    public static Uri OriginOf(Uri address) => new(Server(address));

    public bool IsHost(string host) =>
        IsHttp
        && (
            address.Host.Equals(host, StringComparison.OrdinalIgnoreCase)
            || address.Host.EndsWith("." + host, StringComparison.OrdinalIgnoreCase)
        );

    private static string Server(Uri address) => address.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);

    private static bool IsPrivate(Uri address)
    {
        if (!IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip))
        {
            return !address.Host.Contains('.') || address.Host.EndsWith(".local", StringComparison.OrdinalIgnoreCase);
        }

        if (ip.IsIPv6LinkLocal || ip.IsIPv6UniqueLocal)
        {
            return true;
        }
        var bytes = ip.GetAddressBytes();
        return bytes.Length == 4
            && (bytes[0] == 10 || (bytes[0] == 192 && bytes[1] == 168) || (bytes[0] == 172 && bytes[1] is >= 16 and < 32));
    }
}
