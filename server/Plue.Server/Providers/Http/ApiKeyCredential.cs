using Plue.Server.Messages;

namespace Plue.Server.Providers.Http;

/// <summary>A key in a header.</summary>
/// <param name="header">The header for the key, and the prefix of its value.</param>
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
        // A key header of the user's own, in whatever form the gateway wants it, stands in place of ours.
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
            // A server of one's own may want none; one that does says so, and then the user is asked.
            if (settings.Capabilities.NeedsKey)
            {
                throw new FailureException(failures.NoKey(), missing);
            }
        }
    }

    public ValueTask<bool> RenewAsync(CancellationToken cancellationToken) => ValueTask.FromResult(false);
}
