using Plue.Server.Permissions;
using Plue.Server.Providers;
using Plue.Server.Providers.Http;

namespace Plue.Server.Tools.Mcp;

/// <summary>The declaration of a server. Either <see cref="Command"/> or <see cref="Address"/> is set, unless it has a fault.</summary>
internal sealed record McpDeclaration
{
    /// <summary>Leaves space for the tool's name within the 64 characters that vendors allow.</summary>
    internal const int MaxNameLength = 24;

    /// <summary>The source of servers that an editor passes through the Agent Client Protocol.</summary>
    internal const string ClientSource = "the editor";

    public required string Name { get; init; }

    /// <summary>Gets the file of the declaration.</summary>
    public required string Source { get; init; }

    /// <summary>True if the workspace declares the server, so that it cannot use the user's environment.</summary>
    public required bool IsFromWorkspace { get; init; }

    /// <summary>True if the editor passed the server, where the user configured it.</summary>
    internal bool IsFromClient => Source == ClientSource;

    /// <summary>Gets the command as written: an absolute path, a path relative to <see cref="Folder"/>, or a name on PATH.</summary>
    public string? Command { get; init; }
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Gets the environment as written. Values can refer to secrets.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets the absolute path of the working folder.</summary>
    public required string Folder { get; init; }

    public Uri? Address { get; init; }

    /// <summary>Gets the headers as written. Values can refer to secrets.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();
    public string? ClientId { get; init; }

    /// <summary>Gets the secret of the OAuth client as written. It can refer to a secret.</summary>
    public string? ClientSecret { get; init; }

    /// <summary>Gets the document that describes the client, if its ID is an address. A server without support for such IDs registers a client instead.</summary>
    internal Uri? ClientDocument =>
        Uri.TryCreate(ClientId, UriKind.Absolute, out var address)
        && address.Scheme == Uri.UriSchemeHttps
        && address.AbsolutePath.Length > 1
            ? address
            : null;

    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>The port of the sign-in redirect; 0 uses any free port.</summary>
    public int RedirectPort { get; init; }

    /// <summary>True if the server gets the trusted folders. Null is true for programs and false for servers with an address.</summary>
    public bool? Roots { get; init; }

    /// <summary>True if the user allows the server to use a model.</summary>
    public bool Sampling { get; init; }

    internal bool ReceivesRoots => Roots ?? Address is null;

    /// <summary>Gets why the server cannot be used, in one sentence; null if it can.</summary>
    public string? Fault { get; init; }

    /// <summary>Gets scheme, host and port; null for a program.</summary>
    public Uri? Origin => Address is null ? null : ProviderEndpoint.OriginOf(Address);

    /// <summary>Gets the names of the passed variables or headers. Values are never displayed.</summary>
    public IReadOnlyList<string> GivenNames => [.. (Address is null ? Environment : Headers).Keys.Order(StringComparer.Ordinal)];
}

internal sealed record McpServices
{
    public required Platform.PluePaths Paths { get; init; }
    public required Platform.Workspace Workspace { get; init; }
    public required ISecretStore Secrets { get; init; }

    /// <summary>Masks stored secrets in the output of a server.</summary>
    public required Func<string, string> Mask { get; init; }
    public required TimeProvider Time { get; init; }

    /// <summary>Gets the environment of this process, from which variables are selected.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Gets the user's home folder, the default working folder of the user's servers.</summary>
    public required string Home { get; init; }

    /// <summary>Gets why requests to an address are not allowed, as a sentence; null if they are.</summary>
    public Func<Uri, string?> RefusalOf { get; init; } = static _ => null;

    /// <summary>Opens the connections to servers with an address.</summary>
    public Network.HostConnections Connections { get; init; } = Network.HostConnections.Plain;

    /// <summary>Gets the servers that templates currently declare.</summary>
    public Func<IReadOnlyList<McpTemplate>> Templates { get; init; } = static () => [];

    /// <summary>Asks the user a question of a server; null if no user is available.</summary>
    internal Func<ApprovalRequest, CancellationToken, Task<ApprovalAnswer>>? Ask { get; init; }

    /// <summary>Evaluates a sampling request of a server by the rules for calls; null if sampling is not available.</summary>
    internal Func<string, ToolAction, IReadOnlyList<Rights>, Verdict>? Judge { get; init; }

    /// <summary>Gets the maximum time from the start of a server until its tools are listed.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets the maximum time without a response or progress.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(120);
}
