namespace Plue.Server.Health;

/// <summary>Whether the keys can be had.</summary>
/// <param name="notOpened">Why it could not be opened for this look; null where that was not tried.</param>
internal sealed class VaultChecks(HealthServices services, string? notOpened)
{
    public async Task<IReadOnlyList<HealthRow>> VaultAsync(CancellationToken cancellationToken)
    {
        const string name = "Vault";
        var vault = services.Vault.Value;
        var status = await vault.StatusAsync(cancellationToken);
        if (status.Problem is { } problem)
        {
            return [HealthRow.Failed(name, problem) with { IsNeeded = true, Advice = $"Bring {services.Paths.Vault} back from a backup, or move it away and store the keys again." }];
        }

        if (notOpened is not null && status.Locked) { return [HealthRow.Failed(name, $"It was not opened. {notOpened}") with { IsNeeded = true }]; }

        var keychain = await vault.IsKeychainAvailableAsync(cancellationToken);
        var machine = keychain ? "This machine's keychain answers." : "This machine has no keychain that answers.";
        if (!status.Exists)
        {
            return [HealthRow.Ok(name, $"There is no vault yet: it is made with the first key{(keychain ? "" : ", and asks for a passphrase")}. {machine}")];
        }

        var ways = string.Join(", ", status.UnlockMethods);
        return [status.Locked
            ? HealthRow.Warning(name, $"The vault is locked. It opens by: {ways}. {machine}") with { Advice = "Unlock it to use the keys in it.", Fix = new HealthFix(HealthAction.UnlockVault) }
            : HealthRow.Ok(name, $"The vault is open. It opens by: {ways}. {machine}")];
    }
}
