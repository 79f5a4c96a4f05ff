using Microsoft.Extensions.Logging;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Chat;

/// <summary>
/// The state of one open chat or task, shared by user commands and the running turn. Changed only in its loop; members that can be read from any thread say so.
/// </summary>
internal sealed class ChatState
{
    /// <summary>Why a hook does not request a response.</summary>
    public const string ResponseInProgress = "a response is already streaming.";

    public static readonly HookChange MessageAdded = new(HookTrigger.FieldChange, ChannelFields.Messages);

    private readonly StoredChat read; // the state if this window cannot write
    private readonly string? readOnlyReason;
    private readonly Automation automation;
    private readonly WorkingPlace place;
    private volatile RunningTurn? running;
    private volatile Message? responseToCheck;
    private IReadOnlyList<HookFailure> hookFailures; // as last published

    /// <param name="journal">Null if this window cannot write; <paramref name="readOnlyReason"/> then has the reason.</param>
    /// <param name="before">The earlier read-only instance of the same chat, whose views must reload.</param>
    public ChatState(
        ChatServices services,
        Automation automation,
        IChats chats,
        StoredChat chat,
        ChatJournal? journal,
        string? readOnlyReason,
        ChatState? before
    )
    {
        (Services, this.automation, Chats, read, Journal, this.readOnlyReason) = (
            services,
            automation,
            chats,
            chat,
            journal,
            readOnlyReason
        );
        CodexId = CodexUri.OfChannel(chat.Id).ToString();
        Loop = new CommandLoop(services.Logger);
        hookFailures = chat.HookFailures;
        Sink = before?.Sink ?? services.Events.SinkFor(CodexId);
        before?.Sink.Skip();
        place = new WorkingPlace(services, chats);
        Tools = new ChannelTools(this);
        Context = new ContextKeeper(this);
    }

    public ChatServices Services { get; }

    public IChats Chats { get; }

    public CommandLoop Loop { get; }

    public ITurnSink Sink { get; }

    /// <summary>Gets the journal; null if this window cannot write.</summary>
    public ChatJournal? Journal { get; }

    /// <summary>Gets the folders in which the chat or task works. Can be read from any thread.</summary>
    public Workspace Workspace => place.WorkspaceOf(Chat);

    /// <summary>Gets the instructions, with the files of <see cref="Workspace"/>.</summary>
    public InstructionBuilder Instructions => place.InstructionsOf(Chat);

    /// <summary>Creates the worktree if the chat or task needs one and has none yet, and provisions it.</summary>
    /// <exception cref="FailureException">The worktree cannot be created, or was removed. A step of its provisioning that fails is only recorded.</exception>
    public async Task PrepareWorkspaceAsync(CancellationToken cancellationToken)
    {
        await place.PrepareAsync(Chat, cancellationToken);
        await new Provisioning(this).RunAsync(cancellationToken);
    }

    public ChannelTools Tools { get; }

    public ContextKeeper Context { get; }

    public CancellationTokenSource Closing { get; } = new();

    public string CodexId { get; }

    /// <summary>Gets why the chat is read-only; null if it is not. Can be read from any thread.</summary>
    public string? ReadOnlyReason => Journal is null ? readOnlyReason : Journal.ReadOnlyReason;

    /// <summary>Gets the chat as stored. Can be read from any thread.</summary>
    public StoredChat Chat => Journal?.Chat ?? read;

    public Template? Template => Services.TemplateOf(Chat.TemplateId);

    /// <summary>Gets or sets the running turn; null for none. Can be read from any thread.</summary>
    public RunningTurn? Running
    {
        get => running;
        set => running = value;
    }

    /// <summary>Gets or sets the last response of a task until its result has been checked; otherwise null. Can be read from any thread.</summary>
    public Message? ResponseToCheck
    {
        get => responseToCheck;
        set => responseToCheck = value;
    }

    /// <summary>
    /// True if queued messages are sent when the turn ends. False initially, after a stop, and after a failure: the queue then waits for the user.
    /// </summary>
    public bool IsQueueFlowing { get; set; }

    /// <summary>True if the session-start hooks ran in this process.</summary>
    public bool HasBegunSession { get; set; }

    /// <summary>Gets the chat with the current status, which the file receives slightly later. Can be read from any thread.</summary>
    public StoredChat Now
    {
        get
        {
            // The order matters: a turn that has just ended is either judged or in the chat.
            var (turn, undecided) = (running, responseToCheck);
            return Chat is not { IsTask: true } task ? Chat
                : turn is not null ? task.WithStatus(turn.State)
                : undecided is not null ? task.WithStatus(TaskStates.Running)
                : task;
        }
    }

    /// <summary>Gets the row of the tree. Can be read from any thread.</summary>
    public ChatSummary Summary
    {
        get
        {
            var isRunning = running is not null;
            return Now.Summarize() with { Status = isRunning ? ChatStatus.Running : Chat.Status };
        }
    }

    /// <exception cref="FailureException">NotFound: the chat was closed. StoreReadOnly.</exception>
    public ChatJournal Writer() =>
        Closing.IsCancellationRequested
            ? throw new FailureException(FailureKind.NotFound, "This chat was closed. Open it again.")
            : Journal ?? throw new FailureException(FailureKind.StoreReadOnly, readOnlyReason ?? "This chat is read-only.");

    /// <exception cref="FailureException">Conflict.</exception>
    public void RefuseWhileRunning()
    {
        if (running is not null)
        {
            throw new FailureException(FailureKind.Conflict, "A response is still streaming. Stop it first, or wait for it.");
        }
    }

    public void NotifyChanged()
    {
        if (Chat.HookFailures is var failures && !failures.SequenceEqual(hookFailures))
        {
            Sink.Publish(new TurnEvent.HooksChanged(hookFailures = failures));
        }
        Services.NotifyChanged(CodexId, Summary);
    }

    public void PublishQueue() => Sink.Publish(new TurnEvent.QueueChanged(Chat.Queue));

    /// <summary>Publishes a stored message to views that show its branch.</summary>
    public void PublishAdded(Message message) => Sink.Publish(new TurnEvent.MessageAdded(message, Chat.Tree.AlternativesOf(message)));

    /// <summary>Records that the turn or one of its calls starts or stops waiting.</summary>
    /// <param name="state">A constant of <see cref="TaskStates"/>.</param>
    public void Wait(RunningTurn turn, string state, bool isWaiting)
    {
        turn.Wait(state, isWaiting);
        NotifyChanged();
    }

    /// <summary>Updates the state after a message of the turn was stored.</summary>
    public void Stored(RunningTurn turn, Message message)
    {
        turn.ParentId = message.Id;
        Services.Usage.Add(message, Chat.Id, Chat.TemplateId);
    }

    /// <param name="answer">The last message; null if the turn failed without one.</param>
    public void EndTurn(Message? answer)
    {
        // Set before the turn ends, so that a task never counts as done without a result.
        ResponseToCheck = answer is not null && Chat.IsTask && Services.Tasks.HasResultCheck(Chat) ? answer : null;
        Running = null;
        // Queued messages were meant to follow a successful response.
        IsQueueFlowing &= answer is { Status: not MessageStatus.Failed };
    }

    /// <summary>Gets the spending for each limit that is set, in USD.</summary>
    public async Task<IReadOnlyList<(string Name, decimal Spent, decimal Limit)>> BudgetsAsync(CancellationToken cancellationToken)
    {
        var (limits, spent) = (Budget.Of(Services.Config), Chat.TotalCost ?? 0);
        List<(string Name, decimal Spent, decimal Limit)> budgets = [];
        if (limits.PerChat is > 0 and var perChat)
        {
            budgets.Add(("chat", spent, perChat));
        }
        if (limits.PerDay is > 0 and var perDay)
        {
            budgets.Add(("day", await Services.Usage.SpentTodayAsync(cancellationToken), perDay));
        }
        if (Tools.Budget?.Usd is > 0 and var ofTask)
        {
            budgets.Add(("task", spent, ofTask));
        }

        return budgets;
    }

    /// <summary>Adds a queued message after the tool results of the turn. Does nothing if it was removed from the queue.</summary>
    public async Task SteerAsync(string queuedId, RunningTurn turn, CancellationToken cancellationToken)
    {
        if (Chat.Queue.FirstOrDefault(queued => queued.Id == queuedId) is not { } queued)
        {
            return;
        }

        var message = queued with { ParentId = turn.ParentId };
        var planned = PlanFor(message);
        await Writer().AppendAsync(message, CancellationToken.None);
        turn.ParentId = message.Id;
        PublishAdded(message);
        PublishQueue();
        await RunHooksAsync(
            new ConversationHooks(this, ResponseInProgress),
            [MessageAdded],
            turn.Depth,
            [.. planned.Where(action => action is not HookAction.SendToLlm)]
        );
        cancellationToken.ThrowIfCancellationRequested();
    }

    public async Task UpdateAsync(ChatFields fields, CancellationToken cancellationToken)
    {
        Services.RefuseMode(fields);
        await Writer().UpdateAsync(fields, cancellationToken);
        NotifyChanged();
    }

    public IReadOnlyList<HookAction> PlanFor(Message message) =>
        Template is { } template ? Automation.Plan(template, MessageAdded, () => ChannelFields.Values(Chat, template, message)) : [];

    /// <summary>Runs the hooks for these changes. Their failures do not affect the changes.</summary>
    /// <param name="planned">The actions already determined for the first change.</param>
    public async Task RunHooksAsync(
        IHookTarget target,
        IReadOnlyList<HookChange> changes,
        int depth,
        IReadOnlyList<HookAction>? planned = null
    )
    {
        if (planned is null && !Automation.Waits(target.Template, changes))
        {
            return;
        }

        try
        {
            await automation.RunAsync(target, changes, depth, Closing.Token, planned);
        }
        catch (Exception fault) when (Closing.IsCancellationRequested)
        {
            Services.Logger.LogDebug("{Chat} is closed; its hooks wait for the next change ({Why})", CodexId, fault.Message);
        }
        catch (Exception fault)
        {
            Services.Logger.LogError(fault, "{Chat}: the hooks failed unexpectedly", CodexId);
        }
    }
}
