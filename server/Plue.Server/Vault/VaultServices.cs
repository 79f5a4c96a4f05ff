using Plue.Server.Platform;

namespace Plue.Server.Vault;

/// <summary>The vault and the keys in the environment.</summary>
internal sealed class VaultServices(PlatformServices platform, Redactor redactor) : IAsyncDisposable
{
    public Vault Vault { get; } = new(platform.Paths.Vault, Keychain.ForThisMachine(platform.Paths.Vault), redactor, platform.Time);
    public EnvironmentKeys EnvironmentKeys { get; } = new(Environment.GetEnvironmentVariable, redactor);

    /// <summary>Returns a function that checks whether a reference exists now, not whether it can be read.</summary>
    public async ValueTask<Func<string, bool>> CredentialsAsync(CancellationToken cancellationToken)
    {
        var stored = await Vault.ReferencesAsync(cancellationToken);
        return reference =>
            reference.StartsWith(EnvironmentKeys.Scheme, StringComparison.Ordinal)
                ? !string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(reference[EnvironmentKeys.Scheme.Length..]))
                : stored.Contains(reference);
    }

    public ValueTask DisposeAsync() => Vault.DisposeAsync();
}
