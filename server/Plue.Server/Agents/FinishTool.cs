using System.Text.Json;
using Plue.Server.Json5;
using Plue.Server.Permissions;
using Plue.Server.Providers;
using Plue.Server.Tools;

namespace Plue.Server.Agents;

/// <summary>The finish tool, with which an agent ends its work and returns its result.</summary>
/// <param name="outputs">The schema of the template; null if any report is accepted.</param>
/// <param name="hand">Stores the result. Returns what does not match the schema if the agent may retry; otherwise null.</param>
internal sealed class FinishTool(Json5Object? outputs, Func<string, JsonElement, CancellationToken, Task<string?>> hand) : ITool
{
    public const string ToolName = "finish";

    private const string AnyReport =
        """{"type":"object","required":["summary"],"properties":{"summary":{"type":"string","description":"What was done, what was not, and what matters next."}}}""";

    /// <summary>Gets the schema of the arguments. Like every tool, it accepts no unknown arguments.</summary>
    /// <param name="outputs">The schema of the template; null if any report is accepted.</param>
    public static Json5Object SchemaOf(Json5Object? outputs)
    {
        var schema = outputs ?? (Json5Object)Json5Reader.Read(AnyReport).Root!;
        return schema.Has("properties") && !schema.Has("additionalProperties")
            ? schema.With("additionalProperties", new Json5Boolean(false))
            : schema;
    }

    public string Name => ToolName;

    // It changes only the task itself, but must be the last call of a round.
    public bool IsReadOnly => false;

    public ToolDeclaration Declaration { get; } =
        new(
            ToolName,
            "Ends your work and returns its result. Call it once, alone, when everything is done or cannot be done. Nothing you write after it is read.",
            Json5.Json5Conversion.Of(SchemaOf(outputs)).GetRawText()
        );

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken) =>
        Task.FromResult<PlannedCall>(new Call(context.CodexId, parameters.Clone(), hand));

    private sealed class Call(string codexId, JsonElement outputs, Func<string, JsonElement, CancellationToken, Task<string?>> hand)
        : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions => [new ToolAction.OwnRecord()];
        public override ApprovalKind Kind => ApprovalKind.Other;
        public override string ActionText => outputs.GetRawText();

        public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken) =>
            await hand(codexId, outputs, cancellationToken) is { } problem
                ? throw new ToolFailureException(
                    $"The result does not match its schema. {problem} Call finish again with the whole result."
                )
                : new ToolOutcome("The task has ended.") { Finished = outputs };
    }
}
