using Plue.Server.Store;

namespace Plue.Server.Chat;

/// <summary>Receives the events of chats for a window.</summary>
internal interface IChatEvents
{
    ITurnSink SinkFor(string codexId);

    /// <summary>Publishes a changed row of the tree; null if it was removed.</summary>
    void Changed(string codexId, ChatSummary? summary);

    /// <summary>Shows a notification about a chat or task.</summary>
    void Notify(string message, string codexId);
}
