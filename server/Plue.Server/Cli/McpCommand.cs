using System.CommandLine;
using System.Globalization;
using Plue.Protocol;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Rpc;

namespace Plue.Server.Cli;

/// <summary><c>plue mcp</c>: the servers of the Model Context Protocol from a shell.</summary>
internal sealed class McpCommand(Func<string?, McpCommandServices> open, Terminal terminal)
{
    private readonly Option<string?> workspace = TemplateOptions.Workspace();
    private readonly Option<bool> json = CommonOptions.Json();

    public static Command Create(Func<string?, McpCommandServices> open, Terminal terminal) => new McpCommand(open, terminal).Build();

    private Command Build()
    {
        var commands = new Subcommands<McpCommandServices>(parsed => open(parsed.GetValue(workspace)), terminal);
        var name = new Argument<string>("name") { Description = "The name of the server in its configuration file" };
        var fingerprint = new Option<string?>("--fingerprint") { Description = "The fingerprint that was shown; without it, the server is shown and not approved" };
        var fd = CommonOptions.PassphraseFd();
        return new Command("mcp", "Manage Model Context Protocol servers")
        {
            commands.Create("list", "List the configured servers without starting them", [workspace, json], (services, parsed, _) =>
            {
                Show(commands, parsed, services.Handlers.List());
                return Task.FromResult(ExitCodes.Done);
            }),
            commands.Create("approve", "Approve a server in its current state", [name, fingerprint, workspace, json], async (services, parsed, cancellationToken) =>
            {
                var listed = services.Handlers.List();
                if (parsed.GetValue(fingerprint) is { } seen)
                {
                    Show(commands, parsed, Only(await services.Handlers.ApproveAsync(parsed.GetValue(name)!, seen, cancellationToken), parsed.GetValue(name)!));
                    return ExitCodes.Done;
                }

                var one = Only(listed, parsed.GetValue(name)!);
                Show(commands, parsed, one);
                terminal.WriteError($"The server was not approved. To approve it, add: --fingerprint {one.Servers[0].Fingerprint}");
                return ExitCodes.Failed;
            }),
            commands.Create("revoke", "Revoke the approval of a server and sign out", [name, workspace, json, fd], async (services, parsed, cancellationToken) =>
            {
                await services.UnlockAsync(parsed.GetValue(fd), terminal, cancellationToken);
                Show(commands, parsed, Only(await services.Handlers.RevokeAsync(parsed.GetValue(name)!, cancellationToken), parsed.GetValue(name)!));
                return ExitCodes.Done;
            }),
            commands.Create("test", "Start an approved server, list its tools and stop it", [name, workspace, json, fd], async (services, parsed, cancellationToken) =>
            {
                await services.UnlockAsync(parsed.GetValue(fd), terminal, cancellationToken);
                Show(commands, parsed, Only(await services.Handlers.StartAsync(parsed.GetValue(name)!, cancellationToken), parsed.GetValue(name)!));
                return ExitCodes.Done;
            }),
        };
    }

    private static McpListResult Only(McpListResult listed, string name) => listed.Servers.FirstOrDefault(server => server.Name == name) is { } server
        ? new McpListResult([server], [])
        : throw new FailureException(FailureKind.NotFound, $"The server {HiddenCharacters.Visible(name)} does not exist.{NearestName.Hint(name, [.. listed.Servers.Select(other => other.Name)])}");

    private void Show(Subcommands<McpCommandServices> commands, ParseResult parsed, McpListResult listed)
    {
        if (parsed.GetValue(json))
        {
            commands.WriteJson(listed);
            return;
        }

        foreach (var server in listed.Servers)
        {
            terminal.WriteLine($"{server.Name}  {Label(server.State)}{(server.Tokens is { } tokens ? string.Create(CultureInfo.InvariantCulture, $"  {Plural.Of(server.Tools.Count, "tool")}, about {tokens} tokens") : "")}");
            terminal.WriteLine($"  Declared in: {WithoutControls(server.Source)}");
            terminal.WriteLine($"  {(server.Folder is null ? "Address" : "Command")}: {WithoutControls(server.Folder is null ? server.Command : server.Program ?? server.Command)}");
            foreach (var argument in server.Arguments) { terminal.WriteLine($"  Argument: {WithoutControls(argument)}"); }
            if (server.Folder is { } folder) { terminal.WriteLine($"  Folder: {WithoutControls(folder)}"); }
            if (server.Environment.Count > 0) { terminal.WriteLine($"  {(server.Folder is null ? "Headers" : "Variables")}: {WithoutControls(string.Join(' ', server.Environment))}"); }
            if (server.SecretOrigin is { } origin) { terminal.WriteLine($"  Keys go to: {origin}"); }
            if (server.Fingerprint.Length > 0) { terminal.WriteLine($"  Fingerprint: {server.Fingerprint}"); }
            foreach (var change in server.Changes ?? []) { terminal.WriteLine($"  {WithoutControls(change.TrimEnd('\n')).Replace("\n", "\n    ", StringComparison.Ordinal)}"); }
            if (server.Error is { } error) { terminal.WriteLine($"  {WithoutControls(error)}"); }
            foreach (var note in server.Notes) { terminal.WriteLine($"  {WithoutControls(note)}"); }
            foreach (var tool in server.Tools) { terminal.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {tool.Name}  {tool.Tokens} tokens")); }
        }

        foreach (var problem in listed.Problems) { terminal.WriteError(WithoutControls(problem)); }
    }

    private static string Label(McpState state) => state switch
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

/// <summary>The services of <c>plue mcp</c>; bound in Composition.</summary>
internal sealed record McpCommandServices(McpHandlers Handlers, Vault.Vault Vault, Func<string, string> Mask, Func<ValueTask> Dispose) : ICommandServices
{
    /// <summary>By the passphrase that was passed, else by the keychain: which keys a server wants is known when it starts.</summary>
    public Task UnlockAsync(int? passphraseFd, Terminal terminal, CancellationToken cancellationToken) => passphraseFd is { } fd
        ? VaultCommand.UnlockAsync(Vault, fd, terminal, cancellationToken)
        : VaultCommand.UnlockByKeychainAsync(Vault, cancellationToken);

    public ValueTask DisposeAsync() => Dispose();
}
