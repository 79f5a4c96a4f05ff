using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Plue.Server.Network;
using Plue.Server.Platform;

namespace Plue.Server.Tools;

/// <summary>Gets the main content of web pages as Markdown. It sends nothing but the address, keeps no cookies, and connects only to public addresses.</summary>
/// <param name="isAllowed">Addresses that may be connected to though they are not public.</param>
/// <param name="connections">Null for those without settings.</param>
internal sealed class WebPages(Func<IPAddress, bool> isAllowed, HostConnections? connections = null)
{
    private const int MaxBytes = 4 * 1024 * 1024;
    private const int MaxRedirects = 5;
    private const int MaxAddressLength = 2_000;
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);

    private readonly HostConnections connections = connections ?? HostConnections.Plain;

    internal static readonly string Truncated = $"[Only the first {MaxBytes / (1024 * 1024)} MiB were fetched.]\n";

    /// <summary>Reads an http or https address.</summary>
    /// <param name="name">The subject of the failure.</param>
    /// <exception cref="ToolFailureException">It is no such address, or contains a password.</exception>
    public static Uri AddressIn(string text, string name)
    {
        text = text.Trim();
        if (
            text.Length > MaxAddressLength
            || !Uri.TryCreate(text, UriKind.Absolute, out var address)
            || address.Scheme is not ("https" or "http")
            || address.Host.Length == 0
        )
        {
            throw new ToolFailureException($"{name} must be an absolute URL that begins with https:// or http://.");
        }

        if (address.UserInfo.Length > 0)
        {
            throw new ToolFailureException($"{name} contains a user name or password. Remove it.");
        }

        return address;
    }

    /// <summary>Gets a page, or the address to which it redirects on another host.</summary>
    /// <exception cref="ToolFailureException">It could not be fetched, is no text, or is on a private network.</exception>
    public async Task<WebPage> GetAsync(Uri address, CancellationToken cancellationToken)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        time.CancelAfter(RequestTimeout);
        try
        {
            return await FollowAsync(address, time.Token);
        }
        catch (OperationCanceledException fault) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ToolFailureException($"{address.Host} did not respond within 30 s.", fault);
        }
        catch (HttpRequestException fault) when (fault.InnerException is ToolFailureException known)
        {
            throw new ToolFailureException(known.Message, fault);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or InvalidDataException or SocketException)
        {
            throw new ToolFailureException($"{address} could not be fetched ({fault.Message.TrimEnd('.')}).", fault);
        }
    }

    /// <summary>True for a public address: not this machine, not a private network, not a cloud metadata service.</summary>
    internal static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return IsPublic(address.MapToIPv4());
        }

        var bytes = address.GetAddressBytes();
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return (bytes[0], bytes[1], bytes[2]) switch
            {
                (0 or 10 or 127, _, _) or (>= 224, _, _) => false,
                (100, >= 64 and <= 127, _) or (169, 254, _) or (172, >= 16 and <= 31, _) or (192, 168, _) => false,
                (192, 0, 0 or 2) or (198, 18 or 19, _) or (198, 51, 100) or (203, 0, 113) or (192, 88, 99) => false,
                _ => true,
            };
        }

        // Global unicast addresses (2000::/3), without documentation prefixes and tunnels of IPv4 addresses.
        return (bytes[0] & 0xE0) == 0x20
            && (bytes[0], bytes[1], bytes[2], bytes[3]) is not ((0x20, 0x01, 0x0D, 0xB8) or (0x20, 0x01, 0x00, _) or (0x20, 0x02, _, _));
    }

    private HttpMessageInvoker Client() =>
        new(
            connections.Create(
                // A proxy that is given a name resolves it itself, so its target could not be checked: it gets the address instead.
                useProxy: false,
                sockets =>
                {
                    sockets.AllowAutoRedirect = false;
                    sockets.UseCookies = false;
                    sockets.AutomaticDecompression = DecompressionMethods.All;
                    sockets.ConnectTimeout = TimeSpan.FromSeconds(10);
                    sockets.MaxResponseHeadersLength = 64;
                    sockets.ConnectCallback = (context, cancellationToken) =>
                        ConnectAsync(context.InitialRequestMessage.RequestUri!, context.DnsEndPoint, cancellationToken);
                }
            )
        );

    private async ValueTask<Stream> ConnectAsync(Uri address, DnsEndPoint endpoint, CancellationToken cancellationToken)
    {
        var proxy = connections.ProxyOf(address);
        var addresses = await AddressesAsync(endpoint.Host, proxy is not null, cancellationToken);
        var fitting = addresses.Where(address => IsPublic(address) || isAllowed(address)).ToArray();
        if (fitting.Length < addresses.Length || fitting.Length == 0)
        {
            throw new ToolFailureException($"{endpoint.Host} is this machine or a private network address, which cannot be fetched.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (proxy is null)
            {
                await socket.ConnectAsync(fitting, endpoint.Port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            if (proxy.Scheme != "http")
            {
                throw new ToolFailureException($"{proxy.Scheme}:// proxies cannot be used by fetch. Use a proxy with an http:// address.");
            }

            await socket.ConnectAsync(proxy.Host, proxy.Port, cancellationToken);
            var stream = new NetworkStream(socket, ownsSocket: true);
            await ProxyTunnel.OpenAsync(
                stream,
                new IPEndPoint(fitting[0], endpoint.Port),
                connections.ProxyCredentials?.GetCredential(proxy, "Basic"),
                cancellationToken
            );
            return stream;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<IPAddress[]> AddressesAsync(string host, bool isProxied, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var literal))
        {
            return [literal];
        }

        try
        {
            return await Dns.GetHostAddressesAsync(host, cancellationToken);
        }
        catch (SocketException fault) when (isProxied)
        {
            throw new ToolFailureException(
                $"{host} was not fetched: its address must be checked before the proxy connects to it, and this machine cannot resolve the name ({fault.Message.TrimEnd('.')}).",
                fault
            );
        }
    }

    private async Task<WebPage> FollowAsync(Uri address, CancellationToken cancellationToken)
    {
        using var http = Client();
        var at = address;
        for (var step = 0; step <= MaxRedirects; step++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, at);
            request.Headers.UserAgent.Add(new ProductInfoHeaderValue("Plue", null));
            request.Headers.Accept.ParseAdd("text/markdown, text/html;q=0.9, text/plain;q=0.9, application/json;q=0.9, text/*;q=0.8");
            using var response = await http.SendAsync(request, cancellationToken);
            if ((int)response.StatusCode is < 300 or > 399 || response.Headers.Location is not { } location)
            {
                return await ReadAsync(at, response, cancellationToken);
            }

            var next = new Uri(at, location);
            // Approvals are for one host, so a redirect to another one is not followed.
            var isSame = next.Port == at.Port && next.Scheme == at.Scheme;
            var isUpgrade = next.Scheme == "https" && next.IsDefaultPort && at.IsDefaultPort;
            if (next.IdnHost != at.IdnHost || !(isSame || isUpgrade))
            {
                return new WebPage(at, (int)response.StatusCode, "", IsWhole: true, next);
            }

            at = next;
        }

        throw new ToolFailureException($"{address} redirects too many times.");
    }

    private static async Task<WebPage> ReadAsync(Uri at, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var kind = response.Content.Headers.ContentType?.MediaType ?? "text/plain";
        if (
            !kind.StartsWith("text/", StringComparison.Ordinal)
            && !kind.EndsWith("json", StringComparison.Ordinal)
            && !kind.EndsWith("xml", StringComparison.Ordinal)
            && !kind.EndsWith("javascript", StringComparison.Ordinal)
        )
        {
            throw new ToolFailureException($"{at} is {kind}, not text, so it is not shown.");
        }

        var (bytes, isWhole) = await ReadAsync(response.Content, cancellationToken);
        var text = TextOf(bytes, response.Content.Headers.ContentType?.CharSet);
        if (kind is "text/html" or "application/xhtml+xml")
        {
            text = HtmlMarkdown.Of(text, at);
        }

        return new WebPage(at, (int)response.StatusCode, HiddenCharacters.Visible(text), isWhole);
    }

    private static async Task<(byte[] Bytes, bool IsWhole)> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        var bytes = new MemoryStream();
        var buffer = new byte[32 * 1024];
        while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            bytes.Write(buffer, 0, (int)Math.Min(count, MaxBytes - bytes.Length));
            if (bytes.Length == MaxBytes)
            {
                return (bytes.ToArray(), false);
            }
        }

        return (bytes.ToArray(), true);
    }

    private static string TextOf(byte[] bytes, string? charset)
    {
        if (charset?.Trim('"').ToLowerInvariant() is "iso-8859-1" or "latin1" or "windows-1252")
        {
            return Encoding.Latin1.GetString(bytes);
        }

        return FileText.Of(bytes)?.Content ?? Encoding.UTF8.GetString(bytes);
    }
}
