using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Notifications;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Tools;
using Plue.Server.Tools.Mcp;

namespace Plue.Server.Health;

/// <summary>Checks the sidecar itself, and the programs around it.</summary>
internal sealed class MachineChecks(HealthServices services)
{
    /// <summary>Enough characters to distinguish builds.</summary>
    private const int ShownHash = 16;
    private static readonly string[] GitPaths =
    [
        "/usr/bin/git",
        "/usr/local/bin/git",
        "/opt/homebrew/bin/git",
        "/run/current-system/sw/bin/git",
        @"C:\Program Files\Git\cmd\git.exe",
    ];

    public static IReadOnlyList<HealthRow> Sidecar()
    {
        // A single-file program has no library beside it.
        var library = Path.Combine(AppContext.BaseDirectory, "plue.dll");
        var isPortable = File.Exists(library);
        var isDevelopment = typeof(MachineChecks).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()?.Configuration == "Debug";
        var kind =
            isDevelopment ? "a development build"
            : isPortable ? "the portable package"
            : "the package for this machine";
        var file = isPortable ? library : Environment.ProcessPath;
        return
        [
            HealthRow.Ok(
                "Sidecar",
                $"Version {PlatformServices.Version}, {kind}, on {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}, {RuntimeInformation.OSDescription}. "
                    + $"The SHA-256 of {file} begins with {(file is null ? "what is not known" : HashOf(file))}."
            ),
        ];
    }

    public async Task<IReadOnlyList<HealthRow>> ClaudeCodeAsync(CancellationToken cancellationToken)
    {
        const string name = "Claude Code";
        var found = await services.Providers.Factory.FindClaudeCodeAsync(cancellationToken);
        var check = new HealthFix(HealthAction.CheckClaudeCode);
        return
        [
            found switch
            {
                { Path: null } => HealthRow.Missing(name, found.Sentence) with
                {
                    Advice = "It is needed only to use a Claude subscription.",
                    Fix = check,
                },
                { SignedIn: false } => HealthRow.Warning(
                    name,
                    $"{found.Path}{(found.Version is { } version ? $", version {version}" : "")}: {found.Sentence}"
                ) with
                {
                    Advice = "Sign in with: claude auth login",
                    Fix = check,
                },
                _ => HealthRow.Ok(name, $"{found.Path}{(found.Version is { } version ? $", version {version}" : "")}, is signed in."),
            },
        ];
    }

    public async Task<IReadOnlyList<HealthRow>> OllamaAsync(CancellationToken cancellationToken)
    {
        const string name = "Ollama";
        var (address, failure) = await services.Providers.Discovery.AskOllamaAsync(cancellationToken);
        return
        [
            failure is null
                ? HealthRow.Ok(name, $"It responds at {address}.")
                : HealthRow.Missing(name, $"Nothing responds at {address}.") with
                {
                    Advice = "It is needed only for models that run on this machine.",
                },
        ];
    }

    /// <summary>Shows only the name and state of a server: its command line may contain secrets.</summary>
    public IReadOnlyList<HealthRow> Servers()
    {
        const string name = "MCP servers";
        var (servers, problems) = services.Tools.McpServers.List();
        var rows = servers
            .Select(Server)
            .Concat(problems.Select(problem => HealthRow.Failed(name, problem) with { Fix = new HealthFix(HealthAction.ManageServers) }))
            .ToList();
        return rows.Count > 0 ? rows : [HealthRow.Ok(name, "No server is declared.")];
    }

    /// <summary>Checks the export to the user's collector; no row if it is off.</summary>
    public IReadOnlyList<HealthRow> Telemetry()
    {
        const string name = "Telemetry";
        var (settings, status) = (services.Telemetry.Settings, services.Telemetry.Exporter.Status);
        if (settings.Endpoint is not { } endpoint)
        {
            return [];
        }

        var what = settings.HasContent ? "Traces with content" : "Traces without content";
        var counts = string.Create(CultureInfo.InvariantCulture, $"{status.Sent} spans were sent, {status.Dropped} were dropped");
        return
        [
            status.Failure is { } failure
                ? HealthRow.Warning(name, $"{what} are not received by {endpoint.Authority}: {failure} {counts}.") with
                {
                    Advice = "Check the collector and its address.",
                    Fix = new HealthFix(HealthAction.OpenSettings),
                }
                : HealthRow.Ok(name, $"{what} are exported to {endpoint.Authority}. {counts}."),
        ];
    }

    /// <summary>Checks the address of the webhook, without sending anything; no row if there is none.</summary>
    public IReadOnlyList<HealthRow> Notifications()
    {
        const string name = "Notifications";
        string? problem;
        try
        {
            if (NotificationSettings.Of(UserConfig.Read(services.Paths)).Address is not { } address)
            {
                return [];
            }

            problem = services.Connections.RefusalOf(address);
            if (problem is null)
            {
                return [HealthRow.Ok(name, $"Notifications are sent to {address.Authority}.")];
            }
        }
        catch (FailureException fault)
        {
            problem = fault.Message;
        }

        return
        [
            HealthRow.Warning(name, $"No notification is sent to the webhook. {problem}") with
            {
                Fix = new HealthFix(HealthAction.OpenSettings),
            },
        ];
    }

    /// <summary>Checks the proxy, the certificates and the contacted hosts; no row without settings and connections.</summary>
    public IReadOnlyList<HealthRow> Network()
    {
        const string name = "Network";
        var settings = new HealthFix(HealthAction.OpenSettings);
        var (connections, plan) = (services.Connections, NetworkPlan.Of(services));
        List<HealthRow> rows = [];
        if (connections.Settings.Problem is { } problem)
        {
            rows.Add(HealthRow.Failed(name, problem) with { Fix = settings });
        }
        else if (connections.Settings.ProxyAddress is { } proxy)
        {
            rows.Add(HealthRow.Ok(name, $"The proxy {proxy.Authority} is used for other machines."));
        }
        if (connections.RootsProblem is { } roots)
        {
            rows.Add(HealthRow.Warning(name, roots) with { Advice = "Correct ca_file in the settings.", Fix = settings });
        }
        else if (connections.Settings.CaFile is { Length: > 0 } file)
        {
            rows.Add(HealthRow.Ok(name, $"The certificates of {file} are trusted beside those of the system."));
        }

        var contacted = connections.Contacted;
        if (contacted.Count > 0)
        {
            rows.Add(HealthRow.Ok(name, $"Contacted since the start: {string.Join(", ", contacted.Select(host => host.Host))}."));
        }
        if (NetworkPlan.Unplanned(plan, contacted) is { Count: > 0 } unplanned)
        {
            rows.Add(
                HealthRow.Ok(
                    name,
                    $"Not in the settings, so chosen by a tool, a sign-in, or earlier settings: {string.Join(", ", unplanned)}."
                )
            );
        }
        return rows;
    }

    public async Task<IReadOnlyList<HealthRow>> SandboxAsync(CancellationToken cancellationToken)
    {
        const string name = "Sandbox";
        return
        [
            await services.Permissions.Sandbox.KindAsync(cancellationToken) switch
            {
                SandboxKind.Bubblewrap => HealthRow.Ok(name, "Commands of agents run in bubblewrap."),
                SandboxKind.SandboxExec => HealthRow.Ok(name, "Commands of agents run in the sandbox of macOS."),
                SandboxKind.Landlock => HealthRow.Ok(
                    name,
                    "Commands of agents run under Landlock, which restricts less than bubblewrap."
                ) with
                {
                    Advice = "Install bubblewrap for stronger isolation.",
                },
                _ when OperatingSystem.IsLinux() => HealthRow.Warning(
                    name,
                    "No sandbox is available: commands that you approve run with your permissions. bubblewrap is not installed or cannot run, and the kernel does not support Landlock."
                ) with
                {
                    Advice = "Install bubblewrap and allow it to create user namespaces.",
                },
                _ => HealthRow.Warning(
                    name,
                    "No sandbox is available on this system: commands that you approve run with your permissions."
                ) with
                {
                    Advice = "Use a container or WSL for isolation.",
                },
            },
        ];
    }

    public static IReadOnlyList<HealthRow> Ripgrep() =>
        [
            WorkspaceListing.FindRipgrep() is { } program
                ? HealthRow.Ok("Search", $"Agents search with {program}.")
                : HealthRow.Ok("Search", "Agents use Plue's built-in search. ripgrep is faster in large folders."),
        ];

    public static async Task<IReadOnlyList<HealthRow>> GitAsync(CancellationToken cancellationToken)
    {
        const string name = "Git";
        if (GitPaths.FirstOrDefault(File.Exists) is not { } program)
        {
            return [HealthRow.Missing(name, "Git was not found in the standard locations. Plue works without it, but agents may need it.")];
        }

        await using var child = ChildProcess.Start(
            new ChildProcessStart
            {
                Program = program,
                Arguments = ["--version"],
                Environment = new Dictionary<string, string> { ["LC_ALL"] = "C" },
                WorkingDirectory = Path.GetTempPath(),
                LineCap = 1024,
            }
        );
        child.CloseInput();
        var line = await child.ReadLineAsync(cancellationToken);
        return
        [
            line is { } text
                ? HealthRow.Ok(name, $"{program}: {Encoding.UTF8.GetString(text.Span)}.")
                : HealthRow.Warning(name, $"{program} prints nothing."),
        ];
    }

    public IReadOnlyList<HealthRow> OpenFolder()
    {
        const string name = "Folder";
        return
        [
            services.Platform.Workspace switch
            {
                { OpenFolder: null } => HealthRow.Ok(name, "No workspace folder is open."),
                { TrustedFolders: { AreSeveral: true } several } => HealthRow.Ok(
                    name,
                    $"{string.Join(", ", several.Paths)} are trusted: agents can work in them and ask before they change files."
                ),
                { TrustedFolder: { } trusted } => HealthRow.Ok(
                    name,
                    $"{trusted} is trusted: agents can work in it and ask before they change files."
                ),
                { OpenFolder: var open } => HealthRow.Warning(
                    name,
                    $"{open} is not trusted: its files are not read, and agents cannot work in it."
                ) with
                {
                    Advice = "Trust it if you trust its authors.",
                    Fix = new HealthFix(HealthAction.TrustFolder),
                },
            },
        ];
    }

    private static HealthRow Server(McpServerStatus status)
    {
        var name = $"Server {status.Declaration.Name}";
        var row = status.State switch
        {
            McpServerState.NotApproved => HealthRow.Warning(
                name,
                status.Changes is null
                    ? "It is not approved, so it does not start."
                    : "It has changed since it was approved, so it does not start."
            ),
            McpServerState.SignInNeeded => HealthRow.Warning(name, "It requires sign-in."),
            McpServerState.Failed => HealthRow.Failed(name, status.Error ?? "It failed."),
            McpServerState.Running => HealthRow.Ok(name, $"It runs and offers {Plural.Of(status.Tools.Count, "tool")}."),
            _ => HealthRow.Ok(name, "It is approved and starts on first use."),
        };
        return row.State == HealthState.Ok ? row : row with { Fix = new HealthFix(HealthAction.ManageServers, status.Declaration.Name) };
    }

    private static string HashOf(string file)
    {
        using var stream = RegularFile.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream))[..ShownHash];
    }
}
