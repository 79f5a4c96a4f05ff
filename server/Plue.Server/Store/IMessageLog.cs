using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>Where a turn keeps its messages.</summary>
public interface IMessageLog
{
    /// <summary>Durable when it returns. A message of the id of a begun one ends that one.</summary>
    /// <exception cref="FailureException">StoreReadOnly: it was not kept; asking again may help.</exception>
    ValueTask AppendAsync(Message message, CancellationToken cancellationToken);

    /// <summary>An answer begins. Survives a kill of the process, though not at once a power cut.</summary>
    /// <exception cref="FailureException">StoreReadOnly.</exception>
    ValueTask BeginAsync(Message streaming, CancellationToken cancellationToken);

    /// <summary>A begun answer asks for something with effects. Durable when it returns, so that nothing is done that nobody would know of.</summary>
    /// <exception cref="FailureException">StoreReadOnly: then nothing may be done.</exception>
    ValueTask RecordIntentAsync(Message streaming, CancellationToken cancellationToken) => BeginAsync(streaming, cancellationToken);

    /// <summary>New text of a begun message. Returns at once and never fails: it is written a few times a second, and the complete message follows.</summary>
    void AppendPartial(string messageId, int partIndex, bool isReasoning, string text);

    /// <summary>Takes back all partial text of this message: its vendor began the answer again.</summary>
    void ResetPartial(string messageId);
}
