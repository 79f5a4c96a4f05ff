using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using ModelContextProtocol;
using Plue.Server.Messages;
using Plue.Server.Network;
using Plue.Server.Platform;
using Plue.Server.Providers.Connections.OAuth;
using Plue.Server.Providers.Http;

namespace Plue.Server.Tools.Mcp;

/// <summary>
/// Guards the library's HTTP requests: the server's headers are sent only to its own origin, redirects are not followed, other origins (those of the sign-in)
/// require encryption, hosts that are not allowed are not contacted, and messages are limited to <see cref="McpStdioTransport.MaxLineLength"/>.
/// </summary>
/// <param name="headers">Resolved for each request, and never stored.</param>
/// <param name="refusalOf">Gets why requests to an address are not allowed, as a sentence; null if they are.</param>
internal sealed class McpHttpGuard(
    McpDeclaration server,
    Func<CancellationToken, Task<IReadOnlyDictionary<string, string>>> headers,
    Func<Uri, string?> refusalOf,
    HttpMessageHandler inner
) : DelegatingHandler(inner)
{
    public McpHttpGuard(
        McpDeclaration server,
        Func<CancellationToken, Task<IReadOnlyDictionary<string, string>>> headers,
        Func<Uri, string?> refusalOf,
        HostConnections connections
    )
        : this(
            server,
            headers,
            refusalOf,
            connections.Create(
                useProxy: !server.Address!.IsLoopback,
                sockets =>
                {
                    sockets.AllowAutoRedirect = false;
                    sockets.UseCookies = false;
                    sockets.AutomaticDecompression = DecompressionMethods.None;
                    sockets.ActivityHeadersPropagator = null;
                    sockets.ConnectTimeout = ProviderHttp.ConnectTimeout;
                    sockets.ResponseDrainTimeout = TimeSpan.Zero;
                    sockets.MaxResponseDrainSize = 0;
                }
            )
        ) { }

    /// <summary>Gets why a response was aborted, as a sentence without its subject. The library reports a different error.</summary>
    public string? Fault { get; private set; }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var address = request.RequestUri!;
        if (refusalOf(address) is { } refusal)
        {
            throw new FailureException(FailureKind.PermissionDenied, refusal);
        }
        if (ProviderEndpoint.OriginOf(address) == server.Origin)
        {
            foreach (var (name, value) in await headers(cancellationToken).ConfigureAwait(false))
            {
                if (!request.Headers.Contains(name))
                {
                    request.Headers.TryAddWithoutValidation(name, value);
                }
            }
        }
        else if (!OAuthSettings.IsSafe(address) || (address.IsLoopback && !server.Address!.IsLoopback))
        {
            throw new HttpRequestException($"It requested a connection to {address.Host}, which is not secure, so nothing was sent there.");
        }

        // The published program has no code that serializes the library's content while it is sent (Substitutions.xml).
        if (request.Content is JsonContent { Value: var message } json)
        {
            var bytes = JsonSerializer.SerializeToUtf8Bytes(message, McpJsonUtilities.DefaultOptions.GetTypeInfo(json.ObjectType));
            request.Content = new ByteArrayContent(bytes) { Headers = { ContentType = json.Headers.ContentType } };
        }

        var answer = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if ((int)answer.StatusCode is 301 or 302 or 303 or 307 or 308)
        {
            var target = answer.Headers.Location is { IsAbsoluteUri: true } location ? location.Host : "another address";
            answer.Dispose();
            throw new HttpRequestException($"It redirects to {target}. Nothing was sent there.", null, answer.StatusCode);
        }

        var isStream = answer.Content.Headers.ContentType?.MediaType == "text/event-stream";
        var capped = new StreamContent(
            new CappedStream(
                await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false),
                isStream,
                () => Fault = $"sent a message of more than {McpStdioTransport.MaxLineLength / (1024 * 1024)} MiB"
            )
        );
        foreach (var header in answer.Content.Headers)
        {
            capped.Headers.TryAddWithoutValidation(header.Key, header.Value);
        }

        answer.Content = capped;
        return answer;
    }

    /// <summary>Aborts events of a stream or responses that are too long.</summary>
    private sealed class CappedStream(Stream inner, bool isStream, Action onTooLong) : CheckedStream(inner)
    {
        private long length;
        private bool wasEnd;

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                Inner.Dispose();
            }

            base.Dispose(disposing);
        }

        protected override void Check(ReadOnlySpan<byte> read)
        {
            length += read.Length;
            if (isStream)
            {
                for (var at = 0; at < read.Length; at++)
                {
                    if (read[at] == '\r')
                    {
                        continue;
                    }

                    // An empty line ends an event.
                    if (read[at] == '\n' && wasEnd)
                    {
                        length = read.Length - at;
                    }

                    wasEnd = read[at] == '\n';
                }
            }

            if (length > McpStdioTransport.MaxLineLength)
            {
                onTooLong();
                throw new IOException("The message is too long.");
            }
        }
    }
}
