using System.Globalization;
using System.Text.Json;
using Plue.Server.Codices;
using Plue.Server.Editor;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;

namespace Plue.Server.Tools;

/// <summary>Replaces, inserts or deletes a cell of a notebook. All other bytes of the file are unchanged.</summary>
/// <param name="description">The description of the tool for the model.</param>
/// <param name="editor">Edits notebooks with unsaved changes; null edits only the disk.</param>
internal sealed class EditCellTool(string description, EditorWindow? editor = null) : ITool
{
    public const string ToolName = "edit_cell";
    private const string Schema =
        """{"type":"object","properties":{"path":{"type":"string"},"cell":{"type":"integer","minimum":1},"action":{"type":"string","enum":["replace","insert","delete"]},"kind":{"type":"string","enum":["code","markdown"]},"source":{"type":"string"}},"required":["path","cell"],"additionalProperties":false}""";

    public string Name => ToolName;
    public ToolDeclaration Declaration { get; } = new(ToolName, description, Schema);
    public bool IsReadOnly => false;

    public async Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var given = new ToolParameters(parameters, "path", "cell", "action", "kind", "source");
        var path = WorkspacePath.Resolve(context.Folders, given.Text("path"));
        var number =
            given.OptionalNumber("cell", 1, int.MaxValue) ?? throw new ToolFailureException("`cell` is missing. Nothing was changed.");
        var action = given.OptionalText("action") ?? "replace";
        var source = action == "delete" ? "" : given.Text("source");

        var (version, text, notebook) = await ReadAsync(path, editor, cancellationToken);
        if (context.Seen.HashOf(Notebook.SeenKey(path.Full)) is not { } seen)
        {
            throw new ToolFailureException($"You have not read {path.Display} yet. Nothing was changed. Read it first.");
        }
        if (seen != notebook.HashOfCells)
        {
            throw new ToolFailureException($"The cells of {path.Display} changed since you read them. Nothing was changed. Read it again.");
        }

        var count = notebook.Cells.Count;
        if (number > (action == "insert" ? count + 1 : count))
        {
            throw new ToolFailureException(NoCell(path, number, count));
        }

        var (changed, done) = action switch
        {
            "replace" => (notebook.Replace(number - 1, source), $"Replaced cell {number} of"),
            "insert" => (notebook.Insert(number - 1, KindOf(given), source), $"Inserted cell {number} into"),
            "delete" => (notebook.Delete(number - 1), $"Deleted cell {number} of"),
            _ => throw new ToolFailureException("`action` must be `replace`, `insert` or `delete`. Nothing was changed."),
        };
        if (changed == text.Content)
        {
            throw new ToolFailureException("The edit would not change the notebook. Nothing was changed.");
        }

        var after =
            text.Encode(changed)
            ?? throw new ToolFailureException(
                $"{path.Display} is not UTF-8, and its encoding cannot represent all of these characters. Nothing was changed."
            );
        var diff = UnifiedDiff.Of(text.Content, changed);
        var hint = action == "replace" ? "" : " The numbers of the cells after it changed.";
        return new PlannedFileWrite(
            path,
            version,
            (after, changed),
            diff,
            diff,
            ApprovalKind.Edit,
            context.Seen,
            editor,
            $"{done} {path.Display}.{hint}"
        );
    }

    /// <exception cref="ToolFailureException">The file is not a notebook or cannot be read.</exception>
    public static async Task<(FileVersion Version, FileText Text, Notebook Notebook)> ReadAsync(
        WorkspacePath path,
        EditorWindow? editor,
        CancellationToken cancellationToken
    )
    {
        if (!Notebook.IsNotebook(path.Relative))
        {
            throw new ToolFailureException($"{path.Display} is not a notebook ({Notebook.Extension}). Use `edit` and `bash`.");
        }

        var version = await WorkspaceFile.ReadAsync(path, editor, cancellationToken);
        return FileText.Of(version.Content) is { } text && Notebook.Of(text.Content) is { } notebook
            ? (version, text, notebook)
            : throw new ToolFailureException($"{path.Display} is not a valid notebook: it has no list of cells that can be read.");
    }

    public static string NoCell(WorkspacePath path, int number, int count) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"There is no cell {number}: {path.Display} has {count} {(count == 1 ? "cell" : "cells")}. Nothing was done. Read it again."
        );

    private static string KindOf(ToolParameters given) =>
        given.OptionalText("kind") switch
        {
            null or Notebook.Code => Notebook.Code,
            "markdown" => "markdown",
            _ => throw new ToolFailureException("`kind` must be `code` or `markdown`. Nothing was changed."),
        };
}
