using System.Text.Json;
using Plue.Server.Codices;
using Plue.Server.Editor;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>
/// Represents a call of a hosted agent's own tool in permission checks. It completes when the call is allowed; the agent then runs it in its sandbox, and its
/// changes are recorded. Single use.
/// </summary>
/// <param name="editor">Rejects changes to files with unsaved changes, which the agent would overwrite.</param>
internal sealed class AgentTool(AgentCall call, string? sandbox, EditorWindow editor) : ITool
{
    private const int MaxFileBytes = 10 * 1024 * 1024;

    /// <summary>Gets the name of the Plue tool whose rules apply.</summary>
    public string Name =>
        call.Kind switch
        {
            "read" or "search" or "edit" or "fetch" => call.Kind,
            "delete" or "move" => "edit",
            _ => "bash",
        };

    public ToolDeclaration Declaration => new(Name, "", "{}");
    public bool IsReadOnly => true;

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var folder = context.Workspace ?? throw new ToolFailureException("No workspace folder is open, so the agent can do nothing here.");
        if (
            call.Kind is "edit" or "delete" or "move"
            && call.Paths.FirstOrDefault(path => editor.IsUnsaved(RealPath.Of(path))) is { } unsaved
        )
        {
            throw new ToolFailureException(
                $"{Path.GetFileName(unsaved)} has unsaved changes in the editor. Nothing was changed. Ask the user to save or discard them first."
            );
        }

        var actions = Actions(folder);
        var diffs = Proposed();
        return Task.FromResult<PlannedCall>(
            new Planned(actions, Kind, What(diffs))
            {
                AtPath = call.Command is null ? call.Paths.FirstOrDefault() ?? folder : call.Folder ?? folder,
                ChangeDiff = diffs.Count == 0 ? null : DiffOf(diffs),
                Files = diffs,
                Held = sandbox,
            }
        );
    }

    private ApprovalKind Kind =>
        call.Kind switch
        {
            "read" or "search" => ApprovalKind.Read,
            "edit" => call.Edits is [{ Before: null }] ? ApprovalKind.Write : ApprovalKind.Edit,
            "delete" => ApprovalKind.Delete,
            "execute" when call.Command is not null => ApprovalKind.Command,
            "fetch" => ApprovalKind.Fetch,
            _ => ApprovalKind.Other,
        };

    private IReadOnlyList<ToolAction> Actions(string folder)
    {
        switch (call.Kind)
        {
            case "read" when call.Paths.Count > 0:
                return [.. call.Paths.Select(path => new ToolAction.ReadFile(path))];
            case "search":
                return [.. call.Paths.DefaultIfEmpty(folder).Select(path => new ToolAction.ReadFile(path))];
            case "edit" or "delete" or "move" when call.Paths.Count > 0:
                return
                [
                    .. call.Paths.Select(path => new ToolAction.ChangeFile(
                        path,
                        call.Kind == "delete" ? FileChangeKind.Delete
                            : File.Exists(path) ? FileChangeKind.Modify
                            : FileChangeKind.Create
                    )),
                ];
            case "execute" when call.Command is { } command:
                return [new ToolAction.RunCommand(command, call.Folder ?? folder)];
            case "fetch" when Uri.TryCreate(call.Address, UriKind.Absolute, out var address):
                return [new ToolAction.Fetch(address)];
            default:
                return [new ToolAction.UseAgentTool()];
        }
    }

    /// <summary>Gets the whole files, with replaced passages applied.</summary>
    private List<ProposedFile> Proposed() =>
        [
            .. call.Edits.Select(edit =>
            {
                var now = Read(edit.Path);
                if (edit.Before is not { Length: > 0 } before || now is null)
                {
                    return new ProposedFile(edit.Path, now ?? edit.Before, edit.After);
                }

                var at = now.IndexOf(before, StringComparison.Ordinal);
                return at < 0 || before.Length == now.Length
                    ? new ProposedFile(edit.Path, before, edit.After)
                    : new ProposedFile(edit.Path, now, string.Concat(now.AsSpan(0, at), edit.After, now.AsSpan(at + before.Length)));
            }),
        ];

    private string What(List<ProposedFile> diffs) =>
        call.Command is { } command && call.Kind == "execute" ? command
        : diffs.Count > 0 ? DiffOf(diffs)
        : call.Kind is "read" or "delete" or "move" && call.Paths.Count > 0 ? string.Join('\n', call.Paths.Prepend(call.Title).Distinct())
        : call.Input is { } input ? $"{call.Title}\n{input}"
        : call.Title;

    private static string DiffOf(List<ProposedFile> diffs) =>
        diffs is [var only]
            ? UnifiedDiff.Of(only.Before ?? "", only.After)
            : string.Join('\n', diffs.Select(one => $"--- {one.Path}\n{UnifiedDiff.Of(one.Before ?? "", one.After)}"));

    /// <returns>Null if the file does not exist or is not text.</returns>
    private static string? Read(string path)
    {
        try
        {
            return RegularFile.Read(path, MaxFileBytes) is { } content ? FileText.Of(content)?.Content : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private sealed class Planned(IReadOnlyList<ToolAction> actions, ApprovalKind kind, string what) : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions => actions;
        public override ApprovalKind Kind => kind;
        public override string ActionText => what;
        public override string? Diff => ChangeDiff;
        public override IReadOnlyList<ProposedFile> Proposed => Files;
        public override IReadOnlyList<string> Touches => [];
        public override string? Location => AtPath;
        public override string? Sandbox => Held;
        public override bool CanStopAlone => false;
        public required string AtPath { get; init; }
        public string? ChangeDiff { get; init; }
        public IReadOnlyList<ProposedFile> Files { get; init; } = [];
        public string? Held { get; init; }

        public override Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken) =>
            Task.FromResult(new ToolOutcome(""));
    }
}
