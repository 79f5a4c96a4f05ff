using Microsoft.Extensions.Logging;
using Plue.Protocol;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Rpc;

/// <summary>The one error boundary: every exception of a handler becomes an error reply here, and nowhere else.</summary>
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

    private static int CodeOf(FailureKind kind) => ErrorCodes.FirstFailure - (int)kind;

    private static ErrorData DataOf(Failure failure) => new(ToProtocol.Name(failure.Kind), failure.RetryAfter?.TotalMilliseconds);
}
