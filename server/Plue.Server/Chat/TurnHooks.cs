using System.Globalization;
using Plue.Server.Messages;
using Plue.Server.Templates;
using Plue.Server.Tools.Hooks;

namespace Plue.Server.Chat;

/// <summary>Runs hook commands at the start and end of a turn, and at budget thresholds. One instance per turn, used in the conversation's loop.</summary>
internal sealed class TurnHooks(TurnContext context)
{
    /// <summary>The number of times that hooks can continue one turn.</summary>
    public const int MaxContinuations = 5;

    private readonly RunningTurn turn = context.Turn;
    private readonly HookSession? hooks = context.Chat?.Tools.Hooks;
    private readonly List<HookRun> unclaimed = []; // runs not yet part of a round
    private int continuations;

    /// <summary>Runs the hooks for a new session and for the message that the turn responds to.</summary>
    /// <exception cref="FailureException">PermissionDenied: a hook refused the message.</exception>
    public async Task BeginAsync(CancellationToken stop)
    {
        if (hooks is null || context.Chat is not { } state || !hooks.Has(HookTrigger.SessionStart, HookTrigger.UserMessage))
        {
            return;
        }

        var path = state.Chat.Tree.PathTo(turn.ParentId);
        // For a continued response, the hooks of its message have already run.
        var message = path.LastOrDefault(one => one.Compaction is null) is { Role: MessageRole.User } question ? question : null;
        if (!state.HasBegunSession)
        {
            state.HasBegunSession = true;
            var source = path.Any(one => one.Role == MessageRole.Assistant) ? "resume" : "startup";
            await RunAsync(HookTrigger.SessionStart, ("source", source), stop);
        }

        if (message is not null)
        {
            await RunForMessageAsync(message, stop);
        }
        AddContext();
    }

    /// <summary>Runs the hooks for a message that was sent while tools were running.</summary>
    /// <inheritdoc cref="BeginAsync" path="/exception"/>
    public async Task SteeredAsync(CancellationToken stop)
    {
        if (
            hooks?.Has(HookTrigger.UserMessage) == true
            && context.Chat?.Chat.Tree.Find(turn.ParentId) is { Role: MessageRole.User } message
        )
        {
            await RunForMessageAsync(message, stop);
            AddContext();
        }
    }

    private async Task RunForMessageAsync(Message message, CancellationToken stop)
    {
        if ((await RunAsync(HookTrigger.UserMessage, ("prompt", message.Text), stop)).Refusal is { } why)
        {
            throw new FailureException(
                FailureKind.PermissionDenied,
                $"The message was not sent. {why} Edit the message and send it again, or change the hook."
            );
        }
    }

    /// <summary>Adds the context from hooks since the last round to the next request.</summary>
    private void AddContext() => turn.AddedContext = [.. unclaimed.Select(run => run.SentContext).OfType<string>()];

    /// <summary>Adds the runs that no message contains yet to this one.</summary>
    public void MoveTo(LiveMessage live)
    {
        foreach (var run in unclaimed)
        {
            Add(live, run);
        }
        unclaimed.Clear();
    }

    /// <summary>Runs the hooks for the end of the turn.</summary>
    /// <returns>The message that continues the turn; null if it ends.</returns>
    public async Task<Message?> EndAsync(TurnRound round, bool canContinue, CancellationToken stop)
    {
        if (hooks is null || round.Error is not null || !hooks.Has(HookTrigger.TurnEnd))
        {
            return null;
        }

        var effects = await RunAsync(
            new HookEvent(HookTrigger.TurnEnd)
            {
                Details = new Dictionary<string, object>
                {
                    ["stop_hook_active"] = continuations > 0,
                    ["last_assistant_message"] = round.Live.ToMessage(MessageStatus.Complete, context.Time.GetUtcNow()).Text,
                },
            },
            stop
        );
        foreach (var run in effects.Runs)
        {
            Add(round.Live, run.Result == HookResult.Refused ? run with { Result = HookResult.Continued } : run);
        }
        if (effects.Refusal is not { } why || !canContinue)
        {
            return null;
        }
        if (++continuations > MaxContinuations)
        {
            Add(
                round.Live,
                new HookRun(
                    effects.Runs[^1].Name,
                    HookTriggers.NameOf(HookTrigger.TurnEnd),
                    HookResult.Failed,
                    TimeSpan.Zero,
                    $"Hooks continued this response {MaxContinuations} times, so it ends now. Send a message to continue."
                )
            );
            return null;
        }

        var now = context.Time.GetUtcNow();
        return new Message
        {
            Id = Ids.New("msg"),
            CodexId = context.CodexId,
            Role = MessageRole.User,
            CreatedAt = now,
            UpdatedAt = now,
            Parts = [new MessagePart.Text(why.Replace("refused it:", "asks you to continue:", StringComparison.Ordinal))],
            Hooks = [effects.Runs[^1] with { Result = HookResult.Continued }],
        };
    }

    /// <summary>Runs the hooks of the budget thresholds that the cost of the round passes. Called before the round is stored.</summary>
    /// <exception cref="FailureException">BudgetExceeded: a hook ends the turn.</exception>
    public async Task SpendAsync(TurnRound round, bool isLast, CancellationToken stop)
    {
        if (
            hooks is null
            || context.Chat is not { } state
            || round.ToMessage(MessageStatus.Streaming).Cost is not { TotalCost: > 0 and var cost }
            || hooks.Thresholds is not { Count: > 0 } thresholds
        )
        {
            return;
        }

        foreach (var (budget, before, limit) in await state.BudgetsAsync(stop))
        {
            var spent = before + cost;
            foreach (var at in thresholds.Where(at => before * 100 < limit * (decimal)at && spent * 100 >= limit * (decimal)at))
            {
                var happened = new HookEvent(HookTrigger.BudgetThreshold)
                {
                    Details = new Dictionary<string, object>
                    {
                        ["budget"] = budget,
                        ["spent_usd"] = spent,
                        ["limit_usd"] = limit,
                        ["percent"] = Math.Round(spent * 100 / limit, 1),
                    },
                };
                var effects = await RunAsync(happened, stop, at);
                foreach (var run in effects.Runs)
                {
                    Add(round.Live, run);
                }
                if (effects.Refusal is { } why && !isLast)
                {
                    throw new FailureException(
                        FailureKind.BudgetExceeded,
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"{why} {spent * 100 / limit:0} % of the budget is used. Send a message to continue."
                        )
                    );
                }
            }
        }
    }

    private async Task<HookEffects> RunAsync(HookTrigger trigger, (string Name, string Value) detail, CancellationToken stop)
    {
        var effects = await RunAsync(
            new HookEvent(trigger) { Details = new Dictionary<string, object> { [detail.Name] = detail.Value } },
            stop
        );
        unclaimed.AddRange(effects.Runs);
        return effects;
    }

    private async Task<HookEffects> RunAsync(HookEvent happened, CancellationToken stop, double? at = null)
    {
        if (hooks!.For(happened, at).Count > 0)
        {
            context.Sink.Publish(new TurnEvent.Waiting("Running hooks"));
            context.Sink.Idle();
        }

        return await Task.Run(
                () =>
                    hooks.RunAsync(
                        happened,
                        turn.Id,
                        stop,
                        isAsking: isAsking => context.Loop.Post(() => context.Chat!.Wait(turn, TaskStates.WaitingForApproval, isAsking)),
                        at: at
                    ),
                CancellationToken.None
            )
            .WaitAsync(stop);
    }

    private void Add(LiveMessage live, HookRun run)
    {
        live.AddHook(run);
        context.Sink.Publish(new TurnEvent.HookRan(live.Id, run));
    }
}
