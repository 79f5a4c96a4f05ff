using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>What a line of a chat's journal changed, as far as it can be shown without looking at the whole chat anew.</summary>
public abstract record ChatUpdate
{
    private ChatUpdate() { }

    /// <summary>An answer was begun at the end of the branch that is shown.</summary>
    public sealed record MessageStarted(Message Message) : ChatUpdate;

    /// <param name="PartIndex">Of the message as <see cref="StoredChat"/> shows it.</param>
    public sealed record TextAppended(string MessageId, int PartIndex, bool IsReasoning, string Content) : ChatUpdate;

    /// <summary>A begun answer is whole.</summary>
    public sealed record MessageCompleted(Message Message) : ChatUpdate;

    /// <summary>A whole message came to the end of the branch that is shown.</summary>
    public sealed record MessageAdded(Message Message) : ChatUpdate;

    /// <summary>Title, choice of model and the like.</summary>
    public sealed record FieldsChanged : ChatUpdate;

    /// <summary>Anything else.</summary>
    public sealed record Other : ChatUpdate;
}
