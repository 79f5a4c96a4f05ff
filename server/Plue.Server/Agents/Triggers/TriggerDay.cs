using Plue.Server.Messages;

namespace Plue.Server.Agents.Triggers;

/// <summary>The runs of a trigger on the current local day.</summary>
/// <param name="Usd">Their cost. A run that has not ended counts with its limit.</param>
internal sealed record TriggerDay(int Runs, decimal Usd)
{
    /// <param name="rows">The tasks by address. Deleted tasks have none.</param>
    public static TriggerDay Of(IEnumerable<StoredTriggerRun> runs, IReadOnlyDictionary<string, TaskRow> rows, TimeProvider time)
    {
        var today = time.GetLocalNow().Date;
        var counted = runs.Where(run => run.NotRun is null && TimeZoneInfo.ConvertTime(run.Time, time.LocalTimeZone).Date == today)
            .ToList();
        return new TriggerDay(
            counted.Count,
            counted.Sum(run => CountedCost(run, run.Task is { } task ? rows.GetValueOrDefault(task) : null))
        );
    }

    /// <summary>Gets the cost of a run so far; null if nothing ran or the cost is not known.</summary>
    public static decimal? CostOf(StoredTriggerRun run, TaskRow? row) =>
        row is null ? run.Cost
        : row.TotalSpent.IsUsdKnown || row.TotalSpent.Usd > 0 ? row.TotalSpent.Usd
        : null;

    /// <summary>True if the task can cost nothing more without the user.</summary>
    public static bool HasEnded(TaskRow row) => row.Status is TaskStates.Done or TaskStates.Failed or TaskStates.Stopped;

    private static decimal CountedCost(StoredTriggerRun run, TaskRow? row) =>
        row is null ? run.Cost ?? run.Reserved ?? 0
        : HasEnded(row) ? row.TotalSpent.Usd
        : Math.Max(row.TotalSpent.Usd, run.Reserved ?? 0);
}
