using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Vault;

namespace Plue.Server.Modules;

/// <summary>Provides secrets from the vault and the environment to the providers.</summary>
internal sealed class SecretSource(Vault.Vault vault, EnvironmentKeys environment) : ISecretStore
{
    public async ValueTask<Secret> GetAsync(string reference, Uri origin, CancellationToken cancellationToken)
    {
        if (reference.StartsWith(EnvironmentKeys.Scheme, StringComparison.Ordinal))
        {
            return new Secret(environment.Get(reference, origin));
        }

        // The names in a locked vault are readable: a missing key needs no unlocking.
        if (!await vault.ContainsAsync(reference, cancellationToken) && (await vault.StatusAsync(cancellationToken)).Problem is null)
        {
            throw new FailureException(
                FailureKind.NotFound,
                $"No key is stored as {reference}. Store one with Plue: Configure Provider Key."
            );
        }

        return new Secret(await vault.GetAsync(reference, origin, cancellationToken));
    }

    public async ValueTask StoreAsync(string reference, string secret, IReadOnlyList<Uri> origins, CancellationToken cancellationToken) =>
        await vault.StoreAsync(reference, secret, origins.Select(origin => origin.ToString()), cancellationToken);

    public async ValueTask DeleteAsync(string reference, CancellationToken cancellationToken)
    {
        if (await vault.ContainsAsync(reference, cancellationToken))
        {
            await vault.DeleteAsync(reference, cancellationToken);
        }
    }
}
