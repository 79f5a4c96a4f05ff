using System.Text.Json;
using Plue.Server.Permissions;
using Plue.Server.Providers;

namespace Plue.Server.Tools;

/// <summary>The agent's todo list, which each call replaces. The last call in the journal is the current list.</summary>
/// <param name="description">The description of the tool for the model.</param>
internal sealed class TodoTool(string description) : ITool
{
    private const string Schema =
        """{"type":"object","properties":{"steps":{"type":"array","maxItems":50,"items":{"type":"object","properties":{"text":{"type":"string","maxLength":300},"state":{"type":"string","enum":["open","active","done"]}},"required":["text","state"],"additionalProperties":false}}},"required":["steps"],"additionalProperties":false}""";

    public string Name => TodoList.ToolName;
    public ToolDeclaration Declaration { get; } = new(TodoList.ToolName, description, Schema);
    public bool IsReadOnly => true;

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken) =>
        Task.FromResult<PlannedCall>(new Call(TodoList.Of(parameters)));

    private sealed class Call(TodoList list) : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions { get; } = [new ToolAction.OwnRecord()];
        public override ApprovalKind Kind => ApprovalKind.Other;
        public override string ActionText => list.ToString();

        public override Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken) =>
            Task.FromResult(
                new ToolOutcome(
                    list.Steps.Count == 0
                        ? "The list is now empty."
                        : $"{list.Steps.Count(step => step.State == TodoState.Done)} of {list.Steps.Count} steps are done.\n{list}"
                )
            );
    }
}
