using System.Globalization;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Connections.OAuth;

/// <summary>
/// Posts a form to an authorization server and reads its JSON answer. Follows no redirect, reads at most 64 KiB and waits at most 30 seconds.
/// What was sent never comes back in a sentence.
/// </summary>
internal sealed class OAuthServer(ISecretSource secrets, ProviderHttp http, TimeProvider time)
{
    private const int MaxBytes = 64 * 1024;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>Tokens for a code, a device code or a refresh token.</summary>
    /// <exception cref="OAuthRefusal">The server said no in the way of RFC 6749.</exception>
    /// <exception cref="FailureException">There was no such answer.</exception>
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
        // Taken at once: what the token's life is counted from.
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

    /// <summary>A form, posted; the answer is a JSON object without an error in it.</summary>
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
        // GitHub says no with a 200.
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

    /// <summary>A number, or a number in a string; null where the server does not say.</summary>
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

    private static string Masked(string said, IReadOnlyList<(string Name, string Value)> form)
    {
        foreach (var (name, value) in form)
        {
            if (name is "code" or "code_verifier" or "refresh_token" or "client_secret" or "device_code" && value.Length >= 4)
            {
                said = said.Replace(value, "***", StringComparison.Ordinal);
            }
        }

        return VendorMessage.Clean(said);
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

/// <param name="Lifetime">From the moment of receipt; null where the server does not say.</param>
/// <param name="Timestamp">Time of receipt, by the monotonic clock.</param>
/// <param name="ReceivedAt">The same moment by the clock on the wall, for the next process.</param>
internal sealed record TokenResponse(
    string AccessToken,
    string? RefreshToken,
    TimeSpan? Lifetime,
    long Timestamp,
    DateTimeOffset ReceivedAt
)
{
    /// <summary>Never the tokens.</summary>
    public override string ToString() => "***";
}

/// <summary>The server said no: <paramref name="code"/> is one of RFC 6749 or 8628, <paramref name="description"/> its own words, cleaned.</summary>
internal sealed class OAuthRefusal(string provider, string code, string description, long? interval) : Exception($"{provider}: {code}")
{
    public string Code { get; } = code;

    /// <summary>Seconds between two questions, where <c>slow_down</c> says so.</summary>
    public long? Interval { get; } = interval;

    /// <summary>For a person who is signing in.</summary>
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
