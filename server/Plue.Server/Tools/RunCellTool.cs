using System.Globalization;
using System.Text;
using System.Text.Json;
using Plue.Server.Editor;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;

namespace Plue.Server.Tools;

/// <summary>Runs a code cell in the window, with the kernel that the user selected for the notebook.</summary>
/// <param name="description">The description of the tool for the model.</param>
internal sealed class RunCellTool(string description, EditorWindow window) : ITool
{
    private const int DefaultSeconds = 120;
    private const int MaxSeconds = 1_800;
    private const string Schema =
        """{"type":"object","properties":{"path":{"type":"string"},"cell":{"type":"integer","minimum":1},"timeout_s":{"type":"integer","minimum":1,"maximum":1800}},"required":["path","cell"],"additionalProperties":false}""";

    public string Name => "run_cell";
    public ToolDeclaration Declaration { get; } = new("run_cell", description, Schema);
    public bool IsReadOnly => false;

    public async Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var given = new ToolParameters(parameters, "path", "cell", "timeout_s");
        var path = WorkspacePath.Resolve(context.Folders, given.Text("path"));
        var number = given.OptionalNumber("cell", 1, int.MaxValue) ?? throw new ToolFailureException("`cell` is missing. Nothing was run.");
        var seconds = given.OptionalNumber("timeout_s", 1, MaxSeconds) ?? DefaultSeconds;
        var editor =
            window.Editor
            ?? throw new ToolFailureException(
                "No editor is attached, so no cell can run: this runs on the command line or in a window that has closed."
            );
        var (_, _, notebook) = await EditCellTool.ReadAsync(path, window, cancellationToken);
        if (number > notebook.Cells.Count)
        {
            throw new ToolFailureException(EditCellTool.NoCell(path, number, notebook.Cells.Count));
        }

        var cell = notebook.Cells[number - 1];
        return cell.Kind != Notebook.Code
            ? throw new ToolFailureException($"Cell {number} of {path.Display} is {cell.Kind}, not code. Nothing was run.")
            : new Call(path, number, cell.Source, seconds, editor);
    }

    private sealed class Call(WorkspacePath path, int number, string source, int seconds, IEditor editor) : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions { get; } =
        [.. path.ActionsFor(one => new ToolAction.ReadFile(one)), new ToolAction.RunCell()];
        public override ApprovalKind Kind => ApprovalKind.Command;
        public override string ActionText => source;
        public override string? Location => path.Full;
        public override IReadOnlyList<string>? Changes => null;

        public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken)
        {
            // The editor compares the source, so that only the displayed code runs.
            var run = await editor.RunCellAsync(
                path.Full,
                number - 1,
                LineEnds.ToUnix(source),
                TimeSpan.FromSeconds(seconds),
                cancellationToken
            );
            var text = new StringBuilder(
                run.Outcome switch
                {
                    EditorCellOutcome.Succeeded => $"Cell {number} of {path.Display} ran.",
                    EditorCellOutcome.Failed => $"Cell {number} of {path.Display} failed.",
                    EditorCellOutcome.TimedOut => $"Cell {number} of {path.Display} was stopped after {seconds} seconds.",
                    EditorCellOutcome.Changed => throw new ToolFailureException(
                        $"Cell {number} of {path.Display} changed in the meantime. Nothing was run. Read it again."
                    ),
                    _ => throw new ToolFailureException(
                        $"{path.Display} has no kernel that runs cell {number}. Nothing was run. Ask the user to select a kernel for the notebook in VS Code."
                    ),
                }
            );
            List<MessagePart.File> images = [];
            foreach (var output in run.Outputs)
            {
                if (output.Image is { } image && ImageType.Detect(image) is { } type)
                {
                    images.Add(
                        new MessagePart.File(
                            string.Create(CultureInfo.InvariantCulture, $"cell-{number}-{images.Count + 1}.{type["image/".Length..]}"),
                            null
                        )
                        {
                            MediaType = type,
                            Size = image.Length,
                            Data = image,
                        }
                    );
                    text.Append(CultureInfo.InvariantCulture, $"\n[Image {images.Count} is attached]");
                }
                else
                {
                    text.Append('\n').Append(output.Text ?? $"[Output of type {output.MediaType} omitted]");
                }
            }

            return new ToolOutcome(run.Outputs.Count == 0 ? $"{text} It has no output." : text.ToString()) { Images = images };
        }
    }
}
