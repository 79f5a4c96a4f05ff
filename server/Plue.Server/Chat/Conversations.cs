using System.Collections.Concurrent;
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
        var running = open.Values.Where(IsReady).Select(chat => chat.Value.Result.Summary).ToDictionary(summary => summary.Id);
        return [.. services.Store.List()
            .Select(stored => running.GetValueOrDefault(stored.Id, stored))
            .Where(summary => includeArchived || !summary.Archived)
            .OrderByDescending(summary => summary.UpdatedAt)];
    }

    /// <param name="providerId">Null takes the default.</param>
    public async Task<Conversation> CreateAsync(string templateId, string? title, string? providerId, string? model, CancellationToken cancellationToken)
    {
        var provider = providerId ?? await services.Providers.DefaultIdAsync(cancellationToken);
        var journal = await Task.Run(() => services.Store.Create(templateId, title, provider, model), cancellationToken);
        var conversation = new Conversation(services, journal.Chat, journal, readOnlyReason: null);
        open[journal.Chat.Id] = new Lazy<Task<Conversation>>(Task.FromResult(conversation));
        services.Changed(conversation.CodexId, conversation.Summary);
        return conversation;
    }

    /// <exception cref="FailureException">NotFound when there is no such chat.</exception>
    public async Task<Conversation> GetAsync(string codexUri, CancellationToken cancellationToken)
    {
        var id = ChatIdOf(codexUri);
        var lazy = open.GetOrAdd(id, key => new Lazy<Task<Conversation>>(() => OpenAsync(key, cancellationToken)));
        try
        {
            return await lazy.Value;
        }
        catch
        {
            open.TryRemove(new KeyValuePair<string, Lazy<Task<Conversation>>>(id, lazy));
            throw;
        }
    }

    /// <summary>Opens for writing even if an earlier try could only read: the other window may be gone.</summary>
    public async Task<Conversation> GetWritableAsync(string codexUri, CancellationToken cancellationToken)
    {
        var conversation = await GetAsync(codexUri, cancellationToken);
        if (conversation.ReadOnlyReason is null) { return conversation; }

        open.TryRemove(ChatIdOf(codexUri), out _);
        return await GetAsync(codexUri, cancellationToken);
    }

    /// <summary>Stops it, then moves it to the trash.</summary>
    public async Task DeleteAsync(string codexUri, CancellationToken cancellationToken)
    {
        var conversation = await GetWritableAsync(codexUri, cancellationToken);
        if (conversation.ReadOnlyReason is { } reason) { throw new FailureException(FailureKind.Conflict, reason); }

        await conversation.DisposeAsync();
        open.TryRemove(ChatIdOf(codexUri), out _);
        services.Store.Delete(ChatIdOf(codexUri));
        services.Changed(conversation.CodexId, null);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var chat in open.Values)
        {
            if (chat.IsValueCreated) { await (await chat.Value).DisposeAsync(); }
        }
    }

    private async Task<Conversation> OpenAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            var journal = await services.Store.OpenAsync(id, cancellationToken);
            return new Conversation(services, journal.Chat, journal, readOnlyReason: null);
        }
        catch (FailureException fault) when (fault.Failure.Kind is FailureKind.Conflict or FailureKind.StoreReadOnly)
        {
            return new Conversation(services, services.Store.Read(id), null, fault.Failure.Message);
        }
    }

    private static bool IsReady(Lazy<Task<Conversation>> chat) => chat.IsValueCreated && chat.Value.IsCompletedSuccessfully;

    private static string ChatIdOf(string codexUri)
    {
        if (CodexUri.TryParse(codexUri, out var uri) && uri.Collection == CodexCollection.Chats) { return uri.Name; }
        throw new FailureException(FailureKind.NotFound, $"{codexUri} is not the address of a chat.");
    }
}
