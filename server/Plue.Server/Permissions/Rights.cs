using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Permissions;

/// <summary>The current permissions of a chat or task.</summary>
internal sealed record Rights
{
    public required string CodexId { get; init; }

    public required string Title { get; init; }

    /// <summary>Gets the tools of the agent. It has no others.</summary>
    public required IReadOnlyList<string> Tools { get; init; }
    public required AgentPermissions Permissions { get; init; }
    public PermissionMode Mode { get; init; }

    /// <summary>Gets the trusted folders of the window, which a model cannot change. If null, no file can be read or changed.</summary>
    public WorkspaceFolders? Folders { get; init; }

    /// <summary>Gets the name of the loaded skill that imposes this restriction; null for an agent.</summary>
    public string? Skill { get; init; }

    /// <summary>True if no user is available, so that calls that require approval are denied.</summary>
    public bool IsUnattended { get; init; }

    /// <summary>Gets the rights of the agent and of all its parents. Called for each evaluation, so that a new restriction applies to all subtasks.</summary>
    public delegate IReadOnlyList<Rights> Chain();
}
