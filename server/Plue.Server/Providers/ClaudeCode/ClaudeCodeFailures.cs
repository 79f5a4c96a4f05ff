using System.Text.RegularExpressions;
using Plue.Server.Messages;

namespace Plue.Server.Providers.ClaudeCode;

/// <summary>The CLI's ways to fail, as our failures. It calls nearly all of them a success of kind: the class, the status and the prose decide.</summary>
internal sealed partial class ClaudeCodeFailures(ProviderSettings settings, TimeProvider time)
{
    public Failure Of(ClaudeCodeLine.Result result, string? errorClass, string errorText, DateTimeOffset? limitResetsAt)
    {
        var failure = Classify(result, errorClass, errorText, limitResetsAt);
        return failure.Message.EndsWith('.') ? failure : failure with { Message = $"{failure.Message}." };
    }

    private Failure Classify(ClaudeCodeLine.Result result, string? errorClass, string errorText, DateTimeOffset? limitResetsAt)
    {
        var reason = Plain(errorText.Length > 0 ? errorText : result.Text);
        return (errorClass, result.Status, result.TerminalReason) switch
        {
            _ when result.StopReason == "refusal" => new Failure(FailureKind.Refused, $"The model declined to respond: {reason}"),
            (_, _, "prompt_too_long") or (_, 413, _) => new Failure(
                FailureKind.ContextFull,
                "The chat is too long for the model. Start a new chat, or remove attached files."
            ),
            ("authentication_failed", _, _) or (_, 401, _) => Authentication(),
            ("oauth_org_not_allowed" or "account_on_hold" or "verification_required" or "cloud_credential_error", _, _) or (_, 403, _) =>
                new Failure(FailureKind.ProviderAuthFailed, $"This account may not use Claude Code: {reason}"),
            ("model_not_found", _, _) or (_, 404, _) => new Failure(
                FailureKind.ModelNotFound,
                $"The vendor does not have this model: {reason}"
            ),
            ("billing_error", _, _) => new Failure(
                FailureKind.SpendLimit,
                $"The account cannot pay for this response: {reason}. Choose another provider or add credit."
            ),
            ("rate_limit", _, _) or (_, 429, _) => new Failure(
                FailureKind.RateLimited,
                $"The limit of this account is reached, so try again later: {reason}",
                UntilReset(limitResetsAt)
            ),
            ("overloaded", _, _) or (_, >= 500, _) => new Failure(
                FailureKind.Overloaded,
                $"The vendor is not available now: {reason}. Try again in a moment."
            ),
            _ when Unconnected().IsMatch(reason) => new Failure(
                FailureKind.Unreachable,
                "Claude Code could not reach its vendor. Check the network, then try again."
            ),
            _ when ConnectionLost().IsMatch(reason) => new Failure(
                FailureKind.CutStream,
                "The connection was lost in the middle of the response. Try again."
            ),
            _ when reason.Contains("verloaded", StringComparison.Ordinal) => new Failure(
                FailureKind.Overloaded,
                $"The vendor is not available now: {reason}. Try again in a moment."
            ),
            ("server_error", _, _) => new Failure(
                FailureKind.Overloaded,
                $"The vendor is not available now: {reason}. Try again in a moment."
            ),
            (_, _, "max_turns") => MaxTurns(),
            _ when result.Subtype == "error_max_turns" => MaxTurns(),
            ("invalid_request" or "unknown", _, _) or (_, >= 400, _) => new Failure(
                FailureKind.BadRequest,
                $"The vendor refused the request: {reason}"
            ),
            _ => new Failure(
                FailureKind.Internal,
                reason.Length > 0 ? $"Claude Code reports: {reason}" : "Claude Code ended the response without a reason. Try again."
            ),
        };
    }

    public Failure Authentication() =>
        new(
            FailureKind.ProviderAuthFailed,
            settings.ApiKeyRef is null
                ? ClaudeCodeSignIn.NotSignedIn
                : $"The key of {settings.Name} was refused. Set another one with Configure Provider Key."
        );

    /// <summary>The program ended during a response.</summary>
    public static Failure ProcessExited(int exitCode, string stderrTail) =>
        new(
            FailureKind.ProviderExecutableFailed,
            $"Claude Code stopped unexpectedly (exit code {exitCode}){(stderrTail.Length > 0 ? $": {Plain(stderrTail)}" : "")}. Try again."
        );

    /// <summary>A short reason for a retry.</summary>
    public static string Why(int? status, string? error) =>
        status switch
        {
            429 => "too many requests",
            529 => "the vendor is overloaded",
            >= 500 => $"the vendor failed with {status}",
            not null => $"the vendor responded with {status}",
            null => error is null or "unknown" ? "the connection was lost" : error.Replace('_', ' '),
        };

    /// <summary>Gets one short line without credentials and without a final period.</summary>
    public static string Plain(string text)
    {
        var line = Credential().Replace(Blank().Replace(text, " ").Trim(), "***");
        return (line.Length > 400 ? $"…{line[^400..]}" : line).TrimEnd('.');
    }

    private Failure MaxTurns() =>
        new(
            FailureKind.BudgetExceeded,
            $"Claude Code stopped after {settings.MaxTurns?.ToString() ?? "the allowed number of"} rounds of tool calls (max_turns of {settings.Name})."
        );

    private TimeSpan? UntilReset(DateTimeOffset? at) => at - time.GetUtcNow() is { Ticks: > 0 } left ? left : null;

    [GeneratedRegex(@"(?:sk|key|pk)-[A-Za-z0-9_\-]{6,}|(?<=[Bb]earer )\S+")]
    private static partial Regex Credential();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blank();

    [GeneratedRegex("unable to connect|ECONNREFUSED|ConnectionRefused|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|certificate", RegexOptions.IgnoreCase)]
    private static partial Regex Unconnected();

    [GeneratedRegex(
        "ECONNRESET|connection.*(lost|closed|reset)|Server error mid-response",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture
    )]
    private static partial Regex ConnectionLost();
}
