using Plue.Server.Store;

namespace Plue.Server.Chat;

internal interface IChats
{
    /// <summary>Gets the current state of a chat or task; null if it does not exist.</summary>
    StoredChat? Find(string codexUri);
}
