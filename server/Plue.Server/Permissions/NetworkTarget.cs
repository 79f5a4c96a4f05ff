using System.Net;
using System.Net.Sockets;

namespace Plue.Server.Permissions;

/// <summary>Classifies network addresses. A fetch checks each resolved address and each redirect again.</summary>
internal static class NetworkTarget
{
    private static readonly string[] PrivateNames =
    [
        "localhost",
        "local",
        "internal",
        "intranet",
        "lan",
        "home",
        "corp",
        "private",
        "localdomain",
    ];

    private static readonly IPNetwork[] PrivateNetworks =
    [
        .. new[]
        {
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "::/128",
            "::1/128",
            "64:ff9b:1::/48",
            "100::/64",
            "2001:db8::/32",
            "fc00::/7",
            "fe80::/10",
            "fec0::/10",
            "ff00::/8",
        }.Select(IPNetwork.Parse),
    ];

    /// <summary>Gets the host as rules name it: normalized, with its port if it is not the default.</summary>
    public static string HostOf(Uri address)
    {
        var host = address.IdnHost.TrimEnd('.').ToLowerInvariant();
        var shown = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
        return address.IsDefaultPort ? shown : $"{shown}:{address.Port}";
    }

    /// <summary>True if a host name or literal address belongs to this machine or a private network.</summary>
    public static bool IsPrivate(Uri address)
    {
        var host = address.IdnHost.TrimEnd('.').ToLowerInvariant();
        if (IPAddress.TryParse(host, out var literal))
        {
            return IsPrivate(literal);
        }

        return !host.Contains('.', StringComparison.Ordinal) || PrivateNames.Contains(host[(host.LastIndexOf('.') + 1)..]);
    }

    /// <summary>
    /// True for loopback, private, link-local (including cloud metadata services), multicast and unassigned addresses, also if embedded in an IPv6 address.
    /// </summary>
    public static bool IsPrivate(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetworkV6 && Within(address) is { } four)
        {
            return IsPrivate(four);
        }

        return PrivateNetworks.Any(network => network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address));
    }

    private static IPAddress? Within(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        var bytes = address.GetAddressBytes();
        // 64:ff9b::/96 and the old ::a.b.c.d contain the IPv4 address at the end, 2002::/16 after the first two bytes.
        if (bytes is [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, ..])
        {
            return new IPAddress(bytes[12..]);
        }
        if (bytes.AsSpan(0, 12).IndexOfAnyExcept((byte)0) < 0 && (bytes[12] | bytes[13]) != 0)
        {
            return new IPAddress(bytes[12..]);
        }

        return bytes is [0x20, 0x02, ..] ? new IPAddress(bytes[2..6]) : null;
    }
}
