using Plue.Server.Messages;

namespace Plue.Server.Providers;

/// <summary>The events of a provider's stream: a closed set. Their order is that of the message events in ARCHITECTURE.md.</summary>
public abstract record ProviderEvent
{
    private ProviderEvent() { }

    /// <summary>A status to show before the first text: "Starting Claude Code".</summary>
    public sealed record Waiting(string For) : ProviderEvent;

    /// <summary>The vendor accepted the request. May be missing.</summary>
    public sealed record Accepted(string? ModelId, string? RequestId) : ProviderEvent;

    public sealed record TextDelta(string Text) : ProviderEvent;

    public sealed record ReasoningDelta(string Text) : ProviderEvent;

    /// <summary>Ends the current reasoning block, or represents a redacted one.</summary>
    public sealed record ReasoningFinished(string? Signature, string? Opaque = null) : ProviderEvent;

    /// <param name="ToolUseId">Unique in the conversation; generated if the vendor sends none.</param>
    public sealed record ToolCallStarted(string ToolUseId, string ToolName) : ProviderEvent;

    public sealed record ToolCallDelta(string ToolUseId, string ArgumentsJson) : ProviderEvent;

    /// <param name="Parameters">The whole JSON object; <c>{}</c> if the vendor sent none or something else.</param>
    public sealed record ToolCallFinished(string ToolUseId, string ToolName, string Parameters) : ProviderEvent
    {
        /// <summary>A sentence for the model if the call is invalid; else null.</summary>
        public string? Problem { get; init; }

        /// <summary>Arguments that are not a JSON object, as the model wrote them; null for all others.</summary>
        public string? Raw { get; init; }
    }

    /// <summary>The result of a tool that the provider ran itself. For every other provider the turn runs tools.</summary>
    public sealed record ToolResultReceived(string ToolUseId, string? Result, string? Error) : ProviderEvent;

    /// <summary>Cumulative for this response: a later event replaces an earlier one.</summary>
    /// <param name="VendorCost">USD as the vendor reports it; null if the catalog's price applies.</param>
    public sealed record UsageReported(Usage Usage, decimal? VendorCost = null) : ProviderEvent;

    /// <summary>What the provider did not send, one sentence each.</summary>
    public sealed record Omitted(IReadOnlyList<string> Notes) : ProviderEvent;

    /// <summary>How much of the account's limits is used. The latest counts.</summary>
    public sealed record WindowsReported(IReadOnlyList<UsageWindow> Windows) : ProviderEvent;

    /// <summary>The provider discards what it sent and starts the response again.</summary>
    public sealed record Restarted(int Attempt, TimeSpan Delay, string Why) : ProviderEvent;

    /// <summary>The provider failed before its first content. The request is sent again at <paramref name="Until"/>.</summary>
    /// <param name="Attempt">The number of the next attempt; the first retry is 2.</param>
    public sealed record Retrying(int Attempt, DateTimeOffset Until, string Why) : ProviderEvent;

    public sealed record Failed(Failure Failure) : ProviderEvent;

    public sealed record Finished(StopReason Reason) : ProviderEvent;
}
