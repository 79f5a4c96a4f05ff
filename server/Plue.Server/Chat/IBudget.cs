using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Store;

namespace Plue.Server.Chat;

/// <summary>The budgets of a task and its parents.</summary>
internal interface IBudget
{
    /// <summary>Reserves the estimated usage of a request before it is sent. Does nothing for a chat.</summary>
    /// <param name="price">Null if unknown or free.</param>
    /// <exception cref="FailureException">BudgetExceeded.</exception>
    void Reserve(StoredChat task, ProviderRequest request, Price? price);

    /// <summary>Checks the running response of a program that calls its model itself.</summary>
    /// <param name="usage">So far.</param>
    /// <param name="cost">So far, in USD; null if no price is known.</param>
    /// <exception cref="FailureException">BudgetExceeded.</exception>
    void CheckRunning(StoredChat task, Usage usage, int rounds, decimal? cost);
}
