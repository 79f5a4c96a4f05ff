namespace Plue.Server.Messages;

/// <summary>An error as a value: a stable kind for code and a message for the user.</summary>
/// <param name="Message">What failed and what to do, in one sentence. Never contains a secret.</param>
/// <param name="RetryAfter">The wait time that the vendor requested.</param>
public sealed record Failure(FailureKind Kind, string Message, TimeSpan? RetryAfter = null)
{
    private readonly string? cause;

    /// <summary>The cause without the advice, for errors that Plue already handles; the whole message if it is not split.</summary>
    public string Cause
    {
        get => cause ?? Message;
        init => cause = value;
    }

    /// <summary>True if the same request may succeed later.</summary>
    public bool IsRetryable =>
        Kind
            is FailureKind.RateLimited
                or FailureKind.Overloaded
                or FailureKind.Timeout
                or FailureKind.Unreachable
                or FailureKind.CutStream;
}

/// <summary>The typed errors of the protocol (docs/records.md), and transport errors in turns. The names are stable.</summary>
public enum FailureKind
{
    Internal,
    NotFound,
    ProviderDisabled,
    ProviderAuthFailed,
    ModelNotFound,
    ProviderExecutableFailed,
    Timeout,
    RateLimited,
    SpendLimit,
    ContextFull,
    MissingField,
    VaultLocked,
    KeyNotBoundToOrigin,
    BudgetExceeded,
    PermissionDenied,
    Untrusted,
    Conflict,
    StoreReadOnly,

    /// <summary>No connection: refused, DNS, TLS.</summary>
    Unreachable,

    /// <summary>The vendor is temporarily unavailable (500, 502, 503, 529).</summary>
    Overloaded,

    /// <summary>The stream ended without its end event.</summary>
    CutStream,

    /// <summary>The response did not have the expected format (HTML, invalid JSON, an overlong line).</summary>
    BadResponse,

    /// <summary>The vendor rejected the request as malformed.</summary>
    BadRequest,

    /// <summary>The model or its vendor refused to respond.</summary>
    Refused,

    /// <summary>A response was too long or too repetitive, so Plue stopped it to ask the user.</summary>
    RoundLimit,

    /// <summary>The change would send requests of a provider in use, and its API key, to another origin. It needs the user's approval.</summary>
    OriginChange,

    /// <summary>The vault file is an older copy of the one last used on this machine.</summary>
    VaultOlder,
}

/// <summary>Thrown if a call cannot continue; the error boundary of Rpc and Cli converts it to a typed error.</summary>
public sealed class FailureException(Failure failure, Exception? inner = null) : Exception(failure.Message, inner)
{
    public FailureException(FailureKind kind, string message, Exception? inner = null)
        : this(new Failure(kind, message), inner) { }

    public Failure Failure { get; } = failure;
}
