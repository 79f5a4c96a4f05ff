using Plue.Server.Edits;
using Plue.Server.Permissions;

namespace Plue.Server.Tools.Hooks;

/// <summary>What the hooks of all chats and tasks of this process share.</summary>
internal sealed class HookServices
{
    public required HookCommand Command { get; init; }
    public required HookApprovals Stored { get; init; }
    public required Approvals Approvals { get; init; }
    public required IEditLog Edits { get; init; }

    /// <summary>The hooks in the settings of Plue.</summary>
    public required Func<IReadOnlyList<CommandHook>> OfUser { get; init; }

    /// <summary>The user whose settings of Claude Code are read too; null for none.</summary>
    public required Func<string?> ClaudeUserFolder { get; init; }

    /// <summary>Replaces the vault's values in a text.</summary>
    public required Func<string, string> Mask { get; init; }
}
