using System.Text.Json;
using Plue.Server.Permissions;
using Plue.Server.Providers;

namespace Plue.Server.Tools;

/// <summary>Returns its input. Replace this summary, the schema and the call with those of your tool.</summary>
/// <param name="description">The tool description for the model: prompts/tool-example.md.</param>
internal sealed class ExampleTool(string description) : ITool
{
    private const string Schema =
        """{"type":"object","properties":{"text":{"type":"string"}},"required":["text"],"additionalProperties":false}""";

    public string Name => "example";
    public ToolDeclaration Declaration { get; } = new("example", description, Schema);
    public bool IsReadOnly => true;

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var text = new ToolParameters(parameters, "text").Text("text");
        return text.Length == 0
            ? throw new ToolFailureException("`text` is empty. Say something.")
            : Task.FromResult<PlannedCall>(new Call(text));
    }

    private sealed class Call(string text) : PlannedCall
    {
        // The permission rules check each action: ToolAction has types for files, commands, addresses and servers.
        public override IReadOnlyList<ToolAction> Actions { get; } = [new ToolAction.OwnRecord()];
        public override ApprovalKind Kind => ApprovalKind.Other;
        public override string ActionText => text;

        public override Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken) =>
            Task.FromResult(new ToolOutcome(text));
    }
}
