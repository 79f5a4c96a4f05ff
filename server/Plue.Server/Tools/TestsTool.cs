using System.Text.Json;
using Plue.Server.Editor;
using Plue.Server.Permissions;
using Plue.Server.Providers;

namespace Plue.Server.Tools;

/// <summary>Runs tests that extensions of the editor found, and returns the results.</summary>
/// <param name="description">The description of the tool for the model.</param>
internal sealed class TestsTool(string description, EditorWindow window) : ITool
{
    private const int MaxListed = 50;
    private const int MaxNameLength = 500;
    private const string Schema =
        """{"type":"object","properties":{"files":{"type":"array","items":{"type":"string"}},"names":{"type":"array","items":{"type":"string"}}},"additionalProperties":false}""";

    public string Name => "tests";
    public ToolDeclaration Declaration { get; } = new("tests", description, Schema);
    public bool IsReadOnly => false;

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var given = new ToolParameters(parameters, "files", "names");
        var workspace = WorkspacePath.Resolve(context.Folders, ".");
        var files = given
            .OptionalTexts("files", MaxListed, MaxNameLength)
            .Select(file => WorkspacePath.Resolve(context.Folders, file))
            .ToList();
        var names = given.OptionalTexts("names", MaxListed, MaxNameLength);
        return Task.FromResult<PlannedCall>(new Call(EditorQuery.EditorOf(window), workspace, files, names));
    }

    private sealed class Call(IEditor editor, WorkspacePath workspace, IReadOnlyList<WorkspacePath> files, IReadOnlyList<string> names)
        : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions { get; } = [new ToolAction.RunTests()];
        public override ApprovalKind Kind => ApprovalKind.Command;
        public override string ActionText { get; } =
            files.Count + names.Count == 0
                ? "Run all tests in VS Code"
                : $"Run tests in VS Code: {string.Join(", ", files.Select(file => file.Shown).Concat(names))}";
        public override string? Location => workspace.Full;

        /// <summary>Null (unknown), because tests can change files.</summary>
        public override IReadOnlyList<string>? Changes => null;

        public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken) =>
            new(
                await editor.RunTestsAsync([.. files.Select(file => file.Full)], names, cancellationToken)
                    ?? throw new ToolFailureException(
                        "This editor does not let extensions run tests. Use the project's own test command with `bash`."
                    )
            );
    }
}
