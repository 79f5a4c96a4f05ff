using Plue.Server.Editor;
using Plue.Server.Permissions;
using Plue.Server.Platform;

namespace Plue.Server.Tools;

/// <summary>A planned write of exactly the content that was displayed.</summary>
/// <param name="before">Null for a new file.</param>
/// <param name="after">The content in the file's encoding, and as text.</param>
/// <param name="resultText">The result for the model after the write.</param>
internal sealed class PlannedFileWrite(
    WorkspacePath path,
    FileVersion? before,
    (byte[] Content, string Text) after,
    string diff,
    string what,
    ApprovalKind kind,
    SeenFiles seen,
    EditorWindow? editor,
    string resultText
) : PlannedCall
{
    private NewProblems? problems;

    public override IReadOnlyList<ToolAction> Actions { get; } =
    [
        .. path.ActionsFor(one => new ToolAction.ChangeFile(one, before is null ? FileChangeKind.Create : FileChangeKind.Modify)),
        .. SchemaUrls.Added(before?.Content, after.Content).Select(address => new ToolAction.Fetch(address)),
    ];
    public override ApprovalKind Kind => kind;
    public override string ActionText => what;
    public override string? Diff => diff;
    public override IReadOnlyList<ProposedFile> Proposed =>
        [new ProposedFile(path.Full, before is null ? null : FileText.Of(before.Content)?.Content ?? "", after.Text)];
    public override string? Location => path.Full;
    public override IReadOnlyList<string>? Changes => [path.Full];
    public override IReadOnlyDictionary<string, byte[]>? Unsaved { get; } =
        before?.Unsaved is null ? null : new Dictionary<string, byte[]> { [path.Full] = before.Content };

    public byte[] After => after.Content;

    public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        problems = await NewProblems.BeforeAsync(editor, [path], cancellationToken);
        var note = await WorkspaceFile.WriteAsync(path, before, after.Content, after.Text, editor, seen);
        return new ToolOutcome(resultText + note);
    }

    public override Task<string> FollowUpAsync(CancellationToken cancellationToken) =>
        problems?.AfterAsync(cancellationToken) ?? Task.FromResult("");
}
