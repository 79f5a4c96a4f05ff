namespace Plue.Server.Reviews;

/// <summary>The cost of a review and its limit in USD. Requests that run at the same time reserve what they may cost. Thread-safe.</summary>
/// <param name="limit">Null for no limit.</param>
internal sealed class ReviewBudget(decimal? limit)
{
    private readonly Lock sync = new();
    private decimal reserved;

    public decimal Spent { get; private set; }
    public bool HasUnknownCost { get; private set; }

    /// <summary>Gets whether a request was refused.</summary>
    public bool IsReached { get; private set; }

    /// <param name="cost">The most that the request may cost; null if no price is known, which is not limited.</param>
    /// <returns>False if the request would exceed the limit.</returns>
    public bool TryReserve(decimal? cost)
    {
        lock (sync)
        {
            if (cost is { } amount && limit is { } most && Spent + reserved + amount > most)
            {
                IsReached = true;
                return false;
            }

            reserved += cost ?? 0;
            return true;
        }
    }

    /// <param name="reservation">The reserved cost.</param>
    /// <param name="cost">Null if no price is known.</param>
    public void Settle(decimal? reservation, decimal? cost)
    {
        lock (sync)
        {
            reserved -= reservation ?? 0;
            Spent += cost ?? 0;
            HasUnknownCost |= cost is null;
        }
    }

    /// <summary>Returns the reservation of a request that failed.</summary>
    public void Release(decimal? reservation)
    {
        lock (sync)
        {
            reserved -= reservation ?? 0;
        }
    }
}
