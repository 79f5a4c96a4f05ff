namespace Plue.Server.Messages;

/// <summary>What went wrong, as a value: a stable kind for code and one sentence for a person.</summary>
/// <param name="Message">One sentence that says what happened and what to do. Never contains a secret.</param>
/// <param name="RetryAfter">How long the vendor asked us to wait.</param>
public sealed record Failure(FailureKind Kind, string Message, TimeSpan? RetryAfter = null)
{
    private readonly string? what;

    /// <summary>The cause without the advice, for errors that Plue already handles; the whole message if it is not split.</summary>
    public string What
    {
        get => what ?? Message;
        init => what = value;
    }

    /// <summary>Whether asking again, unchanged, may help.</summary>
    public bool IsRetryable =>
        Kind
            is FailureKind.RateLimited
                or FailureKind.Overloaded
                or FailureKind.Timeout
                or FailureKind.Unreachable
                or FailureKind.CutStream;
}

/// <summary>The typed errors of the wire (docs/records.md), and the transport failures that turns meet. The names are stable.</summary>
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

    /// <summary>The vendor is there but is not available now (500, 502, 503, 529).</summary>
    Overloaded,

    /// <summary>The stream ended without its terminal signal.</summary>
    CutStream,

    /// <summary>The answer was not of the form this wire has (HTML, broken JSON, an oversize line).</summary>
    BadResponse,

    /// <summary>The vendor refused the request as malformed.</summary>
    BadRequest,

    /// <summary>The model or its vendor declined to answer.</summary>
    Refused,

    /// <summary>An answer went on for so long, or so much the same, that Plue stopped it to ask the user.</summary>
    RoundLimit,

    /// <summary>The change would send what a provider in use is asked, and its key, to another origin. The user has to allow that.</summary>
    OriginChange,

    /// <summary>The vault file is an older copy of the one that was last used here.</summary>
    VaultOlder,
}

/// <summary>Thrown where a call cannot go on; the error boundary of Rpc and Cli turns it into a typed error.</summary>
public sealed class FailureException(Failure failure, Exception? inner = null) : Exception(failure.Message, inner)
{
    public FailureException(FailureKind kind, string message, Exception? inner = null)
        : this(new Failure(kind, message), inner) { }

    public Failure Failure { get; } = failure;
}
