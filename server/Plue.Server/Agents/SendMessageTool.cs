using System.Text.Json;
using Plue.Server.Permissions;
using Plue.Server.Providers;
using Plue.Server.Tools;

namespace Plue.Server.Agents;

/// <summary>The send_message tool, with which an agent steers a subtask or informs the parent task.</summary>
/// <param name="description">The tool description for the model.</param>
internal sealed class SendMessageTool(IChildTasks children, string description) : ITool
{
    public const string ToolName = "send_message";
    private const int MaxTextLength = 20_000;

    public string Name => ToolName;

    public bool IsReadOnly => false;

    // It follows the calls of spawn_task in the same round.
    public bool RunsAlone => true;

    public ToolDeclaration Declaration { get; } =
        new(
            ToolName,
            description,
            """
            {"type":"object","required":["task","text"],"properties":{
            "task":{"type":"string","description":"The `task` of a subtask, or parent."},
            "text":{"type":"string","description":"The message."}},"additionalProperties":false}
            """.ReplaceLineEndings("")
        );

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var given = new ToolParameters(parameters, "task", "text");
        var (to, text) = (given.Text("task"), given.Text("text"));
        if (string.IsNullOrWhiteSpace(text) || text.Length > MaxTextLength)
        {
            throw new ToolFailureException($"`text` must have 1 to {MaxTextLength} characters. Nothing was sent.");
        }
        return Task.FromResult<PlannedCall>(new Call(children, context.CodexId, to, text));
    }

    private sealed class Call(IChildTasks children, string from, string to, string text) : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions => [new ToolAction.OwnRecord()];
        public override ApprovalKind Kind => ApprovalKind.Other;
        public override string ActionText => $"{to}\n\n{text}";

        public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken) =>
            new(await children.SendAsync(from, to, text, cancellationToken));
    }
}
