using System.Text.Json;
using Plue.Server.Permissions;
using Plue.Server.Providers;
using Plue.Server.Templates;
using Plue.Server.Tools;

namespace Plue.Server.Agents;

/// <summary>spawn_task: a part of the work is done by another agent. Several calls of one round work beside each other.</summary>
/// <param name="description">What the model is told.</param>
public sealed class SpawnTaskTool(ITaskSpawner spawner, string description) : ITool
{
    public const string ToolName = "spawn_task";
    private const int LongestGoal = 100_000;

    public string Name => ToolName;

    public bool IsReadOnly => false;

    public bool RunsAlone => false;

    public ToolDeclaration Declaration { get; } = new(ToolName, description, """
        {"type":"object","required":["template","goal"],"properties":{
        "template":{"type":"string","description":"The id of the kind of agent."},
        "goal":{"type":"string","description":"Everything that it needs to know."},
        "values":{"type":"object","description":"Other fields of the template."},
        "budget":{"type":"object","properties":{"usd":{"type":"number"},"tokens":{"type":"integer"},"rounds":{"type":"integer"},"seconds":{"type":"integer"}}},
        "model":{"type":"string","description":"One of the template's candidates; leave it out to get the cheapest that fits."}}}
        """.ReplaceLineEndings(""));

    public async Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var template = Text(parameters, "template") ?? throw new ToolFailureException("`template` is missing: name the kind of agent, such as task-code-writer.");
        var goal = Text(parameters, "goal") ?? throw new ToolFailureException("`goal` is missing: say what is to be reached, because the agent sees nothing else.");
        if (goal.Length > LongestGoal) { throw new ToolFailureException($"`goal` is longer than {LongestGoal} characters. Put the material into a file and name it."); }

        var values = Member(parameters, "values", JsonValueKind.Object);
        var request = new SpawnRequest(context.CodexId, context.ToolUseId, template, goal, values, BudgetOf(Member(parameters, "budget", JsonValueKind.Object)), Text(parameters, "model"));
        return new Call(spawner, request, await spawner.CheckAsync(request, cancellationToken));
    }

    private static AgentBudget BudgetOf(JsonElement? budget)
    {
        if (budget is not { } given) { return new AgentBudget(null, null, null, null); }

        decimal? Number(string name) => Member(given, name, JsonValueKind.Number) is { } value
            ? value.TryGetDecimal(out var number) && number > 0 && number < 1_000_000_000 ? number : throw new ToolFailureException($"`budget.{name}` has to be more than 0.")
            : null;
        return new AgentBudget(Number("usd"), (long?)Number("tokens"), (int?)Number("rounds"), (long?)Number("seconds"));
    }

    private static JsonElement? Member(JsonElement parameters, string name, JsonValueKind kind)
    {
        if (!parameters.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null) { return null; }
        return value.ValueKind == kind ? value : throw new ToolFailureException($"`{name}` has to be {(kind == JsonValueKind.String ? "a text" : kind == JsonValueKind.Number ? "a number" : "an object")}.");
    }

    private static string? Text(JsonElement parameters, string name) =>
        Member(parameters, name, JsonValueKind.String)?.GetString() is { } text && !string.IsNullOrWhiteSpace(text) ? text : null;

    private sealed class Call(ITaskSpawner spawner, SpawnRequest request, SpawnCheck check) : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions => [new ToolAction.SpawnTask(request.TemplateId, check.Doubt)];
        public override ApprovalKind Kind => ApprovalKind.Spawn;
        public override string What => request.Values is { } values ? $"{request.TemplateId}: {check.Shown}\n\n{request.Goal}\n\n{values.GetRawText()}" : $"{request.TemplateId}: {check.Shown}\n\n{request.Goal}";

        public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken) =>
            new(await spawner.RunAsync(request, progress, cancellationToken));
    }
}
