using Plue.Server.Providers;
using Plue.Server.Vault;

namespace Plue.Server;

/// <summary>Binds the providers' one way to a secret to the vault and to the environment.</summary>
internal sealed class SecretSource(Lazy<Vault.Vault> vault, EnvironmentKeys environment) : ISecretSource
{
    public async ValueTask<Secret> GetAsync(string reference, Uri origin, CancellationToken cancellationToken) =>
        reference.StartsWith(EnvironmentKeys.Scheme, StringComparison.Ordinal)
            ? new Secret(environment.Get(reference, origin))
            : new Secret(await vault.Value.GetAsync(reference, origin, cancellationToken));
}
