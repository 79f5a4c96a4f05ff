using Microsoft.Extensions.Logging;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Chat;

/// <summary>
/// One open chat or task: what the commands of a user and the steps of a turn share. Changed in its loop only; what says so may be read by any thread.
/// </summary>
internal sealed class ChatState
{
    /// <summary>Why a hook requests no response.</summary>
    public const string AnswerUnderWay = "a response is already streaming.";

    public static readonly HookChange MessageAdded = new(HookTrigger.FieldChange, ChannelFields.Messages);

    private readonly StoredChat read; // what this window could only read
    private readonly string? readOnlyReason;
    private readonly Automation automation;
    private volatile RunningTurn? running;
    private volatile Message? judged;
    private IReadOnlyList<HookFailure> hookFailures; // as views know them

    /// <param name="journal">Null when this window may only read; <paramref name="readOnlyReason"/> then says why.</param>
    /// <param name="before">The same chat as this window could only read it; views of it have to be loaded again.</param>
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
        Tools = new ChannelTools(this);
        Context = new ContextKeeper(this);
    }

    public ChatServices Services { get; }

    public IChats Chats { get; }

    public CommandLoop Loop { get; }

    public ITurnSink Sink { get; }

    /// <summary>Null when this window may only read.</summary>
    public ChatJournal? Journal { get; }

    public ChannelTools Tools { get; }

    public ContextKeeper Context { get; }

    public CancellationTokenSource Closing { get; } = new();

    public string CodexId { get; }

    /// <summary>Why it cannot be written to now; null when it can. Any thread may read it.</summary>
    public string? ReadOnlyReason => Journal is null ? readOnlyReason : Journal.ReadOnlyReason;

    /// <summary>The chat as it is stored. Any thread may read it.</summary>
    public StoredChat Chat => Journal?.Chat ?? read;

    public Template? Template => Services.TemplateOf(Chat.TemplateId);

    /// <summary>Null when nothing is under way. Any thread may read it.</summary>
    public RunningTurn? Running
    {
        get => running;
        set => running = value;
    }

    /// <summary>The last response of a task while it is not decided whether the task is done; otherwise null. Any thread may read it.</summary>
    public Message? Judged
    {
        get => judged;
        set => judged = value;
    }

    /// <summary>Queued messages are sent when the turn has ended. False from the start, after a stop and after a failure: they then wait for the user.</summary>
    public bool IsQueueFlowing { get; set; }

    /// <summary>The hooks for the start of its session ran in this process.</summary>
    public bool HasBegunSession { get; set; }

    /// <summary>The chat with the state of what is under way, which the file knows a little later. Any thread may read it.</summary>
    public StoredChat Now
    {
        get
        {
            // In this order: a turn that has just ended is judged or in the chat.
            var (turn, undecided) = (running, judged);
            return Chat is not { IsTask: true } task ? Chat
                : turn is not null ? task.WithStatus(turn.State)
                : undecided is not null ? task.WithStatus(TaskStates.Running)
                : task;
        }
    }

    /// <summary>The row of the tree. Any thread may read it.</summary>
    public ChatSummary Summary
    {
        get
        {
            var isRunning = running is not null;
            return Now.Summarize() with { Status = isRunning ? ChatStatus.Running : Chat.Status };
        }
    }

    /// <exception cref="FailureException">NotFound: it was closed. StoreReadOnly.</exception>
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

    /// <summary>A message was stored: a view that shows its branch adds it.</summary>
    public void PublishAdded(Message message) => Sink.Publish(new TurnEvent.MessageAdded(message, Chat.Tree.AlternativesOf(message)));

    /// <summary>The turn or one of its calls waits for something, or no longer does.</summary>
    /// <param name="state">A constant of <see cref="TaskStates"/>.</param>
    public void Wait(RunningTurn turn, string state, bool isWaiting)
    {
        turn.Wait(state, isWaiting);
        NotifyChanged();
    }

    /// <summary>A message of the turn was stored.</summary>
    public void Stored(RunningTurn turn, Message message)
    {
        turn.ParentId = message.Id;
        Services.Usage.Add(message, Chat.Id, Chat.TemplateId);
    }

    /// <summary>Nothing is under way any more.</summary>
    /// <param name="answer">The last message; null when the turn broke.</param>
    public void EndTurn(Message? answer)
    {
        // Before the turn ends: at no moment may its task count as done without a result.
        Judged = answer is not null && Chat.IsTask && Services.Tasks.IsJudged(Chat) ? answer : null;
        Running = null;
        // Queued messages were meant to follow a response.
        IsQueueFlowing &= answer is { Status: not MessageStatus.Failed };
    }

    /// <summary>What was spent of the limits that are set, in USD.</summary>
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

    /// <summary>A queued message follows the results of the turn's tools. Nothing for one that was taken back meanwhile.</summary>
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
            new ConversationHooks(this, AnswerUnderWay),
            [MessageAdded],
            turn.Depth,
            [.. planned.Where(action => action is not HookAction.SendToLlm)]
        );
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Stores fields and publishes them.</summary>
    public async Task UpdateAsync(ChatFields fields, CancellationToken cancellationToken)
    {
        Services.RefuseMode(fields);
        await Writer().UpdateAsync(fields, cancellationToken);
        NotifyChanged();
    }

    /// <summary>What the hooks would do when this message is added.</summary>
    public IReadOnlyList<HookAction> PlanFor(Message message) =>
        Template is { } template ? Automation.Plan(template, MessageAdded, () => ChannelFields.Values(Chat, template, message)) : [];

    /// <summary>Runs the hooks that wait for these changes; what fails of it is no failure of what they follow.</summary>
    /// <param name="planned">What the hooks said of the first change already.</param>
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
