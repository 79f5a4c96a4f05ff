using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Plue.Server.Messages;

namespace Plue.Server.Providers.Http;

/// <summary>
/// Creates the failures of an exchange: the kind, and a sentence that names the provider and its host, says what to do and quotes the vendor. Secrets that were
/// sent are masked in quotations.
/// </summary>
internal sealed class ProviderFailures(ProviderSettings settings, ProviderEndpoint endpoint, string? model)
{
    private readonly List<string> secrets = [];

    private string ProviderName =>
        settings.Name.Contains(endpoint.Host, StringComparison.OrdinalIgnoreCase) ? settings.Name : $"{settings.Name} ({endpoint.Host})";
    private string Model => model is null ? "this model" : model;

    /// <summary>
    /// The credential of the request if it is not an API key (<c>the keys of the profile "work"</c>), and the sentence that says what to do if it is rejected.
    /// </summary>
    public (string What, string Advice)? CredentialNote { get; set; }

    /// <summary>Masks this value as <c>***</c> from now on, including its encoded forms.</summary>
    public void Mask(string secret)
    {
        if (secret.Length < 4)
        {
            return;
        }
        secrets.Add(secret);
        secrets.Add(Uri.EscapeDataString(secret));
        secrets.Add(Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)));
    }

    /// <summary>Returns the secret for use in a header, and masks it from now on.</summary>
    /// <exception cref="FailureException">It contains characters that are invalid in a header.</exception>
    public string Sendable(string secret)
    {
        secret = secret.Trim();
        Mask(secret);
        return secret.AsSpan().ContainsAnyExceptInRange(' ', '~') ? throw new FailureException(UnusableKey()) : secret;
    }

    public Failure NotHttp() =>
        new(
            FailureKind.MissingField,
            $"The endpoint of {settings.Name} is not a web address. Give one that begins with https:// or http://."
        );

    public Failure UnusableKey() =>
        new(FailureKind.ProviderAuthFailed, $"The key of {settings.Name} contains characters that cannot be sent. Set the key again.");

    public Failure NoKey() => new(FailureKind.ProviderAuthFailed, $"{settings.Name} has no key yet. Set one, then try again.");

    /// <summary>Returns the failure for a status other than 200.</summary>
    public Failure OfStatus(int status, HttpResponseHeaders headers, ReadOnlyMemory<byte> body, DateTimeOffset now)
    {
        var vendorMessage = VendorMessage.Read(body);
        var kind = settings.Kind == ProviderKinds.GithubCopilot ? KindAtCopilot(status, vendorMessage) : KindOf(status, vendorMessage);
        if (kind == FailureKind.BadRequest && VendorMessage.LooksLikeHtml(body.Span))
        {
            return WebPage(status);
        }
        return Sentence(
            kind,
            vendorMessage.Text,
            status,
            kind == FailureKind.SpendLimit ? null : RetryAfter.Of(headers, now) ?? vendorMessage.RetryAfter
        );
    }

    /// <summary>Returns the failure for an error event in a stream.</summary>
    public Failure OfEvent(VendorMessage vendorMessage) =>
        Sentence(KindOf(vendorMessage.Status, vendorMessage), vendorMessage.Text, null, vendorMessage.RetryAfter);

    public Failure Redirect(int status, Uri? location) =>
        new(
            FailureKind.BadResponse,
            $"{ProviderName} redirected to {(location is { IsAbsoluteUri: true } ? location.Host : "another address")} ({status}), and Plue does not follow redirects with a key or a prompt. "
                + "If you trust that address, make it the endpoint."
        );

    public Failure WebPage(int? status = null) =>
        new(
            FailureKind.BadResponse,
            $"{ProviderName} responded with a web page{(status is null ? "" : $" ({status})")} instead of a response. Check the endpoint, and whether a proxy or a sign-in page is in between."
        );

    public Failure NotStreamed() =>
        new(FailureKind.BadResponse, $"{ProviderName} sent a response in an unexpected format. Check the endpoint and the kind.");

    public Failure BadEvent() =>
        new(
            FailureKind.BadResponse,
            $"{ProviderName} sent invalid JSON in the middle of its response. Try again. If that does not help, check the endpoint and the kind."
        );

    /// <param name="why">The end of a sentence: <c>it called too many tools</c>.</param>
    public Failure StoppedEarly(string why) =>
        new(FailureKind.CutStream, $"{Model} stopped its response at {ProviderName}: {why}. Try again.");

    public Failure TooLong(int cap) =>
        new(
            FailureKind.BadResponse,
            $"{ProviderName} sent an event of more than {cap / (1024 * 1024)} MiB, so the response was cut off. Check the endpoint."
        );

    public Failure Damaged() =>
        new(
            FailureKind.BadResponse,
            $"{ProviderName} sent an event that was damaged in transit, so the response was cut off. Try again. If that does not help, check the endpoint and any proxy."
        );

    public Failure Cut() =>
        new(FailureKind.CutStream, $"{ProviderName} closed the connection before the response was complete. Try again.");

    public Failure TimedOut(ExchangeTimeout timeout) =>
        new(
            FailureKind.Timeout,
            timeout.HasFirstByte
                ? $"{ProviderName} stopped sending for {DurationText.Of(timeout.Limit)}. Try again, or raise the provider's timeout."
                : $"{ProviderName} did not start to respond within {DurationText.Of(timeout.Limit)}. Try again, or raise the provider's timeout."
        );

    /// <summary>Returns the failure for an exception of the connection, before or during a response.</summary>
    public Failure OfException(Exception exception, bool answering)
    {
        for (var inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (inner is AuthenticationException)
            {
                return new Failure(
                    FailureKind.Unreachable,
                    $"No secure connection to {ProviderName}: {Quote(inner.Message)} Check the clock of this machine, any proxy, and the endpoint."
                );
            }

            if (inner is HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError })
            {
                return new Failure(
                    FailureKind.Unreachable,
                    $"The proxy of this machine did not let Plue through to {endpoint.Host}. Check its address and its sign-in in HTTPS_PROXY."
                );
            }

            if (
                inner is SocketException
                {
                    SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData or SocketError.NoRecovery
                }
            )
            {
                return new Failure(
                    FailureKind.Unreachable,
                    $"The host {endpoint.Host} of {settings.Name} was not found. Check the network and the endpoint."
                );
            }
        }

        if (answering)
        {
            return Cut();
        }
        if (endpoint.IsLoopback)
        {
            return new Failure(
                FailureKind.Unreachable,
                $"Nothing responds at {endpoint.Origin}. Is {(settings.Kind == ProviderKinds.Ollama ? "Ollama" : settings.Name)} running?"
            );
        }

        return exception is OperationCanceledException
            ? new Failure(
                FailureKind.Unreachable,
                $"{ProviderName} accepted no connection within {DurationText.Of(ProviderHttp.ConnectTimeout)}. Check the network and the endpoint."
            )
            : new Failure(FailureKind.Unreachable, $"{ProviderName} cannot be reached. Check the network and the endpoint.");
    }

    private Failure Sentence(FailureKind kind, string vendorMessage, int? status, TimeSpan? after)
    {
        // The sentence that contains the quotation ends with a period.
        var quoted = Quote(vendorMessage).TrimEnd('.') is { Length: > 0 } text ? $": \"{text}\"" : "";
        var number = status is null ? "" : $" ({status})";
        var what = kind switch
        {
            FailureKind.RateLimited => $"{ProviderName} is rate limiting you{quoted}.",
            FailureKind.Overloaded => $"{ProviderName} is not available now{number}{quoted}.",
            _ => null,
        };
        var message = kind switch
        {
            FailureKind.ProviderAuthFailed when settings.AuthType == AuthType.Oauth =>
                $"{ProviderName} refused the sign-in{number}{quoted}. Sign in again.",
            FailureKind.ProviderAuthFailed when CredentialNote is { } proof =>
                $"{ProviderName} refused {proof.What}{number}{quoted}. {proof.Advice}",
            FailureKind.ProviderAuthFailed when settings.ApiKeyRef is null =>
                $"{ProviderName} requires a key, and none is set{quoted}. Set a key for it.",
            FailureKind.ProviderAuthFailed =>
                $"{ProviderName} refused the key{number}{quoted}. Set a key that is valid for this provider and model.",
            FailureKind.PermissionDenied =>
                $"{ProviderName} does not allow this{number}{quoted}. Your plan or your organization does not include it. Choose another model, or check the Copilot settings on GitHub.",
            FailureKind.SpendLimit =>
                $"The credit or spend limit at {ProviderName} is reached{quoted}. Add credit there, or choose another provider.",
            FailureKind.ModelNotFound when settings.Kind == ProviderKinds.Ollama =>
                $"{ProviderName} does not have the model {Model}. Run \"ollama pull {Model}\", or choose another model.",
            FailureKind.ModelNotFound => $"{ProviderName} does not have the model {Model}{quoted}. Choose another model.",
            FailureKind.RateLimited => $"{what} Try again {(after is { } wait ? $"in {DurationText.Of(wait)}" : "in a moment")}.",
            FailureKind.Overloaded => $"{what} Try again in a moment, or choose another model.",
            FailureKind.ContextFull =>
                $"The conversation exceeds the context window of {Model}{quoted}. Start a new chat, or choose a model with a larger context window.",
            FailureKind.NotFound => $"{ProviderName} found nothing at this address{number}{quoted}. Check the endpoint.",
            FailureKind.Refused => $"{ProviderName} declined to respond{quoted}. Rephrase your message, or choose another model.",
            _ =>
                $"{ProviderName} refused the request{number}{quoted}. Choose another model, or change what is sent in the provider's settings.",
        };
        var failure = new Failure(kind, message, after);
        return what is null ? failure : failure with { Cause = what };
    }

    /// <summary>GitHub returns 403 if the plan or the organization does not allow the request, not for a wrong token.</summary>
    private static FailureKind KindAtCopilot(int status, VendorMessage vendorMessage) =>
        status == 403 ? FailureKind.PermissionDenied
        : Mentions(vendorMessage.Code, "model_not_supported") ? FailureKind.ModelNotFound
        : KindOf(status, vendorMessage);

    private string Quote(string vendorMessage)
    {
        foreach (var secret in secrets)
        {
            vendorMessage = vendorMessage.Replace(secret, "***", StringComparison.OrdinalIgnoreCase);
        }
        return VendorMessage.Clean(vendorMessage);
    }

    private static FailureKind KindOf(int? status, VendorMessage vendorMessage)
    {
        // Google reports "exceeded your current quota" for limits per minute, too, but with the time to wait.
        if (status is 429 && vendorMessage is { RetryAfter: not null, IsPerDay: false })
        {
            return FailureKind.RateLimited;
        }
        if (status == 402 || vendorMessage.IsPerDay || Mentions(vendorMessage, Spend))
        {
            return FailureKind.SpendLimit;
        }
        // AWS's error for models without a cache.
        if (status is 403 && Mentions(vendorMessage.Text, "prompt caching"))
        {
            return FailureKind.BadRequest;
        }
        if (status is 403 && Mentions(vendorMessage.Text, "flagged", "moderation"))
        {
            return FailureKind.Refused;
        }
        if (
            status is 401 or 403
            || Mentions(
                vendorMessage.Code,
                "authentication_error",
                "invalid_api_key",
                "permission_error",
                "API_KEY_INVALID",
                "UNAUTHENTICATED"
            )
        )
        {
            return FailureKind.ProviderAuthFailed;
        }
        if (status is 429 || Mentions(vendorMessage.Code, "rate_limit", "429") || (status == 413 && Mentions(vendorMessage, "per minute")))
        {
            return FailureKind.RateLimited;
        }
        if (status is null or 400 or 413 or 422 or 500 && (Mentions(vendorMessage, ContextExceeded) || status == 413))
        {
            return FailureKind.ContextFull;
        }
        if (status is null or 400 or 404 && Mentions(vendorMessage, UnknownModel))
        {
            return FailureKind.ModelNotFound;
        }
        if (status == 405)
        {
            return FailureKind.NotFound;
        }
        if (status == 404)
        {
            return vendorMessage.Text.Contains("model", StringComparison.OrdinalIgnoreCase)
                ? FailureKind.ModelNotFound
                : FailureKind.NotFound;
        }
        if (status is 408 or 409 or 424 or >= 500 || Mentions(vendorMessage.Code, Transient))
        {
            return FailureKind.Overloaded;
        }
        if (Mentions(vendorMessage.Code, "content_filter", "content_policy", "bio_policy", "cyber_policy"))
        {
            return FailureKind.Refused;
        }
        if (Mentions(vendorMessage.Code, "invalid_prompt") && Mentions(vendorMessage.Text, "policy", "flagged"))
        {
            return FailureKind.Refused;
        }
        return status is null && !Mentions(vendorMessage.Code, "invalid_", "image_", "data_residency")
            ? FailureKind.Overloaded
            : FailureKind.BadRequest;
    }

    private static readonly string[] Spend =
    [
        "insufficient_quota",
        "billing_error",
        "credit balance",
        "credit_balance",
        "spend_limit",
        "usage_limit_exceeded",
        "exceeded your current quota",
        "insufficient balance",
        "insufficient credits",
    ];

    private static readonly string[] ContextExceeded =
    [
        "context_length_exceeded",
        "prompt is too long",
        "maximum context length",
        "exceed_context_size",
        "exceeds the available context size",
        "exceeds the context window",
        "exceeds the maximum number of tokens",
        "range of input length should be",
        "input too long:",
        "input is too long",
        "request_too_large",
    ];

    private static readonly string[] UnknownModel =
    [
        "model_not_found",
        "not a valid model",
        "invalid model",
        "does not exist or you do not have access",
        "DeploymentNotFound",
        "model identifier is invalid",
        "on-demand throughput isn",
    ];

    private static readonly string[] Transient =
    [
        "overloaded",
        "api_error",
        "server_error",
        "internal_error",
        "timeout_error",
        "service_unavailable",
        "502",
        "503",
        "529",
    ];

    private static bool Mentions(VendorMessage vendorMessage, params ReadOnlySpan<string> words) =>
        Mentions(vendorMessage.Code, words) || Mentions(vendorMessage.Text, words);

    private static bool Mentions(string text, params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (text.Contains(word, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>Formats durations for messages.</summary>
internal static class DurationText
{
    public static string Of(TimeSpan duration) =>
        duration switch
        {
            { TotalSeconds: < 1 } => $"{Math.Max(1, (int)duration.TotalMilliseconds)} ms",
            { TotalSeconds: < 120 } => $"{Math.Ceiling(duration.TotalSeconds):0} s",
            { TotalMinutes: < 120 } => $"{Math.Ceiling(duration.TotalMinutes):0} minutes",
            { TotalHours: < 48 } => $"{Math.Ceiling(duration.TotalHours):0} hours",
            _ => $"{Math.Ceiling(duration.TotalDays):0} days",
        };
}
