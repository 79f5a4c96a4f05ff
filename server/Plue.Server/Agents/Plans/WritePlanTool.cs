using System.Text.Json;
using Plue.Server.Permissions;
using Plue.Server.Providers;
using Plue.Server.Templates;
using Plue.Server.Tools;

namespace Plue.Server.Agents.Plans;

/// <summary>The write_plan tool, with which a model in plan mode writes its plan as an item. Nothing runs before the user approves steps of it.</summary>
/// <param name="check">Throws a <see cref="ToolFailureException"/> if the chat or task with this address cannot have this plan.</param>
/// <param name="write">Stores the plan of a chat or task, and returns a sentence for the model.</param>
/// <param name="description">The tool description for the model.</param>
internal sealed class WritePlanTool(
    Action<string, PlanDraft> check,
    Func<string, PlanDraft, CancellationToken, Task<string>> write,
    string description
) : ITool
{
    public const string ToolName = ToolNames.WritePlan;

    public string Name => ToolName;

    public bool IsReadOnly => true;

    public bool RunsAlone => true;

    public ToolDeclaration Declaration { get; } =
        new(
            ToolName,
            description,
            """
            {"type":"object","required":["title","goal","steps"],"properties":{
            "title":{"type":"string","maxLength":200},
            "goal":{"type":"string","maxLength":10000},
            "steps":{"type":"array","minItems":1,"maxItems":30,"items":{"type":"object","required":["title","description"],"properties":{
            "title":{"type":"string","maxLength":200},
            "description":{"type":"string","maxLength":10000},
            "files":{"type":"array","maxItems":50,"items":{"type":"string","maxLength":500}},
            "checks":{"type":"array","maxItems":10,"items":{"type":"string","maxLength":500}},
            "template":{"type":"string"},
            "model":{"type":"string"},
            "budget_share":{"type":"number","maximum":100}},"additionalProperties":false}}},"additionalProperties":false}
            """.ReplaceLineEndings("")
        );

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var draft = PlanDraft.Of(parameters);
        check(context.CodexId, draft);
        return Task.FromResult<PlannedCall>(new Call(write, context.CodexId, draft));
    }

    private sealed class Call(Func<string, PlanDraft, CancellationToken, Task<string>> write, string chat, PlanDraft draft) : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions => [new ToolAction.OwnRecord()];
        public override ApprovalKind Kind => ApprovalKind.Other;
        public override string ActionText => draft.Title;

        public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken) =>
            new(await write(chat, draft, cancellationToken));
    }
}
