using System.Text.Json;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Tools;

namespace Plue.Server.Agents;

/// <summary>The board_post tool, with which an agent leaves a short note for all agents of its tree.</summary>
/// <param name="post">Posts a note of the task or chat with this address, and returns a sentence for the model.</param>
/// <param name="description">The tool description for the model.</param>
internal sealed class BoardPostTool(Func<string, string, CancellationToken, Task<string>> post, string description) : ITool
{
    public const string ToolName = "board_post";

    public string Name => ToolName;

    public bool IsReadOnly => false;

    public ToolDeclaration Declaration { get; } =
        new(
            ToolName,
            description,
            """{"type":"object","required":["note"],"properties":{"note":{"type":"string","maxLength":500}},"additionalProperties":false}"""
        );

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var note = new ToolParameters(parameters, "note").Text("note").ReplaceLineEndings(" ").Trim();
        return note.Length is > 0 and <= TaskBoard.MaxNoteLength
            ? Task.FromResult<PlannedCall>(new Call(post, context.CodexId, HiddenCharacters.VisibleLine(note)))
            : throw new ToolFailureException(
                $"`note` must have 1 to {TaskBoard.MaxNoteLength} characters, and this one has {note.Length}. Nothing was posted. Put longer material in a file and post its path."
            );
    }

    private sealed class Call(Func<string, string, CancellationToken, Task<string>> post, string uri, string note) : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions => [new ToolAction.OwnRecord()];
        public override ApprovalKind Kind => ApprovalKind.Other;
        public override string ActionText => note;

        public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken) =>
            new(await post(uri, note, cancellationToken));
    }
}
