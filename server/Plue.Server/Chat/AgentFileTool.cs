using System.Text.Json;
using Plue.Server.Editor;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>Reads or writes one whole file for a hosted agent, including unsaved changes of the editor. Single use.</summary>
/// <param name="content">The new text; null to read.</param>
/// <param name="isAllowed">True if the user has approved exactly this content.</param>
internal sealed class AgentFileTool(string file, string? content, EditorWindow editor, bool isAllowed) : ITool
{
    public string Name => content is null ? "read" : "write";
    public ToolDeclaration Declaration => new(Name, "", "{}");
    public bool IsReadOnly => content is null;

    public string? Content { get; private set; }

    public async Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var path = WorkspacePath.Resolve(context.Folders, file);
        if (content is null)
        {
            return new Reading(this, path, editor, context.Seen);
        }

        if (await WorkspaceFile.TryReadAsync(path, editor, cancellationToken) is { } before)
        {
            // The agent has read the file itself, and the approval shows what would be overwritten.
            context.Seen.Record(path.Full, FolderHandle.HashOf(before.Content));
        }

        using var arguments = JsonDocument.Parse(Arguments(file, content));
        var planned = await new WriteTool("", editor).PlanAsync(arguments.RootElement, context, cancellationToken);
        return isAllowed ? new Approved(planned) : planned;
    }

    private static byte[] Arguments(string path, string text)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            writer.WriteString("path"u8, path);
            writer.WriteString("content"u8, text);
            writer.WriteEndObject();
        }

        return bytes.ToArray();
    }

    private sealed class Reading(AgentFileTool tool, WorkspacePath path, EditorWindow editor, SeenFiles seen) : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions { get; } = path.ActionsFor(one => new ToolAction.ReadFile(one));
        public override ApprovalKind Kind => ApprovalKind.Read;
        public override string ActionText => path.Full;
        public override string? Location => path.Full;

        public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken)
        {
            var version = await WorkspaceFile.ReadAsync(path, editor, cancellationToken);
            if (ProtectedPaths.DenialReason(version.Content) is { } why)
            {
                throw new ToolFailureException($"{path.Display} {why}.");
            }

            seen.Record(path.Full, FolderHandle.HashOf(version.Content));
            tool.Content =
                version.Unsaved
                ?? FileText.Of(version.Content)?.Content
                ?? throw new ToolFailureException($"{path.Display} is not a text file.");
            return new ToolOutcome("");
        }
    }
}
