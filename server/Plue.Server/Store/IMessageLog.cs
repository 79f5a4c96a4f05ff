using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>Where a turn keeps its messages.</summary>
public interface IMessageLog
{
    /// <summary>Durable when it returns. A message of the id of a started one ends that one.</summary>
    /// <exception cref="FailureException">StoreReadOnly: it was not stored; asking again may help.</exception>
    ValueTask AppendAsync(Message message, CancellationToken cancellationToken);

    /// <summary>A response begins. Survives a kill of the process, though not at once a power cut.</summary>
    /// <exception cref="FailureException">StoreReadOnly.</exception>
    ValueTask BeginAsync(Message streaming, CancellationToken cancellationToken);

    /// <summary>Stores a started response before its tool calls with effects run. Durable when it returns, so that no effect is unrecorded.</summary>
    /// <exception cref="FailureException">StoreReadOnly: then nothing may be done.</exception>
    ValueTask RecordIntentAsync(Message streaming, CancellationToken cancellationToken) => BeginAsync(streaming, cancellationToken);

    /// <summary>New text of a started message. Returns at once and never fails: it is written a few times a second, and the complete message follows.</summary>
    void AppendPartial(string messageId, int partIndex, bool isReasoning, string text);

    /// <summary>Reverts all partial text of this message: its vendor started the response again.</summary>
    void ResetPartial(string messageId);
}
