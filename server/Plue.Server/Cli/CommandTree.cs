using System.CommandLine;
using Microsoft.Extensions.Logging;
using Plue.Server.Modules;

namespace Plue.Server.Cli;

/// <summary>All commands of <c>plue</c>.</summary>
internal static class CommandTree
{
    /// <param name="open">Opens the services for a folder that is trusted; null for none. Called only if a command runs.</param>
    /// <param name="serve">Serves an editor.</param>
    public static IReadOnlyList<(string Name, Func<Command> Create)> Of(
        Func<string?, Services> open,
        Terminal terminal,
        Func<LogLevel, Stream, Stream, CancellationToken, Task<int>> serve
    ) =>
        [
            ("serve", () => ServeCommand.Create(serve)),
            ("acp", AcpCommand.Create),
            ("chat", () => ChatCommand.Create(open, terminal)),
            ("run", () => RunCommand.Create(open, terminal)),
            ("ai-provider", () => AiProviderCommand.Create(open, terminal)),
            ("vault", () => VaultCommand.Create(() => VaultAccess.Of(open(null)), terminal)),
            ("providers", () => ProvidersCommand.Create(open, terminal)),
            ("sign-in", () => SignInCommand.Create(open, terminal)),
            ("models", () => ModelsCommand.Create(open, terminal)),
            ("config", () => ConfigCommand.Create(open, terminal)),
            ("codex", () => CodexCommand.Create(open, terminal)),
            ("template", () => TemplateCommand.Create(open, terminal)),
            ("task", () => TaskCommand.Create(open, terminal)),
            ("mcp", () => McpCommand.Create(open, terminal)),
            ("catalog", () => CatalogCommand.Create(() => open(null).Providers.Catalogs, terminal)),
            ("search", () => SearchCommand.Create(open, terminal)),
            ("chats", () => ChatsCommand.Create(open, terminal)),
            ("approvals", () => ApprovalsCommand.Create(open, terminal)),
            ("edits", () => EditsCommand.Create(open, terminal)),
            ("review", () => ReviewCommand.Create(open, terminal)),
            ("worktrees", () => WorktreesCommand.Create(open, terminal)),
            ("usage", () => UsageCommand.Create(open, terminal)),
            ("import", () => ImportCommand.Create(open, terminal)),
            ("audit", () => AuditCommand.Create(open, terminal)),
            ("health", () => HealthCommand.Create(open, terminal)),
            ("sandbox", () => SandboxCommand.Create(terminal)),
            ("completion", () => CompletionCommand.Create(terminal)),
        ];
}
