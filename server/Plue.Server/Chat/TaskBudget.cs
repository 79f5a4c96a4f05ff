using System.Globalization;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Chat;

/// <summary>
/// Checks a request against the budget of its task before it is sent. Responses of all branches count; the cost includes deleted responses. A value equal to
/// the limit is allowed.
/// </summary>
internal static class TaskBudget
{
    /// <summary>
    /// Below this time, no further response is started. A response stopped by its time limit may have measured slightly less with its own clock.
    /// </summary>
    private static readonly TimeSpan MinUsefulTime = TimeSpan.FromMilliseconds(100);

    /// <param name="price">Null if no price is known; the cost is then not limited.</param>
    /// <exception cref="FailureException">BudgetExceeded, with the figures and what to do.</exception>
    public static void Check(AgentBudget budget, StoredChat task, ProviderRequest request, Price? price)
    {
        if (budget.Rounds is { } rounds && Answers(task).Count(ReachedModel) >= rounds)
        {
            throw Over($"It has called the model {Number(rounds)} times, the limit of its budget.");
        }
        if (TimeLeft(budget, task) is { } left && left < MinUsefulTime)
        {
            throw new FailureException(TimeLimitReached);
        }

        var next = TokenEstimate.Of(request.System ?? "") + request.Messages.Sum(TokenEstimate.Of);
        var used = Answers(task).Sum(message => message.Usage?.TotalTokens ?? 0);
        if (budget.Tokens is { } tokens && used + next > tokens)
        {
            throw Over(
                $"It has used {Number(used)} tokens, the next request takes about {Number(next)}, and its budget is {Number(tokens)}."
            );
        }

        if (budget.Usd is not { } usd || price is null)
        {
            return;
        }

        // The response is not estimated without MaxTokens, because the model's maximum would exceed most budgets. Its actual cost counts for the next request.
        var cost = ((next * price.InputPerMillion) + ((request.MaxTokens ?? 0) * price.OutputPerMillion)) / 1_000_000m;
        var spent = task.TotalCost ?? 0;
        if (spent + cost > usd)
        {
            var what = request.MaxTokens is { } most
                ? $"the next request with a response of up to {Number(most)} tokens may cost {Usd(cost)}"
                : $"the next request costs at least {Usd(cost)}";
            throw Over($"It has cost {Usd(spent)}, {what}, and its budget is {Usd(usd)}.");
        }
    }

    /// <summary>Checks a running response against the budget, before its program calls the model again.</summary>
    /// <param name="cost">Of the response so far, in USD; null if no price is known.</param>
    /// <exception cref="FailureException">BudgetExceeded.</exception>
    public static void CheckDuringResponse(AgentBudget budget, StoredChat task, Usage usage, int rounds, decimal? cost)
    {
        if (budget.Rounds is { } most && Answers(task).Count(ReachedModel) + rounds >= most)
        {
            throw Over($"It has called the model {Number(most)} times, the limit of its budget.");
        }

        var used = Answers(task).Sum(message => message.Usage?.TotalTokens ?? 0) + usage.TotalTokens;
        if (budget.Tokens is { } tokens && used >= tokens)
        {
            throw Over($"It has used {Number(used)} tokens, and its budget is {Number(tokens)}.");
        }

        var spent = (task.TotalCost ?? 0) + (cost ?? 0);
        if (budget.Usd is { } usd && cost is not null && spent >= usd)
        {
            throw Over($"It has cost {Usd(spent)}, and its budget is {Usd(usd)}.");
        }
    }

    /// <summary>Gets the remaining working time, based on the duration of the responses; null without a limit.</summary>
    public static TimeSpan? TimeLeft(AgentBudget budget, StoredChat task)
    {
        if (budget.Seconds is not { } seconds)
        {
            return null;
        }

        var worked = Answers(task).Sum(message => (message.Timing?.Duration ?? TimeSpan.Zero).Ticks);
        return TimeSpan.FromTicks((long)Math.Clamp((decimal)seconds * TimeSpan.TicksPerSecond - worked, 0, long.MaxValue));
    }

    public static Failure TimeLimitReached => Over("It has reached the time limit of its budget.").Failure;

    private static IEnumerable<Message> Answers(StoredChat task) =>
        task.Tree.All.Where(message => message is { Role: MessageRole.Assistant, IsOwn: true, Status: not MessageStatus.Streaming });

    /// <summary>False for a request that was rejected before it was sent. Some programs never report their usage.</summary>
    private static bool ReachedModel(Message answer) =>
        answer.Usage is not null || answer.Parts.Count > 0 || answer.Status != MessageStatus.Failed;

    private static FailureException Over(string sentence) =>
        new(FailureKind.BudgetExceeded, $"This task has reached its budget. {sentence} Increase its budget to continue.");

    private static string Usd(decimal amount) => string.Create(CultureInfo.InvariantCulture, $"${amount:0.00####}");

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
