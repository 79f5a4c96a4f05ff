using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Providers.Acp;
using Plue.Server.Store;
using Plue.Server.Templates;
using Plue.Server.Tools.Mcp;

namespace Plue.Server.Acp;

/// <summary>
/// The services for the sessions of one set of folders and MCP servers. Like the windows of an editor, each set has separate services, which share the home
/// folder by file locks.
/// </summary>
internal sealed class AgentWorkspace : IChatEvents, IAsyncDisposable
{
    private const int MaxParents = 64;

    private readonly Conversations conversations;
    private readonly IChats chats;
    private readonly ConcurrentDictionary<string, AgentSession> sessions = new(StringComparer.Ordinal);
    private readonly PermissionRequests permissions;
    private readonly CancellationTokenSource background = new();
    private readonly Task working;

    /// <param name="folders">Trusted, because the user starts an agent in them. Null for none.</param>
    /// <param name="servers">The MCP servers of the client.</param>
    public AgentWorkspace(
        Services services,
        WorkspaceFolders? folders,
        IReadOnlyList<McpDeclaration> servers,
        AgentOutput output,
        AgentClient client,
        AcpPeer peer
    )
    {
        (Services, Folders, Output, Client) = (services, folders, output, client);
        Logger = services.Platform.CreateLogger("Acp");
        services.Platform.Workspace.Open(folders, trusted: true);
        services.Tools.McpServers.Offer(servers);
        var chat = services.Chat(this, moreTools: ClientServers.ToolsOf(servers));
        conversations = new Conversations(chat);
        chats = conversations;
        services.Tasks(chat, conversations, (_, _) => { });
        Attachments = chat.Attachments;
        Options = new SessionOptions(services.Providers.Registry);
        Commands = new AgentCommands(services.Codices, services.Providers.Registry);
        permissions = new PermissionRequests(services.Permissions.Approvals, peer, client, SessionOf, Logger);
        permissions.Begin();
        working = Task.WhenAll(services.Permissions.Inbox.RunAsync(background.Token), conversations.FollowAsync(background.Token));
    }

    public Services Services { get; }
    public WorkspaceFolders? Folders { get; }
    public AgentOutput Output { get; }
    public AgentClient Client { get; }
    public ILogger Logger { get; }
    public Attachments Attachments { get; }
    public SessionOptions Options { get; }
    public AgentCommands Commands { get; }

    /// <summary>Gets the chats with messages, newest first.</summary>
    public IEnumerable<ChatSummary> List() => conversations.List(includeArchived: false).Where(chat => chat.MessageCount > 0);

    /// <exception cref="AcpErrorException">No provider is connected.</exception>
    public async Task RequireProviderAsync(CancellationToken cancellationToken)
    {
        var registry = Services.Providers.Registry;
        var choice = await registry.DefaultChoiceAsync(cancellationToken);
        if (registry.Find(choice.ProviderId) is not { Settings.Capabilities.IsDemo: false })
        {
            throw new AcpErrorException(
                AcpErrorException.AuthenticationRequired,
                "No AI provider is connected. Connect one in VS Code with Plue: Manage Providers, or in a terminal with plue providers add, then try again."
            );
        }
    }

    /// <summary>Creates a chat, or opens one.</summary>
    /// <param name="codexId">Null for a new chat.</param>
    public async Task<AgentSession> BeginAsync(string? codexId, CancellationToken cancellationToken)
    {
        var conversation = codexId is null
            ? await conversations.CreateAsync(
                TemplateCollections.ChatRoot,
                ChatFields.None,
                new Dictionary<string, System.Text.Json.JsonElement>(),
                cancellationToken
            )
            : await conversations.GetAsync(codexId, cancellationToken);
        return Add(conversation);
    }

    public async Task<AgentSession> ForkAsync(string codexId, CancellationToken cancellationToken) =>
        Add(await conversations.ForkAsync(codexId, null, null, cancellationToken));

    public Task<Conversation> OpenAsync(string codexId, CancellationToken cancellationToken) =>
        conversations.GetAsync(codexId, cancellationToken);

    public Task DeleteAsync(string codexId, CancellationToken cancellationToken) => conversations.DeleteAsync(codexId, cancellationToken);

    /// <summary>Stops the response. Deletes a chat in which nothing was sent.</summary>
    public async Task CloseAsync(AgentSession session)
    {
        await session.CancelAsync();
        await DetachAsync(session);
        await DiscardUnusedAsync(session);
    }

    /// <summary>Sends no more updates of the session.</summary>
    public async Task DetachAsync(AgentSession session)
    {
        sessions.TryRemove(new KeyValuePair<string, AgentSession>(session.CodexId, session));
        await session.Updates.DisposeAsync();
    }

    /// <summary>Converts a failure to an error of the protocol.</summary>
    public static AcpErrorException ErrorOf(Failure failure) =>
        failure.Kind switch
        {
            FailureKind.VaultLocked => new AcpErrorException(
                AcpErrorException.AuthenticationRequired,
                "The vault is locked, and Plue cannot ask for its passphrase here. Let the keychain of this system open it with plue vault add-way --way keychain, or give the provider a key from an environment variable."
            ),
            FailureKind.ProviderAuthFailed or FailureKind.KeyNotBoundToOrigin => new AcpErrorException(
                AcpErrorException.AuthenticationRequired,
                failure.Message
            ),
            FailureKind.NotFound => new AcpErrorException(AcpErrorException.NotFound, failure.Message),
            _ => new AcpErrorException(AcpErrorException.InternalError, failure.Message),
        };

    ITurnSink IChatEvents.SinkFor(string codexId) => new Relay(codexId, sessions);

    void IChatEvents.Changed(string codexId, ChatSummary? summary)
    {
        if (summary is not null && sessions.TryGetValue(codexId, out var session))
        {
            session.Changed();
        }
    }

    void IChatEvents.Notify(string message, string codexId)
    {
        if (Client.TakesNotices && SessionOf(codexId) is { } session)
        {
            session.Updates.Send(AgentWire.Notice(session.Id, "info", message));
        }
    }

    public async ValueTask DisposeAsync()
    {
        permissions.Dispose();
        await background.CancelAsync();
        await working;
        // A running response ends as interrupted: the user did not stop it.
        foreach (var session in sessions.Values)
        {
            await DetachAsync(session);
            await DiscardUnusedAsync(session);
        }
        // End the children even if a chat cannot be closed.
        try
        {
            await conversations.DisposeAsync();
        }
        finally
        {
            await Services.DisposeAsync();
            background.Dispose();
        }
    }

    private async Task DiscardUnusedAsync(AgentSession session)
    {
        if (!session.Chat.IsUnused)
        {
            return;
        }

        try
        {
            await conversations.DiscardEmptyAsync(session.CodexId, CancellationToken.None);
        }
        catch (FailureException fault)
        {
            Logger.LogDebug("{Chat} is kept: {Reason}", session.CodexId, fault.Message);
        }
    }

    private AgentSession Add(Conversation conversation) => sessions[conversation.CodexId] = new AgentSession(this, conversation);

    /// <summary>Finds the session of a chat, or of the chat that started a task.</summary>
    private AgentSession? SessionOf(string codexId)
    {
        for (var (at, id) = (0, codexId); at < MaxParents; at++)
        {
            if (sessions.TryGetValue(id, out var session))
            {
                return session;
            }
            if (chats.Find(id)?.Text(StoredChat.SpawnedByField) is not { } parent)
            {
                return null;
            }

            id = parent;
        }

        return null;
    }

    /// <summary>Forwards the events of a chat while a session shows it.</summary>
    private sealed class Relay(string codexId, ConcurrentDictionary<string, AgentSession> sessions) : ITurnSink
    {
        public void Publish(TurnEvent turnEvent)
        {
            if (sessions.TryGetValue(codexId, out var session))
            {
                session.Updates.Publish(turnEvent);
            }
        }
    }
}
