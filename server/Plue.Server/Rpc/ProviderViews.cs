using System.Globalization;
using System.Text.Json;
using Plue.Protocol;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Providers.Connections.OAuth;
using Plue.Server.Store;
using Plue.Server.Vault;
using ProviderSource = Plue.Server.Providers.ProviderSource;

namespace Plue.Server.Rpc;

/// <summary>Converts providers to the views of the extension and the command line.</summary>
/// <param name="chats">Returns all chats, newest first.</param>
internal sealed class ProviderViews(
    ProviderServices services,
    VaultServices vault,
    ProviderKeys keys,
    UsageLedger usage,
    Func<IReadOnlyList<ChatSummary>> chats
)
{
    private const int MaxChats = 20;

    private readonly ProviderRegistry providers = services.Registry;

    public static readonly IReadOnlyList<ProviderKindView> Kinds =
    [
        .. ProviderKinds.Table.Select(kind => new ProviderKindView(
            kind.Id,
            kind.Name,
            kind.TakesKey,
            kind.TakesEndpoint,
            kind.NeedsEndpoint,
            kind.DefaultEndpoint,
            [.. kind.AuthTypes.Select(type => (Protocol.AuthType)type)]
        )),
    ];

    private static readonly Dictionary<string, ProviderKindView> KindsById = Kinds.ToDictionary(kind => kind.Kind, StringComparer.Ordinal);

    public async Task<ProviderListResult> ListAsync(CancellationToken cancellationToken)
    {
        await services.Discovery.RunAsync(again: false, cancellationToken);
        var around = await AroundAsync(cancellationToken);
        return new ProviderListResult([.. providers.List().Select(provider => Summary(provider, around))], Kinds, providers.FolderProblem);
    }

    /// <exception cref="FailureException">NotFound.</exception>
    public async Task<ProviderSummary> SummaryAsync(string id, CancellationToken cancellationToken) =>
        Summary(await FindAsync(id, cancellationToken), await AroundAsync(cancellationToken));

    /// <exception cref="FailureException">NotFound.</exception>
    public async Task<ProviderDetail> DetailAsync(string id, CancellationToken cancellationToken)
    {
        var provider = await FindAsync(id, cancellationToken);
        var errors = providers
            .StateOf(provider.Settings)
            .Failures.Select(past => new ProviderErrorView(past.At, ToProtocol.Error(past.Failure)));
        return new ProviderDetail(
            Summary(provider, await AroundAsync(cancellationToken)),
            Configuration(provider.Settings),
            await KeyAsync(provider.Settings.ApiKeyRef, cancellationToken),
            Uses(id),
            [.. errors]
        );
    }

    public async Task<ProviderModelsResult> ModelsAsync(string id, bool refresh, CancellationToken cancellationToken)
    {
        var listing = await providers.ModelsAsync(id, refresh, cancellationToken);
        var typical = await usage.TypicalChatAsync(cancellationToken);
        return new ProviderModelsResult(
            [.. listing.Models.Select(model => ModelViews.Of(model, typical))],
            listing.FetchedAt,
            listing.Error is { } error ? ToProtocol.Error(error) : null
        );
    }

    private async Task<ConfiguredProvider> FindAsync(string id, CancellationToken cancellationToken)
    {
        if (providers.Find(id) is { } known)
        {
            return known;
        }

        // Installed programs are known after the first discovery.
        await services.Discovery.RunAsync(again: false, cancellationToken);
        return providers.Find(id) ?? throw new FailureException(FailureKind.NotFound, $"There is no provider {id}.");
    }

    private sealed record Around(string DefaultId, string DefaultSmallId, Func<string, bool> HasKey, ProviderRules Rules);

    private async Task<Around> AroundAsync(CancellationToken cancellationToken) =>
        new(
            await providers.DefaultIdAsync(cancellationToken),
            await providers.DefaultSmallIdAsync(cancellationToken),
            await vault.CredentialsAsync(cancellationToken),
            providers.Rules
        );

    private ProviderSummary Summary(ConfiguredProvider provider, Around around)
    {
        var settings = provider.Settings;
        var kind = KindsById.GetValueOrDefault(settings.Kind);
        var state = provider.Fault is null ? providers.StateOf(settings) : ProviderState.Unknown;
        var refusal = settings.Enabled ? around.Rules.RefusalOf(settings) : null;
        var isShown = settings.Enabled || state.HasFailedToEnable;
        var address = settings.Command is { } command ? services.Programs.OriginOf(command) : settings.Address;
        return new ProviderSummary
        {
            Id = settings.Id,
            Name = settings.Name,
            Description = provider.Description,
            Kind = settings.Kind,
            Source = settings.Source switch
            {
                ProviderSource.Environment => Protocol.ProviderSource.Environment,
                ProviderSource.Found => Protocol.ProviderSource.Found,
                ProviderSource.Tour => Protocol.ProviderSource.Tour,
                _ => Protocol.ProviderSource.File,
            },
            Enabled = settings.Enabled,
            Status =
                provider.Fault is not null || refusal is not null ? ProviderStatus.Error
                : providers.IsTesting(settings.Id) ? ProviderStatus.Testing
                : !isShown ? ProviderStatus.Disabled
                : state.Health switch
                {
                    ProviderHealth.Connected => ProviderStatus.Connected,
                    ProviderHealth.Error => ProviderStatus.Error,
                    _ => ProviderStatus.Untested,
                },
            LastTested = state.At,
            CooldownUntil = providers.Cooldowns.PausedUntil(settings),
            Windows = providers.WindowsOf(settings) is { Count: > 0 } windows
                ? [.. windows.Select(window => new UsageWindowView(window.Name, (int)Math.Round(window.Used * 100), window.ResetsAt))]
                : null,
            Error =
                provider.Fault is { } broken
                    ? new ErrorView(
                        ToProtocol.Name(broken.HoldsSecret ? FailureKind.PermissionDenied : FailureKind.MissingField),
                        broken.ToString(),
                        null
                    )
                : refusal is not null ? new ErrorView(ToProtocol.Name(FailureKind.PermissionDenied), refusal, null)
                : isShown && state.Failure is { } failure ? ToProtocol.Error(failure)
                : null,
            Fault = provider.Fault is { } fault
                ? new FileFault(fault.Path, fault.Line, fault.Column, fault.Message, fault.HoldsSecret)
                : null,
            File = provider.File,
            CatalogProvider = settings.CatalogProvider,
            Endpoint = settings.ShownEndpoint ?? kind?.DefaultEndpoint,
            Model = settings.Model,
            ModelCount = state.ModelCount,
            AuthType = (Protocol.AuthType)settings.AuthType,
            TakesKey = kind?.TakesKey ?? false,
            KeyReference = settings.ApiKeyRef,
            HasCredential =
                (settings.AuthType == Providers.AuthType.Oauth ? OAuthTokens.AccessReference(settings.Id) : settings.ApiKeyRef)
                    is { } reference
                && around.HasKey(reference),
            Origin = address is null ? null : string.Create(CultureInfo.InvariantCulture, $"{address.Scheme}://{address.Authority}"),
            IsDefault = settings.Id == around.DefaultId,
            IsDefaultSmall = settings.Id == around.DefaultSmallId,
        };
    }

    private Dictionary<string, JsonElement> Configuration(ProviderSettings settings)
    {
        using var document = JsonDocument.Parse(providers.RedactedConfiguration(settings.Id) ?? RedactedJson.Of(Found(settings)));
        return document
            .RootElement.EnumerateObject()
            .ToDictionary(field => field.Name, field => field.Value.Clone(), StringComparer.Ordinal);
    }

    /// <summary>Returns the values that the provider's file would have.</summary>
    private static Json5.Json5Object Found(ProviderSettings settings) =>
        Json5.Json5Object.Of(
            new (string, string?)[]
            {
                ("provider_type", settings.Kind),
                ("endpoint", settings.ShownEndpoint),
                ("model", settings.Model),
                ("catalog_provider", settings.CatalogProvider),
                ("api_key_ref", settings.ApiKeyRef),
            }
                .Where(field => field.Item2 is not null)
                .Select(field => (field.Item1, (Json5.Json5Node)new Json5.Json5String(field.Item2!)))
        );

    private async Task<VaultEntrySummary?> KeyAsync(string? reference, CancellationToken cancellationToken)
    {
        if (!SecretReference.IsVault(reference))
        {
            return null;
        }
        if (await vault.Vault.StatusAsync(cancellationToken) is not { Exists: true, Locked: false, Problem: null })
        {
            return null;
        }

        return (await vault.Vault.ListAsync(cancellationToken)).FirstOrDefault(entry => entry.Reference == reference) is { } stored
            ? new VaultEntrySummary(
                stored.Reference,
                stored.Origins,
                stored.LastFour,
                stored.StoredAt,
                stored.LastUsed,
                keys.UsedBy(stored.Reference)
            )
            : null;
    }

    private ProviderUses Uses(string id)
    {
        var users = chats().Where(chat => chat.ProviderId == id).ToList();
        var references = providers.ReferencesTo(id);
        return new ProviderUses(
            users.Count,
            [.. users.Take(MaxChats).Select(chat => new CodexLink(CodexUri.OfChannel(chat.Id).ToString(), chat.Title))],
            references.Templates,
            references.Settings
        );
    }
}
