using Plue.Server.Codices;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Tools.Hooks;

namespace Plue.Server.Tools;

internal sealed record ToolContext
{
    public required string CodexId { get; init; }
    public required string TurnId { get; init; }
    public required string ToolUseId { get; init; }

    /// <summary>Gets the trusted folders with their real paths; null if there are none.</summary>
    public required WorkspaceFolders? Folders { get; init; }

    /// <summary>Gets the first folder, where commands run.</summary>
    public string? Workspace => Folders?.First.Path;
    public required Rights.Chain Rights { get; init; }

    /// <summary>Gets the files that this codex has read. Edits of files that have changed since are refused.</summary>
    public required SeenFiles Seen { get; init; }

    /// <summary>Gets the instruction files that apply to the files of a call; null for none.</summary>
    public FileInstructions? Instructions { get; init; }

    /// <summary>Gets the model for sampling requests of a server; null for none.</summary>
    internal ISamplingModel? Sampling { get; init; }

    /// <summary>Gets the hooks that run before and after calls; null for none.</summary>
    internal HookSession? Hooks { get; init; }
}
