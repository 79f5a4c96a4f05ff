namespace Plue.Server.Health;

/// <summary>Checks whether the keys are accessible.</summary>
/// <param name="notOpened">Why the vault could not be unlocked for this check; null if that was not tried.</param>
internal sealed class VaultChecks(HealthServices services, string? notOpened)
{
    public async Task<IReadOnlyList<HealthRow>> VaultAsync(CancellationToken cancellationToken)
    {
        const string name = "Vault";
        var vault = services.Vault.Vault;
        var status = await vault.StatusAsync(cancellationToken);
        if (status.Problem is { } problem)
        {
            return
            [
                HealthRow.Failed(name, problem) with
                {
                    IsNeeded = true,
                    Advice = $"Restore {services.Paths.Vault} from a backup, or move it away and store the keys again.",
                },
            ];
        }

        if (notOpened is not null && status.Locked)
        {
            return [HealthRow.Failed(name, $"The vault was not unlocked. {notOpened}") with { IsNeeded = true }];
        }

        var keychain = await vault.IsKeychainAvailableAsync(cancellationToken);
        var machine = keychain ? "This machine's keychain responds." : "No keychain is available on this machine.";
        if (!status.Exists)
        {
            return
            [
                HealthRow.Ok(
                    name,
                    $"There is no vault yet. It is created with the first key{(keychain ? "" : ", and asks for a passphrase")}. {machine}"
                ),
            ];
        }

        var ways = string.Join(", ", status.UnlockMethods);
        return
        [
            status.Locked
                ? HealthRow.Warning(name, $"The vault is locked. Unlock methods: {ways}. {machine}") with
                {
                    Advice = "Unlock it to use the keys in it.",
                    Fix = new HealthFix(HealthAction.UnlockVault),
                }
                : HealthRow.Ok(name, $"The vault is unlocked. Unlock methods: {ways}. {machine}"),
        ];
    }
}
