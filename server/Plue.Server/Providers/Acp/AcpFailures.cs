using System.Text.Json;
using System.Text.RegularExpressions;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Acp;

/// <summary>The failures of an agent, as sentences.</summary>
/// <param name="mask">Masks secrets in the program's output.</param>
internal sealed partial class AcpFailures(ProviderSettings settings, Func<string, string> mask)
{
    private string Name => settings.Name;

    /// <summary>The program ended before its response was complete.</summary>
    /// <param name="code">Null while it runs.</param>
    public Failure ProcessExited(int? code, string stderr)
    {
        var reason = ErrorOutput.ReasonIn(mask(stderr));
        return new Failure(
            FailureKind.ProviderExecutableFailed,
            $"{Name} ended unexpectedly{(code is null or 0 ? "" : $" (exit code {code})")}{(reason is null ? "" : $": {VendorMessage.Clean(reason).TrimEnd('.')}")}. Select Retry to start it again."
        );
    }

    public Failure Garbage() =>
        new(
            FailureKind.BadResponse,
            $"{Name} keeps writing lines that are not messages of the Agent Client Protocol, so it was ended. Check its arguments in Manage Providers."
        );

    public Failure TooLong(int bytes) =>
        new(FailureKind.BadResponse, $"{Name} sent a message of more than {bytes / (1024 * 1024)} MiB, so it was ended. Select Retry.");

    public Failure NotSignedIn(JsonElement initialized) =>
        new(
            FailureKind.ProviderAuthFailed,
            AcpAgent.Of(settings.Command) is { } known ? $"{Name} is not signed in. Run `{known.SignIn}` in a terminal, then select Retry."
                : initialized.Items("authMethods").Select(method => method.Text("description") ?? method.Text("name")).FirstOrDefault()
                    is { Length: > 0 } how
                    ? $"{Name} is not signed in ({VendorMessage.Clean(how).TrimEnd('.')}). Sign in with the program in a terminal, then select Retry."
                : $"{Name} is not signed in. Sign in with the program in a terminal, then select Retry."
        );

    public Failure WrongVersion(long? version) =>
        new(
            FailureKind.BadResponse,
            $"{Name} uses version {version?.ToString() ?? "unknown"} of the Agent Client Protocol, and Plue uses version {AcpWire.ProtocolVersion}. Update the program."
        );

    public Failure TooSlow(string what, TimeSpan limit) =>
        new(
            FailureKind.Timeout,
            $"{Name} did not {what} within {DurationText.Of(limit)}, so it was ended. Run it in a terminal to check it."
        );

    public Failure Blocked(string note) => new(FailureKind.PermissionDenied, $"{Name} was stopped. {note}");

    public Failure Limit() =>
        new(FailureKind.RoundLimit, $"{Name} reached its own limit of model calls for one response. Send a message to continue.");

    /// <summary>An error that the agent sent in place of a result.</summary>
    public Failure Of(AcpErrorException error, JsonElement initialized)
    {
        var reason = VendorMessage.Clean(mask(error.Message)).TrimEnd('.');
        return reason switch
        {
            _ when error.Code == AcpErrorException.AuthenticationRequired => NotSignedIn(initialized),
            _ when SignIn().IsMatch(reason) => new Failure(
                FailureKind.ProviderAuthFailed,
                $"{Name} could not sign in to its model provider ({reason}). {(AcpAgent.Of(settings.Command) is { } known ? $"Run `{known.SignIn}` in a terminal" : "Sign in with the program in a terminal")}, then select Retry."
            ),
            _ when RateLimit().IsMatch(reason) => new Failure(
                FailureKind.RateLimited,
                $"{Name} is rate limited: {reason}. Try again later."
            ),
            _ when Unreachable().IsMatch(reason) => new Failure(
                FailureKind.Unreachable,
                $"{Name} could not reach its model provider ({reason}). Check the network, then select Retry."
            ),
            "" => new Failure(FailureKind.ProviderExecutableFailed, $"{Name} reported an error without a message. Select Retry."),
            _ => new Failure(FailureKind.ProviderExecutableFailed, $"{Name} reported an error: {reason}."),
        };
    }

    [GeneratedRegex(
        @"\b401\b|unauthori[sz]ed|not (logged|signed) in|invalid api key|authentication (failed|required)|API key.*(missing|not set)",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture
    )]
    private static partial Regex SignIn();

    [GeneratedRegex(@"\b429\b|rate.?limit|quota exceeded|too many requests", RegexOptions.IgnoreCase)]
    private static partial Regex RateLimit();

    [GeneratedRegex("ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|fetch failed|unable to connect", RegexOptions.IgnoreCase)]
    private static partial Regex Unreachable();
}
