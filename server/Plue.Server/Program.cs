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
var commands = CommandTree.Of(Open, terminal, Sidecar.RunAsync);

// Creates only the named command; help and errors need all of them.
var named = commands.Where(command => command.Name == args.FirstOrDefault()).ToList();
var root = new RootCommand("Plue: chat and agents with your own providers");
foreach (var (_, create) in named.Count == 0 ? commands : named)
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
