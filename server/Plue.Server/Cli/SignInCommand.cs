using System.CommandLine;
using Plue.Protocol;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Providers;

namespace Plue.Server.Cli;

/// <summary><c>plue sign-in</c>: signs in to a provider or an MCP server with OAuth. The address is printed; tokens go to the vault and are never printed.</summary>
internal sealed class SignInCommand(Func<string?, Services> open, Terminal terminal)
{
    private readonly Argument<string> name = new("name") { Description = "A provider of plue providers list, or with --mcp an MCP server" };
    private readonly Option<bool> mcp = new("--mcp") { Description = "Sign in to an MCP server of plue mcp list" };
    private readonly Option<bool> signOut = new("--sign-out") { Description = "Delete the stored tokens of the provider instead" };
    private readonly Option<string?> workspace = TemplateOptions.Workspace();
    private readonly Option<bool> json = new("--json")
    {
        Description = "Print the address and then the result as JSON objects, one a line",
    };
    private readonly Option<int?> passphraseFd = CommonOptions.PassphraseFd();

    public static Command Create(Func<string?, Services> open, Terminal terminal) => new SignInCommand(open, terminal).Build();

    private Command Build()
    {
        var commands = new Subcommands(parsed => open(parsed.GetValue(workspace)), terminal);
        return commands.Verb(
            "sign-in",
            "Sign in with OAuth, for example: plue sign-in my-provider",
            [name, mcp, signOut, workspace, json, passphraseFd],
            async (services, parsed, cancellationToken) =>
            {
                // Tokens are stored there, so it is unlocked before the browser opens.
                await VaultCommand.UnlockAsync(services.Vault.Vault, parsed.GetValue(passphraseFd), terminal, cancellationToken);
                var given = parsed.GetValue(name)!;
                if (parsed.GetValue(signOut))
                {
                    await SignOutAsync(services, given, parsed.GetValue(mcp), cancellationToken);
                }
                else if (parsed.GetValue(mcp))
                {
                    await SignInToServerAsync(commands, services, given, parsed.GetValue(json), cancellationToken);
                }
                else
                {
                    await SignInToProviderAsync(commands, services, given, parsed.GetValue(json), cancellationToken);
                }

                if (parsed.GetValue(json))
                {
                    commands.WriteObject(writer =>
                    {
                        writer.WriteString("name"u8, given);
                        writer.WriteBoolean("isSignedIn"u8, !parsed.GetValue(signOut));
                    });
                }
                else
                {
                    terminal.WriteError(
                        parsed.GetValue(signOut)
                            ? $"You are signed out of {HiddenCharacters.VisibleLine(given)}."
                            : $"You are signed in to {HiddenCharacters.VisibleLine(given)}."
                    );
                }
                return ExitCodes.Done;
            }
        );
    }

    private static async Task SignOutAsync(Services services, string given, bool isServer, CancellationToken cancellationToken)
    {
        if (isServer)
        {
            throw new FailureException(FailureKind.BadRequest, $"To sign out of an MCP server, revoke it: plue mcp revoke {given}");
        }

        await services.Providers.SignIns.SignOutAsync(Find(services, given).Id, cancellationToken);
    }

    private async Task SignInToProviderAsync(
        Subcommands commands,
        Services services,
        string given,
        bool asJson,
        CancellationToken cancellationToken
    )
    {
        var settings = Find(services, given);
        var start = await services.Providers.SignIns.BeginAsync(settings, cancellationToken);
        Show(commands, new ProviderSignInResult(start.Url.AbsoluteUri, start.UserCode, start.ExpiresAt), asJson);
        await services.Providers.SignIns.AwaitAsync(settings.Id, cancellationToken);
    }

    private async Task SignInToServerAsync(
        Subcommands commands,
        Services services,
        string given,
        bool asJson,
        CancellationToken cancellationToken
    )
    {
        var server = services.Tools.McpServers.Find(given);
        if (await server.SignInAsync(cancellationToken) is { } page)
        {
            Show(
                commands,
                new ProviderSignInResult(page.AbsoluteUri, null, services.Platform.Time.GetUtcNow() + Tools.Mcp.McpSignIn.SignInTimeout),
                asJson
            );
        }

        // Waits for the sign-in, and fails if the server still requires one.
        await server.ConnectedAsync(cancellationToken);
    }

    private void Show(Subcommands commands, ProviderSignInResult start, bool asJson)
    {
        if (asJson)
        {
            commands.WriteJson(start);
            return;
        }

        terminal.WriteError(
            start.UserCode is null
                ? "Open this address in a browser on this machine. Over SSH, forward the port in its redirect_uri."
                : "Open this address in a browser on any machine, and enter the code."
        );
        terminal.WriteLine(HiddenCharacters.VisibleLine(start.Url));
        if (start.UserCode is { } code)
        {
            terminal.WriteLine(HiddenCharacters.VisibleLine(code));
        }
    }

    private static ProviderSettings Find(Services services, string given) =>
        services.Providers.Registry.Find(given) switch
        {
            { Fault: { } fault } => throw new FailureException(FailureKind.NotFound, $"The provider {given} cannot be read: {fault}"),
            { Settings: { } settings } => settings,
            _ => throw new FailureException(
                FailureKind.NotFound,
                $"There is no provider {HiddenCharacters.VisibleLine(given)}. List them with plue providers list; for an MCP server, add --mcp."
            ),
        };
}
