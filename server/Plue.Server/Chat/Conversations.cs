using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Chat;

/// <summary>The chats of this process: opened on first use, each once.</summary>
public sealed class Conversations(ChatServices services) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<Task<Conversation>>> open = new(StringComparer.Ordinal);

    public IReadOnlyList<ChatSummary> List(bool includeArchived)
    {
        var running = open.Values.Where(IsReady).Select(chat => chat.Value.Result).Where(chat => chat.ReadOnlyReason is null).Select(chat => chat.Summary).ToDictionary(summary => summary.Id);
        return [.. services.Store.List()
            .Select(stored => running.GetValueOrDefault(stored.Id, stored))
            .Where(summary => includeArchived || !summary.Archived)
            .OrderByDescending(summary => summary.UpdatedAt)];
    }

    /// <summary>What lies in the trash, the last deleted first.</summary>
    public IReadOnlyList<ChatSummary> ListDeleted() => services.Store.ListDeleted();

    /// <param name="providerId">Null takes the default.</param>
    public async Task<Conversation> CreateAsync(string templateId, string? title, string? providerId, string? model, CancellationToken cancellationToken)
    {
        if (!services.HasTemplate(templateId)) { throw new FailureException(FailureKind.NotFound, $"There is no template {templateId}."); }

        var choice = providerId is null ? await services.Providers.DefaultChoiceAsync(cancellationToken) : new ModelChoice(providerId);
        var journal = await Task.Run(() => services.Store.Create(templateId, title, choice.ProviderId, model ?? choice.Model), cancellationToken);
        var conversation = new Conversation(services, journal.Chat, journal, readOnlyReason: null);
        open[journal.Chat.Id] = new Lazy<Task<Conversation>>(Task.FromResult(conversation));
        services.Changed(conversation.CodexId, conversation.Summary);
        return conversation;
    }

    /// <summary>A chat that could only be read is looked at anew: its owner writes on, or is gone.</summary>
    /// <exception cref="FailureException">NotFound when there is no such chat.</exception>
    public async Task<Conversation> GetAsync(string codexUri, CancellationToken cancellationToken)
    {
        var id = ChatIdOf(codexUri);
        var known = open.GetValueOrDefault(id);
        var lazy = known ?? Open(id, null);
        var conversation = await ReadyAsync(id, lazy, cancellationToken);
        if (lazy != known || conversation.ReadOnlyReason is null) { return conversation; }

        open.TryRemove(new KeyValuePair<string, Lazy<Task<Conversation>>>(id, lazy));
        return await ReadyAsync(id, Open(id, conversation), cancellationToken);
    }

    /// <summary>Stops it, then moves it to the trash.</summary>
    public async Task DeleteAsync(string codexUri, CancellationToken cancellationToken)
    {
        var conversation = await GetAsync(codexUri, cancellationToken);
        if (conversation.ReadOnlyReason is { } reason) { throw new FailureException(FailureKind.StoreReadOnly, reason); }

        await conversation.DisposeAsync();
        open.TryRemove(ChatIdOf(codexUri), out _);
        services.Store.Delete(ChatIdOf(codexUri));
        services.Changed(conversation.CodexId, null);
    }

    /// <summary>Brings a chat back from the trash.</summary>
    public async Task<Conversation> RestoreAsync(string codexUri, CancellationToken cancellationToken)
    {
        await Task.Run(() => services.Store.Restore(ChatIdOf(codexUri)), cancellationToken);
        var conversation = await GetAsync(codexUri, cancellationToken);
        services.Changed(conversation.CodexId, conversation.Summary);
        return conversation;
    }

    /// <summary>A chat of its own with the messages of a branch up to one. The other one stays as it is; what its answers cost is not counted again.</summary>
    /// <param name="messageId">The last message of the copy; null takes the branch that is shown.</param>
    /// <param name="title">Null names it after the other one.</param>
    public async Task<Conversation> ForkAsync(string codexUri, string? messageId, string? title, CancellationToken cancellationToken)
    {
        var original = await GetAsync(codexUri, cancellationToken);
        var (chat, branch) = (original.Look().Chat, original.BranchTo(messageId));
        var journal = await Task.Run(() => services.Store.Create(chat.TemplateId, title ?? $"{chat.Title} (fork)", chat.ProviderId, chat.Model), cancellationToken);
        var codexId = CodexUri.Of(CodexCollection.Chats, journal.Id).ToString();
        await journal.UpdateAsync(new ChatFields(Fallbacks: chat.Fallbacks, Options: chat.Options) { Tags = chat.Tags, ContextFiles = chat.ContextFiles }, CancellationToken.None);
        List<Message> copies = [];
        foreach (var message in branch) { copies.Add(message with { Id = Ids.New("msg"), CodexId = codexId, ParentId = copies is [.., var last] ? last.Id : "", IsCopy = true }); }

        await journal.AppendAllAsync(copies, CancellationToken.None);
        var conversation = new Conversation(services, journal.Chat, journal, readOnlyReason: null);
        open[journal.Id] = new Lazy<Task<Conversation>>(Task.FromResult(conversation));
        services.Changed(codexId, conversation.Summary);
        return conversation;
    }

    /// <summary>What happened to a chat, newest first.</summary>
    public Task<IReadOnlyList<ChatChange>> HistoryAsync(string codexUri, CancellationToken cancellationToken) =>
        Task.Run(() => services.Store.History(ChatIdOf(codexUri)), cancellationToken);

    /// <summary>Whether the first is the second template or descends from it.</summary>
    public bool IsTemplate(string templateId, string ancestor) => services.IsTemplate(templateId, ancestor);

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(open.Values.Where(IsReady).Select(async chat =>
        {
            try { await chat.Value.Result.DisposeAsync(); }
            catch (Exception fault) { services.Logger.LogError(fault, "{Chat} was not closed in good order", chat.Value.Result.CodexId); }
        }));
    }

    private Lazy<Task<Conversation>> Open(string id, Conversation? before) => open.GetOrAdd(id, key => new Lazy<Task<Conversation>>(() => OpenAsync(key, before)));

    /// <summary>Opening is shared by all who ask, so the one who asked first cannot cancel it for the others.</summary>
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
            return new Conversation(services, journal.Chat, journal, readOnlyReason: null, before);
        }
        catch (FailureException fault) when (fault.Failure.Kind is FailureKind.Conflict or FailureKind.StoreReadOnly)
        {
            return new Conversation(services, services.Store.Read(id), null, fault.Failure.Message, before);
        }
    }

    private static bool IsReady(Lazy<Task<Conversation>> chat) => chat.IsValueCreated && chat.Value.IsCompletedSuccessfully;

    private static string ChatIdOf(string codexUri)
    {
        if (CodexUri.TryParse(codexUri, out var uri) && uri.Collection == CodexCollection.Chats) { return uri.Name; }
        throw new FailureException(FailureKind.NotFound, $"{codexUri} is not the address of a chat.");
    }
}
