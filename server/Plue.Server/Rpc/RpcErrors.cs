using Microsoft.Extensions.Logging;
using Plue.Protocol;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Rpc;

/// <summary>The error boundary: the only place that converts exceptions of handlers to error responses.</summary>
internal static class RpcErrors
{
    internal sealed record RpcError(int Code, string Message, ErrorData? Data);

    internal sealed class InvalidParamsException(string message) : Exception(message);

    public static RpcError From(Exception fault, string method, ILogger logger)
    {
        switch (fault)
        {
            case OperationCanceledException:
                return new RpcError(ErrorCodes.RequestCancelled, "The request was cancelled.", null);
            case InvalidParamsException:
                return new RpcError(ErrorCodes.InvalidParams, fault.Message, null);
            case FailureException { Failure: var failure }:
                logger.LogInformation("{Method}: {Kind}: {Message}", method, failure.Kind, failure.Message);
                return new RpcError(CodeOf(failure.Kind), HiddenCharacters.Visible(failure.Message), DataOf(failure));
            default:
                logger.LogError(fault, "{Method} failed", method);
                return new RpcError(
                    ErrorCodes.InternalError,
                    "An internal error occurred in Plue. The log has the details.",
                    DataOf(new Failure(FailureKind.Internal, ""))
                );
        }
    }

    /// <summary>Returns the error code of a kind. Codes are part of the protocol and never change or are reused. See docs/records.md.</summary>
    internal static int CodeOf(FailureKind kind) =>
        kind switch
        {
            FailureKind.Internal => -33000,
            FailureKind.NotFound => -33001,
            FailureKind.ProviderDisabled => -33002,
            FailureKind.ProviderAuthFailed => -33003,
            FailureKind.ModelNotFound => -33004,
            FailureKind.ProviderExecutableFailed => -33005,
            FailureKind.Timeout => -33006,
            FailureKind.RateLimited => -33007,
            FailureKind.SpendLimit => -33008,
            FailureKind.ContextFull => -33009,
            FailureKind.MissingField => -33010,
            FailureKind.VaultLocked => -33011,
            FailureKind.KeyNotBoundToOrigin => -33012,
            FailureKind.BudgetExceeded => -33013,
            FailureKind.PermissionDenied => -33014,
            FailureKind.Untrusted => -33015,
            FailureKind.Conflict => -33016,
            FailureKind.StoreReadOnly => -33017,
            FailureKind.Unreachable => -33018,
            FailureKind.Overloaded => -33019,
            FailureKind.CutStream => -33020,
            FailureKind.BadResponse => -33021,
            FailureKind.BadRequest => -33022,
            FailureKind.Refused => -33023,
            FailureKind.RoundLimit => -33024,
            FailureKind.OriginChange => -33025,
            FailureKind.VaultOlder => -33026,
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "The failure has no code."),
        };

    private static ErrorData DataOf(Failure failure) => new(ToProtocol.Name(failure.Kind), failure.RetryAfter?.TotalMilliseconds);
}
