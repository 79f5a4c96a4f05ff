using Plue.Server.Codices;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Tools.Hooks;

namespace Plue.Server.Tools;

/// <summary>The caller of a tool and its workspace.</summary>
public sealed record ToolContext
{
    public required string CodexId { get; init; }
    public required string TurnId { get; init; }
    public required string ToolUseId { get; init; }

    /// <summary>The trusted folders with their real paths; null without one.</summary>
    public required WorkspaceFolders? Folders { get; init; }

    /// <summary>The first folder, where commands run.</summary>
    public string? Workspace => Folders?.First.Path;
    public required Rights.Chain Rights { get; init; }

    /// <summary>The files that this codex has read, by path. Edits of files that changed since are refused.</summary>
    public required SeenFiles Seen { get; init; }

    /// <summary>The instruction files for what its calls touch; null for none.</summary>
    public FileInstructions? Instructions { get; init; }

    /// <summary>The model that a server may ask during a call; null for none.</summary>
    internal ISamplingModel? Sampling { get; init; }

    /// <summary>The hooks that run around its calls; null for none.</summary>
    internal HookSession? Hooks { get; init; }
}
