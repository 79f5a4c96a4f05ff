using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Tools.Mcp;

/// <summary>The status of a server for display.</summary>
internal sealed record McpServerStatus
{
    public required McpDeclaration Declaration { get; init; }
    public required McpServerState State { get; init; }

    /// <summary>Gets the absolute path; null for a server with an address, and if the program does not exist.</summary>
    public string? Program { get; init; }

    /// <summary>Gets the fingerprint of everything that is approved.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Gets the origin that a secret must be bound to; null if no secret can be passed.</summary>
    public Uri? SecretOrigin { get; init; }
    public IReadOnlyList<string>? Changes { get; init; }
    public string? Error { get; init; }

    /// <summary>Gets the tools of the running server, or of its last run with this approval; empty before.</summary>
    public IReadOnlyList<McpToolStatus> Tools { get; init; } = [];

    /// <summary>Gets the tools that cannot be used, one sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <param name="Name">The name in templates.</param>
/// <param name="Tokens">The estimated tokens in each request.</param>
internal sealed record McpToolStatus(string Name, string Description, long Tokens);

/// <summary>All declared servers. Their files are read on demand, and servers start on first use. Thread-safe.</summary>
internal sealed class McpServers : IAsyncDisposable
{
    private readonly McpServices services;
    private readonly McpExecutables programs;
    private readonly McpApprovals approvals;
    private readonly Lock sync = new();
    private readonly Dictionary<string, McpServer> servers = new(StringComparer.Ordinal);
    private IReadOnlyList<McpDeclaration> offered = [];
    private bool isDisposed;

    public McpServers(McpServices services)
    {
        this.services = services;
        programs = new McpExecutables(services.Environment.GetValueOrDefault("PATH"), () => services.Workspace.OpenFolders);
        approvals = new McpApprovals(services.Paths, services.Time);
    }

    /// <summary>Raised when the status of servers changes; can be often, and on any thread.</summary>
    public event Action? Changed;

    /// <summary>Lists the servers in the order of their files.</summary>
    public (IReadOnlyList<McpServerStatus> Servers, IReadOnlyList<string> Problems) List()
    {
        var (found, problems) = Read();
        return ([.. found.Select(Status)], problems);
    }

    /// <summary>Adds the servers of an editor, which need no approval. A user's server with the same name takes precedence.</summary>
    internal void Offer(IReadOnlyList<McpDeclaration> declarations) => offered = declarations;

    /// <exception cref="FailureException">NotFound. Conflict: it is not what the user reviewed.</exception>
    public Task ApproveAsync(string name, string fingerprint, CancellationToken cancellationToken) =>
        Find(name).ApproveAsync(fingerprint, cancellationToken);

    /// <summary>Revokes the approval and the sign-in, and stops the server.</summary>
    /// <exception cref="FailureException">NotFound, StoreReadOnly.</exception>
    public Task RevokeAsync(string name, CancellationToken cancellationToken) => Find(name).RevokeAsync(cancellationToken);

    /// <exception cref="FailureException">NotFound; or the server cannot be started, or did not start.</exception>
    public Task StartAsync(string name, CancellationToken cancellationToken) => Find(name).StartAsync(cancellationToken);

    /// <exception cref="FailureException">NotFound.</exception>
    public Task StopAsync(string name, CancellationToken cancellationToken) => Find(name).StopAsync(cancellationToken);

    /// <returns>The page to open in the browser; null if the server needs no sign-in.</returns>
    /// <exception cref="FailureException">NotFound; or the sign-in cannot start.</exception>
    public Task<Uri?> SignInAsync(string name, CancellationToken cancellationToken) => Find(name).SignInAsync(cancellationToken);

    /// <summary>Gets the origin that a secret must be bound to, to reach this server; null if its program does not exist.</summary>
    internal Uri? SecretOriginOf(McpDeclaration declaration)
    {
        try
        {
            return declaration.Fault is null ? McpIdentity.Of(declaration, programs, allowCached: true).OriginOf(declaration) : null;
        }
        catch (FailureException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        List<McpServer> all;
        lock (sync)
        {
            isDisposed = true;
            all = [.. servers.Values];
            servers.Clear();
        }

        await Task.WhenAll(all.Select(server => server.DisposeAsync().AsTask())).ConfigureAwait(false);
    }

    /// <summary>Gets the declared servers. Starts none.</summary>
    internal IReadOnlyList<McpServer> All => Read().Servers;

    /// <exception cref="FailureException">NotFound.</exception>
    internal McpServer Find(string name) =>
        Read().Servers.FirstOrDefault(server => server.Declaration.Name == name)
        ?? throw new FailureException(FailureKind.NotFound, $"The server {HiddenCharacters.Visible(name)} does not exist.");

    private (IReadOnlyList<McpServer> Servers, IReadOnlyList<string> Problems) Read()
    {
        var configured = McpConfig.Read(services.Paths, services.Workspace.TrustedFolders, services.Home, services.Templates());
        IReadOnlyList<McpDeclaration> declared =
        [
            .. configured.Servers,
            .. offered.Where(one => configured.Servers.All(own => !own.Name.Equals(one.Name, StringComparison.OrdinalIgnoreCase))),
        ];
        List<McpServer> gone = [];
        List<McpServer> found = [];
        lock (sync)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            foreach (var declaration in declared)
            {
                // A changed declaration is a new server, and the previous one is stopped.
                if (!servers.TryGetValue(declaration.Name, out var server) || !IsSame(server.Declaration, declaration))
                {
                    if (server is not null)
                    {
                        gone.Add(server);
                    }
                    servers[declaration.Name] = server = new McpServer(declaration, services, programs, approvals, () => Changed?.Invoke());
                }

                found.Add(server);
            }

            foreach (var name in servers.Keys.Except(declared.Select(server => server.Name)).ToList())
            {
                gone.Add(servers[name]);
                servers.Remove(name);
            }
        }

        foreach (var server in gone)
        {
            _ = server.DisposeAsync().AsTask();
        }

        return (found, configured.Problems);
    }

    private static bool IsSame(McpDeclaration one, McpDeclaration other) =>
        (one.Source, one.Command, one.Folder, one.Address?.OriginalString, one.ClientId, one.RedirectPort, one.Fault, one.IsFromWorkspace)
            == (
                other.Source,
                other.Command,
                other.Folder,
                other.Address?.OriginalString,
                other.ClientId,
                other.RedirectPort,
                other.Fault,
                other.IsFromWorkspace
            )
        && (one.Roots, one.Sampling, one.ClientSecret) == (other.Roots, other.Sampling, other.ClientSecret)
        && one.Arguments.SequenceEqual(other.Arguments)
        && one.Scopes.SequenceEqual(other.Scopes)
        && Equal(one.Environment, other.Environment)
        && Equal(one.Headers, other.Headers);

    private static bool Equal(IReadOnlyDictionary<string, string> one, IReadOnlyDictionary<string, string> other) =>
        one.Count == other.Count && one.All(pair => other.TryGetValue(pair.Key, out var value) && value == pair.Value);

    private static McpServerStatus Status(McpServer server)
    {
        var snapshot = server.GetSnapshot();
        return new McpServerStatus
        {
            Declaration = server.Declaration,
            State = snapshot.State,
            Program = snapshot.Identity?.Program,
            Fingerprint = snapshot.Fingerprint,
            SecretOrigin = snapshot.Identity?.OriginOf(server.Declaration),
            Changes = snapshot.Changes,
            Error = snapshot.Error,
            Tools = server.KnownTools,
            Notes = server.Tools?.Notes ?? [],
        };
    }
}
