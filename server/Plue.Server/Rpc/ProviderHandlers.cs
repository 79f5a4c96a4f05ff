using System.Text.Json;
using Plue.Protocol;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Store;
using Plue.Server.Vault;

namespace Plue.Server.Rpc;

/// <summary>provider/*: the providers that a chat can use. The command line calls the same methods.</summary>
/// <param name="chats">Returns all chats, newest first.</param>
internal sealed class ProviderHandlers(
    ProviderServices services,
    VaultServices vault,
    ProviderKeys keys,
    UsageLedger usage,
    Func<IReadOnlyList<ChatSummary>> chats
)
{
    private readonly ProviderRegistry providers = services.Registry;
    private readonly ProviderViews views = new(services, vault, keys, usage, chats);

    public ProviderViews Views => views;

    public static ProviderHandlers Of(Services services, Func<IReadOnlyList<ChatSummary>> chats) =>
        new(services.Providers, services.Vault, services.ProviderKeys, services.Store.Usage, chats);

    public void Register(RpcServer server)
    {
        providers.Changed += id => _ = server.TryNotifyAsync(Methods.ProviderChanged, new ProviderChangedParams(id));
        server.Map(Methods.ProviderList, (_, cancellationToken) => ListAsync(cancellationToken));
        server.Map(Methods.ProviderGet, (parameters, cancellationToken) => GetAsync(parameters.Id, cancellationToken));
        server.Map(
            Methods.ProviderDiscover,
            async (_, cancellationToken) =>
            {
                var result = await services.Discovery.RunAsync(again: true, cancellationToken);
                var defaultId = await providers.DefaultIdAsync(cancellationToken);
                var sentence = defaultId == result.DefaultId ? result.Sentence : $"Using {providers.NameOf(defaultId)}.";
                return new ProviderDiscoverResult(defaultId, sentence, result.Tried);
            }
        );
        server.Map(Methods.ProviderConfigure, ConfigureAsync);
        server.Map(
            Methods.ProviderSetEnabled,
            (parameters, cancellationToken) => SetEnabledAsync(parameters.Id, parameters.Enabled, cancellationToken)
        );
        server.Map(
            Methods.ProviderDelete,
            async (parameters, cancellationToken) =>
            {
                await DeleteAsync(parameters.Id, parameters.DeleteKey ?? false, cancellationToken);
                return new Empty();
            }
        );
        server.Map(Methods.ProviderTest, (parameters, cancellationToken) => TestAsync(parameters.Id, cancellationToken));
        server.Map(
            Methods.ProviderModels,
            (parameters, cancellationToken) => ModelsAsync(parameters.Id, parameters.Refresh ?? false, cancellationToken)
        );
        server.Map(
            Methods.ProviderMoveKey,
            async (parameters, cancellationToken) =>
            {
                await keys.MoveAsync(parameters.Id, cancellationToken);
                return await views.SummaryAsync(parameters.Id, cancellationToken);
            }
        );
        server.Map(
            Methods.ProviderCheckClaudeCode,
            async (_, cancellationToken) =>
            {
                var found = await services.Factory.FindClaudeCodeAsync(cancellationToken);
                return new ClaudeCodeCheckResult(found.SignedIn, found.Path, found.Version, found.Sentence, found.Tried);
            }
        );
    }

    public Task<ProviderListResult> ListAsync(CancellationToken cancellationToken) => views.ListAsync(cancellationToken);

    public Task<ProviderDetail> GetAsync(string id, CancellationToken cancellationToken) => views.DetailAsync(id, cancellationToken);

    public async Task<ProviderSummary> ConfigureAsync(ProviderConfigureParams parameters, CancellationToken cancellationToken)
    {
        var id = providers.Configure(
            new ProviderChange(
                parameters.Id,
                parameters.Name,
                parameters.Kind,
                parameters.Endpoint,
                parameters.Model,
                parameters.Enabled,
                parameters.MakeDefault ?? false
            )
            {
                MakeDefaultSmall = parameters.MakeDefaultSmall ?? false,
                CatalogProvider = parameters.CatalogProvider,
                Fields = (parameters.Fields ?? new Dictionary<string, JsonElement>()).ToDictionary(
                    field => field.Key,
                    field => field.Value.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined ? null : field.Value.GetRawText(),
                    StringComparer.Ordinal
                ),
            }
        );
        return await views.SummaryAsync(id, cancellationToken);
    }

    public async Task<ProviderSummary> SetEnabledAsync(string id, bool enabled, CancellationToken cancellationToken)
    {
        await providers.SetEnabledAsync(id, enabled, cancellationToken);
        return await views.SummaryAsync(id, cancellationToken);
    }

    public async Task<ProviderSummary> SetDefaultAsync(Messages.ModelChoice choice, bool small, CancellationToken cancellationToken)
    {
        // Throws for a missing provider, which would leave new chats without one.
        var provider = await views.SummaryAsync(choice.ProviderId, cancellationToken);
        providers.SetDefault(choice, small);
        return await views.SummaryAsync(provider.Id, cancellationToken);
    }

    /// <summary>Deletes a provider. Its key is deleted only if no other provider's file refers to it.</summary>
    /// <returns>True if a key was deleted, too.</returns>
    /// <exception cref="FailureException">NotFound, Conflict. VaultLocked: nothing was changed.</exception>
    public async Task<bool> DeleteAsync(string id, bool deleteKey, CancellationToken cancellationToken)
    {
        var reference = deleteKey ? await OwnKeyAsync(id, cancellationToken) : null;
        if (reference is not null && (await vault.Vault.StatusAsync(cancellationToken)).Locked)
        {
            throw new FailureException(
                FailureKind.VaultLocked,
                "The vault is locked, so the key cannot be deleted. Nothing was changed: unlock the vault first, or keep the key."
            );
        }

        var signsIn = providers.Find(id)?.Settings.AuthType == Providers.AuthType.Oauth;
        // Before the provider is deleted, because this fails if the vault is locked, and a deleted provider cannot be signed out.
        if (signsIn)
        {
            await services.SignIns.SignOutAsync(id, cancellationToken);
        }
        providers.Delete(id);
        if (reference is null)
        {
            return false;
        }

        await vault.Vault.DeleteAsync(reference, cancellationToken);
        return true;
    }

    public async Task<ProviderSummary> TestAsync(string id, CancellationToken cancellationToken)
    {
        var test = await providers.TestAsync(id, cancellationToken);
        return await views.SummaryAsync(test.Settings.Id, cancellationToken);
    }

    public Task<ProviderModelsResult> ModelsAsync(string id, bool refresh, CancellationToken cancellationToken) =>
        views.ModelsAsync(id, refresh, cancellationToken);

    private async Task<string?> OwnKeyAsync(string id, CancellationToken cancellationToken) =>
        providers.Find(id)?.Settings.ApiKeyRef is { } reference
        && SecretReference.IsVault(reference)
        && !keys.UsedBy(reference).Any(user => user != id)
        && await vault.Vault.ContainsAsync(reference, cancellationToken)
            ? reference
            : null;
}
