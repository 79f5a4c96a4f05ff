using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Connections.OAuth;

/// <summary>
/// The redirect target of the browser: a port on 127.0.0.1 that closes after a request with the state of this sign-in. A request with another state is
/// rejected and changes nothing. Other paths, cross-origin requests and requests for another host name result in 404.
/// </summary>
internal sealed class LoopbackRedirect : IDisposable
{
    private const string Path = "/callback";
    private const int MaxHeaderBytes = 16 * 1024;
    private const int MaxConnections = 32;
    private static readonly TimeSpan ConnectionTimeout = TimeSpan.FromSeconds(10);

    private readonly TcpListener listener;
    private readonly string name;
    private readonly CancellationTokenSource closing = new();
    private readonly TaskCompletionSource<string> code = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int port;
    private volatile string state = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
    private int connections;

    /// <exception cref="FailureException">Conflict: another program uses the port.</exception>
    public LoopbackRedirect(OAuthSettings settings)
        : this(settings.Name, settings.RedirectPort) { }

    /// <param name="name">The provider's name for messages.</param>
    /// <param name="redirectPort">0 for any free port.</param>
    /// <exception cref="FailureException">Conflict: another program uses the port.</exception>
    public LoopbackRedirect(string name, int redirectPort)
    {
        this.name = name;
        listener = new TcpListener(IPAddress.Loopback, redirectPort) { ExclusiveAddressUse = true };
        try
        {
            listener.Start();
        }
        catch (SocketException taken)
        {
            listener.Dispose();
            throw new FailureException(
                FailureKind.Conflict,
                $"The port {redirectPort}, which the sign-in of {name} uses, is in use. Close the program that uses it, or change redirect_port.",
                taken
            );
        }

        port = ((IPEndPoint)listener.LocalEndpoint).Port;
        _ = AcceptAsync();
    }

    /// <summary>The state that must be returned with the code.</summary>
    public string State => state;

    /// <summary>The issuer of the response (RFC 9207); null if the server does not send it. Set with the code.</summary>
    public string? Issuer { get; private set; }

    /// <summary>Replaces the state with one that the caller created.</summary>
    public void Expect(string newState) => state = newState;

    public Uri Url => new($"http://127.0.0.1:{port}{Path}");

    /// <summary>The authorization code.</summary>
    /// <exception cref="FailureException">The user denied the sign-in, or the response has no code.</exception>
    public Task<string> Code => code.Task;

    /// <summary>Closes the port.</summary>
    public void Dispose()
    {
        code.TrySetCanceled();
        closing.Cancel();
        listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (!code.Task.IsCompleted)
            {
                var socket = await listener.AcceptSocketAsync(closing.Token).ConfigureAwait(false);
                if (Interlocked.Increment(ref connections) > MaxConnections)
                {
                    Interlocked.Decrement(ref connections);
                    socket.Dispose();
                    continue;
                }

                _ = ServeAsync(socket);
            }
        }
        catch (Exception over) when (over is OperationCanceledException or ObjectDisposedException)
        {
            // The sign-in is over.
        }
        catch (SocketException fault)
        {
            code.TrySetException(
                new FailureException(FailureKind.Internal, $"This machine closed the port for the sign-in of {name}. Sign in again.", fault)
            );
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var timeout = new CancellationTokenSource(ConnectionTimeout);
        try
        {
            await using var stream = new NetworkStream(socket, ownsSocket: true);
            if (await HeadAsync(stream, timeout.Token).ConfigureAwait(false) is not { } head)
            {
                return;
            }

            var (status, sentence, outcome) = Answer(head);
            // Respond to the browser before the code is published, because the port is closed then.
            await stream.WriteAsync(Page(status, sentence), timeout.Token).ConfigureAwait(false);
            socket.Shutdown(SocketShutdown.Send);
            outcome?.Invoke();
        }
        catch (Exception gone) when (gone is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The browser may disconnect and retry.
        }
        finally
        {
            Interlocked.Decrement(ref connections);
        }
    }

    private (string Status, string Sentence, Action? Outcome) Answer(string[] head)
    {
        var first = head[0].Split(' ');
        if (first is not ["GET", var target, "HTTP/1.1" or "HTTP/1.0"] || !IsRedirectRequest(head))
        {
            return NotFound;
        }

        var question = target.IndexOf('?');
        if ((question < 0 ? target : target[..question]) != Path)
        {
            return NotFound;
        }

        var query = Query(question < 0 ? "" : target[(question + 1)..]);
        if (
            !query.TryGetValue("state", out var given)
            || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(state))
        )
        {
            // Any web page can send such a request, so it must not end the sign-in.
            return (
                "400 Bad Request",
                "This response does not belong to the sign-in that Plue started, so it was not used. Plue still waits for the right one: finish the sign-in in the page that Plue opened, or start it again in Plue.",
                null
            );
        }

        if (query.TryGetValue("error", out var error))
        {
            return Refuse(
                "200 OK",
                "The sign-in was not granted.",
                new OAuthRefusal(name, error, VendorMessage.Clean(query.GetValueOrDefault("error_description", "")), null).Failure
            );
        }

        Issuer = query.GetValueOrDefault("iss");
        return query.TryGetValue("code", out var granted) && granted.Length > 0
            ? ("200 OK", "Plue continues from here.", () => code.TrySetResult(granted))
            : Refuse(
                "400 Bad Request",
                "The sign-in brought no code.",
                new Failure(FailureKind.BadResponse, $"The sign-in server of {name} sent the browser back without a code. Sign in again.")
            );

        (string, string, Action?) Refuse(string status, string sentence, Failure failure) =>
            (status, sentence, () => code.TrySetException(new FailureException(failure)));
    }

    private static readonly (string, string, Action?) NotFound = ("404 Not Found", "There is nothing here.", null);

    /// <summary>False for requests that another site makes the browser send, with its host name or from its origin.</summary>
    private static bool IsRedirectRequest(string[] head)
    {
        string[] hosts =
        [
            .. head[1..]
                .Where(line => line.StartsWith("host:", StringComparison.OrdinalIgnoreCase))
                .Select(line => line["host:".Length..].Trim()),
        ];
        return hosts is [var host]
            // The port is not compared, because a forwarded port may differ in the browser.
            && Uri.TryCreate($"http://{host}/", UriKind.Absolute, out var asked)
            && asked.IsLoopback
            && !head.Any(line => line.StartsWith("origin:", StringComparison.OrdinalIgnoreCase));
    }

    private static Dictionary<string, string> Query(string text)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in text.Split('&'))
        {
            var equals = pair.IndexOf('=');
            // The first of duplicate fields is used.
            if (equals > 0)
            {
                fields.TryAdd(Decode(pair[..equals]), Decode(pair[(equals + 1)..]));
            }
        }

        return fields;

        static string Decode(string encoded) => Uri.UnescapeDataString(encoded.Replace('+', ' '));
    }

    /// <returns>The lines; null if they are not a request.</returns>
    private static async Task<string[]?> HeadAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var bytes = new byte[MaxHeaderBytes];
        var length = 0;
        while (length < bytes.Length)
        {
            var read = await stream.ReadAsync(bytes.AsMemory(length), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return null;
            }

            length += read;
            var end = bytes.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
            if (end >= 0)
            {
                return Encoding.Latin1.GetString(bytes, 0, end).Split("\r\n");
            }
        }

        return null;
    }

    private static byte[] Page(string status, string sentence)
    {
        var body =
            $"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Plue</title><p>{sentence}</p><p>You can close this window.</p></html>";
        return Encoding.UTF8.GetBytes(
            $"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n"
                + "Content-Security-Policy: default-src 'none'\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
                + body
        );
    }
}
