using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Chat;

/// <param name="Messages">The displayed branch, including a streaming message.</param>
/// <param name="TurnId">The running turn; null for none.</param>
/// <param name="LastSeq">The number of the last event that is included.</param>
internal sealed record ConversationSnapshot(
    ChatSummary Summary,
    StoredChat Chat,
    IReadOnlyList<Message> Messages,
    string? TurnId,
    long LastSeq,
    string? ReadOnlyReason
)
{
    /// <summary>Gets the ids of all messages with the same parent, including this one, oldest first.</summary>
    public IReadOnlyList<string> AlternativesOf(Message message)
    {
        var stored = Chat.Tree.AlternativesOf(message);
        // The file may not contain the streaming message yet.
        return stored.Contains(message.Id) ? stored : [.. stored, message.Id];
    }
}
