using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Chat;

/// <summary>What a turn works with.</summary>
internal sealed class TurnContext
{
    public required string CodexId { get; init; }
    public required RunningTurn Turn { get; init; }
    public required ITurnRequests Requests { get; init; }
    public required IMessageLog Log { get; init; }
    public required ITurnSink Sink { get; init; }
    public required TimeProvider Time { get; init; }

    /// <summary>Takes secrets out of what a provider said about a failure.</summary>
    public required ITextMask Redactor { get; init; }

    /// <summary>The provider that the user chose; others may respond.</summary>
    public required ProviderInfo Chosen { get; init; }

    /// <summary>The loop that the turn runs in.</summary>
    public CommandLoop Loop { get; init; } = new(NullLogger.Instance);
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>The chat of the turn; null where nothing is stored.</summary>
    public ChatState? Chat { get; init; }

    /// <summary>Runs the tools that the model calls; null where none are run.</summary>
    public ToolRounds? Tools { get; init; }

    /// <summary>Taken out of the response; null leaves it as it came.</summary>
    public ITextMask? Secrets { get; init; }

    /// <summary>The instructions of the turn, stored with each of its messages together with the provider that responds.</summary>
    public IReadOnlyList<InstructionSource> Instructions { get; init; } = [];

    /// <summary>Why the model was chosen, stored with each message; null where nothing was to be chosen.</summary>
    public RoutingNote? Routing { get; init; }
}

/// <summary>How a turn ended.</summary>
/// <param name="Message">The last message as stored.</param>
internal sealed record TurnResult(Message Message, StopReason Reason, Failure? Error);
