using System.CommandLine;
using Microsoft.Extensions.Logging;
using Plue.Server.Mcp;
using Plue.Server.Modules;
using Plue.Server.Platform;

namespace Plue.Server.Cli;

/// <summary><c>plue mcp serve</c>: Plue as a server of the Model Context Protocol on stdin and stdout.</summary>
internal static class McpServeCommand
{
    public static Command Create()
    {
        var allowTasks = new Option<bool>("--allow-tasks")
        {
            Description = "Let the client start agent tasks; without it, the server only reads",
        };
        var maxBudget = new Option<decimal?>("--max-budget")
        {
            Description = "The highest budget of each task, in US dollars; defaults to that of its template",
            HelpName = "USD",
        };
        maxBudget.Validators.Add(result =>
        {
            if (result.GetValue(maxBudget) is <= 0)
            {
                result.AddError("--max-budget must be greater than 0.");
            }
            if (!result.GetValue(allowTasks))
            {
                result.AddError("--max-budget needs --allow-tasks.");
            }
        });
        var workspace = TemplateOptions.Workspace();
        var level = new Option<LogLevel>("--log") { Description = "The minimum log level", DefaultValueFactory = _ => LogLevel.Warning };
        var command = new Command(
            "serve",
            "Serve chats, tasks, items and usage to another program, over the Model Context Protocol on stdin and stdout, for example: plue mcp serve"
        )
        {
            allowTasks,
            maxBudget,
            workspace,
            level,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                ProtocolStreams.RunAsync(
                    (input, output) =>
                        ServeAsync(
                            parsed.GetValue(level),
                            parsed.GetValue(workspace),
                            parsed.GetValue(allowTasks) ? new TaskStart(parsed.GetValue(maxBudget)) : null,
                            input,
                            output,
                            cancellationToken
                        )
                )
        );
        return command;
    }

    private static async Task<int> ServeAsync(
        LogLevel level,
        string? workspace,
        TaskStart? start,
        Stream input,
        Stream output,
        CancellationToken cancellationToken
    )
    {
        IdleGarbageCollector.ForThisProcess().Watch();
        await using var services = new Services(level);
        services.Platform.Trust(workspace);
        // A passphrase cannot be requested, because the protocol uses stdin. An open vault also masks its secrets.
        await VaultCommand.UnlockByKeychainAsync(services.Vault.Vault, cancellationToken);
        await HomeServer.RunAsync(services, start, input, output, cancellationToken);
        // The process ends with this connection, so its child processes have lost their owner.
        await ChildProcess.EndAllAsync();
        return ExitCodes.Done;
    }
}
