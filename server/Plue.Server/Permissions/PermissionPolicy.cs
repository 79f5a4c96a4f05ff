using Plue.Server.Platform;

namespace Plue.Server.Permissions;

/// <summary>Says what is done, asked about or refused: deny before ask, ask before allow, and the strictest of everybody above the agent.</summary>
public sealed class PermissionPolicy
{
    /// <param name="rights">The agent first, then whoever it works for.</param>
    public Verdict Judge(string tool, ToolAction action, IReadOnlyList<Rights> rights)
    {
        var strictest = new Verdict(Decision.Allow, "It changes nothing.");
        foreach (var one in rights)
        {
            var verdict = Judge(action, one);
            if (verdict.Decision > strictest.Decision) { strictest = verdict; }
        }

        return strictest;
    }

    private static Verdict Judge(ToolAction action, Rights rights) => action switch
    {
        ToolAction.OwnRecord => new Verdict(Decision.Allow, "It stays in the task."),
        ToolAction.ReadFile read when rights.Workspace is { } folder && RealPath.IsInside(read.Path, folder) => new Verdict(Decision.Allow, "Files of the workspace may be read."),
        ToolAction.ReadFile => new Verdict(Decision.Deny, "Only files of the workspace may be read."),
        _ when rights.Mode == PermissionMode.PlanOnly => new Verdict(Decision.Deny, "Only plans are made now, nothing is changed."),
        ToolAction.ChangeFile change when rights.Workspace is not { } folder || !RealPath.IsInside(change.Path, folder) => new Verdict(Decision.Deny, "Only files of the workspace may be changed."),
        ToolAction.ChangeFile when rights.Mode == PermissionMode.EditFreely => new Verdict(Decision.Allow, "Files of the workspace may be changed."),
        ToolAction.SpawnTask => new Verdict(Decision.Allow, "Its template lists it."),
        _ => new Verdict(Decision.Ask, "It changes something."),
    };
}
