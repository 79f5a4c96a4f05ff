using System.CommandLine;
using Microsoft.Extensions.Logging;
using Plue.Server.Acp;
using Plue.Server.Modules;
using Plue.Server.Platform;

namespace Plue.Server.Cli;

/// <summary><c>plue acp</c>: Plue as an agent of other editors, over the Agent Client Protocol on stdin and stdout.</summary>
internal static class AcpCommand
{
    public static Command Create()
    {
        var level = new Option<LogLevel>("--log") { Description = "The minimum log level", DefaultValueFactory = _ => LogLevel.Warning };
        var command = new Command(
            "acp",
            "Serve an editor as an agent, over the Agent Client Protocol on stdin and stdout, for example: plue acp"
        )
        {
            level,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                ProtocolStreams.RunAsync((input, output) => ServeAsync(parsed.GetValue(level), input, output, cancellationToken))
        );
        return command;
    }

    private static async Task<int> ServeAsync(LogLevel level, Stream input, Stream output, CancellationToken cancellationToken)
    {
        IdleGarbageCollector.ForThisProcess().Watch();
        await AgentServer.RunAsync(
            async stop =>
            {
                var services = new Services(level);
                // A passphrase cannot be requested, because the protocol uses stdin.
                await VaultCommand.UnlockByKeychainAsync(services.Vault.Vault, stop);
                return services;
            },
            input,
            output,
            cancellationToken
        );
        // The process ends with this connection, so its child processes have lost their owner.
        await ChildProcess.EndAllAsync();
        return ExitCodes.Done;
    }
}
