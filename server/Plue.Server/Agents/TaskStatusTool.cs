using System.Text.Json;
using Plue.Server.Permissions;
using Plue.Server.Providers;
using Plue.Server.Tools;

namespace Plue.Server.Agents;

/// <summary>The task_status tool, with which an agent reads the states of its subtasks.</summary>
/// <param name="description">The tool description for the model.</param>
internal sealed class TaskStatusTool(IChildTasks children, string description) : ITool
{
    public const string ToolName = "task_status";

    public string Name => ToolName;

    public bool IsReadOnly => true;

    // It follows the calls of spawn_task in the same round.
    public bool RunsAlone => true;

    public ToolDeclaration Declaration { get; } =
        new(ToolName, description, $$"""{"type":"object","properties":{{{SubtaskIds.Schema}}},"additionalProperties":false}""");

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var given = new ToolParameters(parameters, SubtaskIds.Name);
        return Task.FromResult<PlannedCall>(new Call(children, context, SubtaskIds.Of(given)));
    }

    private sealed class Call(IChildTasks children, ToolContext context, IReadOnlyList<string> uris) : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions => [new ToolAction.OwnRecord()];
        public override ApprovalKind Kind => ApprovalKind.Other;
        public override string ActionText => string.Join('\n', uris);

        public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken) =>
            new(await children.StatusAsync(context.CodexId, context.ToolUseId, uris, cancellationToken));
    }
}
