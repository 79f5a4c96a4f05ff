using System.Globalization;
using System.Net;
using System.Text;

namespace Plue.Server.Network;

/// <summary>Opens a connection through an HTTP proxy to an address that the caller resolved.</summary>
internal static class ProxyTunnel
{
    private const int MaxResponseBytes = 16 * 1024;

    /// <param name="stream">A connection to the proxy.</param>
    /// <param name="target">An address, not a name, so that the proxy resolves nothing.</param>
    /// <exception cref="IOException">The proxy denied the connection, or its response is not HTTP.</exception>
    public static async Task OpenAsync(Stream stream, IPEndPoint target, NetworkCredential? credential, CancellationToken cancellationToken)
    {
        var authorization = credential is null
            ? ""
            : $"Proxy-Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.UserName}:{credential.Password}"))}\r\n";
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{authorization}\r\n"),
            cancellationToken
        );

        // Byte by byte: data after the empty line belongs to the target.
        var response = new List<byte>();
        var one = new byte[1];
        while (!EndsWithEmptyLine(response))
        {
            if (response.Count > MaxResponseBytes || await stream.ReadAsync(one, cancellationToken) == 0)
            {
                throw new IOException("The proxy did not answer as an HTTP proxy.");
            }
            response.Add(one[0]);
        }

        var line = Encoding.Latin1.GetString([.. response]).Split('\r')[0].Split(' ');
        if (
            line.Length < 2
            || !line[0].StartsWith("HTTP/1.", StringComparison.Ordinal)
            || !int.TryParse(line[1], NumberStyles.None, CultureInfo.InvariantCulture, out var status)
            || status is < 200 or > 299
        )
        {
            throw new IOException(
                $"The proxy refused a connection to {target} (status {(line.Length > 1 ? line[1] : "unknown")}). Plue asks for the address that it checked, not for the name"
            );
        }
    }

    private static bool EndsWithEmptyLine(List<byte> response) =>
        response.Count >= 4 && response[^4] == '\r' && response[^3] == '\n' && response[^2] == '\r' && response[^1] == '\n';
}
