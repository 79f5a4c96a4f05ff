using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Permissions;

/// <summary>The current permissions of a chat or task.</summary>
public sealed record Rights
{
    public required string CodexId { get; init; }

    /// <summary>Its title, to say who is meant.</summary>
    public required string Title { get; init; }

    /// <summary>A hard list: a tool that is not in it does not exist for it.</summary>
    public required IReadOnlyList<string> Tools { get; init; }
    public required AgentPermissions Permissions { get; init; }
    public PermissionMode Mode { get; init; }

    /// <summary>The trusted folders of the window; a model cannot change them. Null without one: then no file can be read or changed.</summary>
    public WorkspaceFolders? Folders { get; init; }

    /// <summary>The name of the loaded skill whose restriction this is; null for an agent.</summary>
    public string? Skill { get; init; }

    /// <summary>True if no user is available: a call that needs approval is denied.</summary>
    public bool IsUnattended { get; init; }

    /// <summary>Gets the agent itself, then its parents up to the top. Read again for each evaluation, so that a restriction of one applies to all its subtasks.</summary>
    public delegate IReadOnlyList<Rights> Chain();
}
