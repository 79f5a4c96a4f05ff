using System.Globalization;
using Plue.Server.Messages;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Agents;

/// <summary>What work has used. Time is that of all agents together, so that two beside each other use twice as much.</summary>
/// <param name="Usd">What is known of it.</param>
/// <param name="IsUsdKnown">False when an answer had no price: then it cost at least <paramref name="Usd"/>.</param>
/// <param name="Rounds">How often a model was asked.</param>
public sealed record Spend(decimal Usd, bool IsUsdKnown, long Tokens, int Rounds, double Seconds)
{
    public static readonly Spend None = new(0, true, 0, 0, 0);

    /// <summary>Of a task itself. Answers of every branch count, and money also of those that were deleted: it was spent.</summary>
    public static Spend Of(StoredChat task)
    {
        var answers = Answers(task);
        return new Spend(
            (task.TotalCost ?? 0) - task.CostBeforeTask,
            answers.All(answer => answer.Usage is null || answer.Cost is not null),
            answers.Sum(answer => answer.Usage?.TotalTokens ?? 0),
            answers.Count(WasAsked),
            answers.Sum(answer => (answer.Timing?.Duration ?? TimeSpan.Zero).TotalSeconds)
        );
    }

    /// <summary>What was answered, in whatever way it ended.</summary>
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

    /// <summary>In each part the greater one.</summary>
    public static Spend Max(Spend one, AgentBudget other) =>
        one with
        {
            Usd = Math.Max(one.Usd, other.Usd ?? 0),
            Tokens = Math.Max(one.Tokens, other.Tokens ?? 0),
            Rounds = Math.Max(one.Rounds, other.Rounds ?? 0),
            Seconds = Math.Max(one.Seconds, other.Seconds ?? 0),
        };

    /// <summary>The remaining budget; null without a limit.</summary>
    public AgentBudget LeftOf(AgentBudget budget) =>
        new(
            budget.Usd is { } usd ? Math.Max(0, usd - Usd) : null,
            budget.Tokens is { } tokens ? Math.Max(0, tokens - Tokens) : null,
            budget.Rounds is { } rounds ? Math.Max(0, rounds - Rounds) : null,
            budget.Seconds is { } seconds ? Math.Max(0, seconds - (long)Math.Ceiling(Seconds)) : null
        );

    /// <summary>The first limit that it goes over, in a sentence; null when it keeps within all.</summary>
    /// <param name="next">What is about to be used, and is part of this already.</param>
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

    /// <summary>A request that was rejected before it was sent is not a round. Some programs never report their usage.</summary>
    private static bool WasAsked(Message answer) =>
        answer.Usage is not null || answer.Parts.Count > 0 || answer.Status != MessageStatus.Failed;
}
