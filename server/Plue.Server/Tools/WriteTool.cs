using System.Text.Json;
using Plue.Server.Codices;
using Plue.Server.Editor;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;

namespace Plue.Server.Tools;

/// <summary>Creates a file or replaces its content.</summary>
/// <param name="description">The description of the tool for the model.</param>
/// <param name="editor">Writes files with unsaved changes; null writes only the disk.</param>
internal sealed class WriteTool(string description, EditorWindow? editor = null) : ITool
{
    private const string Schema =
        """{"type":"object","properties":{"path":{"type":"string"},"content":{"type":"string"}},"required":["path","content"],"additionalProperties":false}""";

    public string Name => "write";
    public ToolDeclaration Declaration { get; } = new("write", description, Schema);
    public bool IsReadOnly => false;

    public async Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var given = new ToolParameters(parameters, "path", "content");
        var path = WorkspacePath.Resolve(context.Folders, given.Text("path"));
        var content = given.Text("content");

        return Plan(path, content, await WorkspaceFile.TryReadAsync(path, editor, cancellationToken), context.Seen);
    }

    private PlannedFileWrite Plan(WorkspacePath path, string content, FileVersion? version, SeenFiles seen)
    {
        if (version?.Content is not { } before)
        {
            var bytes =
                new FileText("", null).Encode(content)
                ?? throw new ToolFailureException("`content` contains half a surrogate pair. Nothing was written.");
            return new PlannedFileWrite(
                path,
                null,
                (bytes, content),
                UnifiedDiff.Of("", content),
                content,
                ApprovalKind.Write,
                seen,
                editor,
                $"Made {path.Display}."
            );
        }

        if (seen.HashOf(path.Full) is not { } hash)
        {
            throw new ToolFailureException(
                $"{path.Display} already exists and you have not read it. Nothing was written. Read it first, or use `edit`."
            );
        }
        if (hash != FolderHandle.HashOf(before))
        {
            throw new ToolFailureException($"{path.Display} changed since you read it. Nothing was written. Read it again.");
        }

        var old = FileText.Of(before) ?? throw new ToolFailureException($"{path.Display} is not a text file, so it was not overwritten.");
        var (text, note) =
            LineEnds.IsWindows(old.Content) && !content.Contains('\r', StringComparison.Ordinal)
                ? (LineEnds.ToWindows(content), " Its CRLF line endings were preserved.")
                : (content, "");
        var after =
            old.Encode(text)
            ?? throw new ToolFailureException(
                $"{path.Display} is not UTF-8, and its encoding cannot represent all of these characters. Nothing was written."
            );
        return new PlannedFileWrite(
            path,
            version,
            (after, text),
            UnifiedDiff.Of(old.Content, text),
            text,
            ApprovalKind.Write,
            seen,
            editor,
            $"Wrote {path.Display}.{note}"
        );
    }
}
