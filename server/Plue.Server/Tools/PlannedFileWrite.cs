using Plue.Server.Permissions;
using Plue.Server.Platform;

namespace Plue.Server.Tools;

/// <summary>A file that gets new content, as it was shown.</summary>
/// <param name="before">Null for a new file.</param>
/// <param name="resultText">The result for the model after the write.</param>
internal sealed class PlannedFileWrite(
    WorkspacePath path,
    byte[]? before,
    byte[] after,
    string diff,
    string what,
    ApprovalKind kind,
    SeenFiles seen,
    string resultText
) : PlannedCall
{
    public override IReadOnlyList<ToolAction> Actions { get; } =
    [
        .. path.ActionsFor(one => new ToolAction.ChangeFile(one, before is null ? FileChangeKind.Create : FileChangeKind.Modify)),
        .. SchemaUrls.Added(before, after).Select(address => new ToolAction.Fetch(address)),
    ];
    public override ApprovalKind Kind => kind;
    public override string What => what;
    public override string? Diff => diff;
    public override string? Where => path.Full;
    public override IReadOnlyList<string>? Changes => [path.Full];

    public byte[] After => after;

    public override Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        WorkspaceFile.Write(path, after, before is null ? null : FolderHandle.HashOf(before));
        seen.Record(path.Full, FolderHandle.HashOf(after));
        return Task.FromResult(new ToolOutcome(resultText));
    }
}
