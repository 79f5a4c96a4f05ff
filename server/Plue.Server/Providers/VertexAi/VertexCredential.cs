using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.VertexAi;

/// <summary>An access token of Google in the usual header.</summary>
internal sealed class VertexCredential(GoogleAccount account) : IRequestCredential
{
    public async ValueTask ApplyAsync(
        HttpRequestMessage request,
        ReadOnlyMemory<byte> body,
        ProviderFailures failures,
        CancellationToken cancellationToken
    )
    {
        // What the user's own headers say stands in place of ours.
        if (request.Headers.NonValidated.Contains("authorization"))
        {
            return;
        }
        var token = await account.TokenAsync(ProviderEndpoint.OriginOf(request.RequestUri!), cancellationToken).ConfigureAwait(false);
        failures.Proof = (token.Source, token.Advice);
        request.Headers.TryAddWithoutValidation("authorization", "Bearer " + failures.Sendable(token.Value));
        if (token.QuotaProject is { } project && !request.Headers.NonValidated.Contains("x-goog-user-project"))
        {
            request.Headers.TryAddWithoutValidation("x-goog-user-project", project);
        }
    }

    public ValueTask<bool> RenewAsync(CancellationToken cancellationToken) => ValueTask.FromResult(false);

    /// <summary>Once with a fresh token. A 403 is about rights, which no token changes.</summary>
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
