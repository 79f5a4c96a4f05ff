using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Providers.Http;

/// <summary>
/// A provider's HTTP connection: sends authenticated requests to the configured origin and reads the responses, with limits of time and size. Errors are
/// returned as a <see cref="Failure"/>.
/// </summary>
internal sealed class ProviderConnection(
    ProviderSettings settings,
    ProviderEndpoint endpoint,
    ISecretSource secrets,
    ProviderHttp http,
    TimeProvider time,
    IRequestCredential credential
)
{
    /// <param name="keyHeader">The header of the API key, and the prefix of its value.</param>
    /// <param name="credential">Used instead of an API key for users who sign in.</param>
    public ProviderConnection(
        ProviderSettings settings,
        ProviderEndpoint endpoint,
        ISecretSource secrets,
        ProviderHttp http,
        TimeProvider time,
        (string Name, string Prefix) keyHeader,
        IRequestCredential? credential = null
    )
        : this(settings, endpoint, secrets, http, time, credential ?? new ApiKeyCredential(settings, secrets, endpoint, keyHeader)) { }

    private const int MaxErrorBytes = 64 * 1024;
    private const int MaxListBytes = 16 * 1024 * 1024;
    private const int MaxPages = 10;

    private static readonly TimeSpan HostedFirstByte = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan LocalFirstByte = TimeSpan.FromSeconds(300);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(120);

    /// <summary>Long, because the model searches several times and reads the results.</summary>
    public static readonly TimeSpan SearchTimeout = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan ListTimeout = TimeSpan.FromSeconds(20);

    /// <summary>The headers of every request.</summary>
    public IReadOnlyList<(string Name, string Value)> FixedHeaders { get; init; } = [];

    public ProviderEndpoint Endpoint => endpoint;

    public ProviderFailures Failures(string? model) => new(settings, endpoint, model);

    /// <summary>Posts <paramref name="body"/> and returns the events of <paramref name="parser"/>, terminated by exactly one Finished or Failed.</summary>
    public async IAsyncEnumerable<ProviderEvent> StreamAsync(
        Uri url,
        byte[] body,
        Framing framing,
        WireParser parser,
        ProviderFailures failures,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var firstByte = settings.Timeout ?? (endpoint.IsLocal ? LocalFirstByte : HostedFirstByte);
        using var timeout = new ExchangeTimeout(firstByte, settings.Timeout ?? Idle, time, cancellationToken);
        HttpResponseMessage? response = null;
        try
        {
            response = await SendAsync(HttpMethod.Post, url, body, failures, timeout, cancellationToken).ConfigureAwait(false);
            if (framing != Framing.JsonLines && response.Content.Headers.ContentType?.MediaType == "application/json")
            {
                var whole = await ReadAllAsync(response, MaxErrorBytes, timeout).ConfigureAwait(false);
                parser.Fail(HasError(whole) ? failures.OfEvent(VendorMessage.Read(whole)) : failures.NotStreamed());
            }
        }
        catch (Exception exception) when (ToFailure(exception, failures, timeout, answering: false) is { } failure)
        {
            cancellationToken.ThrowIfCancellationRequested();
            parser.Fail(failure);
        }

        using (response)
        {
            if (response is not null && !parser.IsOver)
            {
                using var events = new EventReader(
                    await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false),
                    framing
                );
                var isOpen = true;
                while (!parser.IsOver)
                {
                    try
                    {
                        await parser.ReadOnceAsync(events, timeout).ConfigureAwait(false);
                    }
                    catch (Exception exception) when (ToFailure(exception, failures, timeout, answering: true) is { } failure)
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        isOpen = false;
                        if (failure.Kind == FailureKind.BadResponse || !parser.TryEnd())
                        {
                            parser.Fail(failure);
                        }
                    }

                    while (parser.TryTake(out var next))
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        yield return next;
                    }
                }

                if (isOpen)
                {
                    await ReadOutAsync(events).ConfigureAwait(false);
                }
            }
            else
            {
                while (parser.TryTake(out var next))
                {
                    yield return next;
                }
            }
        }
    }

    /// <summary>Sends a request and reads the whole JSON response.</summary>
    /// <param name="body">Null for GET.</param>
    /// <param name="most">Null for the timeout of lists.</param>
    /// <exception cref="FailureException">The response is not JSON with status 200.</exception>
    public async Task<JsonDocument> CallAsync(
        Uri url,
        byte[]? body,
        string? model,
        CancellationToken cancellationToken,
        TimeSpan? most = null
    )
    {
        var failures = Failures(model);
        var usual = most ?? ListTimeout;
        var limit = settings.Timeout is { } own && own < usual ? own : usual;
        using var timeout = new ExchangeTimeout(limit, limit, time, cancellationToken);
        try
        {
            using var response = await SendAsync(
                    body is null ? HttpMethod.Get : HttpMethod.Post,
                    url,
                    body,
                    failures,
                    timeout,
                    cancellationToken
                )
                .ConfigureAwait(false);
            var whole = await ReadAllAsync(response, MaxListBytes, timeout).ConfigureAwait(false);
            if (VendorMessage.LooksLikeHtml(whole.Span))
            {
                throw new HtmlException();
            }
            return JsonDocument.Parse(whole);
        }
        catch (Exception exception) when (ToFailure(exception, failures, timeout, answering: false) is { } failure)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new FailureException(failure);
        }
    }

    /// <summary>Sends a request and discards the response.</summary>
    /// <param name="mayFail">The kinds of failure after which the provider still works.</param>
    /// <param name="body">Null for GET.</param>
    /// <returns>Null if the provider works.</returns>
    public async Task<Failure?> CheckAsync(
        string call,
        CancellationToken cancellationToken,
        Func<FailureKind, bool>? mayFail = null,
        byte[]? body = null,
        string? model = null
    )
    {
        try
        {
            using var answer = await CallAsync(endpoint.At(call), body, model, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (FailureException exception)
        {
            return mayFail?.Invoke(exception.Failure.Kind) == true ? null : exception.Failure;
        }
    }

    /// <summary>Returns the pages of a list, at most ten.</summary>
    /// <param name="next">Returns the suffix of the call for the page after this one; null after the last.</param>
    /// <exception cref="FailureException">A page could not be read.</exception>
    public async IAsyncEnumerable<JsonElement> PagesAsync(
        string call,
        Func<JsonElement, string?> next,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        string? after = "";
        for (var page = 0; page < MaxPages && after is not null; page++)
        {
            using var document = await CallAsync(endpoint.At(call + after), null, null, cancellationToken).ConfigureAwait(false);
            yield return document.RootElement;
            after = next(document.RootElement);
        }
    }

    /// <exception cref="FailureException">The status is not 200, or a secret is not available.</exception>
    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        Uri url,
        byte[]? body,
        ProviderFailures failures,
        ExchangeTimeout timeout,
        CancellationToken cancellationToken
    )
    {
        if (!endpoint.IsHttp)
        {
            throw new FailureException(failures.NotHttp());
        }
        var response = await SendOnceAsync(method, url, body, failures, timeout, cancellationToken).ConfigureAwait(false);
        try
        {
            if ((int)response.StatusCode is 401 or 403 && await credential.RenewAsync(response, cancellationToken).ConfigureAwait(false))
            {
                response.Dispose();
                response = await SendOnceAsync(method, url, body, failures, timeout, cancellationToken).ConfigureAwait(false);
            }

            var status = (int)response.StatusCode;
            if (status is >= 300 and < 400)
            {
                throw new FailureException(failures.Redirect(status, response.Headers.Location));
            }
            if (status is not (>= 200 and < 300))
            {
                var errorBody = await ReadAllAsync(response, MaxErrorBytes, timeout).ConfigureAwait(false);
                throw new FailureException(failures.OfStatus(status, response.Headers, errorBody, time.GetUtcNow()));
            }

            if (response.Content.Headers.ContentType?.MediaType == "text/html")
            {
                throw new FailureException(failures.WebPage());
            }
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(
        HttpMethod method,
        Uri url,
        byte[]? body,
        ProviderFailures failures,
        ExchangeTimeout timeout,
        CancellationToken cancellationToken
    )
    {
        using var message = new HttpRequestMessage(method, url);
        if (body is not null)
        {
            message.Content = new ByteArrayContent(body);
            message.Content.Headers.TryAddWithoutValidation("content-type", "application/json");
        }

        await AddHeadersAsync(message.Headers, new Uri(endpoint.Origin), failures, cancellationToken).ConfigureAwait(false);
        await credential.ApplyAsync(message, body, failures, cancellationToken).ConfigureAwait(false);
        return await http.For(url).SendAsync(message, timeout.Token).ConfigureAwait(false);
    }

    private async Task AddHeadersAsync(
        HttpRequestHeaders headers,
        Uri origin,
        ProviderFailures failures,
        CancellationToken cancellationToken
    )
    {
        headers.TryAddWithoutValidation("user-agent", "plue");
        foreach (var (name, value) in FixedHeaders)
        {
            headers.TryAddWithoutValidation(name, value);
        }
        foreach (var (name, value) in settings.Headers)
        {
            headers.Remove(name);
            Add(
                name,
                SecretReference.FindIn(value) is (var before, var reference)
                    ? before
                        + failures.Sendable((await secrets.GetAsync(reference, origin, cancellationToken).ConfigureAwait(false)).Reveal())
                    : value
            );
        }

        void Add(string name, string value)
        {
            if (headers.TryAddWithoutValidation(name, value))
            {
                return;
            }
            throw new FailureException(
                FailureKind.MissingField,
                $"The header {VendorMessage.Clean(name)} of {settings.Name} cannot be sent. Change it in the provider's settings."
            );
        }
    }

    /// <summary>Reads the end of the body, which usually arrived with the last event, so that the connection can be reused.</summary>
    private async ValueTask ReadOutAsync(EventReader events)
    {
        using var moment = new CancellationTokenSource(TimeSpan.FromMilliseconds(50), time);
        try
        {
            for (var reads = 0; reads < 4 && await events.FillAsync(moment.Token).ConfigureAwait(false); reads++) { }
        }
        catch (Exception exception)
            when (exception is OperationCanceledException or IOException or HttpRequestException or InvalidDataException)
        {
            // The response is complete, so errors of the connection do not matter.
        }
    }

    /// <returns>At most <paramref name="most"/> bytes.</returns>
    private static async Task<ReadOnlyMemory<byte>> ReadAllAsync(HttpResponseMessage response, int most, ExchangeTimeout timeout)
    {
        using var body = await response.Content.ReadAsStreamAsync(timeout.Token).ConfigureAwait(false);
        var whole = new byte[4096];
        var length = 0;
        while (length < most)
        {
            if (length == whole.Length)
            {
                Array.Resize(ref whole, Math.Min(most, whole.Length * 2));
            }
            var read = await body.ReadAsync(whole.AsMemory(length), timeout.Token).ConfigureAwait(false);
            if (read == 0)
            {
                break;
            }
            timeout.Renew();
            length += read;
        }

        return whole.AsMemory(0, length);
    }

    private static bool HasError(ReadOnlyMemory<byte> body) => body.Span.IndexOf("\"error\""u8) >= 0;

    /// <summary>Returns null for unexpected exceptions, which must not be hidden.</summary>
    private static Failure? ToFailure(Exception exception, ProviderFailures failures, ExchangeTimeout timeout, bool answering) =>
        exception switch
        {
            FailureException known => known.Failure,
            HtmlException => failures.WebPage(),
            FrameException { IsTooLong: true } => failures.TooLong(FrameReader.MaxPayload),
            FrameException => failures.Damaged(),
            InvalidDataException => failures.TooLong(EventReader.DefaultCap),
            JsonException => answering ? failures.BadEvent() : failures.NotStreamed(),
            OperationCanceledException when timeout.HasExpired => failures.TimedOut(timeout),
            OperationCanceledException or HttpRequestException or IOException => failures.OfException(exception, answering),
            _ => null,
        };
}
