using Plue.Server.Permissions;

namespace Plue.Server.Tools;

/// <summary>Who calls a tool, and where.</summary>
public sealed record ToolContext
{
    public required string CodexId { get; init; }
    public required string TurnId { get; init; }
    public required string ToolUseId { get; init; }
    /// <summary>The trusted folder, its real path; null without one.</summary>
    public required string? Workspace { get; init; }
    public required Rights.Chain Rights { get; init; }
    /// <summary>What this codex has read, by path: an edit of what changed since is refused.</summary>
    public required SeenFiles Seen { get; init; }
}
