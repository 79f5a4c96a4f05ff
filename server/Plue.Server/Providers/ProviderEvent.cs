using Plue.Server.Messages;

namespace Plue.Server.Providers;

/// <summary>What a provider's stream is made of: a small closed set. See ARCHITECTURE.md for the order.</summary>
public abstract record ProviderEvent
{
    private ProviderEvent() { }

    /// <summary>Something is being waited for, to be shown while no text has come: "Starting Claude Code".</summary>
    public sealed record Waiting(string For) : ProviderEvent;

    /// <summary>The vendor took the request. May be missing.</summary>
    public sealed record Accepted(string? ModelId, string? RequestId) : ProviderEvent;

    public sealed record TextDelta(string Text) : ProviderEvent;

    public sealed record ReasoningDelta(string Text) : ProviderEvent;

    /// <summary>Closes the reasoning block under way, or stands for a redacted one.</summary>
    public sealed record ReasoningFinished(string? Signature, string? Opaque = null) : ProviderEvent;

    /// <param name="ToolUseId">Unique in the conversation; made up by us where the vendor sends none.</param>
    public sealed record ToolCallStarted(string ToolUseId, string ToolName) : ProviderEvent;

    public sealed record ToolCallDelta(string ToolUseId, string ArgumentsJson) : ProviderEvent;

    /// <param name="Parameters">The whole JSON object; <c>{}</c> where none came.</param>
    public sealed record ToolCallFinished(string ToolUseId, string ToolName, string Parameters) : ProviderEvent
    {
        /// <summary>Why the call cannot be run as the model wrote it, as a sentence for the model; null when it can.</summary>
        public string? Problem { get; init; }
    }

    /// <summary>The vendor's own program ran the tool (Claude Code's reading tools); for every other provider the turn does.</summary>
    public sealed record ToolResultReceived(string ToolUseId, string? Result, string? Error) : ProviderEvent;

    /// <summary>Cumulative for this answer: a later one replaces an earlier one.</summary>
    /// <param name="VendorCost">USD as the vendor reports it; null where the catalog's price counts.</param>
    public sealed record UsageReported(Usage Usage, decimal? VendorCost = null) : ProviderEvent;

    /// <summary>The vendor's program throws away what it sent and starts the answer again: clear what was not confirmed.</summary>
    public sealed record Restarted(int Attempt, TimeSpan Delay, string Why) : ProviderEvent;

    /// <summary>The provider failed before it said anything and is asked again then.</summary>
    /// <param name="Attempt">The try that follows; the first retry is 2.</param>
    public sealed record Retrying(int Attempt, DateTimeOffset Until, string Why) : ProviderEvent;

    public sealed record Failed(Failure Failure) : ProviderEvent;

    public sealed record Finished(StopReason Reason) : ProviderEvent;
}
