using Plue.Server.Edits;
using Plue.Server.Permissions;

namespace Plue.Server.Tools.Hooks;

internal sealed class HookServices
{
    public required HookCommand Command { get; init; }
    public required HookApprovals Stored { get; init; }
    public required Approvals Approvals { get; init; }
    public required IEditLog Edits { get; init; }

    /// <summary>Gets the hooks in Plue's settings.</summary>
    public required Func<IReadOnlyList<CommandHook>> OfUser { get; init; }

    /// <summary>Gets the home folder of the user whose Claude Code settings are read; null for none.</summary>
    public required Func<string?> ClaudeUserFolder { get; init; }

    /// <summary>Masks stored secrets in a text.</summary>
    public required Func<string, string> Mask { get; init; }
}
