using System.CommandLine;
using System.Globalization;
using Plue.Protocol;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Rpc;

namespace Plue.Server.Cli;

/// <summary><c>plue mcp</c>: lists, starts, approves and revokes MCP servers.</summary>
internal sealed class McpCommand(Func<string?, Services> open, Terminal terminal)
{
    private readonly Option<string?> workspace = TemplateOptions.Workspace();
    private readonly Option<bool> json = CommonOptions.Json();

    public static Command Create(Func<string?, Services> open, Terminal terminal) => new McpCommand(open, terminal).Build();

    private Command Build()
    {
        var commands = new Subcommands(parsed => open(parsed.GetValue(workspace)), terminal);
        var name = new Argument<string>("name") { Description = "The server's name in the file that declares it" };
        var fingerprint = new Option<string?>("--fingerprint")
        {
            Description = "The hash that was shown; without it, shows the server and approves nothing",
        };
        var fd = CommonOptions.PassphraseFd();
        Func<Services, ParseResult, CancellationToken, Task<int>> Unlocked(
            Func<McpHandlers, string, CancellationToken, Task<McpListResult>> change
        ) =>
            async (services, parsed, cancellationToken) =>
            {
                await UnlockAsync(services.Vault.Vault, parsed.GetValue(fd), cancellationToken);
                var server = parsed.GetValue(name)!;
                Show(commands, parsed, Only(await change(HandlersOf(services), server, cancellationToken), server));
                return ExitCodes.Done;
            };
        return new Command("mcp", "Manage Model Context Protocol servers")
        {
            McpServeCommand.Create(),
            commands.Verb(
                "list",
                "List the declared servers without starting them, for example: plue mcp list --workspace .",
                [workspace, json],
                (services, parsed, _) =>
                {
                    Show(commands, parsed, HandlersOf(services).List());
                    return Task.FromResult(ExitCodes.Done);
                }
            ),
            commands.Verb(
                "approve",
                "Let a server start, as it is now, for example: plue mcp approve tracker",
                [name, fingerprint, workspace, json],
                async (services, parsed, cancellationToken) =>
                {
                    var listed = HandlersOf(services).List();
                    if (parsed.GetValue(fingerprint) is { } seen)
                    {
                        Show(
                            commands,
                            parsed,
                            Only(
                                await HandlersOf(services).ApproveAsync(parsed.GetValue(name)!, seen, cancellationToken),
                                parsed.GetValue(name)!
                            )
                        );
                        return ExitCodes.Done;
                    }

                    var one = Only(listed, parsed.GetValue(name)!);
                    Show(commands, parsed, one);
                    terminal.WriteError($"The server was not approved. To approve it, add: --fingerprint {one.Servers[0].Fingerprint}");
                    return ExitCodes.Failed;
                }
            ),
            commands.Verb(
                "revoke",
                "Forget that a server was approved, and its sign-in, for example: plue mcp revoke tracker",
                [name, workspace, json, fd],
                Unlocked((handlers, server, cancellationToken) => handlers.RevokeAsync(server, cancellationToken))
            ),
            commands.Verb(
                "test",
                "Start an approved server, list its tools and end it, for example: plue mcp test tracker",
                [name, workspace, json, fd],
                Unlocked((handlers, server, cancellationToken) => handlers.StartAsync(server, cancellationToken))
            ),
        };
    }

    private static McpHandlers HandlersOf(Services services) =>
        new(services.Tools.McpServers, services.Tools.McpImport, services.Tools.McpPrompts, services.ProgramImport.RecordServers);

    /// <summary>Unlocks the vault with the passed passphrase or the keychain, because the keys that a server needs are known only when it starts.</summary>
    private Task UnlockAsync(Vault.Vault vault, int? passphraseFd, CancellationToken cancellationToken) =>
        passphraseFd is { } fd
            ? VaultCommand.UnlockAsync(vault, fd, terminal, cancellationToken)
            : VaultCommand.UnlockByKeychainAsync(vault, cancellationToken);

    private static McpListResult Only(McpListResult listed, string name) =>
        listed.Servers.FirstOrDefault(server => server.Name == name) is { } server
            ? new McpListResult([server], [])
            : throw new FailureException(
                FailureKind.NotFound,
                $"The server {HiddenCharacters.Visible(name)} does not exist.{NearestName.Hint(name, [.. listed.Servers.Select(other => other.Name)])}"
            );

    private void Show(Subcommands commands, ParseResult parsed, McpListResult listed)
    {
        if (parsed.GetValue(json))
        {
            commands.WriteJson(listed);
            return;
        }

        foreach (var server in listed.Servers)
        {
            terminal.WriteLine(
                $"{server.Name}  {Label(server.State)}{(server.Tokens is { } tokens ? string.Create(CultureInfo.InvariantCulture, $"  {Plural.Of(server.Tools.Count, "tool")}, about {tokens} tokens") : "")}"
            );
            terminal.WriteLine($"  Declared in: {WithoutControls(server.Source)}");
            terminal.WriteLine(
                $"  {(server.Folder is null ? "Address" : "Command")}: {WithoutControls(server.Folder is null ? server.Command : server.Program ?? server.Command)}"
            );
            foreach (var argument in server.Arguments)
            {
                terminal.WriteLine($"  Argument: {WithoutControls(argument)}");
            }
            if (server.Folder is { } folder)
            {
                terminal.WriteLine($"  Folder: {WithoutControls(folder)}");
            }
            if (server.Environment.Count > 0)
            {
                terminal.WriteLine(
                    $"  {(server.Folder is null ? "Headers" : "Variables")}: {WithoutControls(string.Join(' ', server.Environment))}"
                );
            }
            if (server.SecretOrigin is { } origin)
            {
                terminal.WriteLine($"  Keys go to: {origin}");
            }
            if (server.Fingerprint.Length > 0)
            {
                terminal.WriteLine($"  Fingerprint: {server.Fingerprint}");
            }
            foreach (var change in server.Changes ?? [])
            {
                terminal.WriteLine($"  {WithoutControls(change.TrimEnd('\n')).Replace("\n", "\n    ", StringComparison.Ordinal)}");
            }
            if (server.Error is { } error)
            {
                terminal.WriteLine($"  {WithoutControls(error)}");
            }
            foreach (var note in server.Notes)
            {
                terminal.WriteLine($"  {WithoutControls(note)}");
            }
            foreach (var tool in server.Tools)
            {
                terminal.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {tool.Name}  {tool.Tokens} tokens"));
            }
        }

        foreach (var problem in listed.Problems)
        {
            terminal.WriteError(WithoutControls(problem));
        }
    }

    private static string Label(McpState state) =>
        state switch
        {
            McpState.NotApproved => "not approved",
            McpState.Starting => "starting",
            McpState.Running => "running",
            McpState.Failed => "failed",
            McpState.SignInNeeded => "sign-in needed",
            _ => "stopped",
        };

    private static string WithoutControls(string text) => HiddenCharacters.Visible(text);
}
