using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using ModelContextProtocol;
using ModelContextProtocol.Authentication;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;

namespace Plue.Server.Tools.Mcp;

/// <summary>A connection to one running server, which was approved before.</summary>
internal sealed partial class McpConnection : IAsyncDisposable
{
    private const string FirstWithSubscriptions = "2026-07-28";
    private static readonly string[] VersionsWithHandshake = ["2025-11-25", "2025-06-18", "2025-03-26"];
    private const int MaxPages = 50;
    private const int MaxWatched = 100;
    private static readonly TimeSpan MaxCallTime = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The time between the end of a program's output and its exit.</summary>
    private static readonly TimeSpan ExitGracePeriod = TimeSpan.FromSeconds(2);

    private readonly McpDeclaration server;
    private readonly McpServices services;
    private readonly List<string> secretValues = [];
    private readonly McpElicitation questions;
    private readonly McpSampling sampling;
    private readonly ConcurrentDictionary<string, byte> watched = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> changedResources = new(StringComparer.Ordinal);
    private ChildProcess? child;
    private McpStdioTransport? pipe;
    private HttpClient? http;
    private McpHttpGuard? guard;
    private McpClient? client;
    private McpSubscription? subscription;
    private int isListStale;
    private string? sentRoots;
    private volatile Failure? signInFailure;

    private McpConnection(McpDeclaration server, McpServices services)
    {
        (this.server, this.services, questions) = (server, services, new McpElicitation(server.Name, services));
        sampling = new McpSampling(server.Name, services, questions);
    }

    public Task Ended { get; private set; } = Task.CompletedTask;

    /// <summary>True if the server announced a change of its tools. They are listed again before the next use.</summary>
    public bool IsListStale => Volatile.Read(ref isListStale) != 0;

    /// <summary>Gets why the running server requires another sign-in; null if it does not.</summary>
    public Failure? SignInFailure => signInFailure;

    /// <summary>Gets the permissions that the next sign-in requests in addition.</summary>
    public IReadOnlyList<string> MissingScopes { get; private set; } = [];

    /// <summary>Called when the running server requires another sign-in.</summary>
    public Action OnSignInNeeded { get; set; } = static () => { };

    public bool HasResources => client?.ServerCapabilities.Resources is not null;
    public bool HasPrompts => client?.ServerCapabilities.Prompts is not null;
    public bool HasCompletions => client?.ServerCapabilities.Completions is not null;

    public McpClient Client => client ?? throw new InvalidOperationException("The server did not start.");

    /// <param name="signIn">A sign-in that the user started; null to use stored tokens.</param>
    /// <param name="moreScopes">Permissions that the sign-in requests in addition to those that the server names.</param>
    /// <exception cref="FailureException">The server did not start. ProviderAuthFailed: it requires a sign-in.</exception>
    public static async Task<McpConnection> OpenAsync(
        McpDeclaration server,
        McpIdentity identity,
        McpServices services,
        McpSignIn? signIn,
        IReadOnlyList<string> moreScopes,
        CancellationToken cancellationToken
    )
    {
        var connection = new McpConnection(server, services);
        using var timeout = new CancellationTokenSource(signIn is null ? services.StartTimeout : McpSignIn.SignInTimeout, services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            var transport = server.Address is null
                ? await connection.StartProcessAsync(identity, either.Token).ConfigureAwait(false)
                : await connection.ConnectHttpAsync(identity, signIn, moreScopes, either.Token).ConfigureAwait(false);
            connection.client = await connection.CreateClientAsync(transport, either.Token).ConfigureAwait(false);
            connection.Ended = connection.client.Completion;
            connection.Subscribe(connection.client);
            return connection;
        }
        catch (Exception fault)
        {
            await connection.WaitForStderrAsync(fault).ConfigureAwait(false);
            var failure = connection.FailureOf(
                fault,
                timeout.IsCancellationRequested ? $"did not start within {services.StartTimeout.TotalSeconds:0} s" : "did not start"
            );
            await connection.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            throw failure;
        }
    }

    /// <summary>Lists the current tools, page by page. Invalid and excess tools are skipped and reported.</summary>
    /// <exception cref="FailureException">The server did not return the list.</exception>
    public async Task<McpToolList> ListToolsAsync(CancellationToken cancellationToken)
    {
        Interlocked.Exchange(ref isListStale, 0);
        // Opened before the tools are listed, so that no change is missed.
        if (subscription is not null)
        {
            await subscription.OpenAsync([.. watched.Keys], cancellationToken).ConfigureAwait(false);
        }

        List<McpToolInfo> tools = [];
        List<string> notes = [];
        if (Client.ServerCapabilities.Tools is null)
        {
            return new McpToolList(tools, notes);
        }

        await WithTimeoutAsync(
                services.StartTimeout,
                "list its tools",
                async (token, _) =>
                {
                    string? cursor = null;
                    for (var page = 0; ; page++)
                    {
                        var request = new JsonRpcRequest
                        {
                            Method = RequestMethods.ToolsList,
                            Params = cursor is null ? new JsonObject() : new JsonObject { ["cursor"] = cursor },
                        };
                        var result = (await Client.SendRequestAsync(request, token).ConfigureAwait(false)).Result;
                        // Over HTTP, some parameters are sent as headers too.
                        var declared = server.Address is null ? [] : DeclaredIn(result);
                        foreach (var tool in McpToolInfo.Read(server.Name, result, notes))
                        {
                            if (server.Address is not null && McpParameterHeaders.ProblemIn(tool.Schema) is { } wrong)
                            {
                                notes.Add(
                                    $"The tool {HiddenCharacters.Visible(tool.Name)} of the server {server.Name} is skipped because {wrong}."
                                );
                                continue;
                            }

                            if (tools.Any(other => other.Name == tool.Name || other.Declaration.Name == tool.Declaration.Name))
                            {
                                notes.Add(
                                    $"The server {server.Name} has two tools named {HiddenCharacters.Visible(tool.Name)}; the first is used."
                                );
                            }
                            else if (tools.Count < McpToolInfo.MaxTools)
                            {
                                tools.Add(tool);
                                if (declared.FirstOrDefault(one => one.Name == tool.Name) is { } known)
                                {
                                    Client.AddKnownTools([known]);
                                }
                            }
                            else
                            {
                                notes.Add(
                                    $"The server {server.Name} has more than {McpToolInfo.MaxTools} tools; the first {McpToolInfo.MaxTools} are used."
                                );
                                return true;
                            }
                        }

                        cursor =
                            (result as JsonObject)?["nextCursor"] is JsonValue next
                            && next.TryGetValue<string>(out var text)
                            && text.Length > 0
                                ? text
                                : null;
                        if (cursor is null)
                        {
                            return true;
                        }
                        if (page == MaxPages)
                        {
                            notes.Add($"The server {server.Name} has more than {MaxPages} pages of tools; the rest were not read.");
                            return true;
                        }
                    }
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        return new McpToolList(tools, [.. notes.Take(20)]);
    }

    /// <summary>
    /// Sends a request and waits while the server reports progress or is still responsive. A server that no longer responds at all is stopped.
    /// </summary>
    /// <param name="what">The text after "did not" in errors, such as <c>answer echo</c>.</param>
    /// <param name="ask">Receives a token and a callback that reports progress.</param>
    /// <param name="context">The agent's call during which the server can ask the user; null for none.</param>
    /// <exception cref="FailureException">Timeout, ProviderAuthFailed, or the error of the server.</exception>
    public async Task<T> WithTimeoutAsync<T>(
        TimeSpan timeout,
        string what,
        Func<CancellationToken, Action, Task<T>> ask,
        CancellationToken cancellationToken,
        ToolContext? context = null
    )
    {
        using var quiet = new CancellationTokenSource(timeout, services.Time);
        using var whole = new CancellationTokenSource(MaxCallTime, services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, quiet.Token, whole.Token);
        using var questioned = context is null
            ? null
            : questions.Begin(context, isWaiting => quiet.CancelAfter(isWaiting ? Timeout.InfiniteTimeSpan : timeout), either.Token);
        try
        {
            await NotifyRootsAsync(either.Token).ConfigureAwait(false);
            return await ask(either.Token, () => quiet.CancelAfter(timeout)).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await WaitForStderrAsync(fault).ConfigureAwait(false);
            if (fault is not OperationCanceledException)
            {
                throw FailureOf(fault, $"did not {what}");
            }

            await EndIfDeadAsync().ConfigureAwait(false);
            throw new FailureException(
                FailureKind.Timeout,
                $"The server {server.Name} did not {what} in time. Request less at once, or continue without it."
            );
        }
    }

    /// <summary>Subscribes to changes of a resource that was read, if the server supports it. Does not throw, because reading succeeded anyway.</summary>
    public async Task WatchAsync(string uri, CancellationToken cancellationToken)
    {
        if (Client.ServerCapabilities.Resources?.Subscribe != true || watched.Count >= MaxWatched || !watched.TryAdd(uri, 0))
        {
            return;
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(PingTimeout);
        try
        {
            if (subscription is not null)
            {
                await subscription.OpenAsync([.. watched.Keys], timeout.Token).ConfigureAwait(false);
            }
            else
            {
                await Client.SubscribeToResourceAsync(uri, options: null, timeout.Token).ConfigureAwait(false);
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or McpException or IOException or HttpRequestException)
        {
            watched.TryRemove(uri, out _);
        }
    }

    /// <summary>Gets the resources that changed after they were read. Each is returned once.</summary>
    public IReadOnlyList<string> TakeChangedResources()
    {
        List<string> taken = [];
        foreach (var uri in changedResources.Keys)
        {
            if (changedResources.TryRemove(uri, out _))
            {
                taken.Add(uri);
            }
        }

        return [.. taken.Order(StringComparer.Ordinal)];
    }

    /// <inheritdoc cref="McpElicitation.TakeReasons"/>
    public IReadOnlyList<string> TakeDeclineReasons() => questions.TakeReasons();

    /// <summary>Asks the user to open the addresses that the server requires before it can process a call.</summary>
    /// <returns>The result of the call: an error with the next step.</returns>
    public async Task<CallToolResult> AskFirstAsync(IReadOnlyList<ElicitRequestParams> asked, CancellationToken cancellationToken)
    {
        var isOpened = true;
        foreach (var one in asked)
        {
            isOpened = isOpened && (await questions.AskAsync(one, cancellationToken).ConfigureAwait(false)).IsAccepted;
        }

        return new CallToolResult
        {
            IsError = true,
            Content =
            [
                new TextContentBlock
                {
                    Text = isOpened
                        ? "The user opened an address that the server needs first. Call the tool again with the same parameters."
                        : "The server needs the user to open an address first, and the user did not. Continue without this tool, or ask.",
                },
            ],
        };
    }

    public async ValueTask DisposeAsync()
    {
        if (subscription is not null)
        {
            await subscription.DisposeAsync().ConfigureAwait(false);
        }
        if (client is not null)
        {
            await client.DisposeAsync().ConfigureAwait(false);
        }
        if (pipe is not null)
        {
            await pipe.DisposeAsync().ConfigureAwait(false);
        }
        else if (child is not null)
        {
            await child.DisposeAsync().ConfigureAwait(false);
        }

        http?.Dispose();
    }

    /// <summary>Gets why the server ended, as one sentence.</summary>
    public Failure ExitFailure()
    {
        if ((pipe?.Fault ?? guard?.Fault) is { } fault)
        {
            return new Failure(FailureKind.BadResponse, $"The server {server.Name} {fault}, so it was stopped.");
        }
        if (child is null)
        {
            return new Failure(FailureKind.Unreachable, $"The connection to the server {server.Name} was closed.");
        }

        var reason = ErrorOutput.ReasonIn(child.StderrTail);
        var code = child.ExitCode is { } exitCode ? $" with exit code {exitCode}" : "";
        return new Failure(
            FailureKind.ProviderExecutableFailed,
            $"The server {server.Name} ended{code}.{(reason is null ? " It said nothing about why." : $" It said: {Clean(reason)}")}"
        );
    }

    private async Task<McpClient> CreateClientAsync(IClientTransport transport, CancellationToken cancellationToken)
    {
        try
        {
            return await McpClient.CreateAsync(transport, Options(), loggerFactory: null, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception fault)
            when (server.Address is not null && fault is (JsonException or McpProtocolException { ErrorCode: McpErrorCode.InvalidRequest }))
        {
            // Some older servers answer any unknown method with an empty result, or in a session, for which the library does not use an older version.
            foreach (var version in VersionsWithHandshake.SkipLast(1))
            {
                try
                {
                    return await McpClient
                        .CreateAsync(transport, Options(version), loggerFactory: null, cancellationToken)
                        .ConfigureAwait(false);
                }
                catch (McpException)
                {
                    // The server has another version; the last one reports the failure.
                }
            }

            return await McpClient
                .CreateAsync(transport, Options(VersionsWithHandshake[^1]), loggerFactory: null, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private McpClientOptions Options(string? version = null) =>
        new()
        {
            ProtocolVersion = version,
            ClientInfo = new Implementation
            {
                Name = "plue",
                Version = typeof(McpConnection).Assembly.GetName().Version?.ToString(3) ?? "0",
            },
            Capabilities = new ClientCapabilities
            {
                Elicitation = services.Ask is null
                    ? null
                    : new ElicitationCapability { Form = new FormElicitationCapability(), Url = new UrlElicitationCapability() },
#pragma warning disable MCP9005 // Deprecated since 2026-07-28, but some servers need them.
                Roots = server.ReceivesRoots ? new RootsCapability { ListChanged = true } : null,
                Sampling = sampling.IsOffered(server) ? new SamplingCapability() : null,
            },
            InitializationTimeout = Timeout.InfiniteTimeSpan,
            Handlers = new McpClientHandlers
            {
                ElicitationHandler = services.Ask is null ? null : questions.AskAsync,
                RootsHandler = server.ReceivesRoots ? (_, _) => new ValueTask<ListRootsResult>(CurrentRoots()) : null,
                SamplingHandler = sampling.IsOffered(server)
                    ? (asked, _, cancellationToken) => sampling.SampleAsync(asked, cancellationToken)
                    : null,
#pragma warning restore MCP9005
                NotificationHandlers =
                [
                    new(
                        NotificationMethods.ToolListChangedNotification,
                        (_, _) =>
                        {
                            Interlocked.Exchange(ref isListStale, 1);
                            return default;
                        }
                    ),
                    new(
                        NotificationMethods.SubscriptionsAcknowledgedNotification,
                        (notification, _) =>
                        {
                            subscription?.Confirm(notification.Params);
                            return default;
                        }
                    ),
                    new(
                        NotificationMethods.ResourceUpdatedNotification,
                        (notification, _) =>
                        {
                            // Only resources that were read are recorded, so that a server cannot fill the list.
                            if (
                                (notification.Params as JsonObject)?["uri"] is JsonValue value
                                && value.TryGetValue<string>(out var uri)
                                && watched.ContainsKey(uri)
                            )
                            {
                                changedResources[uri] = 0;
                            }
                            return default;
                        }
                    ),
                ],
            },
        };

    /// <summary>Gets the tools of a page in the library's form.</summary>
    private static List<Tool> DeclaredIn(JsonNode? page)
    {
        List<Tool> tools = [];
        foreach (var tool in (page as JsonObject)?["tools"] as JsonArray ?? [])
        {
            try
            {
                if (tool.Deserialize((JsonTypeInfo<Tool>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(Tool))) is { } declared)
                {
                    tools.Add(declared);
                }
            }
            catch (Exception fault) when (fault is JsonException or ArgumentException)
            {
                // Invalid tools are reported when the page is read.
            }
        }

        return tools;
    }

    private async Task<IClientTransport> StartProcessAsync(McpIdentity identity, CancellationToken cancellationToken)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in OwnEnvironment.Harmless)
        {
            if (services.Environment.TryGetValue(name, out var value))
            {
                environment[name] = value;
            }
        }

        foreach (var (name, value) in services.Connections.ChildVariables())
        {
            environment[name] = value;
        }

        foreach (var (name, value) in await ResolvedAsync(server.Environment, identity, cancellationToken).ConfigureAwait(false))
        {
            environment[name] = value;
        }

        child = ChildProcess.Start(
            new ChildProcessStart
            {
                Program = identity.Program!,
                Arguments = server.Arguments,
                Environment = environment,
                WorkingDirectory = server.Folder,
                SecretNames = [.. server.Environment.Keys],
                LineCap = McpStdioTransport.MaxLineLength,
                GracePeriod = TimeSpan.FromSeconds(2),
            }
        );
        return pipe = new McpStdioTransport(server.Name, child);
    }

    private async Task<IClientTransport> ConnectHttpAsync(
        McpIdentity identity,
        McpSignIn? signIn,
        IReadOnlyList<string> moreScopes,
        CancellationToken cancellationToken
    )
    {
        guard = new McpHttpGuard(server, token => ResolvedAsync(server.Headers, identity, token), services.RefusalOf, services.Connections);
        http = new HttpClient(guard) { Timeout = Timeout.InfiniteTimeSpan };
        var tokens = new McpTokens(server, services.Secrets, isFresh: signIn is not null);
        // Without a token, requests are unauthenticated: only the user starts a sign-in.
        var isSignedIn = signIn is not null || await tokens.GetTokensAsync(cancellationToken).ConfigureAwait(false) is not null;
        return new HttpClientTransport(
            new HttpClientTransportOptions
            {
                Endpoint = server.Address!,
                Name = server.Name,
                TransportMode = HttpTransportMode.StreamableHttp,
                ConnectionTimeout = services.StartTimeout,
                MaxReconnectionAttempts = 3,
                OAuth = !isSignedIn
                    ? null
                    : new ClientOAuthOptions
                    {
                        RedirectUri = signIn?.Redirect ?? new Uri("http://127.0.0.1:1/callback"),
                        ClientId = server.ClientDocument is null ? server.ClientId : null,
                        ClientMetadataDocumentUri = server.ClientDocument,
                        ClientSecret = await ClientSecretAsync(identity, cancellationToken).ConfigureAwait(false),
                        ScopeSelector = named => [.. (named ?? []).Union(moreScopes)],
                        Scopes = server.Scopes.Count == 0 ? null : server.Scopes,
                        TokenCache = tokens,
                        DynamicClientRegistration = new DynamicClientRegistrationOptions { ClientName = "Plue" },
                        AuthorizationCallbackHandler = async (context, token) =>
                            await AuthorizeAsync(signIn, context, token).ConfigureAwait(false),
                    },
            },
            http,
            loggerFactory: null,
            ownsHttpClient: false
        );
    }

    /// <summary>Passes the first request for an authorization to the sign-in of the user. Later ones, for more permissions, need another sign-in.</summary>
    private async Task<AuthorizationResult> AuthorizeAsync(
        McpSignIn? signIn,
        AuthorizationCallbackContext context,
        CancellationToken cancellationToken
    )
    {
        if (signIn is { AuthorizationPage.IsCompleted: false })
        {
            return await signIn.GrantAsync(context, cancellationToken).ConfigureAwait(false);
        }

        MissingScopes = McpSignIn.ScopesOf(context.AuthorizationUri);
        var permissions = MissingScopes.Count == 0 ? "" : $" with the permissions {Clean(string.Join(", ", MissingScopes))}";
        var failure = SignInNeeded(null, permissions);
        signInFailure = failure.Failure;
        OnSignInNeeded();
        throw failure;
    }

    private async Task<string?> ClientSecretAsync(McpIdentity identity, CancellationToken cancellationToken)
    {
        const string Field = "client_secret";
        return server.ClientSecret is { } secret
            ? (await ResolvedAsync(new Dictionary<string, string> { [Field] = secret }, identity, cancellationToken).ConfigureAwait(false))[
                Field
            ]
            : null;
    }

    /// <summary>Resolves references to secrets in values. Errors contain names, never values.</summary>
    private async Task<IReadOnlyDictionary<string, string>> ResolvedAsync(
        IReadOnlyDictionary<string, string> declared,
        McpIdentity identity,
        CancellationToken cancellationToken
    )
    {
        var resolved = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in declared)
        {
            var plain = value;
            if (SecretReference.FindIn(value) is { } secret)
            {
                plain =
                    secret.Before
                    + (
                        SecretReference.IsEnvironment(secret.Reference)
                            ? Own(name, secret.Reference[SecretReference.EnvironmentScheme.Length..])
                            : (
                                await services
                                    .Secrets.GetAsync(secret.Reference, identity.OriginOf(server), cancellationToken)
                                    .ConfigureAwait(false)
                            ).Reveal()
                    );
            }
            else if (!server.IsFromWorkspace)
            {
                plain = Variable().Replace(value, match => Own(name, match.Groups["name"].Value));
            }

            resolved[name] = plain;
            lock (secretValues)
            {
                if (plain.Length >= 6 && !secretValues.Contains(plain))
                {
                    secretValues.Add(plain);
                }
            }
        }

        return resolved;
    }

    /// <summary>Gets a variable of the user's environment, which only the user's own files can use.</summary>
    private string Own(string field, string variable) =>
        services.Environment.TryGetValue(variable, out var value)
            ? value
            : throw new FailureException(
                FailureKind.NotFound,
                $"{field} of the server {server.Name} uses the variable {variable}, which is not set. Set it and restart VS Code, or store a key in the vault."
            );

    /// <summary>Subscribes to a server that announces changes only to subscribers.</summary>
    private void Subscribe(McpClient connected)
    {
        if (string.CompareOrdinal(connected.NegotiatedProtocolVersion, FirstWithSubscriptions) >= 0)
        {
            subscription = new McpSubscription(
                connected,
                PingTimeout,
                services.Time,
                ended: () => Interlocked.Exchange(ref isListStale, 1)
            );
        }
    }

#pragma warning disable MCP9005
    /// <summary>Gets the current trusted folders.</summary>
    private ListRootsResult CurrentRoots()
    {
        var folders = services.Workspace.TrustedFolders?.All ?? [];
        sentRoots = string.Join('\n', folders.Select(folder => folder.Path));
        return new ListRootsResult
        {
            Roots = [.. folders.Select(folder => new Root { Uri = new Uri(folder.Path).AbsoluteUri, Name = folder.Name })],
        };
    }

    /// <summary>Notifies a server that read the folders of a change. If that fails, it gets them with its next request.</summary>
    private async Task NotifyRootsAsync(CancellationToken cancellationToken)
    {
        if (
            sentRoots is { } sent
            && subscription is null
            && sent != string.Join('\n', (services.Workspace.TrustedFolders?.All ?? []).Select(folder => folder.Path))
        )
        {
            sentRoots = null;
            await Client.SendNotificationAsync(NotificationMethods.RootsListChangedNotification, cancellationToken).ConfigureAwait(false);
        }
    }
#pragma warning restore MCP9005

    private async Task EndIfDeadAsync()
    {
        using var timeout = new CancellationTokenSource(PingTimeout, services.Time);
        try
        {
            // Newer servers do not support ping.
            var request = new JsonRpcRequest
            {
                Method = subscription is null ? RequestMethods.Ping : RequestMethods.ServerDiscover,
                Params = new JsonObject(),
            };
            await Client.SendRequestAsync(request, timeout.Token).ConfigureAwait(false);
        }
        catch (McpProtocolException)
        {
            // An error is a response, too.
        }
        catch (Exception fault) when (fault is OperationCanceledException or McpException or IOException or HttpRequestException)
        {
            if (child is not null)
            {
                await child.EndAsync(urgent: true).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Waits briefly for the exit code of a program that stopped writing.</summary>
    private async Task WaitForStderrAsync(Exception fault)
    {
        if (fault is IOException && child is not null)
        {
            await Task.WhenAny(child.Exited, Task.Delay(ExitGracePeriod)).ConfigureAwait(false);
        }
    }

    private FailureException FailureOf(Exception fault, string what)
    {
        for (var inner = fault; inner is not null; inner = inner.InnerException)
        {
            if (inner is FailureException { Failure: var known })
            {
                return new FailureException(known, fault);
            }
            // The library asks for the same permissions only once.
            if (
                inner is McpException
                && signInFailure is { } missing
                && inner.Message.Contains("insufficient_scope", StringComparison.Ordinal)
            )
            {
                return new FailureException(missing, fault);
            }
            if (inner is HttpRequestException { StatusCode: System.Net.HttpStatusCode.Unauthorized })
            {
                return SignInNeeded(fault);
            }
        }

        return fault switch
        {
            IOException or McpException when child?.Exited.IsCompleted == true || pipe?.Fault is not null => new FailureException(
                ExitFailure(),
                fault
            ),
            OperationCanceledException => new FailureException(
                FailureKind.Timeout,
                $"The server {server.Name} {what}.{StderrText()}",
                fault
            ),
            _ when guard?.Fault is not null => new FailureException(ExitFailure(), fault),
            HttpRequestException => new FailureException(
                FailureKind.Unreachable,
                $"The server {server.Name} {what}: {Clean(fault.Message)}",
                fault
            ),
            _ => new FailureException(
                FailureKind.BadResponse,
                $"The server {server.Name} {what}: {Clean(fault.Message)}{StderrText()}",
                fault
            ),
        };
    }

    private FailureException SignInNeeded(Exception? fault, string permissions = "") =>
        new(
            FailureKind.ProviderAuthFailed,
            $"The server {server.Name} requires sign-in{permissions}. Sign in with Plue: Manage MCP Servers.",
            fault
        );

    private string StderrText() =>
        child is not null && ErrorOutput.ReasonIn(child.StderrTail) is { } reason ? $" It said: {Clean(reason)}" : "";

    /// <summary>Gets one line of a server's text, with the secrets that it received masked.</summary>
    private string Clean(string text)
    {
        lock (secretValues)
        {
            foreach (var value in secretValues)
            {
                text = text.Replace(value, "***", StringComparison.Ordinal);
            }
        }

        text = services.Mask(text).ReplaceLineEndings(" ").Trim();
        return HiddenCharacters.Visible(text.Length > 300 ? text[..300] + "…" : text);
    }

    [GeneratedRegex(@"\$\{(?:env:)?(?<name>[A-Za-z_][A-Za-z0-9_]*)\}")]
    private static partial Regex Variable();
}
