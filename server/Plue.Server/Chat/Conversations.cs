using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Providers.Connections;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Chat;

/// <summary>The chats of this process: opened on first use, each once, and followed while other windows write to them.</summary>
internal sealed class Conversations : IChats, IAsyncDisposable
{
    // Polling takes some microseconds for each open chat. Unlike a file watcher, it works on every disk and uses no limited resource of the system.
    private static readonly TimeSpan ChatPause = TimeSpan.FromMilliseconds(250);
    private const int ChatPollsPerTreePoll = 4;

    private readonly ChatServices services;

    // Held while rows are compared, so that a chat deleted here does not reappear.
    private readonly Lock tree = new();

    // The rows that views of the tree know; null before the first listing.
    private Dictionary<string, ChatSummary>? rows;
    private readonly ConcurrentDictionary<string, Lazy<Task<Conversation>>> open = new(StringComparer.Ordinal);

    internal Conversations(ChatServices services)
    {
        this.services = services;
        Automation = new Automation(services, services.Time, services.Logger);
    }

    /// <summary>Runs the hooks of changes by this process.</summary>
    internal Automation Automation { get; }

    /// <inheritdoc cref="ChatServices.Supervise"/>
    public void Supervise(ITaskSupervisor supervisor, IBudget budget) => services.Supervise(supervisor, budget);

    /// <summary>The chats, newest first.</summary>
    public IReadOnlyList<ChatSummary> List(bool includeArchived) => List(services.Store.List, includeArchived);

    /// <summary>The tasks, newest first.</summary>
    public IReadOnlyList<ChatSummary> ListTasks(bool includeArchived) => List(services.Store.ListTasks, includeArchived);

    private IReadOnlyList<ChatSummary> List(Func<IReadOnlyList<ChatSummary>> rowsOf, bool includeArchived)
    {
        IReadOnlyList<ChatSummary> stored;
        lock (tree)
        {
            stored = rowsOf();
            rows ??= services.Store.ListAll().ToDictionary(summary => summary.Id, StringComparer.Ordinal);
        }

        var here = Opened().Select(chat => chat.Summary).ToDictionary(summary => summary.Id, StringComparer.Ordinal);
        var isSorted = true;
        var list = new List<ChatSummary>(stored.Count);
        foreach (var row in stored)
        {
            var summary = here.GetValueOrDefault(row.Id, row);
            if (summary.Archived && !includeArchived)
            {
                continue;
            }

            isSorted &= list is not [.., var last] || last.UpdatedAt >= summary.UpdatedAt;
            list.Add(summary);
        }

        return isSorted ? list : [.. list.OrderByDescending(summary => summary.UpdatedAt)];
    }

    /// <summary>Gets the chats in the trash, last deleted first, without background chats of editor features.</summary>
    public IReadOnlyList<ChatSummary> ListDeleted(ChannelKind kind)
    {
        var isInternal = new Dictionary<string, bool>(StringComparer.Ordinal);
        return [.. services.Store.ListDeleted(kind).Where(chat => !chat.Archived || !IsInternal(chat.TemplateId))];

        bool IsInternal(string template)
        {
            ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(isInternal, template, out var isKnown);
            return isKnown ? known : known = services.Templates.Find(template)?.Tags.Contains(TemplateCatalog.InternalTag) == true;
        }
    }

    /// <summary>Creates a chat, or a task if the template descends from task.</summary>
    /// <param name="given">Title and choice of model; without a provider it takes the template's, else the user's default.</param>
    /// <param name="values">Other fields by the names that the template gives.</param>
    /// <exception cref="FailureException">NotFound: no such template, or no provider for a task. MissingField: a field that is missing or wrong. StoreReadOnly.</exception>
    public Task<Conversation> CreateAsync(
        string templateId,
        ChatFields given,
        IReadOnlyDictionary<string, JsonElement> values,
        CancellationToken cancellationToken
    ) => CreateAsync(templateId, given, values, spawnedBy: null, depth: 0, cancellationToken);

    /// <summary>Creates a task that does not start before <see cref="Conversation.StartAsync"/>: until then it waits in this process.</summary>
    /// <param name="spawnedBy">The task or chat that created it; null for the user.</param>
    /// <param name="kept">Values that Plue sets in the first record. They are not validated against the template.</param>
    /// <param name="depth">The number of hooks that led to it.</param>
    /// <param name="history">Messages of a chat that it continues.</param>
    /// <param name="first">Its first own message; null means its goal.</param>
    /// <exception cref="FailureException">As for a task of the user.</exception>
    public Task<Conversation> SpawnAsync(
        string templateId,
        ChatFields given,
        IReadOnlyDictionary<string, JsonElement> values,
        string? spawnedBy,
        IReadOnlyDictionary<string, JsonElement> kept,
        int depth,
        CancellationToken cancellationToken,
        IReadOnlyList<Message>? history = null,
        Draft? first = null
    ) => CreateAsync(templateId, given, values, spawnedBy, depth, cancellationToken, kept, history, first);

    /// <summary>Reads a chat or task.</summary>
    /// <exception cref="FailureException">NotFound: it does not exist or cannot be read.</exception>
    public StoredChat Read(string codexUri) =>
        Find(codexUri) ?? throw new FailureException(FailureKind.NotFound, "There is no such chat or task.");

    /// <param name="spawnedBy">The task or chat whose hook created it; null for the user.</param>
    /// <param name="depth">The number of hooks that led to it.</param>
    /// <param name="kept">Set if the caller starts it.</param>
    private async Task<Conversation> CreateAsync(
        string templateId,
        ChatFields given,
        IReadOnlyDictionary<string, JsonElement> values,
        string? spawnedBy,
        int depth,
        CancellationToken cancellationToken,
        IReadOnlyDictionary<string, JsonElement>? kept = null,
        IReadOnlyList<Message>? history = null,
        Draft? first = null
    )
    {
        var template =
            services.TemplateOf(templateId) ?? throw new FailureException(FailureKind.NotFound, $"There is no template {templateId}.");
        var kind = template.Collection == TemplateCollection.Tasks ? ChannelKind.Task : ChannelKind.Chat;
        var fields = ChannelFields.Begin(kind, template, given, values);
        if (kind == ChannelKind.Task)
        {
            await CheckWorkerAsync(fields, cancellationToken);
        }
        if (string.IsNullOrEmpty(fields.ProviderId))
        {
            var choice = await services.Providers.DefaultChoiceAsync(cancellationToken);
            fields = fields with
            {
                ProviderId = choice.ProviderId,
                Model = string.IsNullOrEmpty(fields.Model) ? choice.Model : fields.Model,
            };
        }

        if (kept is not null)
        {
            fields = With(fields, kept);
        }
        services.RefuseMode(fields);
        if (kind == ChannelKind.Task && (kept is not null || Automation.Waits(template, [Conversation.Created])))
        {
            fields = fields with { StartsByItself = true };
        }
        var journal = await Task.Run(() => services.Store.Create(kind, templateId, fields), cancellationToken);
        if (history is { Count: > 0 })
        {
            await CopyAsync(history, journal);
        }
        var conversation = new Conversation(services, Automation, this, journal.Chat, journal, readOnlyReason: null);
        if (first is not null)
        {
            await journal.AppendAllAsync([conversation.Compose(first) with { ParentId = journal.Chat.Tree.Head }], CancellationToken.None);
        }
        if (spawnedBy is not null)
        {
            Automation.Bounds.Follows(conversation.CodexId, spawnedBy);
        }
        open[journal.Chat.Id] = new Lazy<Task<Conversation>>(Task.FromResult(conversation));
        services.NotifyChanged(conversation.CodexId, conversation.Summary);
        if (kept is null)
        {
            conversation.WasCreated(depth);
        }
        return conversation;
    }

    /// <summary>Turns a chat into a task, which keeps its address and everything in it. It does not start before <see cref="Conversation.StartAsync"/>.</summary>
    /// <param name="given">The choice of model.</param>
    /// <param name="values">Other fields by the names that the template gives.</param>
    /// <param name="kept">Values that Plue sets. They are not validated against the template.</param>
    /// <param name="goal">Its first message as a task.</param>
    /// <exception cref="FailureException">As for a task of the user. Conflict: it is a task, or a response is streaming.</exception>
    public async Task<Conversation> ConvertAsync(
        string codexUri,
        string templateId,
        ChatFields given,
        IReadOnlyDictionary<string, JsonElement> values,
        IReadOnlyDictionary<string, JsonElement> kept,
        Draft goal,
        CancellationToken cancellationToken
    )
    {
        var template =
            services.TemplateOf(templateId) ?? throw new FailureException(FailureKind.NotFound, $"There is no template {templateId}.");
        var fields = ChannelFields.Begin(ChannelKind.Task, template, given, values, "The chat was not changed.");
        await CheckWorkerAsync(fields, cancellationToken);
        var conversation = await GetAsync(codexUri, cancellationToken);
        await conversation.BecomeTaskAsync(With(fields, kept) with { TemplateId = template.Id }, goal, cancellationToken);
        return conversation;
    }

    private static ChatFields With(ChatFields fields, IReadOnlyDictionary<string, JsonElement> kept) =>
        fields with
        {
            Values = (fields.Values ?? new Dictionary<string, JsonElement>())
                .Concat(kept)
                .GroupBy(pair => pair.Key)
                .ToDictionary(same => same.Key, same => same.Last().Value, StringComparer.Ordinal),
        };

    /// <summary>Refuses a task that no provider can work on, before it is stored.</summary>
    private async Task CheckWorkerAsync(ChatFields fields, CancellationToken cancellationToken)
    {
        FailureException? first = null;
        string[] asked =
        [
            string.IsNullOrEmpty(fields.ProviderId) ? ProviderRegistry.DefaultLarge : fields.ProviderId,
            .. (fields.Fallbacks ?? []).Select(choice => choice.ProviderId),
        ];
        foreach (var id in asked)
        {
            try
            {
                var settings = (await services.Providers.GetAsync(id, cancellationToken)).Settings;
                // The tour is a recording, so it cannot work on a task.
                if (!settings.Capabilities.IsDemo || !ProviderRegistry.IsReserved(id))
                {
                    return;
                }

                first ??= new FailureException(
                    FailureKind.NotFound,
                    "No connected provider can work on this. Connect one with Plue: Manage Providers, then start the task again."
                );
            }
            catch (FailureException fault)
            {
                first ??= fault;
            }
        }

        throw first!;
    }

    /// <summary>Opens a chat. A chat that was read-only because of the disk is opened again.</summary>
    /// <exception cref="FailureException">NotFound when there is no such chat.</exception>
    public async Task<Conversation> GetAsync(string codexUri, CancellationToken cancellationToken)
    {
        var id = ChatIdOf(codexUri);
        var known = open.GetValueOrDefault(id);
        var lazy = known ?? Open(id, null);
        var conversation = await ReadyAsync(id, lazy, cancellationToken);
        if (lazy != known)
        {
            return conversation;
        }

        if (!conversation.IsReadOnly)
        {
            if (await conversation.FollowAsync())
            {
                return conversation;
            }

            await ForgetAsync(id, lazy, conversation);
            throw new FailureException(FailureKind.NotFound, "This chat no longer exists. Choose another.");
        }

        open.TryRemove(new KeyValuePair<string, Lazy<Task<Conversation>>>(id, lazy));
        return await ReadyAsync(id, Open(id, conversation), cancellationToken);
    }

    /// <summary>Changes fields of a chat. A chat that is not open is changed in its file.</summary>
    /// <exception cref="FailureException">NotFound; Conflict: another window is writing to it; StoreReadOnly.</exception>
    public async Task UpdateAsync(string id, ChatFields fields, CancellationToken cancellationToken)
    {
        if (!open.ContainsKey(id))
        {
            await services.Store.UpdateAsync(id, fields, cancellationToken);
        }
        else
        {
            await (await GetAsync(CodexUri.OfChannel(id).ToString(), cancellationToken)).UpdateAsync(_ => fields, null, cancellationToken);
        }
    }

    /// <summary>Stops it, then moves it to the trash.</summary>
    public async Task DeleteAsync(string codexUri, CancellationToken cancellationToken) =>
        await RemoveAsync(await GetAsync(codexUri, cancellationToken), services.Store.Delete);

    /// <summary>Deletes a chat without the trash if <see cref="StoredChat.IsUnused"/>.</summary>
    /// <exception cref="FailureException">NotFound; Conflict: something is stored in it; StoreReadOnly.</exception>
    public async Task DiscardEmptyAsync(string codexUri, CancellationToken cancellationToken)
    {
        var conversation = await GetAsync(codexUri, cancellationToken);
        if (!conversation.Stored.IsUnused)
        {
            throw StoredChat.NotUnused();
        }

        await RemoveAsync(conversation, services.Store.DiscardUnused);
    }

    /// <summary>Gets the chats and tasks that this process works on.</summary>
    internal IEnumerable<Conversation> Busy => Opened().Where(chat => chat.IsBusy);

    /// <summary>True if the chat was opened since the start of this process, or is being opened.</summary>
    internal bool IsOpen(string id) => open.ContainsKey(id);

    /// <summary>Moves a chat to the trash if it is not open and its last activity was before a time.</summary>
    /// <returns>False if it is kept.</returns>
    /// <exception cref="FailureException">NotFound; Conflict: another window is writing to it; StoreReadOnly.</exception>
    internal bool DeleteExpired(string id, DateTimeOffset before)
    {
        // Requests for the chat wait until it is deleted, so that it is not opened meanwhile.
        var gone = new TaskCompletionSource<Conversation>(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiting = new Lazy<Task<Conversation>>(gone.Task);
        if (!open.TryAdd(id, waiting))
        {
            return false;
        }

        var isDeleted = false;
        try
        {
            lock (tree)
            {
                isDeleted = services.Store.DeleteExpired(id, before);
                if (isDeleted)
                {
                    rows?.Remove(id);
                }
            }
        }
        finally
        {
            open.TryRemove(new KeyValuePair<string, Lazy<Task<Conversation>>>(id, waiting));
            gone.SetException(
                isDeleted
                    ? new FailureException(FailureKind.NotFound, "This chat was deleted.")
                    : new FailureException(FailureKind.Conflict, "This chat was being checked. Try again.")
            );
            _ = gone.Task.Exception;
        }

        if (isDeleted)
        {
            services.NotifyChanged(UriOf(id), null);
        }
        return isDeleted;
    }

    private async Task RemoveAsync(Conversation conversation, Action<string> remove)
    {
        var id = ChatIdOf(conversation.CodexId);
        if (conversation.ReadOnlyReason is { } reason)
        {
            throw new FailureException(FailureKind.StoreReadOnly, reason);
        }

        // Requests for the chat wait until it is deleted, so that it is not opened again.
        var gone = new TaskCompletionSource<Conversation>(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiting = new Lazy<Task<Conversation>>(gone.Task);
        if (!open.TryGetValue(id, out var lazy) || Ready(lazy) != conversation || !open.TryUpdate(id, waiting, lazy))
        {
            throw new FailureException(FailureKind.NotFound, "This chat is already being deleted.");
        }

        try
        {
            await conversation.StopAsync(StopCause.User);
            await conversation.DisposeAsync();
            lock (tree)
            {
                remove(id);
                rows?.Remove(id);
            }

            End(new FailureException(FailureKind.NotFound, "This chat was deleted."));
        }
        catch (Exception fault)
        {
            // The chat was not deleted. The next owner continues with the event numbers that its views know.
            open.TryUpdate(id, new Lazy<Task<Conversation>>(() => OpenAsync(id, conversation)), waiting);
            End(fault);
            throw;
        }

        services.NotifyChanged(conversation.CodexId, null);

        void End(Exception answer)
        {
            open.TryRemove(new KeyValuePair<string, Lazy<Task<Conversation>>>(id, waiting));
            gone.SetException(answer);
            _ = gone.Task.Exception;
        }
    }

    /// <summary>Sends a user's command to the process that works on a chat.</summary>
    /// <returns>False if no other process works on it: the caller carries out the command.</returns>
    /// <exception cref="FailureException">Conflict: the other process did not respond, or rejected the command. StoreReadOnly.</exception>
    public async Task<bool> ForwardAsync(Conversation conversation, ChatCommand command, CancellationToken cancellationToken) =>
        conversation.IsRunningElsewhere
        && await services.Commands.SendAsync(
            command,
            async () => await conversation.FollowAsync() && conversation.IsRunningElsewhere,
            cancellationToken
        );

    /// <summary>Runs a command of another process for a chat that this one works on.</summary>
    private async Task RunAsync(ChatCommand command)
    {
        var conversation = await GetAsync(command.CodexId, CancellationToken.None);
        switch (command.Action)
        {
            case ChatAction.Stop when conversation.Stored.IsTask:
                await services.Tasks.StopAsync(command.CodexId, under: false, StopCause.User, CancellationToken.None);
                break;
            case ChatAction.Stop:
                await conversation.StopAsync(StopCause.User);
                break;
            case ChatAction.Pause:
                await conversation.PauseAsync();
                break;
            case ChatAction.Resume:
                await conversation.ResumeAsync();
                break;
            case ChatAction.Steer:
                await conversation.SteerAsync(null, new Draft(command.Text ?? ""), CancellationToken.None);
                break;
            case ChatAction.SetBudget when command.Budget is { } budget:
                await services.Tasks.SetBudgetAsync(command.CodexId, budget, CancellationToken.None);
                break;
        }
    }

    /// <summary>Polls the changes and commands of other windows until it is canceled.</summary>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        try
        {
            for (var look = 1; ; look++)
            {
                // This does not use a periodic timer, because its cancellation resolves a stack trace, which takes longer than a start.
                await Task.Delay(ChatPause, services.Time, cancellationToken);
                try
                {
                    foreach (var (id, lazy) in open)
                    {
                        if (Ready(lazy) is { } conversation && !await conversation.FollowAsync())
                        {
                            await ForgetAsync(id, lazy, conversation);
                        }
                    }

                    services.Commands.Receive(uri => Busy.Any(chat => chat.CodexId == uri), RunAsync);
                    if (look % ChatPollsPerTreePoll == 0)
                    {
                        FollowTree();
                    }
                }
                catch (FailureException fault)
                {
                    services.Logger.LogWarning("Changes from other windows cannot be read: {Reason}", fault.Message);
                }
            }
        }
        catch (OperationCanceledException)
        {
            services.Logger.LogDebug("Other windows are no longer followed");
            await services.Commands.CompleteAsync();
        }
    }

    /// <summary>Publishes chats that other windows created, changed or deleted. Open chats publish their changes themselves.</summary>
    private void FollowTree()
    {
        lock (tree)
        {
            if (rows is null)
            {
                return;
            }

            var listed = services.Store.ListAll();
            if (listed.Count == rows.Count && listed.All(row => ReferenceEquals(rows.GetValueOrDefault(row.Id), row)))
            {
                return;
            }

            var now = listed.ToDictionary(summary => summary.Id, StringComparer.Ordinal);
            foreach (var row in listed)
            {
                if (!row.Equals(rows.GetValueOrDefault(row.Id)) && !open.ContainsKey(row.Id))
                {
                    services.NotifyChanged(UriOf(row.Id), row);
                }
            }

            foreach (var id in rows.Keys)
            {
                if (!now.ContainsKey(id) && !open.ContainsKey(id))
                {
                    services.NotifyChanged(UriOf(id), null);
                }
            }

            rows = now;
        }
    }

    /// <summary>Closes a chat that another window deleted.</summary>
    private async Task ForgetAsync(string id, Lazy<Task<Conversation>> lazy, Conversation conversation)
    {
        if (!open.TryRemove(new KeyValuePair<string, Lazy<Task<Conversation>>>(id, lazy)))
        {
            return;
        }

        lock (tree)
        {
            rows?.Remove(id);
        }
        await conversation.DisposeAsync();
        services.NotifyChanged(conversation.CodexId, null);
    }

    /// <summary>Restores a chat from the trash.</summary>
    public async Task<Conversation> RestoreAsync(string codexUri, CancellationToken cancellationToken)
    {
        await Task.Run(() => services.Store.Restore(ChatIdOf(codexUri)), cancellationToken);
        var conversation = await GetAsync(codexUri, cancellationToken);
        services.NotifyChanged(conversation.CodexId, conversation.Summary);
        return conversation;
    }

    /// <summary>Copies the messages of a branch, up to one message, into a new chat. The cost of copied responses is not counted again.</summary>
    /// <param name="messageId">The last message of the copy; null copies the current branch.</param>
    /// <param name="title">Null uses the title of the original.</param>
    public async Task<Conversation> ForkAsync(string codexUri, string? messageId, string? title, CancellationToken cancellationToken)
    {
        var original = await GetAsync(codexUri, cancellationToken);
        var (chat, branch) = (original.Stored, original.BranchTo(messageId));
        var fields = new ChatFields(title ?? $"{chat.Title} (fork)", null, chat.ProviderId, chat.Model);
        var journal = await Task.Run(
            () => services.Store.Create(chat.IsTask ? ChannelKind.Task : ChannelKind.Chat, chat.TemplateId, fields),
            cancellationToken
        );
        var codexId = CodexUri.OfChannel(journal.Id).ToString();
        await journal.UpdateAsync(
            new ChatFields(Fallbacks: chat.Fallbacks, Options: chat.Options)
            {
                Tags = chat.Tags,
                ContextFiles = chat.ContextFiles,
                Values = ValuesOfCopy(chat),
            },
            CancellationToken.None
        );
        await CopyAsync(branch, journal);
        var conversation = new Conversation(services, Automation, this, journal.Chat, journal, readOnlyReason: null);
        open[journal.Id] = new Lazy<Task<Conversation>>(Task.FromResult(conversation));
        services.NotifyChanged(codexId, conversation.Summary);
        return conversation;
    }

    /// <summary>Creates a journal with copies of messages, whose cost is not counted.</summary>
    private static async Task CopyAsync(IReadOnlyList<Message> branch, ChatJournal journal)
    {
        List<Message> copies = [];
        foreach (var message in branch)
        {
            copies.Add(
                message with
                {
                    Id = Ids.New("msg"),
                    CodexId = CodexUri.OfChannel(journal.Id).ToString(),
                    ParentId = copies is [.., var last] ? last.Id : "",
                    IsCopy = true,
                }
            );
        }

        await journal.AppendAllAsync(copies, CancellationToken.None);
    }

    /// <summary>Values for the copy of a task: it is stopped and has no parent.</summary>
    private static IReadOnlyDictionary<string, JsonElement>? ValuesOfCopy(StoredChat chat)
    {
        if (chat.Values.Count == 0)
        {
            return null;
        }

        var values = chat.Values.Where(pair => !chat.IsTask || pair.Key != StoredChat.SpawnedByField).ToDictionary(StringComparer.Ordinal);
        if (chat.IsTask)
        {
            values[TaskStates.Field] = Json5Conversion.Of(new Json5String(TaskStates.Stopped));
        }

        return values;
    }

    /// <summary>Gets the history of a chat, newest first.</summary>
    public Task<IReadOnlyList<ChatChange>> HistoryAsync(string codexUri, CancellationToken cancellationToken) =>
        Task.Run(() => services.Store.History(ChatIdOf(codexUri)), cancellationToken);

    /// <summary>Gets a template; null if it is missing or invalid.</summary>
    public Template? TemplateOf(string templateId) => services.TemplateOf(templateId);

    /// <summary>True if the first template is the second one or descends from it.</summary>
    public bool IsTemplate(string templateId, string ancestor) => services.Templates.IsA(templateId, ancestor);

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(
            Opened()
                .Select(async chat =>
                {
                    try
                    {
                        await chat.DisposeAsync();
                    }
                    catch (Exception fault)
                    {
                        services.Logger.LogError(fault, "{Chat} could not be closed cleanly", chat.CodexId);
                    }
                })
        );
    }

    private Lazy<Task<Conversation>> Open(string id, Conversation? before) =>
        open.GetOrAdd(id, key => new Lazy<Task<Conversation>>(() => OpenAsync(key, before)));

    /// <summary>Concurrent callers share one open operation, so the first caller cannot cancel it for the others.</summary>
    private async Task<Conversation> ReadyAsync(string id, Lazy<Task<Conversation>> lazy, CancellationToken cancellationToken)
    {
        try
        {
            return await lazy.Value.WaitAsync(cancellationToken);
        }
        catch when (!lazy.Value.IsCompletedSuccessfully && lazy.Value.IsCompleted)
        {
            open.TryRemove(new KeyValuePair<string, Lazy<Task<Conversation>>>(id, lazy));
            throw;
        }
    }

    private async Task<Conversation> OpenAsync(string id, Conversation? before)
    {
        try
        {
            var journal = await services.Store.OpenAsync(id, CancellationToken.None);
            return new Conversation(services, Automation, this, journal.Chat, journal, readOnlyReason: null, before);
        }
        catch (FailureException fault) when (fault.Failure.Kind == FailureKind.StoreReadOnly)
        {
            return new Conversation(services, Automation, this, services.Store.Read(id), null, fault.Failure.Message, before);
        }
    }

    /// <summary>Gets a chat or task: from memory if it is open, otherwise from its file.</summary>
    StoredChat? IChats.Find(string codexUri) => Find(codexUri);

    private StoredChat? Find(string codexUri)
    {
        try
        {
            var id = ChatIdOf(codexUri);
            return open.TryGetValue(id, out var known) && Ready(known) is { } chat ? chat.Stored : services.Store.Read(id);
        }
        catch (FailureException fault)
        {
            services.Logger.LogDebug("{Codex} was not found: {Why}", codexUri, fault.Message);
            return null;
        }
    }

    private IEnumerable<Conversation> Opened() => open.Values.Select(Ready).OfType<Conversation>();

    private static string UriOf(string id) => CodexUri.OfChannel(id).ToString();

#pragma warning disable VSTHRD002 // It has completed.
    private static Conversation? Ready(Lazy<Task<Conversation>> chat) =>
        chat is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true, Result: var conversation } } ? conversation : null;
#pragma warning restore VSTHRD002

    private static string ChatIdOf(string codexUri)
    {
        if (
            CodexUri.TryParse(codexUri, out var uri)
            && uri.Collection is CodexCollection.Chats or CodexCollection.Tasks
            && uri == CodexUri.OfChannel(uri.Name)
        )
        {
            return uri.Name;
        }
        throw new FailureException(FailureKind.NotFound, $"{codexUri} is not the URI of a chat or task.");
    }
}
