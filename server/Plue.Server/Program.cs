using System.CommandLine;
using Microsoft.Extensions.Logging;
using Plue.Server;
using Plue.Server.Cli;
using Plue.Server.Platform;

CrashFiles.Prevent();
using var stop = new CancellationTokenSource();
using var ending = ProcessEnd.WithinAfterSignal(TimeSpan.FromSeconds(4.5), stop);
var terminal = Terminal.OfThisProcess();
var root = new RootCommand("Plue: chat and agents with your own providers")
{
    ServeCommand.Create(Sidecar.RunAsync),
    RunCommand.Create(workspace => new Composition(LogLevel.Warning).RunServices(workspace), terminal),
    AiProviderCommand.Create(() => new Composition(LogLevel.Warning).RunServices(null), terminal),
    VaultCommand.Create(() => new Composition(LogLevel.Warning).VaultServices, terminal),
    ProvidersCommand.Create(() => new Composition(LogLevel.Warning).ProvidersHouse, terminal),
    ModelsCommand.Create(() => new Composition(LogLevel.Warning).ProvidersHouse, terminal),
    CodexCommand.Create(() => new Composition(LogLevel.Warning).CodexHouse, terminal),
    TemplateCommand.Create(workspace => new Composition(LogLevel.Warning).TemplatesHouse(workspace), terminal),
    TaskCommand.Create((workspace, policy) => new Composition(LogLevel.Warning).TaskHouse(workspace, policy), terminal),
    McpCommand.Create(workspace => new Composition(LogLevel.Warning).McpHouse(workspace), terminal),
    CatalogCommand.Create(() => new Composition(LogLevel.Warning).CatalogServices, terminal),
    SearchCommand.Create(() => new Composition(LogLevel.Warning).SearchServices, terminal),
    ChatsCommand.Create(() => new Composition(LogLevel.Warning).TransferServices, terminal),
    HealthCommand.Create(workspace => new Composition(LogLevel.Warning).HealthHouse(workspace), terminal),
    SandboxCommand.Create(terminal),
};
var parsed = root.Parse(args);
var exitCode = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }, stop.Token);
// A usage error is 2, as shells have it; the library says 1.
return parsed.Errors.Count > 0 ? ExitCodes.BadUsage : exitCode;
