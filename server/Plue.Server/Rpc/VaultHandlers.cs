using Plue.Protocol;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Vault;

namespace Plue.Server.Rpc;

/// <summary>vault/*. Secrets are received only by vault/store and never returned.</summary>
internal sealed class VaultHandlers(RpcServer server, Vault.Vault vault, ProviderKeys keys, Action<IReadOnlyList<string>> imported)
{
    public void Register()
    {
        server.Map(Methods.VaultStatus, (_, cancellationToken) => StatusAsync(cancellationToken));
        server.Map(
            Methods.VaultCreate,
            async (parameters, cancellationToken) =>
            {
                await vault.CreateAsync(Way(parameters), cancellationToken);
                return await StatusAsync(cancellationToken);
            }
        );
        server.Map(
            Methods.VaultUnlock,
            async (parameters, cancellationToken) =>
            {
                await vault.UnlockAsync(Way(parameters), cancellationToken, parameters.AcceptOlder == true);
                return await StatusAsync(cancellationToken);
            }
        );
        server.Map(
            Methods.VaultAddUnlockMethod,
            async (parameters, cancellationToken) =>
            {
                await vault.AddUnlockMethodAsync(Way(parameters), cancellationToken);
                return await StatusAsync(cancellationToken);
            }
        );
        server.Map(
            Methods.VaultLock,
            async (_, cancellationToken) =>
            {
                await vault.LockAsync(cancellationToken);
                return await StatusAsync(cancellationToken);
            }
        );
        server.Map(
            Methods.VaultStore,
            async (parameters, cancellationToken) =>
            {
                await vault.StoreAsync(parameters.Reference, parameters.Secret, parameters.Origins, cancellationToken);
                return await EntryAsync(parameters.Reference, cancellationToken);
            }
        );
        server.Map(
            Methods.VaultRotate,
            async (parameters, cancellationToken) =>
            {
                await vault.RotateAsync(parameters.Reference, parameters.Secret, cancellationToken);
                return await EntryAsync(parameters.Reference, cancellationToken);
            }
        );
        server.Map(
            Methods.VaultRename,
            async (parameters, cancellationToken) =>
            {
                var changed = await keys.RenameAsync(parameters.Reference, parameters.NewReference, cancellationToken);
                return new VaultRenameResult(await EntryAsync(parameters.NewReference, cancellationToken), changed);
            }
        );
        server.Map(
            Methods.VaultSetOrigins,
            async (parameters, cancellationToken) =>
            {
                await vault.SetOriginsAsync(parameters.Reference, parameters.Origins, cancellationToken);
                return await EntryAsync(parameters.Reference, cancellationToken);
            }
        );
        server.Map(
            Methods.VaultSetPassphrase,
            async (parameters, cancellationToken) =>
            {
                await vault.SetPassphraseAsync(parameters.Current, parameters.Passphrase, cancellationToken);
                return await StatusAsync(cancellationToken);
            }
        );
        server.Map(
            Methods.VaultReadEnv,
            async (parameters, cancellationToken) =>
            {
                var stored = (await vault.ListAsync(cancellationToken)).Select(entry => entry.Reference).ToHashSet();
                return new VaultReadEnvResult([.. EnvFile.Read(parameters.Path).Select(variable => Env(variable, stored))]);
            }
        );
        server.Map(
            Methods.VaultImportEnv,
            async (parameters, cancellationToken) =>
            {
                var values = EnvFile.Read(parameters.Path).ToDictionary(StringComparer.Ordinal);
                List<string> added = [];
                foreach (var entry in parameters.Entries)
                {
                    var secret =
                        values.GetValueOrDefault(entry.Name)
                        ?? throw new FailureException(FailureKind.Conflict, $"{entry.Name} is no longer in the file. Reload the file.");
                    // An overwritten key cannot be restored by undo.
                    var isNew = !await vault.ContainsAsync(entry.Reference, cancellationToken);
                    await vault.StoreAsync(entry.Reference, secret, entry.Origins, cancellationToken);
                    if (isNew)
                    {
                        added.Add(entry.Reference);
                    }
                }

                imported(added);
                return new VaultListResult(await ListAsync(cancellationToken));
            }
        );
        server.Map(Methods.VaultList, async (_, cancellationToken) => new VaultListResult(await ListAsync(cancellationToken)));
        server.Map(
            Methods.VaultDelete,
            async (parameters, cancellationToken) =>
            {
                await vault.DeleteAsync(parameters.Reference, cancellationToken);
                return new Empty();
            }
        );
    }

    private static UnlockMethod Way(VaultUnlockMethodParams parameters) =>
        UnlockMethod.Parse(parameters.Method, parameters.MethodId, parameters.Secret);

    private async Task<VaultStatusResult> StatusAsync(CancellationToken cancellationToken)
    {
        var status = await vault.StatusAsync(cancellationToken);
        return new VaultStatusResult(
            status.Exists,
            status.Locked,
            status.UnlockMethods,
            await vault.IsKeychainAvailableAsync(cancellationToken),
            status.Problem
        );
    }

    private static EnvEntry Env(KeyValuePair<string, string> variable, HashSet<string> stored)
    {
        var suggestion = EnvSuggestion.Of(variable.Key);
        return new EnvEntry(
            variable.Key,
            Vault.Vault.LastFour(variable.Value),
            suggestion.Reference,
            suggestion.Origins,
            stored.Contains(suggestion.Reference)
        );
    }

    private async Task<VaultEntrySummary> EntryAsync(string reference, CancellationToken cancellationToken) =>
        (await ListAsync(cancellationToken)).First(entry => entry.Reference == reference);

    private async Task<IReadOnlyList<VaultEntrySummary>> ListAsync(CancellationToken cancellationToken) =>
        [
            .. (await vault.ListAsync(cancellationToken)).Select(entry => new VaultEntrySummary(
                entry.Reference,
                entry.Origins,
                entry.LastFour,
                entry.StoredAt,
                entry.LastUsed,
                keys.UsedBy(entry.Reference)
            )),
        ];
}
