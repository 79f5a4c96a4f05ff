using System.Globalization;
using System.Text.Json;
using Plue.Server.Codices;
using Plue.Server.Editor;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;

namespace Plue.Server.Tools;

/// <summary>Replaces a passage of a file. Encoding, byte order mark and line endings are kept.</summary>
/// <param name="description">The description of the tool for the model.</param>
/// <param name="editor">Edits files with unsaved changes; null edits only the disk.</param>
internal sealed class EditTool(string description, EditorWindow? editor = null) : ITool
{
    private const string Schema =
        """{"type":"object","properties":{"path":{"type":"string"},"old":{"type":"string"},"new":{"type":"string"},"all":{"type":"boolean"}},"required":["path","old","new"],"additionalProperties":false}""";

    public string Name => "edit";
    public ToolDeclaration Declaration { get; } = new("edit", description, Schema);
    public bool IsReadOnly => false;

    public async Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var given = new ToolParameters(parameters, "path", "old", "new", "all");
        var path = WorkspacePath.Resolve(context.Folders, given.Text("path"));
        var (old, @new) = (given.Text("old"), given.Text("new"));
        if (old == @new)
        {
            throw new ToolFailureException("`old` and `new` are the same. Nothing was changed.");
        }

        var version = await WorkspaceFile.ReadAsync(path, editor, cancellationToken);
        var before = version.Content;
        if (context.Seen.HashOf(path.Full) is not { } hash)
        {
            throw new ToolFailureException($"You have not read {path.Display} yet. Nothing was changed. Read it first.");
        }
        if (hash != FolderHandle.HashOf(before))
        {
            throw new ToolFailureException($"{path.Display} changed since you read it. Nothing was changed. Read it again.");
        }

        var text = FileText.Of(before);
        if (text?.Encode(text.Content) is not { } same || !same.AsSpan().SequenceEqual(before))
        {
            throw new ToolFailureException($"{path.Display} is not text that can be edited safely.");
        }

        // The model may have copied escapes of hidden characters from `read`.
        if (!text.Content.Contains(old, StringComparison.Ordinal))
        {
            (old, @new) = (HiddenCharacters.Hidden(old), HiddenCharacters.Hidden(@new));
        }

        var replaced = TextReplacement.Replace(text.Content, old, @new, given.Flag("all"));
        if (replaced.Text == text.Content)
        {
            throw new ToolFailureException("The edit would not change the file. Nothing was changed.");
        }

        var after =
            text.Encode(replaced.Text)
            ?? throw new ToolFailureException(
                $"{path.Display} is not UTF-8, and its encoding cannot represent all of these characters. Nothing was changed."
            );
        var diff = UnifiedDiff.Of(text.Content, replaced.Text);
        return new PlannedFileWrite(
            path,
            version,
            (after, replaced.Text),
            diff,
            diff,
            ApprovalKind.Edit,
            context.Seen,
            editor,
            ResultText(path, replaced)
        );
    }

    private static string ResultText(WorkspacePath path, TextReplacement replacement)
    {
        var where =
            replacement.Count == 1
                ? string.Create(CultureInfo.InvariantCulture, $"in line {replacement.Line}")
                : string.Create(CultureInfo.InvariantCulture, $"in {replacement.Count} places");
        return $"Changed {path.Display} {where}.{(replacement.Note is null ? "" : $" The text matched {replacement.Note}. Read the location to verify the edit.")}";
    }
}
