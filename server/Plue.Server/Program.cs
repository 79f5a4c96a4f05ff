using System.CommandLine;
using Microsoft.Extensions.Logging;
using Plue.Server;
using Plue.Server.Cli;
using Plue.Server.Platform;

CrashDumps.Prevent();
using var stop = new CancellationTokenSource();
using var ending = ProcessExit.WithinAfterSignal(TimeSpan.FromSeconds(4.5), stop);
var terminal = Terminal.OfThisProcess();
(string Name, Func<Command> Create)[] commands =
[
    ("serve", () => ServeCommand.Create(Sidecar.RunAsync)),
    ("run", () => RunCommand.Create(workspace => new Composition(LogLevel.Warning).RunServices(workspace), terminal)),
    ("ai-provider", () => AiProviderCommand.Create(() => new Composition(LogLevel.Warning).RunServices(null), terminal)),
    ("vault", () => VaultCommand.Create(() => new Composition(LogLevel.Warning).VaultServices, terminal)),
    ("providers", () => ProvidersCommand.Create(() => new Composition(LogLevel.Warning).ProvidersHouse, terminal)),
    ("models", () => ModelsCommand.Create(() => new Composition(LogLevel.Warning).ProvidersHouse, terminal)),
    ("codex", () => CodexCommand.Create(() => new Composition(LogLevel.Warning).CodexHouse, terminal)),
    ("template", () => TemplateCommand.Create(workspace => new Composition(LogLevel.Warning).TemplatesHouse(workspace), terminal)),
    ("task", () => TaskCommand.Create((workspace, policy) => new Composition(LogLevel.Warning).TaskHouse(workspace, policy), terminal)),
    ("mcp", () => McpCommand.Create(workspace => new Composition(LogLevel.Warning).McpHouse(workspace), terminal)),
    ("catalog", () => CatalogCommand.Create(() => new Composition(LogLevel.Warning).CatalogServices, terminal)),
    ("search", () => SearchCommand.Create(() => new Composition(LogLevel.Warning).SearchServices, terminal)),
    ("chats", () => ChatsCommand.Create(() => new Composition(LogLevel.Warning).TransferServices, terminal)),
    ("health", () => HealthCommand.Create(workspace => new Composition(LogLevel.Warning).HealthHouse(workspace), terminal)),
    ("sandbox", () => SandboxCommand.Create(terminal)),
];
// A command that is named first is all that is needed; help and mistakes need every one.
var named = Array.FindIndex(commands, command => command.Name == args.FirstOrDefault());
var root = new RootCommand("Plue: chat and agents with your own providers");
foreach (var (_, create) in named < 0 ? commands : [commands[named]]) { root.Add(create()); }
var parsed = root.Parse(args);
var exitCode = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }, stop.Token);
// A usage error is 2, as shells have it; the library says 1.
return parsed.Errors.Count > 0 ? ExitCodes.BadUsage : exitCode;
