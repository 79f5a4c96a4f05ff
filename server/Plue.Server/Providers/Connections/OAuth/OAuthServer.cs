using System.Globalization;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Connections.OAuth;

/// <summary>
/// Posts forms to an authorization server and reads the JSON responses. Follows no redirects, reads at most 64 KiB and waits at most 30 seconds. Messages never
/// contain what was sent.
/// </summary>
internal sealed class OAuthServer(ISecretSource secrets, ProviderHttp http, TimeProvider time)
{
    private const int MaxBytes = 64 * 1024;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>Requests tokens for a code, a device code or a refresh token.</summary>
    /// <exception cref="OAuthRefusal">The server returned an error as defined in RFC 6749.</exception>
    /// <exception cref="FailureException">The server returned no valid response.</exception>
    public async Task<TokenResponse> TokenAsync(
        OAuthSettings settings,
        IEnumerable<(string Name, string Value)> form,
        CancellationToken cancellationToken
    )
    {
        List<(string Name, string Value)> fields = [.. form, ("client_id", settings.ClientId)];
        if (settings.ClientSecretRef is { } reference)
        {
            fields.Add(
                ("client_secret", (await secrets.GetAsync(reference, settings.TokenUrl, cancellationToken).ConfigureAwait(false)).Reveal())
            );
        }

        using var answer = await PostAsync(settings, settings.TokenUrl, fields, cancellationToken).ConfigureAwait(false);
        // Read before parsing, because the token's lifetime starts here.
        var (timestamp, receivedAt) = (time.GetTimestamp(), time.GetUtcNow());
        var root = answer.RootElement;
        if (root.Text("access_token") is not { Length: > 0 } access)
        {
            throw new FailureException(NotOAuth(settings, settings.TokenUrl));
        }
        if (root.Text("token_type") is { } type && !type.Equals("bearer", StringComparison.OrdinalIgnoreCase))
        {
            throw new FailureException(
                FailureKind.BadResponse,
                $"The sign-in server of {settings.Name} returned a token of the type {VendorMessage.Clean(type)}, which Plue cannot use. Configure it to return the type bearer."
            );
        }

        return new TokenResponse(
            access,
            root.Text("refresh_token") is { Length: > 0 } refresh ? refresh : null,
            Lifetime(root),
            timestamp,
            receivedAt
        );
    }

    /// <summary>Posts a form; the response is a JSON object without an error.</summary>
    /// <inheritdoc cref="TokenAsync"/>
    public async Task<JsonDocument> PostAsync(
        OAuthSettings settings,
        Uri url,
        IReadOnlyList<(string Name, string Value)> form,
        CancellationToken cancellationToken
    )
    {
        using var limit = new CancellationTokenSource(Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, url)
            {
                Content = new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value))),
            };
            request.Headers.TryAddWithoutValidation("accept", "application/json");
            request.Headers.TryAddWithoutValidation("user-agent", "plue");
            using var response = await http.For(url).SendAsync(request, either.Token).ConfigureAwait(false);
            var status = (int)response.StatusCode;
            if (status is >= 300 and < 400)
            {
                throw new FailureException(
                    FailureKind.BadResponse,
                    $"The sign-in server of {settings.Name} ({url.Host}) redirected to another address, and Plue does not follow with a token. Write the right address under additional_auth."
                );
            }

            return Read(
                settings,
                url,
                status,
                RetryAfter.Of(response.Headers, time.GetUtcNow()),
                await BodyAsync(settings, url, response, either.Token).ConfigureAwait(false),
                form
            );
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new FailureException(
                FailureKind.Timeout,
                $"The sign-in server of {settings.Name} ({url.Host}) did not respond within {DurationText.Of(Timeout)}. Try again."
            );
        }
        catch (Exception exception)
            when (exception is HttpRequestException or IOException or OperationCanceledException
                && !cancellationToken.IsCancellationRequested
            )
        {
            throw new FailureException(
                FailureKind.Unreachable,
                $"The sign-in server of {settings.Name} ({url.Host}) cannot be reached. Check the network, and its address under additional_auth.",
                exception
            );
        }
    }

    private static JsonDocument Read(
        OAuthSettings settings,
        Uri url,
        int status,
        TimeSpan? after,
        ReadOnlyMemory<byte> body,
        IReadOnlyList<(string Name, string Value)> form
    )
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            throw new FailureException(status >= 500 || status is 408 or 429 ? Busy(settings, url, after) : NotOAuth(settings, url));
        }

        var root = document.RootElement;
        // GitHub returns errors with status 200.
        if (Text(root, "error") is { Length: > 0 } error && status < 500 && status != 429)
        {
            var refusal = new OAuthRefusal(
                settings.Name,
                error,
                Masked(Text(root, "error_description") ?? "", form),
                root.Whole("interval")
            );
            document.Dispose();
            throw refusal;
        }

        if (root.ValueKind == JsonValueKind.Object && status is >= 200 and < 300)
        {
            return document;
        }

        document.Dispose();
        throw new FailureException(status >= 500 || status is 408 or 429 ? Busy(settings, url, after) : NotOAuth(settings, url));
    }

    private static async Task<ReadOnlyMemory<byte>> BodyAsync(
        OAuthSettings settings,
        Uri url,
        HttpResponseMessage response,
        CancellationToken cancellationToken
    )
    {
        using var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var whole = new byte[MaxBytes + 1];
        var length = await body.ReadAtLeastAsync(whole, whole.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return length <= MaxBytes
            ? whole.AsMemory(0, length)
            : throw new FailureException(
                FailureKind.BadResponse,
                $"The sign-in server of {settings.Name} ({url.Host}) sent more than {MaxBytes / 1024} KiB. Check its address under additional_auth."
            );
    }

    /// <summary>Reads a number, or a number in a string; null if there is none.</summary>
    private static TimeSpan? Lifetime(JsonElement answer)
    {
        var seconds = answer.Field("expires_in") switch
        {
            { ValueKind: JsonValueKind.Number } number when number.TryGetDouble(out var value) => value,
            { ValueKind: JsonValueKind.String } text
                when double.TryParse(text.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) => value,
            _ => double.NaN,
        };
        return double.IsNaN(seconds) ? null : TimeSpan.FromSeconds(Math.Clamp(seconds, 0, TimeSpan.FromDays(3650).TotalSeconds));
    }

    private static string? Text(JsonElement element, string name) => element.ValueKind == JsonValueKind.Object ? element.Text(name) : null;

    private static string Masked(string body, IReadOnlyList<(string Name, string Value)> form)
    {
        foreach (var (name, value) in form)
        {
            if (name is "code" or "code_verifier" or "refresh_token" or "client_secret" or "device_code" && value.Length >= 4)
            {
                body = body.Replace(value, "***", StringComparison.Ordinal);
            }
        }

        return VendorMessage.Clean(body);
    }

    private static Failure NotOAuth(OAuthSettings settings, Uri url) =>
        new(
            FailureKind.BadResponse,
            $"The server at {url.Host} for {settings.Name} is not a sign-in server. Check its addresses under additional_auth."
        );

    private static Failure Busy(OAuthSettings settings, Uri url, TimeSpan? after) =>
        new(
            FailureKind.Overloaded,
            $"The sign-in server of {settings.Name} ({url.Host}) is not available now. Try again in a moment.",
            after
        );
}

/// <param name="Lifetime">Counted from receipt; null if the server does not specify it.</param>
/// <param name="Timestamp">The time of receipt on the monotonic clock.</param>
/// <param name="ReceivedAt">The time of receipt on the system clock, for other processes.</param>
internal sealed record TokenResponse(
    string AccessToken,
    string? RefreshToken,
    TimeSpan? Lifetime,
    long Timestamp,
    DateTimeOffset ReceivedAt
)
{
    /// <summary>Does not reveal the tokens.</summary>
    public override string ToString() => "***";
}

/// <summary>An error of the server: <paramref name="code"/> is from RFC 6749 or 8628, <paramref name="description"/> is the server's text, sanitized.</summary>
internal sealed class OAuthRefusal(string provider, string code, string description, long? interval) : Exception($"{provider}: {code}")
{
    public string Code { get; } = code;

    /// <summary>The polling interval in seconds that <c>slow_down</c> requested.</summary>
    public long? Interval { get; } = interval;

    /// <summary>The failure for the user who signs in.</summary>
    public Failure Failure { get; } = Sentence(provider, code, description);

    private static Failure Sentence(string provider, string code, string description)
    {
        var quoted = description.TrimEnd('.') is { Length: > 0 } text ? $": \"{text}\"" : "";
        return code switch
        {
            "access_denied" => new(
                FailureKind.PermissionDenied,
                $"The sign-in of {provider} was not granted{quoted}. Sign in again, and allow it there."
            ),
            "expired_token" => new(
                FailureKind.Timeout,
                $"The code for the sign-in of {provider} ran out before it was used. Sign in again."
            ),
            "invalid_grant" => new(FailureKind.ProviderAuthFailed, $"{provider} no longer accepts this sign-in{quoted}. Sign in again."),
            "invalid_client" or "unauthorized_client" => new(
                FailureKind.ProviderAuthFailed,
                $"{provider} does not know this client{quoted}. Check client_id and client_secret under additional_auth, then sign in again."
            ),
            "invalid_scope" or "invalid_target" => new(
                FailureKind.ProviderAuthFailed,
                $"{provider} refused the requested access{quoted}. Change scope or audience under additional_auth, then sign in again."
            ),
            "unsupported_grant_type" or "unsupported_response_type" or "device_flow_disabled" => new(
                FailureKind.ProviderAuthFailed,
                $"{provider} does not offer this way of signing in{quoted}. Check the addresses under additional_auth."
            ),
            "server_error" or "temporarily_unavailable" => new(
                FailureKind.Overloaded,
                $"The sign-in server of {provider} is not available now{quoted}. Try again in a moment."
            ),
            _ => new(
                FailureKind.ProviderAuthFailed,
                $"{provider} refused the sign-in{(quoted.Length > 0 ? quoted : $": \"{VendorMessage.Clean(code)}\"")}. Check its settings under additional_auth, then sign in again."
            ),
        };
    }
}
