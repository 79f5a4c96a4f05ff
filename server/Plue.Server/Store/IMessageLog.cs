using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>Stores the messages of a turn.</summary>
internal interface IMessageLog
{
    /// <summary>Stores a complete message, or completes the started message with the same id. Durable when the method returns.</summary>
    /// <exception cref="FailureException">StoreReadOnly: it was not stored; a retry may succeed.</exception>
    ValueTask AppendAsync(Message message, CancellationToken cancellationToken);

    /// <summary>Stores the start of a response. It survives the end of the process, but not always a power failure.</summary>
    /// <exception cref="FailureException">StoreReadOnly.</exception>
    ValueTask BeginAsync(Message streaming, CancellationToken cancellationToken);

    /// <summary>Stores a started response before its tool calls with effects run. Durable when the method returns, so that no effect is unrecorded.</summary>
    /// <exception cref="FailureException">StoreReadOnly: the calls must not run.</exception>
    ValueTask RecordIntentAsync(Message streaming, CancellationToken cancellationToken) => BeginAsync(streaming, cancellationToken);

    /// <summary>New text of a started message. Returns at once and never fails: it is written a few times a second, and the complete message follows.</summary>
    void AppendPartial(string messageId, int partIndex, bool isReasoning, string text);

    /// <summary>Reverts all partial text of this message: its vendor started the response again.</summary>
    void ResetPartial(string messageId);

    /// <summary>The usage, cost, and duration of a started message so far. Returns at once and never fails, like <see cref="AppendPartial"/>.</summary>
    /// <param name="isDue">True to write it now instead of with the next text.</param>
    void AppendSpend(Message streaming, bool isDue) { }
}
