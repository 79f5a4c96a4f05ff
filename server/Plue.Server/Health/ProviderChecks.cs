using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Providers.Connections.OAuth;

namespace Plue.Server.Health;

/// <summary>Checks the configured providers.</summary>
/// <param name="timeout">The timeout of the request for the models of each enabled provider; null checks only local state.</param>
internal sealed class ProviderChecks(HealthServices services, TimeSpan? timeout)
{
    public async Task<IReadOnlyList<HealthRow>> AllAsync(CancellationToken cancellationToken)
    {
        var defaultId = await services.Providers.Registry.DefaultIdAsync(cancellationToken);
        var hasKey = await services.Vault.CredentialsAsync(cancellationToken);
        var all = services.Providers.Registry.List();
        var own = all.Where(provider => !provider.Settings.Capabilities.IsDemo).ToList();
        var rows = await Task.WhenAll(own.Select(provider => CheckAsync(provider, hasKey, cancellationToken)));
        List<HealthRow> shown =
        [
            Summary(
                all.FirstOrDefault(provider => provider.Settings.Id == defaultId),
                own.Where((_, at) => IsUsable(own[at], rows[at])).ToList()
            ),
            .. rows,
        ];
        if (services.Providers.Registry.FolderProblem is { } problem)
        {
            shown.Insert(0, HealthRow.Failed("Providers", problem));
        }
        return shown;
    }

    private static bool IsUsable(ConfiguredProvider provider, HealthRow row) =>
        provider.Settings.Enabled && row.State is HealthState.Ok or HealthState.Warning && provider.Fault is null;

    /// <summary>Summarizes whether any provider is usable.</summary>
    private static HealthRow Summary(ConfiguredProvider? chosen, List<ConfiguredProvider> usable)
    {
        const string name = "Providers";
        var connect = new HealthFix(HealthAction.ConnectProvider);
        // A detected but unused provider, such as a claude without sign-in, is not usable.
        var nothing =
            usable.Count == 0 || (chosen?.Settings.Capabilities.IsDemo == true && usable.TrueForAll(provider => provider.File is null));
        if (nothing)
        {
            return HealthRow.Missing(name, "No usable provider is connected, so only the tour works.") with
            {
                IsNeeded = true,
                Advice = "Connect a provider.",
                Fix = connect,
            };
        }
        if (chosen is null || chosen.Settings.Capabilities.IsDemo || !usable.Contains(chosen))
        {
            return HealthRow.Failed(
                name,
                $"New chats use {chosen?.Settings.Name ?? "a provider that is gone"}, which is not usable now."
            ) with
            {
                IsNeeded = true,
                Advice = $"Choose {usable[0].Settings.Name} or another provider for new chats.",
                Fix = connect,
            };
        }

        return HealthRow.Ok(name, $"New chats use {chosen.Settings.Name}.");
    }

    private async Task<HealthRow> CheckAsync(ConfiguredProvider provider, Func<string, bool> hasKey, CancellationToken cancellationToken)
    {
        var settings = provider.Settings;
        var name = $"Provider {settings.Id}";
        if (provider.Fault is { } fault)
        {
            return HealthRow.Failed(name, $"Its file is invalid: {fault}") with
            {
                Advice = "Open the file and fix it.",
                Fix = new HealthFix(HealthAction.OpenFile, fault.Path),
            };
        }

        var where = settings.Address is { } address ? $" at {address.Scheme}://{address.Authority}" : "";
        var show = new HealthFix(HealthAction.ShowProvider, settings.Id);
        if (!settings.Enabled)
        {
            return HealthRow.Ok(name, $"{settings.Name}{where} is switched off.") with { Fix = show };
        }
        if (services.Providers.Registry.Rules.RefusalOf(settings) is { } refusal)
        {
            return HealthRow.Failed(name, refusal) with { Advice = "Choose another provider.", Fix = show };
        }
        if (MissingConfiguration(settings, hasKey) is { } lack)
        {
            return HealthRow.Missing(name, $"{settings.Name}{where} has no {lack} yet.") with
            {
                Advice = "Store a key, or sign in.",
                Fix = new HealthFix(HealthAction.SetKey, settings.Id),
            };
        }

        if (settings.ApiKeyRef is not null && settings.Address is { Scheme: "http", IsLoopback: false })
        {
            return HealthRow.Warning(name, $"The key of {settings.Name}{where} is sent without encryption.") with
            {
                Advice = "Change its address to https.",
                Fix = show,
            };
        }

        if (timeout is { } limit)
        {
            return await TestAsync(name, settings, where, limit, cancellationToken);
        }

        var state = services.Providers.Registry.StateOf(settings);
        return state switch
        {
            { Failure: { } failure } => HealthRow.Warning(
                name,
                $"{settings.Name}{where} failed when it was last used: {failure.Message}"
            ) with
            {
                Advice = "Test it.",
                Fix = new HealthFix(HealthAction.TestProvider, settings.Id),
            },
            { Health: ProviderHealth.Connected } => HealthRow.Ok(name, $"{settings.Name}{where} worked when it was last used."),
            _ => HealthRow.Ok(name, $"{settings.Name}{where} is configured but was not used yet.") with
            {
                Fix = new HealthFix(HealthAction.TestProvider, settings.Id),
            },
        };
    }

    /// <summary>A provider that does not respond or was deleted is one row; the other rows are not affected.</summary>
    private async Task<HealthRow> TestAsync(
        string name,
        ProviderSettings settings,
        string where,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        ModelListing listing;
        try
        {
            listing = await services.Providers.Registry.ModelsAsync(settings.Id, refresh: true, limit.Token).WaitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            listing = new ModelListing(
                [],
                null,
                new Failure(FailureKind.Timeout, $"it did not respond within {timeout.TotalSeconds:0} seconds.")
            );
        }
        catch (FailureException fault)
        {
            listing = new ModelListing([], null, fault.Failure);
        }

        return listing.Error switch
        {
            null => HealthRow.Ok(name, $"{settings.Name}{where} responds; it offers {Plural.Of(listing.Models.Count, "model")}."),
            { Kind: FailureKind.VaultLocked } locked => HealthRow.Warning(
                name,
                $"{settings.Name}{where} was not tested: {locked.Message}"
            ) with
            {
                Fix = new HealthFix(HealthAction.UnlockVault),
            },
            { Kind: FailureKind.ProviderAuthFailed } refused => HealthRow.Failed(name, refused.Message) with
            {
                Advice = "Set another key, or sign in again.",
                Fix = new HealthFix(HealthAction.SetKey, settings.Id),
            },
            var failure => HealthRow.Failed(name, $"{settings.Name}{where} does not respond: {failure.Message}") with
            {
                Fix = new HealthFix(HealthAction.ShowProvider, settings.Id),
            },
        };
    }

    /// <summary>Gets the missing requirement as one word; null if nothing is missing or it is unknown.</summary>
    private static string? MissingConfiguration(ProviderSettings settings, Func<string, bool> hasKey) =>
        settings.AuthType switch
        {
            AuthType.Oauth when !hasKey(OAuthTokens.AccessReference(settings.Id)) => "sign-in",
            AuthType.ApiKey when settings.Capabilities.NeedsKey && !(settings.ApiKeyRef is { } reference && hasKey(reference)) => "key",
            _ => null,
        };
}
