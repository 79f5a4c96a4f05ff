using System.Collections.Concurrent;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Connections.OAuth;

/// <summary>
/// The OAuth tokens of all providers. They are stored in the vault and refreshed here, by one refresh at a time.
/// </summary>
internal sealed class OAuthTokens
{
    /// <summary>A token is refreshed this long before it expires, so that no request uses an expired one.</summary>
    private static readonly TimeSpan RefreshAhead = TimeSpan.FromMinutes(5);

    /// <summary>If a request is rejected while the token is younger than this, it used the previous token.</summary>
    private static readonly TimeSpan MinRefreshAge = TimeSpan.FromSeconds(10);

    /// <summary>The wait after a failed early refresh.</summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(30);

    private readonly ISecretStore secrets;
    private readonly TimeProvider time;
    private readonly OAuthServer server;
    private readonly OAuthLedger ledger;
    private readonly ConcurrentDictionary<string, TokenState> byProvider = new(StringComparer.Ordinal);

    public OAuthTokens(ISecretStore secrets, ProviderHttp http, PluePaths paths, TimeProvider time)
    {
        (this.secrets, this.time) = (secrets, time);
        server = new OAuthServer(secrets, http, time);
        ledger = new OAuthLedger(paths);
    }

    internal OAuthServer Server => server;

    /// <summary>The vault address of the access token, which is sent to the provider.</summary>
    public static string AccessReference(string providerId) => $"{SecretReference.VaultScheme}{providerId}/access_token";

    /// <summary>The vault address of the refresh token, which is sent only to the authorization server.</summary>
    public static string RefreshReference(string providerId) => $"{SecretReference.VaultScheme}{providerId}/refresh_token";

    /// <summary>Returns a token that, according to its expiry, is valid for the next minutes.</summary>
    /// <param name="origin">The origin to which it will be sent.</param>
    /// <exception cref="FailureException">ProviderAuthFailed: not signed in, or no longer. VaultLocked. KeyNotBoundToOrigin.</exception>
    internal async Task<Secret> GetAsync(ProviderSettings settings, Uri origin, CancellationToken cancellationToken)
    {
        var state = byProvider.GetOrAdd(settings.Id, _ => new TokenState());
        await SaveUnsavedAsync(settings, state, cancellationToken).ConfigureAwait(false);
        if (IsDue(state, settings.Id, early: false))
        {
            await RefreshAsync(settings, state, isRefused: false, cancellationToken).ConfigureAwait(false);
        }
        else if (
            IsDue(state, settings.Id, early: true)
            && (state.LastFailedRefresh is not { } missed || time.GetElapsedTime(missed) > RetryPause)
        )
        {
            try
            {
                await RefreshAsync(settings, state, isRefused: false, cancellationToken).ConfigureAwait(false);
            }
            catch (FailureException fault) when (fault.Failure.IsRetryable)
            {
                // The current token is valid for a few more minutes.
                state.LastFailedRefresh = time.GetTimestamp();
            }
        }

        return await ReadAsync(settings, AccessReference(settings.Id), origin, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Refreshes a token that the provider rejected.</summary>
    /// <returns>False if there is no newer token without a new sign-in.</returns>
    /// <exception cref="FailureException">The refresh was rejected: "Sign in again".</exception>
    internal async ValueTask<bool> RenewAsync(ProviderSettings settings, CancellationToken cancellationToken)
    {
        var state = byProvider.GetOrAdd(settings.Id, _ => new TokenState());
        if (state.Answer is { } latest && time.GetElapsedTime(latest.Timestamp) < MinRefreshAge)
        {
            return true;
        }

        return await RefreshAsync(settings, state, isRefused: true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stores the tokens of a sign-in and replaces older ones.</summary>
    internal async Task SaveAsync(ProviderSettings settings, TokenResponse answer, CancellationToken cancellationToken)
    {
        var oauth = OAuthSettings.Of(settings);
        using var turn = await LockAsync(settings.Id, cancellationToken).ConfigureAwait(false);
        // The refresh token of an earlier sign-in may belong to another user.
        if (answer.RefreshToken is null)
        {
            await secrets.DeleteAsync(RefreshReference(settings.Id), cancellationToken).ConfigureAwait(false);
        }

        await StoreAsync(settings.Id, oauth, byProvider.GetOrAdd(settings.Id, _ => new TokenState()), answer, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Deletes all tokens of the provider.</summary>
    internal async Task ForgetAsync(string providerId, CancellationToken cancellationToken)
    {
        using var turn = await LockAsync(providerId, cancellationToken).ConfigureAwait(false);
        byProvider.TryRemove(providerId, out _);
        await secrets.DeleteAsync(RefreshReference(providerId), cancellationToken).ConfigureAwait(false);
        await secrets.DeleteAsync(AccessReference(providerId), cancellationToken).ConfigureAwait(false);
        await OnDiskAsync(() => ledger.SetAsync(providerId, null, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>Tokens of this process expire by the monotonic clock; tokens of other processes, and all tokens after a sleep, by the system clock.</summary>
    /// <param name="early">True if a token is also due in the period before its expiry.</param>
    private bool IsDue(TokenState state, string providerId, bool early)
    {
        var entry = ledger.Find(providerId);
        return IsDue(entry, early)
            || (
                IsOurs(entry, state)
                && state.Answer is { Lifetime: { } life, Timestamp: var received }
                && time.GetElapsedTime(received) >= life - (early ? RefreshAheadOf(life) : TimeSpan.Zero)
            );
    }

    /// <summary>True if a token has expired. Tokens of this process use the monotonic clock, because a change of the system clock must not discard one that
    /// cannot be refreshed.</summary>
    private bool IsOver(TokenState state, string providerId)
    {
        var entry = ledger.Find(providerId);
        return IsOurs(entry, state)
            ? state.Answer is { Lifetime: { } life, Timestamp: var received } && time.GetElapsedTime(received) >= life
            : IsDue(entry, early: false);
    }

    private static bool IsOurs(OAuthEntry? entry, TokenState state) =>
        state.Answer is { } answer && (entry is null || entry.ReceivedAt == answer.ReceivedAt);

    private bool IsDue(OAuthEntry? entry, bool early)
    {
        if (entry?.ExpiresAt is not { } end)
        {
            return false;
        }

        var now = time.GetUtcNow();
        // A token from the future was stored before the clock was set back: its age is unknown.
        return early ? now >= end - RefreshAheadOf(end - entry.ReceivedAt) || now < entry.ReceivedAt - RefreshAhead : now >= end;
    }

    /// <summary>Shortened for short-lived tokens, which would otherwise always be due.</summary>
    private static TimeSpan RefreshAheadOf(TimeSpan life) => life / 4 < RefreshAhead ? life / 4 : RefreshAhead;

    /// <returns>False if there is no refresh token.</returns>
    private async Task<bool> RefreshAsync(ProviderSettings settings, TokenState state, bool isRefused, CancellationToken cancellationToken)
    {
        Task<bool> refresh;
        lock (state)
        {
            // Shared by all callers, so that a canceled caller does not cancel it for the others.
            refresh = state.Refreshing is { IsCompleted: false } running
                ? running
                : state.Refreshing = Task.Run(() => RefreshOnceAsync(settings, state, isRefused), CancellationToken.None);
        }

        return await refresh.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> RefreshOnceAsync(ProviderSettings settings, TokenState state, bool isRefused)
    {
        var oauth = OAuthSettings.Of(settings);
        var before = ledger.Find(settings.Id);
        using var turn = await LockAsync(settings.Id, CancellationToken.None).ConfigureAwait(false);
        // Another window or an earlier caller may have refreshed the token during the wait.
        if (!IsDue(state, settings.Id, early: true) && (!isRefused || ledger.Find(settings.Id) != before))
        {
            return true;
        }

        if (before is not null && state.Refused == before.ReceivedAt)
        {
            throw SignInAgain(settings);
        }

        string refresh;
        try
        {
            refresh = (
                await ReadAsync(settings, RefreshReference(settings.Id), oauth.TokenUrl, CancellationToken.None).ConfigureAwait(false)
            ).Reveal();
        }
        catch (FailureException missing) when (missing.InnerException is FailureException { Failure.Kind: FailureKind.NotFound })
        {
            return IsOver(state, settings.Id) ? throw SignInAgain(settings) : false;
        }

        try
        {
            var answer = await server
                .TokenAsync(oauth, [("grant_type", "refresh_token"), ("refresh_token", refresh)], CancellationToken.None)
                .ConfigureAwait(false);
            await StoreAsync(settings.Id, oauth, state, answer, CancellationToken.None).ConfigureAwait(false);
            return true;
        }
        catch (OAuthRefusal refusal)
        {
            // Do not send a permanently rejected refresh token again.
            if (refusal.Code == "invalid_grant")
            {
                state.Refused = before?.ReceivedAt;
            }
            throw new FailureException(refusal.Failure, refusal);
        }
    }

    /// <summary>Stores the refresh token first: a server that issues a new one has invalidated the old one.</summary>
    private async Task StoreAsync(
        string providerId,
        OAuthSettings oauth,
        TokenState state,
        TokenResponse answer,
        CancellationToken cancellationToken
    )
    {
        state.Answer = answer;
        state.Unsaved = answer;
        if (answer.RefreshToken is { } refresh)
        {
            await secrets.StoreAsync(RefreshReference(providerId), refresh, [oauth.TokenUrl], cancellationToken).ConfigureAwait(false);
        }

        await secrets
            .StoreAsync(AccessReference(providerId), answer.AccessToken, [oauth.ApiOrigin], cancellationToken)
            .ConfigureAwait(false);
        var entry = new OAuthEntry(answer.ReceivedAt, answer.Lifetime is { } life ? answer.ReceivedAt + life : null);
        await OnDiskAsync(() => ledger.SetAsync(providerId, entry, cancellationToken)).ConfigureAwait(false);
        state.Unsaved = null;
        state.Refused = null;
    }

    /// <summary>Stores tokens that could not be stored earlier (vault locked, disk full); the server has invalidated the older ones.</summary>
    private async Task SaveUnsavedAsync(ProviderSettings settings, TokenState state, CancellationToken cancellationToken)
    {
        if (state.Unsaved is { } answer && state.Refreshing is not { IsCompleted: false })
        {
            await StoreAsync(settings.Id, OAuthSettings.Of(settings), state, answer, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<Secret> ReadAsync(ProviderSettings settings, string reference, Uri origin, CancellationToken cancellationToken)
    {
        try
        {
            return await secrets.GetAsync(reference, origin, cancellationToken).ConfigureAwait(false);
        }
        catch (FailureException missing) when (missing.Failure.Kind == FailureKind.NotFound)
        {
            throw new FailureException(
                new Failure(FailureKind.ProviderAuthFailed, $"{settings.Name} is not signed in. Sign in, then try again."),
                missing
            );
        }
        catch (FailureException bound) when (bound.Failure.Kind == FailureKind.KeyNotBoundToOrigin)
        {
            throw new FailureException(
                new Failure(
                    FailureKind.KeyNotBoundToOrigin,
                    $"{settings.Name} was signed in for another address than {origin.Host}, so nothing was sent there. Sign in again to use this one."
                ),
                bound
            );
        }
    }

    private Task<IDisposable> LockAsync(string providerId, CancellationToken cancellationToken) =>
        OnDiskAsync(() => ledger.LockForRefreshAsync(providerId, cancellationToken));

    private static FailureException SignInAgain(ProviderSettings settings) =>
        new(FailureKind.ProviderAuthFailed, $"The sign-in of {settings.Name} has ended. Sign in again.");

    private static async Task<T> OnDiskAsync<T>(Func<Task<T>> action)
    {
        try
        {
            return await action().ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.StoreReadOnly,
                "Plue's folder could not be written, so the sign-in was not kept up to date. Make it writable or free some space, then try again.",
                fault
            );
        }
    }

    private static Task OnDiskAsync(Func<Task> action) =>
        OnDiskAsync(async () =>
        {
            await action().ConfigureAwait(false);
            return true;
        });

    /// <summary>The state of a provider's tokens in this process.</summary>
    private sealed class TokenState
    {
        /// <summary>The last response to this process; null while only the ledger is known.</summary>
        public volatile TokenResponse? Answer;

        /// <summary>Received, but not yet stored.</summary>
        public volatile TokenResponse? Unsaved;

        public Task<bool>? Refreshing;

        /// <summary>When the last early refresh failed.</summary>
        public long? LastFailedRefresh;

        /// <summary>The receipt time of the token whose refresh was permanently rejected.</summary>
        public DateTimeOffset? Refused;
    }
}
