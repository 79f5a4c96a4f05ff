using Plue.Protocol;
using Plue.Server.Vault;

namespace Plue.Server.Rpc;

/// <summary>vault/*. A secret comes in through vault/store alone, and none goes out.</summary>
internal sealed class VaultHandlers(RpcServer server, Vault.Vault vault)
{
    public void Register()
    {
        server.Map(Methods.VaultStatus, (_, cancellationToken) => StatusAsync(cancellationToken));
        server.Map(Methods.VaultCreate, async (parameters, cancellationToken) =>
        {
            await vault.CreateAsync(Way(parameters), cancellationToken);
            return await StatusAsync(cancellationToken);
        });
        server.Map(Methods.VaultUnlock, async (parameters, cancellationToken) =>
        {
            await vault.UnlockAsync(Way(parameters), cancellationToken);
            return await StatusAsync(cancellationToken);
        });
        server.Map(Methods.VaultAddWay, async (parameters, cancellationToken) =>
        {
            await vault.AddWayAsync(Way(parameters), cancellationToken);
            return await StatusAsync(cancellationToken);
        });
        server.Map(Methods.VaultLock, async (_, cancellationToken) =>
        {
            await vault.LockAsync(cancellationToken);
            return await StatusAsync(cancellationToken);
        });
        server.Map(Methods.VaultStore, async (parameters, cancellationToken) =>
        {
            await vault.StoreAsync(parameters.Reference, parameters.Secret, parameters.Origins, cancellationToken);
            return (await ListAsync(cancellationToken)).First(entry => entry.Reference == parameters.Reference);
        });
        server.Map(Methods.VaultList, async (_, cancellationToken) => new VaultListResult(await ListAsync(cancellationToken)));
        server.Map(Methods.VaultDelete, async (parameters, cancellationToken) =>
        {
            await vault.DeleteAsync(parameters.Reference, cancellationToken);
            return new Nothing();
        });
    }

    private static VaultWay Way(VaultWayParams parameters) => VaultWay.Parse(parameters.Way, parameters.WayId, parameters.Secret);

    private async Task<VaultStatusResult> StatusAsync(CancellationToken cancellationToken)
    {
        var status = await vault.StatusAsync(cancellationToken);
        return new VaultStatusResult(status.Exists, status.Locked, status.Ways, await vault.KeychainAnswersAsync(cancellationToken), status.Problem);
    }

    private async Task<IReadOnlyList<VaultEntrySummary>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await vault.ListAsync(cancellationToken)).Select(entry => new VaultEntrySummary(entry.Reference, entry.Origins, entry.LastFour, entry.StoredAt, entry.LastUsed, []))];
}
