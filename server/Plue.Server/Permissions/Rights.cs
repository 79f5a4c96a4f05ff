using Plue.Server.Templates;

namespace Plue.Server.Permissions;

/// <summary>What one chat or task may do, as it is at this moment.</summary>
public sealed record Rights
{
    public required string CodexId { get; init; }
    /// <summary>Its title, to say who is meant.</summary>
    public required string Title { get; init; }
    /// <summary>A hard list: a tool that is not in it does not exist for it.</summary>
    public required IReadOnlyList<string> Tools { get; init; }
    public required AgentPermissions Permissions { get; init; }
    public PermissionMode Mode { get; init; }
    /// <summary>The trusted folder, fixed when the window opened it: nothing that a model says moves it. Null without one; then there is nothing to read or change.</summary>
    public string? Workspace { get; init; }
    /// <summary>Nobody is there to be asked: what would be asked is refused.</summary>
    public bool IsUnattended { get; init; }

    /// <summary>The agent itself, then whoever it works for, up to the top. Read anew for each judgement: what is taken from one is taken from all under it.</summary>
    public delegate IReadOnlyList<Rights> Chain();
}
