using Plue.Server.Permissions;
using Plue.Server.Providers;
using Plue.Server.Providers.Http;

namespace Plue.Server.Tools.Mcp;

/// <summary>A server as a file declares it. Either <see cref="Command"/> or <see cref="Address"/> is set, unless it has a fault.</summary>
public sealed record McpDeclaration
{
    /// <summary>Leaves room for the tool's name in the 64 characters that vendors allow.</summary>
    internal const int MaxNameLength = 24;

    /// <summary>In place of a file, for servers that an editor passes over the Agent Client Protocol.</summary>
    internal const string ClientSource = "the editor";

    public required string Name { get; init; }

    /// <summary>The file that declares it.</summary>
    public required string Source { get; init; }

    /// <summary>True if the workspace declares it: then it cannot use the user's environment.</summary>
    public required bool IsFromWorkspace { get; init; }

    /// <summary>The editor passed it, where the user set it up.</summary>
    internal bool IsFromClient => Source == ClientSource;

    /// <summary>As it is written: absolute, a path from <see cref="Folder"/>, or a name on PATH.</summary>
    public string? Command { get; init; }
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>As written: a value may name a secret.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Where it runs, absolute.</summary>
    public required string Folder { get; init; }

    public Uri? Address { get; init; }

    /// <summary>As written: a value may name a secret.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();
    public string? ClientId { get; init; }
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>The port of the sign-in redirect; 0 uses any free port.</summary>
    public int RedirectPort { get; init; }

    /// <summary>Whether it is told the trusted folders; null: programs are, servers with an address are not.</summary>
    public bool? Roots { get; init; }

    /// <summary>The user lets it ask for a model.</summary>
    public bool Sampling { get; init; }

    internal bool GetsRoots => Roots ?? Address is null;

    /// <summary>Why it cannot be used, in one sentence.</summary>
    public string? Fault { get; init; }

    /// <summary>Scheme, host and port; null for a program.</summary>
    public Uri? Origin => Address is null ? null : ProviderEndpoint.OriginOf(Address);

    /// <summary>Names of what it is given; values are never shown.</summary>
    public IReadOnlyList<string> GivenNames => [.. (Address is null ? Environment : Headers).Keys.Order(StringComparer.Ordinal)];
}

/// <summary>The services that servers use.</summary>
public sealed record McpServices
{
    public required Platform.PluePaths Paths { get; init; }
    public required Platform.Workspace Workspace { get; init; }
    public required ISecretStore Secrets { get; init; }

    /// <summary>Masks vault secrets in the output of a server.</summary>
    public required Func<string, string> Mask { get; init; }
    public required TimeProvider Time { get; init; }

    /// <summary>Ours, to choose from.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>The user's own folder, where user's servers run that name no other.</summary>
    public required string Home { get; init; }

    /// <summary>Returns why requests to an address are not allowed, as a sentence; null if they are.</summary>
    public Func<Uri, string?> RefusalOf { get; init; } = static _ => null;

    /// <summary>Opens the connections to servers with an address.</summary>
    public Network.HostConnections Connections { get; init; } = Network.HostConnections.Plain;

    /// <summary>Gets the servers that templates currently declare.</summary>
    public Func<IReadOnlyList<McpTemplate>> Templates { get; init; } = static () => [];

    /// <summary>Asks the user a question of a server; null if no user is available.</summary>
    internal Func<ApprovalRequest, CancellationToken, Task<ApprovalAnswer>>? Ask { get; init; }

    /// <summary>Judges what a server asks of a model, by the rules for calls; null where no server may ask.</summary>
    internal Func<string, ToolAction, IReadOnlyList<Rights>, Verdict>? Judge { get; init; }

    /// <summary>From the start of a server until its tools are known.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Without an answer or a sign of progress.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(120);
}
