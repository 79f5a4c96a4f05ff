using Plue.Server.Messages;

namespace Plue.Server.Providers;

/// <summary>An event of a provider's stream. The set of types is closed. The order of events is that of the message events in ARCHITECTURE.md.</summary>
public abstract record ProviderEvent
{
    private ProviderEvent() { }

    /// <summary>A status that is shown before the first text: "Starting Claude Code".</summary>
    public sealed record Waiting(string For) : ProviderEvent;

    /// <summary>The vendor accepted the request. Optional.</summary>
    public sealed record Accepted(string? ModelId, string? RequestId) : ProviderEvent;

    public sealed record TextDelta(string Text) : ProviderEvent;

    public sealed record ReasoningDelta(string Text) : ProviderEvent;

    /// <summary>Ends the current reasoning block, or represents a redacted one.</summary>
    public sealed record ReasoningFinished(string? Signature, string? Opaque = null) : ProviderEvent;

    /// <param name="ToolUseId">Unique in the conversation; generated if the vendor sends none.</param>
    public sealed record ToolCallStarted(string ToolUseId, string ToolName) : ProviderEvent;

    public sealed record ToolCallDelta(string ToolUseId, string ArgumentsJson) : ProviderEvent;

    /// <param name="Parameters">The complete JSON object; <c>{}</c> if the vendor sent none or another value.</param>
    public sealed record ToolCallFinished(string ToolUseId, string ToolName, string Parameters) : ProviderEvent
    {
        /// <summary>A sentence for the model if the call is invalid; otherwise null.</summary>
        public string? Problem { get; init; }

        /// <summary>Invalid arguments as the model wrote them; null if they are a JSON object.</summary>
        public string? Raw { get; init; }
    }

    /// <summary>The result of a tool that the provider ran. For other providers, the turn runs tools.</summary>
    public sealed record ToolResultReceived(string ToolUseId, string? Result, string? Error) : ProviderEvent;

    /// <summary>Cumulative for this response: a later event replaces an earlier one.</summary>
    /// <param name="VendorCost">The cost in USD as reported by the vendor; null if it is computed from the catalog's price.</param>
    public sealed record UsageReported(Usage Usage, decimal? VendorCost = null) : ProviderEvent;

    /// <summary>What the provider did not send, one sentence each.</summary>
    public sealed record Omitted(IReadOnlyList<string> Notes) : ProviderEvent;

    /// <summary>The used share of the account's limits. A later event replaces an earlier one.</summary>
    public sealed record WindowsReported(IReadOnlyList<UsageWindow> Windows) : ProviderEvent;

    /// <summary>The provider discards what it sent and restarts the response.</summary>
    public sealed record Restarted(int Attempt, TimeSpan Delay, string Reason) : ProviderEvent;

    /// <summary>The provider failed before its first content. The request is sent again at <paramref name="Until"/>.</summary>
    /// <param name="Attempt">The number of the next attempt; the first retry is 2.</param>
    public sealed record Retrying(int Attempt, DateTimeOffset Until, string Reason) : ProviderEvent;

    public sealed record Failed(Failure Failure) : ProviderEvent;

    public sealed record Finished(StopReason Reason) : ProviderEvent;
}
