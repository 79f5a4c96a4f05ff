using Plue.Server.Permissions;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>A call that the user has just approved, identically, when the agent asked for permission.</summary>
internal sealed class Approved(PlannedCall planned) : PlannedCall
{
    public override IReadOnlyList<ToolAction> Actions { get; } = [new ToolAction.OwnRecord()];
    public override ApprovalKind Kind => planned.Kind;
    public override string ActionText => planned.ActionText;
    public override string? Diff => planned.Diff;
    public override IReadOnlyList<ProposedFile> Proposed => planned.Proposed;
    public override string? Location => planned.Location;
    public override string? Sandbox => planned.Sandbox;
    public override IReadOnlyList<string>? Changes => planned.Changes;
    public override bool CanStopAlone => planned.CanStopAlone;
    public override IReadOnlyDictionary<string, byte[]>? Unsaved => planned.Unsaved;
    public override IReadOnlyList<string> Touches => planned.Touches;

    public override Task<string> FollowUpAsync(CancellationToken cancellationToken) => planned.FollowUpAsync(cancellationToken);

    public override Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken) =>
        planned.RunAsync(progress, cancellationToken);
}
