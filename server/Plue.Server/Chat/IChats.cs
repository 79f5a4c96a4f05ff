using Plue.Server.Store;

namespace Plue.Server.Chat;

/// <summary>The other chats and tasks.</summary>
internal interface IChats
{
    /// <summary>A chat or task as it is now; null when it is not there.</summary>
    StoredChat? Find(string codexUri);
}
