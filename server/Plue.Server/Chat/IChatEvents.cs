using Plue.Server.Store;

namespace Plue.Server.Chat;

/// <summary>Where a window hears of chats.</summary>
public interface IChatEvents
{
    /// <summary>Where the events of a chat go.</summary>
    ITurnSink SinkFor(string codexId);

    /// <summary>A row of the tree changed; null means that it is gone.</summary>
    void Changed(string codexId, ChatSummary? summary);

    /// <summary>Tells the user something about the chat or task of an address.</summary>
    void Notify(string message, string codexId);
}
