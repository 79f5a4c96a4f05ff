using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Chat;

internal sealed class TurnContext
{
    public required string CodexId { get; init; }
    public required RunningTurn Turn { get; init; }
    public required ITurnRequests Requests { get; init; }
    public required IMessageLog Log { get; init; }
    public required ITurnSink Sink { get; init; }
    public required TimeProvider Time { get; init; }

    /// <summary>Masks secrets in failure messages of a provider.</summary>
    public required ITextMask Redactor { get; init; }

    /// <summary>Gets the provider that the user chose; a fallback may respond instead.</summary>
    public required ProviderInfo Chosen { get; init; }

    public CommandLoop Loop { get; init; } = new(NullLogger.Instance);
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>Gets the chat; null if nothing is stored.</summary>
    public ChatState? Chat { get; init; }

    /// <summary>Runs the tools that the model calls; null to run none.</summary>
    public ToolRounds? Tools { get; init; }

    /// <summary>Gets the mask for the response; null for none.</summary>
    public ITextMask? Secrets { get; init; }

    /// <summary>The instructions of the turn, stored with each of its messages together with the provider that responds.</summary>
    public IReadOnlyList<InstructionSource> Instructions { get; init; } = [];

    /// <summary>Gets why the model was chosen, stored with each message; null if there was no choice.</summary>
    public RoutingNote? Routing { get; init; }
}

/// <param name="Message">The last message as stored.</param>
internal sealed record TurnResult(Message Message, StopReason Reason, Failure? Error);
