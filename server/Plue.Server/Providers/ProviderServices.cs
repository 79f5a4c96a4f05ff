using Microsoft.Extensions.Logging;
using Plue.Server.Catalog;
using Plue.Server.Network;
using Plue.Server.Platform;
using Plue.Server.Policy;
using Plue.Server.Providers.Connections;
using Plue.Server.Providers.Connections.OAuth;
using Plue.Server.Providers.External;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers;

/// <summary>Providers, the catalog and sign-ins.</summary>
internal sealed class ProviderServices : IAsyncDisposable
{
    private readonly ProviderHttp http;

    /// <param name="catalogSettings">Returns the current settings.</param>
    /// <param name="registerSecret">Masks a text from now on.</param>
    public ProviderServices(
        PlatformServices platform,
        ProviderCatalog catalog,
        Func<CatalogSettings> catalogSettings,
        IProviderSource source,
        ISecretStore secrets,
        HostConnections connections,
        Action<string> registerSecret
    )
    {
        http = new ProviderHttp(
            url =>
                PolicyRefusals.Record(
                    platform.Paths,
                    platform.Time,
                    ManagedPolicy.Read(platform.Paths).RefusalOfEndpoint(url) ?? connections.Settings.RefusalOf(url)
                ),
            connections
        );
        ProviderRules ReadRules() => new(ManagedPolicy.Read(platform.Paths), connections.Settings);

        var tokens = new OAuthTokens(secrets, http, platform.Paths, platform.Time);
        SignIns = new SignIns(tokens, platform.Time);
        Programs = new ExternalPrograms(
            platform.Paths,
            Environment.GetEnvironmentVariable("PATH"),
            () => platform.Workspace.OpenFolders,
            platform.Time
        );
        Factory = new ProviderFactory(
            platform,
            secrets,
            tokens,
            http,
            Programs,
            registerSecret,
            settings => ReadRules().RefusalOf(settings),
            connections.ChildVariables
        );
        Discovery = new Discovery(
            Factory.FindClaudeCodeAsync,
            Factory.ProbeAsync,
            Environment.GetEnvironmentVariable,
            catalog,
            Factory.FindAgents
        );
        var logger = platform.CreateLogger("Providers");
        void Log(string sentence) => logger.LogDebug("{What}", sentence);
        var states = new ProviderStates(platform.Paths, platform.Time, platform.Redactor.Mask, Log);
        Registry = new ProviderRegistry(
            source,
            Factory.Build,
            Discovery,
            catalog,
            states,
            new ModelCache(platform.Paths, Log),
            platform.Time,
            ReadRules,
            refusal => PolicyRefusals.Record(platform.Paths, platform.Time, refusal)
        );
        Catalogs = new CatalogServices(
            catalog,
            new UserCatalogs(platform.Paths, catalog, platform.Time, OriginChange),
            new CatalogRefresh(catalog, catalogSettings, http.For, platform.Time)
        );
    }

    /// <summary>Opens HTTP clients for servers that are not providers; callers check the addresses.</summary>
    public Func<Uri, HttpMessageInvoker> OpenHttp => http.Open;

    public ProviderRegistry Registry { get; }
    public ProviderFactory Factory { get; }
    public Discovery Discovery { get; }
    public SignIns SignIns { get; }

    /// <summary>Programs that can be used as providers.</summary>
    public ExternalPrograms Programs { get; }
    public CatalogServices Catalogs { get; }

    public async ValueTask DisposeAsync()
    {
        await SignIns.DisposeAsync();
        await Registry.DisposeAsync();
        http.Dispose();
    }

    /// <summary>Checks only keys from the environment, because a provider file contains its address.</summary>
    private string? OriginChange(string id, CatalogProvider? next) =>
        Registry.Find(id) is { Settings.Source: ProviderSource.Environment } ? Discovery.OriginChange(id, next) : null;
}
