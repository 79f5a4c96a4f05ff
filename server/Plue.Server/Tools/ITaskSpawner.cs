using System.Text.Json;
using Plue.Server.Templates;

namespace Plue.Server.Tools;

/// <summary>The parameters of spawn_task.</summary>
/// <param name="ToolUseId">The id of the call, by which the parent finds its subtask after a restart.</param>
/// <param name="Waits">False to return while the task runs.</param>
/// <param name="IsIsolated">True to work in a separate git worktree, false for the folder of the parent; null leaves it to the template and to what runs.</param>
/// <param name="Model">One of the template's candidates; null leaves the choice to routing.</param>
internal sealed record SpawnRequest(
    string ParentId,
    string ToolUseId,
    string TemplateId,
    string Goal,
    JsonElement? Values,
    AgentBudget Budget,
    string? Model,
    bool Waits,
    bool? IsIsolated = null
);

/// <summary>Creates tasks for spawn_task. Implemented in <c>Agents</c>, on which tools do not depend.</summary>
internal interface ITaskSpawner
{
    /// <summary>Checks whether the task can be created: template, number, depth, budget and provider. Changes nothing.</summary>
    /// <exception cref="ToolFailureException">The task cannot be created.</exception>
    Task<SpawnCheck> CheckAsync(SpawnRequest request, CancellationToken cancellationToken);

    /// <summary>Creates the task and waits until it has ended, if the request waits. Cancellation then stops it.</summary>
    /// <returns>Its result as JSON: status, outputs, output, files_changed, cost, execution_time_ms. Without waiting: task, title, status and a note.</returns>
    Task<string> RunAsync(SpawnRequest request, IToolProgress progress, CancellationToken cancellationToken);
}

/// <param name="Shown">The resolved provider, model and price for the approval, in one line.</param>
/// <param name="Doubt">Why approval is required, as one sentence; null if it is not.</param>
internal sealed record SpawnCheck(string Shown, string? Doubt);
