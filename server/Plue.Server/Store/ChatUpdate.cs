using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>A change of a chat by one journal line, as far as it can be shown without reloading the chat.</summary>
public abstract record ChatUpdate
{
    private ChatUpdate() { }

    /// <summary>A response was started at the end of the branch that is shown.</summary>
    public sealed record MessageStarted(Message Message) : ChatUpdate;

    /// <param name="PartIndex">The index in the message as <see cref="StoredChat"/> shows it.</param>
    public sealed record TextAppended(string MessageId, int PartIndex, bool IsReasoning, string Content) : ChatUpdate;

    /// <summary>A started response is complete.</summary>
    public sealed record MessageCompleted(Message Message) : ChatUpdate;

    /// <summary>A complete message was added at the end of the selected branch.</summary>
    public sealed record MessageAdded(Message Message) : ChatUpdate;

    /// <summary>Fields such as the title or the model.</summary>
    public sealed record FieldsChanged : ChatUpdate;

    /// <summary>Any other change, after which the chat is reloaded.</summary>
    public sealed record Other : ChatUpdate;
}
