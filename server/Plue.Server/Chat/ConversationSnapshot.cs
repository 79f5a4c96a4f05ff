using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Chat;

/// <summary>A conversation at one moment.</summary>
/// <param name="Messages">Of the branch that is shown, the one still being written included.</param>
/// <param name="TurnId">The turn under way, or null.</param>
/// <param name="LastSeq">Events up to this number are folded in.</param>
public sealed record ConversationSnapshot(
    ChatSummary Summary,
    StoredChat Chat,
    IReadOnlyList<Message> Messages,
    string? TurnId,
    long LastSeq,
    string? ReadOnlyReason
)
{
    /// <summary>The messages that follow the same one, itself included, oldest first.</summary>
    public IReadOnlyList<string> AlternativesOf(Message message)
    {
        var stored = Chat.Tree.AlternativesOf(message);
        // The file may not know yet of the one that is being written.
        return stored.Contains(message.Id) ? stored : [.. stored, message.Id];
    }
}
