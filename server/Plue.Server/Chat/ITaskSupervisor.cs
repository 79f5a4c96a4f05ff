using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Store;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>Looks after tasks: what a conversation needs of the agents above it.</summary>
public interface ITaskSupervisor
{
    /// <summary>A chat or task changed, or is gone.</summary>
    /// <param name="summary">Null if it is gone.</param>
    void Changed(string codexId, ChatSummary? summary);

    /// <summary>Tools that only this chat or task has: to hand its work over, to have a part of it done.</summary>
    IReadOnlyList<ITool> ToolsFor(StoredChat chat);

    /// <summary>Why the model of a task was chosen for it; null where nothing was to be chosen.</summary>
    RoutingNote? RoutingOf(StoredChat chat);

    /// <summary>Whether it takes more than its last message to say that a task is done. Until <see cref="TurnEndedAsync"/> has looked, it counts as running.</summary>
    bool IsJudged(StoredChat task);

    /// <summary>A turn of a task has ended with this message.</summary>
    /// <returns>Whether the task goes on by itself, so that nothing else follows yet.</returns>
    Task<bool> TurnEndedAsync(Conversation conversation, Message answer, CancellationToken cancellationToken);

    /// <summary>Starts the task that a hook asks for.</summary>
    /// <param name="depth">How many hooks led to it.</param>
    /// <returns>Its address.</returns>
    /// <exception cref="FailureException">Why it cannot be started.</exception>
    Task<string> SpawnForHookAsync(string templateId, Json5Object values, string spawnedBy, int depth, CancellationToken cancellationToken);
}
