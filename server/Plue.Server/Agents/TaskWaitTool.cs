using System.Text.Json;
using Plue.Server.Permissions;
using Plue.Server.Providers;
using Plue.Server.Tools;

namespace Plue.Server.Agents;

/// <summary>The task_wait tool, with which an agent waits for subtasks that it started without waiting.</summary>
/// <param name="description">The tool description for the model.</param>
internal sealed class TaskWaitTool(IChildTasks children, string description) : ITool
{
    public const string ToolName = "task_wait";
    private const int MaxTimeout = 86_400;

    public string Name => ToolName;

    public bool IsReadOnly => true;

    // It follows the calls of spawn_task in the same round.
    public bool RunsAlone => true;

    public ToolDeclaration Declaration { get; } =
        new(
            ToolName,
            description,
            $$$"""
            {"type":"object","properties":{
            {{{SubtaskIds.Schema}}},
            "for":{"type":"string","enum":["any","all"],"description":"Waits until one or all have ended. Default: all."},
            "timeout_seconds":{"type":"integer","minimum":1,"maximum":86400,"description":"Returns after this time with what has ended. Default: no limit."}},"additionalProperties":false}
            """.ReplaceLineEndings("")
        );

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var given = new ToolParameters(parameters, SubtaskIds.Name, "for", "timeout_seconds");
        return Task.FromResult<PlannedCall>(
            new Call(
                children,
                new ChildWait(
                    context.CodexId,
                    context.ToolUseId,
                    SubtaskIds.Of(given),
                    given.OptionalText("for") switch
                    {
                        "any" => true,
                        null or "all" => false,
                        _ => throw new ToolFailureException("`for` must be any or all. Nothing was done. Send the call again."),
                    },
                    given.OptionalNumber("timeout_seconds", 1, MaxTimeout) is { } seconds ? TimeSpan.FromSeconds(seconds) : null
                )
            )
        );
    }

    private sealed class Call(IChildTasks children, ChildWait request) : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions => [new ToolAction.OwnRecord()];

        // Like spawn_task, it does not count the time that subtasks take.
        public override ApprovalKind Kind => ApprovalKind.Spawn;
        public override string ActionText => string.Join('\n', request.Tasks);

        public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken) =>
            new(await children.WaitAsync(request, progress, cancellationToken));
    }
}
