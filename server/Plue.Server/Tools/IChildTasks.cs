namespace Plue.Server.Tools;

/// <summary>The parameters of task_wait.</summary>
/// <param name="ToolUseId">The id of the call, which then has returned the results.</param>
/// <param name="Tasks">Addresses of subtasks; empty for all whose results were not returned.</param>
/// <param name="IsForAny">True to wait for one of them, false for all.</param>
/// <param name="Timeout">Null waits until they have ended.</param>
internal sealed record ChildWait(string ParentId, string ToolUseId, IReadOnlyList<string> Tasks, bool IsForAny, TimeSpan? Timeout);

/// <summary>The subtasks of a task or chat, for the tools that its agent uses. Implemented in <c>Agents</c>, on which tools do not depend.</summary>
internal interface IChildTasks
{
    /// <param name="toolUseId">The call that returns the results of ended subtasks.</param>
    /// <param name="uris">Addresses of subtasks; empty for all that the agent started.</param>
    /// <returns>JSON: for each subtask its task, title, status, last_activity, cost, and its result if it has ended.</returns>
    /// <exception cref="ToolFailureException">One is not a subtask of the parent.</exception>
    Task<string> StatusAsync(string parentId, string toolUseId, IReadOnlyList<string> uris, CancellationToken cancellationToken);

    /// <summary>Waits until one or all have ended. Cancellation ends only the wait.</summary>
    /// <returns>JSON: the results of all that have ended, and the states of the others.</returns>
    /// <exception cref="ToolFailureException">There is nothing to wait for.</exception>
    Task<string> WaitAsync(ChildWait request, IToolProgress progress, CancellationToken cancellationToken);

    /// <summary>Sends a message to a running subtask, or to the parent.</summary>
    /// <param name="to">An address, or <c>parent</c>.</param>
    /// <returns>A sentence for the model.</returns>
    /// <exception cref="ToolFailureException">The other task has ended, or is neither a subtask nor the parent.</exception>
    Task<string> SendAsync(string fromId, string to, string text, CancellationToken cancellationToken);
}
