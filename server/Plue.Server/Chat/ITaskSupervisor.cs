using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Store;
using Plue.Server.Templates;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>Manages tasks for their conversations.</summary>
internal interface ITaskSupervisor
{
    /// <summary>Reports a changed chat or task.</summary>
    /// <param name="summary">Null if it was deleted.</param>
    void Changed(string codexId, ChatSummary? summary);

    /// <summary>Gets the additional tools of this chat or task, such as finish and spawn_task.</summary>
    IReadOnlyList<ITool> ToolsFor(StoredChat chat);

    /// <summary>Gets why the model of a task was chosen; null if there was no choice.</summary>
    RoutingNote? RoutingOf(StoredChat chat);

    /// <summary>True if a task needs more than its last message to be done. It counts as running until <see cref="TurnEndedAsync"/> has checked it.</summary>
    bool HasResultCheck(StoredChat task);

    /// <summary>Handles the end of a task's turn.</summary>
    /// <returns>True if the task continues, so that nothing else may follow yet.</returns>
    Task<bool> TurnEndedAsync(Conversation conversation, Message answer, CancellationToken cancellationToken);

    /// <summary>Stops a task and stores its result.</summary>
    /// <param name="under">True to stop its subtasks too.</param>
    /// <exception cref="FailureException">NotFound; Conflict: another process works on it and does not respond.</exception>
    Task StopAsync(string uri, bool under, StopCause cause, CancellationToken cancellationToken);

    /// <summary>Sets limits of a task; null keeps a limit.</summary>
    /// <exception cref="FailureException">As for <see cref="StopAsync"/>. MissingField: a limit is not more than 0.</exception>
    Task SetBudgetAsync(string uri, AgentBudget budget, CancellationToken cancellationToken);

    /// <summary>Starts a task for a hook.</summary>
    /// <param name="depth">The number of hooks that led to it.</param>
    /// <returns>The address of the task.</returns>
    /// <exception cref="FailureException">The task cannot be started.</exception>
    Task<string> SpawnForHookAsync(string templateId, Json5Object values, string spawnedBy, int depth, CancellationToken cancellationToken);
}
