using Plue.Protocol;
using Plue.Server.Agents.Triggers;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Mcp;
using Plue.Server.Modules;
using Plue.Server.Store;

namespace Plue.Server.Rpc;

/// <summary>Registers the handlers of an editor's connection.</summary>
internal static class HandlerList
{
    /// <returns>The handlers with background work, to be disposed with the connection.</returns>
    public static IAsyncDisposable Register(
        RpcServer server,
        Services services,
        ChatServices chat,
        Conversations conversations,
        LifecycleHandlers lifecycle
    )
    {
        var (platform, vault, providers, instructions) = (
            services.Platform,
            services.Vault.Vault,
            services.Providers.Registry,
            services.Codices.Instructions
        );
        var tasks = services.Tasks(
            chat,
            conversations,
            (uri, row) => _ = server.TryNotifyAsync(Methods.TaskEvent, new TaskEventParams(uri, row is null ? null : TaskViews.View(row)))
        );
        IReadOnlyList<ChatSummary> Chats() => conversations.List(includeArchived: true);
        IReadOnlyList<ChatSummary> Channels() => [.. Chats(), .. conversations.ListTasks(includeArchived: true)];

        lifecycle.Register();
        var messages = new MessageHandlers(server, conversations, providers, chat.Attachments, services.Tools.Runner.Running);
        messages.Register();
        new TaskHandlers(server, tasks, services.Permissions.Approvals, messages.ReadAsync).Register();
        new PlanHandlers(tasks, services.Codices.Templates).Register(server);
        var triggers = new TriggerHandlers(server, tasks.Triggers, services.Codices.Templates, platform.CreateLogger("Rpc"));
        triggers.Register(lifecycle);
        new CompareHandlers(tasks, services.Worktrees.Diff).Register(server);
        new CodexHandlers(server, conversations, providers, chat.Attachments, instructions).Register();
        new InstructionHandlers(server, conversations, providers, instructions).Register();
        var documents = DocumentHandlers.Of(
            services,
            (uri, summary) => _ = NotifyDocumentAsync(server, triggers, uri, summary),
            conversations.UpdateAsync,
            conversations.Automation
        );
        services.Codices.Follow = documents.FollowAsync;
        DocumentRoutes.Register(server, documents);
        var language = new LanguageHandlers(server, services.Documents, vault, platform.Time, platform.CreateLogger("Language"));
        language.Register();
        language.Saved += tasks.Triggers.Refresh;
        new LanguageRegistrations(server, platform.Paths, platform.Workspace, platform.CreateLogger("Rpc")).Follow(lifecycle);
        new AttachmentHandlers(server, chat.Attachments, services.Tools.Pages).Register();
        var providerHandlers = ProviderHandlers.Of(services, Chats);
        providerHandlers.Register(server);
        new SignInHandlers(server, providers, services.Providers.SignIns, vault, providerHandlers.Views).Register();
        new HostClient(server, services.Providers.Factory).Register();
        new HostEditor(server, services.Editor, platform.Workspace).Register();
        new ExecutableHandlers(server, services.Providers.Programs, providers, services.Providers.Factory.FindAgents).Register();
        new McpHandlers(
            services.Tools.McpServers,
            services.Tools.McpImport,
            services.Tools.McpPrompts,
            services.ProgramImport.RecordServers
        ).Register(server);
        new VsCodeToolHandlers(services.Tools.VsCodeTools).Register(server);
        new SkillHandlers(services.Codices.Skills, services.ProgramImport.RecordSkills).Register(server);
        new HealthHandlers(services.Health).Register(server);
        new VaultHandlers(server, vault, services.ProviderKeys, services.ProgramImport.RecordKeys).Register();
        new CatalogHandlers(server, services.Providers.Catalogs, services.Store.Usage).Register();
        new SettingsHandlers(server, platform.Paths).Register();
        TemplateHandlers.Of(services).Register(server);
        new ApprovalHandlers(server, services.Permissions, services.Tools.Hooks.Stored, () => platform.Workspace.TrustedFolders).Register();
        new UsageHandlers(services.Store.Usage, Channels, providers, services.Codices.Templates).Register(server);
        new CompletionHandlers(
            server,
            new InlineCompletions(chat, new CompletionExclusions(platform.Workspace, platform.ProtectedPaths))
        ).Register();
        new ModelHandlers(server, new ModelRequests(chat)).Register();
        new ServedHandlers(server, new ServedTools(services, conversations, tasks, new TaskStart(null))).Register();
        new EditHandlers(services.Edits, platform.Workspace, Channels, services.Worktrees.Worktrees.Of).Register(server);
        new BackgroundHandlers(server, services.Tools.Background).Register();
        new WorktreeHandlers(
            services.Worktrees,
            services.Edits.Reviews,
            () => platform.Workspace.TrustedFolder,
            id => tasks.Changed(CodexUri.OfChannel(id).ToString())
        ).Register(server);
        new ReviewHandlers(services.Reviews(chat), platform.Workspace).Register(server);
        new SearchHandlers(server, services.Store.Search, platform.Time).Register();
        new TransferHandlers(services.Transfer, chat.Events.Changed, services.ProgramImport.RecordChats).Register(server);
        new ProgramImportHandlers(
            services.ProgramImport,
            services.Store.Chats,
            chat.Events.Changed,
            conversations.DeleteAsync,
            documents.Delete
        ).Register(server);
        return new Registered(language, tasks.Triggers);
    }

    /// <summary>Also publishes the change of a provider, whose view includes state that is not in its file.</summary>
    private static async Task NotifyDocumentAsync(RpcServer server, TriggerHandlers triggers, string uri, CodexSummary? summary)
    {
        await server.TryNotifyAsync(Methods.CodexChanged, new CodexChangedParams(uri, summary));
        if (!CodexUri.TryParse(uri, out var address))
        {
            return;
        }

        triggers.DocumentChanged(address);
        if (address.Collection == CodexCollection.Providers)
        {
            await server.TryNotifyAsync(Methods.ProviderChanged, new ProviderChangedParams(summary is null ? null : address.Name));
        }
    }

    private sealed class Registered(LanguageHandlers language, AgentTriggers triggers) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            triggers.Dispose();
            return language.DisposeAsync();
        }
    }
}
