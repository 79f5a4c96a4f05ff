using Microsoft.Extensions.Logging;
using Plue.Server.Agents;
using Plue.Server.Catalog;
using Plue.Server.Chat;
using Plue.Server.Cli;
using Plue.Server.Codices;
using Plue.Server.Edits;
using Plue.Server.Health;
using Plue.Server.Language;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Anthropic;
using Plue.Server.Providers.Bedrock;
using Plue.Server.Providers.ClaudeCode;
using Plue.Server.Providers.Connections;
using Plue.Server.Providers.Connections.OAuth;
using Plue.Server.Providers.Copilot;
using Plue.Server.Providers.External;
using Plue.Server.Providers.Gemini;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Ollama;
using Plue.Server.Providers.OpenAi;
using Plue.Server.Providers.Tour;
using Plue.Server.Providers.VertexAi;
using Plue.Server.Rpc;
using Plue.Server.Store;
using Plue.Server.Templates;
using Plue.Server.Tools;
using Plue.Server.Tools.Mcp;
using Plue.Server.Transfer;
using Plue.Server.Vault;

namespace Plue.Server;

/// <summary>The only place that names concrete classes together. Nothing here does work before it is asked: start-up is what a user waits for.</summary>
internal sealed class Composition : IAsyncDisposable
{
    private readonly Lazy<ILoggerFactory> logs;
    private readonly Lazy<Vault.Vault> vault;
    private readonly Lazy<TemplateCatalog> templates;
    private readonly AllowedTexts allowedTexts;
    private readonly Lazy<Prompts> prompts;
    private readonly Lazy<InstructionBuilder> steering;
    private readonly Lazy<Documents> documents;
    private readonly Lazy<UserCatalogs> userCatalogs;
    private readonly Lazy<CatalogRefresh> catalogRefresh;
    private readonly Lazy<ChatStore> chats;
    private readonly Lazy<Attachments> attachments;
    private readonly Lazy<UsageLedger> usage;
    private readonly Lazy<EditServices> edits;
    private readonly Lazy<ProviderHttp> http = new();
    private readonly Lazy<OAuthTokens> tokens;
    private readonly Lazy<SignIns> signIns;
    private readonly Lazy<SharedApprovals> inbox;
    private readonly Lazy<ToolRunner> toolRunner;
    private readonly Lazy<Sandbox> sandbox;
    private readonly Lazy<BuiltInTools> builtInTools;
    private readonly Lazy<McpServices> mcpServices;
    private readonly Lazy<McpServers> mcpServers;
    private bool isDisposed;

    public Composition(LogLevel logLevel, PluePaths? plueHome = null, TimeProvider? timeProvider = null)
    {
        var paths = plueHome ?? PluePaths.FromEnvironment();
        Time = timeProvider ?? TimeProvider.System;
        EnvironmentKeys = new EnvironmentKeys(Environment.GetEnvironmentVariable, Redactor);
        logs = new(() => new LoggerFactory([new StderrLog(logLevel, paths.Logs, Redactor.Mask)], new LoggerFilterOptions { MinLevel = logLevel }));
        vault = new(() => new Vault.Vault(paths.Vault, Keychain.ForThisMachine(paths.Vault), Redactor, Time));
        templates = new(() => new TemplateCatalog(paths, () => Workspace.TrustedFolder));
        allowedTexts = new AllowedTexts(paths, Time);
        prompts = new(() => new Prompts(paths, () => Workspace.TrustedFolder, allowedTexts.IsAllowed));
        steering = new(() => new InstructionBuilder(
            templates.Value, prompts.Value, new WorkspaceRules(() => Workspace.TrustedFolder), allowedTexts, Workspace,
            () => UserConfig.Read(paths).Values.GetBoolean(UserConfig.WorkspaceRulesKey) != false));
        documents = new(() => new Documents(paths, templates.Value, Time, () => Workspace.TrustedFolder));
        tokens = new(() => new OAuthTokens(new SecretSource(vault, EnvironmentKeys), http.Value, paths, Time));
        signIns = new(() => new SignIns(tokens.Value, Time));
        chats = new(() => new ChatStore(paths, Time, Logs.CreateLogger("Store")));
        attachments = new(() => new Attachments(new Blobs(paths), Workspace, new ProtectedPaths(paths, Home), Secrets));
        usage = new(() => new UsageLedger(paths, since => chats.Value.Responses(since, NameOf), NameOf, Time, Logs.CreateLogger("Usage")));
        edits = new(() =>
        {
            var made = new EditServices(paths, () => Workspace.TrustedFolder, Time, Logs.CreateLogger("Edits"));
            made.Log.Changed += codexId => EditsChanged?.Invoke(codexId);
            return made;
        });
        mcpServices = new(() => new McpServices
        {
            Paths = paths,
            Workspace = Workspace,
            Secrets = new SecretSource(vault, EnvironmentKeys),
            Mask = Redactor.Mask,
            Time = Time,
            Environment = OwnEnvironment.Read(),
            Home = Home,
            Templates = () => McpTemplate.Of(templates.Value),
        });
        mcpServers = new(() =>
        {
            var servers = new McpServers(mcpServices.Value);
            servers.Changed += () => McpChanged?.Invoke();
            return servers;
        });
        Paths = paths;
        StoredRules = new StoredRules(paths, Time);
        Approvals = new Approvals(Time, StoredRules);
        inbox = new(() => new SharedApprovals(Approvals, paths, Logs.CreateLogger("Approvals")));
        PermissionPolicy = new PermissionPolicy(paths, StoredRules, Home, ordinaryFiles: () => UserConfig.Read(paths).Texts(UserConfig.OrdinaryFilesKey));
        var results = new ToolResults(paths, Time);
        toolRunner = new(() => new ToolRunner(PermissionPolicy, Approvals, edits.Value.Log, rights => [.. rights().Reverse().Select(one => one.Title)], results, new Blobs(paths), Time));
        sandbox = new(() => Sandbox.ForThisMachine(new ProtectedPaths(paths, Home)));
        builtInTools = new(() => new BuiltInTools(
            ToolTextOf, PermissionPolicy, sandbox.Value, results,
            () => UserConfig.Read(paths).Values.GetBoolean(UserConfig.CommandsNetworkKey) == true, static _ => false));
        Catalog = new ProviderCatalog(paths, CatalogTypes.KindByType.Keys.ToHashSet(), ReadCatalogSettings);
        userCatalogs = new(() => new UserCatalogs(paths, Catalog, Time, OriginChange));
        catalogRefresh = new(() => new CatalogRefresh(Catalog, ReadCatalogSettings, url => http.Value.For(url), Time));
        Discovery = new Discovery(FindClaudeCodeAsync, ProbeAsync, Environment.GetEnvironmentVariable, Catalog);
        var states = new ProviderStates(paths, Time, Redactor.Mask, NoteCache);
        Providers = new ProviderRegistry(new ProviderCodices(paths, templates, Catalog), Build, Discovery, Catalog, states, new ModelCache(paths, NoteCache), Time);
        ExternalPrograms = new ExternalPrograms(paths, Environment.GetEnvironmentVariable("PATH"), () => Workspace.OpenFolder, Time);
        ProviderKeys = new ProviderKeys(paths, templates, vault, EnvironmentKeys, Providers);
    }

    public PluePaths Paths { get; }
    public TimeProvider Time { get; }
    public Redactor Redactor { get; } = new();
    public EnvironmentKeys EnvironmentKeys { get; }
    public Workspace Workspace { get; } = new();
    public StoredRules StoredRules { get; }
    /// <summary>What waits for the user in every window and on the command line.</summary>
    public SharedApprovals Inbox => inbox.Value;
    public Approvals Approvals { get; }
    /// <summary>Where tools come from, in the order in which a model is told of them; null for Plue's own and those of servers.</summary>
    public IReadOnlyList<IToolSource>? ToolSources { get; init; }
    public PermissionPolicy PermissionPolicy { get; }
    public ProviderCatalog Catalog { get; }
    public Discovery Discovery { get; }
    public ProviderRegistry Providers { get; }
    public ProviderKeys ProviderKeys { get; }
    public ExternalPrograms ExternalPrograms { get; }
    public SignIns SignIns => signIns.Value;
    public McpServers McpServers => mcpServers.Value;
    /// <summary>As <see cref="McpServers.Changed"/>; listening to it makes nothing.</summary>
    public event Action? McpChanged;
    public McpTools McpTools => new(McpServers, mcpServices.Value);
    /// <summary>The language models of the window that is connected; null on the command line.</summary>
    public IEditorModels? Editor { get; set; }
    public Vault.Vault Vault => vault.Value;
    public UsageLedger Usage => usage.Value;
    public Attachments Attachments => attachments.Value;
    public Lazy<EditServices> Edits => edits;
    /// <summary>Told the id of a codex whose changes are different now.</summary>
    public Action<string>? EditsChanged { get; set; }
    public ILoggerFactory Logs => logs.Value;
    public TemplateCatalog Templates => templates.Value;
    public ChatStore Chats => chats.Value;

    /// <param name="workspace">A folder that counts as trusted, because the user names it; null for none.</param>
    public RunServices RunServices(string? workspace)
    {
        Trust(workspace);
        return new RunServices
        {
            Providers = Providers,
            Vault = new Lazy<Vault.Vault>(() => Vault),
            Time = Time,
            Build = Build,
            BindKey = EnvironmentKeys.Bind,
            RegisterKey = EnvironmentKeys.Register,
            Templates = () => templates.Value,
            SteeringOf = (template, values) => Masked(Steering.Build(template, values)),
            Redactor = Redactor,
            Secrets = Secrets,
            Dispose = DisposeAsync,
        };
    }

    public ProviderServices ProviderServices(Func<IReadOnlyList<ChatSummary>> chats) => new()
    {
        Providers = Providers,
        Discovery = Discovery,
        Vault = Vault,
        FindClaudeCode = FindClaudeCodeAsync,
        Credentials = CredentialsAsync,
        KeyUsedBy = ProviderKeys.UsedBy,
        MoveKey = ProviderKeys.MoveAsync,
        SignOut = (id, cancellationToken) => SignIns.SignOutAsync(id, cancellationToken),
        TypicalChat = Usage.TypicalChatAsync,
        OriginOfProgram = ExternalPrograms.OriginOf,
        Chats = chats,
    };

    /// <param name="changed">Told after each change: the address, and what is there now or null.</param>
    /// <param name="updateChat">By a chat's id; null writes to its file.</param>
    /// <param name="automation">Carries out the hooks of items; null where nothing is made or changed.</param>
    public DocumentHandlers DocumentHandlers(
        Action<string, Protocol.CodexSummary?> changed, Func<string, ChatFields, CancellationToken, Task>? updateChat = null, Automation? automation = null)
    {
        var rename = new CodexRename(documents.Value, Paths, new RenameServices(
            () => chats.Value.ListAll(), id => chats.Value.Read(id).Values, updateChat ?? chats.Value.UpdateAsync, ProviderRegistry.IsReserved, ProviderKeys.RefuseRenamingAsync, ProviderCodices.KeptWords, Providers.Renamed));
        return new DocumentHandlers(documents.Value, Links, rename, Providers, changed, automation is null ? null : new ItemHooks(automation, documents.Value));
    }

    private CodexLinks Links =>
        new(documents.Value, Paths, () => chats.Value.ListAll(), id => chats.Value.Read(id).ContextFiles, id => Providers.Find(id) is not null, () => Workspace.TrustedFolder);

    /// <param name="secrets">What the vault holds, by name; null while that is not known.</param>
    public LanguageSources LanguageSources(Func<IReadOnlyList<KnownSecret>?> secrets) => new(
        Paths, () => Workspace.TrustedFolder, documents.Value, Links, Catalog, Providers, ChannelTitleOf, secrets);

    /// <summary>By name, with their origins while the vault is open.</summary>
    public async Task<IReadOnlyList<KnownSecret>> SecretNamesAsync(CancellationToken cancellationToken)
    {
        try { return [.. (await Vault.ListAsync(cancellationToken)).Select(entry => new KnownSecret(entry.Reference, entry.Origins))]; }
        catch (FailureException) { return [.. (await Vault.ReferencesAsync(cancellationToken)).Order(StringComparer.Ordinal).Select(reference => new KnownSecret(reference, []))]; }
    }

    /// <summary>What <c>codex://</c> and <c>vault://</c> lead to now. Nothing is unlocked for that.</summary>
    public References References => new(documents.Value, id => Providers.Find(id) is not null, ChannelTitleOf, DefaultChoiceOf, VaultNames);

    public TemplateChecks TemplateChecks => new(documents.Value, References);

    public TemplateHandlers TemplateHandlers
    {
        get
        {
            var checks = TemplateChecks;
            var trial = new TemplateTrial(
                templates.Value, Providers, checks, (id, given) => Masked(Steering.Build(id, given)), ToolTextOf);
            return new TemplateHandlers(documents.Value, checks, trial, Providers);
        }
    }

    /// <param name="workspace">A folder that counts as trusted, because the user names it; null for none.</param>
    public TemplateServices TemplatesHouse(string? workspace)
    {
        Trust(workspace);
        return new TemplateServices(TemplateHandlers, Redactor.Mask, DisposeAsync);
    }

    private void Trust(string? workspace)
    {
        if (workspace is not null) { Workspace.Open(Path.GetFullPath(workspace), trusted: true); }
    }

    public CodexServices CodexHouse => new(DocumentHandlers((_, _) => { }), Redactor.Mask, DisposeAsync);

    public ProviderCommandServices ProvidersHouse => new(
        new ProviderHandlers(ProviderServices(() => chats.Value.ListAll())), Providers, Vault, Redactor.Mask, DisposeAsync);

    public ChatSearch Search => new(chats.Value, Logs.CreateLogger("Search"));
    public SearchServices SearchServices => new(Search, Redactor.Mask, DisposeAsync);
    public TransferServices TransferServices
    {
        get
        {
            var blobs = new Blobs(Paths);
            return new(chats.Value, new ChatExport(blobs, Redactor),
                new ChatImport(new ImportedChats(Paths, Time), blobs, Redactor, Environment.GetEnvironmentVariable, Home), Redactor.Mask, DisposeAsync);
        }
    }

    /// <param name="workspace">A folder that counts as trusted, because the user names it; null for none.</param>
    public McpCommandServices McpHouse(string? workspace)
    {
        Trust(workspace);
        return new McpCommandServices(new McpHandlers(() => McpServers), Vault, Redactor.Mask, DisposeAsync);
    }

    public HealthServices HealthServices => new()
    {
        Version = LifecycleHandlers.Version,
        Paths = Paths,
        Workspace = Workspace,
        UserFolder = Home,
        Chats = chats,
        Rules = StoredRules,
        Vault = vault,
        Providers = Providers,
        Credentials = CredentialsAsync,
        FindClaudeCode = FindClaudeCodeAsync,
        PingOllama = Discovery.AskOllamaAsync,
        Sandbox = () => sandbox.Value,
        Servers = () => McpServers,
        Mask = Redactor.Mask,
    };

    /// <param name="workspace">A folder that counts as trusted, because the user names it; null for none.</param>
    public HealthCommandServices HealthHouse(string? workspace)
    {
        Trust(workspace);
        return new HealthCommandServices(new HealthHandlers(HealthServices), Providers, Vault, Home, Redactor.Mask, DisposeAsync);
    }

    public VaultServices VaultServices => new(Vault, ProviderKeys.RenameAsync);
    public CatalogServices CatalogServices => new(Catalog, userCatalogs.Value, catalogRefresh.Value, Usage.TypicalChatAsync, DisposeAsync);

    /// <param name="isUnattended">Nobody can be asked.</param>
    /// <param name="policy">Rules beside those of the templates; null for none.</param>
    public ChatServices ChatServices(IChatEvents events, bool isUnattended = false, AgentPermissions? policy = null) => new()
    {
        Paths = Paths,
        Store = chats.Value,
        Providers = Providers,
        Workspace = Workspace,
        Templates = templates.Value,
        Prompts = prompts.Value,
        Steering = Steering,
        Files = new RequestFiles(Attachments),
        Edits = edits.Value,
        Usage = Usage,
        ToolRunner = toolRunner.Value,
        ToolSources = ToolSources ?? [builtInTools.Value, new CodexTool(() => documents.Value, ToolTextOf), McpTools],
        Redactor = Redactor,
        Events = events,
        Time = Time,
        Logger = Logs.CreateLogger("Chat"),
        IsUnattended = isUnattended,
        Policy = policy,
    };

    /// <summary>Tasks with nobody to be asked.</summary>
    /// <param name="workspace">A folder that counts as trusted, because the user names it; null for none.</param>
    /// <param name="policy">What is allowed and denied beside what the templates say.</param>
    public TaskServices TaskHouse(string? workspace, AgentPermissions policy)
    {
        Trust(workspace);
        var conversations = new Conversations(ChatServices(new SilentEvents(), isUnattended: true, policy));
        var tasks = AgentTasks(conversations, (_, _) => { });
        return new TaskServices(tasks, Providers, new Lazy<Vault.Vault>(() => Vault), templates.Value.Find, Redactor.Mask, async () =>
        {
            await conversations.DisposeAsync();
            await DisposeAsync();
        });
    }

    /// <param name="changed">Told of each task that changed; null when it is gone.</param>
    public AgentTasks AgentTasks(Conversations conversations, Action<string, TaskRow?> changed) => new(new AgentServices
    {
        Conversations = conversations,
        Providers = Providers,
        Approvals = Approvals,
        TemplateOf = templates.Value.Find,
        TemplateIds = () => [.. templates.Value.List().Select(entry => entry.Id)],
        PromptOf = name => prompts.Value.Get($"codex://prompts/{name}.md").Text,
        Time = Time,
        Logger = Logs.CreateLogger("Agents"),
        Changed = changed,
    });

    public IProvider Build(ProviderSettings settings)
    {
        var secrets = new SecretSource(vault, EnvironmentKeys);
        var credential = settings.AuthType == AuthType.Oauth ? new OAuthCredential(settings, tokens.Value) : null;
        return settings.Kind switch
        {
            ProviderKinds.Anthropic => new AnthropicProvider(settings, secrets, http.Value, Time, credential),
            ProviderKinds.OpenAiCompatible => new OpenAiCompatibleProvider(settings, secrets, http.Value, Time, credential),
            ProviderKinds.Ollama => new OllamaProvider(settings, secrets, http.Value, Time),
            ProviderKinds.OpenAi => new OpenAiProvider(settings, secrets, http.Value, Time, credential),
            ProviderKinds.OpenRouter => new OpenRouterProvider(settings, secrets, http.Value, Time, credential),
            ProviderKinds.Azure => new AzureProvider(settings, secrets, http.Value, Time, credential),
            ProviderKinds.Gemini => new GeminiProvider(settings, secrets, http.Value, Time, credential),
            ProviderKinds.Bedrock => new BedrockProvider(settings, secrets, http.Value, Time, Environment.GetEnvironmentVariable, Home, Redactor.Register),
            ProviderKinds.VertexAi => new VertexProvider(settings, secrets, http.Value, Time, Environment.GetEnvironmentVariable, Home, Redactor.Register, credential),
            ProviderKinds.ClaudeCode => new ClaudeCodeProvider(settings, secrets, Paths, Time, Logs.CreateLogger("ClaudeCode"), openFolder: () => Workspace.OpenFolder),
            ProviderKinds.External => new ExternalProvider(settings, secrets, ExternalPrograms, OwnEnvironment.Read(), Time, Redactor.Mask),
            ProviderKinds.GithubCopilot when credential is not null => new CopilotProvider(settings, secrets, http.Value, Time, credential),
            ProviderKinds.GithubCopilot => new EditorCopilotProvider(settings, () => Editor, Time),
            ProviderKinds.Tour => new TourProvider(settings, Time),
            _ => throw new FailureException(FailureKind.MissingField, $"{settings.Name} is of the kind {settings.Kind}, which this version of Plue does not have."),
        };
    }

    /// <summary>Where AWS's and Google's own programs keep their sign-ins.</summary>
    private static string Home => PluePaths.UserFolder;

    public async Task<ClaudeCodeFinding> FindClaudeCodeAsync(CancellationToken cancellationToken)
    {
        await using var provider = new ClaudeCodeProvider(
            new ProviderSettings { Id = "claude-code", Name = "Claude Code", Kind = ProviderKinds.ClaudeCode, Source = Plue.Server.Providers.ProviderSource.Found },
            new SecretSource(vault, EnvironmentKeys), Paths, Time, Logs.CreateLogger("ClaudeCode"), openFolder: () => Workspace.OpenFolder);
        var location = await provider.LocateAsync(cancellationToken);
        if (location.Program is null) { return new ClaudeCodeFinding(null, false, null, "No claude command was found on this machine.", location.Tried); }

        var state = await provider.CheckSignInAsync(cancellationToken);
        return new ClaudeCodeFinding(location.Program.DisplayPath, state.SignedIn ?? false, state.Version, state.Sentence, location.Tried);
    }

    /// <summary>The keys that are there now, not whether they can be read; asked by reference.</summary>
    public async ValueTask<Func<string, bool>> CredentialsAsync(CancellationToken cancellationToken)
    {
        var stored = await Vault.ReferencesAsync(cancellationToken);
        return reference => reference.StartsWith(EnvironmentKeys.Scheme, StringComparison.Ordinal)
            ? !string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(reference[EnvironmentKeys.Scheme.Length..]))
            : stored.Contains(reference);
    }

    private string? ToolTextOf(string tool) => CodexUri.TryOf(CodexCollection.Prompts, $"tool-{tool}", out var uri) ? prompts.Value.Find(uri)?.Text : null;

    private string? ChannelTitleOf(CodexUri uri) => chats.Value.ListAll().FirstOrDefault(chat => CodexUri.OfChannel(chat.Id) == uri)?.Title;

    private ModelChoice? DefaultChoiceOf(string name) => UserConfig.Read(Paths) is var config && name == References.DefaultLarge ? config.DefaultLarge : config.DefaultSmall;

    /// <summary>The addresses in the vault; null while it cannot be looked at, and where it has none.</summary>
    private IReadOnlySet<string>? VaultNames() =>
        Vault.ReferencesAsync(CancellationToken.None).AsTask() is { IsCompletedSuccessfully: true, Result: { Count: > 0 } names } ? names : null;

    /// <summary>What a codex of any template is told.</summary>
    public InstructionBuilder Steering => steering.Value;

    public SteeringServices SteeringServices => new(
        SteeringOf, (told, source, version) => Steering.Allow(told, source, version),
        (chat, prompt) => Steering.Command(prompt, chat.TemplateId, ChatValues.Own(chat), () => ChatValues.PromptValues(chat)));

    private Instructions SteeringOf(StoredChat chat) => Masked(Steering.Build(chat.TemplateId, ChatValues.Own(chat), () => ChatValues.PromptValues(chat)));

    private Instructions Masked(Instructions told) => told.System is { } system && Secrets() is { } mask ? told with { System = mask.Mask(system) } : told;

    /// <summary>Removes for good what has lain in the trash longer than the settings say; nothing while they cannot be read, or the clock is in doubt.</summary>
    public void EmptyTrash()
    {
        var config = UserConfig.Read(Paths);
        if (config.Problems.Any(problem => problem.IsError)) { return; }
        if (config.Number(UserConfig.TrashDaysKey) is { } days && ExpiryClock.Read(Paths, Time) is not null) { Trash.RemoveOlderThan(TimeSpan.FromDays(days), Paths, Time, Logs.CreateLogger("Store")); }
    }

    public string TemplateNameOf(string templateId) => templates.Value.Find(templateId)?.Name ?? templateId;

    public async ValueTask DisposeAsync()
    {
        if (isDisposed) { return; }

        isDisposed = true;
        if (signIns.IsValueCreated) { await SignIns.DisposeAsync(); }
        if (usage.IsValueCreated) { await usage.Value.DisposeAsync(); }
        if (edits.IsValueCreated) { edits.Value.Dispose(); }
        if (mcpServers.IsValueCreated) { await McpServers.DisposeAsync(); }
        await Providers.DisposeAsync();
        if (vault.IsValueCreated) { await Vault.DisposeAsync(); }
        if (http.IsValueCreated) { http.Value.Dispose(); }
        if (logs.IsValueCreated) { logs.Value.Dispose(); }
    }

    private void NoteCache(string sentence) => Logs.CreateLogger("Providers").LogDebug("{What}", sentence);

    /// <summary>Asked with each turn: only what the file says, so that the schema of the settings need not be read.</summary>
    private ITextMask? Secrets() => UserConfig.Read(Paths).Values.GetBoolean(UserConfig.MaskSecretsKey) == false ? null : Redactor;

    /// <summary>A provider with a file of its own has its address there.</summary>
    private string? OriginChange(string id, CatalogProvider? next) => Providers.Find(id) is { Settings.Source: ProviderSource.Environment } ? Discovery.OriginChange(id, next) : null;

    private CatalogSettings ReadCatalogSettings()
    {
        var values = UserConfig.Read(Paths).Values;
        return new CatalogSettings(values.GetString(CatalogSettings.UrlKey), values.GetBoolean(CatalogSettings.DailyKey) ?? false);
    }

    private string NameOf(string providerId) => Providers.NameOf(providerId);

    private async Task<Failure?> ProbeAsync(ProviderSettings settings, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(2));
        await using var provider = Build(settings);
        try
        {
            return await provider.CheckAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Failure(FailureKind.Timeout, $"{settings.Name} did not answer at {settings.ShownEndpoint} within two seconds.");
        }
    }
}
