using Plue.Server.Store;

namespace Plue.Server.Chat;

/// <summary>Gives access to other chats and tasks.</summary>
internal interface IChats
{
    /// <summary>Gets the current state of a chat or task; null if it does not exist.</summary>
    StoredChat? Find(string codexUri);
}
