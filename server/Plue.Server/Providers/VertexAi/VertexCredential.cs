using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.VertexAi;

/// <summary>Sends a Google access token as a bearer token.</summary>
internal sealed class VertexCredential(GoogleAccount account) : IRequestCredential
{
    public async ValueTask ApplyAsync(
        HttpRequestMessage request,
        ReadOnlyMemory<byte> body,
        ProviderFailures failures,
        CancellationToken cancellationToken
    )
    {
        // A custom header of the user takes precedence.
        if (request.Headers.NonValidated.Contains("authorization"))
        {
            return;
        }
        var token = await account.TokenAsync(ProviderEndpoint.OriginOf(request.RequestUri!), cancellationToken).ConfigureAwait(false);
        failures.CredentialNote = (token.Source, token.Advice);
        request.Headers.TryAddWithoutValidation("authorization", "Bearer " + failures.Sendable(token.Value));
        if (token.QuotaProject is { } project && !request.Headers.NonValidated.Contains("x-goog-user-project"))
        {
            request.Headers.TryAddWithoutValidation("x-goog-user-project", project);
        }
    }

    public ValueTask<bool> RenewAsync(CancellationToken cancellationToken) => ValueTask.FromResult(false);

    /// <summary>Retries once with a new token. A 403 is about permissions, which a new token does not change.</summary>
    public async ValueTask<bool> RenewAsync(HttpResponseMessage refusal, CancellationToken cancellationToken)
    {
        const string Scheme = "Bearer ";
        if ((int)refusal.StatusCode != 401 || refusal.RequestMessage is not { } request)
        {
            return false;
        }
        var sent = request.Headers.NonValidated.TryGetValues("authorization", out var values) ? values.ToString() : "";
        if (!sent.StartsWith(Scheme, StringComparison.Ordinal))
        {
            return false;
        }
        var fresh = await account
            .TokenAfterAsync(sent[Scheme.Length..], ProviderEndpoint.OriginOf(request.RequestUri!), cancellationToken)
            .ConfigureAwait(false);
        return fresh.Value != sent[Scheme.Length..];
    }
}
