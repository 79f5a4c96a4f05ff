using Plue.Server.Messages;
using Plue.Server.Policy;

namespace Plue.Server.Tools.Mcp;

internal enum McpServerState
{
    NotApproved,
    Stopped,
    Starting,
    Running,
    Failed,
    SignInNeeded,
}

/// <summary>
/// One declared server and its lifecycle: approved, started on first use, restarted after crashes with increasing delays, stopped. Its failures do not affect
/// others. Thread-safe.
/// </summary>
internal sealed class McpServer(
    McpDeclaration declaration,
    McpServices services,
    McpExecutables programs,
    McpApprovals approvals,
    Action changed
) : IAsyncDisposable
{
    private static readonly TimeSpan MaxBackoff = TimeSpan.FromMinutes(1);

    /// <summary>The minimum uptime after which a crash does not count as a failed start.</summary>
    private static readonly TimeSpan StableUptime = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim semaphore = new(1, 1);
    private McpConnection? connection;
    private string? runningFingerprint;
    private volatile McpToolList? tools;
    private volatile Failure? failure;
    private volatile bool isStarting;
    private volatile bool isStoppedByUser;
    private int crashes;
    private long? startedAt;
    private long? crashedAt;
    private bool isDisposed;

    public McpDeclaration Declaration => declaration;

    public McpToolList? Tools => tools;

    /// <summary>Gets the tools of the running server, or those of its last run. Does not start it.</summary>
    public IReadOnlyList<McpToolStatus> KnownTools =>
        tools is { } now
            ? [.. now.Tools.Select(tool => new McpToolStatus(tool.FullName, tool.Description, tool.Tokens))]
            :
            [
                .. (approvals.Find(declaration) is { ChangedTools: null } approval ? approval.Tools ?? [] : [])
                    .Where(tool => !tool.IsGone)
                    .Select(tool => new McpToolStatus(
                        McpToolInfo.FullNameOf(declaration.Name, tool.Name),
                        tool.Description,
                        tool.Tokens > 0 ? tool.Tokens : TokenEstimate.Of(tool.Definition) + TokenEstimate.Of(tool.Description)
                    )),
            ];

    public Failure? Failure => failure;

    /// <summary>True until the user starts it again.</summary>
    public bool IsStoppedByUser => isStoppedByUser;

    /// <summary>Gets the current state. Does not start the server.</summary>
    public McpServerSnapshot GetSnapshot()
    {
        if (Fault() is { } fault)
        {
            return new McpServerSnapshot(McpServerState.Failed, null, "", null, fault);
        }

        McpIdentity identity;
        try
        {
            identity = McpIdentity.Of(declaration, programs, allowCached: true);
        }
        catch (FailureException gone)
        {
            return new McpServerSnapshot(McpServerState.Failed, null, "", null, gone.Message);
        }

        var approval = approvals.Find(declaration);
        var fingerprint = Fingerprint(identity, approval);
        if (approval is null)
        {
            return new McpServerSnapshot(McpServerState.NotApproved, identity, fingerprint, null, null);
        }
        IReadOnlyList<string> changes = [.. identity.ChangesSince(approval.Parts), .. approval.ToolChanges];
        if (changes.Count > 0)
        {
            return new McpServerSnapshot(McpServerState.NotApproved, identity, fingerprint, changes, null);
        }

        var state =
            isStarting ? McpServerState.Starting
            : connection is { Ended.IsCompleted: false } running
                ? running.SignInFailure is null ? McpServerState.Running
                    : McpServerState.SignInNeeded
            : failure is { Kind: FailureKind.ProviderAuthFailed } ? McpServerState.SignInNeeded
            : failure is not null ? McpServerState.Failed
            : McpServerState.Stopped;
        return new McpServerSnapshot(state, identity, fingerprint, null, (failure ?? connection?.SignInFailure)?.Message);
    }

    /// <summary>Approves the server in its current state, with its current tools.</summary>
    /// <exception cref="FailureException">Conflict: it is not what the user reviewed.</exception>
    public async Task ApproveAsync(string fingerprint, CancellationToken cancellationToken)
    {
        await semaphore.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfInvalid();
            var identity = McpIdentity.Of(declaration, programs, allowCached: false);
            var approval = approvals.Find(declaration);
            if (fingerprint != Fingerprint(identity, approval))
            {
                throw new FailureException(
                    FailureKind.Conflict,
                    $"The server {declaration.Name} changed since you reviewed it. Review it again before you approve it."
                );
            }

            approvals.Approve(
                declaration,
                identity,
                approval?.ChangedTools is { } changedTools ? McpSeenTool.Known(approval.Tools ?? [], changedTools) : approval?.Tools
            );
            (failure, isStoppedByUser, crashes) = (null, false, 0);
        }
        finally
        {
            semaphore.Release();
        }

        changed();
    }

    /// <exception cref="FailureException">StoreReadOnly.</exception>
    public async Task RevokeAsync(CancellationToken cancellationToken)
    {
        await semaphore.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            approvals.Revoke(declaration);
            failure = null;
            await EndAsync().ConfigureAwait(false);
            tools = null;
            if (declaration.Address is not null)
            {
                await new McpTokens(declaration, services.Secrets, isFresh: false).ForgetAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            semaphore.Release();
        }

        changed();
    }

    /// <summary>Starts the server on the user's request, regardless of an earlier stop or backoff.</summary>
    /// <exception cref="FailureException">It cannot be started, or did not start.</exception>
    public async Task<McpToolList> StartAsync(CancellationToken cancellationToken)
    {
        (isStoppedByUser, crashes, crashedAt) = (false, 0, null);
        return await ToolsAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops the server until the user starts it again.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        isStoppedByUser = true;
        await semaphore.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await EndAsync().ConfigureAwait(false);
            failure = null;
        }
        finally
        {
            semaphore.Release();
        }

        changed();
    }

    /// <summary>Starts a sign-in.</summary>
    /// <returns>The page to open in the browser; null if the server requires none. The state shows the outcome.</returns>
    /// <exception cref="FailureException">The server is not approved or has no address, or the sign-in cannot start.</exception>
    public async Task<Uri?> SignInAsync(CancellationToken cancellationToken)
    {
        if (declaration.Address is null)
        {
            throw new FailureException(
                FailureKind.BadRequest,
                $"The server {declaration.Name} is a local program and does not support sign-in."
            );
        }

        var signIn = new McpSignIn(declaration);
        var opening = Task.Run(
            async () =>
            {
                using (signIn)
                {
                    (isStoppedByUser, crashes, crashedAt) = (false, 0, null);
                    await RunAsync(signIn, CancellationToken.None).ConfigureAwait(false);
                }
            },
            CancellationToken.None
        );
        if (
            await Task.WhenAny(signIn.AuthorizationPage, opening).WaitAsync(services.StartTimeout, cancellationToken).ConfigureAwait(false)
            == signIn.AuthorizationPage
        )
        {
            return await signIn.AuthorizationPage.ConfigureAwait(false);
        }

        await opening.ConfigureAwait(false);
        return null;
    }

    /// <summary>Gets the current tools; starts the server on first use.</summary>
    /// <exception cref="FailureException">It cannot be started, or did not start; one sentence.</exception>
    public async Task<McpToolList> ToolsAsync(CancellationToken cancellationToken)
    {
        await RunAsync(null, cancellationToken).ConfigureAwait(false);
        return tools!;
    }

    public (bool Resources, bool Prompts, bool Completions) Offers =>
        connection is { Ended.IsCompleted: false } running ? (running.HasResources, running.HasPrompts, running.HasCompletions) : default;

    /// <summary>Gets the running server, approved with its current tools.</summary>
    /// <exception cref="FailureException">As for <see cref="ToolsAsync"/>.</exception>
    public Task<McpConnection> ConnectedAsync(CancellationToken cancellationToken) => RunAsync(null, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await semaphore.WaitAsync().ConfigureAwait(false);
        try
        {
            isDisposed = true;
            await EndAsync().ConfigureAwait(false);
        }
        finally
        {
            semaphore.Release();
        }
    }

    private async Task<McpConnection> RunAsync(McpSignIn? signIn, CancellationToken cancellationToken)
    {
        await semaphore.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            ThrowIfInvalid();
            if (isStoppedByUser)
            {
                throw new FailureException(FailureKind.PermissionDenied, $"The user stopped the server {declaration.Name}.");
            }

            if (connection is { Ended.IsCompleted: true })
            {
                RecordCrash();
                await EndAsync().ConfigureAwait(false);
            }

            // The approved version is running: a changed file applies only after a restart.
            var identity = McpIdentity.Of(declaration, programs, allowCached: connection is not null);
            var approval = RequireApproved(identity);
            if (connection is not null && runningFingerprint != identity.Fingerprint)
            {
                await EndAsync().ConfigureAwait(false);
            }
            var moreScopes = connection?.MissingScopes ?? [];
            if (connection is not null && signIn is not null)
            {
                await EndAsync().ConfigureAwait(false);
            }
            if (connection is null)
            {
                await OpenAsync(identity, signIn, moreScopes, cancellationToken).ConfigureAwait(false);
            }
            if (tools is null || runningFingerprint is null || connection!.IsListStale)
            {
                await ListAsync(identity, approval, cancellationToken).ConfigureAwait(false);
            }

            return connection!;
        }
        finally
        {
            semaphore.Release();
        }
    }

    private void ThrowIfInvalid()
    {
        if (declaration.Fault is { } fault)
        {
            throw new FailureException(FailureKind.BadRequest, fault);
        }
        if (Refusal() is { } refusal)
        {
            throw PolicyRefusals.Refuse(services.Paths, services.Time, refusal);
        }
    }

    private string? Fault() => declaration.Fault ?? Refusal();

    private string? Refusal() =>
        ManagedPolicy
            .Read(services.Paths)
            .RefusalOfServer(
                declaration.Name,
                declaration.Address,
                declaration.Command is { } command ? [command, .. declaration.Arguments] : [],
                HashOfProgram
            );

    private string? HashOfProgram()
    {
        try
        {
            return programs.HashOf(programs.Find(declaration), allowCached: false);
        }
        catch (FailureException)
        {
            return null;
        }
    }

    private McpApproval RequireApproved(McpIdentity identity)
    {
        if (declaration.IsFromClient)
        {
            return new McpApproval(declaration.Name, declaration.Source, identity.Parts, null, services.Time.GetUtcNow().UtcDateTime);
        }

        var approval = approvals.Find(declaration);
        if (approval is null)
        {
            throw new FailureException(
                FailureKind.PermissionDenied,
                $"The server {declaration.Name} was not started because it is not approved. {HowToApprove}"
            );
        }
        if (identity.ChangesSince(approval.Parts).Count > 0)
        {
            throw new FailureException(
                FailureKind.PermissionDenied,
                $"The server {declaration.Name} has changed since it was approved, so it was not started. {HowToApprove}"
            );
        }
        if (approval.ChangedTools is not null)
        {
            throw ToolsChanged();
        }

        return approval;
    }

    private string HowToApprove => $"Review and approve it with Plue: Manage MCP Servers, or with plue mcp approve {declaration.Name}.";

    private FailureException ToolsChanged() =>
        new(
            FailureKind.PermissionDenied,
            $"The tools of the server {declaration.Name} have changed since it was approved, so it was stopped. {HowToApprove}"
        );

    private async Task OpenAsync(
        McpIdentity identity,
        McpSignIn? signIn,
        IReadOnlyList<string> moreScopes,
        CancellationToken cancellationToken
    )
    {
        if (crashedAt is { } last && BackoffAfter(crashes) - services.Time.GetElapsedTime(last) is { Ticks: > 0 } left)
        {
            throw new FailureException(
                FailureKind.Unreachable,
                $"{failure?.Message ?? $"The server {declaration.Name} did not start."} It is tried again in {Math.Ceiling(left.TotalSeconds):0} s at the earliest."
            );
        }

        isStarting = true;
        changed();
        try
        {
            (tools, runningFingerprint) = (null, null);
            connection = await McpConnection
                .OpenAsync(declaration, identity, services, signIn, moreScopes, cancellationToken)
                .ConfigureAwait(false);
            connection.OnSignInNeeded = changed;
            startedAt = services.Time.GetTimestamp();
            failure = null;
            _ = WatchAsync(connection);
        }
        catch (FailureException fault)
        {
            failure = fault.Failure;
            if (
                fault.Failure.Kind
                is not (
                    FailureKind.ProviderAuthFailed
                    or FailureKind.VaultLocked
                    or FailureKind.KeyNotBoundToOrigin
                    or FailureKind.NotFound
                )
            )
            {
                SetBackoffFailure();
            }
            throw;
        }
        finally
        {
            isStarting = false;
            changed();
        }
    }

    private async Task ListAsync(McpIdentity identity, McpApproval approval, CancellationToken cancellationToken)
    {
        try
        {
            tools = await connection!.ListToolsAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (FailureException fault)
        {
            failure = fault.Failure;
            SetBackoffFailure();
            await EndAsync().ConfigureAwait(false);
            changed();
            throw;
        }

        if (approval.Tools is { } known && McpSeenTool.Changes(known, tools.Seen).Count > 0)
        {
            await EndAsync().ConfigureAwait(false);
            approvals.Suspend(declaration, tools.Seen);
            changed();
            throw ToolsChanged();
        }

        // The first list after an approval is approved, too. Earlier versions of Plue stored less about a tool.
        if (
            !declaration.IsFromClient && (approval.Tools is null || approval.Tools.Any(tool => tool is { Definition: null, IsGone: false }))
        )
        {
            approvals.UpdateTools(declaration, McpSeenTool.Known(approval.Tools ?? [], tools.Seen));
        }

        runningFingerprint = identity.Fingerprint;
        changed();
    }

    /// <summary>Reports an unexpected exit immediately instead of on the next use.</summary>
    private async Task WatchAsync(McpConnection running)
    {
        await running.Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (connection == running)
        {
            failure = running.ExitFailure();
            changed();
        }
    }

    private void RecordCrash()
    {
        failure = connection!.ExitFailure();
        if (startedAt is { } began && services.Time.GetElapsedTime(began) > StableUptime)
        {
            crashes = 0;
        }

        SetBackoffFailure();
    }

    private void SetBackoffFailure()
    {
        crashes++;
        crashedAt = services.Time.GetTimestamp();
    }

    /// <summary>Gets the delay after crashes. There is none after the first, which is often the only one.</summary>
    private static TimeSpan BackoffAfter(int crashes) =>
        crashes <= 1 ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(MaxBackoff.TotalSeconds, Math.Pow(2, Math.Min(crashes - 2, 10))));

    private async Task EndAsync()
    {
        var old = connection;
        connection = null;
        runningFingerprint = null;
        if (old is not null)
        {
            await old.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Gets the fingerprint of what the user reviews, including the tools if they changed.</summary>
    private static string Fingerprint(McpIdentity identity, McpApproval? approval) =>
        approval?.ChangedTools is not { } changedTools
            ? identity.Fingerprint
            : McpIdentity.Hash(
                string.Join('\0', [identity.Fingerprint, .. changedTools.Select(tool => $"{tool.Name}\0{tool.Sha256}\0{tool.Definition}")])
            );
}

/// <summary>A snapshot of a server's state.</summary>
/// <param name="Identity">Null if unknown.</param>
/// <param name="Changes">The differences to the approved state; null if there are none.</param>
internal sealed record McpServerSnapshot(
    McpServerState State,
    McpIdentity? Identity,
    string Fingerprint,
    IReadOnlyList<string>? Changes,
    string? Error
);
