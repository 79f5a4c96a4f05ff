using Plue.Server.Messages;

namespace Plue.Server.Providers.Http;

/// <summary>Sends an API key in a header.</summary>
/// <param name="header">The name of the header, and the prefix of its value.</param>
internal sealed class ApiKeyCredential(
    ProviderSettings settings,
    ISecretSource secrets,
    ProviderEndpoint endpoint,
    (string Name, string Prefix) header
) : IRequestCredential
{
    public async ValueTask ApplyAsync(
        HttpRequestMessage request,
        ReadOnlyMemory<byte> body,
        ProviderFailures failures,
        CancellationToken cancellationToken
    )
    {
        // A custom header of the user takes precedence.
        if (settings.ApiKeyRef is not { } reference || request.Headers.NonValidated.Contains(header.Name))
        {
            return;
        }

        try
        {
            var secret = failures.Sendable(
                (await secrets.GetAsync(reference, new Uri(endpoint.Origin), cancellationToken).ConfigureAwait(false)).Reveal()
            );
            if (!request.Headers.TryAddWithoutValidation(header.Name, header.Prefix + secret))
            {
                throw new FailureException(failures.UnusableKey());
            }
        }
        catch (FailureException missing) when (missing.Failure.Kind == FailureKind.NotFound)
        {
            // A self-hosted server may need no key; if it does, it rejects the request, and the user is asked.
            if (settings.Capabilities.NeedsKey)
            {
                throw new FailureException(failures.NoKey(), missing);
            }
        }
    }

    public ValueTask<bool> RenewAsync(CancellationToken cancellationToken) => ValueTask.FromResult(false);
}
