using System.Globalization;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Chat;

/// <summary>Holds a request against the budget of its task, before it is sent.</summary>
internal static class TaskBudget
{
    /// <param name="price">Null where no price is known: then only tokens and rounds count.</param>
    /// <exception cref="FailureException">BudgetExceeded, with the figures and the way forward.</exception>
    public static void Check(AgentBudget budget, StoredChat task, ProviderRequest request, Price? price)
    {
        var answers = task.Messages.Where(message => message is { Role: MessageRole.Assistant, IsCopy: false, Status: not MessageStatus.Streaming }).ToList();
        if (budget.Rounds is { } rounds && answers.Count(message => message.Usage is not null) >= rounds) { throw Over($"It has asked the model {Number(rounds)} times, as often as its budget allows."); }

        var next = TokenEstimate.Of(request.System ?? "") + request.Messages.Sum(TokenEstimate.Of);
        var used = answers.Sum(message => message.Usage?.TotalTokens ?? 0);
        if (budget.Tokens is { } tokens && used + next > tokens) { throw Over($"It has used {Number(used)} tokens, the next request takes about {Number(next)}, and its budget is {Number(tokens)}."); }

        var cost = next * (price?.InputPerMillion ?? 0) / 1_000_000m;
        var spent = task.TotalCost ?? 0;
        if (budget.Usd is { } usd && price is not null && spent + cost > usd) { throw Over($"It has cost {Usd(spent)}, the next request costs at least {Usd(cost)}, and its budget is {Usd(usd)}."); }
    }

    private static FailureException Over(string sentence) =>
        new(FailureKind.BudgetExceeded, $"This task is over its budget. {sentence} Raise the budget in its settings, then send it a message.");

    private static string Usd(decimal amount) => string.Create(CultureInfo.InvariantCulture, $"${amount:0.00####}");

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
