using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Connections.OAuth;

/// <summary>Sends the access token of a sign-in as a bearer token.</summary>
internal sealed class OAuthCredential(ProviderSettings settings, OAuthTokens tokens) : IRequestCredential
{
    public async ValueTask ApplyAsync(
        HttpRequestMessage request,
        ReadOnlyMemory<byte> body,
        ProviderFailures failures,
        CancellationToken cancellationToken
    )
    {
        var token = failures.Sendable(
            (await tokens.GetAsync(settings, request.RequestUri!, cancellationToken).ConfigureAwait(false)).Reveal()
        );
        request.Headers.Remove("authorization");
        if (!request.Headers.TryAddWithoutValidation("authorization", "Bearer " + token))
        {
            throw new FailureException(failures.UnusableKey());
        }
    }

    public ValueTask<bool> RenewAsync(CancellationToken cancellationToken) => tokens.RenewAsync(settings, cancellationToken);
}
