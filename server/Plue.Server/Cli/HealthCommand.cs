using System.CommandLine;
using Plue.Protocol;
using Plue.Server.Health;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Rpc;
using HealthAction = Plue.Protocol.HealthAction;
using HealthState = Plue.Protocol.HealthState;

namespace Plue.Server.Cli;

/// <summary><c>plue health</c>: prints the result of health/check. The text can be pasted into a report.</summary>
/// <param name="userFolder">Replaced by <c>~</c> in a report.</param>
internal sealed class HealthCommand(Func<string?, Services> open, Terminal terminal, string userFolder)
{
    private readonly Option<string?> workspace = TemplateOptions.Workspace();
    private readonly Option<bool> online = new("--online") { Description = "Also request the models of each enabled provider" };
    private readonly Option<bool> network = new("--network")
    {
        Description = "List each host that Plue would contact and why, and contact none. Programs that Plue starts choose their own hosts",
    };
    private readonly Option<bool> json = CommonOptions.Json();
    private readonly Option<int?> fd = CommonOptions.PassphraseFd();

    public static Command Create(Func<string?, Services> open, Terminal terminal, string? userFolder = null) =>
        new HealthCommand(open, terminal, userFolder ?? PluePaths.UserFolder).Build();

    private Command Build()
    {
        var commands = new Subcommands(parsed => open(parsed.GetValue(workspace)), terminal);
        return commands.Verb(
            "health",
            "Check everything that Plue needs, and suggest fixes, for example: plue health --online",
            [online, network, workspace, json, fd],
            async (services, parsed, cancellationToken) =>
            {
                if (parsed.GetValue(network))
                {
                    ShowNetwork(services);
                    return ExitCodes.Done;
                }

                var notOpened = await OpenVaultAsync(services, parsed, cancellationToken);
                var result = await new HealthHandlers(services.Health).CheckAsync(
                    new HealthCheckParams(parsed.GetValue(online)),
                    notOpened,
                    cancellationToken
                );
                if (parsed.GetValue(json))
                {
                    commands.WriteJson(ForReport(result));
                }
                else
                {
                    Show(result);
                }

                return result.Healthy ? ExitCodes.Done : ExitCodes.Failed;
            }
        );
    }

    /// <returns>Why the given passphrase does not open the vault, which is reported too; null if it does, or none was given.</returns>
    private async Task<string?> OpenVaultAsync(Services services, ParseResult parsed, CancellationToken cancellationToken)
    {
        var descriptor = parsed.GetValue(fd);
        if (descriptor is null)
        {
            await VaultCommand.UnlockByKeychainAsync(services.Vault.Vault, cancellationToken);
        }

        try
        {
            await VaultCommand.UnlockIfRequestedAsync(
                services.Vault.Vault,
                descriptor,
                parsed.GetValue(online) ? services.Providers.Registry.SwitchedOn() : [],
                terminal,
                cancellationToken
            );
            return null;
        }
        catch (FailureException fault) when (fault.Failure.Kind is FailureKind.NotFound or FailureKind.VaultLocked)
        {
            return fault.Message;
        }
    }

    /// <summary>Shortens the paths of files that fix a problem, as in the texts of the report.</summary>
    private HealthCheckResult ForReport(HealthCheckResult result) =>
        result with
        {
            Rows =
            [
                .. result.Rows.Select(row =>
                    row.Fix is { Target: { } target } fix
                        ? row with
                        {
                            Fix = fix with { Target = HealthCheck.WithTilde(target, userFolder) },
                        }
                        : row
                ),
            ],
        };

    private void ShowNetwork(Services services)
    {
        var hosts = NetworkPlan.Of(services.Health);
        var width = hosts.Max(host => host.Host.Length);
        foreach (var host in hosts)
        {
            terminal.WriteLine(
                services.Platform.Redactor.Mask(
                    HiddenCharacters.VisibleLine(
                        $"{host.Host.PadRight(width)}  {host.Reason}{(host.Refusal is { } refusal ? $"  refused: {refusal}" : "")}"
                    )
                )
            );
        }
    }

    private void Show(HealthCheckResult result)
    {
        var width = result.Rows.Max(row => row.Name.Length);
        foreach (var row in result.Rows)
        {
            terminal.WriteLine($"{Label(row.State)}  {row.Name.PadRight(width)}  {row.Message}");
            var indent = new string(' ', 11 + width);
            if (row.Advice is { } advice)
            {
                terminal.WriteLine(indent + advice);
            }
            if (row.Fix is { } fix && LineFor(fix) is { } line)
            {
                terminal.WriteLine($"{indent}$ {line}");
            }
        }

        terminal.WriteLine();
        terminal.WriteLine(result.Healthy ? Summary(result.Rows) : "Plue is missing a required component.");
    }

    private static string Summary(IReadOnlyList<HealthRowView> rows)
    {
        var (warnings, failed) = (rows.Count(row => row.State == HealthState.Warning), rows.Count(row => row.State == HealthState.Failed));
        List<string> problems = [];
        if (warnings > 0)
        {
            problems.Add(warnings == 1 ? "1 warning" : $"{warnings} warnings");
        }
        if (failed > 0)
        {
            problems.Add(failed == 1 ? "1 failed check" : $"{failed} failed checks");
        }
        if (problems.Count > 0)
        {
            return $"Plue is working, with {string.Join(" and ", problems)}.";
        }

        return rows.Any(row => row.State == HealthState.Missing)
            ? "No problems found. An optional component is missing."
            : "No problems found.";
    }

    private static string Label(HealthState state) =>
        state switch
        {
            HealthState.Ok => "ok     ",
            HealthState.Warning => "warning",
            HealthState.Missing => "missing",
            _ => "failed ",
        };

    /// <returns>The command to type; null if a shell command does not help beyond the advice.</returns>
    private static string? LineFor(HealthFixView fix) =>
        fix switch
        {
            { Action: HealthAction.ConnectProvider } => "plue providers add --help",
            { Action: HealthAction.SetKey, Target: { } id } => $"plue providers show {id}",
            { Action: HealthAction.TestProvider, Target: { } id } => $"plue providers test {id}",
            { Action: HealthAction.ShowProvider, Target: { } id } => $"plue providers show {id}",
            // Each command is a separate process that starts with a locked vault.
            { Action: HealthAction.UnlockVault } => "plue health --passphrase-fd 0",
            { Action: HealthAction.ManageServers } => "plue mcp list",
            _ => null,
        };
}
