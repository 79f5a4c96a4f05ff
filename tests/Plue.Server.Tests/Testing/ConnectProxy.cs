using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Plue.Server.Tests.Testing;

/// <summary>An HTTP proxy on loopback that accepts CONNECT for any target and responds over TLS like the target.</summary>
internal sealed class ConnectProxy : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentQueue<string> targets = new();
    private readonly X509Certificate2 certificate;
    private readonly string response;

    public ConnectProxy(X509Certificate2 certificate, string mediaType, string body)
    {
        this.certificate = certificate;
        response =
            $"HTTP/1.1 200 OK\r\nContent-Type: {mediaType}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}";
        listener.Start();
        _ = ServeAsync();
    }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/";

    /// <summary>Gets the requested hosts with their ports.</summary>
    public IReadOnlyList<string> Targets => [.. targets];

    public void Dispose()
    {
        listener.Dispose();
        certificate.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync();
                try
                {
                    await RespondAsync(client.GetStream());
                }
                catch (Exception fault) when (fault is IOException or AuthenticationException)
                {
                    // The client did not trust the certificate, or left.
                }
            }
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The test is over.
        }
    }

    private async Task RespondAsync(NetworkStream stream)
    {
        var head = await HeadAsync(stream);
        targets.Enqueue(head.Split(' ')[1]);
        await stream.WriteAsync("HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray());
        await using var tls = new SslStream(stream);
        await tls.AuthenticateAsServerAsync(certificate);
        var request = await HeadAsync(tls);
        var length = request
            .Split("\r\n")
            .Where(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
            .Select(line => int.Parse(line[15..], System.Globalization.CultureInfo.InvariantCulture))
            .SingleOrDefault();
        await tls.ReadExactlyAsync(new byte[length]);
        await tls.WriteAsync(Encoding.UTF8.GetBytes(response));
    }

    /// <summary>Reads byte by byte, because data after the empty line belongs to the next reader.</summary>
    private static async Task<string> HeadAsync(Stream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (head.Length < 4 || head.ToString(head.Length - 4, 4) != "\r\n\r\n")
        {
            await stream.ReadExactlyAsync(one);
            head.Append((char)one[0]);
        }

        return head.ToString();
    }
}
