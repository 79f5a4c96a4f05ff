using Plue.Server.Messages;

namespace Plue.Server.Providers.Connections.OAuth;

/// <summary>The sign-ins in progress, at most one per provider. Disposing ends them and closes their ports.</summary>
internal sealed class SignIns(OAuthTokens tokens, TimeProvider time) : IAsyncDisposable
{
    private readonly SemaphoreSlim beginning = new(1, 1);
    private readonly Dictionary<string, SignIn> pending = new(StringComparer.Ordinal);

    /// <summary>Starts a sign-in and ends an earlier one of the same provider.</summary>
    /// <exception cref="FailureException">The provider does not use OAuth, lacks a setting, its port is in use, or its server returns no code.</exception>
    public async Task<SignInStart> BeginAsync(ProviderSettings settings, CancellationToken cancellationToken)
    {
        if (settings.AuthType != AuthType.Oauth)
        {
            throw new FailureException(
                FailureKind.BadRequest,
                $"{settings.Name} does not sign in with OAuth. Write auth_type: \"oauth\" in its file if it should."
            );
        }

        var oauth = OAuthSettings.Of(settings);
        await beginning.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await EndAsync(settings.Id).ConfigureAwait(false);
            ISignInFlow flow = oauth.AuthorizationUrl is not null
                ? new AuthorizationCodeFlow(oauth, tokens.Server, time)
                : await DeviceFlow.BeginAsync(oauth, tokens.Server, time, cancellationToken).ConfigureAwait(false);
            lock (pending)
            {
                pending[settings.Id] = new SignIn(flow, answer => tokens.SaveAsync(settings, answer, CancellationToken.None));
            }
            return flow.Start;
        }
        finally
        {
            beginning.Release();
        }
    }

    /// <summary>Waits until the tokens are stored. Cancellation ends the sign-in.</summary>
    /// <exception cref="FailureException">The sign-in was denied, expired or failed. NotFound: none is in progress.</exception>
    /// <exception cref="OperationCanceledException">The sign-in was ended by <paramref name="cancellationToken"/> or a newer sign-in.</exception>
    public async Task AwaitAsync(string providerId, CancellationToken cancellationToken)
    {
        SignIn signIn;
        lock (pending)
        {
            signIn =
                pending.GetValueOrDefault(providerId)
                ?? throw new FailureException(FailureKind.NotFound, "No sign-in of this provider is in progress. Sign in again.");
        }

        try
        {
            await signIn.Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            lock (pending)
            {
                if (pending.GetValueOrDefault(providerId) == signIn)
                {
                    pending.Remove(providerId);
                }
            }

            await signIn.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Deletes the tokens and ends a sign-in in progress.</summary>
    public async Task SignOutAsync(string providerId, CancellationToken cancellationToken)
    {
        await EndAsync(providerId).ConfigureAwait(false);
        await tokens.ForgetAsync(providerId, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        string[] all;
        lock (pending)
        {
            all = [.. pending.Keys];
        }

        foreach (var id in all)
        {
            await EndAsync(id).ConfigureAwait(false);
        }
    }

    private async Task EndAsync(string providerId)
    {
        SignIn? old;
        lock (pending)
        {
            pending.Remove(providerId, out old);
        }

        if (old is not null)
        {
            await old.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>One sign-in from start to end.</summary>
    private sealed class SignIn : IAsyncDisposable
    {
        private readonly ISignInFlow flow;
        private readonly CancellationTokenSource stop = new();

        public SignIn(ISignInFlow flow, Func<TokenResponse, Task> keep)
        {
            this.flow = flow;
            Ended = Task.Run(async () => await keep(await flow.RunAsync(stop.Token).ConfigureAwait(false)).ConfigureAwait(false));
        }

        public Task Ended { get; }

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync().ConfigureAwait(false);
            flow.Dispose();
            await Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
