using System.Text.Json;
using Plue.Server.Permissions;
using Plue.Server.Providers;
using Plue.Server.Store;
using Plue.Server.Templates;
using Plue.Server.Tools;

namespace Plue.Server.Agents;

/// <summary>The spawn_task tool, with which an agent delegates work to another agent. Several calls of one round run in parallel.</summary>
/// <param name="description">The tool description for the model.</param>
internal sealed class SpawnTaskTool(ITaskSpawner spawner, string description) : ITool
{
    public const string ToolName = "spawn_task";
    private const int MaxGoalLength = 100_000;
    private const int HighestLimit = 1_000_000_000;

    public string Name => ToolName;

    public bool IsReadOnly => false;

    public bool RunsAlone => false;

    public ToolDeclaration Declaration { get; } =
        new(
            ToolName,
            description,
            """
            {"type":"object","required":["template","goal"],"properties":{
            "template":{"type":"string","description":"The id of the agent template."},
            "goal":{"type":"string","description":"Everything the agent needs to know."},
            "values":{"type":"object","description":"Other fields of the template."},
            "budget":{"type":"object","properties":{"usd":{"type":"number"},"tokens":{"type":"integer"},"rounds":{"type":"integer"},"seconds":{"type":"integer"}},"additionalProperties":false},
            "model":{"type":"string","description":"One of the template's candidates; omit it to get the cheapest that fits."},
            "wait":{"type":"boolean","description":"False returns at once, while the agent works. Default: true."},
            "isolation":{"type":"string","enum":["worktree","none"],"description":"worktree lets it work on a separate git branch, in another folder, from the last commit; none in your folder."}},"additionalProperties":false}
            """.ReplaceLineEndings("")
        );

    public async Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var given = new ToolParameters(parameters, "template", "goal", "values", "budget", "model", "wait", "isolation");
        var template =
            Filled(given, "template")
            ?? throw new ToolFailureException("`template` is missing: name the kind of agent, such as task-code-writer.");
        var goal =
            Filled(given, "goal")
            ?? throw new ToolFailureException("`goal` is missing: describe the result that you need, because the agent sees nothing else.");
        if (goal.Length > MaxGoalLength)
        {
            throw new ToolFailureException(
                $"`goal` is longer than {MaxGoalLength} characters. Put the material in a file and give its path."
            );
        }

        var isolation = Filled(given, "isolation");
        if (isolation is not (null or StoredChat.Worktree or StoredChat.NoIsolation))
        {
            throw new ToolFailureException("`isolation` must be \"worktree\" or \"none\".");
        }

        var request = new SpawnRequest(
            context.CodexId,
            context.ToolUseId,
            template,
            goal,
            ValuesIn(given),
            BudgetIn(given),
            Filled(given, "model"),
            Waits: !given.Has("wait") || given.Flag("wait"),
            isolation is null ? null : isolation == StoredChat.Worktree
        );
        return new Call(spawner, request, await spawner.CheckAsync(request, cancellationToken));
    }

    private static JsonElement? ValuesIn(ToolParameters given)
    {
        if (given.OptionalObject("values") is not { } values)
        {
            return null;
        }

        // The template defines the fields; this only rejects duplicates.
        _ = new ToolParameters(values, [.. values.EnumerateObject().Select(value => value.Name)]);
        return values;
    }

    private static AgentBudget BudgetIn(ToolParameters given)
    {
        if (given.OptionalObject("budget") is not { } budget)
        {
            return new AgentBudget(null, null, null, null);
        }

        var limits = new ToolParameters(budget, "usd", "tokens", "rounds", "seconds");
        return new AgentBudget(
            limits.OptionalAmount("usd", HighestLimit),
            limits.OptionalNumber("tokens", 1, HighestLimit),
            limits.OptionalNumber("rounds", 1, HighestLimit),
            limits.OptionalNumber("seconds", 1, HighestLimit)
        );
    }

    private static string? Filled(ToolParameters given, string name) =>
        given.OptionalText(name) is { } text && !string.IsNullOrWhiteSpace(text) ? text : null;

    private sealed class Call(ITaskSpawner spawner, SpawnRequest request, SpawnCheck check) : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions => [new ToolAction.SpawnTask(request.TemplateId, check.Doubt)];
        public override ApprovalKind Kind => ApprovalKind.Spawn;
        public override string ActionText =>
            request.Values is { } values
                ? $"{request.TemplateId}: {check.Shown}{Place}\n\n{request.Goal}\n\n{values.GetRawText()}"
                : $"{request.TemplateId}: {check.Shown}{Place}\n\n{request.Goal}";

        private string Place => request.IsIsolated == true ? ", in its own git worktree" : "";

        public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken) =>
            new(await spawner.RunAsync(request, progress, cancellationToken));
    }
}
