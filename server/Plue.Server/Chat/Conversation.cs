using Microsoft.Extensions.Logging;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Chat;

/// <summary>One open chat: its stored messages, the turn under way, and everything a user can do to it.</summary>
public sealed class Conversation : IAsyncDisposable
{
    private readonly ChatServices services;
    private readonly ITurnSink sink;
    private readonly Lock gate = new();
    private readonly SemaphoreSlim changing = new(1, 1); // what a user does happens one after the other; never held while an answer is written
    private readonly ChatJournal? journal;
    private readonly StoredChat read; // what this window could only read
    private RunningTurn? running;
    private readonly CancellationTokenSource closing = new();

    private readonly ContextKeeper keeper;

    /// <param name="Turn">Null for work that is no answer.</param>
    private sealed record RunningTurn(string Id, Turn? Turn, CancellationTokenSource Stop, TaskCompletionSource Ended);

    /// <param name="journal">Null when this window may only read; <paramref name="readOnlyReason"/> then says why.</param>
    /// <param name="before">The same chat as this window could only read it; views of it have to look anew.</param>
    public Conversation(ChatServices services, StoredChat chat, ChatJournal? journal, string? readOnlyReason, Conversation? before = null)
    {
        this.services = services;
        read = chat;
        this.journal = journal;
        ReadOnlyReason = readOnlyReason;
        CodexId = CodexUri.Of(CodexCollection.Chats, chat.Id).ToString();
        sink = before?.sink ?? services.SinkFor(CodexId);
        before?.sink.Skip();
        keeper = new ContextKeeper(services, sink, gate, CodexId);
    }

    private StoredChat chat => journal?.Chat ?? read;

    public string CodexId { get; }
    public string? ReadOnlyReason { get; }

    public ChatSummary Summary
    {
        get { lock (gate) { return Summarize(); } }
    }

    /// <summary>Everything a view needs, taken at one moment. <paramref name="seal"/> runs at that same moment.</summary>
    public ConversationSnapshot Snapshot(Func<ITurnSink, long> seal)
    {
        lock (gate)
        {
            var now = chat;
            var messages = now.Messages.ToList();
            if (running?.Turn?.Live is { } live)
            {
                messages.RemoveAll(message => message.Id == live.Id);
                messages.Add(live.ToMessage(MessageStatus.Streaming, services.Time.GetUtcNow()));
            }

            return new ConversationSnapshot(Summarize(), now, messages, running?.Id, seal(sink), ReadOnlyReason);
        }
    }

    /// <summary>Stores the message, durable when it returns, and starts the answer when the template's hook asks for one.</summary>
    public async Task<(string MessageId, string? TurnId)> SendAsync(string text, string? providerId, string? model, bool answer, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(text)) { throw new FailureException(FailureKind.MissingField, "There is nothing to send."); }

        using var change = await EnterAsync(cancellationToken);
        var writer = Writer();
        RefuseWhileRunning();
        text = services.Secrets()?.Mask(text) ?? text;
        var choice = Choice(providerId, model);
        // What cannot be answered is refused before it is stored, so that the draft is kept.
        var prepared = answer ? await PrepareAsync(choice, cancellationToken) : null;
        await ChooseAsync(choice, cancellationToken);

        var now = services.Time.GetUtcNow();
        var message = new Message
        {
            Id = Ids.New("msg"),
            CodexId = CodexId,
            Role = MessageRole.User,
            CreatedAt = now,
            UpdatedAt = now,
            ParentId = chat.Tree.Head,
            Parts = [new MessagePart.Text(text)],
        };
        var asked = services.HooksOf(chat.TemplateId, message).OfType<HookAction.SendToLlm>().Any();
        await writer.AppendAsync(message, cancellationToken);
        lock (gate) { sink.Publish(new TurnEvent.MessageAdded(message)); }

        var turnId = prepared is not null && asked ? Start(prepared, choice.Model, goOn: false) : null;
        NotifyChanged();
        return (message.Id, turnId);
    }

    /// <summary>Answers the last question again, or goes on with the last answer.</summary>
    public async Task<(string MessageId, string? TurnId)> RetryAsync(string messageId, string? providerId, string? model, bool goOn, CancellationToken cancellationToken)
    {
        using var change = await EnterAsync(cancellationToken);
        var writer = Writer();
        RefuseWhileRunning();
        var messages = chat.Messages.ToList();
        var index = messages.FindIndex(message => message.Id == messageId);
        if (index < 0) { throw NoSuchMessage(); }

        var question = messages.FindLastIndex(message => message.Role == MessageRole.User);
        if (question < 0 || question > index)
        {
            throw new FailureException(FailureKind.Conflict, "Only the last question of a chat can be answered again.");
        }

        var choice = Choice(providerId, model);
        var prepared = await PrepareAsync(choice, cancellationToken);
        await ChooseAsync(choice, cancellationToken);
        if (!goOn)
        {
            foreach (var old in messages.Skip(question + 1)) { await HideAsync(writer, old.Id, cancellationToken); }
        }

        var turnId = Start(prepared, choice.Model, goOn);
        NotifyChanged();
        return (messages[question].Id, turnId);
    }

    public async Task DiscardAsync(string messageId, CancellationToken cancellationToken)
    {
        using var change = await EnterAsync(cancellationToken);
        var writer = Writer();
        RefuseWhileRunning();
        if (!chat.Messages.Any(message => message.Id == messageId)) { throw NoSuchMessage(); }

        await HideAsync(writer, messageId, cancellationToken);
        NotifyChanged();
    }

    /// <summary>Has what was said before the last question summarised. Stoppable like an answer, and shown like one.</summary>
    /// <exception cref="FailureException">Conflict: nothing to summarise. Else why the model did not answer.</exception>
    public async Task<Compaction> CompactAsync(CancellationToken cancellationToken)
    {
        using var change = await EnterAsync(cancellationToken);
        var writer = Writer();
        RefuseWhileRunning();
        var chosen = new ModelChoice(chat.ProviderId ?? throw NoProvider(), chat.Model);
        var work = new RunningTurn(Ids.New("turn"), null, new CancellationTokenSource(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, work.Stop.Token);
        lock (gate)
        {
            running = work;
            sink.Publish(new TurnEvent.TurnStarted(work.Id));
        }

        var (reason, error) = (StopReason.EndTurn, (Failure?)null);
        try
        {
            return await keeper.SummariseAsync(writer, chosen, either.Token);
        }
        catch (OperationCanceledException)
        {
            reason = StopReason.Stopped;
            throw;
        }
        catch (FailureException fault)
        {
            (reason, error) = (StopReason.Failed, fault.Failure);
            throw;
        }
        finally
        {
            lock (gate)
            {
                running = null;
                sink.Publish(new TurnEvent.TurnFinished(work.Id, reason, error));
            }

            sink.Idle();
            NotifyChanged();
            work.Stop.Dispose();
            work.Ended.TrySetResult();
        }
    }

    /// <summary>How full the model's window is.</summary>
    /// <param name="draft">Tokens of what is being written.</param>
    public ContextFill Measure(long draft) => keeper.Measure(chat, files: 0, draft);

    /// <summary>Returns when the turn has ended. Does nothing without one.</summary>
    public async Task StopAsync()
    {
        var turn = running;
        if (turn is null) { return; }

        try { await turn.Stop.CancelAsync(); }
        catch (ObjectDisposedException) { /* It ended by itself meanwhile. */ }
        await turn.Ended.Task;
    }

    public async Task UpdateAsync(ChatFields fields, CancellationToken cancellationToken)
    {
        await Writer().UpdateAsync(fields, cancellationToken);
        NotifyChanged();
    }

    /// <summary>Gets a provider that needs a start ready while the user still types.</summary>
    public void Warm()
    {
        if (journal is null || chat.ProviderId is not { } id) { return; }

        try
        {
            if (services.Providers.Get(id) is IWarmable provider) { provider.Warm(CodexId, chat.Model, services.Workspace.TrustedFolder); }
        }
        catch (FailureException fault)
        {
            services.Logger.LogDebug("{Provider} was not started ahead: {Reason}", id, fault.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        await StopAsync();
        // A change under way is finished, and with it a turn that it started.
        using var change = await EnterAsync(CancellationToken.None);
        await StopAsync();
        if (journal is not null) { await journal.DisposeAsync(); }
    }

    /// <param name="Model">Null when the provider is asked for it later: it could not say it now, or rests, and others may answer instead.</param>
    /// <param name="Failure">Why it could not say it.</param>
    private sealed record Prepared(IProvider Provider, string? Model, string? System, IReadOnlyList<ModelChoice> StandIns, Failure? Failure = null);

    private async Task<Prepared> PrepareAsync((string? ProviderId, string? Model) choice, CancellationToken cancellationToken)
    {
        var id = choice.ProviderId ?? throw NoProvider();
        var provider = await services.Providers.GetAsync(id, cancellationToken);
        await CheckBudgetAsync(provider.Settings, cancellationToken);
        var system = services.SystemPromptOf(chat.TemplateId);
        IReadOnlyList<ModelChoice> standIns =
            [.. (chat.Fallbacks is { Count: > 0 } own ? own : services.Fallbacks()).Where(other => other.ProviderId != provider.Settings.Id || (other.Model is { } model && model != choice.Model))];
        if (standIns.Count > 0 && services.Providers.Rest.RestingUntil(provider.Settings) is not null) { return new Prepared(provider, null, system, standIns); }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing.Token);
        try
        {
            return new Prepared(provider, await services.Providers.ResolveModelAsync(provider, choice.Model, either.Token), system, standIns);
        }
        catch (FailureException fault) when (standIns.Count > 0 && Answerers.CanHelp(fault.Failure))
        {
            return new Prepared(provider, null, system, standIns, fault.Failure);
        }
    }

    private async Task CheckBudgetAsync(ProviderSettings settings, CancellationToken cancellationToken)
    {
        if (settings.IsFree) { return; }

        await services.Budget().CheckAsync(chat.TotalCost ?? 0, () => services.Usage.SpentTodayAsync(cancellationToken));
    }

    private Candidate Chosen(Prepared prepared, string? model, bool goOn) => new(
        prepared.Provider.Settings.Name,
        async cancellationToken =>
        {
            if (prepared.Failure is { } failure) { throw new FailureException(failure); }
            return Ask(prepared.Provider, prepared.Model ?? await services.Providers.ResolveModelAsync(prepared.Provider, model, cancellationToken), prepared, goOn);
        },
        () => services.Providers.Rest.Sentence(prepared.Provider.Settings));

    private Candidate StandIn(ModelChoice choice, Prepared prepared, bool goOn) => new(
        services.Providers.NameOf(choice.ProviderId),
        async cancellationToken =>
        {
            var provider = await services.Providers.GetAsync(choice.ProviderId, cancellationToken);
            await CheckBudgetAsync(provider.Settings, cancellationToken);
            return Ask(provider, await services.Providers.ResolveModelAsync(provider, choice.Model, cancellationToken), prepared, goOn);
        },
        () => services.Providers.Find(choice.ProviderId) is { } known ? services.Providers.Rest.Sentence(known.Settings) : null);

    private Answerer Ask(IProvider provider, string model, Prepared prepared, bool goOn)
    {
        var options = chat.Options.Over(services.OptionsOf(chat.TemplateId));
        var history = chat.Messages.Where(message => message.Status != MessageStatus.Streaming).ToList();
        var request = ContextBuilder.Build(CodexId, history, provider.Settings, model, prepared.System, services.Workspace.TrustedFolder, goOn, options);
        return new Answerer(provider, request, name => services.Providers.PriceOf(provider.Settings, name));
    }

    private void Heard(ProviderSettings settings, Failure? failure)
    {
        services.Providers.Rest.Heard(settings, failure);
        services.Answered(settings, failure);
    }

    private string Start(Prepared prepared, string? chosenModel, bool goOn)
    {
        var answerers = new Answerers(
            Chosen(prepared, chosenModel, goOn), [.. prepared.StandIns.Select(choice => StandIn(choice, prepared, goOn))], services.Logger);
        var chosen = new ProviderInfo(prepared.Provider.Settings.Id, prepared.Model ?? chosenModel);
        var stop = new CancellationTokenSource();
        var writer = Writer();
        var turn = new Turn(writer, sink, gate, services.Time, services.Mask)
        {
            Finishing = Keep,
            Heard = Heard,
            Secrets = services.Secrets(),
            ParentId = () => writer.Chat.Tree.Head,
            Before = cancellationToken => keeper.MakeRoomAsync(writer, prepared.Provider.Settings, prepared.Model, files: 0, cancellationToken),
        };
        var started = new RunningTurn(turn.Id, turn, stop, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (gate)
        {
            if (running is not null) { throw Busy(); }
            running = started;
        }

        _ = Task.Run(async () =>
        {
            try
            {
                await turn.RunAsync(CodexId, chosen, answerers, stop.Token);
            }
            catch (Exception fault)
            {
                services.Logger.LogError(fault, "The turn {Turn} broke", turn.Id);
                lock (gate) { running = null; }
            }
            finally
            {
                stop.Dispose();
                NotifyChanged();
                started.Ended.TrySetResult();
            }

            await NameAsync(writer);
        });
        return turn.Id;
    }

    /// <summary>In nobody's way: without a title of its own a chat goes by its first line.</summary>
    private async Task NameAsync(ChatJournal writer)
    {
        try
        {
            if (await keeper.NameAsync(writer, closing.Token)) { NotifyChanged(); }
        }
        catch (Exception fault) when (fault is FailureException or OperationCanceledException or ObjectDisposedException)
        {
            services.Logger.LogInformation("{Chat} keeps its first line as its title: {Why}", chat.Id, fault.Message);
        }
    }

    /// <summary>Runs under the gate, together with the turn's last events.</summary>
    private void Keep(Message message)
    {
        running = null;
        services.Usage.Add(message, chat.Id, chat.TemplateId);
    }

    /// <summary>Another provider has other models: the old choice goes with it unless a new one came.</summary>
    private (string? ProviderId, string? Model) Choice(string? providerId, string? model) =>
        (providerId ?? chat.ProviderId, model ?? (providerId is null || providerId == chat.ProviderId ? chat.Model : null));

    private async Task ChooseAsync((string? ProviderId, string? Model) choice, CancellationToken cancellationToken)
    {
        if (choice == (chat.ProviderId, chat.Model)) { return; }

        await UpdateAsync(new ChatFields(ProviderId: choice.ProviderId, Model: choice.Model ?? ""), cancellationToken);
    }

    private async Task HideAsync(ChatJournal writer, string messageId, CancellationToken cancellationToken)
    {
        await writer.DiscardAsync(messageId, cancellationToken);
        lock (gate)
        {
            sink.Publish(new TurnEvent.MessageRemoved(messageId));
        }
    }

    private ChatSummary Summarize() => chat.Summarize() with { Status = running is null ? chat.Status : ChatStatus.Running };

    private async Task<Change> EnterAsync(CancellationToken cancellationToken)
    {
        await changing.WaitAsync(cancellationToken);
        return new Change(changing);
    }

    private readonly struct Change(SemaphoreSlim changing) : IDisposable
    {
        public void Dispose() => changing.Release();
    }

    private static FailureException NoProvider() => new(FailureKind.MissingField, "This chat has no provider. Choose one.");

    private static FailureException NoSuchMessage() => new(FailureKind.NotFound, "That message is no longer in this chat.");

    private ChatJournal Writer() => closing.IsCancellationRequested
        ? throw new FailureException(FailureKind.NotFound, "This chat was closed. Open it again.")
        : journal ?? throw new FailureException(FailureKind.StoreReadOnly, ReadOnlyReason ?? "This chat is read-only.");

    private void RefuseWhileRunning()
    {
        if (running is not null) { throw Busy(); }
    }

    private static FailureException Busy() => new(FailureKind.Conflict, "An answer is still being written. Stop it first, or wait for it.");

    private void NotifyChanged() => services.Changed(CodexId, Summary);
}

/// <param name="Messages">Of the branch that is shown, the one still being written included.</param>
/// <param name="TurnId">The turn under way, or null.</param>
/// <param name="LastSeq">Events up to this number are folded in.</param>
public sealed record ConversationSnapshot(ChatSummary Summary, StoredChat Chat, IReadOnlyList<Message> Messages, string? TurnId, long LastSeq, string? ReadOnlyReason);
