using System.Globalization;
using Plue.Protocol;
using Plue.Server.Messages;
using Plue.Server.Providers;
using ProviderSource = Plue.Server.Providers.ProviderSource;

namespace Plue.Server.Rpc;

/// <summary>provider/*: the connections a chat can use.</summary>
internal sealed class ProviderHandlers(
    RpcServer server,
    ProviderRegistry providers,
    Discovery discovery,
    Func<CancellationToken, Task<ClaudeCodeFinding>> findClaudeCode,
    Func<string, bool> hasCredential)
{
    public void Register()
    {
        server.Map(Methods.ProviderList, async (_, cancellationToken) =>
        {
            await discovery.RunAsync(again: false, cancellationToken);
            var defaultId = await providers.DefaultIdAsync(cancellationToken);
            return new ProviderListResult([.. providers.List().Select(provider => Summary(provider, defaultId))], Kinds, null);
        });
        server.Map(Methods.ProviderDiscover, async (_, cancellationToken) =>
        {
            var result = await discovery.RunAsync(again: true, cancellationToken);
            var defaultId = await providers.DefaultIdAsync(cancellationToken);
            var sentence = defaultId == result.DefaultId ? result.Sentence : $"Using {providers.NameOf(defaultId)}.";
            return new ProviderDiscoverResult(defaultId, sentence, result.Tried);
        });
        server.Map(Methods.ProviderConfigure, async (parameters, cancellationToken) =>
        {
            var id = providers.Configure(new ProviderChange(parameters.Id, parameters.Name, parameters.Kind, parameters.Endpoint, parameters.Model, parameters.Enabled, parameters.MakeDefault ?? false));
            return await SummaryAsync(id, cancellationToken);
        });
        server.Map(Methods.ProviderDelete, (parameters, _) =>
        {
            providers.Delete(parameters.Id);
            return Task.FromResult(new Nothing());
        });
        server.Map(Methods.ProviderTest, async (parameters, cancellationToken) =>
        {
            await providers.TestAsync(parameters.Id, cancellationToken);
            return await SummaryAsync(parameters.Id, cancellationToken);
        });
        server.Map(Methods.ProviderModels, async (parameters, cancellationToken) =>
            new ProviderModelsResult([.. (await providers.ModelsAsync(parameters.Id, cancellationToken)).Select(ModelViews.Of)], null, null));
        server.Map(Methods.ProviderCheckClaudeCode, async (_, cancellationToken) =>
        {
            var found = await findClaudeCode(cancellationToken);
            return new ClaudeCodeCheckResult(found.SignedIn, found.Path, found.Version, found.Sentence, found.Tried);
        });
    }

    private static readonly IReadOnlyList<ProviderKindView> Kinds =
    [
        .. ProviderKinds.Table.Select(kind => new ProviderKindView(
            kind.Id, kind.Name, kind.TakesKey, kind.TakesEndpoint, kind.NeedsEndpoint, kind.DefaultEndpoint, [.. kind.AuthTypes.Select(type => (Protocol.AuthType)type)])),
    ];

    private async Task<ProviderSummary> SummaryAsync(string id, CancellationToken cancellationToken)
    {
        var provider = providers.List().FirstOrDefault(provider => provider.Settings.Id == id)
            ?? throw new FailureException(FailureKind.NotFound, $"There is no provider {id}.");
        return Summary(provider, await providers.DefaultIdAsync(cancellationToken));
    }

    private ProviderSummary Summary(ConfiguredProvider provider, string defaultId)
    {
        var settings = provider.Settings;
        var kind = Kinds.FirstOrDefault(kind => kind.Kind == settings.Kind);
        var endpoint = settings.Endpoint?.ToString() ?? kind?.DefaultEndpoint;
        var test = providers.LastTest(settings);
        return new ProviderSummary
        {
            Id = settings.Id,
            Name = settings.Name,
            Kind = settings.Kind,
            Source = settings.Source switch
            {
                ProviderSource.Environment => Protocol.ProviderSource.Environment,
                ProviderSource.Found => Protocol.ProviderSource.Found,
                ProviderSource.Tour => Protocol.ProviderSource.Tour,
                _ => Protocol.ProviderSource.File,
            },
            Enabled = settings.Enabled,
            Status = provider.Fault is not null ? ProviderStatus.Error
                : !settings.Enabled ? ProviderStatus.Disabled
                : test is null ? ProviderStatus.Untested
                : test.Failure is null ? ProviderStatus.Connected : ProviderStatus.Error,
            LastTested = test?.At,
            Error = provider.Fault is { } fault ? new ErrorView("missingField", fault, null) : test?.Failure is { } failure ? ToProtocol.Error(failure) : null,
            CatalogProvider = settings.CatalogProvider,
            Endpoint = endpoint,
            Model = settings.Model,
            AuthType = (Protocol.AuthType)settings.AuthType,
            TakesKey = kind?.TakesKey ?? false,
            KeyReference = settings.ApiKeyRef,
            HasCredential = settings.ApiKeyRef is { } reference && hasCredential(reference),
            Origin = endpoint is not null && Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) ? string.Create(CultureInfo.InvariantCulture, $"{uri.Scheme}://{uri.Authority}") : null,
            IsDefault = settings.Id == defaultId,
            IsDefaultSmall = false,
        };
    }
}
