using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Store;

namespace Plue.Server.Chat;

/// <summary>What the tasks above a task may still spend.</summary>
public interface IBudget
{
    /// <summary>Reserves what a request is expected to use, before it is sent. Nothing for a chat.</summary>
    /// <param name="price">Null where none is known, and for what costs nothing.</param>
    /// <exception cref="FailureException">BudgetExceeded.</exception>
    void Reserve(StoredChat task, ProviderRequest request, Price? price);

    /// <summary>The same for a response under way whose program calls its model itself.</summary>
    /// <param name="usage">So far.</param>
    /// <param name="cost">So far, in USD; null where no price is known.</param>
    /// <exception cref="FailureException">BudgetExceeded.</exception>
    void CheckRunning(StoredChat task, Usage usage, int rounds, decimal? cost);
}
