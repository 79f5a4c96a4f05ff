using System.CommandLine;
using Microsoft.Extensions.Logging;
using Plue.Server;
using Plue.Server.Cli;
using Plue.Server.Modules;
using Plue.Server.Platform;

CrashDumps.Prevent();
using var stop = new CancellationTokenSource();
using var ending = ProcessExit.WithinAfterSignal(TimeSpan.FromSeconds(4.5), stop);
var terminal = Terminal.OfThisProcess();
terminal.OutputClosed = () => _ = stop.CancelAsync();
Services? services = null;
(string Name, Func<Command> Create)[] commands =
[
    ("serve", () => ServeCommand.Create(Sidecar.RunAsync)),
    ("acp", AcpCommand.Create),
    ("chat", () => ChatCommand.Create(Open, terminal)),
    ("run", () => RunCommand.Create(Open, terminal)),
    ("ai-provider", () => AiProviderCommand.Create(Open, terminal)),
    ("vault", () => VaultCommand.Create(() => VaultAccess.Of(Open(null)), terminal)),
    ("providers", () => ProvidersCommand.Create(Open, terminal)),
    ("models", () => ModelsCommand.Create(Open, terminal)),
    ("codex", () => CodexCommand.Create(Open, terminal)),
    ("template", () => TemplateCommand.Create(Open, terminal)),
    ("task", () => TaskCommand.Create(Open, terminal)),
    ("mcp", () => McpCommand.Create(Open, terminal)),
    ("catalog", () => CatalogCommand.Create(() => Open(null).Providers.Catalogs, terminal)),
    ("search", () => SearchCommand.Create(Open, terminal)),
    ("chats", () => ChatsCommand.Create(Open, terminal)),
    ("approvals", () => ApprovalsCommand.Create(Open, terminal)),
    ("edits", () => EditsCommand.Create(Open, terminal)),
    ("worktrees", () => WorktreesCommand.Create(Open, terminal)),
    ("usage", () => UsageCommand.Create(Open, terminal)),
    ("import", () => ImportCommand.Create(Open, terminal)),
    ("audit", () => AuditCommand.Create(Open, terminal)),
    ("health", () => HealthCommand.Create(Open, terminal)),
    ("sandbox", () => SandboxCommand.Create(terminal)),
];

// Creates only the named command; help and errors need all of them.
var named = Array.FindIndex(commands, command => command.Name == args.FirstOrDefault());
var root = new RootCommand("Plue: chat and agents with your own providers");
foreach (var (_, create) in named < 0 ? commands : [commands[named]])
{
    root.Add(create());
}
var parsed = root.Parse(args);
var exitCode = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }, stop.Token);
if (services is not null)
{
    await services.DisposeAsync();
}

// Shells expect 2 for a usage error; the library returns 1.
return parsed.Errors.Count > 0 ? ExitCodes.BadUsage : exitCode;

// Services are created only when a command runs.
Services Open(string? workspace)
{
    services = new Services(LogLevel.Warning);
    services.Platform.Trust(workspace);
    return services;
}
