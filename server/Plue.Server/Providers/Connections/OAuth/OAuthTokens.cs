using System.Collections.Concurrent;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Connections.OAuth;

/// <summary>
/// The tokens of every provider that signs in with OAuth. They lie in the vault; what a provider's requests need of them is kept fresh here,
/// by one refresh at a time.
/// </summary>
public sealed class OAuthTokens
{
    /// <summary>A refresh begins this long before the end, so that no request meets it.</summary>
    private static readonly TimeSpan RefreshAhead = TimeSpan.FromMinutes(5);

    /// <summary>A request that is refused while the token is younger than this used the previous token.</summary>
    private static readonly TimeSpan MinRefreshAge = TimeSpan.FromSeconds(10);

    /// <summary>After a refresh ahead of time that failed, before the next.</summary>
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

    /// <summary>Where the vault keeps the token that goes to the provider.</summary>
    public static string AccessReference(string providerId) => $"{SecretReference.VaultScheme}{providerId}/access_token";

    /// <summary>Where the vault keeps what brings the next token; it goes to the authorization server alone.</summary>
    public static string RefreshReference(string providerId) => $"{SecretReference.VaultScheme}{providerId}/refresh_token";

    /// <summary>A token that is valid for the next minutes according to its expiry.</summary>
    /// <param name="origin">Where it is about to be sent.</param>
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
                // The old one is still good for a few minutes, in which the server may come back.
                state.LastFailedRefresh = time.GetTimestamp();
            }
        }

        return await ReadAsync(settings, AccessReference(settings.Id), origin, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The provider refused the token.</summary>
    /// <returns>False when there is no newer one to be had without the user.</returns>
    /// <exception cref="FailureException">The refresh was refused: "Sign in again".</exception>
    internal async ValueTask<bool> RenewAsync(ProviderSettings settings, CancellationToken cancellationToken)
    {
        var state = byProvider.GetOrAdd(settings.Id, _ => new TokenState());
        if (state.Answer is { } latest && time.GetElapsedTime(latest.Timestamp) < MinRefreshAge)
        {
            return true;
        }

        return await RefreshAsync(settings, state, isRefused: true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Keeps what a sign-in brought, in place of anything older.</summary>
    internal async Task SaveAsync(ProviderSettings settings, TokenResponse answer, CancellationToken cancellationToken)
    {
        var oauth = OAuthSettings.Of(settings);
        using var turn = await LockAsync(settings.Id, cancellationToken).ConfigureAwait(false);
        // A refresh token of an earlier sign-in would bring back another user.
        if (answer.RefreshToken is null)
        {
            await secrets.DeleteAsync(RefreshReference(settings.Id), cancellationToken).ConfigureAwait(false);
        }

        await StoreAsync(settings.Id, oauth, byProvider.GetOrAdd(settings.Id, _ => new TokenState()), answer, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Forgets everything about the sign-in.</summary>
    internal async Task ForgetAsync(string providerId, CancellationToken cancellationToken)
    {
        using var turn = await LockAsync(providerId, cancellationToken).ConfigureAwait(false);
        byProvider.TryRemove(providerId, out _);
        await secrets.DeleteAsync(RefreshReference(providerId), cancellationToken).ConfigureAwait(false);
        await secrets.DeleteAsync(AccessReference(providerId), cancellationToken).ConfigureAwait(false);
        await OnDiskAsync(() => ledger.SetAsync(providerId, null, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>Tokens of this process expire by the monotonic clock; tokens of other processes, and all tokens after a sleep, by the system clock.</summary>
    /// <param name="early">Whether the time before the end counts already.</param>
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

    /// <summary>Where nothing can be refreshed, a clock that somebody set is no reason to give a token up.</summary>
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
        // A token from the future was written before the clock was set back: its age is unknown.
        return early ? now >= end - RefreshAheadOf(end - entry.ReceivedAt) || now < entry.ReceivedAt - RefreshAhead : now >= end;
    }

    /// <summary>A token of a few minutes would otherwise always be due.</summary>
    private static TimeSpan RefreshAheadOf(TimeSpan life) => life / 4 < RefreshAhead ? life / 4 : RefreshAhead;

    /// <returns>False when nothing can be refreshed.</returns>
    private async Task<bool> RefreshAsync(ProviderSettings settings, TokenState state, bool isRefused, CancellationToken cancellationToken)
    {
        Task<bool> underWay;
        lock (state)
        {
            // It has no owner: a canceled caller does not cancel it for the others.
            underWay = state.Refreshing is { IsCompleted: false } running
                ? running
                : state.Refreshing = Task.Run(() => RefreshOnceAsync(settings, state, isRefused), CancellationToken.None);
        }

        return await underWay.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> RefreshOnceAsync(ProviderSettings settings, TokenState state, bool isRefused)
    {
        var oauth = OAuthSettings.Of(settings);
        var before = ledger.Find(settings.Id);
        using var turn = await LockAsync(settings.Id, CancellationToken.None).ConfigureAwait(false);
        // Another window or an earlier caller may have done it while this one waited.
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
            // Asking again with what was refused for good would only hammer at the server.
            if (refusal.Code == "invalid_grant")
            {
                state.Refused = before?.ReceivedAt;
            }
            throw new FailureException(refusal.Failure, refusal);
        }
    }

    /// <summary>The refresh token first: a server that gives a new one has forgotten the old.</summary>
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

    /// <summary>Tokens that came while the vault was locked or the disk full: the server has forgotten the older ones, so they are not given up.</summary>
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

    /// <summary>What this process knows of one provider's tokens.</summary>
    private sealed class TokenState
    {
        /// <summary>The latest that this process got itself; null while it only knows the file.</summary>
        public volatile TokenResponse? Answer;

        /// <summary>Got, but not yet kept.</summary>
        public volatile TokenResponse? Unsaved;

        public Task<bool>? Refreshing;

        /// <summary>When a refresh ahead of time failed.</summary>
        public long? LastFailedRefresh;

        /// <summary>When the token came whose refresh was refused for good.</summary>
        public DateTimeOffset? Refused;
    }
}
