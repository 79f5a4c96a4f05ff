using System.Globalization;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Bedrock;

/// <summary>Signs requests with AWS keys, or sends the Bedrock API key. Caches keys until they expire or are rejected. Uses the server's clock.</summary>
internal sealed class BedrockCredential(AwsCredentials credentials, string? region, TimeProvider time) : IRequestCredential
{
    private const string Service = "bedrock";

    private static readonly TimeSpan AllowedClockSkew = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan ExpiryMargin = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim loading = new(1, 1);
    private volatile AwsKeys? current;
    private long skewTicks;

    private DateTimeOffset Now => time.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref skewTicks));

    public async ValueTask ApplyAsync(
        HttpRequestMessage request,
        ReadOnlyMemory<byte> body,
        ProviderFailures failures,
        CancellationToken cancellationToken
    )
    {
        // A custom header of the user takes precedence.
        if (request.Headers.NonValidated.Contains("authorization"))
        {
            return;
        }
        var url = request.RequestUri!;
        if (credentials.BearerToken() is { } token)
        {
            Send(request, url, token, failures);
            return;
        }

        var keys = await KeysAsync(url, cancellationToken).ConfigureAwait(false);
        failures.Mask(keys.SecretAccessKey);
        if (keys.SessionToken is { } session)
        {
            failures.Mask(session);
        }
        failures.CredentialNote = (keys.Source, keys.Advice);
        Sign(
            request,
            body,
            keys,
            region
                ?? throw new FailureException(
                    FailureKind.MissingField,
                    "A request to AWS cannot be signed without a region. Set one in the provider's settings."
                )
        );
    }

    public ValueTask<bool> RenewAsync(CancellationToken cancellationToken) => ValueTask.FromResult(false);

    /// <summary>Retries once with the server's time if the clocks differ, and once with newly loaded keys if the sent ones are no longer valid.</summary>
    public async ValueTask<bool> RenewAsync(HttpResponseMessage refusal, CancellationToken cancellationToken)
    {
        if (refusal.RequestMessage is not { } request || Header(request, "x-amz-date") is not { } sentAt)
        {
            return false;
        }
        var reason = refusal.Headers.NonValidated.TryGetValues("x-amzn-ErrorType", out var values) ? values.ToString() : "";
        if (IsOne(reason, "AccessDenied"))
        {
            return false;
        }
        if (
            IsOne(reason, "InvalidSignature", "RequestExpired", "RequestTimeTooSkewed", "SignatureDoesNotMatch")
            && IsSkewed(refusal, sentAt)
        )
        {
            return true;
        }
        if (
            !IsOne(
                reason,
                "ExpiredToken",
                "UnrecognizedClient",
                "InvalidSignature",
                "InvalidClientTokenId",
                "SignatureDoesNotMatch",
                "InvalidToken"
            )
        )
        {
            return false;
        }

        await loading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Another request may have loaded new keys.
            if (current is { } now && !WasSentWith(request, now))
            {
                return true;
            }
            var fresh = await credentials
                .LoadAsync(ProviderEndpoint.OriginOf(request.RequestUri!), cancellationToken)
                .ConfigureAwait(false);
            current = fresh;
            return !WasSentWith(request, fresh);
        }
        finally
        {
            loading.Release();
        }
    }

    private async ValueTask<AwsKeys> KeysAsync(Uri url, CancellationToken cancellationToken)
    {
        if (current is { } kept && !RunsOut(kept))
        {
            return kept;
        }
        await loading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (current is { } refreshed && !RunsOut(refreshed))
            {
                return refreshed;
            }
            return current = await credentials.LoadAsync(ProviderEndpoint.OriginOf(url), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            loading.Release();
        }
    }

    private bool RunsOut(AwsKeys keys) => keys.ExpiresAt <= Now + ExpiryMargin;

    private void Sign(HttpRequestMessage request, ReadOnlyMemory<byte> body, AwsKeys keys, string signingRegion)
    {
        var at = Now;
        var url = request.RequestUri!;
        var headers = new List<(string Name, string Value)> { ("host", request.Headers.Host ?? url.Authority) };
        if (request.Content?.Headers.ContentType?.ToString() is { } type)
        {
            headers.Add(("content-type", type));
        }
        Add("x-amz-date", AwsSignature.DateOf(at));
        Add("x-amz-content-sha256", AwsSignature.HashOf(body.Span));
        if (keys.SessionToken is { } token)
        {
            Add("x-amz-security-token", token);
        }
        var signed = AwsSignature.Of(
            new AwsRequest(request.Method.Method, url.AbsolutePath, url.Query.TrimStart('?'), headers, body),
            keys,
            signingRegion,
            Service,
            at
        );
        request.Headers.TryAddWithoutValidation("authorization", signed.Authorization);

        void Add(string name, string value)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
            headers.Add((name, value));
        }
    }

    private static void Send(HttpRequestMessage request, Uri url, string token, ProviderFailures failures)
    {
        // The environment variable is meant for AWS only.
        if (!AwsHosts.IsAws(url))
        {
            throw new FailureException(
                FailureKind.KeyNotBoundToOrigin,
                $"The environment variable AWS_BEARER_TOKEN_BEDROCK is meant for AWS only, not for {url.Authority}. Store a key for that address in the vault."
            );
        }

        failures.CredentialNote = (
            "the API key in AWS_BEARER_TOKEN_BEDROCK",
            "Make a new one in the AWS console, or set other credentials."
        );
        request.Headers.TryAddWithoutValidation("authorization", "Bearer " + failures.Sendable(token));
    }

    private bool IsSkewed(HttpResponseMessage refusal, string sentAt)
    {
        if (
            refusal.Headers.Date is not { } serverTime
            || !DateTimeOffset.TryParseExact(
                sentAt,
                "yyyyMMdd'T'HHmmss'Z'",
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out var requestTime
            )
            || (serverTime - requestTime).Duration() <= AllowedClockSkew
        )
        {
            return false;
        }

        Interlocked.Exchange(ref skewTicks, (serverTime - time.GetUtcNow()).Ticks);
        return true;
    }

    private static bool WasSentWith(HttpRequestMessage request, AwsKeys keys) =>
        Header(request, "authorization")?.Contains($"Credential={keys.AccessKeyId}/", StringComparison.Ordinal) == true
        && Header(request, "x-amz-security-token") == keys.SessionToken;

    private static bool IsOne(string reason, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (reason.Contains(name, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static string? Header(HttpRequestMessage request, string name) =>
        request.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;
}
