using System.Text.Json;
using Plue.Server.Permissions;
using Plue.Server.Providers;
using Plue.Server.Tools;

namespace Plue.Server.Agents;

/// <summary>The board_read tool, with which an agent reads the notes of all agents of its tree.</summary>
/// <param name="read">Returns the notes around the task or chat with this address.</param>
/// <param name="description">The tool description for the model.</param>
internal sealed class BoardReadTool(Func<string, string> read, string description) : ITool
{
    public const string ToolName = "board_read";

    public string Name => ToolName;

    public bool IsReadOnly => true;

    // It follows the notes that the agent posts in the same round.
    public bool RunsAlone => true;

    public ToolDeclaration Declaration { get; } =
        new(ToolName, description, """{"type":"object","properties":{},"additionalProperties":false}""");

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        _ = new ToolParameters(parameters);
        return Task.FromResult<PlannedCall>(new Call(read, context.CodexId));
    }

    private sealed class Call(Func<string, string> read, string uri) : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions => [new ToolAction.OwnRecord()];
        public override ApprovalKind Kind => ApprovalKind.Other;
        public override string ActionText => "";

        public override Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken) =>
            Task.FromResult(new ToolOutcome(read(uri)));
    }
}
