using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using Plue.Protocol;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Platform;
using Plue.Server.Rpc;
using Plue.Server.Store;

namespace Plue.Server;

/// <summary>One editor's connection: the list of all handlers, and an end in good order however the editor goes.</summary>
internal static class Sidecar
{
    private static readonly TimeSpan EndingTime = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan TrashPatience = TimeSpan.FromSeconds(20);

    /// <returns>0 after shutdown and exit, 1 when the editor went without.</returns>
    public static async Task<int> RunAsync(LogLevel logLevel, Stream input, Stream output, CancellationToken cancellationToken)
    {
        IdleMemory.ForThisProcess().Watch();
        await using var house = new Composition(logLevel);
        var threads = new RequestThreads();
        var exitCode = await RunAsync(house, threads.Read(input), output, threads, cancellationToken);
        // The process ends with this connection, so whoever is still running has lost its owner.
        await ChildProcess.EndAllAsync();
        return exitCode;
    }

    public static Task<int> RunAsync(Composition house, PipeReader input, PipeWriter output, CancellationToken cancellationToken) =>
        RunAsync(house, input, output.AsStream(leaveOpen: true), new RequestThreads(), cancellationToken);

    private static async Task<int> RunAsync(Composition house, PipeReader input, Stream output, RequestThreads threads, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var logger = house.Logs.CreateLogger("Rpc");
        var server = new RpcServer(input, output, logger, threads);
        var events = new ChatNotifier(server, house.Providers, house.Time, logger);
        var conversations = new Conversations(house.ChatServices(events));
        var tasks = house.AgentTasks(conversations, (uri, row) => _ = server.TryNotifyAsync(Methods.TaskEvent, new TaskEventParams(uri, row is null ? null : TaskViews.View(row))));
        new TaskHandlers(server, tasks, house.Approvals).Register();

        var documents = new Lazy<DocumentHandlers>(
            () => house.DocumentHandlers((uri, summary) => _ = NotifyDocumentAsync(server, uri, summary), conversations.UpdateAsync, conversations.Automation));

        var lifecycle = new LifecycleHandlers(server, house.Workspace, stop, logger);
        lifecycle.Register();
        var steering = house.SteeringServices;
        new CodexHandlers(server, conversations, house.Providers, house.Attachments, steering.Of).Register();
        new SteeringHandlers(server, conversations, house.Providers, steering).Register();
        DocumentRoutes.Register(server, documents);
        await using var language = new LanguageHandlers(server, house.LanguageSources, house.SecretNamesAsync, house.Time, house.Logs.CreateLogger("Language"));
        language.Register();
        var registrations = new LanguageRegistrations(server, house.Paths, house.Workspace, logger);
        lifecycle.FilesChanged += () =>
        {
            if (lifecycle.TakesRegistrations) { registrations.Announce(); }
        };
        new MessageHandlers(server, conversations, house.Providers, house.Attachments).Register();
        new AttachmentHandlers(server, house.Attachments).Register();
        var services = house.ProviderServices(() => conversations.List(includeArchived: true));
        new ProviderHandlers(services).Register(server);
        house.Providers.Changed += id => _ = server.TryNotifyAsync(Methods.ProviderChanged, new ProviderChangedParams(id));
        new SignInHandlers(server, house.Providers, () => house.SignIns, house.Vault, new ProviderViews(services).SummaryAsync).Register();
        var editor = new HostClient(server);
        editor.Register();
        house.Editor = editor;
        new ExecutableHandlers(server, house.ExternalPrograms, house.Providers).Register();
        house.McpChanged += () => _ = server.TryNotifyAsync(Methods.McpChanged, new Nothing());
        new McpHandlers(() => house.McpServers).Register(server);
        new HealthHandlers(house.HealthServices).Register(server);
        new VaultHandlers(server, house.Vault, house.ProviderKeys.UsedBy, house.ProviderKeys.RenameAsync).Register();
        new CatalogHandlers(server, house.CatalogServices).Register();
        using var background = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        var keepingFresh = house.CatalogServices.Refresh.RunDailyAsync(house.Logs.CreateLogger("Catalog"), background.Token);
        new SettingsHandlers(server, house.Paths).Register();
        TemplateHandlers.Register(server, new Lazy<TemplateHandlers>(() => house.TemplateHandlers));
        var approvals = new ApprovalHandlers(server, house.Inbox, house.StoredRules);
        approvals.Register();
        house.Approvals.Changed += approvals.Publish;
        house.Inbox.Changed += approvals.Publish;
        var keepingInbox = house.Inbox.RunAsync(background.Token);
        IReadOnlyList<ChatSummary> Channels() => [.. conversations.List(includeArchived: true), .. conversations.ListTasks(includeArchived: true)];
        new UsageHandlers(server, house.Usage, Channels, house.Providers, house.TemplateNameOf).Register();
        house.EditsChanged = codexId => _ = server.TryNotifyAsync(Methods.EditChanged, new EditChangedParams(CodexUri.OfChannel(codexId).ToString()));
        new EditHandlers(server, house.Edits, house.Workspace, Channels).Register();
        new SearchHandlers(server, house.Search, house.Time).Register();
        var following = conversations.FollowAsync(background.Token);
        new TransferHandlers(house.TransferServices, events.Changed).Register(server);
        _ = EmptyTrashAsync(house, logger, background.Token);

        // A blocked read of stdin cannot be cancelled: when we are told to stop, it is left behind.
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = stop.Token.Register(() => stopped.TrySetResult());
        await await Task.WhenAny(server.RunAsync(stop.Token), stopped.Task);

        await background.CancelAsync();
        // Turns are stopped and stored and every child is ended, but not at any price: the editor may start a new sidecar any moment.
        var ending = Task.Run(async () =>
        {
            await Task.WhenAll(keepingFresh, following, keepingInbox);
            await EndAsync(conversations, house);
        }, CancellationToken.None);
        try { await ending.WaitAsync(EndingTime, CancellationToken.None); }
        catch (TimeoutException)
        {
            logger.LogWarning("Ending took too long; an answer that was not stored yet will be shown as interrupted");
        }

        return lifecycle.WasShutDown ? 0 : 1;
    }

    private static async Task EndAsync(Conversations conversations, Composition house)
    {
        // Children are ended even if a chat cannot be closed.
        try { await conversations.DisposeAsync(); }
        finally { await house.DisposeAsync(); }
    }

    /// <summary>Once, when nobody waits for the start any more.</summary>
    private static async Task EmptyTrashAsync(Composition house, ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(TrashPatience, house.Time, cancellationToken);
            house.EmptyTrash();
        }
        catch (OperationCanceledException)
        {
            logger.LogDebug("The trash is looked through at the next start");
        }
        catch (Exception fault)
        {
            logger.LogWarning("The trash was left as it is: {Reason}", fault.Message);
        }
    }

    /// <summary>Whoever shows providers shows their states as well, which are not in the file.</summary>
    private static async Task NotifyDocumentAsync(RpcServer server, string uri, CodexSummary? summary)
    {
        await server.TryNotifyAsync(Methods.CodexChanged, new CodexChangedParams(uri, summary));
        if (CodexUri.TryParse(uri, out var address) && address.Collection == CodexCollection.Providers)
        {
            await server.TryNotifyAsync(Methods.ProviderChanged, new ProviderChangedParams(summary is null ? null : address.Name));
        }
    }
}
