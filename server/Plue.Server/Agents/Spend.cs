using System.Globalization;
using Plue.Server.Messages;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Agents;

/// <summary>The usage of tasks. Time is the sum over all agents: two agents that run in parallel use twice as much.</summary>
/// <param name="Usd">The known cost.</param>
/// <param name="IsUsdKnown">False if a response had no price; the cost is then at least <paramref name="Usd"/>.</param>
/// <param name="Rounds">The number of model requests.</param>
internal sealed record Spend(decimal Usd, bool IsUsdKnown, long Tokens, int Rounds, double Seconds)
{
    public static readonly Spend None = new(0, true, 0, 0, 0);

    /// <summary>Gets the usage of the task itself. Responses of all branches count; the cost includes deleted responses.</summary>
    public static Spend Of(StoredChat task)
    {
        var answers = Answers(task);
        return new Spend(
            (task.TotalCost ?? 0) - task.CostBeforeTask,
            answers.All(answer => answer.Usage is null || answer.Cost is not null),
            answers.Sum(answer => answer.Usage?.TotalTokens ?? 0),
            answers.Count(ReachedModel),
            answers.Sum(answer => (answer.Timing?.Duration ?? TimeSpan.Zero).TotalSeconds)
        );
    }

    /// <summary>Gets the completed responses, whatever their status.</summary>
    public static IReadOnlyList<Message> Answers(StoredChat task) =>
        [.. task.Tree.All.Where(message => message is { Role: MessageRole.Assistant, IsOwn: true, Status: not MessageStatus.Streaming })];

    public static Spend operator +(Spend one, Spend other) =>
        new(
            one.Usd + other.Usd,
            one.IsUsdKnown && other.IsUsdKnown,
            one.Tokens + other.Tokens,
            one.Rounds + other.Rounds,
            one.Seconds + other.Seconds
        );

    public static Spend Max(Spend one, AgentBudget other) =>
        one with
        {
            Usd = Math.Max(one.Usd, other.Usd ?? 0),
            Tokens = Math.Max(one.Tokens, other.Tokens ?? 0),
            Rounds = Math.Max(one.Rounds, other.Rounds ?? 0),
            Seconds = Math.Max(one.Seconds, other.Seconds ?? 0),
        };

    /// <summary>Gets the remaining budget; null parts have no limit.</summary>
    public AgentBudget RemainingOf(AgentBudget budget) =>
        new(
            budget.Usd is { } usd ? Math.Max(0, usd - Usd) : null,
            budget.Tokens is { } tokens ? Math.Max(0, tokens - Tokens) : null,
            budget.Rounds is { } rounds ? Math.Max(0, rounds - Rounds) : null,
            budget.Seconds is { } seconds ? Math.Max(0, seconds - (long)Math.Ceiling(Seconds)) : null
        );

    /// <summary>Gets the first exceeded limit, in one sentence; null if none is exceeded.</summary>
    /// <param name="next">The estimate of the next request, which this value already includes.</param>
    public string? Over(AgentBudget budget, Spend next)
    {
        var before = new Spend(Usd - next.Usd, IsUsdKnown, Tokens - next.Tokens, Rounds - next.Rounds, Seconds - next.Seconds);
        if (budget.Rounds is { } rounds && Rounds > rounds)
        {
            return $"{Number(before.Rounds)} of {Number(rounds)} rounds are used or reserved.";
        }
        if (budget.Seconds is { } seconds && Seconds >= seconds)
        {
            return $"{Number((long)before.Seconds)} of {Number(seconds)} seconds are used or reserved.";
        }
        if (budget.Tokens is { } tokens && Tokens > tokens)
        {
            return $"{Number(before.Tokens)} tokens are used or reserved, the next request takes about {Number(next.Tokens)}, and the budget is {Number(tokens)}.";
        }
        if (budget.Usd is { } usd && Usd > usd)
        {
            return $"{Money(before.Usd)} are used or reserved, the next request costs at least {Money(next.Usd)}, and the budget is {Money(usd)}.";
        }

        return null;
    }

    public static string Money(decimal amount) => string.Create(CultureInfo.InvariantCulture, $"${amount:0.00####}");

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>False for a request that was rejected before it was sent. Some programs never report their usage.</summary>
    private static bool ReachedModel(Message answer) =>
        answer.Usage is not null || answer.Parts.Count > 0 || answer.Status != MessageStatus.Failed;
}
