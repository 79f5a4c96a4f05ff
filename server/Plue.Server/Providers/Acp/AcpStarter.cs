using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers.External;

namespace Plue.Server.Providers.Acp;

/// <summary>Starts the program of an agent: approved, with a chosen environment, in the sandbox.</summary>
/// <param name="environment">Of this process; only chosen names are passed on.</param>
/// <param name="sandbox">Null where there is none to use.</param>
internal sealed class AcpStarter(
    ProviderSettings settings,
    ISecretSource secrets,
    ExternalPrograms programs,
    IReadOnlyDictionary<string, string> environment,
    Func<IProgramSandbox?> sandbox,
    ILogger logger
)
{
    private static readonly string[] Passed =
    [
        .. OwnEnvironment.Harmless,
        "SHELL",
        "TERM",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_STATE_HOME",
        "NODE_EXTRA_CA_CERTS",
    ];

    /// <summary>Of known agents, where their folder is if it is not the usual one.</summary>
    private static readonly string[] FolderVariables = ["CODEX_HOME", "CLAUDE_CONFIG_DIR", "COPILOT_HOME"];

    private readonly AcpAgent? known = AcpAgent.Of(settings.Command);

    /// <summary>Gets the folders besides the workspace to which its program may write.</summary>
    public ProgramAccess AccessOf(AcpLaunch launch) => new([launch.Directory, .. launch.Others], launch.MayChangeFiles, OwnFolders());

    /// <exception cref="FailureException">It is not approved, cannot be started, or a secret cannot be read.</exception>
    public async Task<AcpProgram> StartAsync(AcpLaunch launch, CancellationToken cancellationToken)
    {
        var command =
            settings.Command
            ?? throw new FailureException(
                FailureKind.MissingField,
                $"{settings.Name} has no program. Enter its absolute path as `command` in Manage Providers."
            );
        var program = await Task.Run(() => programs.RequireApproved(command), cancellationToken).ConfigureAwait(false);
        var (variables, secretNames) = await EnvironmentAsync(program, cancellationToken).ConfigureAwait(false);
        var start = new ChildProcessStart
        {
            Program = program.Path,
            Arguments = settings.Arguments,
            Environment = variables,
            SecretNames = secretNames,
            WorkingDirectory = launch.Directory,
            LineCap = AcpConnection.MaxLineBytes,
            GracePeriod = TimeSpan.FromSeconds(2),
        };
        try
        {
            var prepared =
                settings.UsesSandbox && sandbox() is { } used
                    ? await used.PrepareAsync(start, AccessOf(launch), cancellationToken).ConfigureAwait(false)
                    : new SandboxedProgram(
                        start,
                        "The sandbox is switched off for this provider. The program runs with your permissions.",
                        false,
                        null
                    );
            var child = ChildProcess.Start(prepared.Start);
            logger.LogInformation("Started the agent {Path} (process {Id}).", program.Path, child.Id);
            return new AcpProgram(child, prepared);
        }
        catch (IOException fault)
        {
            throw new FailureException(
                FailureKind.ProviderExecutableFailed,
                $"{settings.Name} could not be started: {fault.Message.TrimEnd('.')}. Check its command in Manage Providers.",
                fault
            );
        }
    }

    /// <summary>Reads the secrets of servers. The agent receives them, so they have to be allowed for its program.</summary>
    public async Task<AgentServers> ResolveAsync(AgentServers wanted, CancellationToken cancellationToken)
    {
        if (settings.Command is not { } command || wanted.Servers.Count == 0)
        {
            return wanted;
        }

        var program = await Task.Run(() => programs.RequireApproved(command), cancellationToken).ConfigureAwait(false);
        List<AgentServer> resolved = [];
        List<string> omitted = [.. wanted.Omitted];
        foreach (var server in wanted.Servers)
        {
            var values = new Dictionary<string, string>(StringComparer.Ordinal);
            try
            {
                foreach (var (name, value) in server.Values)
                {
                    values[name] = SecretReference.FindIn(value) is { } secret
                        ? secret.Before
                            + (await secrets.GetAsync(secret.Reference, program.Origin, cancellationToken).ConfigureAwait(false)).Reveal()
                        : value;
                }

                resolved.Add(server with { Values = values });
            }
            catch (FailureException fault)
            {
                omitted.Add($"The agent did not receive the MCP server {server.Name}: {fault.Message}");
            }
        }

        return new AgentServers(resolved, omitted);
    }

    public IProgramWatch? Watch(AcpLaunch launch) => settings.UsesSandbox ? sandbox()?.Watch(AccessOf(launch)) : null;

    private async Task<(Dictionary<string, string> Variables, IReadOnlyList<string> SecretNames)> EnvironmentAsync(
        ExternalProgram program,
        CancellationToken cancellationToken
    )
    {
        List<string> secretNames = [.. (known?.Variables ?? []).Where(name => name.EndsWith("_KEY", StringComparison.Ordinal))];
        var variables = environment
            .Where(pair =>
                Passed.Contains(pair.Key)
                || pair.Key.StartsWith("LC_", StringComparison.Ordinal)
                || known?.Variables.Contains(pair.Key) == true
            )
            .ToDictionary(pair => pair.Key, pair => pair.Value);
        // A script of npm starts the node beside it.
        variables["PATH"] = string.Join(
            Path.PathSeparator,
            new[] { Path.GetDirectoryName(program.Path), variables.GetValueOrDefault("PATH") }.Where(folder => folder is { Length: > 0 })
        );
        foreach (var (name, value) in settings.Environment)
        {
            if (SecretReference.IsVault(value))
            {
                variables[name] = (await secrets.GetAsync(value, program.Origin, cancellationToken).ConfigureAwait(false)).Reveal();
                secretNames.Add(name);
            }
            else if (SecretReference.IsEnvironment(value))
            {
                secretNames.Add(name);
                if (environment.TryGetValue(value[SecretReference.EnvironmentScheme.Length..], out var own))
                {
                    variables[name] = own;
                }
            }
            else
            {
                variables[name] = value;
            }
        }

        return (variables, secretNames);
    }

    private List<string> OwnFolders()
    {
        var home = environment.GetValueOrDefault(OperatingSystem.IsWindows() ? "USERPROFILE" : "HOME") ?? PluePaths.UserFolder;
        var named = FolderVariables
            .Select(name => settings.Environment.GetValueOrDefault(name) ?? environment.GetValueOrDefault(name))
            .OfType<string>()
            .Where(Path.IsPathFullyQualified);
        List<string> folders =
        [
            .. (known?.Folders ?? []).Select(name => Path.Combine(home, name)),
            .. known is null ? [] : named,
            .. settings.WritableFolders.Select(folder => HomePath.Of(folder, home)).Where(Path.IsPathFullyQualified),
        ];
        return folders;
    }
}

/// <summary>A started program with its sandbox.</summary>
internal sealed record AcpProgram(ChildProcess Child, SandboxedProgram Sandbox);
