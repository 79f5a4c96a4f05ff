using Plue.Server.Messages;

namespace Plue.Server.Providers.Connections.OAuth;

/// <summary>The sign-ins under way, at most one a provider. Ending this ends them and closes their ports.</summary>
public sealed class SignIns(OAuthTokens tokens, TimeProvider time) : IAsyncDisposable
{
    private readonly SemaphoreSlim beginning = new(1, 1);
    private readonly Dictionary<string, SignIn> underWay = new(StringComparer.Ordinal);

    /// <summary>Begins one; an earlier one of the same provider ends.</summary>
    /// <exception cref="FailureException">The provider does not sign in this way, lacks a setting, its port is in use, or its server gives no code.</exception>
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
            lock (underWay)
            {
                underWay[settings.Id] = new SignIn(flow, answer => tokens.SaveAsync(settings, answer, CancellationToken.None));
            }
            return flow.Start;
        }
        finally
        {
            beginning.Release();
        }
    }

    /// <summary>Returns when the tokens are kept. Giving up waiting ends the sign-in.</summary>
    /// <exception cref="FailureException">It was denied, ran out or failed; NotFound when none is under way.</exception>
    /// <exception cref="OperationCanceledException">It was ended, by <paramref name="cancellationToken"/> or by a newer one.</exception>
    public async Task AwaitAsync(string providerId, CancellationToken cancellationToken)
    {
        SignIn signIn;
        lock (underWay)
        {
            signIn =
                underWay.GetValueOrDefault(providerId)
                ?? throw new FailureException(FailureKind.NotFound, "No sign-in of this provider is in progress. Sign in again.");
        }

        try
        {
            await signIn.Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            lock (underWay)
            {
                if (underWay.GetValueOrDefault(providerId) == signIn)
                {
                    underWay.Remove(providerId);
                }
            }

            await signIn.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Forgets the tokens, and ends a sign-in under way.</summary>
    public async Task SignOutAsync(string providerId, CancellationToken cancellationToken)
    {
        await EndAsync(providerId).ConfigureAwait(false);
        await tokens.ForgetAsync(providerId, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        string[] all;
        lock (underWay)
        {
            all = [.. underWay.Keys];
        }

        foreach (var id in all)
        {
            await EndAsync(id).ConfigureAwait(false);
        }
    }

    private async Task EndAsync(string providerId)
    {
        SignIn? old;
        lock (underWay)
        {
            underWay.Remove(providerId, out old);
        }

        if (old is not null)
        {
            await old.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>One of them, from its beginning to its end.</summary>
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
