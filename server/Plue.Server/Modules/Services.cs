using Microsoft.Extensions.Logging;
using Plue.Server.Agents;
using Plue.Server.Audit;
using Plue.Server.Catalog;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Editor;
using Plue.Server.Edits;
using Plue.Server.Health;
using Plue.Server.Network;
using Plue.Server.Notifications;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Reviews;
using Plue.Server.Store;
using Plue.Server.Telemetry;
using Plue.Server.Templates;
using Plue.Server.Tools;
using Plue.Server.Transfer;
using Plue.Server.Vault;
using Plue.Server.Worktrees;

namespace Plue.Server.Modules;

/// <summary>
/// The list of modules, each created from those before it. Constructors only store their arguments: files are read, and programs looked for, on first
/// use, so that the start does not wait for them.
/// </summary>
internal sealed class Services : IAsyncDisposable
{
    private bool isDisposed;

    /// <param name="paths">Null for the default folder.</param>
    /// <param name="time">Null for the system clock.</param>
    /// <param name="toolSources">Null for Plue's own tools and those of MCP servers.</param>
    public Services(LogLevel logLevel, PluePaths? paths = null, TimeProvider? time = null, IReadOnlyList<IToolSource>? toolSources = null)
    {
        var redactor = new Redactor();
        Platform = new PlatformServices(logLevel, redactor, paths, time);
        Vault = new VaultServices(Platform, redactor);
        Codices = new CodexServices(Platform);
        var secrets = new SecretSource(Vault.Vault, Vault.EnvironmentKeys);
        Connections = new HostConnections(Platform.Paths, Platform.Time, ReadNetworkSettings);
        var catalog = new ProviderCatalog(Platform.Paths, CatalogTypes.KindByType.Keys.ToHashSet(), ReadCatalogSettings);
        Providers = new ProviderServices(
            Platform,
            catalog,
            ReadCatalogSettings,
            new ProviderCodices(Platform.Paths, Codices.Templates, catalog),
            secrets,
            Connections,
            redactor.Register
        );
        ProviderKeys = new ProviderKeys(Platform.Paths, Codices.Templates, Vault.Vault, Vault.EnvironmentKeys, Providers.Registry);
        Store = new StoreServices(Platform, Providers.Registry.NameOf);
        Documents = new DocumentServices(Platform, Vault, Codices, Providers, ProviderKeys, Store);
        Permissions = new PermissionServices(Platform, () => Codices.Config.Texts(UserConfig.OrdinaryFilesKey));
        Providers.Factory.Sandbox = new ProgramSandbox(Permissions.Sandbox);
        Worktrees = new WorktreeServices(Platform, Store);
        Edits = new EditServices(Platform.Paths, Editor.IsUnsaved, Platform.Time, Platform.CreateLogger("Edits"));
        Tools = new ToolServices(Platform, Codices, Store, Permissions, Edits, Editor, secrets, Connections, toolSources);
        Transfer = new TransferServices(Platform, Store);
        ProgramImport = new ProgramImport(Platform, Transfer, Codices, Vault.Vault, ProviderKeys, Tools.McpImport);
        Telemetry = new TelemetryServices(Platform, Codices, Providers, Store, secrets, Connections);
        Notifications = new NotificationServices(Platform, Codices, Providers, Store, Permissions, secrets, Connections);
        Audit = new AuditServices(Platform, Store);
        Health = new HealthServices(Platform, Vault, Providers, Store, Permissions, Tools, Telemetry, Connections, Worktrees);
    }

    public PlatformServices Platform { get; }
    public HostConnections Connections { get; }
    public VaultServices Vault { get; }
    public CodexServices Codices { get; }
    public ProviderServices Providers { get; }
    public ProviderKeys ProviderKeys { get; }
    public StoreServices Store { get; }
    public DocumentServices Documents { get; }
    public PermissionServices Permissions { get; }
    public EditServices Edits { get; }
    public WorktreeServices Worktrees { get; }
    public ToolServices Tools { get; }
    public EditorWindow Editor { get; } = new();
    public TransferServices Transfer { get; }
    public ProgramImport ProgramImport { get; }
    public TelemetryServices Telemetry { get; }
    public NotificationServices Notifications { get; }
    public AuditServices Audit { get; }
    public HealthServices Health { get; }

    /// <param name="isUnattended">True if no user is available.</param>
    /// <param name="policy">Additional rules; null for none.</param>
    /// <param name="moreTools">Tools in addition to those of the template; null for none.</param>
    public ChatServices Chat(
        IChatEvents events,
        bool isUnattended = false,
        AgentPermissions? policy = null,
        IReadOnlyList<string>? moreTools = null
    ) =>
        new(Platform, Codices, Providers, Store, Edits, Tools, Editor, Worktrees, new TracedEvents(events, Telemetry))
        {
            IsUnattended = isUnattended,
            Policy = policy,
            MoreTools = moreTools ?? [],
        };

    public ReviewServices Reviews(ChatServices chat) => new(Platform, chat, Environment.GetEnvironmentVariable);

    /// <param name="changed">Receives each changed task; null if it was deleted.</param>
    public AgentTasks Tasks(ChatServices chat, Conversations conversations, Action<string, TaskRow?> changed) =>
        new(
            new AgentServices(
                Platform,
                Permissions,
                Codices,
                chat,
                conversations,
                (uri, row) =>
                {
                    changed(uri, row);
                    if (row is not null && conversations.Busy.Any(one => one.CodexId == uri))
                    {
                        Notifications.Changed(row);
                    }
                }
            )
            {
                Ended = Notifications.Ended,
            }
        );

    public async ValueTask DisposeAsync()
    {
        if (isDisposed)
        {
            return;
        }

        isDisposed = true;
        await Store.DisposeAsync();
        Edits.Dispose();
        await Tools.DisposeAsync();
        await Telemetry.DisposeAsync();
        await Notifications.DisposeAsync();
        await Providers.DisposeAsync();
        await Vault.DisposeAsync();
        Platform.Dispose();
    }

    private NetworkSettings ReadNetworkSettings()
    {
        var config = Codices.Config;
        return new NetworkSettings(
            config.Text(NetworkSettings.ProxyKey),
            config.Texts(NetworkSettings.NoProxyKey),
            config.Text(NetworkSettings.CaFileKey),
            config.Texts(NetworkSettings.AllowedHostsKey)
        );
    }

    private CatalogSettings ReadCatalogSettings()
    {
        var config = Codices.Config;
        return new CatalogSettings(
            config.Values.GetString(CatalogSettings.UrlKey),
            config.Values.GetBoolean(CatalogSettings.DailyKey) ?? false,
            // A value of the wrong type is omitted from the values, but must not lift the restriction.
            config.Problems.Any(problem =>
                problem.IsError && problem.Message.Contains($"`{CatalogSettings.HashKey}`", StringComparison.Ordinal)
            )
                ? "invalid"
                : config.Values.GetString(CatalogSettings.HashKey)
        );
    }
}
