using System.Text.Json;
using Plue.Server.Templates;

namespace Plue.Server.Tools;

/// <summary>What spawn_task asks for.</summary>
/// <param name="ToolUseId">Of the call: after a restart the parent finds its child by it.</param>
/// <param name="Model">Only one of the template's candidates; null leaves the choice to routing.</param>
public sealed record SpawnRequest(string ParentId, string ToolUseId, string TemplateId, string Goal, JsonElement? Values, AgentBudget Budget, string? Model);

/// <summary>Makes tasks for whoever calls spawn_task; implemented in <c>Agents</c>, which tools do not know.</summary>
public interface ITaskSpawner
{
    /// <summary>Whether it may be made: template, count, depth, budget, provider. Changes nothing.</summary>
    /// <exception cref="ToolFailureException">It may not.</exception>
    Task<SpawnCheck> CheckAsync(SpawnRequest request, CancellationToken cancellationToken);

    /// <summary>Makes the task and waits until it has ended in whatever way. Cancelling stops it.</summary>
    /// <returns>Its result as JSON: status, outputs, output, files_changed, cost, execution_time_ms.</returns>
    Task<string> RunAsync(SpawnRequest request, IToolProgress progress, CancellationToken cancellationToken);
}

/// <param name="Shown">The resolved provider, model and price, for whoever approves it, in one line.</param>
/// <param name="Doubt">Why the user is asked first, one sentence; null when nothing speaks against it.</param>
public sealed record SpawnCheck(string Shown, string? Doubt);
